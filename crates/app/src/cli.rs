//! The command line. `weir help` prints what is written here.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// An API gateway for WSO2 API Manager's projects.
#[derive(Debug, Parser)]
#[command(name = "weir", version, disable_version_flag = true, arg_required_else_help = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve every API project below the given folders, and follow changes to them.
    Serve(Box<Serve>),
    /// Check API projects (folders or zips) and print what is wrong, like a compiler does.
    Validate(Validate),
    /// Say what would happen to a request: API, operation, endpoint, upstream request. Sends nothing.
    Explain(Explain),
    /// Print the gateway environments as read, and the URLs that are advertised.
    Environments(Environments),
    /// Print the version.
    Version {
        /// Print one JSON document instead of text.
        #[arg(long)]
        json: bool,
    },
    /// Write an API project for a SOAP service, from its WSDL: passed through, or as REST.
    ImportWsdl(Box<ImportWsdl>),
    /// Seal a secret that is read from standard input, for projects and deployment.toml.
    Encrypt(Encrypt),
    /// Answers without an upstream, from the definition of an API.
    #[command(subcommand)]
    Mock(Mock),
    /// Functions of AWS Lambda.
    #[command(subcommand)]
    Lambda(Lambda),
    #[command(hide = true)]
    Backup(Later),
    #[command(hide = true)]
    Restore(Later),
}

/// A command that is promised and not there yet: whatever follows, it is refused by its name.
#[derive(Debug, Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Later {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub(crate) rest: Vec<OsString>,
}

/// Where the configuration is.
#[derive(Debug, Args, Clone)]
pub(crate) struct Home {
    /// The installation folder; `repository/conf/deployment.toml` in it is read when it is there.
    #[arg(long, env = "WEIR_HOME", default_value = "./weir-home", value_name = "DIR")]
    pub(crate) home: PathBuf,
    /// A `deployment.toml` to read instead.
    #[arg(long, env = "WEIR_CONFIG", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

#[derive(Debug, Args, Clone)]
pub(crate) struct Serve {
    #[command(flatten)]
    pub(crate) home: Home,
    /// A folder of API projects; may be given several times.
    #[arg(long, env = "WEIR_APIS", value_name = "DIR", value_delimiter = ',')]
    pub(crate) apis: Vec<PathBuf>,
    /// What this process does: `all` or `gateway`, which are the same without a control plane.
    #[arg(long, env = "WEIR_ROLE", default_value = "all", value_parser = role)]
    pub(crate) role: String,
    /// The entry of `params.yaml` files to apply.
    #[arg(long, env = "WEIR_ENVIRONMENT", value_name = "NAME")]
    pub(crate) environment: Option<String>,
    /// Gateway, clear text: an address, a port, or `off`; also WEIR_HTTP.
    #[arg(long, value_name = "ADDR")]
    pub(crate) http: Option<String>,
    /// Gateway, TLS; also WEIR_HTTPS.
    #[arg(long, value_name = "ADDR")]
    pub(crate) https: Option<String>,
    /// Management, TLS; also WEIR_MANAGE.
    #[arg(long, value_name = "ADDR")]
    pub(crate) manage: Option<String>,
    /// Management, clear text; also WEIR_MANAGE_HTTP.
    #[arg(long, value_name = "ADDR")]
    pub(crate) manage_http: Option<String>,
    /// Health, metrics and state; also WEIR_ADMIN.
    #[arg(long, value_name = "ADDR")]
    pub(crate) admin: Option<String>,
    /// How many workers serve, one per core by default; also WEIR_WORKERS.
    #[arg(long, value_name = "N")]
    pub(crate) workers: Option<String>,
    /// Take the place of the process that serves from this home, without losing a connection.
    #[arg(long, env = "WEIR_TAKEOVER")]
    pub(crate) takeover: bool,
    /// Serve the pizza-shack sample backend on the management listener.
    #[arg(long, env = "WEIR_SAMPLE_BACKEND")]
    pub(crate) sample_backend: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Encrypt {
    #[command(flatten)]
    pub(crate) home: Home,
    /// Print a new key instead, for WEIR_SECRET_KEY or a key file.
    #[arg(long)]
    pub(crate) new_key: bool,
    /// Print one JSON document instead of text.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Validate {
    /// API projects, or folders of them.
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) home: Home,
    /// The entry of `params.yaml` files to apply.
    #[arg(long, env = "WEIR_ENVIRONMENT", value_name = "NAME")]
    pub(crate) environment: Option<String>,
    /// Print one JSON document instead of text.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Mock {
    /// Write the scripts of mock APIs (`x-mediation-script`) into their definitions.
    ///
    /// Scripts that somebody has edited are left alone. The file is written anew, without comments.
    Generate(MockGenerate),
    /// Write what a gateway has recorded (`x-weir-mock.record`) into definitions, as examples.
    Record(MockRecord),
}

#[derive(Debug, Subcommand)]
pub(crate) enum Lambda {
    /// Print the ARNs of all functions of an account, in one region.
    ///
    /// Keys are those that any SDK of AWS would find here.
    List(LambdaList),
}

#[derive(Debug, Args)]
pub(crate) struct LambdaList {
    /// The region; AWS_REGION, AWS_DEFAULT_REGION or that of the profile where none is given.
    #[arg(long, value_name = "REGION")]
    pub(crate) region: Option<String>,
    /// A role to assume first.
    #[arg(long, value_name = "ARN")]
    pub(crate) role_arn: Option<String>,
    #[command(flatten)]
    pub(crate) home: Home,
    /// Print one JSON document instead of text.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct MockRecord {
    /// API projects, or folders of them; may be given several times.
    #[arg(long, env = "WEIR_APIS", required = true, value_name = "DIR", value_delimiter = ',')]
    pub(crate) apis: Vec<PathBuf>,
    /// The admin listener of the gateway; that of the configuration where none is given.
    #[arg(long, value_name = "ADDR")]
    pub(crate) running: Option<String>,
    #[command(flatten)]
    pub(crate) home: Home,
    /// Print one JSON document instead of text.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct MockGenerate {
    /// API projects, or folders of them; may be given several times.
    #[arg(long, env = "WEIR_APIS", required = true, value_name = "DIR", value_delimiter = ',')]
    pub(crate) apis: Vec<PathBuf>,
    /// Also APIs whose `endpointImplementationType` is not INLINE.
    #[arg(long)]
    pub(crate) all: bool,
    /// Replace edited scripts too.
    #[arg(long)]
    pub(crate) force: bool,
    /// Print one JSON document instead of text.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// A folder of API projects; may be given several times.
    #[arg(
        long,
        env = "WEIR_APIS",
        required_unless_present = "running",
        value_name = "DIR",
        value_delimiter = ','
    )]
    pub(crate) apis: Vec<PathBuf>,
    /// Ask the gateway that serves, by its admin listener, instead of reading projects: what would
    /// happen now, with the endpoints in the state that they are in.
    #[arg(long, value_name = "ADDR", num_args = 0..=1, require_equals = true, conflicts_with_all = ["apis", "environment"])]
    pub(crate) running: Option<Option<String>>,
    #[command(flatten)]
    pub(crate) home: Home,
    /// The entry of `params.yaml` files to apply.
    #[arg(long, env = "WEIR_ENVIRONMENT", value_name = "NAME")]
    pub(crate) environment: Option<String>,
    /// The method of the request.
    #[arg(value_name = "METHOD")]
    pub(crate) method: String,
    /// The URL, or the path, of the request.
    #[arg(value_name = "URL")]
    pub(crate) url: String,
    /// A header of the request.
    #[arg(short = 'H', long = "header", value_name = "NAME: VALUE")]
    pub(crate) headers: Vec<String>,
    /// The body of the request, or @FILE.
    #[arg(long, value_name = "TEXT|@FILE")]
    pub(crate) data: Option<String>,
    /// Print one JSON document instead of text.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ImportWsdl {
    /// A WSDL, an archive with one, or the URL of either.
    #[arg(value_name = "FILE|ZIP|URL")]
    pub(crate) wsdl: String,
    /// The name of the API.
    #[arg(long, value_name = "NAME")]
    pub(crate) name: String,
    /// Its context, such as `/phones`.
    #[arg(long, value_name = "PATH")]
    pub(crate) context: String,
    /// Its version.
    #[arg(long, value_name = "VERSION")]
    pub(crate) version: String,
    /// Where the project is written.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// Offer each operation as a resource of REST, instead of passing SOAP through.
    #[arg(long)]
    pub(crate) soap_to_rest: bool,
    /// Write the sequences that API Manager has, instead of a mapping.
    #[arg(long)]
    pub(crate) sequences: bool,
    /// The service that is meant, where there are several.
    #[arg(long, value_name = "NAME")]
    pub(crate) service: Option<String>,
    /// The port that is meant, where there are several.
    #[arg(long, value_name = "NAME")]
    pub(crate) port: Option<String>,
    /// The WSDL that is meant, by its path in the archive.
    #[arg(long, value_name = "PATH")]
    pub(crate) root: Option<String>,
    /// The URL of the service, instead of the one that the WSDL says.
    #[arg(long, value_name = "URL")]
    pub(crate) endpoint: Option<String>,
    /// A host besides that of the WSDL that may be asked for imports; may be given several times.
    #[arg(long, value_name = "HOST")]
    pub(crate) allow_host: Vec<String>,
    /// Write into a folder that is not empty.
    #[arg(long)]
    pub(crate) force: bool,
    #[command(flatten)]
    pub(crate) home: Home,
    /// Print one JSON document instead of text.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Environments {
    #[command(flatten)]
    pub(crate) home: Home,
    /// Print one JSON document instead of text.
    #[arg(long)]
    pub(crate) json: bool,
}

fn role(text: &str) -> Result<String, &'static str> {
    match text {
        "all" | "gateway" => Ok(text.to_owned()),
        "control" => Err("the control plane is not in this version; use `all` or `gateway`"),
        _ => Err("use `all` or `gateway`"),
    }
}
