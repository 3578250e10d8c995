//! A script that was checked.

use rquickjs::Value;

use crate::error::{CompileError, ScriptError};
use crate::guard;
use crate::limits::ScriptLimits;
use crate::state::{MessageState, Needs};
use crate::{lex, prepare, run};

#[cfg(test)]
pub(crate) mod tests;

/// The names of the language that are accepted (spec/02 §0).
pub const LANGUAGES: [&str; 5] = ["js", "rhinoJs", "nashornJs", "graalJs", "javascript"];

/// Texts longer than this are no names.
const LONGEST_NAME: usize = 128;

/// A script, ready to run.
#[derive(Debug)]
pub struct Script {
    pub(crate) name: String,
    pub(crate) text: Box<str>,
    pub(crate) function: Option<String>,
    pub(crate) first_line: u32,
    needs: Needs,
    ignores_result: bool,
    is_plain: bool,
    /// Whether it names a function that must ask for the time.
    pub(crate) is_slow: bool,
    /// A line for each of its texts that may be a name, since there are many of them.
    names: Box<str>,
    scopes: Box<[&'static str]>,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// Whether the flow goes on; a script that returns `false` ends it.
    pub continues: bool,
}

/// Whether this names the one language that there is, in any case.
#[must_use]
pub fn is_language(name: &str) -> bool {
    LANGUAGES.iter().any(|known| known.eq_ignore_ascii_case(name))
}

impl Script {
    /// Checks a script; with a function its top level runs first, and then this function of it.
    ///
    /// # Errors
    ///
    /// The first place that is no JavaScript, or asks for what is not there.
    pub fn compile(source: &str, name: &str, function: Option<&str>) -> Result<Self, CompileError> {
        let prepared = prepare::prepare(source)?;
        run::check(&prepared.text)?;
        let words = &prepared.words;
        let mentions = |word: &str| words.contains(word) || prepared.literals.contains(word);
        let all = prepared.has_computed_methods;
        let needs = Needs {
            json: all || mentions("getPayloadJSON") || mentions("getJsonText"),
            xml: all || mentions("getPayloadXML"),
            envelope: mentions("getEnvelopeXML")
                || mentions("getMessageString")
                || mentions("addHeader"),
            text: all || mentions("getPayloadText"),
            all_names: prepared.has_computed_names || mentions("getPropertyKeySet"),
        };
        let is_name =
            |text: &&String| !text.is_empty() && text.len() <= LONGEST_NAME && !text.contains('\n');
        let names: Vec<&str> =
            prepared.literals.iter().filter(is_name).map(String::as_str).collect();
        let scopes = crate::SCOPES.into_iter().filter(|scope| prepared.literals.contains(*scope));
        Ok(Self {
            name: name.to_owned(),
            scopes: scopes.collect(),
            names: names.join("\n").into_boxed_str(),
            text: prepared.text.into_boxed_str(),
            first_line: 1,
            function: function.map(str::to_owned).filter(|name| lex::is_identifier(name)),
            needs,
            ignores_result: false,
            is_slow: prepared.words.iter().chain(&prepared.literals).any(|it| guard::knows(it)),
            is_plain: !prepared.touches_language,
        })
    }

    /// Says at which line of its file it begins; lines of errors are then those of the file.
    #[must_use]
    pub fn beginning_at(mut self, line: u32) -> Self {
        self.first_line = line;
        self
    }

    /// Says that it does not matter what its last value is: it does not end a flow.
    #[must_use]
    pub fn ignoring_result(mut self) -> Self {
        self.ignores_result = true;
        self
    }

    /// Whether its engine may be kept between runs: where its last value does not matter or is
    /// that of a function, and where its words do not touch what is built in.
    #[must_use]
    pub fn may_be_kept(&self) -> bool {
        self.is_plain && (self.ignores_result || self.function.is_some())
    }

    /// What its value says.
    pub(crate) fn outcome(&self, value: &Value<'_>) -> Outcome {
        Outcome { continues: self.ignores_result || value.as_bool() != Some(false) }
    }

    /// What the engine reads: the script with its literals of XML turned into calls.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What its errors name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What of a message it asks for.
    #[must_use]
    pub fn needs(&self) -> Needs {
        self.needs
    }

    /// Every text of one line that it spells out, and which may so be the name of a property.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.lines()
    }

    /// The scopes that it spells out, beside the default.
    pub fn scopes(&self) -> impl Iterator<Item = &'static str> {
        self.scopes.iter().copied()
    }

    /// Runs it, on this thread.
    ///
    /// # Errors
    ///
    /// Why it broke off; `state` has then what it did until there, which is not to be used.
    pub fn run(
        &self,
        state: &mut MessageState,
        limits: &ScriptLimits,
    ) -> Result<Outcome, ScriptError> {
        run::run(self, state, limits)
    }
}
