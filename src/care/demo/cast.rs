//! Two patients with a written story: one for the patient's account, a child for the proxy's.

use jiff::civil::Date;

use super::chart::{Allergy, CHECK_UP, Chart, Document, FOLLOW_UP, Purpose, SYMPTOM, Visit, Vitals};
use super::clinic::{Clinic, THE_NURSE};
use super::make::{at, days_before, workday};
use super::person::{Person, Sex};
use super::problems::{
    AMLODIPINE, ASTHMA, ATORVASTATIN, BRONCHITIS, BUDESONIDE, CHOLESTEROL, DIABETES, EAR, ECZEMA, EMPAGLIFLOZIN,
    HYDROCORTISONE, HYPERTENSION, METFORMIN, PARACETAMOL, RAMIPRIL, SALBUTAMOL, SIMVASTATIN,
};
use super::tests_table::{
    ALT, CREATININE, CRP, EGFR, HAEMOGLOBIN, HBA1C, LDL, POTASSIUM, TRIGLYCERIDES, Test, URINE_ALBUMIN,
};

/// Halina Brandvold: diabetes, high blood pressure, kidneys that slowly fail, here today with a cough.
pub(super) fn halina(clinic: Clinic, today: Date) -> Chart {
    let person = Person::cast(clinic.seed, 0, today, Sex::Female, ("Halina", "Brandvold"), (58, 5, 9));
    let mut chart = Chart::new(clinic, person, today);
    let year = |years: i64, days: i64| days_before(today, 365 * years + days);

    let diabetes = chart.problem(
        "Type 2 diabetes",
        (DIABETES.snomed, DIABETES.icd10),
        year(10, 20),
        None,
        Some("HbA1c 57, her target 53 or less"),
    );
    let pressure = chart.problem(
        "High blood pressure",
        (HYPERTENSION.snomed, HYPERTENSION.icd10),
        year(12, 90),
        None,
        Some("141/84 at home"),
    );
    let kidneys = chart.problem(
        "CKD G3a A2",
        ("700378005", "N18.31"),
        year(3, 10),
        None,
        Some("eGFR 52, falling about 3 a year"),
    );
    let fats = chart.problem(
        "High cholesterol",
        (CHOLESTEROL.snomed, CHOLESTEROL.icd10),
        year(11, 15),
        None,
        Some("LDL 2.0 on atorvastatin 40 mg"),
    );
    chart.problem(
        "Osteoarthritis, right knee",
        ("239873007", "M17.11"),
        year(5, 0),
        None,
        Some("Orthopaedics in six weeks"),
    );
    chart.problem(
        "Gallstones",
        ("235919008", "K80.20"),
        year(17, 40),
        Some(year(16, 200)),
        Some("Gall bladder removed"),
    );

    let mut almost_gone = None;
    for (medicine, why, left) in [
        (METFORMIN, &diabetes, 60),
        (RAMIPRIL, &pressure, 60),
        (AMLODIPINE, &pressure, 9),
        (ATORVASTATIN, &fats, 60),
        (EMPAGLIFLOZIN, &kidneys, 60),
    ] {
        let days = (workday(days_before(today, 83)), days_before(today, -left));
        let request = chart.prescribe(&medicine, "active", days, Some(why));
        if left < 10 {
            almost_gone = Some(request);
        }
    }
    chart.takes(&PARACETAMOL, year(1, 60), days_before(today, 83));

    for (allergy, years) in [
        (
            Allergy {
                name: "Penicillins",
                snomed: "91936005",
                category: "medication",
                reaction: ("39579001", "anaphylaxis"),
                severity: "severe",
            },
            22,
        ),
        (
            Allergy {
                name: "Iodinated contrast",
                snomed: "",
                category: "medication",
                reaction: ("126485001", "hives"),
                severity: "moderate",
            },
            7,
        ),
        (
            Allergy {
                name: "Latex",
                snomed: "",
                category: "environment",
                reaction: ("40275004", "contact rash"),
                severity: "mild",
            },
            9,
        ),
    ] {
        chart.allergy(&allergy, year(years, 0), today);
    }
    chart.smoking(year(0, 168), ("8517006", "Used to smoke"));
    for (vaccine, days) in [
        (("140", "Influenza"), 140),
        (("140", "Influenza"), 510),
        (("140", "Influenza"), 870),
        (("208", "COVID-19"), 500),
        (("33", "Pneumococcal"), 1100),
        (("113", "Tetanus and diphtheria"), 2300),
    ] {
        chart.vaccine(vaccine, workday(days_before(today, days)), None);
    }

    results(&mut chart);
    visits(&mut chart, (&diabetes, &pressure, &kidneys));
    papers(&mut chart);
    chart.report_to_sign(
        "Chest infection blood test",
        &[("Procalcitonin", 0.4, "\u{b5}g/L", 0.1), ("White blood cells", 13.2, "10*9/L", 11.0)],
    );
    chart.plan(
        "Care plan: diabetes and kidneys",
        "HbA1c 53 or less, blood pressure under 130/80, no anti-inflammatory medicines, kidney tests every six months.",
        &[diabetes, kidneys],
        year(0, 168),
    );
    chart.message(at(days_before(today, 12), 19 * 60 + 4), "Is it all right to take ibuprofen for my knee?");
    let tried = (workday(days_before(today, 365 * 11)), workday(days_before(today, 365 * 10 + 300)));
    chart.stopped(&SIMVASTATIN, tried, ("side-effects", "Side effects: aching legs"));
    if let Some(request) = almost_gone {
        chart.asks_for(&request, "I have tablets for nine days.", &at(days_before(today, 1), 18 * 60 + 40));
    }
    super::letters::of_the_first(&mut chart);
    super::own_words::bring(&mut chart);
    chart
}

/// Results of the last two years, newest first: seven days, and about six, twelve, eighteen and twenty-four months ago.
fn results(chart: &mut Chart) {
    const DAYS: [i64; 5] = [7, 174, 358, 540, 724];
    const SERIES: &[(Test, [f64; 5])] = &[
        (HBA1C, [57.0, 55.0, 58.0, 61.0, 64.0]),
        (EGFR, [52.0, 53.0, 55.0, 56.0, 58.0]),
        (CREATININE, [107.0, 104.0, 101.0, 99.0, 96.0]),
        (URINE_ALBUMIN, [8.4, 8.1, 6.2, 5.0, 4.1]),
        (TRIGLYCERIDES, [1.8, 1.9, 2.2, 2.3, 2.6]),
        (HAEMOGLOBIN, [113.0, 116.0, 118.0, 120.0, 121.0]),
        (POTASSIUM, [4.9, 4.7, 4.5, 4.6, 4.4]),
        (LDL, [2.0, 2.1, 2.2, 2.5, 2.9]),
        (ALT, [24.0, 25.0, 27.0, 29.0, 31.0]),
    ];
    for (test, values) in SERIES {
        for (value, days) in values.iter().zip(DAYS) {
            let when = at(workday(days_before(chart.today, days)), 8 * 60 + 25);
            let performer = chart.clinic.by_laboratory();
            chart.lab(test, *value, &when, performer);
        }
    }
    let here = chart.clinic.by(THE_NURSE);
    let minute = (9 * 60 + 36).min((chart.clinic.minute - 10).max(0));
    chart.lab(&CRP, 46.0, &at(chart.today, minute), here);
}

fn visits(
    chart: &mut Chart,
    (diabetes, pressure, kidneys): (&serde_json::Value, &serde_json::Value, &serde_json::Value),
) {
    let today = chart.today;
    let measured = |(systolic, diastolic): (i64, i64), pulse, temperature, oxygen, breathing, weight| Vitals {
        pressure: Some((systolic, diastolic)),
        pulse: Some(pulse),
        temperature: Some(temperature),
        oxygen: Some(oxygen),
        breathing: Some(breathing),
        weight: Some(weight),
        height: None,
    };
    for (days, reason, about, vitals) in [
        (83, "Blood pressure review", pressure, measured((136, 82), 72, 36.6, 97, 15, 82.1)),
        (168, "Diabetes yearly review", diabetes, measured((134, 80), 74, 36.7, 98, 15, 82.9)),
        (357, "Kidney review", kidneys, measured((139, 84), 70, 36.5, 97, 14, 85.2)),
        (533, "Diabetes yearly review", diabetes, measured((142, 85), 72, 36.6, 98, 14, 86.0)),
        (720, "Blood pressure review", pressure, measured((145, 88), 75, 36.7, 98, 15, 86.4)),
    ] {
        let purpose = Purpose { kind: FOLLOW_UP, reason, about: Some(about.clone()), status: "finished" };
        let visit = chart.visit(workday(days_before(today, days)), 10 * 60, 0, purpose);
        let height = (days == 168).then_some(166.0);
        chart.vitals(&visit, Vitals { height, ..vitals });
        signed_note(chart, &visit, reason, days);
    }
    // She is here: her turn was before now, however early a demo is made.
    let minute = (9 * 60 + 40).min((chart.clinic.minute - 20).max(0));
    chart.appointment(today, minute, 0, "arrived", "Cough and fever for 6 days");
    let purpose = Purpose { kind: SYMPTOM, reason: "Cough and fever for 6 days", about: None, status: "in-progress" };
    let visit = chart.visit(today, minute, 0, purpose);
    chart.vitals(&visit, Vitals { height: Some(166.0), ..measured((148, 86), 96, 38.1, 95, 20, 81.4) });
    chart.unsigned_note(
        &visit,
        "Visit note: Cough and fever for 6 days",
        "Cough with yellow sputum since Wednesday, fever in the evenings. No chest pain. Drinks enough.",
    );
    let later = workday(days_before(today, -35));
    chart.appointment(later, 11 * 60 + 20, THE_NURSE, "booked", "Kidney tests");
    let talk = workday(days_before(today, -12));
    chart.appointment(talk, 15 * 60, 0, "booked", "Talk about the kidney results");
}

fn signed_note(chart: &mut Chart, visit: &Visit, reason: &str, days: i64) {
    let words = match days {
        83 => "136/82. Amlodipine 5 mg kept. Home measurements agreed.",
        168 => "HbA1c 55. Target 53 agreed. Feet: pulses and feeling normal.",
        357 => "eGFR 55, urine albumin rising. Empagliflozin 10 mg started. No anti-inflammatory medicines.",
        533 => "HbA1c 61. Weight 86.0 kg. Walks half an hour every day now.",
        _ => "145/88. Ramipril raised to 10 mg. Blood test in two weeks.",
    };
    let text = format!("{reason}\n\n{words}\n\nSigned: {}\n", chart.doctor_name());
    let author = chart.clinic.by(0);
    let title = format!("Visit note: {}", reason.to_lowercase());
    let visit = Some(visit.clone());
    let day = visit.as_ref().map_or(chart.today, |visit| visit.day);
    chart.document(Document { loinc: "11506-3", kind: "Visit note", title: &title, text: &text, day, author, visit });
}

fn papers(chart: &mut Chart) {
    // As a person writes it in a letter.
    let appointment = days_before(chart.today, -42).strftime("%-d %B %Y");
    let knee = format!(
        "Fjordvik Hospital\nOrthopaedics\n\nDear Dr Adeyemi-Strand,\n\nThank you for sending Halina Brandvold with osteoarthritis of \
         the right knee. We shall see her on {appointment}. Before any anti-inflammatory medicine is considered we \
         would be glad to have her latest kidney function.\n\nWith kind regards,\nDr M. Ekholm\n"
    );
    let eyes = "Fjordvik Hospital\nDiabetic eye screening\n\nHalina Brandvold: no retinopathy, both eyes. Next picture in 24 months.\n";
    for (days, title, text) in
        [(4, "Letter from orthopaedics, Fjordvik Hospital", knee.as_str()), (224, "Letter: eye screening", eyes)]
    {
        let (day, author) = (workday(days_before(chart.today, days)), chart.clinic.by_hospital());
        chart.document(Document { loinc: "11488-4", kind: "Letter", title, text, day, author, visit: None });
    }
}

/// Emil Okafor, eight: asthma, eczema, peanuts; his mother acts for him.
pub(super) fn emil(clinic: Clinic, today: Date) -> Chart {
    let mut person = Person::cast(clinic.seed, 1, today, Sex::Male, ("Emil", "Okafor"), (8, 6, 21));
    person.parent = Some(("Adaeze".into(), "Okafor".into()));
    let born = person.born;
    let mut chart = Chart::new(clinic, person, today);
    let before = |days: i64| workday(days_before(today, days));

    let asthma = chart.long_standing(&ASTHMA, days_before(today, 1290));
    let eczema = chart.long_standing(&ECZEMA, days_before(today, 2400));
    chart.prescribe(&SALBUTAMOL, "active", (before(48), days_before(today, -130)), Some(&asthma));
    chart.prescribe(&BUDESONIDE, "active", (before(48), days_before(today, -130)), Some(&asthma));
    chart.prescribe(&HYDROCORTISONE, "active", (before(201), days_before(today, -20)), Some(&eczema));
    let peanuts = Allergy {
        name: "Peanuts",
        snomed: "91935009",
        category: "food",
        reaction: ("126485001", "Hives"),
        severity: "moderate",
    };
    chart.allergy(&peanuts, days_before(today, 2000), before(48));

    for (cvx, name, dose, age) in [
        ("20", "Diphtheria, tetanus and whooping cough", 1, 58),
        ("10", "Polio", 1, 58),
        ("119", "Rotavirus", 1, 58),
        ("20", "Diphtheria, tetanus and whooping cough", 2, 86),
        ("133", "Pneumococcal", 1, 87),
        ("03", "Measles, mumps and rubella", 1, 372),
        ("133", "Pneumococcal", 2, 372),
        ("03", "Measles, mumps and rubella", 2, 1240),
    ] {
        chart.vaccine((cvx, name), workday(days_before(born, -age)), Some(dose));
    }
    chart.vaccine(("140", "Influenza"), before(150), None);

    for (days, kind, reason, height, weight) in [
        (48, FOLLOW_UP, "Asthma review", 128.0, 26.4),
        (201, SYMPTOM, "Itchy elbows, worse since summer", 126.0, 25.6),
        (420, FOLLOW_UP, "Asthma review", 123.0, 23.9),
        (790, CHECK_UP, "Check-up before school", 117.0, 21.5),
    ] {
        let about = (reason == "Asthma review").then(|| asthma.clone());
        let visit = chart.visit(before(days), 15 * 60 + 20, 0, Purpose { kind, reason, about, status: "finished" });
        let vitals = Vitals {
            pulse: Some(88),
            oxygen: Some(98),
            height: Some(height),
            weight: Some(weight),
            ..Vitals::default()
        };
        chart.vitals(&visit, vitals);
    }
    for (days, illness, temperature) in [(310, &EAR, 38.6), (640, &BRONCHITIS, 38.3)] {
        let purpose = Purpose { kind: SYMPTOM, reason: illness.said, about: None, status: "finished" };
        let visit = chart.visit(before(days), 9 * 60 + 20, 1, purpose);
        chart.illness(illness, &visit);
        chart.vitals(
            &visit,
            Vitals { temperature: Some(temperature), pulse: Some(112), oxygen: Some(97), ..Vitals::default() },
        );
    }
    let text = "Asthma plan for Emil\n\nEvery day: the brown inhaler, 1 puff in the morning and 1 in the evening, with the spacer.\nWhen he \
                wheezes: the blue inhaler, 2 puffs. If that does not help after 10 minutes, 4 more, and call us.\nIf he cannot \
                speak for want of breath: call 112.\n";
    let author = chart.clinic.by(0);
    chart.document(Document {
        loinc: "34895-3",
        kind: "Plan for home",
        title: "Asthma plan for home and school",
        text,
        day: before(48),
        author,
        visit: None,
    });
    chart.plan("Care plan: asthma", "No wheezing at night; sports without limits.", &[asthma], before(48));
    chart.appointment(today, 9 * 60 + 40, 1, "booked", "Asthma review");
    let until = days_before(today, -6);
    chart.held_report(
        "Allergy test",
        &[("Peanut-specific IgE", 8.4, "kU/L", 0.35)],
        ("To explain it at the visit", until),
    );
    chart
}
