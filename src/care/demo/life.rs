//! A life by chance: what somebody has had, has, takes, was measured and is booked for.

use jiff::civil::Date;
use serde_json::Value;

use super::chart::{Allergy, CHECK_UP, Chart, Document, FOLLOW_UP, Purpose, SYMPTOM, Visit, Vitals};
use super::clinic::{STAFF, THE_NURSE};
use super::make::{at, days_before, workday};
use super::person::Sex;
use super::problems::{CKD, DIABETES, HYPERTENSION, ILLNESSES, Illness, PROBLEMS, Problem};
use super::tests_table::{HAEMOGLOBIN, HEART, ROUTINE, Test};

/// How many patients get a long history; the rest, there for numbers, get the last two years.
const WITH_LONG_HISTORY: u64 = 400;

struct Now {
    problem: &'static Problem,
    condition: Value,
    since: Date,
}

/// Fills the chart.
pub(super) fn live(chart: &mut Chart) {
    let alive_until = chart.person.died.unwrap_or(chart.today);
    let years = if chart.person.index < WITH_LONG_HISTORY { 7 } else { 2 };
    let years = years.min(chart.person.age);
    let now = problems(chart, alive_until);
    let height = height(chart);
    let weight = weight(chart, height, &now);

    allergies(chart, alive_until);
    vaccines(chart, years, alive_until);
    if chart.person.age >= 16 {
        let status = chart.dice.pick(&[
            ("266919005", "Never smoked"),
            ("266919005", "Never smoked"),
            ("266919005", "Never smoked"),
            ("8517006", "Used to smoke"),
            ("8517006", "Used to smoke"),
            ("449868002", "Smokes every day"),
        ]);
        let day = days_before(alive_until, chart.dice.between(20, 700));
        chart.smoking(workday(day), status);
    }
    reviews(chart, &now, (years, alive_until), (height, weight));
    illnesses(chart, years, alive_until, (height, weight));
    laboratory(chart, &now, years, alive_until);
    letters(chart, &now, alive_until);
    if chart.person.died.is_none() {
        bookings(chart, &now);
        super::letters::of_others(chart);
    }
}

fn problems(chart: &mut Chart, until: Date) -> Vec<Now> {
    let mut now: Vec<Now> = Vec::new();
    for problem in PROBLEMS {
        let older = chart.person.age - problem.from;
        if older < 0 || problem.only.is_some_and(|sex| sex != chart.person.sex) {
            continue;
        }
        let has = |name: &str| now.iter().any(|now| now.problem.name == name);
        let mut percent = (problem.percent + problem.more * older / 10).max(1);
        if problem.name == CKD.name && (has(DIABETES.name) || has(HYPERTENSION.name)) {
            percent *= 2;
        }
        if !chart.dice.percent(percent.min(62)) {
            continue;
        }
        let since = days_before(until, chart.dice.between(200, 365 * older.clamp(1, 14) + 365));
        let condition = chart.long_standing(problem, since);
        for group in problem.medicines {
            // Not everybody takes everything.
            if chart.dice.percent(14) {
                continue;
            }
            let at = usize::try_from(chart.dice.between(0, group.len() as i64 - 1)).unwrap_or(0);
            let Some(medicine) = group.get(at) else { continue };
            if now
                .iter()
                .any(|other| other.problem.medicines.iter().any(|of| of.iter().any(|m| m.name == medicine.name)))
            {
                continue;
            }
            let last = days_before(until, chart.dice.between(10, 110));
            let status = if chart.person.died.is_some() { "stopped" } else { "active" };
            chart.prescribe(medicine, status, (workday(last), days_before(last, -180)), Some(&condition));
            let before = group.iter().find(|before| before.name != medicine.name);
            if let Some(before) = before.filter(|_| chart.dice.percent(22)) {
                let then = days_before(last, chart.dice.between(300, 900));
                chart.prescribe(before, "stopped", (workday(then), days_before(then, -180)), Some(&condition));
            }
        }
        now.push(Now { problem, condition, since });
    }
    now
}

fn height(chart: &mut Chart) -> f64 {
    let age = chart.person.age as f64;
    let grown = if chart.person.sex == Sex::Female { 164.0 } else { 177.0 };
    let share = if age >= 17.0 { 1.0 } else { 0.31 + 0.69 * (age / 17.0).powf(0.72) };
    (grown + 13.0 * chart.dice.noise()) * share
}

fn weight(chart: &mut Chart, height: f64, now: &[Now]) -> f64 {
    let adult = if now.iter().any(|now| now.problem.name == DIABETES.name) { 29.5 } else { 25.2 };
    let index =
        if chart.person.age >= 18 { adult + 7.0 * chart.dice.noise() } else { 15.8 + chart.person.age as f64 * 0.3 };
    index * (height / 100.0).powi(2)
}

const ALLERGIES: &[Allergy] = &[
    Allergy {
        name: "Penicillins",
        snomed: "91936005",
        category: "medication",
        reaction: ("271807003", "Rash"),
        severity: "moderate",
    },
    Allergy {
        name: "Penicillins",
        snomed: "91936005",
        category: "medication",
        reaction: ("39579001", "Anaphylaxis"),
        severity: "severe",
    },
    Allergy {
        name: "Ibuprofen",
        snomed: "",
        category: "medication",
        reaction: ("41291007", "Swelling of the face"),
        severity: "severe",
    },
    Allergy {
        name: "Codeine",
        snomed: "",
        category: "medication",
        reaction: ("422587007", "Nausea"),
        severity: "mild",
    },
    Allergy {
        name: "Trimethoprim",
        snomed: "",
        category: "medication",
        reaction: ("126485001", "Hives"),
        severity: "moderate",
    },
    Allergy {
        name: "Latex",
        snomed: "",
        category: "environment",
        reaction: ("40275004", "Contact rash"),
        severity: "mild",
    },
    Allergy {
        name: "Peanuts",
        snomed: "91935009",
        category: "food",
        reaction: ("39579001", "Anaphylaxis"),
        severity: "severe",
    },
    Allergy {
        name: "Shellfish",
        snomed: "300913006",
        category: "food",
        reaction: ("126485001", "Hives"),
        severity: "moderate",
    },
    Allergy {
        name: "Eggs",
        snomed: "91930004",
        category: "food",
        reaction: ("62315008", "Diarrhoea"),
        severity: "mild",
    },
    Allergy {
        name: "House dust mites",
        snomed: "232350006",
        category: "environment",
        reaction: ("267036007", "Shortness of breath"),
        severity: "mild",
    },
    Allergy {
        name: "Grass pollen",
        snomed: "418689008",
        category: "environment",
        reaction: ("418290006", "Itching"),
        severity: "mild",
    },
];

/// A third have some, half were asked and have none, the rest were never asked.
fn allergies(chart: &mut Chart, until: Date) {
    let day = days_before(until, chart.dice.between(15, 500));
    let asked = workday(day);
    let draw = chart.dice.between(0, 99);
    if draw < 34 {
        let mut names = Vec::new();
        for _ in 0..chart.dice.between(1, 2) {
            let allergy = chart.dice.pick(ALLERGIES);
            if !names.contains(&allergy.name) {
                chart.penicillin |= allergy.name == "Penicillins";
                names.push(allergy.name);
                let since = chart.dice.between(1, (365 * chart.person.age).clamp(2, 9000));
                chart.allergy(&allergy, days_before(asked, since).max(chart.person.born), asked);
            }
        }
    } else if draw < 86 {
        chart.no_known_allergy(asked);
    }
}

const FLU: (&str, &str) = ("140", "Influenza");
/// Vaccine, dose and age in days (UK routine schedule, simplified).
const CHILDHOOD: &[((&str, &str), i64, i64)] = &[
    (("20", "Diphtheria, tetanus and whooping cough"), 1, 58),
    (("10", "Polio"), 1, 58),
    (("48", "Hib"), 1, 58),
    (("119", "Rotavirus"), 1, 58),
    (("20", "Diphtheria, tetanus and whooping cough"), 2, 86),
    (("10", "Polio"), 2, 86),
    (("133", "Pneumococcal"), 1, 87),
    (("20", "Diphtheria, tetanus and whooping cough"), 3, 115),
    (("03", "Measles, mumps and rubella"), 1, 372),
    (("133", "Pneumococcal"), 2, 372),
    (("03", "Measles, mumps and rubella"), 2, 1240),
    (("165", "Human papillomavirus"), 1, 4560),
    (("114", "Meningitis A, C, W, Y"), 1, 5110),
];

fn vaccines(chart: &mut Chart, years: i64, until: Date) {
    for (vaccine, dose, age) in CHILDHOOD {
        let late = chart.dice.between(0, 20);
        let day = workday(days_before(chart.person.born, -(age + late)));
        if chart.person.age < 18 && day < until && chart.dice.percent(95) {
            chart.vaccine(*vaccine, day, Some(*dose));
        }
    }
    if chart.person.age < 18 {
        return;
    }
    let keen = if chart.person.age >= 65 { 80 } else { 25 };
    for year in 0..years.min(4) {
        let autumn = Date::new(until.year() - i16::try_from(year).unwrap_or(0) - 1, 10, 6).unwrap_or(until);
        if chart.dice.percent(keen) {
            let later = chart.dice.between(0, 40);
            chart.vaccine(FLU, workday(days_before(autumn, -later)), None);
        }
    }
    let day = workday(days_before(until, chart.dice.between(400, 1500)));
    if chart.dice.percent(70) {
        chart.vaccine(("208", "COVID-19"), day, None);
    }
    let day = workday(days_before(until, chart.dice.between(300, 3200)));
    if chart.dice.percent(45) {
        chart.vaccine(("113", "Tetanus and diphtheria"), day, None);
    }
    if chart.person.age >= 70 && chart.dice.percent(55) {
        let first = days_before(until, chart.dice.between(300, 1200));
        chart.vaccine(("187", "Shingles"), workday(first), Some(1));
        chart.vaccine(("187", "Shingles"), workday(days_before(first, -75)), Some(2));
        chart.vaccine(("33", "Pneumococcal"), workday(days_before(first, 30)), None);
    }
}

/// A resting state, with what the problems make of it.
fn resting(chart: &mut Chart, (height, weight): (f64, f64), high: bool) -> Vitals {
    let age = chart.person.age;
    let systolic = 104.0 + age.min(75) as f64 * 0.32 + if high { 17.0 } else { 0.0 } + 11.0 * chart.dice.noise();
    let share = if age > 60 { 0.56 } else { 0.62 };
    let diastolic = systolic * share + 5.0 * chart.dice.noise();
    let weight = weight + 2.0 * chart.dice.noise();
    let pulse = if age < 10 { 92.0 } else { 71.0 } + 12.0 * chart.dice.noise();
    Vitals {
        pressure: (age >= 16).then_some((systolic.round() as i64, diastolic.round() as i64)),
        pulse: Some(pulse.round() as i64),
        weight: Some(weight.max(3.0)),
        height: (age < 18).then_some(height),
        ..Vitals::default()
    }
}

fn a_time(chart: &mut Chart) -> i64 {
    8 * 60 + 40 + 20 * chart.dice.between(0, 22)
}

fn reviews(chart: &mut Chart, now: &[Now], (years, until): (i64, Date), body: (f64, f64)) {
    let high = now.iter().any(|now| now.problem.name == HYPERTENSION.name);
    for year in 0..years {
        let about = now.get(usize::try_from(year).unwrap_or(0) % now.len().max(1));
        // The healthy do not come every year.
        if about.is_none() && chart.dice.percent(55) {
            continue;
        }
        let day = workday(days_before(until, 30 + 365 * year + chart.dice.between(0, 300)));
        if about.is_some_and(|about| day < about.since) {
            continue;
        }
        let (kind, reason) = about.map_or((CHECK_UP, "Yearly check-up"), |about| (FOLLOW_UP, about.problem.review));
        let minute = a_time(chart);
        let staff = chart.person.doctor;
        let purpose = Purpose { kind, reason, about: about.map(|about| about.condition.clone()), status: "finished" };
        let visit = chart.visit(day, minute, staff, purpose);
        let grown_less = if chart.person.age < 18 { 1.0 - 0.04 * year as f64 } else { 1.0 };
        let vitals = resting(chart, (body.0 * grown_less, body.1 * grown_less.powi(2)), high);
        chart.vitals(&visit, vitals);
        if year == 0 {
            note(chart, &visit, reason, vitals);
        }
    }
}

fn note(chart: &mut Chart, visit: &Visit, reason: &str, vitals: Vitals) {
    let pressure = vitals.pressure.map_or(String::new(), |(high, low)| format!("Blood pressure {high}/{low}. "));
    let said = chart.dice.pick(&[
        "Feels well. No new complaints.",
        "Well in general, sleeps badly at times.",
        "Walks every day. Appetite good, weight steady.",
        "Asks whether the tablets are still needed; we went through them one by one.",
    ]);
    let plan = chart.dice.pick(&[
        "Carry on as before. Next review in a year.",
        "Blood test in six months, then review.",
        "No change of medicines. Come back sooner if anything changes.",
    ]);
    let text = format!(
        "{reason}\n\n{said}\n{pressure}Weight {:.1} kg.\n\nPlan: {plan}\n\n{}\n",
        vitals.weight.unwrap_or(0.0),
        chart.doctor_name()
    );
    let author = chart.clinic.by(visit.staff);
    let title = format!("Visit note: {}", reason.to_lowercase());
    chart.document(Document {
        loinc: "11506-3",
        kind: "Visit note",
        title: &title,
        text: &text,
        day: visit.day,
        author,
        visit: Some(visit.clone()),
    });
}

fn illnesses(chart: &mut Chart, years: i64, until: Date, body: (f64, f64)) {
    let often = if chart.person.age < 12 { 75 } else { 38 };
    for year in 0..years {
        if !chart.dice.percent(often) {
            continue;
        }
        let at = usize::try_from(chart.dice.between(0, ILLNESSES.len() as i64 - 1)).unwrap_or(0);
        let day = workday(days_before(until, 25 + 365 * year + chart.dice.between(0, 330)));
        let Some(illness) = ILLNESSES.get(at).filter(|illness| fits(chart, illness, year)) else { continue };
        if day < chart.person.born {
            continue;
        }
        ill(chart, illness, day, body);
    }
}

fn fits(chart: &Chart, illness: &Illness, years_ago: i64) -> bool {
    let (from, to) = illness.ages;
    (from..=to).contains(&(chart.person.age - years_ago))
}

fn ill(chart: &mut Chart, illness: &Illness, day: Date, body: (f64, f64)) {
    let (minute, staff) = (a_time(chart), usize::try_from(chart.dice.between(0, 2)).unwrap_or(0));
    let purpose = Purpose { kind: SYMPTOM, reason: illness.said, about: None, status: "finished" };
    let visit = chart.visit(day, minute, staff, purpose);
    let condition = chart.illness(illness, &visit);
    let mut vitals = resting(chart, body, false);
    if illness.fever {
        vitals.temperature = Some(38.2 + 0.7 * chart.dice.noise());
        vitals.oxygen = Some(chart.dice.between(94, 98));
        vitals.pulse = vitals.pulse.map(|pulse| pulse + 16);
    }
    vitals.height = None;
    vitals.weight = vitals.weight.filter(|_| chart.person.age >= 18);
    chart.vitals(&visit, vitals);
    if let Some(medicine) = illness.medicine.filter(|medicine| !medicine.is_penicillin() || !chart.penicillin) {
        chart.prescribe(&medicine, "completed", (day, days_before(day, -10)), Some(&condition));
    }
}

/// Blood taken once or twice a year from those who have a reason to, now and then from others; every test as a trend.
fn laboratory(chart: &mut Chart, now: &[Now], years: i64, until: Date) {
    let effects: Vec<_> =
        now.iter().flat_map(|now| now.problem.effects.iter().map(|effect| (effect, now.since))).collect();
    let adult = chart.person.age >= 18;
    let draws = match (effects.is_empty(), adult) {
        (false, _) => (years * 3 / 2).clamp(2, 7),
        (true, true) => chart.dice.between(0, 2),
        (true, false) => 0,
    };
    let kidneys = now.iter().any(|now| now.problem.name == CKD.name);
    let few = chart.person.index >= WITH_LONG_HISTORY;
    let mut tests: Vec<Test> = if few { Vec::new() } else { ROUTINE.to_vec() };
    let draws = if few { draws.min(2) } else { draws };
    if few && effects.is_empty() {
        tests.push(HAEMOGLOBIN);
    } else if chart.person.age >= 40 && !few {
        tests.extend_from_slice(HEART);
    }
    for (effect, _) in &effects {
        if !tests.iter().any(|test| test.loinc == effect.0.loinc) {
            tests.push(effect.0);
        }
    }
    let gap = if effects.is_empty() { 500 } else { years * 365 / draws.max(1) };
    let newest = chart.dice.between(4, 80);
    // Everybody is a little different, and stays so.
    let own: Vec<f64> = tests.iter().map(|_| chart.dice.noise()).collect();
    for draw in 0..draws {
        let day = workday(days_before(until, newest + gap * draw + chart.dice.between(0, 20)));
        let when = at(day, 8 * 60 + 10 + 5 * chart.dice.between(0, 20));
        for (test, own) in tests.iter().zip(&own) {
            let years_ago = (gap * draw) as f64 / 365.0;
            let mut value = test.usual + test.spread * (own + 0.45 * chart.dice.noise());
            for ((of, shift, yearly), since) in &effects {
                if of.loinc == test.loinc && *since <= day {
                    value += shift - yearly * years_ago;
                }
            }
            let age = chart.person.age as f64 - years_ago;
            if test.name == "eGFR" {
                // Stage 3a is 45 to 59 (KDIGO 2012); without the diagnosis it stays above.
                value = if kidneys { value.clamp(45.0, 59.0) } else { (value - (age - 50.0).max(0.0) * 0.5).max(61.0) };
            }
            if chart.person.sex == Sex::Male && matches!(test.name, "Creatinine" | "Haemoglobin") {
                value += 11.0;
            }
            let performer = chart.clinic.by_laboratory();
            chart.lab(test, value.max(test.usual * 0.08), &when, performer);
        }
    }
}

fn letters(chart: &mut Chart, now: &[Now], until: Date) {
    let Some(about) = now.first() else { return };
    let (name, given) = (about.problem.name.to_lowercase(), chart.person.display());
    if chart.dice.percent(60) {
        let title = format!("Letter from Fjordvik Hospital: {name}");
        let text = format!(
            "Fjordvik Hospital\nOut-patients\n\nDear colleague,\n\nThank you for sending {given}, whom we saw about {name}. \
             The history and the examination fit what you wrote. No change of treatment for now. We suggest a blood test \
             in six months and would be glad to see {given} again if anything worsens.\n\nWith kind regards,\nDr M. Ekholm\n",
        );
        let day = workday(days_before(until, chart.dice.between(20, 600)));
        let author = chart.clinic.by_hospital();
        chart.document(Document {
            loinc: "11488-4",
            kind: "Letter",
            title: &title,
            text: &text,
            day,
            author,
            visit: None,
        });
    }
    if now.len() >= 2 && chart.person.died.is_none() {
        let about: Vec<Value> = now.iter().take(3).map(|now| now.condition.clone()).collect();
        let day = workday(days_before(until, chart.dice.between(30, 400)));
        chart.plan(
            "Care plan",
            "Keep active, take the medicines as agreed, blood test every six months, review once a year.",
            &about,
            day,
        );
    }
}

/// Slots of one day at one member of the staff: ten from 8:40, ten from 13:40, twenty minutes each.
const SLOTS: u64 = 20;

/// Half of the first patients come today, a quarter in the weeks after: every slot is given once, so that no two meet.
fn bookings(chart: &mut Chart, now: &[Now]) {
    let index = chart.person.index;
    let staff_count = STAFF.len() as u64;
    let (number, day) = match index % 4 {
        0 | 1 if index / 4 * 2 < SLOTS * staff_count => (index / 4 * 2 + index % 4, chart.today),
        2 if index / 4 < 20 * SLOTS => (index / 4, working_day_after(chart.today, 1 + index / 4 / SLOTS)),
        // Two of the first have asked for a time and wait.
        // Two more wait for a time to become free: one for any, one for evenings on which nobody works.
        3 if matches!(index, 11 | 15) => {
            let first = working_day_after(chart.today, 2);
            let (from, to) = if index == 11 { (8 * 60, 12 * 60) } else { (19 * 60, 21 * 60) };
            return chart.waits_for_a_visit(first, 5, (from, to));
        }
        3 if index < 8 => {
            let first = working_day_after(chart.today, 1 + index % 3);
            return chart.asks_for_a_visit(first, 4, "New in town, would like to get to know the clinic");
        }
        _ => return,
    };
    let (staff, minute) = slot(number);
    let reason = now.first().map_or("Check-up", |now| now.problem.review);
    if day > chart.today {
        return chart.appointment(day, minute, staff, "booked", reason);
    }
    let status = match minute {
        ..=539 => "fulfilled",
        540..=559 => chart.dice.pick(&["fulfilled", "fulfilled", "noshow"]),
        560..=579 => "checked-in",
        580..=619 => chart.dice.pick(&["arrived", "checked-in", "booked"]),
        _ => "booked",
    };
    // What is to come has not happened, however early in the day a demo is made.
    let status = if minute > chart.clinic.minute { "booked" } else { status };
    chart.appointment(day, minute, staff, status, reason);
    if status == "fulfilled" {
        let (kind, about) = (FOLLOW_UP, now.first().map(|now| now.condition.clone()));
        let visit = chart.visit(day, minute, staff, Purpose { kind, reason, about, status: "finished" });
        let vitals = Vitals { height: None, ..resting(chart, (170.0, 72.0), false) };
        chart.vitals(&visit, Vitals { weight: None, ..vitals });
    }
}

/// Staff member and minute of the day of the `number`th slot of a day. Neighbours are hours apart; the first is 9:40.
fn slot(number: u64) -> (usize, i64) {
    let staff_count = STAFF.len() as u64;
    let staff = usize::try_from(number % staff_count).unwrap_or(THE_NURSE);
    let place = i64::try_from((3 + number / staff_count * 7) % SLOTS).unwrap_or(0);
    (staff, if place < 10 { 8 * 60 + 40 + 20 * place } else { 13 * 60 + 40 + 20 * (place - 10) })
}

fn working_day_after(today: Date, days: u64) -> Date {
    let mut day = today;
    for _ in 0..days {
        day = days_before(day, -1);
        while workday(day) != day {
            day = days_before(day, -1);
        }
    }
    day
}
