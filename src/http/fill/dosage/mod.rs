//! A dose in words, in the language of the answer: made of FHIR's `Dosage` and nothing else. Nothing that a dosage says may
//! drop out: half of it reads like the whole. What cannot be put into words is said to be there.

mod left;
mod told;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::Value;

use self::told::{Clock, Told, not_all, told};
use super::{concept, foreign, list, owned, text};
use crate::http::ui::record::{How, Said};
use crate::http::ui::{Locale, When, format, t};

/// All instructions of a prescription or a statement, as they stand.
pub fn all(resource: &Value) -> &[Value] {
    list(resource, member(resource))
}

fn member(resource: &Value) -> &'static str {
    if resource.get("dosageInstruction").is_some() { "dosageInstruction" } else { "dosage" }
}

/// How a prescription or a statement says to take it: all that it says, in the order in which it is to be taken. Times stand on the
/// clock of `zone`, the clinic's.
pub fn dose_of(resource: &Value, zone: &TimeZone) -> Option<String> {
    let whole = Whole::of(resource, zone);
    let said = |one: &Value| said_since(one, whole.clock);
    let parts = whole.parts.iter().filter_map(|one| Some((sequence(one), said(one)?)));
    with(joined(parts.collect()), whole.warning(), ". ")
}

/// The same for a document in English, whoever asked for it.
pub fn dose_in_english(resource: &Value, zone: &TimeZone) -> Option<String> {
    Locale::En.inside(|| dose_of(resource, zone))
}

/// The instructions of one resource.
struct Whole<'a> {
    /// In the order in which they are to be followed.
    parts: Vec<&'a Value>,
    clock: Clock<'a>,
    unsaid: bool,
}

impl<'a> Whole<'a> {
    fn of(resource: &'a Value, zone: &'a TimeZone) -> Self {
        let said = resource.get(member(resource));
        let mut parts: Vec<&Value> = match said {
            Some(Value::Array(all)) => all.iter().collect(),
            // Of what was given there is one (FHIR R4, MedicationAdministration.dosage).
            Some(one @ Value::Object(_)) => vec![one],
            _ => Vec::new(),
        };
        // What has no place of its own comes last (FHIR R4, Dosage.sequence).
        parts.sort_by_key(|one| sequence(one).map_or((1, 0), |place| (0, place)));
        let days = ["/authoredOn", "/effectivePeriod/start", "/effectiveDateTime", "/dateAsserted"];
        let day = |pointer: &&str| match When::parse(text(resource, pointer)?, zone)? {
            when @ (When::Day(_) | When::Time(_)) => Some(when.day()),
            _ => None,
        };
        let unread = said.is_some_and(|said| !said.is_array() && !said.is_object());
        let of_medicine = said.is_some()
            || text(resource, "/resourceType")
                .is_some_and(|kind| kind.starts_with("Medication") && kind != "Medication");
        let unsaid = unread || (of_medicine && resource.get("modifierExtension").is_some());
        Self { parts, clock: Clock { zone, written: days.iter().find_map(day) }, unsaid }
    }

    fn warning(&self) -> Option<String> {
        self.unsaid.then(not_all)
    }
}

fn sequence(dosage: &Value) -> Option<i64> {
    dosage.get("sequence").and_then(Value::as_i64)
}

/// One after the other; those that stand at different places are followed in turn, all others together.
fn joined(parts: Vec<(Option<i64>, String)>) -> Option<String> {
    let mut out: Option<(Option<i64>, String)> = None;
    for (place, words) in parts {
        let next = match out {
            None => words,
            Some((before, said)) if before.is_some() && place.is_some() && before != place => {
                format!("{said}; {}", then(&words))
            }
            Some((_, said)) => format!("{said}; {words}"),
        };
        out = Some((place, next));
    }
    out.map(|(_, said)| said)
}

/// An instruction that follows another, and says so once.
fn then(words: &str) -> String {
    let next = format::within(words);
    // In whatever language it was written.
    let says_so = Locale::ALL.into_iter().any(|locale| {
        let bare = locale.inside(|| t("dose-then").with("next", "").to_string());
        let rest = next.strip_prefix(bare.trim());
        // "Después de la cena" says when, and nothing of what was before.
        rest.is_some_and(|rest| !rest.starts_with(char::is_alphanumeric) && !rest.trim_start().starts_with("de "))
    });
    if says_so { next } else { t("dose-then").with("next", next).to_string() }
}

/// Both, as far as they are there.
fn with(one: Option<String>, other: Option<String>, between: &str) -> Option<String> {
    match (one, other) {
        (Some(one), Some(other)) => Some(format!("{}{between}{other}", one.trim_end_matches(['.', ',', ';', ' ']))),
        (one, other) => one.or(other),
    }
}

/// "1 tablet, twice a day, with food, for 7 days". Nothing where the parts say nothing.
pub fn words(dosage: &Value, zone: &TimeZone) -> Option<String> {
    let told = told(dosage, begins(dosage, zone));
    with(told.words(), told.warning(), ". ")
}

/// For who writes it on the day on which it begins.
fn begins<'z>(dosage: &Value, zone: &'z TimeZone) -> Clock<'z> {
    Clock { zone, written: text(dosage, "/timing/repeat/boundsPeriod/start").and_then(|start| start.parse().ok()) }
}

/// Whether it is taken only when needed.
pub fn is_needed(dosage: &Value) -> bool {
    dosage.get("asNeededBoolean") == Some(&Value::Bool(true)) || dosage.get("asNeededCodeableConcept").is_some()
}

/// What it is needed for: "severe pain".
fn needed_for(dosage: &Value) -> Option<String> {
    concept(dosage.get("asNeededCodeableConcept"))
}

/// One instruction: as it was written, with what its parts say beside that; else from its parts. "2 tablets, 3 times a day,
/// when needed".
fn said_since(dosage: &Value, clock: Clock<'_>) -> Option<String> {
    if let Some(words) = own_words(dosage, clock) {
        return with(Some(sentence(&words)), owned(dosage, "/patientInstruction"), ". ");
    }
    let told = told(dosage, clock);
    let words = match super::spoken(dosage, "text").map(|text| super::without_tag(&text)) {
        Some(text) => Some(with_the_rest(&text, dosage, &told)),
        None => told.words(),
    };
    let instruction = owned(dosage, "/patientInstruction").filter(|one| words.as_ref() != Some(one));
    with(with(words, instruction, ". "), told.warning(), ". ")
}

/// What was written in words, and what only the parts say. Where it is not sure that the text says it, it is said twice: how
/// much and how often apart from the text, so that nobody takes both.
fn with_the_rest(text: &str, dosage: &Value, told: &Told) -> String {
    let mut said = text.to_owned();
    // "1 tablet a day" is once a day.
    let daily = |often: &str| {
        let once = plain(often) == "1 times a day";
        once && told.amount.iter().any(|amount| says(text, &format!("{amount} a day")))
    };
    let often = told.often.iter().filter(|one| !daily(one));
    let numbers: Vec<&str> =
        told.amount.iter().chain(often).map(String::as_str).filter(|one| !says(text, one)).collect();
    if !numbers.is_empty() {
        let shown = text.trim_end_matches(['.', ',', ';', ' ']);
        // Only how much each time, of a text that says nothing of that: it cannot be another amount than the text's.
        let amounts = told.amount.iter().map(String::as_str);
        let message = match numbers.iter().copied().eq(amounts) && numbers.len() == 1 && !says_an_amount(text) {
            true => "dose-each-time",
            false => "dose-recorded-as",
        };
        said = t(message).with("text", shown).with("parts", numbers.join(", ")).to_string();
    }
    for one in &told.rest {
        let is_said = match told.needed.as_ref() == Some(one) {
            true => says_needed(text) && needed_for(dosage).is_none_or(|reason| says(text, &reason)),
            false => says(text, one),
        };
        if !is_said {
            said = with(Some(said), Some(one.clone()), ", ").unwrap_or_default();
        }
    }
    said
}

/// Whether a text may say how much it is: by a number that is not one of times, or by what is counted.
fn says_an_amount(text: &str) -> bool {
    const TIMES: [&str; 16] = [
        "time", "times", "hour", "hours", "day", "days", "week", "weeks", "month", "months", "vez", "veces", "horas",
        "días", "semanas", "meses",
    ];
    const NUMBERS: [&str; 12] =
        ["half", "both", "seven", "eight", "nine", "ten", "un", "una", "dos", "tres", "media", "medio"];
    const COUNTED: [&str; 17] = [
        "tablet",
        "capsule",
        "puff",
        "drop",
        "dose",
        "spoon",
        "sachet",
        "unit",
        "patch",
        "application",
        "comprimido",
        "cápsula",
        "gota",
        "dosis",
        "cucharad",
        "inhalaci",
        "sobre",
    ];
    let text = plain(text);
    let mut words =
        text.split([' ', ',', ';', '.', ':', '(', ')', '-', '–', '/']).filter(|word| !word.is_empty()).peekable();
    while let Some(word) = words.next() {
        let is_number = word.contains(|c: char| c.is_numeric()) || NUMBERS.contains(&word);
        if is_number {
            // "Half an hour".
            let _ = words.next_if(|next| *next == "an");
        }
        let of_time = words.peek().is_some_and(|next| TIMES.contains(next));
        if (is_number && !of_time) || COUNTED.iter().any(|counted| word.starts_with(counted)) {
            return true;
        }
    }
    false
}

/// Whether a text says in so many words that it is taken only when needed.
fn says_needed(text: &str) -> bool {
    const WAYS: [&str; 13] = [
        "when needed",
        "as needed",
        "if needed",
        "where needed",
        "only needed",
        "when required",
        "as required",
        "if required",
        "prn",
        "p.r.n",
        "hace falta",
        "haga falta",
        "es necesario",
    ];
    WAYS.iter().any(|way| says(text, way))
}

/// Whether a text has these words, whole: "1 tablet" is not in "11 tablets", nor "5 mL" in "2.5 mL" or "1-5 mL".
fn says(text: &str, words: &str) -> bool {
    let (text, words) = (plain(text), plain(words));
    let joins = |c: char| c.is_alphanumeric() || matches!(c, '-' | '–' | '/');
    text.match_indices(words.as_str()).any(|(at, _)| {
        let before = text.get(..at).unwrap_or_default();
        let after = text.get(at + words.len()..).unwrap_or_default();
        let digit_at_end = |text: &str| text.chars().next_back().is_some_and(|c| c.is_ascii_digit());
        let decimal = before.strip_suffix(['.', ',']).is_some_and(digit_at_end)
            || after.strip_prefix(['.', ',']).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
        !words.is_empty()
            && !decimal
            && !before.ends_with(joins)
            && !after.starts_with(joins)
            && !before.ends_with(" to ")
            && !before.ends_with(" a ")
    })
}

/// As texts of one meaning are most often alike: in small letters, numbers as digits, "daily" as "a day".
fn plain(text: &str) -> String {
    let text = text.to_lowercase();
    let words = text.split_whitespace().map(|word| {
        let bare = word.trim_end_matches([',', '.', ';', ':']);
        let as_said = match bare {
            "one" => "1",
            "two" => "2",
            "three" => "3",
            "four" => "4",
            "five" => "5",
            "six" => "6",
            "once" => "1 times",
            "twice" => "2 times",
            "daily" => "a day",
            _ => return word.to_owned(),
        };
        format!("{as_said}{}", word.strip_prefix(bare).unwrap_or_default())
    });
    words
        .collect::<Vec<_>>()
        .join(" ")
        .replace(" per day", " a day")
        .replace(" each day", " a day")
        .replace(" every day", " a day")
}

/// A dose whose text is ours, in the language of the answer.
fn own_words(dosage: &Value, clock: Clock<'_>) -> Option<String> {
    let text = text(dosage, "/text")?;
    let told = told(dosage, clock);
    let ours = Locale::En.inside(|| words(dosage, clock.zone)).filter(|_| !told.unsaid)?;
    // Prescriptions of before say it with a number, and nothing of the way into the body.
    let of_before = || {
        let mut bare = dosage.clone();
        bare.as_object_mut()?.remove("route");
        Locale::En.inside(|| words(&bare, clock.zone))
    };
    let same = |ours: &str| ours == text || ours.replace("twice a day", "2 times a day") == text;
    told.words().filter(|_| same(&ours) || of_before().is_some_and(|ours| same(&ours)))
}

/// What an instruction says beside `said`, an instruction that says a part of it: words of its text, parts that `said` has
/// not, and what was written for the patient.
pub fn beside(dosage: &Value, said: &Value, zone: &TimeZone) -> Option<String> {
    let same = |one: &str, other: &str| one.trim().trim_end_matches('.').eq_ignore_ascii_case(other);
    let filled = told(said, begins(said, zone));
    let is_said = |one: &str| filled.parts().any(|part| same(one, part));
    let text = text(dosage, "/text").unwrap_or_default();
    let written: Vec<&str> = text.split(", ").filter(|one| !one.trim().is_empty() && !is_said(one)).collect();
    let told = told(dosage, begins(dosage, zone));
    let rest = told.parts().filter(|part| !is_said(part) && !says(text, part)).cloned();
    let all = written.into_iter().map(str::to_owned).chain(rest).collect::<Vec<_>>().join(", ");
    let all = Some(sentence(&all)).filter(|all| !all.is_empty());
    with(with(all, owned(dosage, "/patientInstruction"), ". "), told.warning(), ". ")
}

/// How a prescription or a statement says to take it. Its text is what counts: where the reader's language is another, the
/// parts are said in it, and the text stays beside them. Parts that do not say both how much and when come after the text.
pub fn how(resource: &Value, zone: &TimeZone) -> Option<How> {
    let all = dose_of(resource, zone)?;
    let Some(lang) = foreign(resource) else { return Some(How { words: Some(all), ..How::default() }) };
    let whole = Whole::of(resource, zone);
    let each: Vec<(Option<i64>, InTwo)> =
        whole.parts.iter().map(|one| (sequence(one), in_two_languages(one, whole.clock))).collect();
    let written = |text: String| Said { text, lang: Some(lang.clone()) };
    let texts = each.iter().filter_map(|(_, one)| one.written.clone()).collect::<Vec<_>>().join("; ");
    let texts = Some(texts).filter(|texts| !texts.is_empty());
    let words: Option<Vec<(Option<i64>, String)>> =
        each.iter().map(|(place, one)| Some((*place, one.words.clone()?))).collect();
    match (words, each.as_slice()) {
        (Some(words), _) => {
            let words = with(joined(words), whole.warning(), ". ");
            Some(How { words, written: texts.map(written), beside: None })
        }
        (None, [(_, one)]) => Some(How {
            words: None,
            written: texts.map(written),
            beside: with(one.beside.clone(), whole.warning(), ". "),
        }),
        // Of several instructions one without words would be left out, and what is beside each would lose its place.
        (None, _) => Some(How { words: None, written: Some(written(all)), beside: None }),
    }
}

/// One instruction for a reader whose language is not that of its text.
struct InTwo {
    /// In the reader's language, where that says how much and when.
    words: Option<String>,
    /// As it was written, where that says more.
    written: Option<String>,
    /// In the reader's language, what the parts say to what was written.
    beside: Option<String>,
}

fn in_two_languages(dosage: &Value, clock: Clock<'_>) -> InTwo {
    if let Some(words) = own_words(dosage, clock) {
        return InTwo { words: Some(sentence(&words)), written: owned(dosage, "/patientInstruction"), beside: None };
    }
    let mut written: Vec<String> =
        [owned(dosage, "/text"), owned(dosage, "/patientInstruction")].into_iter().flatten().collect();
    written.dedup();
    if written.is_empty() {
        return InTwo { words: said_since(dosage, clock), written: None, beside: None };
    }
    let told = told(dosage, clock);
    let words = with(told.words().map(|words| sentence(&words)), told.warning(), ". ");
    let is_whole = !told.amount.is_empty() && (!told.often.is_empty() || told.needed.is_some());
    let (words, beside) = if is_whole { (words, None) } else { (None, words) };
    InTwo { words, written: with(written.first().cloned(), written.get(1).cloned(), ". "), beside }
}

/// With a capital letter.
fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    format!("{first}{}", letters.as_str())
}

/// A Duration in whole days, where its unit is a number of them.
pub fn days_in(duration: &Value) -> Option<i64> {
    let each = match text(duration, "/code").or_else(|| text(duration, "/unit"))? {
        "d" | "day" | "days" => 1.0,
        "wk" | "week" | "weeks" => 7.0,
        _ => return None,
    };
    let days = duration.get("value")?.as_f64()? * each;
    ((1.0..=3_650.0).contains(&days) && days.fract() == 0.0).then_some(days as i64)
}

/// For so many days, as far as it is bounded.
pub fn days_of(dosage: &Value) -> Option<i64> {
    if let Some(bounds) = dosage.pointer("/timing/repeat/boundsDuration") {
        return days_in(bounds);
    }
    let day = |name: &str| text(dosage, &format!("/timing/repeat/boundsPeriod/{name}"))?.get(..10)?.parse().ok();
    let (start, end): (Date, Date) = (day("start")?, day("end")?);
    let days = start.until(end).ok()?.get_days();
    (0..=3_650).contains(&days).then(|| i64::from(days) + 1)
}

/// So many of a unit: "1 tablet", "2 tablets", "0.5 tablets", "5 mg/kg/day". What is counted stands between braces in UCUM
/// (ucum.org/ucum, §12), and has codes in HL7's v3-orderableDrugForm.
pub fn units(value: f64, unit: &str) -> String {
    let counted = unit.strip_prefix('{').and_then(|unit| unit.strip_suffix('}')).unwrap_or(unit);
    let message = match counted {
        "tablet" | "tablets" | "tab" | "tabs" | "tbl" | "TAB" => "unit-tablet",
        "capsule" | "capsules" | "cap" | "caps" | "CAP" => "unit-capsule",
        "puff" | "puffs" | "PUFF" => "unit-puff",
        "dose" | "doses" => "unit-dose",
        "application" | "applications" | "APPFUL" => "unit-application",
        "drop" | "drops" | "[drp]" | "DROP" => "unit-drop",
        _ => return format!("{} {}", format::exact(value), format::unit(unit)).trim_end().to_owned(),
    };
    // Whatever is not one is several.
    t(message).with("n", if value == 1.0 { 1 } else { 2 }).with("count", format::exact(value)).to_string()
}

#[cfg(test)]
mod tests;
