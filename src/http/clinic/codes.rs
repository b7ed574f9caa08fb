//! What the formulary's lists of codes offer where a problem or an order is written.
//!
//! A field that has a list is a line of text. With script the entries that fit come while one types; without, a button turns the
//! fields into choices. What is chosen is the display of an entry, and the display brings its code along when it is written down.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query};
use axum::response::Response;
use serde::Deserialize;

use super::formulary as loaded;
use crate::care::formulary::{Age, Coded, Formulary, List, standing};
use crate::http::fill::code_of;
use crate::http::pages::page;
use crate::http::respond::Refusal;
use crate::http::session::Visit;
use crate::http::ui::{Cx, Field, Text, When, t};

/// How many entries one search shows, and how many while one types.
const FOUND: usize = 40;
const TYPING: usize = 12;

/// The buttons' values: look in the list, and write it again.
pub(super) const LOOK: &str = "codes";
pub(super) const WRITE: &str = "words";

const fn word_of(list: List) -> &'static str {
    match list {
        List::Problems => "/codes/problems/find",
        List::Orders => "/codes/orders/find",
        List::Allergens => "/codes/allergens/find",
    }
}

/// Entries that fit what is being typed.
#[derive(Debug, Clone, Template)]
#[template(path = "clinic/codes_found.html")]
pub struct FoundCodes {
    pub cx: Cx,
    /// Display, and the code in words.
    pub entries: Vec<(String, String)>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(in crate::http) struct Asked {
    q: String,
}

/// `GET /codes/{list}/find`
pub(in crate::http) async fn found(
    visit: Visit,
    Path(list): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Refusal> {
    let list = match list.as_str() {
        "problems" => List::Problems,
        "orders" => List::Orders,
        "allergens" => List::Allergens,
        _ => return Err(Refusal::not_found()),
    };
    let formulary = loaded(&visit.house)?;
    let entry = |one: &&Coded| (one.display.clone(), one.code_words(code_of).unwrap_or_default());
    let entries = match &formulary {
        Some((formulary, _)) => formulary.find_codes(list, &asked.q, TYPING).entries.iter().map(entry).collect(),
        None => Vec::new(),
    };
    page(&FoundCodes { entries, cx: visit.cx() })
}

/// The lists, on a form that was sent by a button.
pub(super) struct Offer {
    formulary: Option<Arc<Formulary>>,
    today: jiff::civil::Date,
    looks: bool,
}

impl Offer {
    /// `act` is the value of the button.
    pub fn of(visit: &Visit, act: &str) -> Result<Self, Refusal> {
        let formulary = loaded(&visit.house)?.map(|(formulary, _)| formulary);
        Ok(Self { formulary, today: visit.today(), looks: act == LOOK })
    }

    /// Whether a button changes only how the fields look.
    pub fn is_asked(act: &str) -> bool {
        matches!(act, LOOK | WRITE)
    }

    pub fn formulary(&self) -> Option<&Formulary> {
        self.formulary.as_deref()
    }

    fn has(&self, list: List) -> Option<&Formulary> {
        self.formulary().filter(|formulary| !formulary.list(list).is_empty())
    }

    /// A line of text with what the list offers for it.
    pub fn field(&self, list: List, field: Field) -> Field {
        let Some(formulary) = self.has(list) else { return field };
        let typed = field.value.trim().to_owned();
        if !self.looks || typed.is_empty() {
            return field.offers(word_of(list));
        }
        let found = formulary.find_codes(list, &typed, FOUND);
        let same = formulary.coded(list, &typed).map(|one| one.display.clone());
        if found.entries.is_empty() && same.is_none() {
            return field.offers(word_of(list)).hint(t("codes-none"));
        }
        let mut options = Vec::new();
        if same.is_none() {
            options.push((typed.clone(), t("codes-as-written").with("text", &typed).to_string()));
        }
        let words = |one: &Coded| match one.code_words(code_of) {
            Some(code) => t("codes-entry").with("name", &one.display).with("code", code).to_string(),
            None => one.display.clone(),
        };
        options.extend(found.entries.iter().map(|one| (one.display.clone(), words(one))));
        let field = if found.more { field.hint(t("codes-more")) } else { field };
        Field { kind: "choice", options, value: same.unwrap_or(typed), ..field }
    }

    /// Where the entries come from, and how far they can be trusted.
    pub fn about(&self, list: List) -> Option<Text> {
        let head = &self.has(list)?.head;
        let long = |day| When::Day(day).long();
        let about = match standing(head, self.today) {
            Age::Stale => t("codes-stale").with("date", long(head.valid_until)),
            Age::Good if head.invented => t("codes-invented"),
            Age::Good => t("codes-about").with("date", long(head.date)),
        };
        Some(about.with("name", &head.name))
    }

    /// The button that does without script what typing does with it.
    pub fn button(&self, list: List) -> Option<(&'static str, String)> {
        self.has(list)?;
        Some(match self.looks {
            true => (WRITE, t("codes-write").to_string()),
            false => (LOOK, t("codes-look").to_string()),
        })
    }
}
