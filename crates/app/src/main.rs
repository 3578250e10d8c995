//! `weir`: the program. Reads the command line and wires the planes together.

mod cli;
mod definition_file;
mod encrypt;
mod environments;
mod explain;
mod import_wsdl;
mod lambda_list;
mod load;
mod mock_generate;
mod mock_record;
mod output;
mod running;
mod serve;
mod validate;

use std::process::ExitCode;

use clap::Parser as _;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The input has errors.
pub(crate) const INPUT_ERRORS: u8 = 1;
/// The command line is wrong.
pub(crate) const WRONG_USAGE: u8 = 2;

fn main() -> ExitCode {
    let arguments = match cli::Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return output::usage(&error),
    };
    match arguments.command {
        cli::Command::Serve(options) => serve::run(&options),
        cli::Command::Validate(options) => validate::run(&options),
        cli::Command::Explain(options) => explain::run(&options),
        cli::Command::Environments(options) => environments::run(&options),
        cli::Command::Version { json } => output::version(json),
        cli::Command::Encrypt(options) => encrypt::run(&options),
        cli::Command::ImportWsdl(options) => import_wsdl::run(&options),
        cli::Command::Mock(cli::Mock::Generate(options)) => mock_generate::run(&options),
        cli::Command::Mock(cli::Mock::Record(options)) => mock_record::run(&options),
        cli::Command::Lambda(cli::Lambda::List(options)) => lambda_list::run(&options),
        cli::Command::Backup(_) => output::not_yet("backup"),
        cli::Command::Restore(_) => output::not_yet("restore"),
    }
}
