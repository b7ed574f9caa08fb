//! That what is referred to is there: no change leaves a reference that leads nowhere.

use std::cell::OnceCell;
use std::collections::BTreeSet;

use serde_json::Value;

use super::error::RecordError;
use super::layout::VERSIONS;
use super::numbers::{find_named, row};
use super::prepared::{local_reference, references_of};
use super::rows::{Row, State};
use super::transaction::Voice;
use super::writing::Writing;
use crate::access::{Action, Denied};
use crate::base::ResourceRef;
use crate::store::{Desc, ReadExt, Tx};

/// The local references of one resource.
struct References {
    now: BTreeSet<ResourceRef>,
    before: BTreeSet<ResourceRef>,
}

impl Writing<'_, '_, '_> {
    pub(super) fn must_all_be_there(&mut self) -> Result<(), RecordError> {
        let mut refers = std::mem::take(&mut self.refers);
        refers.sort_unstable();
        refers.dedup();
        let before = OnceCell::new();
        for reference in refers {
            self.goes_on()?;
            self.must_be_there(&reference, &before)?;
        }
        Ok(())
    }

    /// A reference to what is not there, or not for this actor, is refused in the same words. `before` is what stood in the
    /// versions before, once somebody asked.
    fn must_be_there(&self, reference: &ResourceRef, before: &OnceCell<Vec<References>>) -> Result<(), RecordError> {
        let missing = || self.dangling(reference);
        let stood_before = || -> Result<bool, RecordError> {
            if before.get().is_none() {
                let all = self.references()?;
                before.get_or_init(|| all);
            }
            let mut bear = before.get().into_iter().flatten().filter(|one| one.now.contains(reference));
            Ok(bear.all(|one| one.before.contains(reference)))
        };
        let tx: &Tx<'_> = self.tx;
        let number = find_named(tx, reference)?;
        let found = number.map(|number| Ok::<_, RecordError>((number, row(tx, number)?))).transpose()?;
        let Some((number, row)) = found.filter(|(_, row)| row.state == State::Live) else {
            // An import brings references to what stayed behind: whoever changes what bears one did not make it.
            return if stood_before()? { Ok(()) } else { Err(missing()) };
        };
        match self.permit(Action::Read, &row) {
            Ok(_) => Ok(()),
            // What stood there stays there. Whether there is another of a type that a person never sees, they are not told.
            // A token that narrows what is asked with it does not narrow what its person may name.
            Err(RecordError::Denied(Denied::NeverForRole)) => {
                let may_name = self.is_trusted()
                    || stood_before()?
                    || self.permit_to(&self.actor.widened(), Action::Read, &row).is_ok();
                if may_name { Ok(()) } else { Err(missing()) }
            }
            // Who has just stored it, or was told by a condition that it is stored, knows that it is there, also where it is sealed
            // from them.
            Err(RecordError::NotFound)
                if self.wrote.iter().any(|(_, wrote)| *wrote == number) || self.matched.contains(&number) =>
            {
                Ok(())
            }
            // And what stood there says nothing of whether it is there.
            Err(RecordError::NotFound) => {
                if stood_before()? {
                    Ok(())
                } else {
                    Err(missing())
                }
            }
            Err(error) => Err(error),
        }
    }

    /// Whether who writes may name what they never see: a program, and a workflow of the house.
    fn is_trusted(&self) -> bool {
        self.actor.role().is_none() || self.how.voice == Voice::House
    }

    /// What each resource that was written refers to, and what it referred to in the version before.
    fn references(&self) -> Result<Vec<References>, RecordError> {
        let tx: &Tx<'_> = self.tx;
        let of = |row: &Row| -> Result<BTreeSet<ResourceRef>, RecordError> {
            let value: Value = serde_json::from_slice(&row.json).map_err(|_| RecordError::Damaged)?;
            Ok(references_of(&value).into_iter().collect())
        };
        let mut all = Vec::with_capacity(self.wrote.len());
        for (_, number) in &self.wrote {
            self.goes_on()?;
            let now = row(tx, *number)?;
            let old = tx.get(&VERSIONS, &(*number, Desc(now.version.saturating_sub(1))))?;
            let old = old.filter(|old| old.state == State::Live);
            all.push(References { now: of(&now)?, before: old.as_ref().map(of).transpose()?.unwrap_or_default() });
        }
        Ok(all)
    }

    /// That a reference leads nowhere, with the element and the change in which it stands.
    fn dangling(&self, reference: &ResourceRef) -> RecordError {
        let tx: &Tx<'_> = self.tx;
        let at = self.wrote.iter().find_map(|(place, number)| {
            let row = row(tx, *number).ok()?;
            let value: Value = serde_json::from_slice(&row.json).ok()?;
            Some((*place, reference_in(&value, reference, row.kind.name())?))
        });
        let (place, at) = at.unzip();
        let error = RecordError::DanglingReference { what: reference.to_string(), at };
        place.into_iter().fold(error, RecordError::at)
    }
}

/// Where in a resource a reference stands, as FHIRPath has it.
fn reference_in(value: &Value, wanted: &ResourceRef, path: &str) -> Option<String> {
    match value {
        Value::Object(members) => {
            let own = members.get("reference").and_then(Value::as_str).and_then(local_reference);
            if own.as_ref() == Some(wanted) {
                return Some(path.to_owned());
            }
            members.iter().find_map(|(name, value)| reference_in(value, wanted, &format!("{path}.{name}")))
        }
        Value::Array(all) => {
            all.iter().enumerate().find_map(|(at, value)| reference_in(value, wanted, &format!("{path}[{at}]")))
        }
        _ => None,
    }
}
