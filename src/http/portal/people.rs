//! Who acts for one: letting somebody, seeing who may, taking it back; and what is sealed.

use axum::extract::{Path, Query};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use jiff::ToSpan as _;
use jiff::civil::Date;
use serde::Deserialize;
use serde_json::Value;

use super::own::{Needs, Own};
use super::people_pages::{Consents, Invited, OtherRow, People, PersonNew, PersonRow, SealRow};
use crate::access::{Covers, Effect};
use crate::audit::Action;
use crate::base::ResourceRef;
use crate::care::consents::{self, SEALS, Says, Seal, Seen, To, Turned};
use crate::care::proxies::{self, Grant, RELATIONS};
use crate::care::uploads;
use crate::care::workflow::{Done, Refused};
use crate::fhir::ResourceType as R;
use crate::http::forms::{Sent, Versioned};
use crate::http::pages::page;
use crate::http::respond::{Refusal, Refused as No};
use crate::http::session::Visit;
use crate::http::sign_in::finished;
use crate::http::ui::{Cx, Faults, Field, Locale, When, t};
use crate::record::RecordError;

#[derive(Deserialize, Default)]
#[serde(default)]
pub(in crate::http) struct Shown {
    done: String,
    /// Which seal was switched.
    seal: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(in crate::http) struct Typed {
    name: String,
    relation: String,
    extent: String,
    until: String,
}

fn relation_word(code: &str) -> String {
    t(match code {
        "partner" => "relation-partner",
        "child" => "relation-child",
        "parent" => "relation-parent",
        "sibling" => "relation-sibling",
        "friend" => "relation-friend",
        _ => "relation-other",
    })
    .to_string()
}

/// What somebody is to the patient, in the language of the page: by its code, or, of words that are one of ours in any
/// language, by those. Other words stay as somebody wrote them.
fn relation_said(code: Option<&'static str>, written: Option<String>) -> Option<String> {
    let known = |text: &String| {
        let is = |code: &&str| Locale::ALL.iter().any(|locale| locale.inside(|| relation_word(code)) == *text);
        RELATIONS.iter().map(|(code, _)| *code).find(|code| is(code))
    };
    match code.or_else(|| written.as_ref().and_then(known)) {
        Some(code) => Some(relation_word(code)),
        None => written,
    }
}

/// `GET /my/people`
pub(in crate::http) async fn list(visit: Visit, Query(shown): Query<Shown>) -> Result<Response, Refusal> {
    let own = Own::of(visit, Needs::Reading)?;
    let chart = own.chart(&[R::RelatedPerson, R::Consent]).await?;
    let all = proxies::all(chart.of(R::RelatedPerson), chart.of(R::Consent), own.today());
    let mut rows = Vec::with_capacity(all.len());
    for one in all {
        let person = ResourceRef::new(R::RelatedPerson.name(), &one.related).map_err(|_| RecordError::Damaged)?;
        let grants = own.visit.house.records.lets_act(&person)?;
        let (extent, ends) = grants.first().map_or((one.extent, None), |grant| (grant.extent, grant.until));
        let last = ends.and_then(|ends| Some(ends.checked_sub(1.second()).ok()?.to_zoned(own.ctx.zone.clone()).date()));
        rows.push(PersonRow {
            id: one.related.to_string(),
            extent: t(may_word(proxies::code_of(extent))).to_string(),
            until: last.or(one.until).map(When::Day),
            name: one.name,
            relation: relation_said(one.relation, one.relation_text),
            active: one.active && !grants.is_empty(),
            by_consent: one.by_consent,
        });
    }
    let mut cx = own.cx(&chart);
    cx.at = "/my/people".to_owned();
    cx.done = match shown.done.as_str() {
        "ended" => Some(t("people-done-ended").to_string()),
        "made" => Some(t("people-done-made").to_string()),
        _ => None,
    };
    page(&People { rows, cx })
}

/// What somebody may do, as a sentence about them.
fn may_word(code: &str) -> &'static str {
    match code {
        "view" => "extent-view.may",
        "appointments" => "extent-appointments.may",
        _ => "extent-full.may",
    }
}

fn form(mut cx: Cx, typed: &Typed, faults: Faults) -> PersonNew {
    cx.at = "/my/people/new".to_owned();
    let relations = RELATIONS.iter().map(|(code, _)| ((*code).to_owned(), relation_word(code))).collect();
    PersonNew {
        name: Field::text("name", t("people-name"), &typed.name, &faults).hint(t("people-name-hint")),
        relation: Field::choice("relation", t("people-relation"), &typed.relation, relations, &faults).asked(),
        until: Field::text("until", t("people-until"), &typed.until, &faults)
            .of_kind("date")
            .narrow()
            .optional()
            .hint(t("people-until-hint")),
        extent: typed.extent.clone(),
        faults,
        cx,
    }
}

/// `GET /my/people/new`
pub(in crate::http) async fn blank(visit: Visit) -> Result<Response, Refusal> {
    let own = Own::of(visit, Needs::Reading)?;
    let mut cx = own.plain_cx().await?;
    let typed = own.visit.kept::<Typed>(&mut cx)?.unwrap_or_default();
    page(&form(cx, &typed, Faults::none()))
}

/// A name as it was typed, in one line. It stands in lists and in the log beside those of others: nothing in it turns or hides what is
/// beside it.
fn shown_name(typed: &str) -> String {
    uploads::titled(typed).map(|named| named.0).unwrap_or_default()
}

/// `POST /my/people/new`: the code for the person's account stands on this page and never again.
pub(in crate::http) async fn grant(visit: Visit, sent: Sent<Typed>) -> Result<Response, Refusal> {
    let own = Own::of(visit, Needs::Reading)?;
    let typed = &sent.typed;
    let mut faults = Faults::none();
    let name = shown_name(&typed.name);
    if name.is_empty() {
        faults.add("name", t("people-name-missing"));
    } else if name.chars().count() > proxies::LONGEST_NAME {
        faults.add("name", t("people-name-long").with("most", proxies::LONGEST_NAME));
    }
    if !RELATIONS.iter().any(|(code, _)| *code == typed.relation) {
        faults.add("relation", t("people-relation-missing"));
    }
    let extent = proxies::extent_of(&typed.extent);
    if extent.is_none() {
        faults.add("extent", t("people-extent-missing"));
    }
    let until = match typed.until.trim() {
        "" => None,
        text => match text.parse::<Date>() {
            Ok(day) if day >= own.today() => Some(day),
            _ => {
                faults.add("until", t("people-until-wrong"));
                None
            }
        },
    };
    let (Some(extent), true) = (extent, faults.is_empty()) else {
        let page = page(&form(own.plain_cx().await?, typed, faults))?;
        return Ok(finished(StatusCode::UNPROCESSABLE_ENTITY, page));
    };
    let relation = (typed.relation.clone(), relation_word(&typed.relation));
    let grant = Grant { name, relation, extent, until };
    let doing = own.doing(Action::ProxyGrant, &sent, "/my/people?done=made");
    match proxies::grant(doing, &own.patient, &grant, &own.ctx.zone, &own.visit.house.ambient).await {
        Ok((granted, Done::Now(..))) => {
            own.visit.forget_draft(sent.at.as_deref()).await?;
            let mut cx = own.plain_cx().await?;
            cx.at = "/my/people".to_owned();
            let about = &own.visit.house.about;
            let origin = about.portal_url.as_deref().or(about.clinic_url.as_deref()).unwrap_or_default();
            page(&Invited {
                place: format!("{origin}/proxy-invitation"),
                portal: about.portal_url.is_some(),
                code: in_fours(granted.code.expose()),
                until: When::at(granted.until, &own.ctx.zone),
                name: grant.name,
                cx,
            })
        }
        Ok((_, done)) => own.visit.went(&sent, done, "/my/people?done=made").await,
        Err(Refused::Told(never)) => match never {},
        Err(Refused::Record(error)) => Err(error.into()),
    }
}

fn in_fours(code: &str) -> String {
    let letters: Vec<char> = code.chars().collect();
    letters.chunks(4).map(|part| part.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
}

/// `POST /my/people/{id}/end`
pub(in crate::http) async fn revoke(
    visit: Visit,
    Path(id): Path<String>,
    sent: Sent<Vec<(String, String)>>,
) -> Result<Response, Refusal> {
    let own = Own::of(visit, Needs::Reading)?;
    let chart = own.chart(&[R::RelatedPerson, R::Consent]).await?;
    let is = |one: &&Value| one.get("id").and_then(Value::as_str) == Some(id.as_str());
    let related = chart.of(R::RelatedPerson).iter().find(is).ok_or(Refusal::not_found())?;
    let place = "/my/people?done=ended";
    let doing = own.doing(Action::ProxyRevoke, &sent, place);
    let done = proxies::revoke(doing, &own.patient, related, chart.of(R::Consent)).await;
    own.visit.settled(&sent, done, place).await
}

fn seal_words(seal: Seal) -> (&'static str, &'static str) {
    match seal.code {
        "restricted" => ("seal-restricted", "seal-restricted.more"),
        "very-restricted" => ("seal-very-restricted", "seal-very-restricted.more"),
        "mental-health" => ("seal-mental-health", "seal-mental-health.more"),
        "substance-use" => ("seal-substance-use", "seal-substance-use.more"),
        "infection" => ("seal-infection", "seal-infection.more"),
        "sexual-health" => ("seal-sexual-health", "seal-sexual-health.more"),
        "violence" => ("seal-violence", "seal-violence.more"),
        _ => ("seal-other", "seal-other.more"),
    }
}

/// `GET /my/consents`
pub(in crate::http) async fn consents(visit: Visit, Query(shown): Query<Shown>) -> Result<Response, Refusal> {
    let own = Own::of(visit, Needs::Reading)?;
    let chart = own.chart(&[R::Consent]).await?;
    let (given, now) = (chart.of(R::Consent), own.visit.house.ambient.now());
    let rules = own.visit.house.records.consents_of(&own.patient)?;
    let rows: Vec<SealRow> = SEALS
        .iter()
        .map(|seal| {
            let (word, more) = seal_words(*seal);
            SealRow {
                code: seal.code,
                word: t(word).to_string(),
                more: t(more).to_string(),
                on: seal.is_on(given),
                seen: seal.seen(&rules, &own.patient, now),
            }
        })
        .collect();
    let of_consent = |id: &str| given.iter().find(|one| one.get("id").and_then(Value::as_str) == Some(id));
    let others = consents::others(given, &own.ctx.zone, now).into_iter().map(|one| OtherRow {
        given: of_consent(one.id.as_str()).and_then(|consent| own.ctx.when(consent, "/dateTime")),
        refuses: one.says.iter().any(|says| says.effect == Effect::Deny),
        lines: one.says.iter().map(|says| said(says, &own)).collect(),
        id: one.id.to_string(),
        version: one.version,
    });
    let others = others.collect();
    let seen = rows.iter().find(|row| row.code == shown.seal).map(|row| row.seen);
    let mut cx = own.cx(&chart);
    cx.at = "/my/consents".to_owned();
    cx.done = match (shown.done.as_str(), seen) {
        ("on", Some(Seen::ByClinic)) => Some(t("consents-done-on").to_string()),
        ("on", _) => Some(t("consents-done-on-refused").to_string()),
        ("off", Some(Seen::ByNobody)) => Some(t("consents-done-off").to_string()),
        ("off", _) => Some(t("consents-done-off-open").to_string()),
        ("ended", _) => Some(t("consents-done-ended").to_string()),
        _ => None,
    };
    page(&Consents { rows, others, cx })
}

/// What another Consent says, as a sentence.
fn said(says: &Says, own: &Own) -> String {
    let whom = match &says.whom {
        To::All => t("consent-whom-clinic").to_string(),
        To::One(Some(name)) => name.clone(),
        To::One(None) => t("consent-whom-one").to_string(),
    };
    let labels = match (says.effect, says.covers) {
        (Effect::Deny, Covers::Unnamed) => None,
        (_, covers) => Some(covers.opened()),
    };
    let words = |seal: &Seal| t(seal_words(*seal).0).to_string();
    let what = match labels {
        None => t("consent-everything").to_string(),
        Some(labels) => {
            let named: Vec<String> = SEALS.iter().filter(|seal| seal.covers().meets(labels)).map(words).collect();
            named.join(", ")
        }
    };
    let sentence = if says.effect == Effect::Deny { "consent-refuses" } else { "consent-lets" };
    let mut said = t(sentence).with("whom", whom).with("what", what).to_string();
    if let Some(from) = says.from.filter(|from| *from > own.visit.house.ambient.now()) {
        said = t("consent-from").with("said", said).with("date", When::at(from, &own.ctx.zone).long()).to_string();
    }
    // The last moment at which it holds: of a whole day the day itself.
    if let Some(last) = says.until.and_then(|until| until.checked_sub(jiff::Span::new().seconds(1)).ok()) {
        said = t("consent-until").with("said", said).with("date", When::at(last, &own.ctx.zone).long()).to_string();
    }
    said
}

/// `POST /my/consents/other/{id}/end`
pub(in crate::http) async fn end_other(
    visit: Visit,
    Path(id): Path<String>,
    sent: Sent<Versioned>,
) -> Result<Response, Refusal> {
    let own = Own::of(visit, Needs::Reading)?;
    let chart = own.chart(&[R::Consent]).await?;
    let is = |one: &&Value| one.get("id").and_then(Value::as_str) == Some(id.as_str());
    let consent = chart.of(R::Consent).iter().find(is).ok_or(Refusal::not_found())?;
    let place = "/my/consents?done=ended";
    // From another window, say: what was wanted is so.
    if consent.get("status").and_then(Value::as_str) == Some("inactive") {
        return Ok(Redirect::to(place).into_response());
    }
    let doing = own.doing(Action::ConsentWithdraw, &sent, place);
    let done = consents::end(doing, consent.clone(), sent.typed.version).await;
    own.visit.settled(&sent, done, place).await
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(in crate::http) struct Switch {
    turn: String,
}

/// `POST /my/consents/{seal}`
pub(in crate::http) async fn turn(
    visit: Visit,
    Path(seal): Path<String>,
    sent: Sent<Switch>,
) -> Result<Response, Refusal> {
    let own = Own::of(visit, Needs::Reading)?;
    let seal = Seal::from_code(&seal).ok_or(Refusal::not_found())?;
    let (turned, action) = match sent.typed.turn.as_str() {
        "on" => (Turned::On, Action::ConsentGive),
        "off" => (Turned::Off, Action::ConsentWithdraw),
        _ => return Err(Refusal::new(No::Malformed)),
    };
    let place = format!("/my/consents?done={}&seal={}", sent.typed.turn, seal.code);
    let chart = own.chart(&[R::Consent]).await?;
    let now = own.visit.house.ambient.now();
    let doing = own.doing(action, &sent, &place);
    let done = consents::turn(doing, &own.patient, seal, turned, chart.of(R::Consent), now).await;
    own.visit.settled(&sent, done, &place).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_turns_and_hides_nothing_beside_it() {
        assert_eq!(shown_name(" Zoë\u{202e}\u{200b} O'Brien\n(mum) 😀"), "Zoë O'Brien (mum) 😀");
        assert_eq!(shown_name("\u{202e}\u{2066} \t"), "");
    }

    #[test]
    fn what_somebody_is_to_the_patient_is_said_in_the_language_of_the_page() {
        let said = |code, text: Option<&str>| Locale::Es.inside(|| relation_said(code, text.map(str::to_owned)));
        assert_eq!(said(Some("partner"), Some("Partner")), Some(Locale::Es.inside(|| relation_word("partner"))));
        assert_ne!(said(Some("partner"), Some("Partner")).as_deref(), Some("Partner"));
        // Without a code, by the words that the form once wrote.
        let other = Locale::En.inside(|| relation_word("other"));
        assert_eq!(said(None, Some(&other)), Some(Locale::Es.inside(|| relation_word("other"))));
        assert_eq!(said(None, Some("Godmother")).as_deref(), Some("Godmother"));
        assert_eq!(said(None, None), None);
    }
}
