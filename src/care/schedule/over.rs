//! Why a visit lies over another, or outside the hours in which somebody works.
//!
//! FHIR R4 has no element for it: `reasonCode` says why the patient comes, and `comment` and `patientInstruction` may be
//! clinical or the patient's to read. So it is an extension of the Appointment, [`OVERBOOKED`], which the desk writes and
//! reads and which is cut for patients, those who act for them and whoever has their link (`access::cut`). It names the time
//! that it is about, because a patient who moves the visit does not see it and so cannot take it away: at another time it says
//! nothing.

use serde_json::{Value, json};

pub use crate::access::cut::OVERBOOKED;
use crate::base::Timestamp;

/// What is in the way of a visit that is booked all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Despite {
    /// Another visit.
    Another,
    /// Nobody works then.
    Hours,
}

impl Despite {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Another => "another",
            Self::Hours => "hours",
        }
    }

    /// Whatever says nothing else is about another visit.
    pub fn from_code(code: &str) -> Self {
        if code == "hours" { Self::Hours } else { Self::Another }
    }
}

/// The appointment with the reason why it stands at its time despite something.
#[must_use]
pub fn over(mut appointment: Value, reason: &str, despite: Despite) -> Value {
    let Some(start) = appointment.get("start").cloned() else { return appointment };
    let reason = reason.trim();
    take_away(&mut appointment);
    if let Some(members) = appointment.as_object_mut()
        && let Value::Array(all) = members.entry("extension").or_insert_with(|| json!([]))
    {
        all.push(json!({"url": OVERBOOKED, "extension": [
            {"url": "reason", "valueString": reason},
            {"url": "start", "valueInstant": start},
            {"url": "despite", "valueCode": despite.code()},
        ]}));
    }
    appointment
}

/// Why the appointment stands where it is now, and despite what.
pub fn over_of(appointment: &Value) -> Option<(&str, Despite)> {
    let is = |one: &&Value, url: &str| one.get("url").and_then(Value::as_str) == Some(url);
    let found = appointment.get("extension")?.as_array()?.iter().find(|one| is(one, OVERBOOKED))?;
    let parts = || found.get("extension").and_then(Value::as_array).into_iter().flatten();
    let part = |url: &str, value: &str| parts().find(|one| is(one, url))?.get(value)?.as_str();
    let moment = |text: &str| text.parse::<Timestamp>().ok();
    let about = moment(part("start", "valueInstant")?)?;
    let reason = part("reason", "valueString").filter(|reason| !reason.trim().is_empty())?;
    (moment(appointment.get("start")?.as_str()?)? == about)
        .then(|| (reason, Despite::from_code(part("despite", "valueCode").unwrap_or_default())))
}

pub(super) fn take_away(appointment: &mut Value) {
    let Some(members) = appointment.as_object_mut() else { return };
    let Some(Value::Array(all)) = members.get_mut("extension") else { return };
    all.retain(|one| one.get("url").and_then(Value::as_str) != Some(OVERBOOKED));
    if all.is_empty() {
        members.shift_remove("extension");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fhir::{Definitions, Issue, Mode, validate};

    #[test]
    fn the_reason_is_of_one_time_and_fits_fhir() {
        let plain = json!({"resourceType": "Appointment", "status": "booked", "start": "2026-03-03T09:00:00Z",
            "end": "2026-03-03T09:20:00Z", "participant": [{"status": "accepted", "actor": {"display": "A"}}]});
        assert_eq!(over_of(&plain), None);
        let first = over(plain.clone(), "a first try", Despite::Hours);
        assert_eq!(over_of(&first), Some(("a first try", Despite::Hours)));
        let mut one = over(first, &format!("  {} ", "é".repeat(600)), Despite::Another);
        assert_eq!(over_of(&one), Some(("é".repeat(600).as_str(), Despite::Another)), "no word of it is cut");
        assert_eq!(one["extension"].as_array().unwrap().len(), 1);
        let issues = validate(&one, Definitions::r4(), Mode::Strict);
        assert!(!issues.iter().any(Issue::is_error), "{issues:?}");
        one["start"] = "2026-03-03T10:00:00+01:00".into();
        assert!(over_of(&one).is_some(), "the same moment in other letters");
        one["start"] = "2026-03-03T09:20:00Z".into();
        assert_eq!(over_of(&one), None);
        take_away(&mut one);
        one["start"] = plain["start"].clone();
        assert_eq!(one, plain);
    }
}
