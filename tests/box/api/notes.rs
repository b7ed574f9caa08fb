//! Visit notes and results from outside: what one person does on a page never undoes what another wrote, and nothing is signed
//! or let go that nobody meant.

use serde_json::json;

use crate::api::ok;
use crate::api::screens::{between, encoded, hidden, page, sent};
use crate::client::Answer;
use crate::demo::{Caller, Demo};

#[test]
fn a_note_and_a_result_are_signed_as_they_were_meant() {
    let demo = Demo::start();
    let (doctor, nurse) = (demo.signed_in("clinic", "clinician"), demo.signed_in("clinic", "nurse"));
    let chart = format!("/patients/{}", demo.patient_of("patient"));
    what_only_the_other_changed_is_taken(&doctor, &nurse, &chart);
    what_both_changed_is_settled_before_it_is_signed(&doctor, &nurse, &chart);
    a_blank_is_asked_about(&doctor, &chart);
    a_phrase_says_nothing_that_the_form_refuses(&doctor, &chart);
    an_addendum_is_kept(&doctor, &chart);
    notes_that_are_documents_are_listed(&doctor, &chart);
    a_held_result_stays_held_when_it_is_signed(&demo, &doctor, &chart);
}

/// What the form of a note would send as it stands.
fn form(shown: &Answer) -> Vec<(&'static str, String)> {
    let mut fields = vec![("version", hidden(shown, "version").to_owned()), ("seen", hidden(shown, "seen").to_owned())];
    for name in ["reason", "systolic", "diastolic", "pulse"] {
        let input = between(&shown.body, &format!("<input id=\"{name}\""), ">");
        fields.push((name, between(input, "value=\"", "\"").to_owned()));
    }
    for name in ["subjective", "objective", "assessment", "plan"] {
        let area = between(&shown.body, &format!("<textarea id=\"{name}\""), "</textarea>");
        fields.push((name, area.split_once('>').unwrap().1.to_owned()));
    }
    fields
}

/// Sends it with these fields changed.
fn send(caller: &Caller, note: &str, shown: &Answer, changed: &[(&'static str, &str)]) -> Answer {
    let mut fields = form(shown);
    fields.retain(|(name, _)| !changed.iter().any(|(other, _)| other == name));
    fields.extend(changed.iter().map(|(name, value)| (*name, (*value).to_owned())));
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    caller.form(note, &encoded(&fields))
}

fn value<'a>(fields: &'a [(&'static str, String)], name: &str) -> &'a str {
    fields.iter().find(|(of, _)| *of == name).map_or("", |(_, value)| value)
}

/// A new note of the visit: its address.
fn begun(doctor: &Caller, chart: &str) -> String {
    sent(doctor, &format!("{chart}/notes"), &[]).split('?').next().unwrap().to_owned()
}

#[track_caller]
fn is_signed(answer: &Answer) {
    assert_eq!(answer.status, 303, "{}", answer.body);
    assert!(answer.header("location").unwrap().ends_with("?done=signed"), "{:?}", answer.header("location"));
}

fn what_only_the_other_changed_is_taken(doctor: &Caller, nurse: &Caller, chart: &str) {
    let note = begun(doctor, chart);
    let (mine, hers) = (page(doctor, &note), page(nurse, &note));
    let measured = [("objective", "Swollen left ankle."), ("systolic", "152"), ("diastolic", "91"), ("act", "save")];
    assert_eq!(send(nurse, &note, &hers, &measured).status, 303);
    // To sign is to sign what one has seen.
    let shown = send(doctor, &note, &mine, &[("plan", "Rest."), ("act", "sign")]);
    assert_eq!(shown.status, 409, "{}", shown.body);
    assert!(shown.body.contains("What only they changed") && !shown.body.contains("name=\"keep_"), "{}", shown.body);
    let fields = form(&shown);
    assert_eq!((value(&fields, "objective"), value(&fields, "plan")), ("Swollen left ankle.", "Rest."));
    assert_eq!((value(&fields, "systolic"), value(&fields, "diastolic")), ("152", "91"));
    is_signed(&send(doctor, &note, &shown, &[("act", "sign")]));
    let signed = page(doctor, &note).body;
    assert!(
        signed.contains("Swollen left ankle.") && signed.contains("152/91") && signed.contains("Rest."),
        "{signed}"
    );
}

fn what_both_changed_is_settled_before_it_is_signed(doctor: &Caller, nurse: &Caller, chart: &str) {
    let note = begun(doctor, chart);
    let (mine, hers) = (page(doctor, &note), page(nurse, &note));
    assert_eq!(send(nurse, &note, &hers, &[("objective", "Wheeze."), ("act", "save")]).status, 303);
    let mut shown = send(doctor, &note, &mine, &[("objective", "Chest clear."), ("act", "save")]);
    assert_eq!(shown.status, 409, "{}", shown.body);
    // Neither a template nor a signature passes it, and both texts stand there all the time.
    let at = format!("{note}?tab=t1");
    let template = [("act", "template"), ("template", "blood-pressure"), ("at", at.as_str())];
    assert_eq!(send(doctor, &note, &shown, &template).status, 303);
    shown = page(doctor, &at);
    for act in ["sign", "save", "sign-as-it-stands"] {
        assert!(shown.body.contains("Wheeze.") && shown.body.contains("name=\"keep_objective\""), "{}", shown.body);
        shown = send(doctor, &note, &shown, &[("act", act), ("at", at.as_str())]);
        assert_eq!(shown.status, 409, "{act}: {}", shown.body);
    }
    let answer = send(doctor, &note, &shown, &[("act", "sign-as-it-stands"), ("keep_objective", "both")]);
    is_signed(&answer);
    let signed = page(doctor, &note).body;
    assert!(signed.contains("Wheeze.\nChest clear."), "{signed}");
}

fn a_blank_is_asked_about(doctor: &Caller, chart: &str) {
    let note = begun(doctor, chart);
    let at = format!("{note}?tab=t2");
    let mut shown = page(doctor, &note);
    let template = [("act", "template"), ("template", "cough"), ("at", at.as_str())];
    assert_eq!(send(doctor, &note, &shown, &template).status, 303);
    shown = page(doctor, &at);
    assert!(value(&form(&shown), "subjective").contains("Cough since ___;"), "{}", shown.body);
    shown = send(doctor, &note, &shown, &[("act", "sign")]);
    assert_eq!(shown.status, 422, "{}", shown.body);
    assert!(
        shown.body.contains("Subjective still has a blank") && !shown.body.contains("Plan still has"),
        "{}",
        shown.body
    );
    is_signed(&send(doctor, &note, &shown, &[("act", "sign"), ("subjective", "Cough since Monday.")]));
}

fn a_phrase_says_nothing_that_the_form_refuses(doctor: &Caller, chart: &str) {
    let note = begun(doctor, chart);
    let wrong =
        [("systolic", "1480"), ("diastolic", "86"), ("objective", ".bp"), ("plan", ".allergies"), ("act", "save")];
    let shown = send(doctor, &note, &page(doctor, &note), &wrong);
    assert_eq!(shown.status, 422, "{}", shown.body);
    let fields = form(&shown);
    assert_eq!(value(&fields, "objective"), ".bp");
    assert!(value(&fields, "plan").contains("anaphylaxis, severe"), "{fields:?}");
    assert_eq!(send(doctor, &note, &shown, &[("systolic", "148"), ("act", "save")]).status, 303);
    let saved = form(&page(doctor, &note));
    assert_eq!(value(&saved, "objective"), "Blood pressure 148/86 mmHg");
    is_signed(&send(doctor, &note, &page(doctor, &note), &[("act", "sign")]));
}

fn an_addendum_is_kept(doctor: &Caller, chart: &str) {
    let note = begun(doctor, chart);
    is_signed(&send(doctor, &note, &page(doctor, &note), &[("plan", "Rest."), ("act", "sign")]));
    let draft = encoded(&[("at", note.as_str()), ("addendum", "The X-ray is back."), ("once", "x")]);
    assert_eq!(doctor.form("/drafts", &draft).status, 204);
    let shown = page(doctor, &note);
    let area = between(&shown.body, "<textarea id=\"addendum\"", "</textarea>");
    assert!(area.ends_with(">The X-ray is back."), "{area}");
    assert!(shown.body.contains("action=\"/drafts/discard\""), "it says that it was kept");
    let at = note.as_str();
    let answer =
        doctor.form(&format!("{note}/addenda"), &encoded(&[("at", at), ("addendum", "Seen ___."), ("act", "sign")]));
    assert_eq!(answer.status, 422, "{}", answer.body);
    assert!(answer.body.contains("Sign as it stands"), "{}", answer.body);
    sent(doctor, &format!("{note}/addenda"), &[("at", at), ("addendum", "The X-ray is back."), ("act", "sign")]);
    assert_eq!(page(doctor, &note).body.matches("The X-ray is back.").count(), 1, "and is not offered again");
}

fn notes_that_are_documents_are_listed(doctor: &Caller, chart: &str) {
    let list = page(doctor, &format!("{chart}/notes")).body;
    let elsewhere = between(&list, "id=\"h-elsewhere\"", "</section>");
    assert!(elsewhere.contains(&format!("{chart}/documents/")), "{elsewhere}");
    let signed = between(&list, "id=\"h-signed\"", "</section>");
    assert!(signed.contains("/notes/") && !signed.contains("/documents/"), "{signed}");
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
    // Of what is new, a word without a range stands on the first page, and says that it is held.
    let first = page(doctor, chart).body;
    let row = between(&first, "Quark index", "</tr>");
    assert!(row.contains("positive") && row.contains("not compared") && row.contains("Held"), "{row}");
    // Even a form in which nothing was chosen lets nothing go.
    sent(doctor, report, &[("version", hidden(&shown, "version")), ("act", "sign"), ("comment", "Come in, please")]);
    let me = demo.signed_in("portal", "patient");
    assert!(!page(&me, "/my/results").body.contains("Quark"));
    assert!(page(doctor, report).body.contains("To tell her in person"));
    let found = ok(&me.get("/fhir/DiagnosticReport?code:text=Quark"), 200);
    assert_eq!(found["total"].as_u64().unwrap_or(0), 0, "{found}");
}
