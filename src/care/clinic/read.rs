//! From resources to settings. What a resource lacks has its usual value; what cannot be read is left out.

use jiff::civil::{Date, Time, Weekday};
use serde_json::Value;

use super::{
    ANSWER_DAYS, Away, BOOKING, Booking, Clinic, Clinician, FORM, HOLD_HOURS, HORIZON_DAYS, Hours, House, MINUTES,
    NOTICE_HOURS, Name, POOL, Period, PersonRole, Pool, REMINDER_HOURS, SERVICE, Span, Topic, USUAL_REMINDER_HOURS,
    VisitType,
};
use crate::base::{FhirId, ResourceRef};
use crate::record::Page;

pub(super) fn of_pages(services: &Page, roles: &Page, today: Date) -> Clinic {
    let read = |page: &Page| -> Vec<Value> {
        page.matches.iter().filter_map(|stored| serde_json::from_slice(&stored.json).ok()).collect()
    };
    of_resources(&read(services), &that_go_on(read(roles), today))
}

/// The roles without those that ended before this day: nobody is offered by one of these.
pub fn that_go_on(roles: Vec<Value>, today: Date) -> Vec<Value> {
    roles.into_iter().filter(|role| !period(role).is_over(today)).collect()
}

/// When a role counts. Of an end that is known to the month or the year its last day is one.
fn period(role: &Value) -> Period {
    let first = |text: &str| match text.len() {
        4 => format!("{text}-01-01").parse::<Date>().ok(),
        7 => format!("{text}-01").parse().ok(),
        _ => text.get(..10).unwrap_or(text).parse().ok(),
    };
    let last = |text: &str| {
        first(text).map(|day| match text.len() {
            4 => day.last_of_year(),
            7 => day.last_of_month(),
            _ => day,
        })
    };
    Period { first: text(role, "/period/start").and_then(first), last: text(role, "/period/end").and_then(last) }
}

/// From `HealthcareService`s and `PractitionerRole`s.
pub fn of_resources(services: &[Value], roles: &[Value]) -> Clinic {
    let of = |wanted: &str| services.iter().filter(move |one| category(one) == Some(wanted)).collect::<Vec<_>>();
    let mut visit_types: Vec<VisitType> = of("visit-type").into_iter().filter_map(visit_type).collect();
    visit_types.sort_by(|a, b| a.name.text.cmp(&b.name.text));
    let mut topics: Vec<Topic> = of("topic").into_iter().filter_map(topic).collect();
    topics.sort_by(|a, b| a.name.text.cmp(&b.name.text));
    let mut clinicians = together(roles.iter().filter_map(clinician).collect());
    clinicians.sort_by(|a, b| a.name.cmp(&b.name));
    Clinic { house: house(of("clinic").first().copied()), visit_types, topics, clinicians }
}

fn house(service: Option<&Value>) -> House {
    let number = |url, usual| service.and_then(|service| whole(service, url)).unwrap_or(usual);
    let hours = service.map(hours).filter(|hours| !hours.0.is_empty()).unwrap_or_else(usual_hours);
    House {
        id: service.and_then(id),
        version: service.map_or(0, version),
        hours,
        holidays: service.map(away).unwrap_or_default(),
        notice_hours: number(NOTICE_HOURS, 24),
        horizon_days: number(HORIZON_DAYS, 60),
        hold_hours: number(HOLD_HOURS, 24),
        reminder_hours: service.and_then(reminder_hours).unwrap_or(USUAL_REMINDER_HOURS),
        phone: service.and_then(|service| text(service, "/telecom/0/value")).map(str::to_owned),
    }
}

/// Until a clinic says otherwise: Monday to Friday, eight to six.
fn usual_hours() -> Hours {
    let days = [Weekday::Monday, Weekday::Tuesday, Weekday::Wednesday, Weekday::Thursday, Weekday::Friday];
    Hours(
        days.into_iter()
            .filter_map(|day| Span::new(day, Time::constant(8, 0, 0, 0), Time::constant(18, 0, 0, 0)))
            .collect(),
    )
}

fn visit_type(service: &Value) -> Option<VisitType> {
    Some(VisitType {
        id: id(service)?,
        version: version(service),
        name: name(service)?,
        minutes: whole(service, MINUTES).filter(|minutes| (5..=480).contains(minutes)).unwrap_or(20),
        booking: extension(service, BOOKING)
            .and_then(|one| text(one, "/valueCode"))
            .and_then(Booking::from_code)
            .unwrap_or_default(),
        active: service.get("active") != Some(&Value::Bool(false)),
        form: extension(service, FORM)
            .and_then(|one| text(one, "/valueReference/reference"))
            .and_then(|reference| ResourceRef::parse(reference).ok())
            .map(|reference| reference.id()),
    })
}

fn topic(service: &Value) -> Option<Topic> {
    Some(Topic {
        id: id(service)?,
        version: version(service),
        name: name(service)?,
        pool: extension(service, POOL)
            .and_then(|one| text(one, "/valueCode"))
            .and_then(Pool::from_code)
            .unwrap_or_default(),
        answer_days: whole(service, ANSWER_DAYS).unwrap_or(2),
        active: service.get("active") != Some(&Value::Bool(false)),
    })
}

/// One entry for a person, however many roles they have: their hours and kinds of visit together, the name from whichever role
/// gives it.
fn together(mut roles: Vec<Clinician>) -> Vec<Clinician> {
    let place = |one: &Clinician| (one.hours.0.is_empty(), one.roles.first().map(|role| role.id.clone()));
    roles.sort_by_key(place);
    let mut all: Vec<Clinician> = Vec::new();
    for role in roles {
        let Some(one) = all.iter_mut().find(|one| one.person == role.person) else {
            all.push(role);
            continue;
        };
        if one.name.is_empty() {
            one.name = role.name;
        }
        // A role without hours says nothing of what is offered when.
        if !role.hours.0.is_empty() {
            let offers_all = one.offers.is_empty() || role.offers.is_empty();
            one.offers.extend(role.offers);
            one.offers = if offers_all { Vec::new() } else { std::mem::take(&mut one.offers) };
            one.hours.0.extend(role.hours.0);
            one.hours.0.sort_unstable();
            one.hours.0.dedup();
        }
        one.away.extend(role.away);
        one.away.sort_by_key(|away| away.first);
        one.roles.extend(role.roles);
    }
    all
}

fn clinician(role: &Value) -> Option<Clinician> {
    if role.get("active") == Some(&Value::Bool(false)) {
        return None;
    }
    let person = text(role, "/practitioner/reference")?;
    let person = ResourceRef::parse(person.split_once("/_history/").map_or(person, |(of, _)| of)).ok()?;
    // Where no hours are given nobody said when they work: no free time is made up.
    let period = period(role);
    let hours = Hours(hours(role).0.into_iter().map(|span| span.within(period)).collect());
    let away = away(role);
    let called = ["/code/0", "/specialty/0"].into_iter().find_map(|at| {
        let one = role.pointer(at)?;
        text(one, "/text").or_else(|| text(one, "/coding/0/display"))
    });
    let called = called.or_else(|| text(role, "/organization/display")).map(str::to_owned);
    let own = PersonRole { id: id(role)?, version: version(role), called, hours: hours.clone(), away: away.clone() };
    let offers = role.get("healthcareService").and_then(Value::as_array).into_iter().flatten();
    Some(Clinician {
        name: text(role, "/practitioner/display").unwrap_or_default().to_owned(),
        person,
        roles: vec![own],
        hours,
        away,
        offers: offers
            .filter_map(|one| ResourceRef::parse(text(one, "/reference")?).ok())
            .map(|reference| reference.id())
            .collect(),
    })
}

fn hours(resource: &Value) -> Hours {
    let mut spans = Vec::new();
    for one in resource.get("availableTime").and_then(Value::as_array).into_iter().flatten() {
        let days = one.get("daysOfWeek").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        let time = |name: &str| one.get(name).and_then(Value::as_str).and_then(|text| text.parse::<Time>().ok());
        let (from, to) = match one.get("allDay") {
            Some(Value::Bool(true)) => (Some(Time::midnight()), Some(Time::constant(23, 59, 59, 0))),
            _ => (time("availableStartTime"), time("availableEndTime")),
        };
        let (Some(from), Some(to)) = (from, to) else { continue };
        spans.extend(days.filter_map(weekday).filter_map(|day| Span::new(day, from, to)));
    }
    spans.sort_unstable();
    Hours(spans)
}

fn away(resource: &Value) -> Vec<Away> {
    let all = resource.get("notAvailable").and_then(Value::as_array).into_iter().flatten();
    let mut away: Vec<Away> = all
        .filter_map(|one| {
            let day = |pointer| text(one, pointer)?.get(..10)?.parse::<Date>().ok();
            let first = day("/during/start")?;
            Some(Away {
                why: text(one, "/description").unwrap_or_default().to_owned(),
                first,
                last: day("/during/end").unwrap_or(first),
            })
        })
        .collect();
    away.sort_by_key(|away| away.first);
    away
}

/// FHIR R4 `days-of-week`.
pub(super) const DAYS: [(&str, Weekday); 7] = [
    ("mon", Weekday::Monday),
    ("tue", Weekday::Tuesday),
    ("wed", Weekday::Wednesday),
    ("thu", Weekday::Thursday),
    ("fri", Weekday::Friday),
    ("sat", Weekday::Saturday),
    ("sun", Weekday::Sunday),
];

fn weekday(code: &str) -> Option<Weekday> {
    DAYS.iter().find(|(one, _)| *one == code).map(|(_, day)| *day)
}

fn name(service: &Value) -> Option<Name> {
    let translations = service
        .pointer("/_name/extension")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|one| {
            let of = |url: &str| {
                one.get("extension")?
                    .as_array()?
                    .iter()
                    .find(|part| part.get("url").and_then(Value::as_str) == Some(url))
            };
            Some((text(of("lang")?, "/valueCode")?.to_owned(), text(of("content")?, "/valueString")?.to_owned()))
        })
        .collect();
    Some(Name { text: text(service, "/name")?.to_owned(), translations })
}

fn category(service: &Value) -> Option<&str> {
    let concepts = service.get("category")?.as_array()?.iter();
    let mut codings = concepts.filter_map(|concept| concept.get("coding")?.as_array()).flatten();
    codings.find(|coding| text(coding, "/system") == Some(SERVICE)).and_then(|coding| text(coding, "/code"))
}

fn extension<'a>(resource: &'a Value, url: &str) -> Option<&'a Value> {
    resource.get("extension")?.as_array()?.iter().find(|one| text(one, "/url") == Some(url))
}

fn whole(resource: &Value, url: &str) -> Option<u16> {
    extension(resource, url)?.get("valuePositiveInt").and_then(Value::as_u64).and_then(|n| u16::try_from(n).ok())
}

fn reminder_hours(service: &Value) -> Option<u16> {
    u16::try_from(extension(service, REMINDER_HOURS)?.get("valueUnsignedInt")?.as_u64()?).ok()
}

fn text<'a>(value: &'a Value, pointer: &str) -> Option<&'a str> {
    value.pointer(pointer).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty())
}

fn id(resource: &Value) -> Option<FhirId> {
    FhirId::parse(text(resource, "/id")?).ok()
}

fn version(resource: &Value) -> u32 {
    text(resource, "/meta/versionId").and_then(|text| text.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_role_counts_within_its_period_and_its_hours_day_by_day() {
        let role = |id: &str, period: Value| {
            let day =
                json!([{"daysOfWeek": ["tue"], "availableStartTime": "09:00:00", "availableEndTime": "12:00:00"}]);
            json!({"resourceType": "PractitionerRole", "id": id, "availableTime": day, "period": period,
                "practitioner": {"reference": format!("Practitioner/{id}"), "display": id}})
        };
        let roles = vec![
            role("ended", json!({"end": "2020-01-01"})),
            role("ends", json!({"end": "2026-03"})),
            role("begins", json!({"start": "2026-03-10T00:00:00+01:00"})),
            role("always", Value::Null),
        ];
        let clinic = of_resources(&[], &that_go_on(roles, Date::constant(2026, 3, 3)));
        let on = |day: i8, month: i8| -> Vec<&str> {
            let works = |one: &&Clinician| one.hours.of_day(Date::constant(2026, month, day)).next().is_some();
            clinic.clinicians.iter().filter(works).map(|one| one.name.as_str()).collect()
        };
        assert_eq!(clinic.clinicians.len(), 3, "who ended is nobody to choose");
        assert_eq!(on(3, 3), ["always", "ends"]);
        assert_eq!(on(31, 3), ["always", "begins", "ends"], "an end that is known to the month is its last day");
        assert_eq!(on(7, 4), ["always", "begins"]);
    }

    #[test]
    fn somebody_with_several_roles_is_one_person_with_a_name_and_all_their_hours() {
        let role = |id: &str, name: Option<&str>, day: Option<&str>| {
            let hours = day.map(
                |day| json!([{"daysOfWeek": [day], "availableStartTime": "09:00:00", "availableEndTime": "12:00:00"}]),
            );
            json!({"resourceType": "PractitionerRole", "id": id, "availableTime": hours,
                "practitioner": {"reference": "Practitioner/d", "display": name}})
        };
        let roles = [role("a", None, None), role("b", Some("Dr D"), Some("mon")), role("c", None, Some("tue"))];
        let clinic = of_resources(&[], &roles);
        let [one] = clinic.clinicians.as_slice() else { panic!("{:?}", clinic.clinicians) };
        assert_eq!((one.name.as_str(), one.hours.0.len()), ("Dr D", 2));
        let own: Vec<_> = one.roles.iter().map(|role| (role.id.as_str(), role.hours.0.len())).collect();
        assert_eq!(own, [("b", 1), ("c", 1), ("a", 0)], "each is changed by itself");
        assert!(["a", "b", "c"].iter().all(|role| one.has_role(role)) && !one.has_role("d"));
    }
}
