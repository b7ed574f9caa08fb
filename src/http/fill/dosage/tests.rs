use super::*;
use crate::fhir::definitions::{Definitions, NodeId, TypeKind};
use serde_json::json;

const UTC: Clock<'_> = Clock { zone: &TimeZone::UTC, written: None };

fn said(dosage: &Value) -> Option<String> {
    said_since(dosage, UTC)
}

fn dose_of(resource: &Value) -> Option<String> {
    super::dose_of(resource, &TimeZone::UTC)
}

fn how(resource: &Value) -> Option<How> {
    super::how(resource, &TimeZone::UTC)
}

fn whole(dosages: Value) -> String {
    dose_of(&json!({"dosageInstruction": dosages})).unwrap()
}

fn in_spanish(resource: &Value) -> How {
    Locale::Es.inside(|| how(resource)).unwrap()
}

/// All that a reader in Spanish is shown.
fn shown_in_spanish(dosages: Value) -> String {
    let how = in_spanish(&json!({"dosageInstruction": dosages}));
    let written = how.written.map(|said| said.text);
    [how.words, written, how.beside].into_iter().flatten().collect::<Vec<_>>().join(" | ")
}

const NOT_ALL: &str = "This is not all: more is recorded of how to take it than can be said here";

/// One tablet a day, with another member.
fn tablet(name: &str, value: Value) -> Value {
    let mut dosage = json!({"doseAndRate": [{"doseQuantity": {"value": 1, "unit": "tablet"}}]});
    dosage[name] = value;
    dosage
}

fn repeat(members: Value) -> Value {
    tablet("timing", json!({"repeat": members}))
}

/// What one member of R4 is said as, or that it says nothing of taking by itself.
fn examples() -> Vec<(&'static str, Value, &'static str)> {
    let tablets = |n: u32| json!({"value": n, "unit": "tablet"});
    let repeated = |name: &str, value: Value| {
        let mut members = json!({"frequency": 1, "period": 1, "periodUnit": "d"});
        members[name] = value;
        json!({"timing": {"repeat": members}})
    };
    let with = |name: &str, value: Value, other: &str, more: Value| {
        let mut one = repeated(name, value);
        one["timing"]["repeat"][other] = more;
        one
    };
    vec![
        ("Dosage.id", json!({"id": "x"}), ""),
        ("Dosage.extension", json!({"extension": [{"url": "http://x", "valueString": "y"}]}), ""),
        ("Dosage.modifierExtension", json!({"modifierExtension": [{"url": "http://x"}]}), NOT_ALL),
        ("Dosage.sequence", json!({"sequence": 1}), ""),
        ("Dosage.text", json!({"text": "one at night"}), "one at night"),
        ("Dosage.additionalInstruction", json!({"additionalInstruction": [{"text": "stand up"}]}), "stand up"),
        ("Dosage.patientInstruction", json!({"patientInstruction": "sit down"}), "sit down"),
        ("Dosage.timing", json!({"timing": {"code": {"text": "at full moon"}}}), "at full moon"),
        ("Dosage.asNeededBoolean", json!({"asNeededBoolean": true}), "when needed"),
        ("Dosage.asNeededCodeableConcept", json!({"asNeededCodeableConcept": {"text": "pain"}}), "when needed: pain"),
        ("Dosage.site", json!({"site": {"text": "left arm"}}), "left arm"),
        ("Dosage.route", json!({"route": {"text": "subcutaneous"}}), "subcutaneous"),
        ("Dosage.method", json!({"method": {"text": "chew"}}), "chew"),
        ("Dosage.doseAndRate", json!({"doseAndRate": [{"doseQuantity": tablets(1)}]}), "1 tablet"),
        (
            "Dosage.doseAndRate.type",
            json!({"doseAndRate": [{"type": {"text": "loading"}, "doseQuantity": tablets(2)}]}),
            "loading: 2 tablets",
        ),
        (
            "Dosage.doseAndRate.doseRange",
            json!({"doseAndRate": [{"doseRange": {"low": tablets(1), "high": tablets(2)}}]}),
            "1 to 2 tablets",
        ),
        ("Dosage.doseAndRate.doseQuantity", json!({"doseAndRate": [{"doseQuantity": tablets(2)}]}), "2 tablets"),
        (
            "Dosage.doseAndRate.rateRatio",
            json!({"doseAndRate": [{"rateRatio": {"numerator": {"value": 100, "unit": "mL"}, "denominator": {"value": 1, "code": "h"}}}]}),
            "at a rate of 100 mL in 1 hour",
        ),
        (
            "Dosage.doseAndRate.rateRange",
            json!({"doseAndRate": [{"rateRange": {"low": {"value": 1, "unit": "mg/h"}, "high": {"value": 2, "unit": "mg/h"}}}]}),
            "at a rate of 1 to 2 mg/h",
        ),
        (
            "Dosage.doseAndRate.rateQuantity",
            json!({"doseAndRate": [{"rateQuantity": {"value": 2, "unit": "mg/h"}}]}),
            "at a rate of 2 mg/h",
        ),
        (
            "Dosage.maxDosePerPeriod",
            json!({"maxDosePerPeriod": {"numerator": tablets(8), "denominator": {"value": 12, "code": "h"}}}),
            "no more than 8 tablets in 12 hours",
        ),
        (
            "Dosage.maxDosePerAdministration",
            json!({"maxDosePerAdministration": tablets(2)}),
            "no more than 2 tablets at a time",
        ),
        (
            "Dosage.maxDosePerLifetime",
            json!({"maxDosePerLifetime": tablets(9)}),
            "no more than 9 tablets in a whole life",
        ),
        ("Timing.id", json!({"timing": {"id": "x"}}), ""),
        ("Timing.extension", json!({"timing": {"extension": []}}), ""),
        ("Timing.modifierExtension", json!({"timing": {"modifierExtension": []}}), NOT_ALL),
        ("Timing.event", json!({"timing": {"event": ["2026-03-03T08:00:00Z"]}}), "on 3 Mar 2026, 08:00"),
        ("Timing.repeat", repeated("count", json!(2)), "2 times in all"),
        ("Timing.code", json!({"timing": {"code": {"coding": [{"code": "BID"}]}}}), "twice a day"),
        (
            "Timing.repeat.boundsDuration",
            repeated(
                "boundsDuration",
                json!({"value": 3, "unit": "months", "system": "http://unitsofmeasure.org", "code": "mo"}),
            ),
            "for 3 months",
        ),
        (
            "Timing.repeat.boundsRange",
            repeated("boundsRange", json!({"low": {"value": 5, "code": "d"}, "high": {"value": 7, "code": "d"}})),
            "for 5 to 7 days",
        ),
        ("Timing.repeat.boundsPeriod", repeated("boundsPeriod", json!({"end": "2026-03-09"})), "until 9 Mar 2026"),
        ("Timing.repeat.count", repeated("count", json!(3)), "3 times in all"),
        ("Timing.repeat.countMax", with("count", json!(3), "countMax", json!(5)), "3 to 5 times in all"),
        (
            "Timing.repeat.duration",
            with("duration", json!(30), "durationUnit", json!("min")),
            "over 30 minutes each time",
        ),
        (
            "Timing.repeat.durationMax",
            {
                let mut one = with("duration", json!(1), "durationUnit", json!("h"));
                one["timing"]["repeat"]["durationMax"] = json!(2);
                one
            },
            "over 1 to 2 hours each time",
        ),
        ("Timing.repeat.durationUnit", with("duration", json!(1), "durationUnit", json!("d")), "over 1 day each time"),
        (
            "Timing.repeat.frequency",
            json!({"timing": {"repeat": {"frequency": 3}}}),
            "3 times, and in how long is not recorded",
        ),
        ("Timing.repeat.frequencyMax", repeated("frequencyMax", json!(3)), "1 to 3 times a day"),
        ("Timing.repeat.period", json!({"timing": {"repeat": {"period": 8, "periodUnit": "h"}}}), "every 8 hours"),
        ("Timing.repeat.periodMax", repeated("periodMax", json!(2)), "every 1 to 2 days"),
        ("Timing.repeat.periodUnit", repeated("periodUnit", json!("min")), "once every 1 minute"),
        ("Timing.repeat.dayOfWeek", repeated("dayOfWeek", json!(["mon", "thu"])), "Monday, Thursday"),
        ("Timing.repeat.timeOfDay", repeated("timeOfDay", json!(["08:00:00"])), "08:00"),
        ("Timing.repeat.when", repeated("when", json!(["HS"])), "before going to sleep"),
        ("Timing.repeat.offset", with("when", json!(["ACM"]), "offset", json!(30)), "30 minutes before breakfast"),
    ]
}

/// The node of an element that has its own members.
fn node_of(of: &str, name: &str) -> NodeId {
    let r4 = Definitions::r4();
    match r4.property(r4.datatype(of).unwrap(), name).unwrap().kind.kind {
        TypeKind::Object(node) => node,
        other => panic!("{of}.{name}: {other:?}"),
    }
}

#[test]
fn every_member_of_r4_is_said_or_says_nothing_of_taking() {
    let r4 = Definitions::r4();
    let mut members: Vec<String> = Vec::new();
    let mut nodes: Vec<(String, NodeId)> =
        ["Dosage", "Timing"].iter().map(|name| ((*name).to_owned(), r4.datatype(name).unwrap())).collect();
    let inner = |of: &str, name: &str| (format!("{of}.{name}"), node_of(of, name));
    nodes.extend([inner("Dosage", "doseAndRate"), inner("Timing", "repeat")]);
    for (name, node) in nodes {
        let inner = name.contains('.');
        for element in r4.elements_of(node) {
            if inner && ["id", "extension", "modifierExtension"].contains(&element.name) {
                continue;
            }
            if !element.choice {
                members.push(format!("{name}.{}", element.name));
                continue;
            }
            for one in r4.types_of(element) {
                members.push(format!("{name}.{}{}{}", element.name, one.name[..1].to_uppercase(), &one.name[1..]));
            }
        }
    }
    let examples = examples();
    let named: Vec<&str> = examples.iter().map(|(name, ..)| *name).collect();
    for member in &members {
        assert!(named.contains(&member.as_str()), "nobody says {member}");
    }
    assert!(named.iter().all(|name| members.iter().any(|member| member == name)), "{named:?} {members:?}");
    for (name, dosage, words) in examples {
        let told = said(&dosage).unwrap_or_default();
        match words {
            "" => assert_eq!(told, "", "{name}"),
            words => assert!(told.contains(words), "{name}: {told}"),
        }
        assert_eq!(told.contains(NOT_ALL), words == NOT_ALL, "{name}: {told}");
        let spanish = Locale::Es.inside(|| said(&dosage)).unwrap_or_default();
        assert_eq!(spanish.is_empty(), words.is_empty(), "{name} in Spanish");
    }
}

#[test]
fn every_code_of_the_required_lists_has_words() {
    let r4 = Definitions::r4();
    let repeat_node = node_of("Timing", "repeat");
    for name in ["when", "dayOfWeek", "periodUnit", "durationUnit"] {
        let element = r4.element(repeat_node, name).unwrap();
        let codes: Vec<&str> = r4.binding(element).unwrap().codes().map(|(_, code)| code).collect();
        assert!(codes.len() > 6, "{name}");
        for code in codes {
            let members = match name {
                "periodUnit" => json!({"frequency": 1, "period": 2, "periodUnit": code}),
                "durationUnit" => json!({"duration": 2, "durationUnit": code}),
                _ => json!({name: [code]}),
            };
            let told = said(&repeat(members)).unwrap();
            assert!(told.starts_with("1 tablet, ") && !told.contains(NOT_ALL), "{name} {code}: {told}");
        }
    }
    assert_eq!(said(&repeat(json!({"when": ["IMD"]}))).unwrap(), "1 tablet, at once");
}

#[test]
fn what_cannot_be_said_is_said_to_be_there() {
    let odd = [
        tablet("whoKnows", json!(1)),
        tablet("modifierExtension", json!([{"url": "http://x"}])),
        tablet("_site", json!({"extension": []})),
        tablet("timing", json!("daily")),
        tablet("site", json!({})),
        tablet("maxDosePerPeriod", json!([])),
        tablet("maxDosePerPeriod", json!({"numerator": {"value": 1}})),
        tablet("asNeededFor", json!([{"text": "pain"}])),
        tablet("asNeededCodeableConcept", json!({})),
        repeat(json!({"when": ["ICM"]})),
        repeat(json!({"when": [null]})),
        repeat(json!({"when": "HS"})),
        repeat(json!({"dayOfWeek": ["someday"]})),
        repeat(json!({"offset": 30})),
        repeat(json!({"frequency": 1, "period": 8})),
        repeat(json!({"frequency": 1, "period": 8, "periodUnit": "fortnight"})),
        repeat(json!({"duration": 30})),
        repeat(json!({"boundsPeriod": {}})),
        repeat(json!({"boundsPeriod": {"start": "soon"}})),
        json!({"text": "1 tablet", "doseAndRate": [{}]}),
        json!({"text": "1 tablet", "doseAndRate": [{"doseQuantity": {"unit": "tablet"}}]}),
        json!({"text": "1 tablet", "doseAndRate": [{"doseQuantity": {"value": 1, "comparator": "~", "unit": "tablet"}}]}),
        json!({"text": "1 tablet", "timing": {"modifierExtension": []}}),
    ];
    for dosage in odd {
        let told = said(&dosage).unwrap();
        assert!(told.starts_with("1 tablet") && told.ends_with(NOT_ALL), "{dosage}: {told}");
        let spanish = shown_in_spanish(json!([dosage]));
        assert!(spanish.contains("Esto no es todo"), "{dosage}: {spanish}");
    }
    assert_eq!(dose_of(&json!({"dosageInstruction": "1 tablet"})).unwrap(), NOT_ALL);
    let given =
        json!({"resourceType": "MedicationAdministration", "dosage": {"text": "1 tablet", "dose": {"value": 1}}});
    assert_eq!(dose_of(&given).unwrap(), format!("1 tablet. {NOT_ALL}"));
    let other = json!({"resourceType": "Observation", "modifierExtension": [{"url": "http://x"}]});
    assert_eq!(dose_of(&other), None);
    let odd = json!({"modifierExtension": [{"url": "http://x"}], "dosageInstruction": [{"text": "1 tablet"}]});
    assert_eq!(dose_of(&odd).unwrap(), format!("1 tablet. {NOT_ALL}"));
    assert_eq!(said(&json!({})), None);
}

#[test]
fn a_dose_that_is_in_parts_is_said_whole() {
    let tablets = |n: f64| json!({"value": n, "unit": "tablet"});
    let daily = json!({"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}});
    let dosage = |dose: Value| json!({"doseAndRate": dose, "timing": daily});
    let two = json!([{"type": {"text": "loading"}, "doseQuantity": tablets(2.0)},
        {"type": {"text": "maintenance"}, "doseQuantity": tablets(1.0)}]);
    assert_eq!(said(&dosage(two)).unwrap(), "loading: 2 tablets, maintenance: 1 tablet, once a day");
    let no_kind = json!([{"doseQuantity": tablets(2.0)}, {"doseQuantity": tablets(1.0)}]);
    assert_eq!(said(&dosage(no_kind)).unwrap(), format!("2 tablets, 1 tablet, once a day. {NOT_ALL}"));
    let ordered = json!([{"type": {"coding": [{"code": "ordered"}]}, "doseQuantity": tablets(2.0)}]);
    assert_eq!(said(&dosage(ordered)).unwrap(), "2 tablets, once a day");
    assert_eq!(said(&dosage(json!([{"doseRange": {"low": tablets(1.0)}}]))).unwrap(), "at least 1 tablet, once a day");
    assert_eq!(said(&dosage(json!([{"doseRange": {"high": tablets(2.0)}}]))).unwrap(), "up to 2 tablets, once a day");
    let other = json!([{"doseRange": {"low": {"value": 500, "unit": "mg"}, "high": {"value": 1, "unit": "g"}}}]);
    assert_eq!(said(&dosage(other)).unwrap(), "500 mg to 1 g, once a day");
    let below = json!([{"doseQuantity": {"value": 2, "comparator": "<", "unit": "tablet"}}]);
    assert_eq!(said(&dosage(below)).unwrap(), "less than 2 tablets, once a day");
    let both = json!([{"doseQuantity": {"value": 500, "unit": "mL"}, "rateQuantity": {"value": 100, "unit": "mL/h"}}]);
    assert_eq!(said(&dosage(both)).unwrap(), "500 mL, at a rate of 100 mL/h, once a day");
}

#[test]
fn a_timing_is_said_whole() {
    let says = |members: Value| said(&repeat(members)).unwrap();
    assert_eq!(says(json!({"frequency": 3})), "1 tablet, 3 times, and in how long is not recorded");
    assert_eq!(says(json!({"count": 1})), "1 tablet, once only");
    assert_eq!(says(json!({"count": 3})), "1 tablet, 3 times in all");
    assert_eq!(
        says(json!({"count": 3, "frequency": 1, "period": 1, "periodUnit": "d"})),
        "1 tablet, once a day, 3 times in all"
    );
    assert_eq!(says(json!({"frequency": 2, "period": 30, "periodUnit": "min"})), "1 tablet, 2 times every 30 minutes");
    assert_eq!(
        says(json!({"when": ["ACM", "ACV"], "offset": 90})),
        "1 tablet, 90 minutes before breakfast, 90 minutes before dinner"
    );
    assert_eq!(says(json!({"when": ["MORN"], "offset": 60})), "1 tablet, in the morning (1 hour away from that)");
    let mut coded = repeat(json!({"frequency": 2, "period": 1, "periodUnit": "wk"}));
    coded["timing"]["code"] = json!({"text": "on Mondays and Thursdays only"});
    assert_eq!(said(&coded).unwrap(), "1 tablet, 2 times a week, on Mondays and Thursdays only");
    let mut coded = repeat(json!({"frequency": 2, "period": 1, "periodUnit": "d"}));
    coded["timing"]["code"] = json!({"coding": [{"code": "BID"}], "text": "BID"});
    assert_eq!(said(&coded).unwrap(), "1 tablet, twice a day");
}

#[test]
fn a_beginning_is_said_unless_it_is_the_day_of_writing() {
    let bounds = json!({"start": "2026-03-03", "end": "2026-03-09"});
    let dosage = repeat(json!({"frequency": 1, "period": 1, "periodUnit": "d", "boundsPeriod": bounds}));
    let of = |written: &str| dose_of(&json!({"authoredOn": written, "dosageInstruction": [dosage]})).unwrap();
    assert_eq!(of("2026-03-03T10:00:00Z"), "1 tablet, once a day, for 7 days");
    assert_eq!(of("2026-02-20"), "1 tablet, once a day, for 7 days from 3 Mar 2026");
    let timed = repeat(json!({"boundsPeriod": {"start": "2026-03-03T08:00:00Z", "end": "2026-03-09"}}));
    assert_eq!(said(&timed).unwrap(), "1 tablet, from 3 Mar 2026, 08:00 until 9 Mar 2026");
    assert_eq!(of("2026-11-10"), "1 tablet, once a day, for 7 days from 3 Mar 2026", "its time was before that");
}

#[test]
fn days_and_hours_stand_on_the_clinics_clock() {
    let auckland = TimeZone::get("Pacific/Auckland").unwrap();
    let on = tablet("timing", json!({"event": ["2026-11-29T20:30:00Z"]}));
    let bounds = json!({"start": "2026-11-29T20:30:00Z", "end": "2026-12-05T20:30:00Z"});
    let between = repeat(json!({"boundsPeriod": bounds}));
    let day = repeat(json!({"boundsPeriod": {"start": "2026-11-30", "end": "2026-12-06"}}));
    let of = |dosage: &Value, zone: &TimeZone| {
        let request = json!({"authoredOn": "2026-11-29T20:30:00Z", "dosageInstruction": [dosage]});
        (super::dose_of(&request, zone).unwrap(), super::how(&request, zone).unwrap().words.unwrap())
    };
    for (dosage, here, there) in [
        (&on, "1 tablet, on 29 Nov 2026, 20:30", "1 tablet, on 30 Nov 2026, 09:30"),
        (
            &between,
            "1 tablet, from 29 Nov 2026, 20:30 until 5 Dec 2026, 20:30",
            "1 tablet, from 30 Nov 2026, 09:30 until 6 Dec 2026, 09:30",
        ),
        (&day, "1 tablet, for 7 days from 30 Nov 2026", "1 tablet, for 7 days"),
    ] {
        assert_eq!(of(dosage, &TimeZone::UTC), (here.to_owned(), here.to_owned()));
        assert_eq!(of(dosage, &auckland), (there.to_owned(), there.to_owned()));
    }
}

#[test]
fn a_text_counts_and_what_only_the_parts_say_is_said_beside_it() {
    let most = json!({"numerator": {"value": 8, "unit": "tablet"}, "denominator": {"value": 1, "unit": "d"}});
    let one = |text: &str| json!({"text": text, "maxDosePerPeriod": most});
    assert_eq!(whole(json!([one("1 tablet every 4 hours")])), "1 tablet every 4 hours, no more than 8 tablets a day");
    let known = "1 tablet every 4 hours, no more than 8 tablets daily";
    assert_eq!(whole(json!([one(known)])), known);
    let twelve = "1 tablet every 4 hours, and no more than 18 tablets a day.";
    assert!(whole(json!([one(twelve)])).ends_with("18 tablets a day, no more than 8 tablets a day"));
    let mut all = repeat(json!({"frequency": 1, "period": 1, "periodUnit": "d", "when": ["HS"],
        "boundsDuration": {"value": 7, "code": "d"}}));
    all["text"] = json!("As directed");
    all["route"] = json!({"coding": [{"code": "26643006"}], "text": "Oral route"});
    assert_eq!(
        said(&all).unwrap(),
        "As directed (recorded as: 1 tablet, once a day), before going to sleep, for 7 days, by mouth"
    );
    all["text"] = json!("One tablet daily by mouth before going to sleep for 7 days");
    assert_eq!(said(&all).unwrap(), all["text"].as_str().unwrap());
    for (text, said) in [("11 tablets", false), ("2.1 tablet", false), ("2-1 tablet", false), ("take 1 tablet.", true)]
    {
        assert_eq!(says(text, "1 tablet"), said, "{text}");
    }
    let needed = |text: &str| said(&json!({"text": text, "asNeededBoolean": true})).unwrap();
    assert_eq!(needed("1 tablet, no need for food"), "1 tablet, no need for food, when needed");
    assert_eq!(needed("1 tablet PRN"), "1 tablet PRN");
}

#[test]
fn an_amount_that_the_text_leaves_open_is_said_as_each_time_s_and_another_one_apart() {
    let of =
        |text: &str| said(&json!({"text": text, "doseAndRate": [{"doseQuantity": {"value": 1, "unit": "tablet"}}]}));
    for text in ["When needed, up to 4 times a day", "Once a day, half an hour before breakfast", "Every 8 hours"] {
        assert_eq!(of(text).unwrap(), format!("{text} (1 tablet each time)"));
    }
    for text in ["Two at night", "Half at night", "No more than 2 in a day", "500 mg at night", "Half an ampoule"] {
        assert_eq!(of(text).unwrap(), format!("{text} (recorded as: 1 tablet)"));
    }
}

#[test]
fn a_dose_is_said_as_written_else_from_its_parts() {
    assert_eq!(said(&json!({"text": "One at night"})).unwrap(), "One at night");
    let pain = json!({"asNeededCodeableConcept": {"text": "severe pain"},
        "doseAndRate": [{"doseQuantity": {"value": 1, "unit": "tablet"}}],
        "timing": {"repeat": {"frequency": 4, "period": 1, "periodUnit": "d"}}});
    assert_eq!(said(&pain).unwrap(), "1 tablet, 4 times a day, when needed: severe pain");
    let mut written = pain.clone();
    written["text"] = json!("1 tablet 4 times a day");
    assert_eq!(said(&written).unwrap(), "1 tablet 4 times a day, when needed: severe pain");
    written["text"] = json!("1 tablet as needed for severe pain");
    written["patientInstruction"] = json!("With food");
    assert_eq!(said(&written).unwrap(), "1 tablet as needed for severe pain (recorded as: 4 times a day). With food");
    let range = json!({"doseAndRate": [{"doseRange": {"low": {"value": 1, "unit": "tablet"}, "high": {"value": 2, "unit": "tablet"}}}],
        "timing": {"repeat": {"frequency": 1, "period": 4, "periodMax": 6, "periodUnit": "h"}},
        "maxDosePerPeriod": {"numerator": {"value": 8, "unit": "tablet"}, "denominator": {"value": 1, "unit": "d"}}});
    assert_eq!(said(&range).unwrap(), "1 to 2 tablets, every 4 to 6 hours, no more than 8 tablets a day");
}

#[test]
fn all_instructions_are_said_in_their_order() {
    let one = |n: u32, when: &str| {
        json!({"doseAndRate": [{"doseQuantity": {"value": n, "unit": "tablet"}}],
            "timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d", "when": [when]}}})
    };
    let both = json!([one(1, "MORN"), one(2, "EVE")]);
    assert_eq!(whole(both.clone()), "1 tablet, once a day, in the morning; 2 tablets, once a day, in the evening");
    assert!(shown_in_spanish(both).contains("2 comprimidos"));
    // An evening is no afternoon, which the language begins at noon.
    let evening = shown_in_spanish(json!([one(1, "EVE")]));
    assert!(evening.ends_with("por la tarde-noche"), "{evening}");
    let taper =
        json!([{"sequence": 2, "text": "1 tablet a day"}, {"sequence": 1, "text": "2 tablets a day for a week"}]);
    assert_eq!(whole(taper.clone()), "2 tablets a day for a week; then 1 tablet a day");
    assert_eq!(shown_in_spanish(taper), "2 tablets a day for a week; después 1 tablet a day");
    let says_so = json!([{"sequence": 1, "text": "2 tablets a day"}, {"sequence": 2, "text": "Then 1 tablet a day"}]);
    assert_eq!(whole(says_so.clone()), "2 tablets a day; then 1 tablet a day");
    let in_spanish = shown_in_spanish(says_so);
    assert!(!in_spanish.contains("después"), "it says so in the language in which it was written: {in_spanish}");
    let dinner = json!([{"sequence": 1, "text": "2 al día"}, {"sequence": 2, "text": "Después de la cena, 1"}]);
    assert_eq!(shown_in_spanish(dinner), "2 al día; después después de la cena, 1", "when is not after what");
    let together = json!([{"sequence": 1, "text": "1 white"}, {"sequence": 1, "text": "1 red"}]);
    assert_eq!(whole(together), "1 white; 1 red");
}

#[test]
fn a_dose_of_ours_is_read_in_the_reader_s_language_and_another_as_it_was_written() {
    let mut dose = json!({"patientInstruction": "Swallow whole.", "asNeededBoolean": true,
        "route": {"coding": [{"code": "oral"}], "text": "by mouth"},
        "timing": {"repeat": {"frequency": 2, "period": 1, "periodUnit": "d", "when": ["C"],
            "boundsPeriod": {"start": "2026-03-03", "end": "2026-03-09"}}},
        "doseAndRate": [{"doseQuantity": {"value": 0.5, "unit": "tablet"}}]});
    let words = words(&dose, &TimeZone::UTC).unwrap();
    assert_eq!(words, "0.5 tablets, twice a day, with food, when needed, for 7 days, by mouth");
    let now = "0.5 tablets, twice a day, with food, when needed, for 7 days, by mouth. Swallow whole.";
    let of_before = "0.5 tablets, 2 times a day, with food, when needed, for 7 days";
    for text in [words.as_str(), of_before, "0.5 tablets, twice a day, with food, when needed, for 7 days"] {
        dose["text"] = json!(text);
        let request = json!({"authoredOn": "2026-03-03", "dosageInstruction": [dose]});
        assert_eq!(dose_of(&request).unwrap(), now, "{text}");
        let spanish = Locale::Es.inside(|| dose_of(&request)).unwrap();
        let end = "durante 7 días, por la boca. Swallow whole.";
        assert!(spanish.starts_with("0,5 comprimidos, ") && spanish.ends_with(end), "{spanish}");
    }
    dose["text"] = json!("As directed");
    assert_eq!(own_words(&dose, UTC), None);
}

#[test]
fn a_text_that_is_not_ours_stands_beside_its_parts_in_the_reader_s_language() {
    let mut request = json!({"dosageInstruction": [{"text": "Twice a day, after food",
        "timing": {"repeat": {"frequency": 2, "period": 1, "periodUnit": "d"}},
        "doseAndRate": [{"doseQuantity": {"value": 1, "unit": "tablet"}}]}]});
    let english = Some(Said { text: "Twice a day, after food".into(), lang: Some("en".into()) });
    let own = |words: &str| How { words: Some(words.into()), ..How::default() };
    assert_eq!(how(&request).unwrap(), own("Twice a day, after food (1 tablet each time)"));
    assert_eq!(
        in_spanish(&request),
        How { words: Some("1 comprimido, dos veces al día".into()), written: english.clone(), beside: None }
    );
    // Without how much, the parts would be read as the whole, were they first.
    request["dosageInstruction"][0]["doseAndRate"] = json!([{"rateQuantity": {"value": 1, "unit": "mL/h"}}]);
    request["dosageInstruction"][0].as_object_mut().unwrap().remove("doseAndRate");
    let beside = Some("Dos veces al día".to_owned());
    assert_eq!(in_spanish(&request), How { words: None, written: english, beside });
    request["language"] = json!("es");
    assert!(in_spanish(&request).written.is_none());
    assert_eq!(how(&request).unwrap().written.unwrap().lang.as_deref(), Some("es"));
}

#[test]
fn nothing_drops_out_for_who_reads_another_language() {
    let pain = json!({"text": "1 tablet 4 times a day", "asNeededCodeableConcept": {"text": "severe pain"}});
    assert_eq!(shown_in_spanish(json!([pain])), "1 tablet 4 times a day | Si hace falta: severe pain");
    for (name, mut dosage, words) in examples() {
        if words.is_empty() || ["Dosage.text", "Dosage.patientInstruction"].contains(&name) {
            continue;
        }
        let parts = Locale::Es.inside(|| super::words(&dosage, &TimeZone::UTC)).unwrap();
        dosage["text"] = json!("As directed");
        let shown = shown_in_spanish(json!([dosage]));
        assert!(shown.contains(&sentence(&parts)) && shown.contains("As directed"), "{name}: {shown} without {parts}");
    }
}

#[test]
fn units_are_counted_as_people_say_them() {
    assert_eq!(units(1.0, "tablet"), "1 tablet");
    assert_eq!(units(14.0, "capsule"), "14 capsules");
    assert_eq!(units(5.0, "mL"), "5 mL");
}

#[test]
fn no_code_of_a_unit_is_shown() {
    let said =
        |quantity: Value| dose_of(&json!({"dosageInstruction": [{"doseAndRate": [{"doseQuantity": quantity}]}]}));
    let code = |code: &str| json!({"value": 2, "system": "http://unitsofmeasure.org", "code": code});
    for (code, words, spanish) in [
        (code("{tbl}"), "2 tablets", "2 comprimidos"),
        (code("[iU]"), "2 IU", "2 UI"),
        (code("mg/kg/d"), "2 mg/kg/day", "2 mg/kg/día"),
        (json!({"value": 1, "unit": "{capsule}"}), "1 capsule", "1 c\u{e1}psula"),
        (json!({"value": 2, "unit": "drops", "code": "[drp]"}), "2 drops", "2 gotas"),
    ] {
        assert_eq!(said(code.clone()).as_deref(), Some(words));
        assert_eq!(Locale::Es.inside(|| said(code)).as_deref(), Some(spanish));
    }
}
