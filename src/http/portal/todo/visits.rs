//! Visits that come up, and times that the clinic offers.

use jiff::{ToSpan, Zoned};
use serde_json::Value;

use super::{Facts, Source, Todo, Urgency};
use crate::care::{Part, schedule};
use crate::fhir::ResourceType as R;
use crate::http::fill;
use crate::http::portal::pages::Coming;
use crate::http::portal::record::coming;
use crate::http::respond::Refusal;
use crate::http::ui::record::AppointmentState;
use crate::http::ui::t;

pub(super) const SOURCE: Source = Source { parts: &[(R::Appointment, Part::All)], todos };

/// No more than these stand on the first page; all are on their own.
const MOST: usize = 3;
/// What is further ahead than so many days is nothing to do next.
const AHEAD: i64 = 14;

fn todos(facts: &Facts<'_>) -> Result<Vec<Todo>, Refusal> {
    let appointments = facts.chart.of(R::Appointment);
    let now = facts.cx.now.datetime();
    let (offers, others): (Vec<Value>, Vec<Value>) = appointments.iter().cloned().partition(schedule::may_answer);
    let ctx = &facts.own.ctx;
    // As on the page behind it: what nobody of the clinic sees, or is held no more, is not to be answered.
    let hold_hours = facts.clinic.map(|clinic| clinic.house.hold_hours);
    let is_over = |one: &Value| {
        hold_hours.and_then(|hours| schedule::offer_ends(one, hours)).is_some_and(|ends| ends <= facts.now)
    };
    let stands = |one: &&Value| !is_over(one) && !facts.own.is_unseen(one);
    let offered = offers.iter().filter(stands).filter_map(|one| {
        let id = one.get("id").and_then(Value::as_str)?;
        let row = fill::appointment(one, None, format!("/my/visits/{id}"), ctx)?;
        (facts.cx.may_book() && row.when.moment() >= now && row.state != AppointmentState::Cancelled).then(|| Todo {
            icon: "calendar",
            title: t("todo-visit-offered").to_string(),
            line: Some(row.when.long_time()),
            href: row.href,
            urgency: Urgency::Answer,
            when: row.when,
        })
    });
    let mut all: Vec<Todo> = offered.collect();
    let is_unseen = |one: &Value| facts.own.is_unseen(one);
    let coming = coming(&others, now, &facts.own.patient, ctx, facts.clinic, is_unseen);
    all.extend(coming.iter().filter(|row| row.form && !row.unseen && facts.cx.may_add()).map(|row| Todo {
        icon: "list",
        title: t("todo-form").to_string(),
        line: Some(
            t("todo-form-for").with("visit", &row.title).with("when", row.when.near_ahead(&facts.cx.now)).to_string(),
        ),
        href: format!("{}/form", row.href),
        urgency: Urgency::Answer,
        when: row.when,
    }));
    let soon = now.date().saturating_add(AHEAD.days());
    all.extend(
        coming.into_iter().filter(|row| row.when.day() <= soon).take(MOST).map(|row| todo_of(row, &facts.cx.now)),
    );
    Ok(all)
}

/// A visit that comes up. Where nobody of the clinic sees it, nobody expects the patient: they have to call.
fn todo_of(row: Coming, now: &Zoned) -> Todo {
    let when = row.when.near_ahead(now);
    let (icon, urgency, line) = match row.unseen {
        true => ("alert", Urgency::Answer, t("todo-visit-unseen").with("when", when).to_string()),
        false => ("calendar", Urgency::Coming, when),
    };
    Todo { icon, title: row.title, line: Some(line), href: row.href, urgency, when: row.when }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::ui::When;

    #[test]
    fn a_visit_that_nobody_of_the_clinic_sees_is_to_be_called_about() {
        let now: Zoned = "2026-11-29T10:00:00+00:00[UTC]".parse().unwrap();
        let row = |unseen| Coming {
            when: When::parse("2026-12-01T09:00:00Z", &jiff::tz::TimeZone::UTC).unwrap(),
            title: "Check-up".into(),
            text: None,
            href: "/my/visits/a".into(),
            today: false,
            for_several: false,
            unseen,
            form: false,
            offered: None,
        };
        let (seen, unseen) = (todo_of(row(false), &now), todo_of(row(true), &now));
        assert!(!seen.is_urgent() && unseen.is_urgent() && unseen.icon == "alert");
        assert!(unseen.line.unwrap().contains("Nobody at the clinic"), "{:?}", seen.line);
    }
}
