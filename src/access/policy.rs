//! The decision: who may do what to which resource, now.
//!
//! [`authorize`] answers for one target, [`authorize_search`] for every row of one type. Both decide by the
//! same [`View`] of what the actor reaches, so that a search never shows what a read would refuse. Times are
//! compared with the caller's `now`; who works in pieces asks again for each.

use crate::base::{ActorRef, FhirId, Role, Timestamp};
use crate::fhir::ResourceType;

use super::action::{Action, Actions};
use super::actor::{Actor, Who};
use super::cut::{self, Cut};
use super::facts::{Facts, ShareTypes};
use super::sensitivity::Sensitivity;
use super::table::{Class, Extent, Rights, rights_of};
use super::view::View;

/// What an actor wants to touch. Of a version, it is that version's own patient and labels.
///
/// A Patient's own `patient` is its id. What stands in the compartments of several patients is asked for
/// once for each of them: to look, one yes is enough; to change, all must be. A change is asked for with
/// what is stored, and, when patient or labels change with it, also as [`Action::Create`] of what it becomes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    pub kind: ResourceType,
    pub id: Option<FhirId>,
    pub patient: Option<FhirId>,
    pub sensitivity: Sensitivity,
}

impl Target {
    /// A type as such: to ask whether a role may ever do an act.
    pub const fn of_type(kind: ResourceType) -> Self {
        Self { kind, id: None, patient: None, sensitivity: Sensitivity::NORMAL }
    }
}

/// The proof that an act was authorized. Only the policy makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    actor: ActorRef,
    action: Action,
    target: Target,
    basis: Basis,
    cut: Cut,
}

impl Grant {
    pub const fn actor(&self) -> &ActorRef {
        &self.actor
    }

    pub const fn action(&self) -> Action {
        self.action
    }

    pub const fn target(&self) -> &Target {
        &self.target
    }

    pub const fn basis(&self) -> Basis {
        self.basis
    }

    /// What this actor never gets of this resource: to be taken out on the way out, and put back on the way in.
    pub fn into_cut(self) -> Cut {
        self.cut
    }
}

/// Why an act is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Basis {
    /// No patient is in it.
    AboutNobody,
    /// It is the patient's own.
    Own,
    /// A patient lets a proxy act.
    Proxy,
    /// A patient lets a proxy look after their appointments, and see nothing of their health.
    ProxyForAppointments,
    /// The patient is in the clinician's care.
    InCare,
    /// The role's task at the clinic, for all its patients.
    Duty,
    /// Who the patient is, and no more.
    Directory,
    /// Sealed, and the patient consents.
    Consent,
    /// An emergency was declared.
    BreakGlass,
    ShareLink,
    /// A service's scopes.
    Service,
    /// The box itself.
    System,
}

/// The refusal of an act. It carries nothing, so that what is forbidden and what is absent cannot differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Denied {
    /// No valid session or token (401).
    #[error("you are not signed in; sign in and try again")]
    NotSignedIn,
    /// The role may never do this, whatever the target (403).
    #[error("your account may not do this; ask the clinic if you need it")]
    NeverForRole,
    /// There is no such resource for this actor: absent and forbidden are one (404).
    #[error("there is nothing here that you can see")]
    NotVisible,
    /// The facts could not be looked up, so nothing was decided (503).
    #[error("the box could not check whether you may do this; try again, and tell the operator if it stays so")]
    Undecided,
}

impl From<crate::store::StoreError> for Denied {
    fn from(error: crate::store::StoreError) -> Self {
        tracing::error!(%error, "an access decision could not be made");
        Self::Undecided
    }
}

/// Whether this actor may do this to this target.
pub fn authorize(
    actor: &Actor,
    action: Action,
    target: &Target,
    facts: &dyn Facts,
    now: Timestamp,
) -> Result<Grant, Denied> {
    let mandate = Mandate::of(actor, target.kind, facts, now)?;
    if !mandate.rights.actions.contains(action) {
        return Err(Denied::NeverForRole);
    }
    let view = View::of_one(actor, &mandate, target.patient.as_ref(), facts, now)?;
    let basis = view.basis(action, target.patient.as_ref(), target.sensitivity);
    let basis = basis.filter(|basis| view.knows_of(*basis, target.id.as_ref())).ok_or(Denied::NotVisible)?;
    let cut = mandate.cut(basis, target.patient.as_ref(), &view);
    Ok(Grant { actor: actor.to_ref(), action, target: target.clone(), basis, cut })
}

/// What of this type this actor may find.
pub fn authorize_search(actor: &Actor, kind: ResourceType, facts: &dyn Facts, now: Timestamp) -> Result<Scope, Denied> {
    let mandate = Mandate::of(actor, kind, facts, now)?;
    if !mandate.rights.actions.contains(Action::Search) {
        return Err(Denied::NeverForRole);
    }
    let view = View::of_all(actor, &mandate, facts, now)?;
    Ok(Scope { actor: actor.to_ref(), mandate, view })
}

/// The filter of a search's rows, and the proof that the search was authorized. Only the policy makes one.
/// Each type that a search touches needs its own: chained, included and `_has` types too.
#[derive(Debug, Clone)]
pub struct Scope {
    actor: ActorRef,
    mandate: Mandate,
    view: View,
}

impl Scope {
    pub const fn actor(&self) -> &ActorRef {
        &self.actor
    }

    pub const fn kind(&self) -> ResourceType {
        self.mandate.kind
    }

    /// Whether a row may be seen, counted or sorted by, as far as its patient and its labels say. For a row in several compartments,
    /// any one is enough.
    pub fn allows(&self, patient: Option<&FhirId>, sensitivity: Sensitivity) -> bool {
        self.basis(patient, sensitivity).is_some()
    }

    /// [`Scope::allows`] for a row whose id is known.
    pub fn shows(&self, id: Option<&FhirId>, patient: Option<&FhirId>, sensitivity: Sensitivity) -> bool {
        self.basis(patient, sensitivity).is_some_and(|basis| self.view.knows_of(basis, id))
    }

    /// Whether the actor may ever do this to the type beside searching it.
    pub const fn may_ever(&self, action: Action) -> bool {
        self.mandate.rights.actions.contains(action)
    }

    /// Why a row may be seen; `None` when it may not.
    pub fn basis(&self, patient: Option<&FhirId>, sensitivity: Sensitivity) -> Option<Basis> {
        self.view.basis(Action::Search, patient, sensitivity)
    }

    /// The one patient whose rows these are, when it is one: then only that compartment need be scanned.
    pub fn patient(&self) -> Option<&FhirId> {
        self.view.only_patient()
    }

    /// What is cut from a row that may be seen as this patient's.
    pub fn cut(&self, patient: Option<&FhirId>, sensitivity: Sensitivity) -> Cut {
        let basis = self.basis(patient, sensitivity);
        basis.map_or_else(|| Cut::of(cut::EVERYTHING), |basis| self.mandate.cut(basis, patient, &self.view))
    }

    /// Whether this search parameter (its bare name) looks at what this actor never gets: filtering, sorting or
    /// chaining by it would tell. To be refused as if the type had no such parameter.
    pub fn hides_parameter(&self, name: &str) -> bool {
        let some_rows_are_directory_only = self.mandate.kind == ResourceType::Patient && !self.view.reaches_all();
        cut::hides_parameter(self.mandate.role, self.mandate.kind, name)
            || (self.view.goes_no_further_than_appointments()
                && cut::hides_parameter_of_appointments(self.mandate.kind, name))
            || (some_rows_are_directory_only
                && self.mandate.rights.extent == Extent::Directory
                && cut::directory_hides_parameter(name))
    }
}

/// What an actor may do with a type, before any patient is looked at.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mandate {
    pub(super) kind: ResourceType,
    pub(super) class: Class,
    /// The role whose row counts: a proxy's for whoever acts for somebody else, the patient's for who has their link.
    pub(super) role: Option<Role>,
    pub(super) rights: Rights,
}

impl Mandate {
    fn of(actor: &Actor, kind: ResourceType, facts: &dyn Facts, now: Timestamp) -> Result<Self, Denied> {
        let class = Class::of(kind);
        let all = Actions::of(&Action::ALL);
        let (role, rights) = match actor.who() {
            Who::Anonymous => return Err(Denied::NotSignedIn),
            Who::Person { role, narrowed, .. } => {
                let own = rights_of(*role, kind);
                let within = narrowed.as_ref().map_or(all, |scopes| narrowed_to(scopes.actions_on(kind)));
                (Some(*role), Rights { actions: own.actions.within(within), extent: own.extent })
            }
            Who::ProxyFor { .. } => (Some(Role::Proxy), rights_of(Role::Proxy, kind)),
            Who::Service { scopes, .. } => {
                (None, Rights { actions: service_actions(class, scopes.actions_on(kind)), extent: Extent::Clinic })
            }
            Who::ShareLink { share } => {
                let live = facts.share(share)?.filter(|grant| now < grant.until).ok_or(Denied::NotSignedIn)?;
                let actions = if shared(&live.types, kind) { SHARED.within(all) } else { Actions::NONE };
                // Whoever has the link sees no more of a resource than who gave it.
                (Some(Role::Patient), Rights { actions, extent: Extent::Own })
            }
            Who::Copying { acting, .. } => {
                let role = if acting.is_some() { Role::Proxy } else { Role::Patient };
                let own = rights_of(role, kind);
                (Some(role), Rights { actions: own.actions.within(SHARED), extent: own.extent })
            }
            Who::System { .. } => (None, Rights { actions: all, extent: Extent::Clinic }),
        };
        Ok(Self { kind, class, role, rights })
    }

    fn cut(&self, basis: Basis, patient: Option<&FhirId>, view: &View) -> Cut {
        let cut = Cut::of(match basis {
            Basis::Directory => cut::DIRECTORY,
            Basis::ProxyForAppointments => cut::of_appointments(self.kind),
            _ => cut::elements(self.role, self.kind),
        });
        if basis == Basis::ProxyForAppointments && self.kind == ResourceType::Appointment {
            return cut.seen_as_of(patient).but_who_acts(view.acts_as().cloned());
        }
        let is_on_their_side = matches!(self.role, Some(Role::Patient | Role::Proxy));
        if may_be_of_several(self.kind) && is_on_their_side { cut.seen_as_of(patient) } else { cut }
    }
}

/// Whether patients stand beside each other in a resource of this type: those of a visit, those whom a letter or documents go to, a
/// family with one account or bill, those of a group who look after each other. Who signed for such a thing names them, too. In every
/// other type one is the patient, and who else is named did something for them.
const fn may_be_of_several(kind: ResourceType) -> bool {
    matches!(
        kind,
        ResourceType::Account
            | ResourceType::Appointment
            | ResourceType::CareTeam
            | ResourceType::Communication
            | ResourceType::CommunicationRequest
            | ResourceType::Contract
            | ResourceType::DocumentManifest
            | ResourceType::Invoice
            | ResourceType::Provenance
    )
}

/// Signing, releasing and withdrawing change a resource: a token that may update it may do them too, for a person who may.
const fn narrowed_to(scoped: Actions) -> Actions {
    if scoped.contains(Action::Update) {
        scoped.with(Action::Sign).with(Action::Release).with(Action::Withdraw)
    } else {
        scoped
    }
}

const SHARED: Actions = Actions::of(&[Action::Read, Action::Search, Action::Everything]);

/// The access log is the box's own: no scope writes it.
const fn service_actions(class: Class, scoped: Actions) -> Actions {
    match class {
        Class::Audit => scoped.within(Actions::READ),
        _ => scoped,
    }
}

fn shared(types: &ShareTypes, kind: ResourceType) -> bool {
    match types {
        ShareTypes::These(these) => these.contains(&kind),
        ShareTypes::Record => match Class::of(kind) {
            Class::Person
            | Class::Facility
            | Class::Booking
            | Class::Visit
            | Class::Clinical
            | Class::Contribution
            | Class::Prescription
            | Class::Catalogue => true,
            Class::Calendar
            | Class::Message
            | Class::Request
            | Class::Register
            | Class::Insurance
            | Class::Financial
            | Class::Permission
            | Class::Audit
            | Class::Definitional
            | Class::System => false,
        },
    }
}
