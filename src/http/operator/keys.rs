//! The ways to unlock the box. What changes them asks for the operator's own password once more.

use axum::Form;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use zeroize::Zeroizing;

use super::health::unlock;
use super::key_pages::{BeforeSheet, Keys, NewPassphrase, OneKey, PrintedSheet, SlotRow, WORD_FIELDS};
use crate::backup::Concern;
use crate::base::Secret;
use crate::crypto::keyslots::SlotId;
use crate::http::keys::{AskedWord, KeysRefusal, NewSheet, SheetState, SlotFacts};
use crate::http::pages::page;
use crate::http::respond::Refusal;
use crate::http::said::{said, sentence};
use crate::http::session::Visit;
use crate::http::sign_in::finished;
use crate::http::ui::{Faults, When, t};
use crate::identity::{IdentityError, SignInPlace};

/// `GET /box/keys`
pub async fn list(visit: Visit) -> Result<Response, Refusal> {
    let facts = visit.house.keys.facts()?;
    let mut keys = Keys::of(visit.cx(), unlock(facts.protection), &facts, &visit.house.front.face.zone);
    let backups = &visit.house.backups;
    keys.old = backups.old_backups().map_err(Refusal::internal)?;
    let standing = backups.stands().await.map_err(Refusal::internal)?;
    let old = standing.iter().filter(|target| target.concerns().contains(&&Concern::OldKeys));
    keys.locked = old.map(|target| target.spec.name.clone()).collect();
    page(&keys)
}

/// `GET /box/keys/{slot}`
pub async fn show(visit: Visit, Path(slot): Path<String>) -> Result<Response, Refusal> {
    let slot = find(&visit, &slot)?;
    one(&visit, &slot, Faults::none())
}

/// The operator's own password, and what a form asks besides.
#[derive(Deserialize)]
#[serde(default)]
pub struct Typed {
    password: Secret<String>,
    passphrase: Secret<String>,
    again: Secret<String>,
    word1: Secret<String>,
    word2: Secret<String>,
    word3: Secret<String>,
    word4: Secret<String>,
    word5: Secret<String>,
    word6: Secret<String>,
}

impl Default for Typed {
    fn default() -> Self {
        let [password, passphrase, again, word1, word2, word3, word4, word5, word6] =
            std::array::from_fn(|_| Secret::new(String::new()));
        Self { password, passphrase, again, word1, word2, word3, word4, word5, word6 }
    }
}

impl Typed {
    fn words(&self, asked: usize) -> Vec<Zeroizing<String>> {
        let all = [&self.word1, &self.word2, &self.word3, &self.word4, &self.word5, &self.word6];
        all.into_iter().take(asked).map(|word| Zeroizing::new(word.expose().clone())).collect()
    }
}

/// `POST /box/keys/{slot}/remove`
pub async fn remove(visit: Visit, Path(slot): Path<String>, Form(typed): Form<Typed>) -> Result<Response, Refusal> {
    let slot = find(&visit, &slot)?;
    if let Err(faults) = own_password(&visit, &typed).await? {
        return again(one(&visit, &slot, faults)?);
    }
    match visit.house.keys.remove(slot.id, visit.by()).await {
        Ok(_) => Ok(Redirect::to("/box/keys").into_response()),
        Err(refusal) => again(one(&visit, &slot, at("password", refusal)?)?),
    }
}

/// `POST /box/keys/{slot}/confirm`
pub async fn confirm(visit: Visit, Path(slot): Path<String>, Form(typed): Form<Typed>) -> Result<Response, Refusal> {
    let slot = find(&visit, &slot)?;
    let asked = match &slot.sheet {
        Some(SheetState::Unproven { asked }) if !asked.is_empty() => asked.clone(),
        // Somebody else was quicker, or nothing can be asked here.
        _ => return Ok(Redirect::to("/box/keys").into_response()),
    };
    match visit.house.keys.confirm(slot.id, typed.words(asked.len()), visit.by()).await {
        Ok(_) => Ok(Redirect::to("/box/keys").into_response()),
        Err(KeysRefusal::WrongWords(wrong)) => again(one(&visit, &slot, wrong_words(&asked, &wrong))?),
        Err(refusal) => again(one(&visit, &slot, at("word1", refusal)?)?),
    }
}

/// What is said at the fields of the words that are not right.
pub(in crate::http) fn wrong_words(asked: &[AskedWord], wrong: &[AskedWord]) -> Faults {
    let mut faults = Faults::none();
    for (word, field) in asked.iter().zip(WORD_FIELDS).filter(|(word, _)| wrong.contains(word)) {
        faults.add(field, t("sheet-word-wrong").with("row", word.row).with("word", word.word));
    }
    faults
}

/// `GET /box/keys/passphrase`
pub async fn passphrase_form(visit: Visit) -> Result<Response, Refusal> {
    page(&NewPassphrase { cx: visit.cx(), faults: Faults::none() })
}

/// `POST /box/keys/passphrase`
pub async fn add_passphrase(visit: Visit, Form(typed): Form<Typed>) -> Result<Response, Refusal> {
    let mut faults = Faults::none();
    if typed.passphrase.expose() != typed.again.expose() {
        faults.add("again", t("keys-passphrase-differs"));
    }
    if faults.is_empty()
        && let Err(wrong) = own_password(&visit, &typed).await?
    {
        faults = wrong;
    }
    if faults.is_empty() {
        match visit.house.keys.add_passphrase(typed.passphrase.clone(), visit.by()).await {
            Ok(_) => return Ok(Redirect::to("/box/keys").into_response()),
            Err(refusal) => faults = at("passphrase", refusal)?,
        }
    }
    again(page(&NewPassphrase { cx: visit.cx(), faults })?)
}

/// `GET /box/keys/sheet`
pub async fn sheet_form(visit: Visit) -> Result<Response, Refusal> {
    page(&BeforeSheet { cx: visit.cx(), faults: Faults::none() })
}

/// `POST /box/keys/sheet`: the one answer that shows a sheet.
pub async fn new_sheet(visit: Visit, Form(typed): Form<Typed>) -> Result<Response, Refusal> {
    if let Err(faults) = own_password(&visit, &typed).await? {
        return again(page(&BeforeSheet { cx: visit.cx(), faults })?);
    }
    let NewSheet { id, sheet, asked } = match visit.house.keys.new_sheet(visit.by()).await {
        Ok(made) => made,
        Err(refusal) => return again(page(&BeforeSheet { cx: visit.cx(), faults: at("password", refusal)? })?),
    };
    let house = &visit.house;
    page(&PrintedSheet {
        id,
        words: sheet.words(),
        asked,
        made: When::at(house.ambient.now(), &house.front.face.zone),
        host: house.front.face.host.clone(),
        log_key: house.keys.signer().fingerprint().to_string(),
        authority: house.about.ca.fingerprint().to_string(),
        cx: visit.cx(),
    })
}

fn find(visit: &Visit, slot: &str) -> Result<SlotFacts, Refusal> {
    let id = slot.parse().map(SlotId).map_err(|_| Refusal::not_found())?;
    let found = visit.house.keys.facts()?.slots.into_iter().find(|slot| slot.id == id);
    found.ok_or(Refusal::not_found())
}

fn one(visit: &Visit, slot: &SlotFacts, faults: Faults) -> Result<Response, Refusal> {
    page(&OneKey { cx: visit.cx(), row: SlotRow::of(slot, &visit.house.front.face.zone), faults })
}

fn again(page: Response) -> Result<Response, Refusal> {
    Ok(finished(StatusCode::UNPROCESSABLE_ENTITY, page))
}

/// Whether the operator has typed their own password.
async fn own_password(visit: &Visit, typed: &Typed) -> Result<Result<(), Faults>, Refusal> {
    let account = visit.account.as_ref().ok_or(Refusal::not_found())?;
    let place =
        SignInPlace { listener: visit.listener(), origin: visit.origin(), user_agent: visit.user_agent.clone() };
    let mut faults = Faults::none();
    match visit.house.identity.prove(account, &typed.password, place, visit.by()).await {
        Ok(()) => return Ok(Ok(())),
        Err(IdentityError::NotRight) => faults.add("password", t("keys-own-password-wrong")),
        Err(error @ IdentityError::Wait { .. }) => faults.add("password", said(&error, visit)),
        Err(other) => return Err(other.into()),
    }
    Ok(Err(faults))
}

/// What was refused, at a field. What went wrong below is no matter of the form.
fn at(field: &'static str, refusal: KeysRefusal) -> Result<Faults, Refusal> {
    let said = match refusal {
        KeysRefusal::Audit(error) => return Err(error.into()),
        KeysRefusal::Failed(why) => return Err(Refusal::internal(why)),
        other => sentence(&other.to_string()),
    };
    let mut faults = Faults::none();
    faults.add(field, said);
    Ok(faults)
}
