//! Questions of the clinic about a refill that was asked for.

use super::{Facts, Source, Todo, Urgency};
use crate::care::Part;
use crate::care::prescribe;
use crate::fhir::ResourceType as R;
use crate::http::fill;
use crate::http::respond::Refusal;
use crate::http::ui::{When, t};

pub(super) const SOURCE: Source =
    Source { parts: &[(R::Task, Part::Newest(20)), (R::MedicationRequest, Part::All)], todos };

fn todos(facts: &Facts<'_>) -> Result<Vec<Todo>, Refusal> {
    let all: Vec<_> = facts.chart.of(R::Task).iter().filter_map(prescribe::refill_of).collect();
    // Only who may answer is asked.
    let asked = all.iter().filter(|refill| {
        facts.cx.may_add()
            && refill.status == "on-hold"
            && !all.iter().any(|later| later.answers.as_deref() == Some(refill.id.as_str()))
    });
    let zone = &facts.own.ctx.zone;
    Ok(asked
        .filter_map(|refill| {
            let of = |one: &&serde_json::Value| fill::text(one, "/id") == Some(refill.prescription.as_str());
            let prescribed = facts.chart.of(R::MedicationRequest).iter().find(of)?;
            let name = fill::medicine_name(prescribed, facts.chart.medications());
            Some(Todo {
                icon: "pill",
                title: t("todo-refill-question").with("medicine", name).to_string(),
                line: refill.said.clone(),
                href: format!("/my/medicines/{}", refill.prescription),
                urgency: Urgency::Answer,
                when: refill
                    .changed
                    .as_deref()
                    .and_then(|at| When::parse(at, zone))
                    .unwrap_or(When::at(facts.now, zone)),
            })
        })
        .collect())
}
