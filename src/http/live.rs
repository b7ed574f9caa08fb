//! Live updates: "something changed", for pages on which somebody waits.
//!
//! A stream of server-sent events that carry nothing: the page asks again for itself, the audited way. It ends with its
//! session and does not keep it alive. What it looks at are the store's own notices, once a second, so that a change is
//! seen whoever made it and by whichever way.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Query;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream;
use serde::Deserialize;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval};

use super::portal::own::{Needs, Own};
use super::respond::{Refusal, Refused};
use super::session::{self, Credential, Visit};
use crate::base::{FhirId, Role, Secret};
use crate::fhir::ResourceType as R;
use crate::identity::Listener;

/// How often a stream looks.
const EVERY: Duration = Duration::from_secs(1);
/// A stream that was silent for so many looks says that it lives, and looks whether its session does.
const BEAT: u32 = 10;
/// After this long the browser has to ask again: no stream is for ever.
const LONGEST: Duration = Duration::from_secs(600);

/// What a page waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Topic {
    /// Appointments, who has arrived, what is blocked.
    Schedule,
    /// Letters between patients and the clinic.
    Messages,
    /// Everything that comes to a clinician's desk.
    Inbox,
    /// Requests with their deadlines.
    Requests,
}

impl Topic {
    const fn kinds(self) -> &'static [R] {
        match self {
            Self::Schedule => &[R::Appointment, R::AppointmentResponse, R::Encounter, R::Slot],
            Self::Messages => &[R::Communication],
            Self::Inbox => &[
                R::Communication,
                R::Task,
                R::DiagnosticReport,
                R::DocumentReference,
                R::QuestionnaireResponse,
                R::Appointment,
            ],
            Self::Requests => &[R::Task],
        }
    }

    /// Whether a role of the clinic has a page that waits for it. Patients hear of their own alone.
    const fn is_for(self, role: Role) -> bool {
        match role {
            Role::Clinician | Role::Nurse | Role::Patient | Role::Proxy => true,
            Role::Reception => matches!(self, Self::Schedule | Self::Messages | Self::Inbox),
            Role::HealthAdmin => matches!(self, Self::Requests),
            Role::Operator => false,
        }
    }
}

#[derive(Deserialize)]
pub(super) struct Asked {
    of: Option<Topic>,
}

/// `GET /live?of=schedule`
pub(super) async fn live(visit: Visit, headers: HeaderMap, Query(asked): Query<Asked>) -> Result<Response, Refusal> {
    let topic = asked.of.ok_or(Refusal::new(Refused::Malformed))?;
    let role = visit.actor.role().filter(|role| topic.is_for(*role)).ok_or(Refusal::new(Refused::Never))?;
    // A program's token opens no stream.
    let Credential::Cookie(secret) = session::cookie(&headers, visit.entrance) else {
        return Err(Refusal::new(Refused::NotSignedIn));
    };
    let of = if role.is_staff() { None } else { Some(Own::of(visit.clone(), Needs::Acting)?.patient) };
    let listener = visit.listener();
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let seen = visit.house.records.changes(topic.kinds(), of.as_ref())?;
    let wait = Wait { visit, topic, of, secret, listener, seen, silent: 0, ticks, until: Instant::now() + LONGEST };
    let begin = stream::once(async { Ok::<_, Infallible>(Bytes::from_static(b"retry: 2000\n\n")) });
    let rest = stream::unfold(wait, async |mut wait| {
        let said = wait.next().await?;
        Some((Ok::<_, Infallible>(Bytes::from_static(said)), wait))
    });
    let body = Body::from_stream(futures_util::StreamExt::chain(begin, rest));
    Ok(([(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"))], body).into_response())
}

/// One stream.
struct Wait {
    visit: Visit,
    topic: Topic,
    of: Option<FhirId>,
    secret: Secret<String>,
    listener: Listener,
    seen: u64,
    silent: u32,
    ticks: Interval,
    until: Instant,
}

impl Wait {
    /// What to say next; `None` when the stream ends.
    async fn next(&mut self) -> Option<&'static [u8]> {
        loop {
            tokio::select! {
                () = self.visit.house.stop.stopped() => return None,
                _ = self.ticks.tick() => {}
            }
            self.silent += 1;
            let now = self.visit.house.records.changes(self.topic.kinds(), self.of.as_ref()).ok()?;
            let changed = now != self.seen;
            if !changed && self.silent < BEAT {
                continue;
            }
            (self.seen, self.silent) = (now, 0);
            if Instant::now() >= self.until || !self.is_signed_in() {
                return None;
            }
            return Some(if changed { b"event: changed\ndata: \n\n" } else { b": \n\n" });
        }
    }

    fn is_signed_in(&self) -> bool {
        let Ok(read) = self.visit.house.store.read() else { return false };
        let found = self.visit.house.identity.session(&read, self.secret.expose(), self.listener);
        // Nor does it go on once the session looks at somebody else's record.
        let acting = self.visit.session.as_ref().and_then(|session| session.acting.as_ref());
        let same = |session: &crate::identity::SessionRow| session.acting.as_ref() == acting;
        found.is_ok_and(|found| found.is_some_and(|(one, _)| one.state.assurance().is_some() && same(&one)))
    }
}
