//! The time that a run has.

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use rquickjs::Runtime;

use crate::error::ErrorKind;
use crate::thrown::Thrown;

/// The time of one run after the other, in one engine.
#[derive(Debug)]
pub(crate) struct Clock {
    limit: Cell<Duration>,
    /// `None` where the end cannot be told, and so is now.
    deadline: Cell<Option<Instant>>,
    is_expired: Cell<bool>,
}

impl Clock {
    pub(crate) fn start(limit: Duration) -> Rc<Self> {
        let clock = Self {
            limit: Cell::new(limit),
            deadline: Cell::new(None),
            is_expired: Cell::new(false),
        };
        clock.restart(limit);
        Rc::new(clock)
    }

    /// Begins anew.
    pub(crate) fn restart(&self, limit: Duration) {
        self.limit.set(limit);
        self.deadline.set(Instant::now().checked_add(limit));
        self.is_expired.set(false);
    }

    /// Has an engine ask for the time now and then.
    pub(crate) fn watch(self: &Rc<Self>, runtime: &Runtime) {
        let clock = Rc::clone(self);
        runtime.set_interrupt_handler(Some(Box::new(move || clock.is_over())));
    }

    /// Whether the time is over; once it is, it stays so.
    pub(crate) fn is_over(&self) -> bool {
        let is_over = self.is_expired.get()
            || self.deadline.get().is_none_or(|deadline| Instant::now() >= deadline);
        self.is_expired.set(is_over);
        is_over
    }

    pub(crate) fn overrun(&self) -> Thrown {
        let message = format!("it ran longer than {} ms", self.limit.get().as_millis());
        Thrown { kind: ErrorKind::Timeout, ..Thrown::plain(message) }
    }

    /// What broke a run off; whatever it seems to be, after the end it is the end.
    pub(crate) fn judge(&self, thrown: impl FnOnce() -> Thrown) -> Thrown {
        // Telling what was thrown may run the script once more.
        let thrown = thrown();
        if self.is_expired.get() { self.overrun() } else { thrown }
    }
}
