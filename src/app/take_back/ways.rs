//! The numbers and addresses of a Patient that comes back. By these somebody is known and reached: one that ended, was corrected or
//! became another's since must not count again.

use std::collections::BTreeSet;

use serde_json::Value;

use super::there::There;
use super::{IN_BACKUP, Item, TakeBack, plain, why};
use crate::app::error::AppError;
use crate::base::FhirId;
use crate::care::numbers;
use crate::fhir::ResourceType;
use crate::fhir::search::escaped;
use crate::record::{Reading, Records, Why, joined_to, strict};

/// Where they stand; each is the name of the parameter by which they are found, too.
const LISTS: [&str; 2] = ["identifier", "telecom"];

impl TakeBack {
    /// Leaves the numbers and addresses of a Patient that comes as the box has them, or had them last, for each system of which it
    /// has any, and leaves out what another patient has by now who had it not then.
    pub(super) fn leave_ways(
        &self,
        item: &mut Item,
        there: Option<&There>,
        then: &Records,
        note: &str,
    ) -> Result<(), AppError> {
        if item.kind != ResourceType::Patient || !item.comes {
            return Ok(());
        }
        let is_live = there.is_some_and(There::is_live);
        for list in LISTS {
            let (of_then, of_now) = (entries(Some(&item.value), list), entries(there.and_then(There::value), list));
            let systems: BTreeSet<&str> = of_now.iter().map(|one| text(one, "system")).collect();
            let others = of_then.iter().filter(|one| !systems.contains(text(one, "system")));
            let mut all = if is_live { of_now.clone() } else { Vec::new() };
            for one in of_now.iter().filter(|_| !is_live).chain(others) {
                if !self.counts(one) || !self.is_anothers(list, one, &item.id, then, note)? {
                    all.push(one.clone());
                }
            }
            if are_alike(&all, &of_now) {
                item.changed.retain(|element| element != list);
            }
            if are_alike(&all, &of_then) {
                continue;
            }
            item.ways = true;
            let Some(members) = item.value.as_object_mut() else { continue };
            match all.is_empty() {
                true => drop(members.shift_remove(list)),
                false => drop(members.insert(list.to_owned(), Value::Array(all))),
            }
        }
        Ok(())
    }

    /// Whether another patient has it by now, and had it not then.
    fn is_anothers(&self, list: &str, one: &Value, but: &FhirId, then: &Records, note: &str) -> Result<bool, AppError> {
        let mut owners = self.owners(&self.records, why(note), list, one)?;
        owners.remove(but);
        Ok(!owners.is_empty() && !owners.is_subset(&self.owners(then, why(IN_BACKUP), list, one)?))
    }

    /// The patients who are known or reached by it.
    fn owners(&self, records: &Records, why: Why, list: &str, one: &Value) -> Result<BTreeSet<FhirId>, AppError> {
        let value = escaped(text(one, "value"));
        let token = match text(one, "system") {
            system if list == "identifier" && !system.is_empty() => format!("{}|{value}", escaped(system)),
            _ => value,
        };
        let asked = serde_urlencoded::to_string([(list, token.as_str()), ("_count", "1000")]);
        // Nobody is found by what cannot be searched for.
        let Some(query) = asked.ok().and_then(|asked| strict(ResourceType::Patient, &asked).ok()) else {
            return Ok(BTreeSet::new());
        };
        let search = |reading: &mut Reading<'_>| reading.search(&query);
        let page = records.disclose_blocking(&self.actor, why, search)?.into_inner();
        let mut owners = BTreeSet::new();
        for other in &page.matches {
            let value = plain(other)?;
            let is_it = |entry: &Value| {
                let same = |part: &str| text(entry, part).to_lowercase() == text(one, part).to_lowercase();
                self.counts(entry) && same("system") && same("value")
            };
            if joined_to(&value).is_none() && entries(Some(&value), list).iter().any(is_it) {
                owners.insert(other.id.clone());
            }
        }
        Ok(owners)
    }

    /// Whether somebody is known or reached by it today: an insurer's number is often valid until a day that is to come.
    fn counts(&self, entry: &Value) -> bool {
        let today = self.audit.ambient().now().to_zoned(jiff::tz::TimeZone::UTC).date();
        !text(entry, "value").is_empty() && numbers::standing(entry, Some(today)) != numbers::Standing::Ended
    }
}

fn entries(patient: Option<&Value>, list: &str) -> Vec<Value> {
    patient.and_then(|patient| patient.get(list)).and_then(Value::as_array).cloned().unwrap_or_default()
}

/// Whether these are the same, in whichever order.
fn are_alike(some: &[Value], others: &[Value]) -> bool {
    some.len() == others.len() && some.iter().all(|one| others.contains(one))
}

fn text<'a>(entry: &'a Value, name: &str) -> &'a str {
    entry.get(name).and_then(Value::as_str).unwrap_or_default()
}
