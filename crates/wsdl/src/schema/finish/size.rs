//! How large contents are when every group is written out.
//!
//! A few groups that contain the next one twice make a content that nobody can walk through.

use model::codes;

use crate::report::Report;
use crate::schema::{Content, GroupId, Model, Particle, Schemas, Term, TypeKind};
use crate::source::Source;

/// The sizes of groups, by index; none where it is not known yet.
type Sizes = [Option<usize>];

/// Empties everything that would become too large, and reports it.
pub(super) fn cut(schemas: &mut Schemas, limit: usize, report: &mut Report) {
    let mut sizes = vec![None; schemas.groups.len()];
    for id in schemas.groups.ids() {
        group(schemas, id, &mut sizes, limit, report);
    }
    for id in schemas.types.ids() {
        let one = schemas.types.get_mut(id);
        let TypeKind::Complex(complex) = &mut one.kind else { continue };
        let Content::Elements(content) = &mut complex.content else { continue };
        if particle(content, &sizes) > limit {
            report_size(one.source, limit, report);
            complex.content = Content::Empty;
        }
    }
}

/// Finds the size of a group; groups in groups end, not later than the limit on chains says.
fn group(schemas: &mut Schemas, id: GroupId, sizes: &mut Sizes, limit: usize, report: &mut Report) {
    if sizes.get(id.index()).copied().flatten().is_some() {
        return;
    }
    let mut inner = Vec::new();
    groups_in(&schemas.group(id).model, &mut inner);
    for one in inner {
        group(schemas, one, sizes, limit, report);
    }
    let mut size = model(&schemas.group(id).model, sizes);
    if size > limit {
        report_size(schemas.group(id).source, limit, report);
        schemas.groups.get_mut(id).model.particles.clear();
        size = 1;
    }
    if let Some(known) = sizes.get_mut(id.index()) {
        *known = Some(size);
    }
}

fn groups_in(model: &Model, found: &mut Vec<GroupId>) {
    for particle in &model.particles {
        match &particle.term {
            Term::Group(id) => found.push(*id),
            Term::Model(inner) => groups_in(inner, found),
            Term::Element(_) | Term::Any(_) => {}
        }
    }
}

fn model(model: &Model, sizes: &Sizes) -> usize {
    let inner = model.particles.iter().map(|one| particle(one, sizes));
    inner.fold(1, usize::saturating_add)
}

fn particle(one: &Particle, sizes: &Sizes) -> usize {
    match &one.term {
        Term::Element(_) | Term::Any(_) => 1,
        Term::Model(inner) => model(inner, sizes),
        Term::Group(id) => sizes.get(id.index()).copied().flatten().unwrap_or(1),
    }
}

fn report_size(at: Source, limit: usize, report: &mut Report) {
    let message = format!("With the groups that it refers to it has more than {limit} particles");
    let help = "Refer to fewer groups, or give elements types with names.";
    report.error(codes::SCHEMA_LIMIT, at, message, help);
}
