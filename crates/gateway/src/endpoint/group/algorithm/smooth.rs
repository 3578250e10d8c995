//! Members in turn, each as often as its weight, and spread out: `a b a c a b a` rather than
//! `a a a a b b c` (the smooth weighted round robin of nginx).

use super::Members;

/// How far each member is behind its due.
#[derive(Debug)]
pub(super) struct Smooth {
    due: Vec<i64>,
    /// Choices to let pass at first, so that not every worker begins with the same member.
    skip: usize,
}

impl Smooth {
    pub(super) fn new(worker: usize) -> Self {
        Self { due: Vec::new(), skip: worker }
    }

    pub(super) fn pick<M: Members + ?Sized>(&mut self, members: &M) -> Option<usize> {
        self.due.resize(members.count(), 0);
        for _ in 0..std::mem::take(&mut self.skip).min(members.count()) {
            self.next(members);
        }
        self.next(members)
    }

    fn next<M: Members + ?Sized>(&mut self, members: &M) -> Option<usize> {
        let mut total = 0;
        let mut best: Option<(usize, i64)> = None;
        for (index, due) in self.due.iter_mut().enumerate() {
            let view = members.view(index);
            if !view.is_open() {
                continue;
            }
            let pull = i64::try_from(view.pull()).unwrap_or(i64::MAX);
            *due += pull;
            total += pull;
            if best.is_none_or(|(_, most)| *due > most) {
                best = Some((index, *due));
            }
        }
        let (index, _) = best?;
        if let Some(due) = self.due.get_mut(index) {
            *due -= total;
        }
        Some(index)
    }
}
