//! What happened, as the rest of the house says it. An [`Event`] becomes an entry when it is appended.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::words::{Action, Outcome, Purpose, TouchKind};
use crate::base::{ActorRef, FhirId, ResourceRef, SessionId};

/// Whose data an act touched, how, and which resources. `patient` is `None` for what is nobody's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Touched {
    pub patient: Option<FhirId>,
    pub kind: TouchKind,
    pub resources: Vec<ResourceRef>,
}

impl Touched {
    pub const fn new(patient: Option<FhirId>, kind: TouchKind, resources: Vec<ResourceRef>) -> Self {
        Self { patient, kind, resources }
    }
}

/// A digest of what one reading handed out: BLAKE3 over its [`Touched`], in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Coverage([u8; 32]);

impl Coverage {
    pub fn of(touched: &[Touched]) -> Self {
        let mut hasher = blake3::Hasher::new();
        let mut gathered = b"chartbox/audit/coverage/v1\0".to_vec();
        // Many short pieces are dear to hash one by one.
        let mut text = |bytes: &[u8]| {
            gathered.extend_from_slice(&(bytes.len() as u64).to_be_bytes());
            gathered.extend_from_slice(bytes);
            if gathered.len() >= GATHERED {
                hasher.update(&gathered);
                gathered.clear();
            }
        };
        for part in touched {
            text(&[part.kind.number(), u8::from(part.patient.is_some())]);
            text(part.patient.as_ref().map_or(b"", |id| id.as_str().as_bytes()));
            text(&(part.resources.len() as u64).to_be_bytes());
            for resource in &part.resources {
                text(resource.as_str().as_bytes());
            }
        }
        Self(*hasher.update(&gathered).finalize().as_bytes())
    }
}

/// So many bytes are hashed together.
const GATHERED: usize = 4 << 10;

/// What may be personal or long: it stands beside the chain, and can be erased without breaking it.
/// Control characters are escaped and lengths bounded when the event is appended.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Detail {
    /// The search as it was asked. At most 2,000 bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub search: Option<String>,
    /// The reason that a person gave. At most 2,000 bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The browser or program, as it named itself. At most 300 bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
    /// Anything else that explains the entry, such as the counts of an import. At most 2,000 bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl Detail {
    pub const fn none() -> Self {
        Self { search: None, reason: None, user_agent: None, note: None }
    }

    pub fn search(text: impl Into<String>) -> Self {
        Self { search: Some(text.into()), ..Self::none() }
    }

    pub fn reason(text: impl Into<String>) -> Self {
        Self { reason: Some(text.into()), ..Self::none() }
    }

    pub fn note(text: impl Into<String>) -> Self {
        Self { note: Some(text.into()), ..Self::none() }
    }

    pub fn with_user_agent(self, text: impl Into<String>) -> Self {
        Self { user_agent: Some(text.into()), ..self }
    }

    pub const fn is_empty(&self) -> bool {
        self.search.is_none() && self.reason.is_none() && self.user_agent.is_none() && self.note.is_none()
    }
}

/// One act, before it has a place in the chain.
#[derive(Debug, Clone)]
pub struct Event {
    pub actor: ActorRef,
    pub session: Option<SessionId>,
    pub origin: Option<IpAddr>,
    pub action: Action,
    pub outcome: Outcome,
    pub purpose: Purpose,
    pub detail: Detail,
    /// Private, so that a coverage is always of something that is in the event.
    touched: Vec<Touched>,
    coverages: Vec<Coverage>,
}

impl Event {
    /// A successful act that touched nothing yet.
    pub const fn new(actor: ActorRef, action: Action, purpose: Purpose) -> Self {
        Self {
            actor,
            session: None,
            origin: None,
            action,
            outcome: Outcome::Success,
            purpose,
            detail: Detail::none(),
            touched: Vec::new(),
            coverages: Vec::new(),
        }
    }

    /// An act of the box itself, for the running of the system.
    pub fn system(job: &str, action: Action) -> Self {
        Self::new(ActorRef::system(job), action, Purpose::SysAdmin)
    }

    #[must_use]
    pub const fn outcome(mut self, outcome: Outcome) -> Self {
        self.outcome = outcome;
        self
    }

    #[must_use]
    pub const fn session(mut self, session: Option<SessionId>) -> Self {
        self.session = session;
        self
    }

    #[must_use]
    pub const fn origin(mut self, origin: Option<IpAddr>) -> Self {
        self.origin = origin;
        self
    }

    #[must_use]
    pub fn detail(mut self, detail: Detail) -> Self {
        self.detail = detail;
        self
    }

    /// Puts what a reading or a change touched into the event, and answers with its coverage: the
    /// [`Committed`](super::Committed) of this event will cover it.
    pub fn touch(&mut self, touched: &[Touched]) -> Coverage {
        let coverage = Coverage::of(touched);
        self.touched.extend_from_slice(touched);
        self.coverages.push(coverage);
        coverage
    }

    /// [`Event::touch`] while building.
    #[must_use]
    pub fn touching(mut self, touched: &[Touched]) -> Self {
        self.touch(touched);
        self
    }

    pub fn touched(&self) -> &[Touched] {
        &self.touched
    }

    pub fn coverages(&self) -> &[Coverage] {
        &self.coverages
    }

    pub(super) fn take_parts(&mut self) -> (Vec<Touched>, Vec<Coverage>) {
        (std::mem::take(&mut self.touched), std::mem::take(&mut self.coverages))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn touched(patient: &str, resources: &[&str]) -> Touched {
        let resources = resources.iter().map(|r| ResourceRef::parse(r).unwrap()).collect();
        Touched::new(Some(FhirId::parse(patient).unwrap()), TouchKind::Opened, resources)
    }

    #[test]
    fn coverages_differ_when_anything_differs() {
        let base = Coverage::of(&[touched("a", &["Observation/1", "Observation/2"])]);
        assert_eq!(base, Coverage::of(&[touched("a", &["Observation/1", "Observation/2"])]));
        for other in [
            vec![],
            vec![touched("b", &["Observation/1", "Observation/2"])],
            vec![touched("a", &["Observation/1"])],
            vec![touched("a", &["Observation/1"]), touched("a", &["Observation/2"])],
            vec![Touched { kind: TouchKind::Listed, ..touched("a", &["Observation/1", "Observation/2"]) }],
            vec![Touched { patient: None, ..touched("a", &["Observation/1", "Observation/2"]) }],
        ] {
            assert_ne!(base, Coverage::of(&other), "{other:?}");
        }
        // Also far behind what is hashed together.
        let many = |last: &str| {
            let all: Vec<String> = (0..2 * GATHERED / 16).map(|n| format!("Observation/{n}")).collect();
            let all: Vec<&str> = all.iter().map(String::as_str).chain([last]).collect();
            Coverage::of(&[touched("a", &all)])
        };
        assert_eq!(many("Observation/a"), many("Observation/a"));
        assert_ne!(many("Observation/a"), many("Observation/b"));
    }
}
