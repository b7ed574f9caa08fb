//! The International Patient Summary of one patient, as a document: what was read of the record, put into form.

use jiff::tz::TimeZone;
use serde_json::Value;

use crate::base::{Ambient, FhirId};
use crate::fhir::ips::{self, Ids, Input};
use crate::record::{Stored, SummaryParts};

/// Who makes a summary, and where it can be asked for.
#[derive(Debug, Clone, Copy)]
pub struct Maker<'a> {
    /// The clinic's name.
    pub clinic: &'a str,
    /// The base of absolute addresses: `https://box.example/fhir`.
    pub base: &'a str,
    /// How a prescription or a statement says to take it, in English.
    pub dose: fn(&Value, &TimeZone) -> Option<String>,
    /// The clinic's.
    pub zone: &'a TimeZone,
}

/// The document; `None` where a stored resource does not read.
pub fn document(parts: &SummaryParts, maker: Maker<'_>, ambient: &Ambient) -> Option<Value> {
    let read = |stored: &Stored| serde_json::from_slice::<Value>(&stored.json).ok();
    let all = |list: &[Stored]| list.iter().map(read).collect::<Option<Vec<Value>>>();
    let (patient, chosen, along) = (read(&parts.patient)?, all(&parts.chosen)?, all(&parts.along)?);
    let new = || FhirId::new(ambient).to_string();
    let ids = Ids { document: new(), composition: new(), clinic: clinic_id(maker) };
    let now = ambient.now();
    let Maker { clinic, base, dose, zone } = maker;
    let input = Input { patient: &patient, chosen: &chosen, along: &along, dose, zone, base, clinic, now, ids: &ids };
    Some(ips::document(&input))
}

/// The same for one clinic at one box, so that its summaries name it alike: a UUID of our own making (RFC 9562 §5.8).
fn clinic_id(maker: Maker<'_>) -> String {
    let mut hasher = blake3::Hasher::new_derive_key("chartbox 2026-11-28 clinic in a summary");
    hasher.update(maker.base.as_bytes()).update(&[0]).update(maker.clinic.as_bytes());
    let mut bytes = [0; 16];
    hasher.finalize_xof().fill(&mut bytes);
    uuid::Builder::from_custom_bytes(bytes).into_uuid().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clinic_keeps_its_id_and_another_has_another() {
        let one = Maker { clinic: "A", base: "https://box/fhir", dose: |_, _| None, zone: &TimeZone::UTC };
        assert_eq!(clinic_id(one), clinic_id(one));
        assert_eq!(clinic_id(one).as_bytes().get(14), Some(&b'8'), "{}", clinic_id(one));
        assert_ne!(clinic_id(one), clinic_id(Maker { clinic: "B", ..one }));
    }
}
