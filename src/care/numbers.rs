//! The numbers that a patient is known by: an insurer's, another clinic's, a country's. One that was typed wrong is corrected; one
//! that counts no more ends, stays among those of before, and is taken up again where that was a mistake. The number that this box
//! gave stays as it is, and the one by which the clinic calls the record does not end.

use jiff::civil::Date;
use serde_json::{Value, json};

use super::check_in::Seen;
use super::workflow::{Doing, Done, Refused, carry_out, told};
use crate::care::within::{is_before, list, text};
use crate::fhir::search::{Query, escaped};
use crate::fhir::{Mode, ResourceType};
use crate::record::{CLINIC_NUMBER, Change, Condition, RecordError, strict};

/// The most characters of a number.
pub const LONGEST: usize = 60;

/// How one number stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    Counts,
    /// It was theirs once.
    Ended,
    /// This box gave it: nobody changes it.
    OfTheBox,
}

/// What somebody says of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// It is another one.
    Correct(String),
    /// It counts no more since this day.
    End(Date),
    /// It counts again.
    Again,
}

impl Act {
    /// How a number stands of which this can be said.
    const fn of(&self) -> Standing {
        match self {
            Self::Correct(_) | Self::End(_) => Standing::Counts,
            Self::Again => Standing::Ended,
        }
    }
}

/// Why it was not done, found in the writer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    #[error("another patient has this number")]
    Taken,
}

/// All numbers of a patient that say one.
pub fn numbers(patient: &Value) -> impl Iterator<Item = &Value> {
    list(patient, "identifier").iter().filter(|one| !text(one, "/value").is_empty())
}

/// How a number stands on a day at the clinic; where the day is not known, any end is one. An insurer's number is often valid until
/// a day that is to come.
pub fn standing(number: &Value, today: Option<Date>) -> Standing {
    match text(number, "/use") {
        "old" => Standing::Ended,
        _ if number.pointer("/period/end").is_some_and(|end| is_before(end, today)) => Standing::Ended,
        _ if text(number, "/system") == CLINIC_NUMBER => Standing::OfTheBox,
        _ => Standing::Counts,
    }
}

/// By what a form names a number, whatever stands before it in the list.
pub fn key_of(number: &Value) -> String {
    let mut hasher = blake3::Hasher::new_derive_key("chartbox 2026-11 a number of a patient in a form");
    for part in ["/system", "/type/coding/0/code", "/value"] {
        hasher.update(text(number, part).as_bytes()).update(b"\0");
    }
    data_encoding::HEXLOWER.encode(hasher.finalize().as_bytes().get(..8).unwrap_or_default())
}

/// The one of this name of which something can be said.
pub fn find<'a>(patient: &'a Value, key: &str, act: &Act, today: Date) -> Option<&'a Value> {
    numbers(patient).find(|one| standing(one, Some(today)) == act.of() && key_of(one) == key)
}

/// By which number the clinic calls a record: the one that this box gave, as long as it counts. A record that came from elsewhere
/// has none: then the first of type `MR` (HL7 v2-0203), else the first usual one.
pub fn of_the_clinic(patient: &Value, today: Option<Date>) -> Option<&Value> {
    let counting = || numbers(patient).filter(|one| standing(one, today) != Standing::Ended);
    let is_record_number = |one: &&Value| {
        let codings = one.pointer("/type/coding").and_then(Value::as_array);
        codings.is_some_and(|all| all.iter().any(|coding| text(coding, "/code") == "MR"))
    };
    let is_own = |one: &&Value| text(one, "/system") == CLINIC_NUMBER;
    let is_usual = |one: &&Value| text(one, "/use") == "usual";
    counting().find(is_own).or_else(|| counting().find(is_record_number)).or_else(|| counting().find(is_usual))
}

/// The Patient with what is said of one of the numbers.
#[must_use]
pub fn put_into(mut patient: Value, key: &str, act: &Act, today: Date) -> Value {
    let all = patient.get_mut("identifier").and_then(Value::as_array_mut);
    let is_it = |one: &&mut Value| standing(one, Some(today)) == act.of() && key_of(one) == key;
    let found = all.and_then(|all| all.iter_mut().find(is_it));
    let Some(members) = found.and_then(Value::as_object_mut) else { return patient };
    match act {
        Act::Correct(value) => {
            members.insert("value".to_owned(), value.as_str().into());
            // What is said of the old value is not true of another.
            members.shift_remove("_value");
        }
        Act::End(day) => {
            members.insert("use".to_owned(), "old".into());
            if let Value::Object(period) = members.entry("period").or_insert_with(|| json!({})) {
                period.insert("end".to_owned(), day.to_string().into());
            }
        }
        Act::Again => {
            members.shift_remove("use");
            let period = members.get_mut("period").and_then(Value::as_object_mut);
            let is_empty = period.is_some_and(|period| {
                period.shift_remove("end");
                period.is_empty()
            });
            if is_empty {
                members.shift_remove("period");
            }
        }
    }
    patient
}

/// Changes one number, unless another patient has the new one.
pub async fn change(
    doing: Doing<'_>,
    patient: Seen,
    key: &str,
    act: Act,
    today: Date,
) -> Result<Done<()>, Refused<NumberError>> {
    let named = find(&patient.value, key, &act, today);
    let of = |at: &str| named.map(|one| text(one, at).to_owned()).unwrap_or_default();
    let (system, stood) = (of("/system"), of("/value"));
    let Seen { id, version, value } = patient;
    let value = put_into(value, key, &act, today);
    // What came from elsewhere may have lapses that are not the desk's.
    let change = Change::put(ResourceType::Patient, id.clone(), value, Condition::Version(version), Mode::Lenient)?;
    let counts_then = match &act {
        Act::Correct(value) => Some(value.clone()),
        Act::Again => Some(stood),
        Act::End(_) => None,
    };
    let question = match counts_then.filter(|_| !system.is_empty()) {
        Some(value) => Some((asked(&system, &value)?, value)),
        None => None,
    };
    carry_out(doing, vec![change], move |inside| {
        let Some((query, value)) = question else { return Ok(()) };
        let others = inside.glimpse(&query, who_has)?;
        let is_it = |one: &Value| {
            let counts = standing(one, Some(today)) != Standing::Ended;
            counts && (text(one, "/system"), text(one, "/value")) == (system.as_str(), value.as_str())
        };
        let is_taken = |(other, all): &(String, Vec<Value>)| other != id.as_str() && all.iter().any(is_it);
        if others.iter().any(is_taken) { told(NumberError::Taken) } else { Ok(()) }
    })
    .await
}

fn asked(system: &str, value: &str) -> Result<Query, RecordError> {
    let token = format!("{}|{}", escaped(system), escaped(value));
    let text = serde_urlencoded::to_string([("identifier", token)]).map_err(|_| RecordError::Damaged)?;
    strict(ResourceType::Patient, &text)
}

/// A patient with the numbers; nobody who goes on as somebody else.
fn who_has(patient: &Value) -> Option<(String, Vec<Value>)> {
    if list(patient, "link").iter().any(|link| text(link, "/type") == "replaced-by") {
        return None;
    }
    Some((text(patient, "/id").to_owned(), numbers(patient).cloned().collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patient() -> Value {
        json!({"id": "p", "identifier": [{"system": CLINIC_NUMBER, "value": "000 001"},
            {"system": "urn:insurer", "value": "12-34", "_value": {"id": "x"}}, {"use": "old", "value": "9"}, {"system": "urn:x"}]})
    }

    const TODAY: Date = Date::constant(2026, 3, 3);

    #[test]
    fn a_number_that_is_valid_until_a_day_counts_until_that_day_is_over() {
        let until = |end: &str| standing(&json!({"value": "INS-777", "period": {"end": end}}), Some(TODAY));
        assert_eq!(
            (until("2027-12-31"), until("2026-03-03"), until("2026")),
            (Standing::Counts, Standing::Counts, Standing::Counts)
        );
        assert_eq!((until("2026-03-02"), until("2025")), (Standing::Ended, Standing::Ended));
        assert_eq!(standing(&json!({"period": {"end": "2027"}}), None), Standing::Ended, "of no known day");
        let insured = json!({"identifier": [{"value": "INS-777", "period": {"end": "2027-12-31"}}]});
        let key = numbers(&insured).map(key_of).next().unwrap();
        assert!(find(&insured, &key, &Act::End(TODAY), TODAY).is_some());
    }

    #[test]
    fn a_number_is_corrected_or_ends_and_the_others_stay() {
        let before = patient();
        let keys: Vec<String> = numbers(&before).map(key_of).collect();
        let standings: Vec<Standing> = numbers(&before).map(|one| standing(one, Some(TODAY))).collect();
        assert_eq!(standings, [Standing::OfTheBox, Standing::Counts, Standing::Ended]);
        let right = put_into(patient(), &keys[1], &Act::Correct("12-43".into()), TODAY);
        assert_eq!(right["identifier"][1], json!({"system": "urn:insurer", "value": "12-43"}));
        let ended = put_into(patient(), &keys[1], &Act::End(TODAY), TODAY);
        assert_eq!(ended["identifier"][1]["use"], "old");
        assert_eq!(ended["identifier"][1]["period"], json!({"end": "2026-03-03"}));
        assert_eq!(put_into(ended, &keys[1], &Act::Again, TODAY), before, "it is taken up again");
        assert_eq!(put_into(patient(), &keys[1], &Act::Again, TODAY), before, "it counts already");
        for fixed in [&keys[0], &keys[2], "nothing"] {
            assert_eq!(put_into(patient(), fixed, &Act::Correct("1".into()), TODAY), before, "{fixed}");
        }
    }

    #[test]
    fn the_clinic_calls_a_record_by_its_record_number_that_counts() {
        let number = |kind: &str, value: &str, more: &str| json!({"type": {"coding": [{"code": kind}]}, "value": value, "use": more});
        let of = |all: Value| {
            let patient = json!({ "identifier": all });
            of_the_clinic(&patient, Some(TODAY)).map(|one| text(one, "/value").to_owned())
        };
        assert_eq!(
            of(json!([number("MB", "1", "official"), number("MR", "2", "old"), number("MR", "3", "usual")])),
            Some("3".into())
        );
        assert_eq!(of(json!([number("MB", "1", "official"), number("XX", "2", "usual")])), Some("2".into()));
        assert_eq!(of(json!([number("MB", "1", "official")])), None);
        // Another hospital's record number is no clinic's, wherever it stands.
        let own = |more: &str| json!({"system": CLINIC_NUMBER, "value": "4", "use": more});
        assert_eq!(of(json!([number("MR", "3", "usual"), own("usual")])), Some("4".into()));
        assert_eq!(of(json!([number("MR", "3", "usual"), own("old")])), Some("3".into()));
    }

    #[test]
    fn a_number_is_asked_for_as_it_is_written() {
        let query = asked("urn:x", "a|b,c&d").unwrap();
        assert_eq!(query.filters.len(), 1);
        let joined = json!({"id": "p", "link": [{"type": "replaced-by"}], "identifier": [{"value": "1"}]});
        assert_eq!(who_has(&joined), None);
    }
}
