//! From handlers to pages: the context that every page has, and what a refusal looks like to a person.

use askama::Template;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use jiff::tz::TimeZone;

use super::joined::Way;
use super::open::pages::{Given, Locked, LockedState, Problem, ProblemKind, SignIn};
use super::respond::{Refusal, Refused};
use super::said::full_minute;
use super::session::{Links, Visit};
use super::ui::{Cx, Faults, KeptOf, Viewer, t};
use crate::access::ProxyExtent;
use crate::base::{AccountId, Role, Timestamp};
use crate::care::forms::{FormKey, Keeping};

/// What a page shows of the box even when nobody is signed in, or nothing is open.
#[derive(Debug, Clone)]
pub struct Face {
    /// The clinic's name; the program's own while the box is locked.
    pub clinic: String,
    /// The name that the address bar should show.
    pub host: String,
    /// The clinic's time zone.
    pub zone: TimeZone,
    pub demo: bool,
}

impl Face {
    /// The context of a page for nobody.
    pub fn cx(&self, now: Timestamp) -> Cx {
        Cx {
            clinic: self.clinic.clone(),
            host: self.host.clone(),
            now: now.to_zoned(self.zone.clone()),
            csrf: String::new(),
            demo: self.demo,
            viewer: None,
            idle_seconds: None,
            done: None,
            trouble: None,
            unseen: false,
            shortened: Vec::new(),
            at: String::new(),
            once: String::new(),
            stood: String::new(),
            kept: None,
            kept_of: KeptOf::Text,
            meanwhile: None,
            joined: None,
            unread: None,
        }
    }
}

impl Visit {
    /// The day that it is at the clinic.
    pub fn today(&self) -> jiff::civil::Date {
        self.house.ambient.now().to_zoned(self.house.front.face.zone.clone()).date()
    }

    /// How far somebody goes who acts for a patient; `None` for everybody else. A page that cannot be told offers the least.
    fn extent(&self) -> Option<ProxyExtent> {
        let proxy = self.actor.role() == Some(Role::Proxy);
        let grants = || self.house.records.may_act_for(&self.actor).unwrap_or_default();
        proxy.then(|| grants().first().map_or(ProxyExtent::Appointments, |grant| grant.extent))
    }

    /// The context of a page for this visitor.
    pub fn cx(&self) -> Cx {
        let mut cx = self.house.front.face.cx(self.house.ambient.now());
        cx.csrf = self.csrf();
        cx.at = self.at.as_deref().unwrap_or_default().to_owned();
        cx.once = FormKey::new(&self.house.ambient).to_string();
        cx.stood = self.stood.as_deref().unwrap_or_default().to_owned();
        if let (Some(role), Some(account)) = (self.actor.role(), &self.account) {
            let about = &self.house.about;
            let minutes = if role.is_staff() { about.staff_idle_minutes } else { about.patient_idle_minutes };
            let acting = self.session.as_ref().and_then(|session| session.acting.as_ref());
            cx.viewer = Some(Viewer {
                name: account.display_name.to_string(),
                key: key_of(account.id),
                role,
                for_whom: None,
                acting: acting.map(|person| person.id().to_string()),
                chooses: self.links != Links::One,
                extent: self.extent(),
            });
            let own = account.person.as_ref().is_some_and(|person| person.type_name() == "Patient");
            let ended = if own { "acting-ended-own" } else { "acting-ended" };
            cx.trouble = (self.links == Links::Ended).then(|| t(ended).to_string());
            cx.joined = self.joined.map(Way::words);
            cx.idle_seconds = Some(minutes * 60);
            cx.unread = super::notices::unread(self);
            cx.meanwhile = self.refused_meanwhile();
        }
        cx
    }
}

/// What a browser knows an account by that keeps something for it: always the same, and not the id.
fn key_of(account: AccountId) -> String {
    let key =
        blake3::derive_key("chartbox 2026-11 what a browser keeps for an account", account.to_string().as_bytes());
    blake3::Hash::from(key).to_hex().chars().take(32).collect()
}

/// A page as an answer. A template that does not render is a fault of ours.
pub fn page(template: &impl Template) -> Result<Response, Refusal> {
    let html = template.render().map_err(Refusal::internal)?;
    Ok(([(header::CONTENT_TYPE, "text/html; charset=utf-8")], html).into_response())
}

/// The unlock page, with what was wrong with the last try.
pub(super) fn locked(
    face: &Face,
    state: LockedState,
    (passphrase, sheet): (bool, bool),
    faults: Faults,
    given: Given,
) -> Result<Response, Refusal> {
    page(&Locked { cx: face.cx(Timestamp::now()), state, passphrase, sheet, given, faults })
}

/// A refusal as a page: for somebody who is not signed in it is the sign-in itself.
pub(super) fn refusal(refusal: &Refusal, cx: Cx, next: Option<String>, late: Option<Keeping>) -> Option<String> {
    if refusal.kind == Refused::NotSignedIn {
        return SignIn { cx, user: String::new(), refused: None, next, late }.render().ok();
    }
    let kind = problem(refusal, &cx.now);
    Problem { cx, kind, again: next, kept: late == Some(Keeping::Kept) }.render().ok()
}

fn problem(refusal: &Refusal, now: &jiff::Zoned) -> ProblemKind {
    match refusal.kind {
        Refused::NotSignedIn => ProblemKind::NotSignedIn,
        Refused::Never => ProblemKind::NotForRole,
        Refused::ProofNeeded => ProblemKind::ProofNeeded,
        Refused::NotOurForm => ProblemKind::StaleForm,
        Refused::OtherRecord => ProblemKind::OtherRecord,
        Refused::NotFound => ProblemKind::NothingHere,
        Refused::Gone => ProblemKind::Gone,
        Refused::WrongHost => ProblemKind::OtherName,
        Refused::NoRecord => ProblemKind::NoRecord,
        Refused::NotGranted(extent) => ProblemKind::NotGranted(extent),
        Refused::Method | Refused::OwnId => ProblemKind::NotThisWay,
        Refused::Malformed
        | Refused::Unprocessable
        | Refused::MediaType
        | Refused::NotAcceptable
        | Refused::LongAddress
        | Refused::LongHead => ProblemKind::NotUnderstood,
        Refused::TooCostly => ProblemKind::TooMuchAtOnce,
        Refused::Conflict | Refused::Precondition => ProblemKind::ChangedMeanwhile,
        Refused::TooLarge { most } => ProblemKind::TooLarge { most },
        Refused::LongText => ProblemKind::LongText,
        Refused::Throttled { seconds } => {
            let until = now.timestamp().saturating_add(jiff::SignedDuration::from_secs(seconds.into()));
            let until = until.ok().map(|until| full_minute(until, now.time_zone()));
            ProblemKind::TooMany { until }
        }
        Refused::Timeout => ProblemKind::TookTooLong,
        Refused::Locked => ProblemKind::NotReady,
        Refused::Low => ProblemKind::DiskAlmostFull,
        Refused::Full => ProblemKind::DiskFull,
        Refused::Unrecorded => ProblemKind::AuditUnwritable,
        Refused::Internal => ProblemKind::Unexpected { reference: None },
    }
}

/// What a page's tests show it to.
#[cfg(test)]
pub(in crate::http) mod sample {
    use super::*;

    /// A patient, or somebody who acts for one.
    pub(in crate::http) fn cx(for_whom: Option<&str>) -> Cx {
        let face = Face { clinic: "Northmoor".into(), host: "box.local".into(), zone: TimeZone::UTC, demo: false };
        let viewer = Viewer {
            name: "Halina Brandvold".into(),
            key: "k".into(),
            role: if for_whom.is_some() { Role::Proxy } else { Role::Patient },
            for_whom: for_whom.map(str::to_owned),
            acting: None,
            chooses: false,
            extent: for_whom.map(|_| ProxyExtent::Full),
        };
        Cx { viewer: Some(viewer), ..face.cx("2026-11-30T09:00:00Z".parse().unwrap()) }
    }
}
