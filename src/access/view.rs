//! What one actor reaches of one type, at one moment.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::base::{ActorRef, FhirId, ResourceRef, Role, Timestamp};
use crate::fhir::ResourceType;

use super::action::Action;
use super::actor::{Actor, Who};
use super::facts::{ConsentRules, Facts, ProxyExtent, Reach, grants_in_force};
use super::policy::{Basis, Denied, Mandate};
use super::sensitivity::Sensitivity;
use super::table::{Class, Extent};

/// Whom the actor reaches, who is in an emergency, and what patients said to it.
#[derive(Debug, Clone)]
pub(super) struct View {
    mandate: Mandate,
    whose: Whose,
    /// Patients whose record this actor has opened in an emergency.
    emergencies: Vec<FhirId>,
    /// What patients said; also to others, and what is in force no more.
    consents: Arc<ConsentRules>,
    who: ActorRef,
    now: Timestamp,
}

#[derive(Debug, Clone)]
enum Whose {
    All(Basis),
    These(Arc<BTreeSet<FhirId>>, Basis),
    /// Patients who let this proxy act, and how far.
    Granted(Vec<(FhirId, ProxyExtent)>),
}

impl View {
    /// For one target: looks up what concerns its patient, and no more.
    pub(super) fn of_one(
        actor: &Actor,
        mandate: &Mandate,
        patient: Option<&FhirId>,
        facts: &dyn Facts,
        now: Timestamp,
    ) -> Result<Self, Denied> {
        let who = actor.to_ref();
        let in_care = || match patient {
            Some(patient) if facts.in_care(&who, patient)? => Ok(Arc::new(BTreeSet::from([patient.clone()]))),
            _ => Ok(Arc::default()),
        };
        let whose = Self::whose(actor, &who, mandate, facts, now, &in_care)?;
        let consents = match patient {
            Some(patient) if is_staff(mandate.role) => facts.consents(patient)?,
            _ => Vec::new(),
        };
        Self::new(who, mandate, whose, Arc::new(ConsentRules::new(consents)), facts, now)
    }

    /// For every row of a type.
    pub(super) fn of_all(actor: &Actor, mandate: &Mandate, facts: &dyn Facts, now: Timestamp) -> Result<Self, Denied> {
        let who = actor.to_ref();
        let in_care = || Ok(facts.patients_in_care(&who)?);
        let whose = Self::whose(actor, &who, mandate, facts, now, &in_care)?;
        let consents = if is_staff(mandate.role) { facts.all_consents()? } else { Arc::default() };
        Self::new(who, mandate, whose, consents, facts, now)
    }

    fn new(
        who: ActorRef,
        mandate: &Mandate,
        whose: Whose,
        consents: Arc<ConsentRules>,
        facts: &dyn Facts,
        now: Timestamp,
    ) -> Result<Self, Denied> {
        let emergencies = if matches!(mandate.role, Some(Role::Clinician | Role::Nurse)) {
            let live = facts.break_glass(&who)?.into_iter().filter(|one| one.since <= now && now < one.until);
            live.map(|one| one.patient).collect()
        } else {
            Vec::new()
        };
        Ok(Self { mandate: *mandate, whose, emergencies, consents, who, now })
    }

    fn whose(
        actor: &Actor,
        who: &ActorRef,
        mandate: &Mandate,
        facts: &dyn Facts,
        now: Timestamp,
        in_care: &dyn Fn() -> Result<Arc<BTreeSet<FhirId>>, Denied>,
    ) -> Result<Whose, Denied> {
        Ok(match actor.who() {
            Who::System { .. } => Whose::All(Basis::System),
            Who::Service { .. } => Whose::All(Basis::Service),
            Who::Copying { patient, acting: None } => {
                Whose::These(Arc::new(BTreeSet::from([patient.clone()])), Basis::Own)
            }
            Who::ShareLink { share } => {
                let patient = facts.share(share)?.map(|grant| grant.patient);
                Whose::These(Arc::new(patient.into_iter().collect()), Basis::ShareLink)
            }
            Who::ProxyFor { patient, .. } | Who::Copying { patient, acting: Some(_) } => {
                Whose::Granted(granted(facts, who, now)?.filter(|(one, _)| one == patient).collect())
            }
            Who::Person { role: Role::Proxy, .. } => Whose::Granted(granted(facts, who, now)?.collect()),
            Who::Person { role: Role::Patient, person, .. } => {
                let own = person.iter().filter(|link| link.type_name() == ResourceType::Patient.name());
                Whose::These(Arc::new(own.map(ResourceRef::id).collect()), Basis::Own)
            }
            Who::Person { .. } => match mandate.rights.extent {
                Extent::InCare | Extent::Directory => match facts.reach() {
                    Reach::Clinic => Whose::All(Basis::InCare),
                    Reach::CareTeam => Whose::These(in_care()?, Basis::InCare),
                },
                Extent::Clinic | Extent::Administrative => Whose::All(Basis::Duty),
                Extent::Own | Extent::Nobody | Extent::AboutNobody => Whose::These(Arc::default(), Basis::Own),
            },
            Who::Anonymous => return Err(Denied::NotSignedIn),
        })
    }

    /// Why this may be done to a resource of this patient with these labels; `None` when it may not.
    pub(super) fn basis(&self, action: Action, patient: Option<&FhirId>, labels: Sensitivity) -> Option<Basis> {
        if (labels.is_held() || labels.is_taken_back()) && self.is_the_patients_side() {
            return None;
        }
        if labels.is_confided() && !self.is_confided_in(action) {
            return patient.and_then(|_| self.directory(action));
        }
        let Some(patient) = patient else { return self.basis_without_patient(action, labels) };
        let full = match &self.whose {
            // A thing of nobody's that names a patient is not what this role was given.
            _ if self.mandate.rights.extent == Extent::AboutNobody => return None,
            _ if self.mandate.rights.extent == Extent::Administrative && !labels.is_administrative() => return None,
            Whose::All(basis) => Some(*basis),
            Whose::These(patients, basis) => patients.contains(patient).then_some(*basis),
            Whose::Granted(grants) => {
                let of_patient = grants.iter().filter(|(of, _)| of == patient);
                of_patient.filter_map(|(_, extent)| reaches(*extent, self.mandate.class, action, labels)).next()
            }
        };
        if let Some(basis) = full.and_then(|basis| self.unsealed(basis, action, patient, labels)) {
            return Some(basis);
        }
        if self.emergencies.contains(patient) {
            return Some(Basis::BreakGlass);
        }
        self.directory(action)
    }

    /// Whether a thing with this id is to be known of by somebody who reaches it so: who else acts for a patient is nothing for
    /// somebody who looks after appointments alone. Who they are themselves they know.
    pub(super) fn knows_of(&self, basis: Basis, id: Option<&FhirId>) -> bool {
        if basis != Basis::ProxyForAppointments || self.mandate.kind != ResourceType::RelatedPerson {
            return true;
        }
        self.acts_as().is_some_and(|own| Some(&own.id()) == id)
    }

    /// Who acts, where it is somebody who acts for a patient.
    pub(super) fn acts_as(&self) -> Option<&ResourceRef> {
        self.who.person.as_ref().filter(|own| own.type_name() == ResourceType::RelatedPerson.name())
    }

    /// The patient, who acts for them, and whoever they gave a link: what is held is held from all of these.
    const fn is_the_patients_side(&self) -> bool {
        matches!(self.mandate.role, Some(Role::Patient | Role::Proxy))
            || matches!(self.whose, Whose::These(_, Basis::ShareLink))
    }

    /// Whether what is confided is this actor's to know: the patient, who acts for them, who answers for the record, and the box. No
    /// consent and no emergency changes it. Another program may bring it, as it may what is sealed, and sees none of it.
    fn is_confided_in(&self, action: Action) -> bool {
        match &self.whose {
            Whose::All(Basis::System) => true,
            Whose::All(Basis::Service) => match action {
                Action::Create | Action::Update => true,
                // A permission that it brought, it takes back.
                Action::Delete => self.mandate.class == Class::Permission && self.writes_over(),
                _ => false,
            },
            Whose::These(_, Basis::ShareLink) => false,
            _ => self.is_the_patients_side() || self.minds_permissions(),
        }
    }

    /// Whether what is there may be written over.
    const fn writes_over(&self) -> bool {
        self.mandate.rights.actions.contains(Action::Update)
    }

    fn basis_without_patient(&self, action: Action, labels: Sensitivity) -> Option<Basis> {
        let registers = self.mandate.kind == ResourceType::Patient && action == Action::Create;
        match &self.whose {
            Whose::All(Basis::System) => Some(Basis::System),
            _ if self.mandate.rights.extent == Extent::Administrative && !labels.is_administrative() => None,
            // Nobody is there to consent.
            _ if labels.is_sealed() && action != Action::Create => None,
            _ if self.mandate.class.is_about_nobody() => Some(Basis::AboutNobody),
            Whose::All(basis) => Some(*basis),
            Whose::These(_, Basis::InCare) if registers => Some(Basis::InCare),
            Whose::These(..) | Whose::Granted(_) => None,
        }
    }

    /// The basis, if neither a seal nor a refusal stands against it.
    fn unsealed(&self, basis: Basis, action: Action, patient: &FhirId, labels: Sensitivity) -> Option<Basis> {
        match basis {
            Basis::Own | Basis::System => return Some(basis),
            // Whoever writes a thing may seal it; a service may also write over what it does not see, and so delete it.
            Basis::Service if matches!(action, Action::Create | Action::Update) => return Some(basis),
            Basis::Service if action == Action::Delete && self.writes_over() => return Some(basis),
            Basis::Duty if self.minds_permissions() => return Some(basis),
            Basis::InCare | Basis::Duty => {}
            _ => return (!labels.is_sealed()).then_some(basis),
        }
        let word = self.consents.word_to(patient, &self.who, self.now);
        if word.refuses(labels) {
            return None;
        }
        match (labels.is_sealed(), word.opens(labels)) {
            (false, _) => Some(basis),
            (true, _) if action == Action::Create => Some(basis),
            (true, true) => Some(Basis::Consent),
            (true, false) => None,
        }
    }

    /// Consents, the access log and requests are a health administrator's task whatever they are labelled, and
    /// nothing that a patient said takes the task away.
    fn minds_permissions(&self) -> bool {
        self.mandate.role == Some(Role::HealthAdmin)
            && matches!(self.mandate.class, Class::Permission | Class::Audit | Class::Request)
    }

    /// Who the clinic's patients are is visible to its clinical staff, its reception and its health
    /// administrator, for all of them.
    fn directory(&self, action: Action) -> Option<Basis> {
        let open = self.mandate.kind == ResourceType::Patient
            && matches!(action, Action::Read | Action::Search)
            && matches!(self.mandate.role, Some(Role::Clinician | Role::Nurse | Role::Reception | Role::HealthAdmin));
        open.then_some(Basis::Directory)
    }

    pub(super) fn only_patient(&self) -> Option<&FhirId> {
        // What is about nobody is in no compartment, so a scan of one would miss it.
        if self.mandate.class.is_about_nobody() {
            return None;
        }
        let staff = is_staff(self.mandate.role);
        match &self.whose {
            Whose::These(patients, _) if !staff && patients.len() == 1 => patients.first(),
            Whose::Granted(grants) => match grants.as_slice() {
                [(patient, _)] => Some(patient),
                _ => None,
            },
            _ => None,
        }
    }

    /// Whether of some patient this actor sees appointments alone: then nothing may be asked by what is cut of them.
    pub(super) fn goes_no_further_than_appointments(&self) -> bool {
        matches!(&self.whose, Whose::Granted(grants) if grants.iter().any(|(_, extent)| !extent.reads_record()))
    }

    pub(super) const fn reaches_all(&self) -> bool {
        matches!(self.whose, Whose::All(_))
    }
}

const fn is_staff(role: Option<Role>) -> bool {
    match role {
        Some(role) => role.is_staff(),
        None => false,
    }
}

fn granted(
    facts: &dyn Facts,
    who: &ActorRef,
    now: Timestamp,
) -> Result<impl Iterator<Item = (FhirId, ProxyExtent)>, Denied> {
    let grants = grants_in_force(facts, who, now)?;
    Ok(grants.into_iter().map(|grant| (grant.patient, grant.extent)))
}

/// Why somebody whom a patient lets go so far may do this to a thing of theirs; `None` when they may not.
fn reaches(extent: ProxyExtent, class: Class, action: Action, labels: Sensitivity) -> Option<Basis> {
    match extent {
        ProxyExtent::Full => Some(Basis::Proxy),
        ProxyExtent::View => action.only_looks().then_some(Basis::Proxy),
        ProxyExtent::Appointments => {
            let open = match class {
                Class::Person | Class::Booking => true,
                Class::Message => labels.is_administrative(),
                _ => false,
            };
            let one_by_one = !matches!(action, Action::Everything | Action::Export);
            (open && one_by_one).then_some(Basis::ProxyForAppointments)
        }
    }
}
