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
    // What nobody of the clinic sees is not to be answered: it is to be called about.
    let is_unseen = |one: &Value| facts.own.is_unseen(one);
    let is_to_answer = |one: &Value| schedule::may_answer(one) && !is_unseen(one);
    let (offers, others): (Vec<Value>, Vec<Value>) = appointments.iter().cloned().partition(is_to_answer);
    let ctx = &facts.own.ctx;
    // As on the page behind it: what is held no more is not to be answered either.
    let hold_hours = facts.clinic.map(|clinic| clinic.house.hold_hours);
    let is_over = |one: &Value| {
        hold_hours.and_then(|hours| schedule::offer_ends(one, hours)).is_some_and(|ends| ends <= facts.now)
    };
    let offered = offers.iter().filter(|one| !is_over(one)).filter_map(|one| {
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
    all.extend(ahead(coming, &facts.cx.now));
    Ok(all)
}

/// The visits that come up soon, and each offer that nobody of the clinic sees, whenever it is for: it ends before that.
fn ahead(coming: Vec<Coming>, now: &Zoned) -> Vec<Todo> {
    let soon = now.date().saturating_add(AHEAD.days());
    let is_unseen_offer = |row: &Coming| row.unseen && row.offered.is_some();
    let (offers, visits): (Vec<Coming>, Vec<Coming>) = coming.into_iter().partition(is_unseen_offer);
    let visits = visits.into_iter().filter(|row| row.when.day() <= soon).take(MOST);
    offers.into_iter().chain(visits).map(|row| todo_of(row, now)).collect()
}

/// A visit that comes up. Where nobody of the clinic sees it, nobody expects the patient: they have to call.
fn todo_of(row: Coming, now: &Zoned) -> Todo {
    let when = row.when.near_ahead(now);
    let (icon, urgency, line) = match (row.unseen, &row.offered) {
        (true, Some(_)) => ("alert", Urgency::Answer, t("todo-offer-unseen").with("when", when).to_string()),
        (true, None) => ("alert", Urgency::Answer, t("todo-visit-unseen").with("when", when).to_string()),
        (false, _) => ("calendar", Urgency::Coming, when),
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

    #[test]
    fn an_offer_that_nobody_of_the_clinic_sees_is_not_lost_among_visits() {
        let now: Zoned = "2026-11-29T10:00:00+00:00[UTC]".parse().unwrap();
        let row = |day: &str, offered: Option<&str>| Coming {
            when: When::parse(&format!("{day}T09:00:00Z"), &jiff::tz::TimeZone::UTC).unwrap(),
            title: "Check-up".into(),
            text: None,
            href: format!("/my/visits/{day}"),
            today: false,
            for_several: false,
            unseen: offered.is_some(),
            form: false,
            offered: offered.map(str::to_owned),
        };
        let days = ["2026-12-01", "2026-12-02", "2026-12-03", "2026-12-04"];
        let mut all: Vec<Coming> = days.iter().map(|day| row(day, None)).collect();
        all.push(row("2027-01-20", Some("Offered")));
        let found = ahead(all, &now);
        assert_eq!(found.len(), MOST + 1);
        let offer = found.iter().find(|one| one.href.ends_with("2027-01-20")).unwrap();
        assert!(offer.is_urgent() && offer.icon == "alert");
        assert!(offer.line.as_deref().unwrap().contains("offer"), "{:?}", offer.line);
    }
}
