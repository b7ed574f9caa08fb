//! Looking into a resource: what is not there is empty.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::Value;

use crate::base::FhirId;

/// The members of a list that the resource has at its top.
pub(super) fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// Whether an end, known to the day or less, lies before this day; where the day is not known, any end does.
pub(super) fn is_before(end: &Value, today: Option<Date>) -> bool {
    let (Some(end), Some(today)) = (end.as_str(), today.map(|day| day.to_string())) else { return true };
    let known = end.len().min(today.len());
    end.get(..known) < today.get(..known)
}

/// The last day that a FHIR `date`, `dateTime` or `instant` can mean (R4, datatypes.html#dateTime), on this clock.
pub(super) fn last_day(said: &str, zone: &TimeZone) -> Option<Date> {
    match said.len() {
        4 => Date::new(said.parse().ok()?, 12, 31).ok(),
        7 => format!("{said}-01").parse::<Date>().ok().map(Date::last_of_month),
        10 => said.parse().ok(),
        _ => said.parse::<Timestamp>().ok().map(|time| time.to_zoned(zone.clone()).date()),
    }
}

/// The last moment that it can mean: of a day, a month or a year its end.
pub(super) fn last_moment(said: &str, zone: &TimeZone) -> Option<Timestamp> {
    said.parse::<Timestamp>().ok().or_else(|| {
        let next = last_day(said, zone)?.tomorrow().ok()?;
        Some(next.to_zoned(zone.clone()).ok()?.timestamp())
    })
}

/// The id of a stored resource.
pub(super) fn id_of(value: &Value) -> Option<FhirId> {
    FhirId::parse(text(value, "/id")).ok()
}

/// Its version; 0, which none has, where that does not read.
pub(super) fn version_of(value: &Value) -> u32 {
    text(value, "/meta/versionId").parse().unwrap_or(0)
}

/// The text that a pointer leads to.
pub(super) fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}
