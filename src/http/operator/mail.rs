//! Notices by e-mail, as the operator sees them: whether they go out, what waits, what was given up and why. No name, no
//! address of a patient.

use askama::Template;
use axum::Form;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::pages::Check;
use crate::audit::{Action, Outcome, Purpose};
use crate::care::marks;
use crate::care::notify::mails::{self, Queue};
use crate::http::House;
use crate::http::mails::{Mailing, SENT};
use crate::http::pages::page;
use crate::http::respond::{Refusal, Refused};
use crate::http::said::sentence;
use crate::http::session::Visit;
use crate::http::ui::{Cx, Faults, Field, State, Tone, When, filters, page, t};
use crate::mail::{Letter, MailError, MailTls};

#[derive(Debug, Clone, Template)]
#[template(path = "operator/mail.html")]
pub struct MailPage {
    pub cx: Cx,
    pub standing: MailStanding,
    pub to: Field,
    pub faults: Faults,
}
page!(MailPage in Health);

/// How mails stand, for the page and for the health of the box.
#[derive(Debug, Clone)]
pub struct MailStanding {
    pub way: MailWay,
    pub queue: Queue,
    pub last: Option<When>,
    pub oldest: Option<When>,
}

#[derive(Debug, Clone)]
pub enum MailWay {
    Off,
    /// What is wrong, in a sentence.
    Broken(String),
    /// Server, how it is secured, sender.
    On {
        server: String,
        tls: MailTls,
        from: String,
        portal: Option<String>,
    },
}

pub(super) fn standing(house: &House) -> Result<MailStanding, Refusal> {
    let read = house.store.read()?;
    let zone = &house.front.face.zone;
    let way = match &house.mailing {
        Mailing::Off => MailWay::Off,
        Mailing::Broken(why) => MailWay::Broken(why.clone()),
        Mailing::On(out) => {
            MailWay::On { server: out.server.clone(), tls: out.tls, from: out.from.clone(), portal: out.portal.clone() }
        }
    };
    let queue = mails::queue(&read)?;
    let last = marks::get(&read, SENT.0, SENT.1)?.map(|last| When::at(last, zone));
    let oldest = queue.oldest.map(|oldest| When::at(oldest, zone));
    Ok(MailStanding { way, queue, last, oldest })
}

impl MailStanding {
    /// The line on the page of the box's health.
    pub(super) fn check(&self) -> Check {
        let given_up: usize = self.queue.given_up.iter().map(|(_, count)| count).sum();
        let state = match &self.way {
            MailWay::Off => State::new("info", Tone::Dim, t("mail-off")),
            MailWay::Broken(_) => State::new("stop", Tone::Critical, t("mail-broken")),
            MailWay::On { .. } if self.queue.troubled > 0 => State::new("alert", Tone::Caution, t("mail-troubled")),
            MailWay::On { .. } => State::new("ok", Tone::Good, t("mail-on")),
        };
        let mut check = Check::new("health-mail", state);
        match &self.way {
            MailWay::Off => check = check.line(t("mail-off.more")),
            MailWay::Broken(why) => check = check.line(why.clone()),
            MailWay::On { .. } => {
                check = check.line(t("mail-waiting").with("n", self.queue.waiting));
                if given_up > 0 {
                    check = check.line(t("mail-given-up").with("n", given_up));
                }
            }
        }
        check
    }

    /// What the operator has to see to, in a sentence.
    pub(super) fn trouble(&self) -> Option<String> {
        match &self.way {
            MailWay::Broken(_) => Some(t("trouble-mail-broken").to_string()),
            MailWay::On { .. } if self.queue.troubled > 0 => Some(
                t("trouble-mail").with("n", self.queue.troubled).with("fault", fault(self.queue.fault)).to_string(),
            ),
            _ => None,
        }
    }

    fn lines(&self, cx: &Cx) -> Vec<String> {
        let mut lines = Vec::new();
        if let MailWay::On { server, tls, from, portal } = &self.way {
            let secured = match tls {
                MailTls::Wrapped => "mail-tls",
                MailTls::StartTls => "mail-starttls",
                MailTls::Off => "mail-unsecured",
            };
            lines.push(t("mail-server").with("server", server).with("secured", t(secured)).to_string());
            lines.push(t("mail-from").with("from", from).to_string());
            lines.push(match portal {
                Some(portal) => t("mail-portal").with("portal", portal).to_string(),
                None => t("mail-no-portal").to_string(),
            });
        }
        if let Some(last) = &self.last {
            lines.push(t("mail-last").with("when", last.near_within(&cx.now)).to_string());
        }
        if let Some(oldest) = &self.oldest {
            lines.push(t("mail-oldest").with("when", oldest.near_within(&cx.now)).to_string());
        }
        for (number, count) in &self.queue.given_up {
            lines.push(t("mail-given-up-why").with("n", *count).with("fault", fault(Some(*number))).to_string());
        }
        lines
    }

    fn can_send(&self) -> bool {
        matches!(self.way, MailWay::On { .. })
    }
}

fn fault(number: Option<u8>) -> String {
    let error = number.and_then(MailError::from_number);
    error.map_or_else(|| t("mail-fault-unknown").to_string(), |error| error.to_string())
}

/// `GET /box/mail`
pub async fn show(visit: Visit) -> Result<Response, Refusal> {
    shown(&visit, visit.cx(), "", Faults::none())
}

fn shown(visit: &Visit, cx: Cx, to: &str, faults: Faults) -> Result<Response, Refusal> {
    let to = Field::text("to", t("mail-trial-to"), to, &faults).of_kind("email").completes("email");
    page(&MailPage { standing: standing(&visit.house)?, to, faults, cx })
}

#[derive(Deserialize)]
pub struct Typed {
    to: String,
}

/// `POST /box/mail/test`: one letter, now, to whom the operator names.
pub async fn test(visit: Visit, Form(typed): Form<Typed>) -> Result<Response, Refusal> {
    let Mailing::On(out) = &visit.house.mailing else { return Err(Refusal::new(Refused::Conflict)) };
    let letter = trial(typed.to.clone(), &visit.house.front.face.clinic);
    let sent = out.mailer.send(&letter).await;
    let outcome = if sent.is_ok() { Outcome::Success } else { Outcome::Failed };
    let mut event = visit.event(Action::Message, Purpose::SysAdmin).outcome(outcome);
    event.detail.note = Some("a letter to see whether e-mail works".into());
    drop(visit.house.audit.commit(vec![event]).await?);
    match sent {
        Ok(()) => {
            let mut cx = visit.cx();
            cx.at = "/box/mail".into();
            cx.done = Some(t("mail-trial-sent").to_string());
            shown(&visit, cx, "", Faults::none())
        }
        Err(error) => {
            let mut faults = Faults::none();
            faults.add("to", sentence(&error));
            let answer = shown(&visit, visit.cx(), &typed.to, faults)?;
            Ok(crate::http::sign_in::finished(StatusCode::UNPROCESSABLE_ENTITY, answer))
        }
    }
}

/// The letter that shows whether it works.
fn trial(to: String, clinic: &str) -> Letter {
    let text = format!("{}\n\n{clinic}\n", t("mail-trial-text"));
    Letter { to, subject: t("mail-trial-subject").with("clinic", clinic).to_string(), text, language: "en" }
}
