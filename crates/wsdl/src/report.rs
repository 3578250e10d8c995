//! Problems while a description is read, and the steps that are left.
//!
//! Problems are kept with places in numbers and become diagnostics at the end, when all documents
//! have their names. Of one code only the first are kept, so that a bad document does not fill the
//! memory with what is wrong with it.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use model::{Diagnostic, Diagnostics, Severity, codes};

use crate::description::Document;
use crate::source::Source;

/// How many problems of one code and severity are listed.
const LISTED: usize = 50;

#[derive(Debug)]
pub(crate) struct Report {
    problems: Vec<Problem>,
    counts: HashMap<(&'static str, Severity), usize>,
    /// Problems that are errors only if something is missing from a namespace.
    doubtful: Vec<(Arc<str>, usize)>,
    /// How many looks at declarations are left.
    steps: u64,
}

#[derive(Debug)]
struct Problem {
    severity: Severity,
    code: &'static str,
    at: Source,
    message: String,
    help: String,
}

impl Report {
    pub(crate) fn new(steps: u64) -> Self {
        Self { problems: Vec::new(), counts: HashMap::new(), doubtful: Vec::new(), steps }
    }

    pub(crate) fn error(
        &mut self,
        code: &'static str,
        at: Source,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.add(Severity::Error, code, at, message.into(), help.into());
    }

    pub(crate) fn warning(
        &mut self,
        code: &'static str,
        at: Source,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.add(Severity::Warning, code, at, message.into(), help.into());
    }

    pub(crate) fn note(
        &mut self,
        code: &'static str,
        at: Source,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.add(Severity::Note, code, at, message.into(), help.into());
    }

    pub(crate) fn add(
        &mut self,
        severity: Severity,
        code: &'static str,
        at: Source,
        message: String,
        help: String,
    ) {
        let count = self.counts.entry((code, severity)).or_default();
        *count += 1;
        if *count <= LISTED {
            self.problems.push(Problem { severity, code, at, message, help });
        }
    }

    /// Adds a warning that becomes an error if something is missing from a namespace in the end.
    pub(crate) fn doubtful(
        &mut self,
        code: &'static str,
        at: Source,
        message: String,
        help: String,
        namespace: &Arc<str>,
    ) {
        let before = self.problems.len();
        self.add(Severity::Warning, code, at, message, help);
        if self.problems.len() > before {
            self.doubtful.push((namespace.clone(), before));
        }
    }

    /// Makes errors of the doubtful problems with namespaces that something is missing from.
    pub(crate) fn settle(&mut self, missing: &HashSet<Arc<str>>) {
        for (namespace, index) in self.doubtful.drain(..) {
            if let Some(problem) = self.problems.get_mut(index)
                && missing.contains(&namespace)
            {
                problem.severity = Severity::Error;
            }
        }
    }

    /// Whether another problem of this kind would be listed; else its text need not be made.
    pub(crate) fn has_room(&self, code: &'static str, severity: Severity) -> bool {
        self.counts.get(&(code, severity)).is_none_or(|count| *count < LISTED)
    }

    /// Whether steps are left.
    pub(crate) fn has_steps(&self) -> bool {
        self.steps > 0
    }

    /// Takes steps, and says so once none are left.
    pub(crate) fn spend(&mut self, steps: u64, at: Source) {
        if self.steps == 0 {
            return;
        }
        self.steps = self.steps.saturating_sub(steps);
        if self.steps == 0 {
            let message = "Finding out what prefixes mean costs more steps than are accepted";
            let help = "Declare prefixes once, on the first element of each document.";
            self.error(codes::WSDL_TOO_COMPLEX, at, message, help);
        }
    }

    pub(crate) fn finish(self, documents: &[Document]) -> Diagnostics {
        let mut found = Diagnostics::new();
        let mut more: Vec<_> = self.counts.iter().filter(|(_, count)| **count > LISTED).collect();
        more.sort();
        let last: HashMap<_, _> = self
            .problems
            .iter()
            .map(|problem| ((problem.code, problem.severity), problem.at))
            .collect();
        for Problem { severity, code, at, message, help } in self.problems {
            found.report(Diagnostic { severity, code, place: at.place(documents), message, help });
        }
        for (key, count) in more {
            let at = last.get(key).copied().unwrap_or(Source::BUILT_IN);
            let message = format!("{} more of {} are not listed", count - LISTED, key.0);
            let help = "Mend those that are listed first.";
            found.note(codes::WSDL_MORE, at.place(documents), message, help);
        }
        found
    }
}

/// The nearest of some names to one that is not known, for "did you mean".
pub(crate) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    const CLOSE: f64 = 0.75;
    known
        .map(|candidate| (strsim::jaro_winkler(name, candidate), candidate))
        .filter(|(similarity, _)| *similarity > CLOSE)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}
