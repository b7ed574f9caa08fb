//! What a change must be allowed, asked inside the writer: of the policy, of what is signed, held or sealed, and of the
//! sender's own words.

use serde_json::Value;

use super::beside;
use super::change::{Condition, reference_to};
use super::error::RecordError;
use super::facts::{RecordFacts, clinic_named_by, part_of};
use super::following::followed;
use super::kept::Known;
use super::layout::COMPARTMENT;
use super::numbers::{self, find_named, row};
use super::prepared::Prepared;
use super::provisions::{not_applied, provisions};
use super::rows::{Row, RowNumber, State};
use super::transaction::{Integrity, Voice};
use super::writing::Writing;
use crate::access::{
    self, Action, Actor, Class, Cut, Denied, OwnWords, Said, Sensitivity, Target, Who, authorize, is_withdrawal,
    withdrawn_by,
};
use crate::base::FhirId;
use crate::fhir::{Issue, IssueCode, ResourceType};
use crate::store::{Direction, KeyRange, ReadExt as _, Tx};

const WHO_NAMES_THE_CLINIC: &str = "which Organization is the clinic, and of which it is a part, decides to whom patients' permissions and \
    refusals speak: a health administrator changes it, or a program that may update Consents. It is said by providedBy of the \
    HealthcareService of category urn:chartbox:service|clinic; leave that as it was. Nothing was changed";
/// The most provisions of a Consent, at every depth.
const MOST_PROVISIONS: usize = 1_000;
/// The most bytes of a patient's Consents.
const MOST_OF_CONSENTS: usize = 16 << 20;

impl Writing<'_, '_, '_> {
    /// A part of a resource, as `_elements` and `_summary` give it, would put away the rest (search.html#elements). What is cut of
    /// a resource for everybody of a role was put back before.
    pub(super) fn must_be_whole(&self, prepared: &Prepared) -> Result<(), RecordError> {
        if !prepared.partial || self.how.integrity == Integrity::Reserved {
            return Ok(());
        }
        let text = "This is marked as a part of a resource (SUBSETTED): stored, it would put away the rest. Read it whole, and \
                    send it whole.";
        let place = format!("{}.meta.tag", prepared.kind);
        Err(RecordError::Invalid(vec![Issue::error(IssueCode::BusinessRule, place, text)]))
    }

    /// That a Consent is no larger, and that a patient's Consents together are no more, than can be asked at every access of
    /// the record.
    pub(super) fn must_be_asked_quickly(
        &self,
        number: RowNumber,
        row: &Row,
        prepared: &Prepared,
    ) -> Result<(), RecordError> {
        if prepared.kind != ResourceType::Consent || !self.how.is_bounded(self.actor) {
            return Ok(());
        }
        let refused =
            |at: &str, text: &str| Err(RecordError::Invalid(vec![Issue::error(IssueCode::TooCostly, at, text)]));
        let consent = prepared.resource()?;
        if provisions(&consent) > MOST_PROVISIONS {
            return refused(
                "Consent.provision",
                "A Consent may have 1,000 provisions. Store it in parts. Nothing was changed.",
            );
        }
        for patient in &row.patients {
            let mut bytes = row.json.len();
            let head = (*patient, ResourceType::Consent.number());
            for found in self.tx.scan(&COMPARTMENT, KeyRange::prefix(&head), Direction::Up)? {
                self.goes_on()?;
                let (_, _, _, other) = found?.0;
                if other != number {
                    bytes += numbers::row(&**self.tx, other)?.json.len();
                }
            }
            if bytes > MOST_OF_CONSENTS {
                return refused(
                    "Consent",
                    "The patient's Consents may together be 16 megabytes. Store what was scanned as a \
                    DocumentReference, and name that. Nothing was changed.",
                );
            }
        }
        Ok(())
    }

    /// That what a client says in a Consent of who may see is what the box applies.
    pub(super) fn must_be_applied(&self, prepared: &Prepared) -> Result<(), RecordError> {
        if prepared.kind != ResourceType::Consent || !self.is_by_client() {
            return Ok(());
        }
        match not_applied(&prepared.resource()?, &|organization| self.facts().whose(organization))? {
            Some(issue) => Err(RecordError::Invalid(vec![issue])),
            None => Ok(()),
        }
    }

    /// That which Organization is the clinic is said by who may change Consents: to it patients' refusals and permissions speak, and
    /// whoever keeps the calendar, or a program that keeps the services, would move them from one to another.
    pub(super) fn may_name_the_clinic(&self, live: Option<&Row>, next: Option<&Prepared>) -> Result<(), RecordError> {
        let Some(kind) = live.map(|live| live.kind).or(next.map(|next| next.kind)) else { return Ok(()) };
        let decides = matches!(kind, ResourceType::HealthcareService | ResourceType::Organization);
        if !decides || self.how.integrity == Integrity::Reserved || self.may_change_consents() {
            return Ok(());
        }
        let before = live.map(|live| serde_json::from_slice::<Value>(&live.json)).transpose();
        let before = before.map_err(|_| RecordError::Damaged)?;
        let after = next.map(Prepared::resource).transpose()?;
        let moves = match (kind, &before, &after) {
            (ResourceType::HealthcareService, before, after) => {
                before.as_ref().and_then(clinic_named_by) != after.as_ref().and_then(clinic_named_by)
            }
            // One that leaves the clinic would be another, to which nothing was refused.
            (_, Some(before), Some(after)) if part_of(before) != part_of(after) => {
                let live = live.map(|live| reference_to(kind, &live.id)).transpose()?;
                live.map_or(Ok(false), |one| self.facts().is_of_the_clinic(&one))?
            }
            _ => false,
        };
        if moves { Err(RecordError::AgainstRule(WHO_NAMES_THE_CLINIC.to_owned())) } else { Ok(()) }
    }

    /// That a client confides nothing that nobody of the clinic could ever read: what the health administrator does not read may be
    /// an allergy.
    pub(super) fn must_be_read_by_somebody(&self, live: Option<&Row>, prepared: &Prepared) -> Result<(), RecordError> {
        let was_confided = live.is_some_and(|live| live.sensitivity.is_confided());
        let may_be = !prepared.sensitivity.is_confided() || was_confided || Class::of(prepared.kind).can_be_confided();
        if may_be || !self.is_by_client() {
            return Ok(());
        }
        let text = "What has this label is read by the patient and the health administrator alone, and of this type the health \
                    administrator reads nothing: nobody of the clinic would ever see it. A Task or a Consent may have it; seal this \
                    with a label of confidentiality, such as R. Nothing was changed.";
        let place = format!("{}.meta.security", prepared.kind);
        Err(RecordError::Invalid(vec![Issue::error(IssueCode::BusinessRule, place, text)]))
    }

    /// Whether the stored version is the one that was expected.
    pub(super) fn fulfils(&self, condition: Condition, stored: Option<&Row>) -> Result<(), RecordError> {
        match (condition, stored) {
            (Condition::None, _) | (Condition::Absent, None) => Ok(()),
            (Condition::Version(asked), Some(row)) if row.version == asked => Ok(()),
            // Whether there is one that they do not see, they are not told by a version that they name.
            (Condition::Version(_), Some(row)) if self.overwrites_unseen(row) => Err(RecordError::NoVersion),
            (Condition::Version(_), Some(row)) => Err(RecordError::VersionConflict { current: row.version }),
            (Condition::Present, Some(row)) if row.state == State::Live => Ok(()),
            (Condition::Version(_), None) | (Condition::Present, _) => Err(RecordError::NoVersion),
            (Condition::Absent, Some(_)) => Err(RecordError::Exists),
        }
    }

    /// A patient's change that takes back what they said themselves, and does nothing else, is asked of the policy as that.
    pub(super) fn or_withdrawal(
        &self,
        action: Action,
        old: Option<&Row>,
        prepared: &Prepared,
    ) -> Result<Action, RecordError> {
        let kind = prepared.kind;
        let live = old.filter(|old| old.state == State::Live && action == Action::Update);
        let Some(live) = live.filter(|_| withdrawn_by(kind).is_some() && OwnWords::of(self.actor).is_some()) else {
            return Ok(action);
        };
        let before: Value = serde_json::from_slice(&live.json).map_err(|_| RecordError::Damaged)?;
        let withdraws = is_withdrawal(kind, &before, &prepared.resource()?);
        Ok(if withdraws { Action::Withdraw } else { action })
    }

    fn may_change_consents(&self) -> bool {
        self.may_at_all(Action::Update, ResourceType::Consent).is_ok()
    }

    /// Whether the actor may ever do this to a resource of the type.
    pub(super) fn may_at_all(&self, action: Action, kind: ResourceType) -> Result<(), RecordError> {
        match authorize(self.actor, action, &Target::of_type(kind), &self.facts(), self.now) {
            Ok(_) | Err(Denied::NotVisible) => Ok(()),
            Err(denied) => Err(denied.into()),
        }
    }

    /// Whether a version that is held stays so though what a program sends in its place lacks the hold: one by a label of its
    /// own, and one with what it followed and follows no more. With what it follows still, the hold ends with the other's.
    pub(super) fn stays_held(&self, live: &Row, next: &Prepared) -> Result<bool, RecordError> {
        let value: Value = serde_json::from_slice(&live.json).map_err(|_| RecordError::Damaged)?;
        if Sensitivity::of_resource(&value).is_held() {
            return Ok(true);
        }
        let tx: &Tx<'_> = self.tx;
        for one in followed(live.kind, &value).iter().filter(|one| !next.follows.contains(one)) {
            let there = find_named(tx, one)?.map(|number| row(tx, number)).transpose()?;
            if there.is_some_and(|other| other.state == State::Live && other.sensitivity.is_held()) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The resource with its author, where it had to be put there.
    pub(super) fn in_own_words(&self, prepared: &Prepared) -> Result<Option<Prepared>, RecordError> {
        let Some(own) = OwnWords::of(self.actor).filter(|_| self.how.voice == Voice::Actor) else { return Ok(None) };
        let mut value = prepared.resource()?;
        match own.said(prepared.kind, &mut value).map_err(RecordError::Invalid)? {
            Said::AsItWas => Ok(None),
            Said::Marked => Ok(Some(Prepared::new(prepared.kind, &value))),
        }
    }

    /// Another program, which has its own copies of what it sends: a hold that these lack was not taken off by anybody.
    pub(super) fn is_program(&self) -> bool {
        matches!(self.actor.who(), Who::Service { .. })
    }

    /// Whether a program writes over what is sealed from it. It does not know that there was a seal, and does not take it away.
    pub(super) fn overwrites_unseen(&self, live: &Row) -> bool {
        let is_unseen = live.sensitivity.is_sealed() || live.sensitivity.is_confided();
        self.is_program() && is_unseen && self.permit(Action::Read, live).is_err()
    }

    /// Services and the box itself bring ids along; a person's new resource gets one from the server.
    pub(super) const fn may_choose_ids(&self) -> bool {
        matches!(self.actor.who(), Who::Service { .. } | Who::System { .. })
    }

    /// Why a client that named this id stored nothing there. Whoever does not choose ids hears of it, and the same whether there is
    /// none or one that they do not see (http.html#update: 405). Who expected one finds that it is not there.
    pub(super) fn not_there(&self, kind: ResourceType, id: &FhirId, condition: Condition) -> RecordError {
        let expects = matches!(condition, Condition::Version(_) | Condition::Present);
        if expects || !self.is_by_client() || self.may_choose_ids() {
            return RecordError::NotFound;
        }
        match self.sees(kind, id) {
            Ok(false) => RecordError::OwnId,
            Ok(true) => RecordError::NotFound,
            Err(error) => error,
        }
    }

    pub(super) fn facts(&self) -> RecordFacts<'_> {
        let tx: &Tx<'_> = self.tx;
        RecordFacts { read: tx, setting: self.setting, known: Known::Asking(self.kept) }
    }

    pub(super) fn targets(&self, row: &Row) -> Result<Vec<Target>, RecordError> {
        let of = |patient| Target { kind: row.kind, id: Some(row.id.clone()), patient, sensitivity: row.sensitivity };
        if row.kind == ResourceType::Patient {
            return Ok(vec![of(Some(row.id.clone()))]);
        }
        let mut targets = Vec::with_capacity(row.patients.len().max(1));
        for number in &row.patients {
            targets.push(of(Some(numbers::row(&**self.tx, *number)?.id)));
        }
        if targets.is_empty() {
            targets.push(of(None));
        }
        Ok(targets)
    }

    /// Who signs must be one who may, and so must who lets the patient see what was held. Programs and the box bring what
    /// was signed elsewhere.
    pub(super) fn permit_signing(&self, live: Option<&Row>, row: &Row) -> Result<(), RecordError> {
        if self.actor.role().is_none() {
            return Ok(());
        }
        if let Some(live) = live {
            self.not_locked(live)?;
        }
        // What a laboratory signed is taken in by a workflow of the house, which says who may, and who then signs it here.
        let is_taken_in =
            live.is_none() && self.how.voice == Voice::House && row.kind == ResourceType::DiagnosticReport;
        if signed(row)? && !is_taken_in && !live.is_some_and(|live| matches!(signed(live), Ok(true))) {
            match live {
                Some(_) => self.permit(Action::Sign, row)?,
                // Who makes a thing may seal it with that, from themselves too: that was asked when it was made.
                None => self.permit(Action::Sign, &Row { sensitivity: row.sensitivity.unsealed(), ..row.clone() })?,
            };
        }
        if let Some(live) = live.filter(|live| live.sensitivity.is_held() && !row.sensitivity.is_held()) {
            self.permit(Action::Release, live)?;
        }
        Ok(())
    }

    /// A person does not change what is signed, unless a workflow of the house does it by the clinic's rules.
    pub(super) fn not_locked(&self, live: &Row) -> Result<(), RecordError> {
        let by_person = self.actor.role().is_some() && self.how.voice == Voice::Actor;
        if by_person && access::stands_signed(live.kind) && signed(live)? {
            let text = "This is signed and is not changed any more. Add a Composition that appends to it (relatesTo).";
            let issue = Issue::error(IssueCode::BusinessRule, format!("{}.status", live.kind), text);
            return Err(RecordError::Invalid(vec![issue]));
        }
        Ok(())
    }

    /// Whether the actor may do this to the row for one of its patients at least.
    pub(super) fn permit(&self, action: Action, row: &Row) -> Result<Cut, RecordError> {
        self.permit_to(self.actor, action, row)
    }

    pub(super) fn permit_to(&self, actor: &Actor, action: Action, row: &Row) -> Result<Cut, RecordError> {
        let mut denied = Denied::NotVisible;
        for target in self.targets(row)? {
            match authorize(actor, action, &target, &self.facts(), self.now) {
                Ok(grant) => return beside::to_change(&**self.tx, grant.into_cut(), row),
                Err(error) => denied = error,
            }
        }
        Err(as_absent(denied))
    }

    /// Whether the actor may do this to the row for every one of its patients.
    pub(super) fn permit_all(&self, action: Action, row: &Row) -> Result<Cut, RecordError> {
        let mut cut = Cut::default();
        for target in self.targets(row)? {
            match authorize(self.actor, action, &target, &self.facts(), self.now) {
                Ok(grant) => cut = grant.into_cut(),
                Err(denied) => return Err(as_absent(denied)),
            }
        }
        beside::to_change(&**self.tx, cut, row)
    }
}

/// A file under rules that cannot be looked up would stand under none (binary.html#security).
pub(super) fn must_not_be_astray(prepared: &Prepared) -> Result<(), RecordError> {
    if !prepared.astray {
        return Ok(());
    }
    let text = "A file stands under the rules of a resource of this box: name it as a relative reference, such as Observation/1.";
    Err(RecordError::Invalid(vec![Issue::error(IssueCode::Value, "Binary.securityContext", text)]))
}

/// Puts back what the actor does not see, and refuses what they tried to put there.
pub(super) fn keep_cut(prepared: &Prepared, live: Option<&Row>, cut: &Cut) -> Result<Prepared, RecordError> {
    // Patients change visits of several; of whatever else they write the words are their own.
    let cut = if prepared.kind == ResourceType::Appointment { cut.clone() } else { cut.clone().with_others() };
    if cut.is_empty() {
        return Ok(prepared.clone());
    }
    let before = live.map(|live| serde_json::from_slice::<Value>(&live.json)).transpose();
    let before = before.map_err(|_| RecordError::Damaged)?;
    let mut value = prepared.resource()?;
    cut.put_back(&mut value, before.as_ref())?;
    Ok(Prepared::new(prepared.kind, &value))
}

fn signed(row: &Row) -> Result<bool, RecordError> {
    if !matches!(row.kind, ResourceType::Composition | ResourceType::DiagnosticReport) {
        return Ok(false);
    }
    let value = serde_json::from_slice(&row.json).map_err(|_| RecordError::Damaged)?;
    Ok(access::is_signed(row.kind, &value))
}

pub(super) fn as_absent(denied: Denied) -> RecordError {
    match denied {
        Denied::NotVisible => RecordError::NotFound,
        other => other.into(),
    }
}
