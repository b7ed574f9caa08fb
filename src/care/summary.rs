//! The International Patient Summary of one patient, as a document: what was read of the record, put into form.

use jiff::tz::TimeZone;
use serde_json::Value;

use super::Chart;
use super::prescribe;
use super::within::text;
use crate::base::{Ambient, FhirId, Timestamp};
use crate::fhir::ResourceType as R;
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
    /// What else the record says of it that it may not be taken now, in English.
    pub besides: fn(&Value, &Chart, &TimeZone, Timestamp) -> Vec<String>,
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
    let Maker { clinic, base, dose, besides, zone } = maker;
    let chart = Chart::of_summary(parts);
    let chosen = kept(chosen, &chart, zone);
    let medicines = chart.of(R::MedicationRequest).iter().chain(chart.of(R::MedicationStatement));
    let besides = medicines.map(|one| (ips::name_of(one), besides(one, &chart, zone, now))).collect();
    let input = Input {
        patient: &patient,
        chosen: &chosen,
        along: &along,
        dose,
        besides: &besides,
        zone,
        base,
        clinic,
        now,
        ids: &ids,
    };
    Some(ips::document(&input))
}

/// Without what adds nothing to a prescription: that it is taken as it says, and of the words that it is not taken all but the one
/// that counts.
fn kept(chosen: Vec<Value>, chart: &Chart, zone: &TimeZone) -> Vec<Value> {
    let newest = prescribe::not_taking(chart.of(R::MedicationStatement).iter(), zone);
    let adds = |one: &Value| match prescribe::statement(one) {
        Some((of, true, _)) => newest.get(of).is_some_and(|word| word.statement == text(one, "/id")),
        _ => !prescribe::goes_with(one, chart.of(R::MedicationRequest), chart.medications()),
    };
    chosen.into_iter().filter(|one| text(one, "/resourceType") != R::MedicationStatement.name() || adds(one)).collect()
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
        let (dose, besides) = (|_: &Value, _: &TimeZone| None, |_: &Value, _: &Chart, _: &TimeZone, _| Vec::new());
        let one = Maker { clinic: "A", base: "https://box/fhir", dose, besides, zone: &TimeZone::UTC };
        assert_eq!(clinic_id(one), clinic_id(one));
        assert_eq!(clinic_id(one).as_bytes().get(14), Some(&b'8'), "{}", clinic_id(one));
        assert_ne!(clinic_id(one), clinic_id(Maker { clinic: "B", ..one }));
    }

    #[test]
    fn of_what_is_said_of_a_prescription_what_adds_something_is_kept() {
        let request = serde_json::json!({"resourceType": "MedicationRequest", "id": "r", "status": "active",
            "intent": "order", "medicationCodeableConcept": {"text": "Amoxicillin"}});
        let said = |id: &str, status: &str, medicine: &str, day: &str, source: &str| {
            serde_json::json!({"resourceType": "MedicationStatement", "id": id, "status": status, "dateAsserted": day,
                "medicationCodeableConcept": {"text": medicine}, "informationSource": {"reference": source},
                "basedOn": [{"reference": "MedicationRequest/r"}]})
        };
        let (p, w) = ("Patient/p", "Organization/w");
        let ids = |statements: Vec<Value>| {
            let all = vec![(R::MedicationRequest, vec![request.clone()]), (R::MedicationStatement, statements.clone())];
            let chart = Chart::holding(serde_json::json!({"id": "p"}), all);
            let kept = kept(statements, &chart, &TimeZone::UTC);
            kept.iter().map(|one| text(one, "/id").to_owned()).collect::<Vec<_>>()
        };
        let other = said("o", "active", "Doxycycline", "2026-11-01", w);
        assert_eq!(ids(vec![other, said("s", "active", "Amoxicillin", "2026-11-01", w)]), ["o"]);
        let [first, then] = ["2026-11-01", "2026-11-02"];
        let not = |id: &str, day: &str| said(id, "not-taken", "Amoxicillin", day, p);
        assert_eq!(ids(vec![not("b", then), not("a", first)]), ["b"], "the newest word");
        assert!(ids(vec![said("b", "active", "Amoxicillin", then, p), not("a", first)]).is_empty(), "taken again");
    }
}
