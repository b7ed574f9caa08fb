//! Everything that a chart's pages show of one patient, gathered in one reading: one snapshot, one entry.

use serde_json::Value;

use crate::base::FhirId;
use crate::fhir::ResourceType;
use crate::record::{Reading, RecordError, Stored, Undisclosed};

/// A patient's resources by type, clinically newest first. Types that a page did not ask for are empty.
#[derive(Debug, Clone, Default)]
pub struct Chart {
    pub patient: Value,
    resources: Vec<(ResourceType, Vec<Value>)>,
}

/// How many resources of a type a page shows at most; a page that shows fewer than there are says so.
pub const MOST: usize = 5_000;

/// What stands on every page of a chart: who, allergies, problems, medicines.
pub const FRAME: &[ResourceType] = &[
    ResourceType::AllergyIntolerance,
    ResourceType::Condition,
    ResourceType::MedicationRequest,
    ResourceType::MedicationStatement,
];

impl Chart {
    /// Reads the patient and, of each type that this actor may read at all, what is theirs to see.
    pub fn read(
        reading: &mut Reading<'_>,
        patient: &FhirId,
        kinds: &[ResourceType],
    ) -> Result<Undisclosed<Self>, RecordError> {
        let mut chart = reading.read(ResourceType::Patient, patient)?.map(|stored| {
            let patient = json(&stored);
            Self { patient, resources: Vec::new() }
        });
        for &kind in kinds {
            let found = match reading.of_patient(patient, kind, MOST) {
                Ok(found) => found,
                Err(RecordError::Denied(_)) => continue,
                Err(error) => return Err(error),
            };
            chart = chart.zip(found).map_with(kind, |(mut chart, found), kind| {
                chart.resources.push((kind, found.iter().map(json).collect()));
                chart
            });
        }
        Ok(chart)
    }

    /// A chart of resources at hand.
    #[cfg(test)]
    pub const fn holding(patient: Value, resources: Vec<(ResourceType, Vec<Value>)>) -> Self {
        Self { patient, resources }
    }

    pub fn of(&self, kind: ResourceType) -> &[Value] {
        self.resources.iter().find(|(of, _)| *of == kind).map_or(&[], |(_, found)| found)
    }
}

fn json(stored: &Stored) -> Value {
    serde_json::from_slice(&stored.json).unwrap_or_default()
}
