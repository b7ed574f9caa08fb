//! On whose behalf a change is made: what every entry of this room in the access log says.

use std::net::IpAddr;

use crate::audit::{Action, Detail, Event, Purpose, TouchKind, Touched};
use crate::base::{ActorRef, SessionId};

use super::account::AccountRow;

/// Who makes a change, and from where.
#[derive(Debug, Clone)]
pub struct By {
    pub actor: ActorRef,
    pub session: Option<SessionId>,
    pub origin: Option<IpAddr>,
    /// The browser or program as it names itself.
    pub user_agent: Option<Box<str>>,
}

impl By {
    /// The box itself, or a command at its console.
    pub fn system(job: &str) -> Self {
        Self { actor: ActorRef::system(job), session: None, origin: None, user_agent: None }
    }

    /// Nobody who signed in, from this address.
    pub const fn anonymous(origin: Option<IpAddr>) -> Self {
        Self { actor: ActorRef::anonymous(), session: None, origin, user_agent: None }
    }

    /// An entry in the access log that says so.
    pub fn event(&self, action: Action, note: Option<String>) -> Event {
        let detail = Detail { note, user_agent: self.user_agent.as_deref().map(String::from), ..Detail::none() };
        Event::new(self.actor.clone(), action, Purpose::SysAdmin)
            .session(self.session)
            .origin(self.origin)
            .detail(detail)
    }

    /// About an account: names it by id, and the patient whose it is, so that they see it among who acted.
    pub(super) fn event_about(&self, action: Action, account: &AccountRow, what: &str) -> Event {
        let note =
            if what.is_empty() { format!("account {}", account.id) } else { format!("account {}: {what}", account.id) };
        let mut event = self.event(action, Some(note));
        if let Some(person) = account.person.as_ref().filter(|person| person.type_name() == "Patient") {
            event.touch(&[Touched::new(Some(person.id()), TouchKind::System, vec![person.clone()])]);
        }
        event
    }
}
