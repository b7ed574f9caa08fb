//! Which formulary is loaded, and how old it is: for the operator, who loads it, and the health administrator.

use askama::Template;
use axum::response::Response;

use crate::care::formulary::{self, Age};
use crate::http::clinic::formulary as loaded;
use crate::http::pages::page;
use crate::http::respond::Refusal;
use crate::http::session::Visit;
use crate::http::ui::{Cx, When, filters, format, page, t};

/// The formulary.
#[derive(Debug, Clone, Template)]
#[template(path = "operator/formulary.html")]
pub struct FormularyPage {
    pub cx: Cx,
    pub loaded: Option<Loaded>,
}
page!(FormularyPage in Formulary);

/// What is loaded.
#[derive(Debug, Clone)]
pub struct Loaded {
    pub title: String,
    pub stale: bool,
    pub invented: bool,
    pub facts: Vec<(String, String)>,
    pub fingerprint: String,
}

/// `GET /formulary`
pub async fn show(visit: Visit) -> Result<Response, Refusal> {
    let cx = visit.cx();
    let loaded = loaded(&visit.house)?.map(|(formulary, at)| {
        let (head, counts) = (&formulary.head, formulary.counts());
        let stale = formulary::standing(head, cx.now.date()) == Age::Stale;
        let count = |n: usize| format::count(n as u64);
        let fact = |id: &str, value: String| (t(id).to_string(), value);
        Loaded {
            title: t("formulary-name")
                .with("name", &head.name)
                .with("country", &head.country)
                .with("date", When::Day(head.date).long())
                .to_string(),
            stale,
            invented: head.invented,
            facts: vec![
                fact("formulary-until", When::Day(head.valid_until).long()),
                fact("formulary-imported", at.long_time()),
                fact("formulary-source", head.source.clone()),
                fact("formulary-medicines", count(counts.medicines)),
                fact("formulary-substances", count(counts.substances)),
                fact("formulary-classes", count(counts.classes)),
                fact("formulary-interactions", count(counts.interactions)),
                fact("formulary-groups", count(counts.groups)),
                fact("formulary-doses", count(counts.doses)),
                fact("formulary-covers", count(counts.covers)),
                fact("formulary-ranges", count(counts.ranges)),
                fact("formulary-problems", count(counts.problems)),
                fact("formulary-orders", count(counts.orders)),
            ],
            fingerprint: formulary.fingerprint(),
        }
    });
    page(&FormularyPage { cx, loaded })
}
