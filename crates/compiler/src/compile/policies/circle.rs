//! Sequences that call each other in a circle, which would only end at the limit of steps.

use mediation::{Library, Sequence};
use model::policy::SequenceFile;
use model::{Diagnostics, Place, codes};

/// How many calls in each other are followed; more end at the limit of nesting anyway.
const MAX_PATH: usize = 128;

/// Tells of every circle once, at the first of its sequences.
pub(super) fn check(files: &[SequenceFile], library: &Library, found: &mut Diagnostics) {
    let mut walk = Walk { library, done: Vec::new(), path: Vec::new(), circles: Vec::new() };
    for file in files {
        walk.enter(&file.name);
    }
    for circle in walk.circles {
        let first = files.iter().find(|file| circle.contains(&file.name.as_str()));
        let place = first.map_or_else(|| Place::file("Sequences"), |file| Place::file(&file.path));
        let message = format!("sequences call each other in a circle: {}", circle.join(", "));
        let help = "Take out one of the calls.";
        found.error(codes::SEQUENCE_CYCLE, place, message, help);
    }
}

struct Walk<'a> {
    library: &'a Library,
    /// Sequences whose calls were followed to their ends.
    done: Vec<&'a str>,
    /// The calls that lead to where the walk is.
    path: Vec<&'a str>,
    circles: Vec<Vec<&'a str>>,
}

impl<'a> Walk<'a> {
    fn enter(&mut self, key: &str) {
        let Some((key, sequence)) = self.library.get_key_value(key) else { return };
        let key = key.as_ref();
        if let Some(at) = self.path.iter().position(|other| *other == key) {
            self.circles.push(self.path.iter().skip(at).copied().collect());
            return;
        }
        if self.done.contains(&key) || self.path.len() >= MAX_PATH {
            return;
        }
        self.path.push(key);
        for called in calls(sequence) {
            self.enter(called);
        }
        self.path.pop();
        self.done.push(key);
    }
}

/// The keys that a sequence calls itself, in any branch.
fn calls(sequence: &Sequence) -> Vec<&str> {
    let mut keys = Vec::new();
    let mut left = vec![sequence];
    while let Some(sequence) = left.pop() {
        for step in &sequence.steps {
            keys.extend(step.mediator.called());
            left.extend(step.mediator.inner());
        }
    }
    keys
}
