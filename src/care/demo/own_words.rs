//! What Halina Brandvold brought and asked for herself: home measurements, a letter from elsewhere, requests, somebody who may
//! see her record.

use data_encoding::BASE64;
use serde_json::{Value, json};

use super::chart::Chart;
use super::make::{at, days_before};
use crate::base::{FhirId, Timestamp};
use crate::care::consents::CATEGORY;
use crate::care::own::{self, Measure, Typed};
use crate::care::requests::{self, Asked, Kind, Step};
use crate::care::uploads::{PATIENT_REPORTED, TO_SEE, tag};
use crate::record::EXTENT;

pub(super) fn bring(chart: &mut Chart) {
    measurements(chart);
    letter(chart);
    asked(chart);
    let (given, family) = ("Piotr", "Brandvold");
    let related = json!({
        "active": true,
        "patient": chart.person.reference(),
        "relationship": [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-RoleCode", "code": "SPS"}], "text": "Partner"}],
        "name": [{"use": "official", "family": family, "given": [given]}],
        "period": {"start": days_before(chart.today, 210).to_string()},
    });
    let related = chart.add("RelatedPerson", related);
    let consent = json!({
        "status": "active",
        "scope": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/consentscope", "code": "patient-privacy"}]},
        "category": [{"coding": [{"system": CATEGORY, "code": "proxy"}]}],
        "patient": chart.person.reference(),
        "dateTime": at(days_before(chart.today, 210), 18 * 60 + 20),
        "policyRule": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "OPTIN"}]},
        "provision": {
            "type": "permit",
            "actor": [{"role": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-RoleCode", "code": "DELEGATEE"}]}, "reference": related}],
            "action": [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/consentaction", "code": "access"}]}],
            "code": [{"coding": [{"system": EXTENT, "code": "view"}]}],
        },
    });
    chart.add("Consent", consent);
}

/// The patient as somebody who says something.
fn herself(chart: &Chart) -> Value {
    let mut by = chart.person.reference();
    if let Some(members) = by.as_object_mut() {
        members.insert("display".into(), format!("{} {}", chart.person.given, chart.person.family).into());
    }
    by
}

fn id_of(chart: &Chart) -> Option<FhirId> {
    let text = chart.person.reference();
    FhirId::parse(text.get("reference")?.as_str()?.strip_prefix("Patient/")?).ok()
}

fn moment(chart: &Chart, days: i64, minute: i64) -> Timestamp {
    at(days_before(chart.today, days), minute).parse().unwrap_or_default()
}

/// Adds a resource that a workflow made.
fn put(chart: &mut Chart, kind: &str, mut made: Value) {
    if let Some(members) = made.as_object_mut() {
        members.shift_remove("resourceType");
    }
    chart.add(kind, made);
}

fn measurements(chart: &mut Chart) {
    let Some(patient) = id_of(chart) else { return };
    let (by, utc) = (herself(chart), jiff::tz::TimeZone::UTC);
    for (kind, value, second, days, minute, note) in [
        ("pressure", "141", "84", 2, 7 * 60 + 40, "before breakfast"),
        ("pressure", "138", "82", 6, 7 * 60 + 35, ""),
        ("pressure", "144", "86", 11, 7 * 60 + 50, ""),
        ("pressure", "139", "85", 16, 7 * 60 + 30, ""),
        ("weight", "81.6", "", 3, 7 * 60 + 20, ""),
        ("weight", "82.0", "", 17, 7 * 60 + 25, ""),
        ("glucose", "7.4", "", 2, 7 * 60 + 45, "before breakfast"),
        ("glucose", "6.9", "", 9, 7 * 60 + 45, "before breakfast"),
    ] {
        let Some(measure) = Measure::from_code(kind) else { continue };
        let day = days_before(chart.today, days).to_string();
        let time = format!("{:02}:{:02}", minute / 60, minute % 60);
        let unit = measure.units.first().map_or("", |(unit, _)| unit.ucum);
        let typed = Typed { value, second, unit, day: &day, time: &time, note };
        let Ok(measured) = own::measured(measure, &typed, None, moment(chart, 0, 23 * 60), &utc) else { continue };
        put(chart, "Observation", own::observation(&measured, &patient, &by, note));
    }
    let told = "Gall bladder out in my forties. Appendix as a girl. My mother had diabetes, my father a stroke at 71.";
    if let Some(history) = own::history("past", told, &patient, &by, moment(chart, 40, 20 * 60)) {
        put(chart, "Observation", history);
    }
}

fn letter(chart: &mut Chart) {
    let text = ["Bayview Physiotherapy", "Halina Brandvold", "Six exercises for the right knee, every second day."];
    let bytes = page(&text);
    let (day, size) = (days_before(chart.today, 5), bytes.len());
    let binary = json!({
        "contentType": "application/pdf",
        "securityContext": chart.person.reference(),
        "data": BASE64.encode(&bytes),
    });
    let binary = chart.add("Binary", binary);
    let url = binary.get("reference").cloned().unwrap_or_default();
    let document = json!({
        "meta": {"tag": [tag(PATIENT_REPORTED), tag(TO_SEE)]},
        "status": "current",
        "type": {"coding": [{"system": "http://loinc.org", "code": "51852-2"}], "text": "Letter"},
        "subject": chart.person.reference(),
        "date": at(day, 19 * 60 + 12),
        "author": [herself(chart)],
        "description": "The exercises that I was given. Are they right for my knee?",
        "content": [{"attachment": {"contentType": "application/pdf", "url": url, "title": "Exercises from physiotherapy",
            "size": size, "creation": at(day, 19 * 60 + 12)}}],
    });
    chart.add("DocumentReference", document);
}

/// A PDF of one page with these lines (ISO 32000-1, 7.5).
fn page(lines: &[&str]) -> Vec<u8> {
    let shown: String = lines.iter().map(|line| format!("({line}) Tj 0 -22 Td ")).collect();
    let content = format!("BT /F1 14 Tf 72 760 Td {shown}ET");
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>".to_owned(),
        format!("<< /Length {} >>\nstream\n{content}\nendstream", content.len()),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_owned(),
    ];
    let mut pdf = "%PDF-1.4\n".to_owned();
    let mut places = Vec::new();
    for (number, object) in (1..).zip(&objects) {
        places.push(pdf.len());
        pdf.push_str(&format!("{number} 0 obj\n{object}\nendobj\n"));
    }
    let table = pdf.len();
    pdf.push_str(&format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1));
    places.iter().for_each(|place| pdf.push_str(&format!("{place:010} 00000 n \n")));
    let end = format!("trailer\n<< /Size {} /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n", objects.len() + 1);
    pdf.push_str(&end);
    pdf.into_bytes()
}

fn asked(chart: &mut Chart) {
    let Some(patient) = id_of(chart) else { return };
    let (by, utc) = (herself(chart), jiff::tz::TimeZone::UTC);
    let task = |kind, words: &str, at| {
        let asked = Asked {
            kind,
            patient: patient.clone(),
            by: by.clone(),
            words: words.to_owned(),
            about: None,
            at_once: None,
        };
        requests::task(asked, at, &utc)
    };
    let open = [
        (Kind::Correction, "Under “Habits” it says that I smoke. I stopped in 2009.", 12),
        (Kind::Copy, "On paper, please. I fetch it at the reception.", 33),
    ];
    let made: Vec<Value> =
        open.iter().map(|(kind, words, days)| task(*kind, words, moment(chart, *days, 20 * 60))).collect();
    let mut answered = task(Kind::Accounting, "", moment(chart, 60, 9 * 60));
    if let Some(members) = answered.as_object_mut() {
        members.insert("id".into(), "x".into());
    }
    let step = Step::Answer("The list is ready: download it here. Your insurance was sent nothing.".into());
    let whom = json!({"display": "Johanna Pryce-Quill"});
    let answered = requests::stepped(answered, &step, &whom, moment(chart, 52, 11 * 60), &utc);
    for mut task in made.into_iter().chain(answered.ok()) {
        if let Some(members) = task.as_object_mut() {
            members.shift_remove("id");
        }
        put(chart, "Task", task);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::care::uploads;

    #[test]
    fn the_letter_is_a_pdf_that_the_box_would_take() {
        let looked = uploads::look(&page(&["Hello", "you"])).unwrap();
        assert_eq!(looked.kind, uploads::Type::Pdf);
    }
}
