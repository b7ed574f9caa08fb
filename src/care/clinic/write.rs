//! From what was typed into the settings to resources. Each keeps whatever else its resource holds.

use jiff::civil::{Date, Time};
use serde_json::{Value, json};

use super::read::DAYS;
use super::{
    ANSWER_DAYS, Away, BOOKING, Booking, FORM, HOLD_HOURS, HORIZON_DAYS, Hours, MINUTES, NOTICE_HOURS, POOL, Pool,
    REMINDER_HOURS, SERVICE, Span,
};
use crate::base::FhirId;
use crate::care::previsit::Built;
use crate::fhir::{Mode, ResourceType};
use crate::record::{Change, Condition, RecordError};

/// What is wrong with a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Problem {
    Missing,
    TooLong,
    /// Not a number, or one that makes no sense here: the least and the most.
    Number(u16, u16),
    /// Not a time of day, or a stretch that ends before it begins.
    Time,
    /// Not a day, or a last day before the first.
    Day,
    Choice,
}

/// The most characters of a name.
const LONGEST: usize = 60;

fn name_of(field: &'static str, text: &str, faults: &mut Vec<(&'static str, Problem)>) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.is_empty() {
        faults.push((field, Problem::Missing));
    } else if text.chars().count() > LONGEST {
        faults.push((field, Problem::TooLong));
    }
    text
}

fn number(field: &'static str, text: &str, least: u16, most: u16, faults: &mut Vec<(&'static str, Problem)>) -> u16 {
    match text.trim().parse::<u16>() {
        Ok(number) if (least..=most).contains(&number) => number,
        _ => {
            faults.push((field, Problem::Number(least, most)));
            least
        }
    }
}

/// A kind of visit, as typed.
#[derive(Debug, Clone, Copy)]
pub struct VisitTypeForm<'a> {
    pub name: &'a str,
    pub spanish: &'a str,
    pub minutes: &'a str,
    pub booking: &'a str,
    /// The code of a built form; empty for none.
    pub form: &'a str,
    pub offered: bool,
}

/// A topic of messages, as typed.
#[derive(Debug, Clone, Copy)]
pub struct TopicForm<'a> {
    pub name: &'a str,
    pub spanish: &'a str,
    pub pool: &'a str,
    pub answer_days: &'a str,
    pub offered: bool,
}

/// The clinic as a whole, as typed.
#[derive(Debug, Clone, Copy)]
pub struct ClinicForm<'a> {
    pub notice_hours: &'a str,
    pub horizon_days: &'a str,
    pub hold_hours: &'a str,
    pub reminder_hours: &'a str,
    pub phone: &'a str,
}

/// Opening or working hours, as typed: for each day of the week two stretches, `08:00` each, empty where there is none.
#[derive(Debug, Clone, Default)]
pub struct HoursForm(pub [[(String, String); 2]; 7]);

type Faults = Vec<(&'static str, Problem)>;

/// What a settings form makes: the changed resource, or all that is wrong.
pub type Made = Result<Value, Faults>;

pub fn visit_type_change(before: Option<Value>, form: VisitTypeForm<'_>) -> Made {
    let mut faults = Vec::new();
    let name = name_of("name", form.name, &mut faults);
    let minutes = number("minutes", form.minutes, 5, 480, &mut faults);
    let booking = Booking::from_code(form.booking);
    if booking.is_none() {
        faults.push(("booking", Problem::Choice));
    }
    if !form.form.is_empty() && Built::of(form.form).is_none() {
        faults.push(("form", Problem::Choice));
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    let mut service = service(before, "visit-type");
    put_name(&mut service, &name, form.spanish);
    put(&mut service, "active", json!(form.offered));
    put_extension(&mut service, MINUTES, json!({"url": MINUTES, "valuePositiveInt": minutes}));
    let code = booking.unwrap_or_default().code();
    put_extension(&mut service, BOOKING, json!({"url": BOOKING, "valueCode": code}));
    match Built::of(form.form) {
        Some(built) => {
            let reference = json!({"reference": format!("Questionnaire/{}", built.id())});
            put_extension(&mut service, FORM, json!({"url": FORM, "valueReference": reference}));
        }
        None => take_extension(&mut service, FORM),
    }
    Ok(service)
}

pub fn topic_change(before: Option<Value>, form: TopicForm<'_>) -> Made {
    let mut faults = Vec::new();
    let name = name_of("name", form.name, &mut faults);
    let days = number("answer_days", form.answer_days, 1, 30, &mut faults);
    let pool = Pool::from_code(form.pool);
    if pool.is_none() {
        faults.push(("pool", Problem::Choice));
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    let mut service = service(before, "topic");
    put_name(&mut service, &name, form.spanish);
    put(&mut service, "active", json!(form.offered));
    put_extension(&mut service, ANSWER_DAYS, json!({"url": ANSWER_DAYS, "valuePositiveInt": days}));
    put_extension(&mut service, POOL, json!({"url": POOL, "valueCode": pool.unwrap_or_default().code()}));
    Ok(service)
}

pub fn clinic_change(before: Option<Value>, clinic: &str, form: ClinicForm<'_>) -> Made {
    let mut faults = Vec::new();
    let notice = number("notice_hours", form.notice_hours, 1, 336, &mut faults);
    let horizon = number("horizon_days", form.horizon_days, 1, 365, &mut faults);
    let hold = number("hold_hours", form.hold_hours, 1, 168, &mut faults);
    let reminder = number("reminder_hours", form.reminder_hours, 0, 336, &mut faults);
    let phone = form.phone.trim();
    if phone.chars().count() > 30 {
        faults.push(("phone", Problem::TooLong));
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    let mut service = service(before, "clinic");
    put_name(&mut service, clinic, "");
    for (url, number) in [(NOTICE_HOURS, notice), (HORIZON_DAYS, horizon), (HOLD_HOURS, hold)] {
        put_extension(&mut service, url, json!({"url": url, "valuePositiveInt": number}));
    }
    put_extension(&mut service, REMINDER_HOURS, json!({"url": REMINDER_HOURS, "valueUnsignedInt": reminder}));
    match phone {
        "" => remove(&mut service, "telecom"),
        phone => put(&mut service, "telecom", json!([{"system": "phone", "value": phone, "use": "work"}])),
    }
    Ok(service)
}

/// The same hours in a resource that has `availableTime`. Where there is no clinic's service yet, one is begun.
pub fn hours_change(before: Option<Value>, clinic: &str, form: &HoursForm) -> Made {
    const FIELDS: [[&str; 2]; 7] = [
        ["mon1", "mon2"],
        ["tue1", "tue2"],
        ["wed1", "wed2"],
        ["thu1", "thu2"],
        ["fri1", "fri2"],
        ["sat1", "sat2"],
        ["sun1", "sun2"],
    ];
    let (mut faults, mut spans) = (Vec::new(), Vec::new());
    let HoursForm(days) = form;
    for ((day, fields), (_, weekday)) in days.iter().zip(FIELDS).zip(DAYS) {
        for ((from, to), field) in day.iter().zip(fields) {
            if from.trim().is_empty() && to.trim().is_empty() {
                continue;
            }
            let read = |text: &str| text.trim().parse::<Time>().ok();
            match read(from).zip(read(to)).and_then(|(from, to)| Span::new(weekday, from, to)) {
                Some(span) => spans.push(span),
                None => faults.push((field, Problem::Time)),
            }
        }
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    spans.sort_unstable();
    let mut resource = match before {
        Some(before) => before,
        None => {
            let mut begun = service(None, "clinic");
            put_name(&mut begun, clinic, "");
            begun
        }
    };
    put(&mut resource, "availableTime", available(&Hours(spans)));
    Ok(resource)
}

/// Days off in a resource that has `notAvailable`: with one more, or without one.
pub fn away_change(before: Option<Value>, clinic: &str, away: &[Away]) -> Value {
    let mut resource = match before {
        Some(before) => before,
        None => {
            let mut begun = service(None, "clinic");
            put_name(&mut begun, clinic, "");
            begun
        }
    };
    let all: Vec<Value> = away.iter().map(not_available).collect();
    if all.is_empty() {
        remove(&mut resource, "notAvailable");
    } else {
        put(&mut resource, "notAvailable", all.into());
    }
    resource
}

impl Away {
    /// Days off, as typed: the first day, perhaps a last one, and why.
    pub fn typed(why: &str, first: &str, last: &str) -> Result<Self, Faults> {
        let mut faults = Vec::new();
        let why = name_of("why", why, &mut faults);
        let day = |text: &str| text.trim().parse::<Date>().ok();
        let first_day = day(first);
        let last_day = if last.trim().is_empty() { first_day } else { day(last) };
        match (first_day, last_day) {
            (Some(first), Some(last)) if faults.is_empty() && first <= last => Ok(Self { why, first, last }),
            (first, last) => {
                if first.is_none() {
                    faults.push(("first", Problem::Day));
                } else if last.is_none() || first > last {
                    faults.push(("last", Problem::Day));
                }
                Err(faults)
            }
        }
    }
}

/// The change that stores a settings resource: a new one, or a new version of the one that was read.
pub fn change(kind: ResourceType, id: Option<(FhirId, u32)>, resource: Value) -> Result<Change, RecordError> {
    match id {
        None => Change::create(kind, resource, Mode::Strict),
        Some((id, version)) => Change::put(kind, id, resource, Condition::Version(version), Mode::Strict),
    }
}

fn service(before: Option<Value>, category: &str) -> Value {
    before.unwrap_or_else(|| {
        json!({
            "resourceType": "HealthcareService",
            "active": true,
            "category": [{"coding": [{"system": SERVICE, "code": category}]}],
        })
    })
}

fn put(resource: &mut Value, name: &str, value: Value) {
    if let Some(members) = resource.as_object_mut() {
        members.insert(name.to_owned(), value);
    }
}

fn remove(resource: &mut Value, name: &str) {
    if let Some(members) = resource.as_object_mut() {
        members.shift_remove(name);
    }
}

fn put_name(resource: &mut Value, name: &str, spanish: &str) {
    put(resource, "name", json!(name));
    let spanish = spanish.split_whitespace().collect::<Vec<_>>().join(" ");
    if spanish.is_empty() {
        return remove(resource, "_name");
    }
    let translation = json!({
        "url": "http://hl7.org/fhir/StructureDefinition/translation",
        "extension": [{"url": "lang", "valueCode": "es"}, {"url": "content", "valueString": spanish}],
    });
    put(resource, "_name", json!({"extension": [translation]}));
}

fn put_extension(resource: &mut Value, url: &str, extension: Value) {
    let Some(members) = resource.as_object_mut() else { return };
    let all = members.entry("extension").or_insert_with(|| json!([]));
    if let Some(all) = all.as_array_mut() {
        all.retain(|one| one.get("url").and_then(Value::as_str) != Some(url));
        all.push(extension);
    }
}

fn take_extension(resource: &mut Value, url: &str) {
    let Some(members) = resource.as_object_mut() else { return };
    if let Some(Value::Array(all)) = members.get_mut("extension") {
        all.retain(|one| one.get("url").and_then(Value::as_str) != Some(url));
    }
}

fn available(hours: &Hours) -> Value {
    let time = |time: Time| time.strftime("%H:%M:%S").to_string();
    let of = |span: &Span| {
        let code = DAYS.iter().find(|(_, day)| *day == span.day()).map_or("mon", |(code, _)| code);
        json!({"daysOfWeek": [code], "availableStartTime": time(span.from), "availableEndTime": time(span.to)})
    };
    hours.0.iter().map(of).collect()
}

fn not_available(away: &Away) -> Value {
    json!({"description": away.why, "during": {"start": away.first.to_string(), "end": away.last.to_string()}})
}

#[cfg(test)]
mod tests {
    use super::super::{of_resources, *};
    use super::*;
    use crate::fhir::{Definitions, Issue, validate};

    fn fits(resource: &Value) {
        let issues = validate(resource, Definitions::r4(), Mode::Strict);
        assert!(!issues.iter().any(Issue::is_error), "{issues:?}");
    }

    fn stored(mut resource: Value, id: &str) -> Value {
        fits(&resource);
        resource["id"] = json!(id);
        resource["meta"] = json!({"versionId": "3"});
        resource
    }

    #[test]
    fn what_is_settled_reads_back_as_it_was_typed() {
        let form = VisitTypeForm {
            name: " First  visit",
            spanish: "Primera visita",
            minutes: "40",
            booking: "instant",
            form: "before-visit",
            offered: true,
        };
        let visit = stored(visit_type_change(None, form).unwrap(), "v1");
        let topic_form = TopicForm { name: "A medicine", spanish: "", pool: "nurses", answer_days: "2", offered: true };
        let topic = stored(topic_change(None, topic_form).unwrap(), "t1");
        let clinic_form = ClinicForm {
            notice_hours: "48",
            horizon_days: "30",
            hold_hours: "12",
            reminder_hours: "0",
            phone: "01632 960 100",
        };
        let house = clinic_change(None, "Alder Street Clinic", clinic_form).unwrap();
        let mut hours = HoursForm::default();
        hours.0[0] = [("08:40".into(), "12:00".into()), ("13:00".into(), "17:00".into())];
        let house = hours_change(Some(house), "", &hours).unwrap();
        let christmas = Away::typed("Christmas", "2026-12-25", "2026-12-26").unwrap();
        let house = stored(away_change(Some(house), "", std::slice::from_ref(&christmas)), "c1");
        let clinic = of_resources(&[visit, topic, house], &[]);
        let [visit] = clinic.visit_types.as_slice() else { panic!() };
        assert_eq!(
            (visit.name.text.as_str(), visit.name.in_language("es"), visit.minutes),
            ("First visit", "Primera visita", 40)
        );
        assert_eq!((visit.booking, visit.version, visit.active), (Booking::Instant, 3, true));
        assert_eq!(visit.form.as_ref().map(FhirId::as_str), Some("chartbox-before-visit"));
        assert_eq!((clinic.topics[0].pool, clinic.topics[0].answer_days), (Pool::Nurses, 2));
        assert_eq!((clinic.house.notice_hours, clinic.house.hold_hours, clinic.house.reminder_hours), (48, 12, 0));
        assert_eq!(clinic.house.hours.on(Weekday::Monday).count(), 2);
        assert_eq!(clinic.house.holidays, [christmas]);
        assert!(clinic.holiday("2026-12-26".parse().unwrap()).is_some());
        assert!(clinic.holiday("2026-12-27".parse().unwrap()).is_none());
    }

    #[test]
    fn what_makes_no_sense_is_named_field_by_field() {
        let form = VisitTypeForm { name: " ", spanish: "", minutes: "4", booking: "x", form: "", offered: true };
        assert_eq!(
            visit_type_change(None, form).unwrap_err(),
            [("name", Problem::Missing), ("minutes", Problem::Number(5, 480)), ("booking", Problem::Choice)]
        );
        let mut hours = HoursForm::default();
        hours.0[6][1] = ("12:00".into(), "09:00".into());
        assert_eq!(hours_change(None, "A", &hours).unwrap_err(), [("sun2", Problem::Time)]);
        assert_eq!(Away::typed("x", "2026-12-25", "2026-12-24").unwrap_err(), [("last", Problem::Day)]);
        assert_eq!(Away::typed("", "soon", "").unwrap_err(), [("why", Problem::Missing), ("first", Problem::Day)]);
    }

    #[test]
    fn a_clinic_that_settled_nothing_has_the_usual_values() {
        let clinic = of_resources(&[], &[]);
        assert_eq!((clinic.house.notice_hours, clinic.house.horizon_days, clinic.house.id), (24, 60, None));
        assert_eq!(clinic.house.hours.0.len(), 5);
    }
}
