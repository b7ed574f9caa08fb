//! Checking somebody in: who they are was asked, how they are reached and who pays is up to date, and they have arrived;
//! all of it or nothing.

use serde_json::{Map, Value, json};

use super::schedule::{self, State};
use super::workflow::{Doing, Done, Never, Refused, carry_out};
use crate::base::FhirId;
use crate::care::within::{list, text};
use crate::fhir::{Mode, ResourceType};
use crate::record::{Change, Condition};

/// The most characters of one field.
pub const LONGEST: usize = 100;

/// How somebody is reached, each in the form that is in use now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reach {
    pub phone: String,
    pub email: String,
    pub street: String,
    pub postcode: String,
    pub town: String,
}

/// Who pays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Insurance {
    pub payer: String,
    pub number: String,
    /// The last day, as `2026-12-31`; empty where it has none.
    pub until: String,
}

fn is_current(one: &Value) -> bool {
    one.get("use").and_then(Value::as_str) != Some("old")
}

fn is_contact(one: &Value, system: &str) -> bool {
    is_current(one) && text(one, "/system") == system
}

impl Reach {
    pub fn of(patient: &Value) -> Self {
        let contact = |system| {
            list(patient, "telecom")
                .iter()
                .find(|one| is_contact(one, system))
                .map(|one| text(one, "/value").to_owned())
        };
        let address = list(patient, "address").iter().find(|one| is_current(one));
        let part = |pointer| address.map(|address| text(address, pointer).to_owned()).unwrap_or_default();
        let lines = address
            .map(|address| list(address, "line").iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", "));
        Self {
            phone: contact("phone").unwrap_or_default(),
            email: contact("email").unwrap_or_default(),
            street: lines.unwrap_or_default(),
            postcode: part("/postalCode"),
            town: part("/city"),
        }
    }

    /// The patient with these. What is not asked for here stays as it is.
    #[must_use]
    pub fn put_into(&self, mut patient: Value) -> Value {
        if Self::of(&patient) == *self {
            return patient;
        }
        let Some(members) = patient.as_object_mut() else { return patient };
        let mut contacts = taken(members, "telecom");
        for (system, value) in [("phone", &self.phone), ("email", &self.email)] {
            match (contacts.iter().position(|one| is_contact(one, system)), value.is_empty()) {
                (Some(at), true) => drop(contacts.remove(at)),
                (Some(at), false) => {
                    if let Some(Value::Object(one)) = contacts.get_mut(at) {
                        one.insert("value".to_owned(), json!(value));
                    }
                }
                (None, true) => {}
                (None, false) => contacts.push(json!({"system": system, "value": value})),
            }
        }
        put_list(members, "telecom", contacts);
        let mut addresses = taken(members, "address");
        let at = addresses.iter().position(is_current);
        let lives = [&self.street, &self.postcode, &self.town].iter().any(|part| !part.is_empty());
        match (at, lives) {
            (Some(at), false) => drop(addresses.remove(at)),
            (None, false) => {}
            (at, true) => {
                let at = at.unwrap_or_else(|| {
                    addresses.insert(0, json!({"use": "home"}));
                    0
                });
                if let Some(Value::Object(one)) = addresses.get_mut(at) {
                    // The whole in one line would say the old one still.
                    one.shift_remove("text");
                    let mut part = |name: &str, value: Option<Value>| match value {
                        Some(value) => drop(one.insert(name.to_owned(), value)),
                        None => drop(one.shift_remove(name)),
                    };
                    let some = |text: &str| (!text.is_empty()).then(|| json!(text));
                    part("line", (!self.street.is_empty()).then(|| json!([self.street])));
                    part("postalCode", some(&self.postcode));
                    part("city", some(&self.town));
                }
            }
        }
        put_list(members, "address", addresses);
        patient
    }
}

fn taken(members: &mut Map<String, Value>, name: &str) -> Vec<Value> {
    match members.get_mut(name) {
        Some(Value::Array(all)) => std::mem::take(all),
        _ => Vec::new(),
    }
}

fn put_list(members: &mut Map<String, Value>, name: &str, all: Vec<Value>) {
    match all.is_empty() {
        true => drop(members.shift_remove(name)),
        false => drop(members.insert(name.to_owned(), all.into())),
    }
}

impl Insurance {
    pub fn of(coverage: &Value) -> Self {
        let payer = list(coverage, "payor").iter().map(|one| text(one, "/display")).find(|name| !name.is_empty());
        Self {
            payer: payer.unwrap_or_default().to_owned(),
            number: text(coverage, "/subscriberId").to_owned(),
            until: text(coverage, "/period/end").get(..10).unwrap_or_default().to_owned(),
        }
    }

    /// The Coverage with these. `before` is the one in force; without a payer it ends.
    pub fn put_into(&self, before: Option<Value>, patient: &FhirId) -> Option<Value> {
        if before.as_ref().map(Self::of).unwrap_or_default() == *self {
            return None;
        }
        let mut coverage = before.unwrap_or_else(|| {
            json!({
                "resourceType": "Coverage",
                "status": "active",
                "beneficiary": {"reference": format!("Patient/{patient}")},
            })
        });
        let members = coverage.as_object_mut()?;
        if self.payer.is_empty() {
            members.insert("status".to_owned(), json!("cancelled"));
            return members.contains_key("payor").then_some(coverage);
        }
        if list(&Value::Object(members.clone()), "payor").iter().all(|one| text(one, "/display") != self.payer) {
            members.insert("payor".to_owned(), json!([{"display": self.payer}]));
        }
        match self.number.is_empty() {
            true => drop(members.shift_remove("subscriberId")),
            false => drop(members.insert("subscriberId".to_owned(), json!(self.number))),
        }
        if self.until.is_empty() {
            if let Some(Value::Object(period)) = members.get_mut("period") {
                period.shift_remove("end");
            }
            if members.get("period").is_some_and(|period| period == &json!({})) {
                members.shift_remove("period");
            }
        } else if let Value::Object(period) = members.entry("period").or_insert_with(|| json!({})) {
            period.insert("end".to_owned(), json!(self.until));
        }
        Some(coverage)
    }
}

/// A resource as the form was made with it.
#[derive(Debug, Clone)]
pub struct Seen {
    pub id: FhirId,
    pub version: u32,
    pub value: Value,
}

/// Writes down that somebody has arrived, with what of them changed.
pub async fn check_in(
    doing: Doing<'_>,
    appointment: Seen,
    patient: Seen,
    reach: &Reach,
    coverage: Option<Seen>,
    insurance: &Insurance,
) -> Result<Done<()>, Refused<Never>> {
    let mut changes = Vec::new();
    let put =
        |kind, seen: Seen, value| Change::put(kind, seen.id, value, Condition::Version(seen.version), Mode::Strict);
    let arrived = schedule::with_status(appointment.value.clone(), State::Arrived, false);
    changes.push(put(ResourceType::Appointment, appointment, arrived)?);
    let (before, of) = (coverage.as_ref().map(|seen| seen.value.clone()), patient.id.clone());
    let changed = reach.put_into(patient.value.clone());
    if changed != patient.value {
        changes.push(put(ResourceType::Patient, patient, changed)?);
    }
    match (coverage, insurance.put_into(before, &of)) {
        (_, None) => {}
        (Some(seen), Some(value)) => changes.push(put(ResourceType::Coverage, seen, value)?),
        (None, Some(value)) => changes.push(Change::create(ResourceType::Coverage, value, Mode::Strict)?),
    }
    carry_out(doing, changes, |_| Ok(())).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fhir::{Definitions, Issue, validate};

    fn fits(resource: &Value) {
        let issues = validate(resource, Definitions::r4(), Mode::Strict);
        assert!(!issues.iter().any(Issue::is_error), "{issues:?}");
    }

    #[test]
    fn what_changed_is_changed_and_everything_else_stays() {
        let patient = json!({"resourceType": "Patient", "id": "p", "birthDate": "1967-05-09",
            "telecom": [{"system": "phone", "value": "1", "use": "old"}, {"system": "phone", "value": "2", "use": "mobile"}],
            "address": [{"use": "home", "text": "Old", "line": ["1 A Street", "Flat 2"], "city": "Town", "country": "GB"}]});
        let reach = Reach::of(&patient);
        assert_eq!(
            (reach.phone.as_str(), reach.street.as_str(), reach.town.as_str()),
            ("2", "1 A Street, Flat 2", "Town")
        );
        assert_eq!(reach.put_into(patient.clone()), patient, "nothing typed, nothing changed");
        let new = Reach { phone: "3".into(), email: "a@b.example".into(), street: "9 B Road".into(), ..reach };
        let changed = new.put_into(patient);
        fits(&changed);
        assert_eq!(changed["telecom"][0], json!({"system": "phone", "value": "1", "use": "old"}));
        assert_eq!(changed["telecom"][1], json!({"system": "phone", "value": "3", "use": "mobile"}));
        assert_eq!(changed["telecom"][2], json!({"system": "email", "value": "a@b.example"}));
        assert_eq!(changed["address"], json!([{"use": "home", "line": ["9 B Road"], "city": "Town", "country": "GB"}]));
        let nothing = Reach::default().put_into(changed);
        assert_eq!((nothing.get("address"), Reach::of(&nothing)), (None, Reach::default()));
        fits(&Reach { town: "X".into(), ..Reach::default() }.put_into(json!({"resourceType": "Patient"})));
    }

    #[test]
    fn insurance_is_made_changed_and_ended() {
        let patient = FhirId::parse("p").unwrap();
        assert_eq!(Insurance::default().put_into(None, &patient), None);
        let one = Insurance { payer: "Northern Mutual".into(), number: "12".into(), until: "2027-12-31".into() };
        let made = one.put_into(None, &patient).unwrap();
        fits(&made);
        assert_eq!(Insurance::of(&made), one);
        assert_eq!(one.put_into(Some(made.clone()), &patient), None, "as it was");
        let changed = Insurance { until: String::new(), ..one }.put_into(Some(made), &patient).unwrap();
        assert_eq!(changed.get("period"), None);
        let ended = Insurance::default().put_into(Some(changed), &patient).unwrap();
        fits(&ended);
        assert_eq!(
            (ended["status"].as_str(), ended["payor"][0]["display"].as_str()),
            (Some("cancelled"), Some("Northern Mutual"))
        );
    }
}
