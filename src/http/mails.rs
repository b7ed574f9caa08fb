//! Notices by e-mail: what a letter says, sending those that are due, and what of it an operator and an account see.
//!
//! A letter holds a sentence by kind and the portal's address. Neither names nor addresses are logged: of a failure its kind
//! alone.

use serde_json::Value;

use super::House;
use super::notices::{may_open, sentence};
use super::ui::{Locale, t};
use crate::access::Actor;
use crate::audit::{Action, Detail, Purpose};
use crate::base::ResourceRef;
use crate::care::notify::Kind;
use crate::care::notify::mails::{self, After, Mail};
use crate::care::{marks, preferences};
use crate::fhir::ResourceType;
use crate::identity::AccountRow;
use crate::mail::{Letter, MailError, MailTls, Mailer};
use crate::record::{Channel, RecordError, Stored, Why};

/// How many letters one round sends: the next comes soon.
const AT_ONCE: usize = 20;
pub(super) const SENT: (&str, &str) = ("mail", "sent");

/// Whether notices leave the box by e-mail.
pub enum Mailing {
    /// No server is configured.
    Off,
    /// What is configured cannot work: what is wrong, in words for the operator.
    Broken(String),
    On(Box<Outgoing>),
}

/// A server that letters go to.
pub struct Outgoing {
    pub mailer: Mailer,
    /// Host and port.
    pub server: String,
    pub tls: MailTls,
    pub from: String,
    /// Where patients sign in, as letters say it.
    pub portal: Option<String>,
    /// After so many days a letter is given up.
    pub give_up_days: u32,
}

/// What a letter of a kind says, in a language.
pub(super) fn letter(kind: Kind, to: String, locale: Locale, clinic: &str, portal: Option<&str>) -> Letter {
    locale.inside(|| {
        let sign_in = match portal {
            Some(portal) => t("mail-sign-in").with("address", portal),
            None => t("mail-sign-in-somewhere"),
        };
        let said = sentence(kind);
        let text = [said.clone(), sign_in.to_string(), t("mail-foot").to_string(), clinic.to_owned()].join("\n\n");
        let subject = t("mail-subject").with("clinic", clinic).with("what", said.trim_end_matches('.')).to_string();
        Letter { to, subject, text: format!("{text}\n"), language: locale.code() }
    })
}

/// Sends what is due. Without a server what waits is taken away: nobody was promised it.
pub async fn send_due(house: &House) -> Result<(), RecordError> {
    let Mailing::On(outgoing) = &house.mailing else {
        if matches!(house.mailing, Mailing::Off) && mails::queue(&house.store.read()?)?.waiting > 0 {
            house.store.write(mails::cleared).await?;
        }
        return Ok(());
    };
    let due = mails::due(&house.store.read()?, house.ambient.now(), AT_ONCE)?;
    let mut away = None;
    for (number, mail) in due {
        // A server that is away for one is away for all.
        let sent = match away {
            Some(fault) => Err(fault),
            None => send(house, outgoing, &mail).await?,
        };
        let now = house.ambient.now();
        match sent {
            Ok(()) => {
                let (what, of) = SENT;
                house
                    .store
                    .write(move |tx| {
                        marks::set(tx, what, of, now)?;
                        mails::done(tx, number)
                    })
                    .await?;
            }
            Err(fault) => {
                tracing::warn!(target: "mail", %fault, "a notice was not sent");
                if matches!(fault, MailError::Unreachable | MailError::Insecure | MailError::SignIn) {
                    away = Some(fault);
                }
                let after = if fault.is_final() { After::GiveUp } else { After::TryAgain };
                let days = outgoing.give_up_days;
                house.store.write(move |tx| mails::failed(tx, number, fault.number(), after, days, now)).await?;
            }
        }
    }
    Ok(())
}

async fn send(house: &House, outgoing: &Outgoing, mail: &Mail) -> Result<Result<(), MailError>, RecordError> {
    let account = house.identity.account(mail.account)?.filter(|account| account.is_enabled());
    let (Some(account), Some(kind)) = (account, mail.kind()) else { return Ok(Err(MailError::BadAddress)) };
    if !is_theirs(house, &mail.person, kind)? || !may_hear(house, &account, mail, kind)? {
        return Ok(Ok(()));
    }
    let person = match person(house, &mail.person).await {
        Ok(person) => person,
        Err(RecordError::NotFound | RecordError::Gone) => return Ok(Err(MailError::BadAddress)),
        Err(error) => return Err(error),
    };
    let Some(to) = address(&person) else { return Ok(Err(MailError::BadAddress)) };
    let chosen = preferences::of(&house.store.read()?, account.id)?.language;
    let locale = chosen.as_deref().and_then(Locale::from_code).or_else(|| spoken(&person)).unwrap_or_default();
    let letter = letter(kind, to, locale, &house.front.face.clinic, outgoing.portal.as_deref());
    Ok(outgoing.mailer.send(&letter).await)
}

/// Whether whoever acts for a patient is still to be told so much. A letter cannot be looked into: to somebody who sees nothing
/// of the patient's health none goes out that may be about it.
fn is_theirs(house: &House, person: &ResourceRef, kind: Kind) -> Result<bool, RecordError> {
    if person.type_name() != ResourceType::RelatedPerson.name() {
        return Ok(true);
    }
    let grants = house.records.may_act_as(person)?;
    let reads = grants.first().map(|grant| grant.extent.reads_record());
    Ok(match reads {
        Some(true) => kind.is_for_proxies(),
        Some(false) => kind.is_of_appointments() && kind != Kind::MessageNew,
        None => false,
    })
}

/// Whether whoever acts for a patient may open what a notice is about.
fn may_hear(house: &House, account: &AccountRow, mail: &Mail, kind: Kind) -> Result<bool, RecordError> {
    let Some(about) = mail.about().filter(|_| mail.person.type_name() == ResourceType::RelatedPerson.name()) else {
        return Ok(true);
    };
    let Some(link) = house.identity.link_as(&house.store.read()?, account, &mail.person)? else { return Ok(false) };
    let actor = house.records.acting_by(&Actor::job_of(account), &link)?;
    actor.map_or(Ok(false), |actor| may_open(&house.records, &actor, kind, &about))
}

/// Who is written to: a Patient, or the RelatedPerson who acts for one.
async fn person(house: &House, person: &ResourceRef) -> Result<Value, RecordError> {
    let kind = ResourceType::parse(person.type_name()).ok_or(RecordError::NotFound)?;
    let detail = Detail::note("where a notice by e-mail goes");
    let why = Why { action: Action::Job, purpose: Purpose::PatAdmin, detail, channel: Channel::Screen };
    let actor = Actor::system("job:mail");
    let found = house.records.disclose(&actor, why, |reading| reading.read(kind, &person.id())).await?;
    let Stored { json, .. } = found.into_inner();
    serde_json::from_slice(&json).map_err(|_| RecordError::Damaged)
}

/// The e-mail address that somebody gave, the preferred one of several.
pub(super) fn address(person: &Value) -> Option<String> {
    let text = |one: &Value, name: &str| one.get(name).and_then(Value::as_str).map(str::to_owned);
    let all = person.get("telecom")?.as_array()?.iter();
    let fits =
        |one: &&Value| text(one, "system").as_deref() == Some("email") && text(one, "use").as_deref() != Some("old");
    let rank = |one: &&Value| one.get("rank").and_then(Value::as_u64).unwrap_or(u64::MAX);
    all.filter(fits).min_by_key(rank).and_then(|one| text(one, "value"))
}

/// The language in which somebody is spoken to, as the record has it.
fn spoken(person: &Value) -> Option<Locale> {
    let all = person.get("communication")?.as_array()?.iter();
    let preferred = |one: &&Value| one.get("preferred").and_then(Value::as_bool) == Some(true);
    let code = |one: &Value| {
        let coding = one.pointer("/language/coding/0/code").and_then(Value::as_str)?;
        Locale::from_code(coding.split('-').next().unwrap_or_default())
    };
    let all: Vec<&Value> = all.collect();
    all.iter().copied().find(|one| preferred(one)).or(all.first().copied()).and_then(code)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_letter_says_a_kind_and_where_to_sign_in_and_nothing_else() {
        for locale in Locale::ALL {
            for kind in Kind::ALL.iter().filter(|kind| kind.is_for_patients()) {
                let to = "a@b.example".to_owned();
                let said = letter(*kind, to, locale, "Alder Street Clinic", Some("https://portal.example"));
                assert!(said.subject.contains("Alder Street Clinic"), "{}", said.subject);
                assert!(said.text.contains("https://portal.example") && !said.text.contains('{'), "{}", said.text);
                assert_eq!(said.language, locale.code());
            }
        }
    }

    #[test]
    fn the_address_is_the_preferred_one_that_is_in_use() {
        let of = |telecom: Value| address(&json!({ "telecom": telecom }));
        let one = |value: &str| json!({"system": "email", "value": value});
        assert_eq!(of(json!([{"system": "phone", "value": "1"}, one("a@b.example")])).as_deref(), Some("a@b.example"));
        let mut first = one("c@d.example");
        first["rank"] = json!(1);
        let mut old = one("old@b.example");
        old["use"] = json!("old");
        assert_eq!(of(json!([old, one("a@b.example"), first])).as_deref(), Some("c@d.example"));
        assert_eq!(of(json!([old])), None);
        assert_eq!(address(&json!({})), None);
    }

    #[test]
    fn the_language_is_the_one_in_which_somebody_is_spoken_to() {
        let speaks =
            |code: &str, preferred: bool| json!({"language": {"coding": [{"code": code}]}, "preferred": preferred});
        let of = |all: Value| spoken(&json!({ "communication": all }));
        assert_eq!(of(json!([speaks("en-GB", false), speaks("es-MX", true)])), Some(Locale::Es));
        assert_eq!(of(json!([speaks("es", false)])), Some(Locale::Es));
        assert_eq!(of(json!([speaks("fr", true)])), None);
    }
}
