//! Visit notes and results from outside: what one person does on a page never undoes what another wrote, and nothing is signed
//! or let go that nobody meant.

use serde_json::json;

use crate::demo::{Caller, Demo};
use crate::ok;
use crate::screens::{between, encoded, hidden, page, sent};

#[test]
fn a_note_and_a_result_are_signed_as_they_were_meant() {
    let demo = Demo::start();
    let doctor = demo.signed_in("clinic", "clinician");
    let chart = format!("/patients/{}", demo.patient_of("patient"));
    a_held_result_stays_held_when_it_is_signed(&demo, &doctor, &chart);
}

fn value<'a>(fields: &'a [(&'static str, String)], name: &str) -> &'a str {
    fields.iter().find(|(of, _)| *of == name).map_or("", |(_, value)| value)
}

fn a_held_result_stays_held_when_it_is_signed(demo: &Demo, doctor: &Caller, chart: &str) {
    let own = demo.patient_of("patient");
    let patient = format!("Patient/{own}");
    let file = json!([
        {"resourceType": "Observation", "id": "o", "status": "final", "code": {"text": "Quark index"},
            "subject": {"reference": patient}, "valueString": "positive"},
        {"resourceType": "DiagnosticReport", "status": "final", "code": {"text": "Quark"},
            "subject": {"reference": patient}, "result": [{"reference": "Observation/o"}]},
    ]);
    let day = jiff::Zoned::now().date().checked_add(jiff::Span::new().days(9)).unwrap().to_string();
    let fields = [
        ("file", file.to_string()),
        ("sure", "yes".to_owned()),
        ("release", "hold".to_owned()),
        ("hold_reason", "To tell her in person".to_owned()),
        ("hold_until", day.clone()),
    ];
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let place = sent(doctor, &format!("{chart}/results/import"), &fields);
    let report = place.split('?').next().unwrap();
    let shown = page(doctor, report);
    let form = between(&shown.body, "id=\"release\"", "</fieldset>");
    assert!(form.contains("value=\"hold\" checked") && !form.contains("value=\"now\" checked"), "{form}");
    assert!(form.contains("value=\"To tell her in person\"") && form.contains(&format!("value=\"{day}\"")), "{form}");
    // Even a form in which nothing was chosen lets nothing go.
    sent(doctor, report, &[("version", hidden(&shown, "version")), ("act", "sign"), ("comment", "Come in, please")]);
    let me = demo.signed_in("portal", "patient");
    assert!(!page(&me, "/my/results").body.contains("Quark"));
    assert!(page(doctor, report).body.contains("To tell her in person"));
    let found = ok(&me.get("/fhir/DiagnosticReport?code:text=Quark"), 200);
    assert_eq!(found["total"].as_u64().unwrap_or(0), 0, "{found}");
}
