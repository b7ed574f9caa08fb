//! What comes along with what comes back: files that it points to by an address alone, and what it refers to and is nobody's.

use std::collections::BTreeSet;

use serde_json::Value;

use super::there::There;
use super::{IN_BACKUP, Item, Looked, Standing, TakeBack, why};
use crate::app::error::AppError;
use crate::base::FhirId;
use crate::fhir::ResourceType;
use crate::record::{Reading, RecordError, Records};

impl TakeBack {
    /// What the resources that come or are there already refer to, as far as the box has it no more. A file comes with what names
    /// it, if it is of nobody but these patients.
    pub(super) fn files_of(
        &self,
        then: &Records,
        looked: &mut Looked,
        patients: &BTreeSet<FhirId>,
        note: &str,
    ) -> Result<Vec<Item>, AppError> {
        let mut all: Vec<Item> = std::mem::take(&mut looked.along).into_values().collect();
        all.extend(self.files_named(then, looked, &all)?);
        let named = &looked.files;
        let now = self.now(all.iter().map(Item::key), note)?;
        let mut lacking = Vec::new();
        for mut item in all {
            let there = now.get(&item.key());
            let whose = self.whose(then, &item)?;
            let theirs = whose.then.is_subset(patients) && whose.now.is_subset(patients);
            item.held_against(there);
            (item.stands, item.comes) = match there {
                Some(_) if item.is_file_among(named) && theirs && item.says_else() => (Standing::Differs, false),
                Some(There::Live { .. }) => continue,
                Some(There::Gone { .. }) if item.is_file_among(named) && theirs => (Standing::Deleted, true),
                None if item.is_file_among(named) && theirs => (Standing::Unknown, true),
                // Another's is none of this.
                _ if item.kind == ResourceType::Binary && !theirs => continue,
                _ => (Standing::Absent, false),
            };
            lacking.push(item);
        }
        Ok(lacking)
    }

    /// The files that are named and that the snapshot has, but for those among the rest.
    fn files_named(&self, then: &Records, looked: &Looked, along: &[Item]) -> Result<Vec<Item>, AppError> {
        let files = looked.items.iter().chain(along).filter(|item| item.kind == ResourceType::Binary);
        let known: BTreeSet<FhirId> = files.map(|item| item.id.clone()).collect();
        let mut found = Vec::new();
        for id in looked.files.difference(&known) {
            let read = |reading: &mut Reading<'_>| reading.read(ResourceType::Binary, id);
            match then.disclose_blocking(&self.actor, why(IN_BACKUP), read) {
                Ok(one) => found.push(Item::of(&one.into_inner())?),
                Err(RecordError::Gone | RecordError::NotFound) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(found)
    }
}

impl Item {
    /// Whether the file was another one since. Under whose rules it stands is no part of it.
    fn says_else(&self) -> bool {
        self.changed.iter().any(|element| element != "securityContext")
    }

    fn is_file_among(&self, named: &BTreeSet<FhirId>) -> bool {
        self.kind == ResourceType::Binary && named.contains(&self.id)
    }
}

/// The files of this box that something points to by their address: `Binary/id` in an attachment.
pub(super) fn files_in(value: &Value, into: &mut BTreeSet<FhirId>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                let text = value.as_str().filter(|_| matches!(name.as_str(), "url" | "reference"));
                let id = text.and_then(|text| text.strip_prefix("Binary/")?.split('/').next());
                into.extend(id.and_then(|id| FhirId::parse(id).ok()));
                files_in(value, into);
            }
        }
        Value::Array(all) => all.iter().for_each(|value| files_in(value, into)),
        _ => {}
    }
}
