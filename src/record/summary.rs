//! What the summary of a patient's record is made of (`$summary`): chosen under the policy; the document is `fhir::ips`'s.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Stored;
use super::disclosure::Undisclosed;
use super::error::RecordError;
use super::numbers::{find, row};
use super::prepared::references_of;
use super::reading::{Reading, stored};
use super::rows::{RowNumber, State};
use crate::access::{Action, Denied};
use crate::base::FhirId;
use crate::fhir::{ResourceType, ips, samples};

/// How many resources of one type are looked through for what belongs into a summary.
const MOST_LOOKED_THROUGH: usize = 2_000;

/// The parts of one summary, as they may be seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SummaryParts {
    pub patient: Stored,
    /// Each type newest first.
    pub chosen: Vec<Stored>,
    /// What those refer to, as far as it helps to understand them.
    pub along: Vec<Stored>,
}

impl Reading<'_> {
    /// The parts of a summary: for whoever may take a copy of the whole record. What does not belong into it is not
    /// opened.
    pub fn summary(&mut self, patient: &FhirId) -> Result<Undisclosed<SummaryParts>, RecordError> {
        let (number, own) = self.authorized(Action::Everything, ResourceType::Patient, patient)?;
        if own.state == State::Deleted {
            return Err(RecordError::Gone);
        }
        let cut = self.permit(Action::Everything, &own)?;
        let mut touched = Vec::new();
        let kind = self.opened();
        self.touch(&own, kind, &mut touched)?;
        let mut seen = BTreeSet::from([number]);
        let mut parts = SummaryParts { patient: stored(own, &cut)?, chosen: vec![], along: vec![] };
        let mut waiting = Vec::new();
        // To leave out what is older would be to say that there is none: a record that is too much is refused.
        let mut room = self.most_given();
        let mut reports = Vec::new();
        for of in ips::KINDS {
            let rows = match self.rows_within(patient, of, MOST_LOOKED_THROUGH, room) {
                Ok((rows, _)) => rows,
                Err(RecordError::Denied(Denied::NeverForRole | Denied::NotVisible)) => continue,
                Err(error) => return Err(error),
            };
            let mut all = Vec::with_capacity(rows.len());
            let mut values = Vec::with_capacity(rows.len());
            for (row, cut) in rows {
                self.look_into(&row)?;
                room = room.saturating_sub(row.json.len());
                let one = stored(row.clone(), &cut)?;
                values.push(serde_json::from_slice::<Value>(&one.json).map_err(|_| RecordError::Damaged)?);
                all.push(Some((row, one)));
            }
            // Of what sample a value is may be said by its report alone, which need not be in the summary.
            let mut sampled = Vec::new();
            match of {
                ResourceType::DiagnosticReport => {
                    reports.extend(values.iter().filter(|one| samples::names_one(one)).cloned());
                }
                ResourceType::Observation => sampled = samples::of_reports(&mut values, &reports),
                _ => {}
            }
            for place in ips::choose(&values, of) {
                let Some((row, mut one)) = all.get_mut(place).and_then(Option::take) else { continue };
                if let Some(value) = values.get(place).filter(|_| sampled.binary_search(&place).is_ok()) {
                    one.json = serde_json::to_vec(value).map_err(|_| RecordError::Damaged)?.into();
                }
                self.give(&one.json)?;
                self.touch(&row, kind, &mut touched)?;
                seen.extend(find(self.read, of, &row.id)?);
                waiting.extend(values.get(place).map(references_of).unwrap_or_default());
                parts.chosen.push(one);
            }
        }
        let mut rest = Vec::new();
        while let Some(reference) = waiting.pop() {
            self.go_on()?;
            let Some(number) = self.helps(&reference, number)?.filter(|number| seen.insert(*number)) else { continue };
            let row = row(self.read, number)?;
            if row.state != State::Live || !self.may_see(&row)? {
                continue;
            }
            self.look_into(&row)?;
            self.give(&row.json)?;
            let cut = self.cut_of(&row)?;
            self.touch(&row, kind, &mut touched)?;
            let one = stored(row, &cut)?;
            let value: Value = serde_json::from_slice(&one.json).map_err(|_| RecordError::Damaged)?;
            waiting.extend(references_of(&value));
            rest.push(one);
        }
        rest.sort_by(|a, b| (a.kind, &a.id).cmp(&(b.kind, &b.id)));
        parts.along = rest;
        Ok(self.covered(parts, touched))
    }

    /// The row of what a summary refers to, if it helps to understand it and is nobody's or this patient's.
    fn helps(
        &self,
        reference: &crate::base::ResourceRef,
        patient: RowNumber,
    ) -> Result<Option<RowNumber>, RecordError> {
        let kind = ResourceType::parse(reference.type_name()).filter(|kind| ips::ALONG.contains(kind));
        let Some(kind) = kind else { return Ok(None) };
        let Some(number) = find(self.read, kind, &reference.id())? else { return Ok(None) };
        let patients = row(self.read, number)?.patients;
        Ok((patients.is_empty() || patients.contains(&patient)).then_some(number))
    }
}
