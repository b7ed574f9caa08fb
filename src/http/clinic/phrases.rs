//! Smart phrases and templates of notes: one's own, and the clinic's, which every doctor and nurse may change.

use askama::Template;
use axum::extract::Query;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::entries_pages::label;
use crate::base::AccountId;
use crate::care::note::PARTS;
use crate::care::note::phrases::{self, CLINIC, LONGEST_NAME, LONGEST_TEXT, MOST, Phrase};
use crate::http::forms::Sent;
use crate::http::pages::page;
use crate::http::respond::{Refusal, Refused as No};
use crate::http::session::Visit;
use crate::http::sign_in::finished;
use crate::http::ui::{Cx, Faults, Field, filters, page as place, t};

/// The page.
#[derive(Debug, Clone, Template)]
#[template(path = "clinic/phrases.html")]
pub struct Phrases {
    pub cx: Cx,
    /// A heading and its rows.
    pub groups: Vec<(String, Vec<Row>)>,
    pub name: Field,
    pub text: Field,
    pub parts: Vec<Field>,
    pub owner: Field,
    pub kind: Field,
    pub faults: Faults,
}
place!(Phrases in Elsewhere);

/// One phrase or template.
#[derive(Debug, Clone)]
pub struct Row {
    pub name: String,
    /// `own` or `clinic`.
    pub owner: &'static str,
    pub text: String,
    pub is_template: bool,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(in crate::http) struct Asked {
    done: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(in crate::http) struct Typed {
    name: String,
    text: String,
    subjective: String,
    objective: String,
    assessment: String,
    plan: String,
    /// `own` or `clinic`.
    owner: String,
    /// `phrase` or `template`.
    kind: String,
    /// `put` or `remove`.
    act: String,
}

impl Typed {
    fn part(&self, field: &str) -> &str {
        match field {
            "subjective" => &self.subjective,
            "objective" => &self.objective,
            "assessment" => &self.assessment,
            _ => &self.plan,
        }
    }
}

fn account(visit: &Visit) -> Result<AccountId, Refusal> {
    Ok(visit.account.as_ref().ok_or(Refusal::new(No::NotSignedIn))?.id)
}

fn shown(visit: &Visit, mut cx: Cx, typed: &Typed, faults: Faults) -> Result<Response, Refusal> {
    let store = visit.house.store.read()?;
    let rows = |owner: AccountId, code: &'static str| -> Result<Vec<Row>, Refusal> {
        let row = |(name, phrase): (String, Phrase)| match phrase {
            Phrase::Text(text) => Row { name, owner: code, text: text.into(), is_template: false },
            Phrase::Template(parts) => {
                let lines = PARTS.iter().zip(&parts).filter(|(_, text)| !text.is_empty());
                let text = lines.map(|(part, text)| format!("{}: {text}", label(part.field))).collect::<Vec<_>>();
                Row { name, owner: code, text: text.join("\n"), is_template: true }
            }
        };
        Ok(phrases::of(&store, owner)?.into_iter().map(row).collect())
    };
    if cx.at.is_empty() {
        cx.at = "/phrases".to_owned();
    }
    let owners =
        vec![("own".to_owned(), t("phrase-own").to_string()), ("clinic".to_owned(), t("phrase-clinic").to_string())];
    let kinds = vec![
        ("phrase".to_owned(), t("phrase-kind-phrase").to_string()),
        ("template".to_owned(), t("phrase-kind-template").to_string()),
    ];
    page(&Phrases {
        groups: vec![
            (t("phrases-own").to_string(), rows(account(visit)?, "own")?),
            (t("phrases-clinic").to_string(), rows(CLINIC, "clinic")?),
        ],
        name: Field::text("name", t("phrase-name"), &typed.name, &faults).hint(t("phrase-name-hint")).narrow(),
        kind: Field::choice("kind", t("phrase-kind"), &typed.kind, kinds, &faults),
        owner: Field::choice("owner", t("phrase-owner"), &typed.owner, owners, &faults),
        text: Field::area("text", t("phrase-text"), &typed.text, &faults).optional().bare().hint(t("phrase-text-hint")),
        parts: PARTS
            .iter()
            .map(|part| {
                Field::area(
                    part.field,
                    t("phrase-part").with("part", label(part.field)),
                    typed.part(part.field),
                    &faults,
                )
                .optional()
                .bare()
            })
            .collect(),
        faults,
        cx,
    })
}

/// `GET /phrases`
pub(in crate::http) async fn list(visit: Visit, Query(asked): Query<Asked>) -> Result<Response, Refusal> {
    let mut cx = visit.cx();
    cx.done = asked.done.map(|_| t("phrase-done").to_string());
    let typed = visit.kept::<Typed>(&mut cx)?.unwrap_or_default();
    shown(&visit, cx, &typed, Faults::none())
}

/// `POST /phrases`
pub(in crate::http) async fn change(visit: Visit, sent: Sent<Typed>) -> Result<Response, Refusal> {
    let typed = &sent.typed;
    let owner = if typed.owner == "clinic" { CLINIC } else { account(&visit)? };
    let name = typed.name.trim().trim_start_matches('.').to_owned();
    if typed.act == "remove" {
        visit.house.store.write(move |tx| phrases::remove(tx, owner, &name)).await?;
        return Ok(Redirect::to("/phrases?done=1").into_response());
    }
    let mut faults = Faults::none();
    if !phrases::is_name(&name) {
        faults.add("name", t("phrase-no-name").with("most", LONGEST_NAME));
    }
    let clean = |field: &'static str, text: &str, faults: &mut Faults| -> Box<str> {
        let text = text.trim().replace("\r\n", "\n");
        if text.chars().count() > LONGEST_TEXT {
            faults.add(field, t("phrase-too-long").with("most", LONGEST_TEXT));
        }
        text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect::<String>().into()
    };
    let phrase = if typed.kind == "template" {
        Phrase::Template(PARTS.map(|part| clean(part.field, typed.part(part.field), &mut faults)))
    } else {
        Phrase::Text(clean("text", &typed.text, &mut faults))
    };
    let is_empty = match &phrase {
        Phrase::Text(text) => text.is_empty(),
        Phrase::Template(parts) => parts.iter().all(|text| text.is_empty()),
    };
    if is_empty {
        faults.add("text", t("phrase-empty"));
    }
    if faults.is_empty() {
        let fits = visit.house.store.write(move |tx| phrases::put(tx, owner, &name, &phrase)).await?;
        if fits {
            visit.forget_draft(sent.at.as_deref()).await?;
            return Ok(Redirect::to("/phrases?done=1").into_response());
        }
        faults.add("name", t("phrase-too-many").with("most", MOST));
    }
    Ok(finished(StatusCode::UNPROCESSABLE_ENTITY, shown(&visit, visit.cx(), typed, faults)?))
}
