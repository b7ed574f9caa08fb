//! Correcting who a patient is and how they are reached, at the desk, in a chart, and by who looks after requests. No clinical
//! word stands on it.

use std::collections::BTreeSet;

use axum::extract::{Path, Query};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::{Deserialize, Serialize};

use super::check_in::reach;
use super::correct_pages::{AlikeRow, Correct};
use super::pages::{WhoPart, WhoTyped};
use super::register::faults;
use super::{ctx, id_of, is_clinical, languages, why};
use crate::audit::{Action, Detail, Purpose};
use crate::base::{FhirId, Role};
use crate::care::check_in::{Reach, Seen};
use crate::care::correct::{self, Correction, Details, OldName};
use crate::care::register::{LOOKED_AT, MOST_ALIKE, RegisterError};
use crate::care::workflow::Refused;
use crate::fhir::ResourceType as R;
use crate::http::fill;
use crate::http::forms::Sent;
use crate::http::pages::page;
use crate::http::respond::Refusal;
use crate::http::session::Visit;
use crate::http::sign_in::finished;
use crate::http::ui::{Cx, Faults, Field, Text, t};
use crate::record::Why;

/// The field that says how the patient stood when the page was made.
const VERSIONS: [&str; 1] = ["version"];

#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(default)]
pub(in crate::http) struct Typed {
    family: String,
    given: String,
    born: String,
    born_unknown: String,
    sex: String,
    /// Ticked: the name of before was right once.
    former: String,
    phone: String,
    email: String,
    street: String,
    postcode: String,
    town: String,
    language: String,
    reason: String,
    /// The ids of those alike who were shown and said to be other people.
    different: String,
    version: u32,
}

impl Typed {
    fn standing(details: Details, version: u32) -> Self {
        let Details { family, given, born, born_unknown, sex, reach, language } = details;
        let Reach { phone, email, street, postcode, town } = reach;
        Self {
            family,
            given,
            born,
            born_unknown,
            sex,
            phone,
            email,
            street,
            postcode,
            town,
            language,
            version,
            ..Self::default()
        }
    }

    fn details(&self) -> Details {
        Details {
            family: self.family.clone(),
            given: self.given.clone(),
            born: self.born.clone(),
            born_unknown: self.born_unknown.clone(),
            sex: self.sex.clone(),
            reach: Reach {
                phone: self.phone.clone(),
                email: self.email.clone(),
                street: self.street.clone(),
                postcode: self.postcode.clone(),
                town: self.town.clone(),
            },
            language: self.language.clone(),
        }
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(in crate::http) struct Asked {
    done: String,
}

pub(super) fn acts(visit: &Visit, action: Action, detail: Detail) -> Why {
    Why { purpose: Purpose::PatAdmin, ..why(visit, action, detail) }
}

/// The patient, where more of them may be seen than that they are there.
pub(super) async fn patient(visit: &Visit, id: &FhirId) -> Result<Seen, Refusal> {
    let why = acts(visit, Action::Read, Detail::none());
    let found = visit.house.records.disclose(&visit.actor, why, |reading| {
        let open = reading.reaches(id);
        Ok(reading.read(R::Patient, id)?.map_with(open, |stored, open| (stored, open)))
    });
    let (stored, open) = found.await?.into_inner();
    if is_clinical(visit) && !open {
        return Err(Refusal::not_found());
    }
    Ok(Seen { id: stored.id.clone(), version: stored.version, value: stored.value() })
}

/// `GET /patients/{id}/correct`
pub(in crate::http) async fn form(
    visit: Visit,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Refusal> {
    let patient = patient(&visit, &id_of(&id)?).await?;
    let mut cx = visit.cx();
    cx.done = done(&asked.done).map(|words| words.to_string());
    let stands = Typed::standing(Details::of(&patient.value, visit.today()), patient.version);
    let (typed, faults) = visit.again(&mut cx, stands, &VERSIONS)?;
    shown(&visit, cx, &patient, &typed, faults, Vec::new())
}

fn shown(
    visit: &Visit,
    mut cx: Cx,
    patient: &Seen,
    typed: &Typed,
    faults: Faults,
    alike: Vec<AlikeRow>,
) -> Result<Response, Refusal> {
    if cx.at.is_empty() {
        cx.at = format!("/patients/{}/correct", patient.id);
    }
    let who = WhoTyped {
        family: &typed.family,
        given: &typed.given,
        born: &typed.born,
        born_unknown: &typed.born_unknown,
        sex: &typed.sex,
    };
    let mut reached =
        reach([&typed.phone, &typed.email, &typed.street, &typed.postcode, &typed.town], &faults).to_vec();
    reached.push(
        Field::choice("language", t("patient-language"), &typed.language, offered(typed), &faults)
            .hint(t("patient-language-hint"))
            .optional()
            .bare(),
    );
    page(&Correct {
        who: fill::identity(&patient.value, &ctx(visit)),
        version: typed.version,
        part: WhoPart::of(who, &faults).asking_of_the_old_name(&typed.former),
        reach: reached,
        reason: Field {
            // The record says nothing of it.
            now: None,
            ..Field::text("reason", t("correct-reason"), &typed.reason, &faults)
                .hint(t("correct-reason-hint"))
                .optional()
                .bare()
        },
        leave: leads_to(visit, &patient.id),
        alike,
        faults,
        cx,
    })
}

/// One that is not among those offered stays as its code.
fn offered(typed: &Typed) -> Vec<(String, String)> {
    let nothing = (String::new(), t("patient-language-none").to_string());
    let all = languages::LANGUAGES.iter().map(|(code, message)| ((*code).to_owned(), t(message).to_string()));
    let mut all: Vec<(String, String)> = [nothing].into_iter().chain(all).collect();
    if all.iter().all(|(code, _)| *code != typed.language) {
        all.push((typed.language.clone(), typed.language.clone()));
    }
    all
}

/// Where the patient is to be looked at; who looks after requests has no page of theirs but this one.
fn leads_to(visit: &Visit, id: &FhirId) -> String {
    match visit.actor.role() {
        Some(Role::HealthAdmin) => format!("/duplicates?one={id}"),
        _ => format!("/patients/{id}"),
    }
}

/// What is said once it was done.
pub(super) fn done(code: &str) -> Option<Text> {
    match code {
        "corrected" => Some(t("correct-done")),
        "corrected-invitation" => Some(t("correct-done-invitation")),
        "unchanged" => Some(t("correct-unchanged")),
        _ => None,
    }
}

/// `POST /patients/{id}/correct`
pub(in crate::http) async fn correct(
    visit: Visit,
    Path(id): Path<String>,
    sent: Sent<Typed>,
) -> Result<Response, Refusal> {
    // Sent twice, it is held against what the first sending made of the patient: that is looked at last.
    if let Some(before) = visit.led(&sent)? {
        return Ok(before);
    }
    let patient = patient(&visit, &id_of(&id)?).await?;
    let typed = &sent.typed;
    let stands = Details::of(&patient.value, visit.today());
    let old_name = if typed.former.is_empty() { OldName::Goes } else { OldName::Stays };
    let correction = match Correction::read(&typed.details(), &stands, old_name, &typed.reason, visit.today()) {
        Ok(correction) => correction,
        Err(found) => {
            let page = shown(&visit, visit.cx(), &patient, typed, faults(&found), Vec::new())?;
            return Ok(finished(StatusCode::UNPROCESSABLE_ENTITY, page));
        }
    };
    let back = match visit.actor.role() {
        Some(Role::HealthAdmin) => format!("/patients/{}/correct", patient.id),
        _ => format!("/patients/{}", patient.id),
    };
    // Of what somebody else changed meanwhile nothing is written over: the version is the one that the page was made with.
    if patient.version == typed.version && correction.put_into(patient.value.clone()) == patient.value {
        visit.forget_draft(sent.at.as_deref()).await?;
        return Ok(Redirect::to(&format!("{back}?done=unchanged")).into_response());
    }
    let ends = correction.changes_born() && is_invited(&visit, &patient.id)?;
    let place = format!("{back}?done={}", if ends { "corrected-invitation" } else { "corrected" });
    let different: BTreeSet<String> = typed.different.split(',').map(str::to_owned).collect();
    let detail = match correction.reason.as_str() {
        "" => Detail::none(),
        reason => Detail::reason(reason),
    };
    let doing = visit.doing(acts(&visit, Action::Update, detail), &sent, place.as_str());
    let seen = Seen { version: typed.version, ..patient.clone() };
    match correct::correct(doing, seen, correction.clone(), different).await {
        Ok(done) => {
            if ends {
                // Its code is bound to the date of before.
                visit.house.identity.revoke_invitations(patient.id, visit.by()).await?;
            }
            visit.went(&sent, done, &place).await
        }
        Err(Refused::Told(RegisterError::Alike)) => {
            let alike = alike(&visit, &patient.id, &correction).await?;
            let page = shown(&visit, visit.cx(), &patient, typed, Faults::none(), alike)?;
            Ok(finished(StatusCode::CONFLICT, page))
        }
        Err(Refused::Record(error)) => Err(error.into()),
    }
}

fn is_invited(visit: &Visit, id: &FhirId) -> Result<bool, Refusal> {
    let now = visit.house.ambient.now();
    Ok(visit.house.identity.invitations_of(id)?.iter().any(|one| one.is_good(now)))
}

/// Who else is like somebody of this name and birth date.
async fn alike(visit: &Visit, id: &FhirId, correction: &Correction) -> Result<Vec<AlikeRow>, Refusal> {
    let question = correction.who().question();
    let why = acts(visit, Action::Search, Detail::search(question.as_str()));
    let found = visit.house.records.disclose(&visit.actor, why, |reading| reading.find_patients(&question, LOOKED_AT));
    let (ctx, found) = (ctx(visit), found.await?);
    let others = found.iter().filter(|hit| hit.id != *id && correction.who().is_like(hit)).take(MOST_ALIKE);
    let href = |other: &FhirId| match visit.actor.role() {
        Some(Role::HealthAdmin) => format!("/duplicates?one={id}&other={other}"),
        _ => format!("/patients/{other}"),
    };
    Ok(others.map(|hit| AlikeRow { href: href(&hit.id), who: fill::directory_row(&hit.person, &ctx).who }).collect())
}
