//! Many clients at the same moment: one winner per version, one resource per condition, and whole transactions.

use std::sync::Barrier;

use serde_json::{Value, json};

use crate::api::interactions::{ask, numbered, patch, put, statuses, total};
use crate::api::{bundle, id, ok, parsed, post};
use crate::client::Answer;
use crate::demo::Caller;

const CLIENTS: usize = 16;
/// How often each race is run.
const ROUNDS: u32 = 3;

pub fn all(client: &Caller) {
    versions_are_won_once(client);
    conditions_make_one(client);
    patches_add_up(client);
    deletes_meet_updates(client);
    transactions_overlap(client);
}

/// What each of the clients gets who ask at the same moment, each on a connection of its own.
fn at_once(client: &Caller, act: impl Fn(usize, &Caller) -> Answer + Sync) -> Vec<Answer> {
    let start = Barrier::new(CLIENTS);
    std::thread::scope(|scope| {
        let all: Vec<_> = (0..CLIENTS)
            .map(|at| {
                let (start, act) = (&start, &act);
                scope.spawn(move || {
                    start.wait();
                    act(at, client)
                })
            })
            .collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    })
}

fn count(answers: &[Answer], status: u16) -> usize {
    answers.iter().filter(|answer| answer.status == status).count()
}

fn all_of(answers: &[Answer]) -> Vec<u16> {
    answers.iter().map(|answer| answer.status).collect()
}

fn versions_are_won_once(client: &Caller) {
    let made = ok(&client.json("POST", "/fhir/Patient", &numbered("ra1", "Start")), 201);
    let address = format!("/fhir/Patient/{}", id(&made));
    for version in 1..=ROUNDS {
        let tag = format!("W/\"{version}\"");
        let answers = at_once(client, |at, client| {
            let mut body = made.clone();
            body["name"][0]["family"] = json!(format!("V{version}C{at}"));
            ask(client, "PUT", &address, &[("if-match", &tag)], &body)
        });
        assert_eq!((count(&answers, 200), count(&answers, 412)), (1, CLIENTS - 1), "{:?}", all_of(&answers));
        let won = answers.iter().find(|answer| answer.status == 200).map(parsed).unwrap();
        assert_eq!(ok(&client.get(&address), 200), won, "what the winner was told is what stands there");
    }
    assert_eq!(ok(&client.get(&format!("{address}/_history")), 200)["total"], ROUNDS + 1);
}

fn conditions_make_one(client: &Caller) {
    for round in 0..ROUNDS {
        let number = format!("ra2-{round}");
        let condition = format!("identifier=urn:test|{number}");
        // Half ask by the header, half by a transaction.
        let answers = at_once(client, |at, client| {
            let body = numbered(&number, "Once");
            if at % 2 == 0 {
                return ask(client, "POST", "/fhir/Patient", &[("if-none-exist", &condition)], &body);
            }
            let mut entry = post("Patient", None, body);
            entry["request"]["ifNoneExist"] = json!(condition);
            client.json("POST", "/fhir", &bundle("transaction", json!([entry])))
        });
        let mut ids: Vec<String> = Vec::new();
        let mut created = 0;
        for answer in &answers {
            let body = parsed(answer);
            let (status, resource) = match body["resourceType"].as_str() {
                Some("Bundle") => (statuses(&body)[0].clone(), body["entry"][0]["resource"].clone()),
                _ => (answer.status.to_string(), body),
            };
            assert!(matches!(status.as_str(), "200" | "201"), "{status}: {resource}");
            created += usize::from(status == "201");
            ids.push(id(&resource).to_owned());
        }
        ids.dedup();
        assert_eq!((created, ids.len()), (1, 1));
        assert_eq!(total(client, &format!("/fhir/Patient?{condition}")), 1);
        let number = format!("ra3-{round}");
        let address = format!("/fhir/Patient?identifier=urn:test|{number}");
        let answers = at_once(client, |_, client| client.json("PUT", &address, &numbered(&number, "Once")));
        assert_eq!((count(&answers, 201), count(&answers, 200)), (1, CLIENTS - 1), "{:?}", all_of(&answers));
        assert_eq!(total(client, &address), 1);
    }
}

/// Patches without a version are made one after the other; none is lost, none is half made.
fn patches_add_up(client: &Caller) {
    let made = ok(&client.json("POST", "/fhir/Patient", &numbered("ra4", "Patched")), 201);
    let address = format!("/fhir/Patient/{}", id(&made));
    let answers = at_once(client, |at, client| {
        let identifier = json!({"system": "urn:race", "value": at.to_string()});
        patch(client, &address, &[], &json!([{"op": "add", "path": "/identifier/-", "value": identifier}]))
    });
    assert_eq!(count(&answers, 200), CLIENTS, "{:?}", all_of(&answers));
    let after = ok(&client.get(&address), 200);
    let numbers: std::collections::BTreeSet<&str> =
        after["identifier"].as_array().unwrap().iter().map(|one| one["value"].as_str().unwrap()).collect();
    assert_eq!((numbers.len(), &after["meta"]["versionId"]), (CLIENTS + 1, &json!((CLIENTS + 1).to_string())));
    // With a test of what they saw, one wins.
    let answers = at_once(client, |_, client| {
        let patch_of = json!([{"op": "test", "path": "/name/0/family", "value": "Patched"}, {"op": "replace", "path": "/name/0/family", "value": "Won"}]);
        patch(client, &address, &[], &patch_of)
    });
    assert_eq!((count(&answers, 200), count(&answers, 409)), (1, CLIENTS - 1), "{:?}", all_of(&answers));
}

/// Whoever names the version comes first or not at all; the history has every step once.
fn deletes_meet_updates(client: &Caller) {
    for _ in 0..ROUNDS {
        let made = ok(&client.json("POST", "/fhir/Patient", &numbered("ra5", "Met")), 201);
        let address = format!("/fhir/Patient/{}", id(&made));
        let answers = at_once(client, |at, client| match at % 2 {
            0 => client.ask("DELETE", &address, &[("if-match", "W/\"1\"")], ""),
            _ => ask(client, "PUT", &address, &[("if-match", "W/\"1\"")], &made),
        });
        let won = count(&answers, 200) + count(&answers, 204);
        assert_eq!((won, count(&answers, 412)), (1, CLIENTS - 1), "{:?}", all_of(&answers));
        let history = ok(&client.get(&format!("{address}/_history")), 200);
        assert_eq!(history["total"], 2, "{history}");
        let is_gone = client.get(&address).status == 410;
        assert_eq!(is_gone, count(&answers, 204) == 1);
    }
}

/// Each transaction changes the same two and makes a third. One of those who saw the first state is whole, the others leave nothing.
fn transactions_overlap(client: &Caller) {
    let make = |number: &str| ok(&client.json("POST", "/fhir/Patient", &numbered(number, "Pair")), 201);
    let (one, two) = (make("ra6"), make("ra7"));
    let change = |of: &Value, family: &str| {
        let mut body = of.clone();
        body["name"][0]["family"] = json!(family);
        let mut entry = put(&format!("Patient/{}", id(of)), body);
        entry["request"]["ifMatch"] = json!("W/\"1\"");
        entry
    };
    let answers = at_once(client, |at, client| {
        let family = format!("T{at}");
        // Half in the other order.
        let mut entries =
            vec![change(&one, &family), change(&two, &family), post("Patient", None, numbered("ra8", &family))];
        entries.rotate_left(at % 3);
        client.json("POST", "/fhir", &bundle("transaction", Value::Array(entries)))
    });
    assert_eq!((count(&answers, 200), count(&answers, 412)), (1, CLIENTS - 1), "{:?}", all_of(&answers));
    let family = |of: &Value| ok(&client.get(&format!("/fhir/Patient/{}", id(of))), 200)["name"][0]["family"].clone();
    let third = ok(&client.get("/fhir/Patient?identifier=urn:test|ra8"), 200);
    assert_eq!(third["entry"].as_array().unwrap().len(), 1);
    assert_eq!((family(&one), &family(&two)), (family(&two), &third["entry"][0]["resource"]["name"][0]["family"]));
    // With conditions that overlap: all come to the same one, in turn.
    let answers = at_once(client, |at, client| {
        let mut once = post("Patient", None, numbered("ra9", "Once"));
        once["request"]["ifNoneExist"] = json!("identifier=urn:test|ra9");
        let update = put("Patient?identifier=urn:test|ra10", numbered("ra10", &format!("U{at}")));
        client.json("POST", "/fhir", &bundle("transaction", json!([once, update])))
    });
    assert_eq!(count(&answers, 200), CLIENTS, "{:?}", all_of(&answers));
    let created = answers.iter().filter(|answer| statuses(&parsed(answer)) == ["201", "201"]).count();
    assert_eq!(created, 1);
    for number in ["ra9", "ra10"] {
        assert_eq!(total(client, &format!("/fhir/Patient?identifier=urn:test|{number}")), 1);
    }
}
