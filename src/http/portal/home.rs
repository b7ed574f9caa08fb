//! The first page: what needs doing now, who looked, and the way to each part of the record. It opens no more of
//! the record than it shows: the log would name the rest too.

use std::collections::BTreeSet;

use axum::response::Response;

use super::looks;
use super::own::{Needs, Own};
use super::pages::{Home, LookedSum, RecordSums};
use super::record::{clinic_for, is_mistake};
use super::todo::{self, Facts};
use crate::audit::{Action, TouchKind};
use crate::base::{ActorKind, Timestamp};
use crate::care::{Chart, Part};
use crate::fhir::ResourceType as R;
use crate::http::fill::{self, Ctx};
use crate::http::names::Names;
use crate::http::pages::page;
use crate::http::respond::Refusal;
use crate::http::session::Visit;
use crate::http::ui::When;
use crate::record::{Lookers, LooksAsked, LooksFound};

/// What the page opens besides what its list of things to do needs: short lists whole, for their sums.
const PARTS: [(R, Part<()>); 4] = [
    (R::AllergyIntolerance, Part::All),
    (R::MedicationRequest, Part::All),
    (R::MedicationStatement, Part::All),
    (R::Condition, Part::All),
];

/// More looks than these are not summed up: the page itself has them all.
const MOST_LOOKS: usize = 1_000;

/// `GET /my`
pub async fn home(visit: Visit) -> Result<Response, Refusal> {
    let own = Own::of(visit, Needs::Acting)?;
    let (zone, now) = (own.ctx.zone.clone(), own.visit.house.ambient.now());
    let from = looks::days_before(now, 30, &zone);
    let asked = LooksAsked { who: Lookers::Others, zone, from, before: None, least: MOST_LOOKS };
    let (chart, looked) = if own.reads_record() {
        let found = own.open(Action::Read, |reading| {
            let chart = Chart::read_parts(reading, &own.patient, todo::parts(&PARTS))?;
            Ok(chart.zip(reading.who_looked(&own.patient, &asked)?))
        });
        found.await?.into_inner()
    } else {
        let found = own.open(Action::Read, |reading| Chart::read_parts(reading, &own.patient, todo::parts(&[])));
        (found.await?.into_inner(), LooksFound::default())
    };
    let cx = own.cx(&chart);
    let clinic = clinic_for(&own, chart.of(R::Appointment)).await?;
    let read = own.visit.house.store.read()?;
    let todos = todo::todos(&Facts { chart: &chart, own: &own, clinic: clinic.as_ref(), read: &read, cx: &cx, now })?;
    drop(read);
    let summed_up = PARTS.iter().flat_map(|(kind, _)| chart.of(*kind));
    page(&Home {
        reaches_nobody: own.reads_record() && own.has_unseen(summed_up.filter(|one| !is_mistake(one))),
        given: if own.acts_for_another() { String::new() } else { first_name(&chart, &own.ctx) },
        todos,
        looked: summed(&looked, &own, now)?,
        sums: sums(&chart, &own.ctx),
        cx,
    })
}

/// The first of the given names: how one is addressed.
fn first_name(chart: &Chart, ctx: &Ctx) -> String {
    fill::identity(&chart.patient, ctx).given.split_whitespace().next().unwrap_or_default().to_owned()
}

fn sums(chart: &Chart, ctx: &Ctx) -> RecordSums {
    RecordSums {
        allergies: fill::allergies(chart.of(R::AllergyIntolerance), ctx),
        medicines: fill::medicine_rows(chart, ctx).0.iter().filter(|row| row.is_to_take()).count(),
        problems: fill::problem_rows(chart.of(R::Condition), ctx).0.len(),
    }
}

/// People who opened, changed or sent something: those who saw a name in a list, and programs, are on the page itself.
fn summed(found: &LooksFound, own: &Own, now: Timestamp) -> Result<LookedSum, Refusal> {
    let today = now.to_zoned(own.ctx.zone.clone()).date();
    let (mut month, mut this_day, mut last) = (BTreeSet::new(), BTreeSet::new(), None);
    let mut names = Names::new(&own.visit.house.identity);
    for day in &found.days {
        for look in &day.looks {
            // Who read the log saw who looked, and nothing of the record.
            if look.line.entry.action == Action::AuditRead {
                continue;
            }
            let actor = &look.line.entry.actor;
            let saw = look
                .kinds
                .iter()
                .any(|kind| matches!(kind, TouchKind::Opened | TouchKind::Changed | TouchKind::SentOut));
            // Whoever is not named opened what is theirs, too.
            if !saw || !matches!(actor.kind, ActorKind::Person | ActorKind::ProxyFor) || actor.is_unnamed() {
                continue;
            }
            let who = actor.person.as_ref().map_or_else(|| format!("{:?}", actor.account), ToString::to_string);
            if day.date == today {
                this_day.insert(who.clone());
            }
            month.insert(who);
            if last.is_none() {
                let (name, role) = names.of(actor, false)?;
                last = Some((name, role.to_lowercase(), When::at(look.line.entry.time(), &own.ctx.zone)));
            }
        }
    }
    Ok(LookedSum { today: this_day.len(), month: month.len(), last })
}
