//! Who acts for a patient sees and does what the patient let them, in pages and in the API; and what is said to whom.

use serde_json::{Value, json};

use crate::api::ok;
use crate::api::screens::{between, encoded, hidden, in_parts, page, sent};
use crate::client::Answer;
use crate::demo::{Caller, Demo};

#[test]
fn who_acts_for_a_patient_goes_as_far_as_they_were_let_and_the_patient_reads_what_is_true() {
    let demo = Demo::start();
    let me = demo.signed_in("portal", "patient");
    let thread = health_letter(&me);
    appointments_only(&demo, &me, &thread);
    see_only(&demo, &me);
    who_looked_names_no_other_patient(&demo, &me);
    what_nobody_at_the_clinic_sees(&demo, &me);
    a_link_outlives_a_slip(&demo, &me);
    one_person_is_registered_once(&demo);
    a_copy_for_the_counter(&demo, &me);
    no_known_allergy(&demo);
    a_result_is_news_to_each_until_they_read_it(&demo, &me);
    what_is_rare_stands_in_the_chart(&demo);
}

/// The patient has an account: what who acts for them reads is news to the patient still, and to the reader no more.
fn a_result_is_news_to_each_until_they_read_it(demo: &Demo, me: &Caller) {
    let subject = json!({"reference": format!("Patient/{}", demo.patient_of("patient"))});
    // The newest of the day: of several the page names but a few.
    let today = format!("{}T23:59:00Z", jiff::Zoned::now().date());
    let zinc = json!({"resourceType": "Observation", "status": "final", "subject": subject, "effectiveDateTime": today,
        "code": {"text": "Zincnews"}, "valueString": "as it should be"});
    ok(&demo.signed_in("clinic", "clinician").json("POST", "/fhir/Observation", &zinc), 201);
    let signe = proxy(demo, me, "signe-n", "view");
    let is_news = |caller: &Caller| page(caller, "/my").body.contains("Zincnews");
    assert!(is_news(me) && is_news(&signe), "{}", page(me, "/my").body);
    page(&signe, "/my/results");
    assert!(is_news(me) && !is_news(&signe));
    page(me, "/my/results");
    assert!(!is_news(me));
}

fn what_is_rare_stands_in_the_chart(demo: &Demo) {
    let (doctor, own) = (demo.signed_in("clinic", "clinician"), demo.patient_of("patient"));
    let subject = json!({"reference": format!("Patient/{own}")});
    let pacemaker =
        json!({"resourceType": "Device", "status": "active", "patient": subject, "type": {"text": "Pacemaker"}});
    ok(&doctor.json("POST", "/fhir/Device", &pacemaker), 201);
    let asked = json!({"resourceType": "Observation", "status": "final", "subject": subject, "code": {"text": "Smokes"},
        "category": [{"coding": [{"code": "social-history",
            "system": "http://terminology.hl7.org/CodeSystem/observation-category"}]}],
        "effectiveDateTime": "2026-01-02", "valueString": "a pipe"});
    ok(&doctor.json("POST", "/fhir/Observation", &asked), 201);
    let timeline = page(&doctor, &format!("/patients/{own}/timeline?show=other")).body;
    assert!(timeline.contains("Pacemaker"), "{timeline}");
    let results = page(&doctor, &format!("/patients/{own}/results")).body;
    assert!(results.contains("Smokes") && results.contains("a pipe"), "{results}");
    let note = json!({"resourceType": "Composition", "status": "entered-in-error", "subject": subject, "title": "Wrong",
        "type": {"coding": [{"system": "http://loinc.org", "code": "11506-3"}]}, "date": "2026-01-02",
        "author": [{"display": "Dr A"}]});
    let made = ok(&doctor.json("POST", "/fhir/Composition", &note), 201);
    let shown = page(&doctor, &format!("/patients/{own}/notes/{}", crate::api::id(&made))).body;
    assert!(shown.contains("counts no more") && !shown.contains("value=\"sign\""), "{shown}");
}

/// A conversation about the patient's health; answers with its id.
fn health_letter(me: &Caller) -> String {
    let topics = page(me, "/my/messages/new");
    let before = topics.body.split("A question about my health").next().unwrap();
    let topic = before.rsplit_once("/my/messages/new?topic=").unwrap().1.split('"').next().unwrap();
    let form = page(me, &format!("/my/messages/new?topic={topic}"));
    let fields = [("topic", topic), ("text", "May I take ibuprofen?")];
    let answer = in_parts(me, &form, "/my/messages/new", &fields, "", "");
    assert_eq!(answer.status, 303, "{}", answer.body);
    between(answer.header("location").unwrap(), "/my/messages/", "?").to_owned()
}

/// Somebody new whom the patient lets act so far, signed in.
fn proxy(demo: &Demo, me: &Caller, user: &str, extent: &str) -> Caller {
    let form = page(me, "/my/people/new");
    let fields = [
        ("csrf", hidden(&form, "csrf")),
        ("once", hidden(&form, "once")),
        ("name", "Signe Brandvold"),
        ("relation", "friend"),
        ("extent", extent),
        ("until", ""),
    ];
    let made = me.form("/my/people/new", &encoded(&fields));
    assert_eq!(made.status, 200, "{}", made.body);
    let code = between(&made.body, "once code\">", "<").to_owned();
    let password = "correct horse battery staple 7";
    let client = demo.client("portal");
    let invited = client.get("/proxy-invitation");
    let csrf = hidden(&invited, "csrf").to_owned();
    let fields =
        [("csrf", csrf.as_str()), ("code", &code), ("user", user), ("password", password), ("again", password)];
    let joined = client.post("/proxy-invitation", &fields);
    assert_eq!(joined.status, 303, "{}", joined.body);
    demo.signed_in_as("portal", user, password)
}

#[track_caller]
fn shut(answer: &Answer, words: &str) {
    assert_eq!(answer.status, 403, "{}", answer.body);
    assert!(answer.body.contains(words), "{}", answer.body);
}

fn appointments_only(demo: &Demo, me: &Caller, thread: &str) {
    let own = demo.patient_of("patient");
    let signe = proxy(demo, me, "signe-a", "appointments");
    let home = page(&signe, "/my").body;
    for link in ["/my/visits", "/my/messages", "/my/visits/book", "/my/messages/new"] {
        assert!(home.contains(&format!("href=\"{link}\"")), "{link}: {home}");
    }
    for link in ["/my/allergies", "/my/medicines", "/my/results", "/my/who-looked", "/my/documents", "/my/summary"] {
        assert!(!home.contains(&format!("href=\"{link}\"")), "{link}: {home}");
        shut(&signe.get(link), "health is not open to you");
    }
    for link in ["/my/problems", "/my/immunizations", "/my/requests", "/my/measurements"] {
        shut(&signe.get(link), "health is not open to you");
    }
    let visits = page(&signe, "/my/visits").body;
    assert!(visits.contains("not open to you") && !visits.contains("No visits yet"), "{visits}");
    // Letters about health are not there; those to the desk can be written.
    let messages = page(&signe, "/my/messages").body;
    assert!(!messages.contains(thread) && !messages.contains("ibuprofen"), "{messages}");
    assert_eq!(signe.get(&format!("/my/messages/{thread}")).status, 404);
    let topics = page(&signe, "/my/messages/new");
    assert!(!topics.body.contains("A question about my health"), "{}", topics.body);
    let topic = between(&topics.body, "/my/messages/new?topic=", "\"");
    let form = page(&signe, &format!("/my/messages/new?topic={topic}"));
    assert!(!form.body.contains("type=\"file\""), "{}", form.body);
    let answer = in_parts(&signe, &form, "/my/messages/new", &[("topic", topic), ("text", "A later time?")], "", "");
    assert_eq!(answer.status, 303, "{}", answer.body);
    // The API answers the same, and an appointment says nothing of what it is about.
    for kind in ["Condition", "AllergyIntolerance", "Encounter", "Observation", "DocumentReference", "Task"] {
        let found = signe.get(&format!("/fhir/{kind}?patient={own}"));
        let none = found.status != 200 || ok(&found, 200)["total"].as_u64().is_none_or(|total| total == 0);
        assert!(none, "{kind}: {}", found.body);
    }
    assert_eq!(signe.get(&format!("/fhir/Communication/{thread}")).status, 404);
    let mine = ok(&me.get(&format!("/fhir/Appointment?patient={own}&_count=100")), 200).to_string();
    let theirs = ok(&signe.get(&format!("/fhir/Appointment?patient={own}&_count=100")), 200).to_string();
    assert!(mine.contains("reasonCode"), "the demo books with reasons");
    assert!(theirs.contains("\"Appointment\"") && !theirs.contains("reasonCode"), "{theirs}");
    assert_eq!(signe.get("/fhir/Appointment?reason-code=x").status, 400);
    // Notices of a record's life are not theirs.
    let notices = page(&signe, "/notices").body;
    for word in ["result", "medicines", "emergency", "question about who looked"] {
        assert!(!notices.contains(&format!("<b>{word}")) && !notices.to_lowercase().contains(&format!("{word} was")));
    }
    let mail = page(&signe, "/account/mail").body;
    assert!(!mail.contains("value=\"results\""), "{mail}");
}

fn see_only(demo: &Demo, me: &Caller) {
    let signe = proxy(demo, me, "signe-v", "view");
    for (path, offers) in [
        ("/my", &["/my/visits/book", "/my/messages/new"][..]),
        ("/my/visits", &["/my/visits/book", "/change"]),
        ("/my/messages", &["/my/messages/new"]),
        ("/my/medicines", &["href=\"/my/medicines/"]),
        ("/my/documents", &["/my/documents/new"]),
        ("/my/results", &["/my/measurements/new", "/my/history/new"]),
        ("/my/requests", &["action=\"/my/requests/new\"", "/my/requests/new?kind"]),
        ("/my/who-looked", &["/my/requests/new"]),
    ] {
        let shown = page(&signe, path).body;
        for offer in offers {
            assert!(!shown.contains(offer), "{path} offers {offer}: {shown}");
        }
    }
    assert!(page(&signe, "/my").body.contains("/my/allergies"));
    for path in ["/my/messages/new", "/my/visits/book", "/my/documents/new", "/my/requests/new?kind=copy"] {
        shut(&signe.get(path), "see their record");
    }
    // What was typed before the permission was narrower stays in the browser, and the page says so.
    let form = encoded(&[("topic", "x"), ("text", "A long letter")]);
    shut(&signe.form("/my/requests/new", &form), "it stands there still");
    shut(&signe.form("/my/visits/book", &form), "it stands there still");
}

fn who_looked_names_no_other_patient(demo: &Demo, me: &Caller) {
    let own = demo.patient_of("patient");
    let other = demo.signed_in("portal", "proxy");
    assert_eq!(other.get(&format!("/fhir/Patient/{own}")).status, 404);
    let name = page(&other, "/account").body;
    let name = between(&name, "me-word\">", "<").to_owned();
    let looked = page(me, "/my/who-looked").body;
    assert!(!looked.contains(&name), "{name}: {looked}");
    assert!(looked.contains("Somebody who acts for a patient") && looked.contains("it was refused"), "{looked}");
    // A visit that is both patients': each sees that there is another, and not who.
    let others = demo.patient_of("proxy");
    let with = |who: &str| json!({"actor": {"reference": format!("Patient/{who}")}, "status": "accepted"});
    let day = jiff::Zoned::now().date().tomorrow().unwrap();
    let visit = json!({"resourceType": "Appointment", "status": "booked", "start": format!("{day}T03:00:00Z"),
        "end": format!("{day}T03:30:00Z"), "participant": [with(&others), with(&own)]});
    let made = ok(&demo.signed_in("clinic", "clinician").json("POST", "/fhir/Appointment", &visit), 201);
    page(&other, "/my/visits");
    let read = ok(&me.get(&format!("/fhir/Appointment/{}", crate::api::id(&made))), 200).to_string();
    assert!(read.contains(&own) && !read.contains(&others), "{read}");
    let looked = page(me, "/my/who-looked").body;
    assert!(looked.contains("It is theirs, too"), "{looked}");
    for shown in [looked, page(me, "/my").body, page(me, "/my/visits").body] {
        assert!(!shown.contains(&name), "{name}: {shown}");
    }
}

/// Where a consent refuses the record to the clinic, nobody is told that the clinic has what they hand it.
fn what_nobody_at_the_clinic_sees(demo: &Demo, me: &Caller) {
    let own = demo.patient_of("patient");
    let system = "http://terminology.hl7.org/CodeSystem/consentscope";
    let mut consent = json!({"resourceType": "Consent", "status": "active",
        "scope": {"coding": [{"system": system, "code": "patient-privacy"}]},
        "category": [{"coding": [{"system": "http://loinc.org", "code": "59284-0"}]}],
        "patient": {"reference": format!("Patient/{own}")}, "policyRule": {"text": "on paper"}, "provision": {"type": "deny"}});
    let doctor = demo.signed_in("clinic", "clinician");
    let day = jiff::Zoned::now().date().tomorrow().unwrap();
    let who = json!([{"actor": {"reference": format!("Patient/{own}")}, "status": "accepted"}]);
    let visit = json!({"resourceType": "Appointment", "status": "booked", "start": format!("{day}T04:00:00Z"),
        "end": format!("{day}T04:30:00Z"), "participant": who});
    let visit = crate::api::id(&ok(&doctor.json("POST", "/fhir/Appointment", &visit), 201)).to_owned();
    let expected = page(me, &format!("/my/visits/{visit}")).body;
    assert!(expected.contains("visit.ics") && !expected.contains("nobody there expects you"), "{expected}");
    let made = ok(&me.json("POST", "/fhir/Consent", &consent), 201);
    let expected = page(me, &format!("/my/visits/{visit}")).body;
    assert!(!expected.contains("visit.ics") && expected.contains("nobody there expects you"), "{expected}");
    for path in ["/my", "/my/visits"] {
        let body = page(me, path).body;
        assert!(body.contains("Nobody at the clinic sees this visit now"), "{path}: {body}");
    }
    let asks = page(me, "/my/requests").body;
    assert!(asks.contains("reaches the health administrator") && !asks.contains("reaches nobody there"), "{asks}");
    for path in ["/my", "/my/messages/new", "/my/documents/new", "/my/measurements/new", "/my/history/new"] {
        let body = page(me, path).body;
        assert!(body.contains("Nobody at the clinic sees your record now"), "{path}: {body}");
    }
    let thread = health_letter(me);
    let shown = page(me, &format!("/my/messages/{thread}?done=sent")).body;
    assert!(shown.contains("It is kept in the record") && shown.contains("Nobody at the clinic sees it"), "{shown}");
    assert!(!shown.contains("The clinic has it") && !shown.contains("We answer by"), "{shown}");
    let medicine = page(me, "/my/medicines").body;
    let medicine = format!("/my/medicines/{}", between(&medicine, "href=\"/my/medicines/", "\""));
    for taking in ["no", "yes"] {
        let form = page(me, &medicine);
        let fields = [("csrf", hidden(&form, "csrf")), ("once", hidden(&form, "once")), ("taking", taking)];
        let said = sent(me, &format!("{medicine}/taking"), &fields);
        for body in [form.body, page(me, &said).body] {
            assert!(!body.contains("our clinic sees"), "{taking}: {body}");
        }
    }
    let book = page(me, "/my/visits/book");
    assert!(book.body.contains("nothing can be booked here now"), "{}", book.body);
    assert_eq!(me.form("/my/visits/book", &encoded(&[("csrf", hidden(&book, "csrf"))])).status, 409);
    let desk = page(&demo.signed_in("clinic", "reception"), &format!("/patients/{own}")).body;
    assert!(desk.contains("Not open to you") && !desk.contains("No appointments."), "{desk}");
    consent["status"] = "inactive".into();
    consent["id"] = crate::api::id(&made).into();
    ok(&me.json("PUT", &format!("/fhir/Consent/{}", crate::api::id(&made)), &consent), 200);
    assert!(!page(me, "/my").body.contains("Nobody at the clinic sees your record now"));
    assert!(page(me, &format!("/my/messages/{thread}")).body.contains("The clinic has it"));
    // Sealed by itself, nobody answers it either.
    let mut letter = ok(&doctor.get(&format!("/fhir/Communication/{thread}")), 200);
    letter["meta"]["security"] = json!([{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "HIV"}]);
    ok(&doctor.json("PUT", &format!("/fhir/Communication/{thread}"), &letter), 200);
    let shown = page(me, &format!("/my/messages/{thread}?done=sent")).body;
    assert!(!shown.contains("The clinic has it") && !shown.contains("We answer by"), "{shown}");
    assert!(shown.contains("Nobody at the clinic sees this conversation") && !shown.contains("It is sent"), "{shown}");
}

fn a_link_outlives_a_slip(demo: &Demo, me: &Caller) {
    let form = page(me, "/my/share");
    let fields =
        [("csrf", hidden(&form, "csrf")), ("once", hidden(&form, "once")), ("label", "Dr Lund"), ("days", "7")];
    let made = me.form("/my/share", &encoded(&fields));
    assert_eq!(made.status, 200, "{}", made.body);
    let code = between(&made.body, "/shared#", "<").chars().take(43).collect::<String>();
    let client = demo.client("portal");
    let shown = client.get("/shared");
    let csrf = hidden(&shown, "csrf").to_owned();
    let wrong = client.post("/shared/summary", &[("csrf", &csrf), ("code", &code), ("pin", "000000"), ("as", "page")]);
    assert_eq!(wrong.status, 422, "{}", wrong.body);
    assert!(wrong.body.contains(&code) && wrong.body.contains("data-shared=\"known\""), "{}", wrong.body);
    assert_eq!(wrong.header("cache-control"), Some("no-store"));
}

fn one_person_is_registered_once(demo: &Demo) {
    let desks = [demo.signed_in("clinic", "reception"), demo.signed_in("clinic", "reception")];
    let forms: Vec<Answer> = desks.iter().map(|desk| page(desk, "/patients/new")).collect();
    let typed = |form: &Answer, different: &str| {
        let fields = encoded(&[
            ("csrf", hidden(form, "csrf")),
            ("at", "/patients/new"),
            ("family", "Twicepost"),
            ("given", "Tom"),
            ("born", "2 1 1980"),
            ("sex", "male"),
            ("different", different),
        ]);
        format!("{fields}&once={}", hidden(form, "once"))
    };
    // Two desks in one moment: one registers, the other is asked.
    let start = std::sync::Barrier::new(2);
    let answers: Vec<Answer> = std::thread::scope(|scope| {
        let both: Vec<_> = desks
            .iter()
            .zip(&forms)
            .map(|(desk, form)| {
                let (start, typed) = (&start, typed(form, ""));
                scope.spawn(move || {
                    start.wait();
                    desk.form("/patients/new", &typed)
                })
            })
            .collect();
        both.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 409], "{}", answers[0].body);
    let asked = answers.iter().find(|answer| answer.status == 409).unwrap();
    assert!(asked.body.contains("Twicepost"), "{}", asked.body);
    // The same form once more leads to the same patient, and not to a second one.
    let (desk, form) = desks.iter().zip(&forms).zip(&answers).find(|(_, answer)| answer.status == 303).unwrap().0;
    let again = desk.form("/patients/new", &typed(form, ""));
    assert_eq!(again.status, 303, "{}", again.body);
    let found = page(desk, "/patients?q=twicepost").body;
    assert_eq!(found.matches("class=\"born\"").count(), 1, "{found}");
    // Said to be somebody else than those who were shown, they are registered; somebody who came since is asked about.
    let seen = between(&asked.body, "name=\"different\" value=\"", "\"").to_owned();
    let fresh = page(desk, "/patients/new");
    assert_eq!(desk.form("/patients/new", &typed(&fresh, &seen)).status, 303);
    let fresh = page(desk, "/patients/new");
    assert_eq!(desk.form("/patients/new", &typed(&fresh, &seen)).status, 409, "the second one was never shown");
}

fn a_copy_for_the_counter(demo: &Demo, me: &Caller) {
    let admin = demo.signed_in("clinic", "healthadmin");
    let form = page(me, "/my/requests/new?kind=copy");
    let fields = [
        ("csrf", hidden(&form, "csrf")),
        ("once", hidden(&form, "once")),
        ("kind", "copy"),
        ("words", "On paper, please"),
    ];
    let place = sent(me, "/my/requests/new", &fields);
    let id = between(&place, "/my/requests/", "?").to_owned();
    let shown = page(&admin, &format!("/requests/{id}"));
    let link = format!("/requests/{id}/copy.zip");
    assert!(shown.body.contains(&link) && !shown.body.contains("chartbox export"), "{}", shown.body);
    let copy = admin.get(&link);
    assert_eq!((copy.status, copy.header("content-type")), (200, Some("application/zip")));
    assert!(copy.bytes.starts_with(b"PK") && copy.body.contains("record.html"));
    let looked = page(me, "/my/who-looked").body;
    assert!(looked.contains("Health administrator"), "{looked}");
    for who in ["clinician", "reception"] {
        assert_eq!(demo.signed_in("clinic", who).get(&link).status, 403, "{who}");
    }
    let shown = page(&admin, &format!("/requests/{id}"));
    let fields = [
        ("version", between(&shown.body, "name=\"version\" value=\"", "\"")),
        ("words", "Handed out today."),
        ("step", "answer"),
    ];
    sent(&admin, &format!("/requests/{id}"), &fields);
    assert_eq!(admin.get(&link).status, 404, "it was answered");
}

fn no_known_allergy(demo: &Demo) {
    let (doctor, desk) = (demo.signed_in("clinic", "clinician"), demo.signed_in("clinic", "reception"));
    let form = page(&desk, "/patients/new");
    let fields = [
        ("once", hidden(&form, "once")),
        ("family", "Neverasked"),
        ("given", "Nora"),
        ("born", "3 3 1990"),
        ("sex", "female"),
    ];
    let place = sent(&desk, "/patients/new", &fields);
    let patient = between(&place, "/patients/", "?").to_owned();
    let list = format!("/patients/{patient}/allergies");
    let shown = page(&doctor, &list);
    assert!(shown.body.contains("Not known here") && shown.body.contains("value=\"none\""), "{}", shown.body);
    sent(&doctor, &format!("{list}/new"), &[("act", "none"), ("once", hidden(&shown, "once"))]);
    let shown = page(&doctor, &list).body;
    assert!(shown.contains("No known allergies") && shown.contains("asked"), "{shown}");
    let search = format!("/fhir/AllergyIntolerance?patient={patient}");
    let all: Value = ok(&doctor.get(&search), 200);
    assert_eq!(all["entry"][0]["resource"]["code"]["coding"][0]["code"], "716186003");
    let wrong = doctor.form(&format!("{list}/new"), &encoded(&[("act", "save"), ("substance", "No known allergies")]));
    assert_eq!(wrong.status, 422, "{}", wrong.body);
    sent(&doctor, &format!("{list}/new"), &[("act", "save"), ("substance", "Penicillin")]);
    let shown = page(&doctor, &list).body;
    assert!(!shown.contains("No known allergies") && shown.contains("Penicillin"), "{shown}");
    let twice = doctor.form(&format!("{list}/new"), &encoded(&[("act", "save"), ("substance", "penicillin")]));
    assert!(twice.status == 409 && twice.body.contains("value=\"again\""), "{}", twice.body);
    let none = doctor.form(&format!("{list}/new"), &encoded(&[("act", "none")]));
    assert!(none.status == 409 && none.body.contains("would not be true"), "{}", none.body);
    // Nobody said since when.
    let bar = page(&doctor, &format!("/patients/{patient}")).body;
    let bar = between(&bar, "safety-cell allergy", "</ul>");
    assert!(bar.contains("Penicillin") && !bar.contains("2026"), "{bar}");
}
