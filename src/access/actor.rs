//! Who asks: the one description of it that the policy, the record and the audit chain share.

use std::net::IpAddr;

use super::scope::Scopes;
use crate::base::{AccountId, ActorKind, ActorRef, FhirId, ResourceRef, Role, SessionId};
use crate::identity::{AccountKind, AccountRow, Assurance, By, Link, Listener, SessionRow};

/// Somebody or something that acts. Made from a session, a token or a share link that was found valid, from
/// a job of the box, or of nothing ([`Actor::anonymous`]).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    who: Who,
    listener: Listener,
    assurance: Option<Assurance>,
    session: Option<SessionId>,
    origin: Option<IpAddr>,
}

/// The kinds of actor, as the policy tells them apart.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Who {
    /// A person with an account; `narrowed` by the scopes of a token, when it is one that asks.
    Person { account: AccountId, role: Role, person: Option<ResourceRef>, narrowed: Option<Scopes> },
    /// A person who acts for this patient and nobody else. Whether they may is asked each time.
    ProxyFor { account: AccountId, role: Role, person: Option<ResourceRef>, patient: FhirId },
    /// Another program: its scopes are its rights.
    Service { account: AccountId, scopes: Scopes },
    /// Whoever holds a share link.
    ShareLink { share: Box<str> },
    /// A job of the box itself.
    System { job: Box<str> },
    /// The box, while it makes a copy of this patient's record: it sees what whoever asked for it sees, the patient or who acts for
    /// them, and changes nothing.
    Copying { patient: FhirId, acting: Option<ResourceRef> },
    /// Nobody who signed in.
    Anonymous,
}

impl Actor {
    /// Nobody who signed in.
    pub const fn anonymous(listener: Listener, origin: Option<IpAddr>) -> Self {
        Self { who: Who::Anonymous, listener, assurance: None, session: None, origin }
    }

    /// Whose session this is. Anonymous while the sign-in is not complete, when the account is disabled or
    /// another's, when the session belongs to another listener, and for staff at the portal.
    pub fn from_session(
        session: &SessionRow,
        account: &AccountRow,
        listener: Listener,
        origin: Option<IpAddr>,
    ) -> Self {
        let nobody = Self::anonymous(listener, origin);
        let (Some(assurance), AccountKind::Person(role)) = (session.state.assurance(), account.kind) else {
            return nobody;
        };
        let staff_at_portal = role.is_staff() && listener == Listener::Portal;
        if session.account != account.id || session.listener != listener || !account.is_enabled() || staff_at_portal {
            return nobody;
        }
        let who = Who::Person { account: account.id, role, person: account.person.clone(), narrowed: None };
        Self { who, listener, assurance: Some(assurance), session: Some(session.id), origin }
    }

    /// Whose token this is. `scopes` are the token's as they are stored: a service's that do not read as scopes
    /// give it no right, a person's give no right either.
    pub fn from_token(account: &AccountRow, scopes: &[Box<str>], listener: Listener, origin: Option<IpAddr>) -> Self {
        let nobody = Self::anonymous(listener, origin);
        if !account.is_enabled() {
            return nobody;
        }
        let who = match account.kind {
            AccountKind::Service => {
                Who::Service { account: account.id, scopes: Scopes::for_service(scopes).unwrap_or_default() }
            }
            AccountKind::Person(role) if role.is_staff() && listener == Listener::Portal => return nobody,
            AccountKind::Person(role) => Who::Person {
                account: account.id,
                role,
                person: account.person.clone(),
                narrowed: Scopes::for_person(scopes).unwrap_or_else(|_| Some(Scopes::nothing())),
            },
        };
        Self { who, assurance: Some(Assurance::Password), ..nobody }
    }

    /// A background job that a person asked for: acts with the rights that the account has now.
    pub fn job_of(account: &AccountRow) -> Self {
        Self::from_token(account, &[], Listener::None, None)
    }

    /// Whoever holds a share link whose PIN was right. What it opens, and until when, is asked each time.
    pub fn share_link(share: &str, listener: Listener, origin: Option<IpAddr>) -> Self {
        Self { who: Who::ShareLink { share: share.into() }, ..Self::anonymous(listener, origin) }
    }

    /// The box itself: a job such as `import` or `cli:audit-verify:uid=0`. It may do everything, so its name
    /// must be the program's own words, never a caller's.
    pub fn system(job: &str) -> Self {
        Self { who: Who::System { job: job.into() }, ..Self::anonymous(Listener::None, None) }
    }

    /// The box, while it makes a copy of this patient's record for them, or for the RelatedPerson who asked for it.
    pub const fn copying(patient: FhirId, acting: Option<ResourceRef>) -> Self {
        let who = Who::Copying { patient, acting };
        Self { who, listener: Listener::None, assurance: None, session: None, origin: None }
    }

    /// The same person, acting for this patient alone. Anybody but a patient or a proxy stays who they are.
    #[must_use]
    pub fn acting_for(self, patient: FhirId) -> Self {
        let who = match self.who {
            Who::Person { account, role: role @ (Role::Patient | Role::Proxy), person, narrowed: None }
            | Who::ProxyFor { account, role, person, .. } => Who::ProxyFor { account, role, person, patient },
            other => other,
        };
        Self { who, ..self }
    }

    /// The same account as this RelatedPerson, acting for this patient alone: a proxy, whatever else the account is. Anybody
    /// whose link it is not stays who they are.
    #[must_use]
    pub fn acting_by(self, link: &Link, patient: FhirId) -> Self {
        let who = match self.who {
            Who::Person { account, role: Role::Patient | Role::Proxy, narrowed: None, .. }
            | Who::ProxyFor { account, .. }
                if account == link.account() =>
            {
                Who::ProxyFor { account, role: Role::Proxy, person: Some(link.person().clone()), patient }
            }
            other => other,
        };
        Self { who, ..self }
    }

    /// The same, with all that their role may: a token narrows what is asked with it, and not who they are.
    #[must_use]
    pub fn widened(&self) -> Self {
        let mut all = self.clone();
        if let Who::Person { narrowed, .. } = &mut all.who {
            *narrowed = None;
        }
        all
    }

    /// For whom a proxy acts.
    pub const fn acts_for(&self) -> Option<&FhirId> {
        match &self.who {
            Who::ProxyFor { patient, .. } => Some(patient),
            _ => None,
        }
    }

    pub const fn who(&self) -> &Who {
        &self.who
    }

    pub const fn role(&self) -> Option<Role> {
        match &self.who {
            Who::Person { role, .. } | Who::ProxyFor { role, .. } => Some(*role),
            _ => None,
        }
    }

    pub const fn account(&self) -> Option<AccountId> {
        match &self.who {
            Who::Person { account, .. } | Who::ProxyFor { account, .. } | Who::Service { account, .. } => {
                Some(*account)
            }
            _ => None,
        }
    }

    /// The Practitioner, Patient or RelatedPerson that the account is linked to, or for whom a copy is made.
    pub const fn person(&self) -> Option<&ResourceRef> {
        match &self.who {
            Who::Person { person, .. } | Who::ProxyFor { person, .. } => person.as_ref(),
            Who::Copying { acting, .. } => acting.as_ref(),
            _ => None,
        }
    }

    pub const fn kind(&self) -> ActorKind {
        match &self.who {
            Who::Person { .. } => ActorKind::Person,
            Who::ProxyFor { .. } => ActorKind::ProxyFor,
            Who::Service { .. } => ActorKind::Service,
            Who::ShareLink { .. } => ActorKind::ShareLink,
            Who::System { .. } | Who::Copying { .. } => ActorKind::System,
            Who::Anonymous => ActorKind::Anonymous,
        }
    }

    pub const fn listener(&self) -> Listener {
        self.listener
    }

    /// `None` for those who showed no credential of a person: anonymous, share links, the box itself.
    pub const fn assurance(&self) -> Option<Assurance> {
        self.assurance
    }

    pub const fn session(&self) -> Option<SessionId> {
        self.session
    }

    pub const fn origin(&self) -> Option<IpAddr> {
        self.origin
    }

    /// As the entries of `identity` name who makes a change.
    pub fn by(&self, user_agent: Option<Box<str>>) -> By {
        By { actor: self.to_ref(), session: self.session, origin: self.origin, user_agent }
    }

    /// As the audit chain writes it down: ids only.
    pub fn to_ref(&self) -> ActorRef {
        let on_behalf_of = match &self.who {
            Who::ProxyFor { patient, .. } => ResourceRef::new("Patient", patient).ok(),
            _ => None,
        };
        let job = match &self.who {
            Who::System { job } => Some(job.clone()),
            Who::Copying { .. } => Some("copy".into()),
            Who::ShareLink { share } => Some(share.clone()),
            _ => None,
        };
        ActorRef {
            kind: self.kind(),
            account: self.account(),
            role: self.role(),
            person: self.person().cloned(),
            on_behalf_of,
            job,
        }
    }
}
