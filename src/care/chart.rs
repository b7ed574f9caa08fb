//! Everything that a chart's pages show of one patient, gathered in one reading: one snapshot, one entry.

use serde_json::Value;

use crate::base::FhirId;
use crate::fhir::{ResourceType, samples};
use crate::record::{Choose, OfEach, OfPatient, Reading, RecordError, Stored, SummaryParts, Undisclosed};

/// A patient's resources by type, clinically newest first. Types that a page did not ask for are empty.
#[derive(Debug, Clone, Default)]
pub struct Chart {
    pub patient: Value,
    /// Whether more of it than who the patient is may be seen: an empty list of a closed record says nothing.
    pub open: bool,
    resources: Vec<(ResourceType, Vec<Value>)>,
    /// The Medications that prescriptions and statements refer to.
    medications: Vec<Value>,
    shortened: Vec<ResourceType>,
}

/// How many resources of a type a page shows at most; a page that shows fewer than there are says so.
pub const MOST: usize = 5_000;

/// In how many of the newest reports it is looked of what sample the values are, where not all values are shown.
const REPORTS: usize = 1_000;

/// How far back the newest of each kind are looked for, in rows of the index.
const LOOKED: usize = 20_000;

/// What stands on every page of a chart: who, allergies, problems, medicines.
pub const FRAME: &[ResourceType] = &[
    ResourceType::AllergyIntolerance,
    ResourceType::Condition,
    ResourceType::MedicationRequest,
    ResourceType::MedicationStatement,
];

/// Which of a type's resources a page needs. What it does not need is not opened, and the log does not name it.
#[derive(Debug, Clone, Copy)]
pub enum Part<C> {
    /// Up to [`MOST`].
    All,
    /// As many of the newest; that there are more is no news.
    Newest(usize),
    /// Those of the newest [`MOST`] that the function names by their place.
    Chosen(C, Choose<C>),
    /// Those that the function names of so many of the newest of each kind.
    OfEach(usize, C, Choose<C>),
}

impl Chart {
    /// Reads the patient and, of each type that this actor may read at all, what is theirs to see.
    pub fn read(
        reading: &mut Reading<'_>,
        patient: &FhirId,
        kinds: &[ResourceType],
    ) -> Result<Undisclosed<Self>, RecordError> {
        Self::read_parts(reading, patient, kinds.iter().map(|kind| (*kind, Part::<()>::All)))
    }

    /// [`Chart::read`], of each type no more than the page needs.
    pub fn read_parts<C: Copy>(
        reading: &mut Reading<'_>,
        patient: &FhirId,
        parts: impl IntoIterator<Item = (ResourceType, Part<C>)>,
    ) -> Result<Undisclosed<Self>, RecordError> {
        let open = reading.reaches(patient);
        let mut chart = reading.read(ResourceType::Patient, patient)?.map_with(open, |stored, open| {
            let patient = stored.value();
            Self { patient, open, ..Self::default() }
        });
        let parts: Vec<(ResourceType, Part<C>)> = parts.into_iter().collect();
        let sampled = samples_of(reading, patient, &parts)?;
        for (kind, part) in parts {
            let found = match part {
                Part::All => reading.of_patient(patient, kind, MOST),
                Part::Newest(most) => reading.of_patient(patient, kind, most).map(|found| found.map(newest)),
                Part::OfEach(each, with, choose) => {
                    let size = OfEach { each, most: MOST, looked: LOOKED };
                    reading.chosen_of_each(patient, kind, size, with, choose)
                }
                Part::Chosen(with, choose) => reading.chosen_of_patient(patient, kind, MOST, with, choose),
            };
            let found = match found {
                Ok(found) => found,
                Err(RecordError::Denied(_)) => continue,
                Err(error) => return Err(error),
            };
            chart = chart.zip(found).map_with(kind, |(mut chart, part), kind| {
                chart.add(kind, part);
                chart
            });
            if matches!(kind, ResourceType::MedicationRequest | ResourceType::MedicationStatement) {
                match reading.referred_of_patient(patient, kind, ResourceType::Medication, MOST) {
                    Ok(along) => chart = chart.zip(along).map(named),
                    Err(RecordError::Denied(_)) => {}
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(match sampled {
            Some(reports) => chart.zip(reports).map(|(chart, reports)| {
                let reports: Vec<Value> = reports.found.iter().map(Stored::value).collect();
                chart.sampled(&reports)
            }),
            None => chart.map(|chart| {
                let all = chart.of(ResourceType::DiagnosticReport).iter();
                let reports: Vec<Value> = all.filter(|report| samples::names_one(report)).cloned().collect();
                chart.sampled(&reports)
            }),
        })
    }

    /// Each value says of what sample it is, as one of these reports has it.
    #[must_use]
    fn sampled(mut self, reports: &[Value]) -> Self {
        for (_, values) in self.resources.iter_mut().filter(|(kind, _)| *kind == ResourceType::Observation) {
            samples::of_reports(values, reports);
        }
        self
    }

    /// The chart of what a summary is made of.
    pub fn of_summary(parts: &SummaryParts) -> Self {
        let along = parts.along.iter().filter(|one| one.kind == ResourceType::Medication);
        let medications = along.map(Stored::value).collect();
        let mut chart = Self { patient: parts.patient.value(), medications, ..Self::default() };
        for one in &parts.chosen {
            match chart.resources.iter_mut().find(|(kind, _)| *kind == one.kind) {
                Some((_, all)) => all.push(one.value()),
                None => chart.resources.push((one.kind, vec![one.value()])),
            }
        }
        chart
    }

    /// A chart of resources at hand.
    #[cfg(test)]
    pub const fn holding(patient: Value, resources: Vec<(ResourceType, Vec<Value>)>) -> Self {
        Self { patient, open: true, resources, medications: Vec::new(), shortened: Vec::new() }
    }

    /// The same with Medications that were read along.
    #[cfg(test)]
    #[must_use]
    pub fn along(self, medications: Vec<Value>) -> Self {
        Self { medications, ..self }
    }

    pub fn of(&self, kind: ResourceType) -> &[Value] {
        self.resources.iter().find(|(of, _)| *of == kind).map_or(&[], |(_, found)| found)
    }

    /// The Medications that its prescriptions and statements refer to, as far as they may be seen.
    pub fn medications(&self) -> &[Value] {
        &self.medications
    }

    /// The types of which the record holds more than the [`MOST`] that are here.
    pub fn shortened(&self) -> &[ResourceType] {
        &self.shortened
    }

    fn add(&mut self, kind: ResourceType, part: OfPatient) {
        if part.more {
            self.shortened.push(kind);
        }
        self.resources.push((kind, part.found.iter().map(Stored::value).collect()));
    }
}

/// The reports that say of what sample the values of a page are, where the page does not read all reports itself.
fn samples_of<C: Copy>(
    reading: &mut Reading<'_>,
    patient: &FhirId,
    parts: &[(ResourceType, Part<C>)],
) -> Result<Option<Undisclosed<OfPatient>>, RecordError> {
    let part_of = |of: ResourceType| parts.iter().find(|(kind, _)| *kind == of).map(|(_, part)| part);
    let Some(values) = part_of(ResourceType::Observation) else { return Ok(None) };
    if matches!(part_of(ResourceType::DiagnosticReport), Some(Part::All)) {
        return Ok(None);
    }
    let most = if matches!(values, Part::All) { MOST } else { REPORTS };
    let name_one: Choose<()> = |all, ()| {
        all.iter().enumerate().filter(|(_, report)| samples::names_one(report)).map(|(place, _)| place).collect()
    };
    match reading.chosen_of_patient(patient, ResourceType::DiagnosticReport, most, (), name_one) {
        Ok(found) => Ok(Some(found)),
        Err(RecordError::Denied(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

fn named((mut chart, along): (Chart, Vec<Stored>)) -> Chart {
    chart.medications.extend(along.iter().map(Stored::value));
    chart
}

/// Who asked for the newest few knows that there may be more.
fn newest(found: OfPatient) -> OfPatient {
    OfPatient { more: false, ..found }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chart_knows_of_which_type_it_holds_not_everything() {
        let mut chart = Chart::default();
        chart.add(ResourceType::Observation, OfPatient { found: Vec::new(), more: true });
        chart.add(ResourceType::Condition, OfPatient { found: Vec::new(), more: false });
        assert_eq!(chart.shortened(), [ResourceType::Observation]);
        assert!(!newest(OfPatient { found: Vec::new(), more: true }).more);
    }
}
