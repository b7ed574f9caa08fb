//! The parameters of `$everything` (patient-operation-everything.html).

use super::super::respond::{Refusal, Refused};
use super::look::{Look, named_types};
use super::refusal;
use crate::base::{FhirId, Timestamp};
use crate::fhir::ResourceType;
use crate::fhir::search::{DateRange, date_range, encode_pair, pairs};
use crate::record::EverythingAsked;

/// `Patient/{id}/$everything?query`, or `Patient/$everything?query`.
pub(super) fn parse(patient: Option<FhirId>, query: &str) -> Result<Look, Refusal> {
    let path = match &patient {
        Some(id) => format!("Patient/{id}/$everything"),
        None => "Patient/$everything".to_owned(),
    };
    let kinds = named_types(query)?;
    if kinds.as_ref().is_some_and(|kinds| kinds.contains(&ResourceType::AuditEvent)) {
        return Err(wrong("The access log is no part of a whole copy. Search it, as in AuditEvent?patient=1."));
    }
    let mut asked = EverythingAsked { patient, kinds, since: None, care: None, count: None, cursor: None };
    let (mut start, mut end) = (None, None);
    let mut understood = String::new();
    for (name, value) in pairs(query).map_err(|error| refusal::of_query(&error))? {
        match name.as_str() {
            "start" => start = Some(date(&value).ok_or_else(|| wrong("The value of “start” is not a date."))?),
            "end" => end = Some(date(&value).ok_or_else(|| wrong("The value of “end” is not a date."))?),
            "_since" => asked.since = Some(instant(&value)?),
            "_count" => {
                let count = value.parse().ok().filter(|count| *count > 0);
                asked.count = Some(count.ok_or_else(|| wrong("The value of “_count” is not a whole number above 0."))?);
            }
            "_type" => {}
            "_cursor" => {
                asked.cursor = Some(value);
                continue;
            }
            "_format" | "_pretty" => continue,
            _ => {
                return Err(wrong(
                    "A whole copy is asked for by start, end, _since, _type and _count. Leave others out.",
                ));
            }
        }
        encode_pair(&name, &value, &mut understood);
    }
    if start.is_some() || end.is_some() {
        let (start, end) = (start.map_or(i64::MIN, |range| range.start), end.map_or(i64::MAX, |range| range.end));
        if start > end {
            return Err(wrong("“start” is after “end”, so there is nothing between them."));
        }
        asked.care = Some(DateRange { start, end });
    }
    Ok(Look::Everything { asked, path, understood })
}

/// A date; one without a zone is read as UTC. An unencoded `+` before the zone has become a space.
fn date(text: &str) -> Option<DateRange> {
    date_range(&serde_json::Value::String(text.replace(' ', "+")))
}

pub(super) fn instant(text: &str) -> Result<Timestamp, Refusal> {
    let since = text.replace(' ', "+").parse().ok();
    since.ok_or_else(|| wrong("The value of “_since” is not an instant, such as 2026-03-03T09:00:00Z."))
}

fn wrong(what: &'static str) -> Refusal {
    Refusal::saying(Refused::Malformed, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(query: &str) -> Option<EverythingAsked> {
        match parse(None, query) {
            Ok(Look::Everything { asked, .. }) => Some(asked),
            _ => None,
        }
    }

    #[test]
    fn parameters_are_read_and_what_is_not_one_is_refused() {
        let all =
            asked("start=2024&end=2024-02&_since=2026-03-03T09:00:00+01:00&_type=Patient,Condition&_count=5").unwrap();
        let day = |text: &str| text.parse::<Timestamp>().unwrap().as_millisecond();
        let care = DateRange { start: day("2024-01-01T00:00:00Z"), end: day("2024-02-29T23:59:59.999Z") };
        assert_eq!(all.care, Some(care));
        assert_eq!(all.since, Some("2026-03-03T08:00:00Z".parse().unwrap()));
        assert_eq!(all.kinds, Some(vec![ResourceType::Patient, ResourceType::Condition]));
        assert_eq!(all.count, Some(5));
        for bad in [
            "start=soon",
            "end=13",
            "_since=2026",
            "_type=Nothing",
            "_count=0",
            "_count=-1",
            "_count=x",
            "name=x",
            "start=2025&end=2024",
            "_type=AuditEvent",
        ] {
            assert!(asked(bad).is_none(), "{bad}");
        }
    }
}
