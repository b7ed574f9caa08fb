//! Filters that other resources decide, asked of one resource at a time: right where few are left to ask.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};

use serde_json::Value;

use super::named::{Named, led_to, references};
use super::{Opened, RecordError, Visible, list_members};
use crate::fhir::ResourceType;
use crate::fhir::bundle::OwnAddresses;
use crate::fhir::search::{Filter, ReferenceTarget, Special, Test};
use crate::record::layout::REFERENCE;
use crate::record::rows::RowNumber;
use crate::store::{Direction, KeyRange, Read, ReadExt};

/// What was decided so far, so that nothing is asked twice in one search.
#[derive(Default)]
pub(super) struct Links {
    /// By the filter's place in memory, which does not change while a search runs.
    known: HashMap<(usize, RowNumber), bool>,
    lists: HashMap<usize, BTreeSet<RowNumber>>,
}

impl Links {
    /// Whether a resource passes a filter, whatever the filter needs to be decided.
    pub(super) fn holds(
        &mut self,
        read: &dyn Read,
        opened: &Opened,
        filter: &Filter,
        visible: &mut Visible<'_>,
    ) -> Result<bool, RecordError> {
        match filter {
            Filter::Ids(ids) => Ok(ids.contains(&opened.row.id)),
            Filter::Any(any) => {
                for one in any {
                    if self.holds(read, opened, one, visible)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            // What a Bundle leads to stands in it.
            Filter::Chain { param, target, then } if opened.row.kind != ResourceType::Bundle => {
                for number in rows_of(read, &visible.own, (opened.row.kind, opened.value()?), param.id, *target)? {
                    if self.other_holds(read, number, *target, then, visible)? {
                        return Ok(true);
                    }
                }
                let inside = Inside { container: opened, value: opened.value()?, kind: opened.row.kind };
                self.contained_holds(read, inside, param.id, (*target, then), visible)
            }
            Filter::Has { source, param, then } => {
                let named = opened.named(&visible.own)?;
                for hash in named.hashes() {
                    for found in read.scan(&REFERENCE, KeyRange::prefix(&(param.id, hash)), Direction::Up)? {
                        let number = found?.0.2;
                        if self.other_holds(read, number, *source, then, visible)?
                            && points_at(read, number, (*source, param.id), &named, visible)?
                        {
                            return Ok(true);
                        }
                    }
                }
                Ok(false)
            }
            Filter::Special(Special::List(ids)) => {
                let members = match self.lists.entry(std::ptr::from_ref(filter).addr()) {
                    Entry::Occupied(known) => known.into_mut(),
                    Entry::Vacant(new) => new.insert(list_members(read, opened.row.kind, ids, visible)?),
                };
                Ok(members.contains(&opened.number))
            }
            // What stands beside the values is not among them.
            Filter::Test { param, test } if !matches!(test, Test::Versioned(_)) => {
                visible.pace.go_through(opened.row.json.len())?;
                Ok(visible.pace.passes(test, &opened.found(param.id, visible.known)?)? == Some(true))
            }
            _ => {
                visible.pace.go_through(opened.row.json.len())?;
                Ok(visible.pace.decide(opened.row.kind, opened.value()?, filter)? == Some(true))
            }
        }
    }

    /// Whether a contained resource at which a parameter points is of a type and passes (search.html#contained: a chain goes
    /// through contained resources).
    fn contained_holds(
        &mut self,
        read: &dyn Read,
        from: Inside<'_>,
        param: u16,
        (target, then): (ResourceType, &Filter),
        visible: &mut Visible<'_>,
    ) -> Result<bool, RecordError> {
        for id in contained_of(from.kind, from.value, param) {
            let contained = from.container.value()?.get("contained").and_then(Value::as_array);
            let is = |one: &&Value| {
                let text = |name| one.get(name).and_then(Value::as_str);
                (text("id"), text("resourceType")) == (Some(id.as_str()), Some(target.name()))
            };
            let Some(value) = contained.and_then(|all| all.iter().find(is)) else { continue };
            if self.inside_holds(read, Inside { value, kind: target, ..from }, then, visible)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// [`Links::holds`] of a contained resource, to which nothing outside can refer.
    fn inside_holds(
        &mut self,
        read: &dyn Read,
        at: Inside<'_>,
        filter: &Filter,
        visible: &mut Visible<'_>,
    ) -> Result<bool, RecordError> {
        match filter {
            Filter::Any(any) => {
                for one in any {
                    if self.inside_holds(read, at, one, visible)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Filter::Chain { param, target, then } => {
                for number in rows_of(read, &visible.own, (at.kind, at.value), param.id, *target)? {
                    if self.other_holds(read, number, *target, then, visible)? {
                        return Ok(true);
                    }
                }
                // Contained resources are those of the container; how deep a chain goes was bounded when it was read.
                self.contained_holds(read, at, param.id, (*target, then), visible)
            }
            _ => Ok(visible.pace.decide(at.kind, at.value, filter)? == Some(true)),
        }
    }

    /// Whether another resource is there, may be seen, and passes.
    fn other_holds(
        &mut self,
        read: &dyn Read,
        number: RowNumber,
        kind: ResourceType,
        then: &Filter,
        visible: &mut Visible<'_>,
    ) -> Result<bool, RecordError> {
        let key = (std::ptr::from_ref(then).addr(), number);
        if let Some(known) = self.known.get(&key) {
            return Ok(*known);
        }
        let holds = match Opened::seen(read, number, kind, visible)? {
            Some(opened) => self.holds(read, &opened, then, visible)?,
            None => false,
        };
        self.known.insert(key, holds);
        Ok(holds)
    }
}

/// A resource, or one that it contains.
#[derive(Clone, Copy)]
struct Inside<'a> {
    container: &'a Opened,
    value: &'a Value,
    kind: ResourceType,
}

/// The ids of the contained resources that a resource's reference parameter points at.
fn contained_of(source: ResourceType, value: &Value, param: u16) -> Vec<String> {
    let ids = references(source, value, param).filter_map(|target| match target {
        ReferenceTarget::Contained { id } => Some(id),
        _ => None,
    });
    ids.collect()
}

/// Whether a reference of which the index tells is one that who asks may see.
fn points_at(
    read: &dyn Read,
    number: RowNumber,
    (source, param): (ResourceType, u16),
    at: &Named<'_>,
    visible: &mut Visible<'_>,
) -> Result<bool, RecordError> {
    let Some(from) = Opened::seen(read, number, source, visible)? else { return Ok(false) };
    let is_sure = from.cut.is_empty() && at.is_by_id_alone();
    Ok(is_sure || references(source, from.value()?, param).any(|target| at.is(&target)))
}

/// The rows of `kind` that a resource's reference parameter leads to.
pub(super) fn rows_of(
    read: &dyn Read,
    own: &OwnAddresses,
    (source, value): (ResourceType, &Value),
    param: u16,
    kind: ResourceType,
) -> Result<Vec<RowNumber>, RecordError> {
    let mut rows = Vec::new();
    for target in references(source, value, param) {
        rows.extend(led_to(read, &target, own, &|one| one == kind)?);
    }
    Ok(rows)
}
