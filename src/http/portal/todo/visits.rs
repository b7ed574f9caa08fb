//! Visits that come up, and times that the clinic offers.

use jiff::ToSpan;
use serde_json::Value;

use super::{Facts, Source, Todo, Urgency};
use crate::care::{Part, schedule};
use crate::fhir::ResourceType as R;
use crate::http::fill;
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
    let offered = offers.iter().filter_map(|one| {
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
    let coming = coming(&others, now, &facts.own.patient, ctx, facts.clinic);
    all.extend(coming.iter().filter(|row| row.form && facts.cx.may_add()).map(|row| Todo {
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
    all.extend(coming.into_iter().filter(|row| row.when.day() <= soon).take(MOST).map(|row| Todo {
        icon: "calendar",
        title: row.title,
        line: Some(row.when.near_ahead(&facts.cx.now)),
        href: row.href,
        urgency: Urgency::Coming,
        when: row.when,
    }));
    Ok(all)
}
