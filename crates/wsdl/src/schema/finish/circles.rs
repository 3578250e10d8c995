//! Definitions that are built on themselves, and chains of them that are too long.
//!
//! Each kind is a graph; what closes a circle is cut, so that everybody else may follow it without
//! counting.

use std::collections::HashSet;

use model::codes;

use crate::report::Report;
use crate::schema::builder::Kind;
use crate::schema::{
    AttributeGroup, Builtin, Element, Group, Model, Schemas, SimpleType, Term, Type, TypeKind,
    any_type, builtin,
};

/// An edge that has to go.
struct Cut {
    from: usize,
    to: usize,
    is_circle: bool,
}

/// Cuts everything that goes round, or goes too deep, and reports it.
pub(super) fn cut(schemas: &mut Schemas, chain: usize, report: &mut Report) {
    cut_kind::<Type>(schemas, chain, report);
    cut_kind::<Group>(schemas, chain, report);
    cut_kind::<AttributeGroup>(schemas, chain, report);
    cut_kind::<Element>(schemas, chain, report);
}

/// A kind whose components are built on others of the kind.
trait Built: Kind {
    /// What circles are said to be made of.
    const WAY: &'static str;

    /// The components that it is built on, by index.
    fn on(&self) -> Vec<usize>;

    /// Takes one of them away.
    fn remove(&mut self, index: usize);

    /// Its name, for a message.
    fn label(&self) -> String;
}

fn cut_kind<T: Built>(schemas: &mut Schemas, chain: usize, report: &mut Report) {
    let cuts = find(T::arena(schemas).len(), chain, |index| {
        T::arena(schemas).get(crate::arena::Id::new(index)).on()
    });
    for cut in cuts {
        let one = T::arena_mut(schemas).get_mut(crate::arena::Id::new(cut.from));
        let (label, at) = (one.label(), one.source());
        one.remove(cut.to);
        if cut.is_circle {
            let message = format!("The {} {label} {} itself", T::WORD, T::WAY);
            report.error(codes::SCHEMA_CYCLE, at, message, "Break the circle.");
        } else {
            let message = format!(
                "The {} {label} ends a chain of more than {chain} of its kind that are built on \
                 each other",
                T::WORD
            );
            report.error(codes::SCHEMA_LIMIT, at, message, "Make the chain shorter.");
        }
    }
}

/// The edges to take out of a graph, so that no path is a circle or longer than `chain`.
fn find(count: usize, chain: usize, edges: impl Fn(usize) -> Vec<usize>) -> Vec<Cut> {
    const NEW: usize = 0;
    const OPEN: usize = usize::MAX;
    // 0: not seen; MAX: on the path; else the length of the longest path from here.
    let mut states = vec![NEW; count];
    let mut cuts = Vec::new();
    for start in 0..count {
        if states[start] != NEW {
            continue;
        }
        states[start] = OPEN;
        let mut path = vec![(start, edges(start), 1)];
        while let Some((node, targets, length)) = path.last_mut() {
            let Some(target) = targets.pop() else {
                let (node, length) = (*node, *length);
                states[node] = length;
                path.pop();
                if let Some((above, _, longest)) = path.last_mut() {
                    let from = *above;
                    take(from, node, length, chain, longest, &mut cuts);
                }
                continue;
            };
            match states[target] {
                NEW => {
                    states[target] = OPEN;
                    path.push((target, edges(target), 1));
                }
                OPEN => cuts.push(Cut { from: *node, to: target, is_circle: true }),
                known => {
                    let from = *node;
                    take(from, target, known, chain, length, &mut cuts);
                }
            }
        }
    }
    cuts
}

/// Makes a path longer by what is behind an edge, or cuts the edge.
fn take(
    from: usize,
    to: usize,
    behind: usize,
    chain: usize,
    longest: &mut usize,
    cuts: &mut Vec<Cut>,
) {
    if behind + 1 > chain {
        cuts.push(Cut { from, to, is_circle: false });
    } else {
        *longest = (*longest).max(behind + 1);
    }
}

impl Built for Type {
    const WAY: &'static str = "is derived from";

    fn on(&self) -> Vec<usize> {
        let ids = match &self.kind {
            TypeKind::Complex(complex) => {
                let mut ids = vec![complex.base];
                if let crate::schema::Content::Simple { inner: Some(inner), .. } = &complex.content
                {
                    ids.push(*inner);
                }
                ids
            }
            TypeKind::Simple(SimpleType::Builtin(_)) => Vec::new(),
            TypeKind::Simple(SimpleType::Restriction { base, .. }) => vec![*base],
            TypeKind::Simple(SimpleType::List { item }) => vec![*item],
            TypeKind::Simple(SimpleType::Union { members }) => members.clone(),
        };
        ids.into_iter().filter(|id| *id != any_type()).map(crate::arena::Id::index).collect()
    }

    fn remove(&mut self, index: usize) {
        let simple = builtin(Builtin::AnySimpleType);
        match &mut self.kind {
            TypeKind::Complex(complex) => {
                if complex.base.index() == index {
                    complex.base = any_type();
                    complex.derivation = crate::schema::Derivation::Restriction;
                }
                if let crate::schema::Content::Simple { inner, .. } = &mut complex.content {
                    *inner = Some(inner.filter(|id| id.index() != index).unwrap_or(simple));
                }
            }
            TypeKind::Simple(SimpleType::Builtin(_)) => {}
            TypeKind::Simple(
                SimpleType::Restriction { base: one, .. } | SimpleType::List { item: one },
            ) => {
                *one = simple;
            }
            TypeKind::Simple(SimpleType::Union { members }) => {
                members.retain(|id| id.index() != index);
            }
        }
    }

    fn label(&self) -> String {
        self.name.as_ref().map_or("without a name".to_owned(), |name| format!("`{}`", name.local))
    }
}

impl Built for Group {
    const WAY: &'static str = "contains";

    fn on(&self) -> Vec<usize> {
        let mut found = HashSet::new();
        groups_in(&self.model, &mut found);
        found.into_iter().collect()
    }

    fn remove(&mut self, index: usize) {
        remove_group(&mut self.model, index);
    }

    fn label(&self) -> String {
        format!("`{}`", self.name.local)
    }
}

fn groups_in(model: &Model, found: &mut HashSet<usize>) {
    for particle in &model.particles {
        match &particle.term {
            Term::Group(id) => drop(found.insert(id.index())),
            Term::Model(inner) => groups_in(inner, found),
            Term::Element(_) | Term::Any(_) => {}
        }
    }
}

fn remove_group(model: &mut Model, index: usize) {
    model.particles.retain(|one| !matches!(&one.term, Term::Group(id) if id.index() == index));
    for particle in &mut model.particles {
        if let Term::Model(inner) = &mut particle.term {
            remove_group(inner, index);
        }
    }
}

impl Built for AttributeGroup {
    const WAY: &'static str = "contains";

    fn on(&self) -> Vec<usize> {
        self.attributes.groups.iter().map(|id| id.index()).collect()
    }

    fn remove(&mut self, index: usize) {
        self.attributes.groups.retain(|id| id.index() != index);
    }

    fn label(&self) -> String {
        format!("`{}`", self.name.local)
    }
}

impl Built for Element {
    const WAY: &'static str = "stands for";

    fn on(&self) -> Vec<usize> {
        self.heads.iter().map(|id| id.index()).collect()
    }

    fn remove(&mut self, index: usize) {
        self.heads.retain(|id| id.index() != index);
    }

    fn label(&self) -> String {
        format!("`{}`", self.name.local)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(edges: &[&[usize]], chain: usize, expected: &[(usize, usize, bool)]) {
        let cuts = find(edges.len(), chain, |index| edges[index].to_vec());
        let cuts: Vec<_> = cuts.iter().map(|cut| (cut.from, cut.to, cut.is_circle)).collect();
        assert_eq!(cuts, expected, "{edges:?}");
    }

    #[test]
    fn circles_are_cut_where_they_close() {
        check(&[&[0]], 9, &[(0, 0, true)]);
        check(&[&[1], &[2], &[0]], 9, &[(2, 0, true)]);
        check(&[&[1, 2], &[2], &[]], 9, &[]);
        check(&[&[1], &[], &[1, 0]], 9, &[]);
    }

    #[test]
    fn chains_are_cut_where_they_are_too_long() {
        check(&[&[1], &[2], &[3], &[]], 4, &[]);
        check(&[&[1], &[2], &[3], &[]], 2, &[(1, 2, false)]);
    }
}
