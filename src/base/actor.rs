//! Who acts, as ids only: what the audit chain writes down and lower rooms may know.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::id::{AccountId, InvalidId, ResourceRef};

/// A role that an account holds. `access/table.rs` says what each may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Role {
    Patient,
    Proxy,
    Clinician,
    Nurse,
    Reception,
    HealthAdmin,
    Operator,
}

impl Role {
    pub const ALL: [Self; 7] =
        [Self::Patient, Self::Proxy, Self::Clinician, Self::Nurse, Self::Reception, Self::HealthAdmin, Self::Operator];

    /// The stable name: on the command line, in `demo.json`, in JSON output.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Patient => "patient",
            Self::Proxy => "proxy",
            Self::Clinician => "clinician",
            Self::Nurse => "nurse",
            Self::Reception => "reception",
            Self::HealthAdmin => "healthadmin",
            Self::Operator => "operator",
        }
    }

    /// Whether this role works at the clinic, as against being cared for by it.
    pub const fn is_staff(self) -> bool {
        !matches!(self, Self::Patient | Self::Proxy)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Role {
    type Err = InvalidId;
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        Self::ALL.into_iter().find(|role| role.name() == text).ok_or(InvalidId { what: "role" })
    }
}

/// What sort of actor stands behind an act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ActorKind {
    /// A person with an account.
    Person,
    /// A person with an account, for somebody who let them or whom the law lets them act for.
    ProxyFor,
    /// Another program, by bearer token.
    Service,
    /// Whoever holds a share link and its PIN.
    ShareLink,
    /// A job of the box itself, or a command at its console.
    System,
    /// Nobody who signed in.
    Anonymous,
}

/// An actor as the chain knows one: ids only, no names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActorRef {
    pub kind: ActorKind,
    pub account: Option<AccountId>,
    pub role: Option<Role>,
    /// The Practitioner, Patient or RelatedPerson that the account is linked to.
    pub person: Option<ResourceRef>,
    /// The patient on whose behalf a proxy acts.
    pub on_behalf_of: Option<ResourceRef>,
    /// For [`ActorKind::System`]: the job or command, such as `import` or `cli:audit-verify:uid=0`.
    pub job: Option<Box<str>>,
}

impl ActorRef {
    pub const fn anonymous() -> Self {
        Self { kind: ActorKind::Anonymous, account: None, role: None, person: None, on_behalf_of: None, job: None }
    }

    /// The same for a reader to whom it is not named: what somebody is, and not who.
    #[must_use]
    pub fn unnamed(&self) -> Self {
        Self { kind: self.kind, role: self.role, ..Self::anonymous() }
    }

    /// Whether it is somebody with an account who is not named.
    pub const fn is_unnamed(&self) -> bool {
        matches!(self.kind, ActorKind::Person | ActorKind::ProxyFor) && self.account.is_none() && self.person.is_none()
    }

    pub fn system(job: &str) -> Self {
        Self { kind: ActorKind::System, job: Some(job.into()), ..Self::anonymous() }
    }
}
