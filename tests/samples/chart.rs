//! Charts: an ordinary one, one as full as imported records get, an empty one.

use chartbox::http::clinic::chart_pages::*;
use chartbox::http::clinic::medicines::{Event, MedicinesPage, Row};
use chartbox::http::ui::record::*;
use chartbox::http::ui::{Flag, State, Tone};

use super::*;

pub fn pages() -> Vec<(&'static str, String)> {
    let mut all = vec![
        ("chart-summary", render(&summary())),
        ("chart-summary-of-before", render(&summary_of_before())),
        ("chart-summary-full", render(&full_summary())),
        ("chart-summary-empty", render(&empty_summary())),
        ("chart-results", render(&results())),
        ("chart-results-full", render(&full_results())),
    ];
    all.extend(sections());
    all.extend(empty_sections());
    all
}

fn who() -> Identity {
    Identity {
        id: "p1".into(),
        family: "Brandvold".into(),
        given: "Halina".into(),
        born: Some(day("1967-05-09")),
        died: None,
        deceased: false,
        sex: Sex::Female,
        number: Some("004 127".into()),
    }
}

fn allergy(substance: &str, reaction: &str, severity: Severity, since: Option<&str>) -> AllergyLine {
    AllergyLine {
        kind: AllergyKind::There,
        substance: substance.into(),
        reactions: vec![reaction.into()],
        severity: Some(severity),
        doubt: None,
        since: since.map(day),
    }
}

fn medicine(name: &str, dose: &str) -> MedicineLine {
    MedicineLine { name: name.into(), dose: Some(dose.into()), doubt: None }
}

pub fn frame() -> Frame {
    Frame {
        who: who(),
        other_number: Some(("Health no.".into(), "70-4417-2263".into())),
        allergies: AllergyStatus::Known {
            list: vec![
                allergy("Penicillins", "anaphylaxis", Severity::Severe, Some("2004")),
                allergy("Iodinated contrast", "hives", Severity::Moderate, Some("2019")),
                allergy("Latex", "contact rash", Severity::Mild, None),
            ],
            asked: Some(time("2026-03-03T09:29")),
        },
        problems: [
            "Type 2 diabetes",
            "High blood pressure",
            "CKD G3a A2",
            "High cholesterol",
            "Osteoarthritis, right knee",
        ]
        .map(String::from)
        .into(),
        medicines: MedicineStatus::Takes {
            list: vec![
                medicine("Metformin 1 g", "twice a day"),
                medicine("Ramipril 10 mg", "once a day"),
                medicine("Amlodipine 5 mg", "once a day"),
                medicine("Atorvastatin 40 mg", "at night"),
                medicine("Empagliflozin 10 mg", "once a day"),
                medicine("Paracetamol 1 g", "when needed"),
            ],
            checked: Some(day("2025-12-10")),
        },
        not_to_give: vec![],
        why: Some(
            "You opened this chart because Halina has a visit with you today at 09:40. She can see that you did."
                .into(),
        ),
        parts: Vec::new(),
        emergency: None,
    }
}

/// As full as whole-life records get: twenty problems, twelve allergies, forty medicines, names with digits.
fn full_frame() -> Frame {
    let allergies = [
        ("Animal dander (substance)", "Rhinoconjunctivitis (disorder)"),
        ("House dust mite (organism)", "Wheal (finding)"),
        ("Tree nut (substance)", "Anaphylaxis (disorder)"),
        ("Trimethoprim with sulfamethoxazole", "Stevens-Johnson syndrome"),
        ("Shellfish (substance)", "Nausea (finding)"),
        ("Aspirin", "Rhinoconjunctivitis (disorder)"),
        ("Grass pollen (substance)", "Allergic angioedema"),
        ("Bee venom (substance)", "Dyspnea (finding)"),
        ("Lisinopril", "Cough (finding)"),
        ("Cow’s milk (substance)", "Abdominal pain"),
        ("Mould (organism)", "Wheal (finding)"),
        ("Sticking plaster with acrylate", "Skin eruption"),
    ];
    let names = [
        "24 HR Metformin hydrochloride 500 MG Extended Release Oral Tablet",
        "lisinopril 10 MG Oral Tablet",
        "insulin isophane, human 70 UNT/ML / insulin, regular, human 30 UNT/ML Injectable Suspension [Humulin]",
        "Hydrochlorothiazide 25 MG Oral Tablet",
        "Simvastatin 20 MG Oral Tablet",
        "Clopidogrel 75 MG Oral Tablet",
        "Nitroglycerin 0.4 MG/ACTUAT Mucosal Spray",
        "24 HR metoprolol succinate 100 MG Extended Release Oral Tablet",
    ];
    let problems = [
        "Diabetes mellitus type 2 (disorder)",
        "Chronic kidney disease stage 3 (disorder)",
        "Proteinuria due to type 2 diabetes mellitus (disorder)",
        "Essential hypertension (disorder)",
        "Ischemic heart disease (disorder)",
        "Anemia (disorder)",
        "Neuropathy due to type 2 diabetes mellitus (disorder)",
        "Metabolic syndrome X (disorder)",
        "Hypertriglyceridemia (disorder)",
        "Body mass index 30+ - obesity (finding)",
        "Chronic low back pain (finding)",
        "Osteoporosis (disorder)",
    ];
    Frame {
        who: Identity {
            id: "full".into(),
            family: "Sanabria-Wolfeschlegelsteinhausen999".into(),
            given: "Guillermo498 Maximilian José Eduardo".into(),
            born: Some(day("1938-11-30")),
            died: Some(day("2024-03-18")),
            deceased: true,
            sex: Sex::Male,
            number: Some("3b9f2a40-77e1-4a64".into()),
        },
        other_number: None,
        allergies: AllergyStatus::Known {
            list: allergies.iter().map(|(a, b)| allergy(a, b, Severity::Moderate, Some("1941"))).collect(),
            asked: None,
        },
        problems: problems.map(String::from).into(),
        medicines: MedicineStatus::Takes {
            list: names
                .iter()
                .cycle()
                .take(24)
                .enumerate()
                .map(|(place, name)| MedicineLine {
                    name: (*name).into(),
                    dose: None,
                    doubt: (place == 3).then(|| "paused at the moment".into()),
                })
                .collect(),
            checked: None,
        },
        not_to_give: vec![medicine("Amoxicillin", "because of: liver failure in 2019")],
        why: None,
        parts: Vec::new(),
        emergency: None,
    }
}

fn empty_frame() -> Frame {
    Frame {
        who: Identity { id: "new".into(), family: "Nwosu".into(), given: "".into(), ..Identity::default() },
        ..Frame::default()
    }
}

fn labs() -> Vec<ResultGroup> {
    vec![
        ResultGroup {
            title: "Measured here".into(),
            when: Some(time("2026-03-03T09:36")),
            source: None,
            series: vec![series("1988-5", "C-reactive protein", "mg/L", None, Some(5.0), &[("2026-03-03", 46.0)])],
        },
        ResultGroup {
            title: "Blood and urine tests".into(),
            when: Some(day("2026-02-24")),
            source: Some("Northmoor Laboratory".into()),
            series: vec![
                halves("4548-4", "HbA1c", "mmol/mol", Some(20.0), Some(41.0), &[68.0, 63.0, 58.0, 55.0, 57.0]),
                halves("33914-3", "eGFR", "mL/min/1.73 m²", Some(60.0), None, &[58.0, 56.0, 55.0, 53.0, 52.0]),
                halves("14682-9", "Creatinine", "µmol/L", Some(45.0), Some(84.0), &[99.0, 101.0, 103.0, 105.0, 107.0]),
                halves("32294-1", "Urine albumin/creatinine", "mg/mmol", None, Some(3.0), &[4.1, 5.6, 7.9, 8.4]),
                halves("14927-8", "Triglycerides", "mmol/L", None, Some(1.7), &[2.4, 2.2, 1.9, 1.8]),
                halves("718-7", "Haemoglobin", "g/L", Some(115.0), Some(165.0), &[124.0, 121.0, 118.0, 113.0]),
                halves("6298-4", "Potassium", "mmol/L", Some(3.5), Some(5.3), &[4.4, 4.6, 4.5, 4.7, 4.9]),
                halves("22748-8", "LDL cholesterol", "mmol/L", None, Some(3.0), &[2.8, 2.3, 2.1, 2.0]),
                halves("1742-6", "ALT", "U/L", None, Some(35.0), &[31.0, 28.0, 26.0, 24.0]),
                worded("630-4", "Urine culture", "Escherichia coli, more than 100,000 per mL", Some(Flag::Abnormal)),
            ],
        },
    ]
}

pub fn vitals() -> Vec<Series> {
    vec![
        pressure(&[
            ("2025-03-11", 152.0, 90.0),
            ("2025-06-10", 146.0, 88.0),
            ("2025-09-16", 138.0, 84.0),
            ("2025-12-10", 136.0, 82.0),
            ("2026-03-03", 148.0, 86.0),
        ]),
        series("8310-5", "Temperature", "°C", Some(36.0), Some(37.5), &[("2025-09-16", 36.7), ("2026-03-03", 38.1)]),
        series("59408-5", "Oxygen saturation", "%", Some(96.0), None, &[("2025-09-16", 98.0), ("2026-03-03", 95.0)]),
        series("8867-4", "Pulse", "/min", Some(50.0), Some(100.0), &[("2025-12-10", 72.0), ("2026-03-03", 96.0)]),
        series("9279-1", "Breathing", "/min", Some(12.0), Some(20.0), &[("2025-09-16", 15.0), ("2026-03-03", 20.0)]),
        series(
            "29463-7",
            "Weight",
            "kg",
            None,
            None,
            &[("2025-03-11", 85.2), ("2025-12-10", 82.0), ("2026-03-03", 81.4)],
        ),
    ]
}

fn problems() -> Vec<ProblemRow> {
    [
        ("Type 2 diabetes", "2016", "HbA1c 57, her target 53 or less"),
        ("High blood pressure", "2014", "148/86 today, 141/84 at home"),
        ("CKD G3a A2", "2023", "eGFR 52, falling about 3 a year"),
        ("High cholesterol", "2015", "LDL 2 on atorvastatin 40 mg"),
        ("Osteoarthritis, right knee", "2021", "Orthopaedics on 14 April"),
    ]
    .map(|(name, since, note)| ProblemRow {
        id: "r1".into(),
        name: name.into(),
        code: (name != "CKD G3a A2").then(|| "SNOMED CT 44054006".into()),
        since: Some(day(since)),
        since_said: None,
        ended: None,
        details: Vec::new(),
        doubt: None,
        note: Some(note.into()),
    })
    .into()
}

pub fn medicines() -> Vec<MedicineRow> {
    [
        ("Metformin 1 g", "Twice a day, with food", MedicineState::Taking),
        ("Ramipril 10 mg", "Once a day", MedicineState::Taking),
        ("Amlodipine 5 mg", "Once a day", MedicineState::Paused),
        ("Atorvastatin 40 mg", "Once a day, at night", MedicineState::Taking),
        ("Empagliflozin 10 mg", "Once a day, in the morning", MedicineState::Taking),
        ("Paracetamol 1 g", "When needed, up to 4 times a day", MedicineState::Reported),
    ]
    .map(|(name, how, state)| MedicineRow {
        name: name.into(),
        how: Some(how.into()),
        since: Some(day("2024-11-02")),
        until: (state != MedicineState::Reported).then(|| day("2026-05-02")),
        state,
        due: Due::Now,
        doubts: vec![],
        reason: Some("Type 2 diabetes".into()),
        by: Some("Dr R. Adeyemi-Strand".into()),
    })
    .into()
}

fn medicines_page(cx: Cx, frame: Frame, current: Vec<MedicineRow>, past: Vec<MedicineRow>) -> MedicinesPage {
    let row = |row: MedicineRow| Row {
        span: row.span(),
        state: row.state.mark(),
        name: row.name,
        how: row.how,
        reason: row.reason,
        by: row.by,
        note: None,
        href: Some("/patients/p1/prescriptions/m1".into()),
        renew: Some("/patients/p1/prescribe?renew=m1".into()),
    };
    let history = vec![Event {
        when: day("2026-02-03"),
        word: "Stopped".into(),
        name: "Lisinopril 10 mg".into(),
        how: None,
        text: Some("Side effects: dry cough".into()),
        by: Some("Dr R. Adeyemi-Strand".into()),
        href: Some("/patients/p1/prescriptions/m1".into()),
    }];
    let is_empty = current.is_empty();
    let apart = |name: &str, state: MedicineState| Row {
        name: name.into(),
        how: None,
        reason: Some("Liver failure in 2019".into()),
        span: "since 3 Feb 2019".into(),
        by: Some("Dr R. Adeyemi-Strand".into()),
        state: state.mark(),
        note: None,
        href: Some("/patients/p1/prescriptions/m2".into()),
        renew: None,
    };
    MedicinesPage {
        not_to_give: if is_empty { vec![] } else { vec![apart("Amoxicillin", MedicineState::NotToGive)] },
        later: if is_empty { vec![] } else { vec![apart("Denosumab 60 mg", MedicineState::Reported)] },
        not_taken: if is_empty { vec![] } else { vec![apart("Methotrexate 2.5 mg", MedicineState::NotTaking)] },
        planned: if is_empty { vec![] } else { vec![apart("Semaglutide 0.25 mg", MedicineState::Planned)] },
        current: current.into_iter().map(row).collect(),
        past: past.into_iter().map(row).collect(),
        history: if is_empty { vec![] } else { history },
        refills: if is_empty { vec![] } else { vec![(Some("/refills/t1".into()), "Amlodipine 5 mg".into())] },
        prescribe: Some("/patients/p1/prescribe".into()),
        frame,
        cx,
    }
}

fn past_medicines() -> Vec<MedicineRow> {
    vec![MedicineRow {
        name: "insulin isophane, human 70 UNT/ML / insulin, regular, human 30 UNT/ML Injectable Suspension [Humulin]"
            .into(),
        how: None,
        since: Some(day("2011-02-03")),
        until: Some(day("2012-02-03")),
        state: MedicineState::Finished,
        due: Due::Now,
        doubts: vec![],
        reason: None,
        by: None,
    }]
}

fn timeline() -> Vec<TimelineEntry> {
    use TimelineKind::*;
    [
        (
            "2026-03-03T09:40",
            Visit,
            "Visit: cough and fever for 6 days",
            "In progress. CRP 46 mg/L.",
            "Dr R. Adeyemi-Strand",
        ),
        (
            "2026-02-27",
            Letter,
            "Letter from orthopaedics, Fjordvik Hospital",
            "Appointment 14 April. Asks for kidney function before any anti-inflammatory.",
            "Not yet read by a doctor",
        ),
        (
            "2026-02-24",
            Result,
            "Blood and urine tests",
            "9 results, 6 outside their range. HbA1c 57, eGFR 52, haemoglobin 113.",
            "Taken by Lena Corvin, nurse",
        ),
        ("2026-02-19", Immunization, "Influenza, 2025 to 2026", "Left upper arm, lot A81-22.", "Lena Corvin, nurse"),
        (
            "2025-12-10",
            Visit,
            "Visit: blood pressure review",
            "136/82. Amlodipine 5 mg kept. Home measurements agreed.",
            "Dr R. Adeyemi-Strand",
        ),
        ("2025-07-22", Procedure, "Eye screening, both eyes", "No retinopathy. Next in 24 months.", "Dr P. Halloran"),
    ]
    .map(|(when, kind, title, text, by)| TimelineEntry {
        when: if when.len() > 10 { time(when) } else { day(when) },
        when_said: None,
        kind,
        title: title.into(),
        text: Some(text.into()),
        by: Some(by.into()),
        href: None,
    })
    .into()
}

fn to_come() -> DayRow {
    DayRow {
        when: time("2026-03-17T10:20"),
        minutes: Some(20),
        patient: String::new(),
        age: None,
        href: String::new(),
        reason: Some("Blood pressure review".into()),
        kind: Some("Visit".into()),
        with: Some("Dr R. Adeyemi-Strand".into()),
        state: AppointmentState::Expected,
        form: None,
    }
}

fn summary() -> Summary {
    let results = labs();
    Summary {
        cx: doctor(),
        frame: frame(),
        today: Some(("cough and fever for 6 days".into(), State::new("full", Tone::Accent, "Arrived"))),
        coming: vec![to_come()],
        vitals: vitals(),
        problems: problems(),
        medicines: medicines(),
        chosen: Some(results[1].series[1].clone()),
        results,
        more: 29,
        timeline: timeline(),
    }
}

/// Somebody is here today, and was measured months ago.
fn summary_of_before() -> Summary {
    let fever =
        series("8310-5", "Temperature", "°C", Some(36.0), Some(37.5), &[("2025-09-16", 36.7), ("2025-12-10", 38.6)]);
    let weight = series("29463-7", "Weight", "kg", None, None, &[("2025-03-11", 85.2)]);
    Summary { vitals: vec![fever, weight], ..summary() }
}

fn full_summary() -> Summary {
    let mut page = summary();
    page.cx = demo(doctor());
    page.frame = full_frame();
    page.today = None;
    page.chosen = Some(monthly("2339-0", "Glucose [Mass/volume] in Blood", "mg/dL", 80, |m| 96.0 + f64::from(m % 17)));
    page.results.push(ResultGroup {
        title: "Basic metabolic panel - Blood".into(),
        when: Some(day("2024-03-01")),
        source: Some("PCP4948 BAYSTATE MEDICAL CENTER, OUTPATIENT LABORATORY".into()),
        series: vec![
            monthly("2339-0", "Glucose [Mass/volume] in Blood", "mg/dL", 80, |m| 96.0 + f64::from(m % 17)),
            monthly("38483-4", "Creatinine [Mass/volume] in Blood", "mg/dL", 3, |m| 2.5 + f64::from(m) / 7.0),
            worded("5767-9", "Appearance of Urine", "Cloudy urine (finding)", None),
        ],
    });
    page
}

fn empty_summary() -> Summary {
    Summary {
        cx: doctor(),
        frame: empty_frame(),
        today: None,
        coming: Vec::new(),
        vitals: Vec::new(),
        problems: Vec::new(),
        medicines: Vec::new(),
        results: Vec::new(),
        more: 0,
        chosen: None,
        timeline: Vec::new(),
    }
}

fn results() -> Results {
    let groups = labs();
    Results {
        waiting: vec![],
        off: called_off(),
        cx: doctor(),
        frame: frame(),
        chosen: Some(groups[1].series[0].clone()),
        groups,
    }
}

fn called_off() -> Vec<CalledOff> {
    vec![CalledOff { name: "Potassium".into(), when: day("2026-02-24"), said: "cancelled; haemolysed".into() }]
}

fn full_results() -> Results {
    let chosen = monthly("29463-7", "Body Weight", "kg", 83, |m| 82.4 + f64::from((m * 7) % 11) / 3.0);
    Results {
        waiting: vec![],
        off: called_off(),
        cx: demo(doctor()),
        frame: full_frame(),
        chosen: Some(chosen),
        groups: labs(),
    }
}

fn sections() -> Vec<(&'static str, String)> {
    let pages = Pages { newer: None, older: Some("/patients/p1/visits?before=2011-02-03".into()) };
    let rows = vec![AllergyRow {
        id: "r1".into(),
        line: allergy("Penicillins", "anaphylaxis", Severity::Severe, Some("2004")),
        kind: Some("medicine".into()),
        recorded: Some(day("2016-02-02")),
        by: Some("Dr P. Halloran".into()),
        state: None,
        note: None,
    }];
    let old = vec![AllergyRow { state: Some("Refuted".into()), ..rows[0].clone() }];
    let visit = VisitRow {
        when: Some(time("2026-03-03T09:40")),
        until: None,
        kind: "Visit".into(),
        reason: Some("Cough and fever for 6 days".into()),
        by: Some("Dr R. Adeyemi-Strand".into()),
        place: Some("Alder Street Clinic".into()),
        detail: None,
        open: true,
        state: None,
        planned: false,
        id: "e1".into(),
        ordered: vec![],
    };
    let stay = VisitRow {
        when: Some(day("2011-02-03")),
        until: Some(day("2011-02-09")),
        kind: "Encounter for problem (procedure)".into(),
        open: false,
        ..visit.clone()
    };
    let document = DocumentRow {
        title: "Letter from orthopaedics, Fjordvik Hospital".into(),
        kind: Some("Letter".into()),
        when: Some(day("2026-02-27")),
        by: Some("Fjordvik Hospital".into()),
        bytes: Some(184_320),
        href: Some("/patients/p1/documents/d1".into()),
        reported: false,
        to_see: false,
    };
    let shot = ImmunizationRow {
        id: "r1".into(),
        name: "Influenza, seasonal, injectable, preservative free".into(),
        when: Some(day("2025-10-19")),
        when_said: None,
        detail: Some("Dose 1, left upper arm, lot A81-22".into()),
        caveat: None,
        by: Some("Lena Corvin, nurse".into()),
        not_given: None,
    };
    let refused = ImmunizationRow { not_given: Some("she did not want it".into()), detail: None, ..shot.clone() };
    let entry_less = DocumentRow { href: None, bytes: None, ..document.clone() };
    vec![
        (
            "chart-timeline",
            render(&Timeline {
                from: String::new(),
                to: String::new(),
                cx: doctor(),
                frame: frame(),
                show: None,
                entries: timeline(),
                pages: pages.clone(),
            }),
        ),
        ("chart-medicines", render(&medicines_page(doctor(), frame(), medicines(), past_medicines()))),
        ("chart-problems", render(&Problems { cx: doctor(), frame: frame(), active: problems(), past: problems() })),
        ("chart-allergies", render(&Allergies { cx: doctor(), frame: frame(), rows, past: old })),
        (
            "chart-measurements",
            render(&Measurements {
                cx: doctor(),
                frame: frame(),
                groups: vec![ResultGroup {
                    title: "Measured here".into(),
                    when: Some(day("2026-03-03")),
                    source: None,
                    series: vitals(),
                }],
                chosen: Some(vitals().remove(0)),
            }),
        ),
        ("chart-immunizations", render(&Immunizations { cx: doctor(), frame: frame(), rows: vec![shot, refused] })),
        (
            "chart-visits",
            render(&Visits {
                cx: doctor(),
                frame: frame(),
                coming: vec![to_come()],
                planned: vec![VisitRow { state: Some("Planned".into()), planned: true, ..stay.clone() }],
                rows: vec![visit, stay],
                pages: pages.clone(),
            }),
        ),
        (
            "chart-orders",
            render(&Orders {
                cx: doctor(),
                frame: frame(),
                open: vec![ordered()],
                past: vec![OrderRow { name: "Blood count".into(), state: OrderState::Done, ..ordered() }],
            }),
        ),
        (
            "chart-documents",
            render(&Documents { cx: doctor(), frame: frame(), rows: vec![document, entry_less], pages }),
        ),
    ]
}

fn empty_sections() -> Vec<(&'static str, String)> {
    let (cx, frame) = (doctor(), empty_frame());
    let pages = Pages::default();
    let known = Frame {
        allergies: AllergyStatus::NoneKnown {
            asked: Some(day("2026-01-14")),
            by: Some("Dr R. Adeyemi-Strand".into()),
            id: "a1".into(),
        },
        ..empty_frame()
    };
    let none = Frame { medicines: MedicineStatus::TakesNone { asked: Some(day("2026-01-14")) }, ..known.clone() };
    vec![
        (
            "empty-timeline",
            render(&Timeline {
                from: String::new(),
                to: String::new(),
                cx: cx.clone(),
                frame: frame.clone(),
                show: Some(TimelineKind::Result),
                entries: vec![],
                pages: pages.clone(),
            }),
        ),
        ("empty-medicines", render(&medicines_page(cx.clone(), none, vec![], vec![]))),
        ("empty-problems", render(&Problems { cx: cx.clone(), frame: frame.clone(), active: vec![], past: vec![] })),
        ("empty-allergies", render(&Allergies { cx: cx.clone(), frame: known, rows: vec![], past: vec![] })),
        (
            "empty-measurements",
            render(&Measurements { cx: cx.clone(), frame: frame.clone(), groups: vec![], chosen: None }),
        ),
        (
            "empty-results",
            render(&Results {
                waiting: vec![],
                off: called_off(),
                cx: cx.clone(),
                frame: frame.clone(),
                groups: vec![],
                chosen: None,
            }),
        ),
        ("empty-immunizations", render(&Immunizations { cx: cx.clone(), frame: frame.clone(), rows: vec![] })),
        ("empty-orders", render(&Orders { cx: cx.clone(), frame: frame.clone(), open: vec![], past: vec![] })),
        (
            "empty-visits",
            render(&Visits {
                cx: cx.clone(),
                frame: frame.clone(),
                coming: vec![],
                planned: vec![],
                rows: vec![],
                pages: pages.clone(),
            }),
        ),
        ("empty-documents", render(&Documents { cx, frame, rows: vec![], pages })),
    ]
}
