//! A dose in words, in the language of the answer: made of FHIR's `Dosage` and nothing else. Nothing that a dosage says may
//! drop out: half of it reads like the whole.

use serde_json::Value;

use super::{concept, foreign, list, number, owned, text};
use crate::http::ui::record::{How, Said};
use crate::http::ui::{Locale, format, t};

/// All instructions of a prescription or a statement.
pub fn all(resource: &Value) -> &[Value] {
    list(resource, if resource.get("dosageInstruction").is_some() { "dosageInstruction" } else { "dosage" })
}

/// "1 tablet, twice a day, with food, for 7 days". Nothing where the parts say nothing.
pub fn words(dosage: &Value) -> Option<String> {
    let parts = parts(dosage);
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// All that the parts say, each by itself.
fn parts(dosage: &Value) -> Vec<String> {
    let mut parts: Vec<String> = amount(dosage).into_iter().chain(often(dosage)).collect();
    let whens = dosage.pointer("/timing/repeat/when").and_then(Value::as_array).into_iter().flatten();
    parts.extend(whens.filter_map(Value::as_str).filter_map(when));
    let days = dosage.pointer("/timing/repeat/dayOfWeek").and_then(Value::as_array).into_iter().flatten();
    parts.extend(days.filter_map(Value::as_str).filter_map(weekday));
    let times = dosage.pointer("/timing/repeat/timeOfDay").and_then(Value::as_array).into_iter().flatten();
    parts.extend(times.filter_map(Value::as_str).map(|time| time.get(..5).unwrap_or(time).to_owned()));
    parts.extend(more(dosage));
    parts.extend(needed(dosage));
    parts.extend(most(dosage));
    if let Some(days) = days_of(dosage) {
        parts.push(t("dose-for-days").with("n", days).to_string());
    }
    parts
}

/// How much each time.
fn amount(dosage: &Value) -> Option<String> {
    let dose = list(dosage, "doseAndRate").first()?;
    if let Some(value) = number(dose, "/doseQuantity/value") {
        // "1" alone could be a tablet or a number of times.
        return Some(match unit_of(dose, "/doseQuantity") {
            Some(unit) => units(value, unit),
            None => t("dose-bare").with("n", format::exact(value)).to_string(),
        });
    }
    let most = number(dose, "/doseRange/high/value")?;
    let most = units(most, unit_of(dose, "/doseRange/high").unwrap_or_default());
    Some(match number(dose, "/doseRange/low/value") {
        Some(low) => t("dose-range").with("low", format::exact(low)).with("most", most).to_string(),
        None => most,
    })
}

fn unit_of<'a>(value: &'a Value, pointer: &str) -> Option<&'a str> {
    text(value, &format!("{pointer}/unit")).or_else(|| text(value, &format!("{pointer}/code")))
}

/// How often.
fn often(dosage: &Value) -> Option<String> {
    let repeat = |name: &str| number(dosage, &format!("/timing/repeat/{name}"));
    match (repeat("frequency"), repeat("period"), text(dosage, "/timing/repeat/periodUnit")) {
        (Some(times), Some(period), Some(unit)) => {
            Some(frequency((times, repeat("frequencyMax")), (period, repeat("periodMax")), unit))
        }
        _ if repeat("count") == Some(1.0) => Some(t("dose-single").to_string()),
        _ => concept(dosage.pointer("/timing/code")),
    }
}

/// What is said beside how much and how often: "after food".
fn more(dosage: &Value) -> impl Iterator<Item = String> {
    list(dosage, "additionalInstruction").iter().filter_map(|one| concept(Some(one)))
}

/// That it is taken only when needed, and what for.
fn needed(dosage: &Value) -> Option<String> {
    if let Some(reason) = needed_for(dosage) {
        return Some(t("dose-when-needed-for").with("reason", reason).to_string());
    }
    is_needed(dosage).then(|| t("dose-when-needed").to_string())
}

/// Whether it is taken only when needed.
pub fn is_needed(dosage: &Value) -> bool {
    dosage.get("asNeededBoolean") == Some(&Value::Bool(true)) || dosage.get("asNeededCodeableConcept").is_some()
}

/// What it is needed for: "severe pain".
pub fn needed_for(dosage: &Value) -> Option<String> {
    concept(dosage.get("asNeededCodeableConcept"))
}

/// No more than so much in so long.
fn most(dosage: &Value) -> Option<String> {
    let part = |name: &str| {
        let pointer = format!("/maxDosePerPeriod/{name}");
        let value = number(dosage, &format!("{pointer}/value"))?;
        Some((value, unit_of(dosage, &pointer).unwrap_or_default()))
    };
    let ((value, unit), (period, of)) = (part("numerator")?, part("denominator")?);
    let is_day =
        (period == 1.0 && matches!(of, "d" | "day")) || (period == 24.0 && matches!(of, "h" | "hour" | "hours"));
    let most = units(value, unit);
    Some(match is_day {
        true => t("dose-most-day").with("most", most).to_string(),
        false => t("dose-most").with("most", most).with("period", units(period, of)).to_string(),
    })
}

/// FHIR R4 `days-of-week`.
fn weekday(code: &str) -> Option<String> {
    let message = match code {
        "mon" => "weekday-monday",
        "tue" => "weekday-tuesday",
        "wed" => "weekday-wednesday",
        "thu" => "weekday-thursday",
        "fri" => "weekday-friday",
        "sat" => "weekday-saturday",
        "sun" => "weekday-sunday",
        _ => return None,
    };
    Some(t(message).to_string())
}

/// So often: at least, and where that is open, at most.
fn frequency((times, times_most): (f64, Option<f64>), (period, period_most): (f64, Option<f64>), unit: &str) -> String {
    let text = match unit {
        "h" => t("dose-every-hours"),
        "d" => t("dose-every-days"),
        "wk" => t("dose-every-weeks"),
        "mo" => t("dose-every-months"),
        other => t("dose-every-other").with("unit", other),
    };
    // Whole numbers choose the words; "every 1.5 days" and "every 4 to 6 hours" are rare and are said with their digits.
    let whole = |value: f64| (value.fract() == 0.0 && value.abs() < 1e6).then_some(value as i64);
    let range = |low: f64, most: Option<f64>| match most {
        Some(most) => t("dose-range").with("low", format::exact(low)).with("most", format::exact(most)).to_string(),
        None => format::exact(low),
    };
    let text = match whole(times).filter(|_| times_most.is_none()) {
        Some(times) => text.with("times", times),
        None => text.with("times", range(times, times_most)),
    };
    match whole(period).filter(|_| period_most.is_none()) {
        Some(period) => text.with("period", period).to_string(),
        None => text.with("period", range(period, period_most)).to_string(),
    }
}

/// One instruction: as it was written, with what it says beside that; else from its parts. "2 tablets, 3 times a day, when
/// needed".
pub fn said(dosage: &Value) -> Option<String> {
    if let Some(words) = ours(dosage) {
        return Some(words);
    }
    let written = super::spoken(dosage, "text").map(|written| super::without_tag(&written));
    let words = match written {
        Some(written) => Some(with_the_rest(written, dosage)),
        None => words(dosage),
    };
    let instruction = owned(dosage, "/patientInstruction").filter(|one| words.as_ref() != Some(one));
    let parts: Vec<String> = words.into_iter().chain(instruction).collect();
    (!parts.is_empty()).then(|| parts.join(". "))
}

/// What was written in words, and what only the parts say of when it is not to be taken.
fn with_the_rest(mut written: String, dosage: &Value) -> String {
    let has = |written: &str, words: &str| written.to_lowercase().contains(&words.to_lowercase());
    let said_needed = ["need", "prn", "p.r.n", "hace falta", "necesari"].iter().any(|word| has(&written, word));
    let needed = match needed_for(dosage) {
        Some(reason) if has(&written, &reason) && said_needed => None,
        None if said_needed => None,
        _ => needed(dosage),
    };
    for one in more(dosage).chain(needed) {
        if !has(&written, &one) {
            written = format!("{written}, {one}");
        }
    }
    written
}

/// A dose that was put into words here, in the language of the answer, with what the clinician wrote for the patient.
pub fn ours(dosage: &Value) -> Option<String> {
    let words = sentence(&own_words(dosage)?);
    Some(match owned(dosage, "/patientInstruction") {
        Some(instruction) => format!("{words}. {instruction}"),
        None => words,
    })
}

/// A dose whose text is ours, in the language of the answer.
fn own_words(dosage: &Value) -> Option<String> {
    let written = text(dosage, "/text")?;
    let ours = Locale::En.inside(|| words(dosage))?;
    // Prescriptions of before say it with a number.
    let same = ours == written || ours.replace("twice a day", "2 times a day") == written;
    words(dosage).filter(|_| same)
}

/// What an instruction says beside `said`, an instruction that says a part of it: words of its text, parts that `said` has
/// not, and what was written for the patient.
pub fn beside(dosage: &Value, said: &Value) -> Option<String> {
    let same = |one: &str, other: &str| one.trim().trim_end_matches('.').eq_ignore_ascii_case(other);
    let said = parts(said);
    let is_said = |one: &str| said.iter().any(|part| same(one, part));
    let text = text(dosage, "/text").unwrap_or_default();
    let written: Vec<&str> = text.split(", ").filter(|one| !one.trim().is_empty() && !is_said(one)).collect();
    let has = |part: &str| text.to_lowercase().contains(&part.to_lowercase());
    let rest = parts(dosage).into_iter().filter(|part| !is_said(part) && !has(part));
    let mut all = written.into_iter().map(str::to_owned).chain(rest).collect::<Vec<_>>().join(", ");
    if !all.is_empty() {
        all = sentence(&all);
    }
    let all: Vec<String> = [Some(all), owned(dosage, "/patientInstruction")].into_iter().flatten().collect();
    let all = all.into_iter().filter(|one| !one.is_empty()).collect::<Vec<_>>().join(". ");
    (!all.is_empty()).then_some(all)
}

/// How a prescription or a statement says to take it. Its text is what counts: where the reader's language is another, the
/// parts are said in it, and the text stays beside them. Parts that do not say both how much and when are not put before the
/// text.
pub fn how(resource: &Value) -> Option<How> {
    let whole = super::dose_of(resource)?;
    let Some(lang) = foreign(resource) else { return Some(How { words: Some(whole), written: None }) };
    let each: Vec<(Option<String>, Option<String>)> = all(resource).iter().map(in_two_languages).collect();
    // Of several instructions one without words would be left out.
    let words: Option<Vec<String>> = each.iter().map(|(words, _)| words.clone()).collect();
    let written: Vec<String> = each.into_iter().filter_map(|(_, written)| written).collect();
    let written = (!written.is_empty()).then(|| Said { text: written.join("; "), lang: Some(lang) });
    if words.is_none() && all(resource).len() > 1 {
        return Some(How { words: None, written: written.map(|said| Said { text: whole, ..said }) });
    }
    Some(How { words: words.map(|words| words.join("; ")), written })
}

/// One instruction in the reader's language, and as it was written where that says more.
fn in_two_languages(dosage: &Value) -> (Option<String>, Option<String>) {
    if let Some(words) = own_words(dosage) {
        return (Some(sentence(&words)), owned(dosage, "/patientInstruction"));
    }
    let parts = [owned(dosage, "/text"), owned(dosage, "/patientInstruction")];
    let mut written: Vec<String> = parts.into_iter().flatten().collect();
    written.dedup();
    if written.is_empty() {
        return (said(dosage), None);
    }
    let amount = amount(dosage);
    let times = number(dosage, "/timing/repeat/frequency").is_some() || is_needed(dosage);
    let words = words(dosage).filter(|_| amount.is_some() && times).map(|words| sentence(&words));
    (words, Some(written.join(". ")))
}

/// With a capital letter.
fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    format!("{first}{}", letters.as_str())
}

/// For so many days, as far as it is bounded.
pub fn days_of(dosage: &Value) -> Option<i64> {
    let bound = |name: &str| dosage.pointer(&format!("/timing/repeat/boundsDuration/{name}"));
    let of = bound("code").or_else(|| bound("unit")).and_then(Value::as_str);
    let each = match of {
        Some("d" | "day" | "days") => Some(1.0),
        Some("wk" | "week" | "weeks") => Some(7.0),
        _ => None,
    };
    if let (Some(value), Some(each)) = (bound("value").and_then(Value::as_f64), each) {
        let days = value * each;
        return ((1.0..=3_650.0).contains(&days) && days.fract() == 0.0).then_some(days as i64);
    }
    let day = |name: &str| text(dosage, &format!("/timing/repeat/boundsPeriod/{name}"))?.get(..10)?.parse().ok();
    let (start, end): (jiff::civil::Date, jiff::civil::Date) = (day("start")?, day("end")?);
    let days = start.until(end).ok()?.get_days();
    (0..=3_650).contains(&days).then(|| i64::from(days) + 1)
}

/// So many of a unit: "1 tablet", "2 tablets", "0.5 tablets".
pub fn units(value: f64, unit: &str) -> String {
    let message = match unit {
        "tablet" => "unit-tablet",
        "capsule" => "unit-capsule",
        "puff" => "unit-puff",
        "dose" => "unit-dose",
        "application" => "unit-application",
        "drop" => "unit-drop",
        _ => return format!("{} {unit}", format::exact(value)).trim_end().to_owned(),
    };
    // Whatever is not one is several.
    t(message).with("n", if value == 1.0 { 1 } else { 2 }).with("count", format::exact(value)).to_string()
}

/// FHIR R4 `event-timing`.
fn when(code: &str) -> Option<String> {
    let message = match code {
        "MORN" => "when-morning",
        "NOON" => "when-noon",
        "EVE" => "when-evening",
        "NIGHT" => "when-night",
        "AC" => "when-before-meals",
        "ACM" => "when-before-breakfast",
        "PCM" => "when-after-breakfast",
        "C" => "when-with-food",
        "PC" => "when-after-meals",
        _ => return None,
    };
    Some(t(message).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_dose_of_ours_is_read_in_the_reader_s_language_and_another_as_it_was_written() {
        let mut dose = json!({"patientInstruction": "Swallow whole.", "asNeededBoolean": true,
            "timing": {"repeat": {"frequency": 2, "period": 1, "periodUnit": "d", "when": ["C"],
                "boundsPeriod": {"start": "2026-03-03", "end": "2026-03-09"}}},
            "doseAndRate": [{"doseQuantity": {"value": 0.5, "unit": "tablet"}}]});
        let words = words(&dose).unwrap();
        assert_eq!(words, "0.5 tablets, twice a day, with food, when needed, for 7 days");
        dose["text"] = json!(words);
        assert_eq!(
            ours(&dose).unwrap(),
            "0.5 tablets, twice a day, with food, when needed, for 7 days. Swallow whole."
        );
        let spanish = Locale::Es.inside(|| ours(&dose)).unwrap();
        assert!(
            spanish.starts_with("0,5 comprimidos, ") && spanish.ends_with("durante 7 días. Swallow whole."),
            "{spanish}"
        );
        dose["text"] = json!("0.5 tablets, 2 times a day, with food, when needed, for 7 days");
        assert!(ours(&dose).is_some(), "as it was written before");
        dose["text"] = json!("As directed");
        assert_eq!(ours(&dose), None);
    }

    #[test]
    fn a_text_that_is_not_ours_stands_beside_its_parts_in_the_reader_s_language() {
        let mut request = json!({"dosageInstruction": [{"text": "Twice a day, after food",
            "timing": {"repeat": {"frequency": 2, "period": 1, "periodUnit": "d"}},
            "doseAndRate": [{"doseQuantity": {"value": 1, "unit": "tablet"}}]}]});
        let spanish = |request: &Value| Locale::Es.inside(|| how(request)).unwrap();
        let english = Some(Said { text: "Twice a day, after food".into(), lang: Some("en".into()) });
        assert_eq!(how(&request).unwrap(), How { words: Some("Twice a day, after food".into()), written: None });
        assert_eq!(
            spanish(&request),
            How { words: Some("1 comprimido, dos veces al día".into()), written: english.clone() }
        );
        // Without how much, the parts would be read as the whole.
        request["dosageInstruction"][0]["doseAndRate"] = json!([]);
        assert_eq!(spanish(&request), How { words: None, written: english });
        request["language"] = json!("es");
        assert_eq!(spanish(&request), How { words: Some("Twice a day, after food".into()), written: None });
        assert_eq!(how(&request).unwrap().written.unwrap().lang.as_deref(), Some("es"));
    }

    #[test]
    fn units_are_counted_as_people_say_them() {
        assert_eq!(units(1.0, "tablet"), "1 tablet");
        assert_eq!(units(14.0, "capsule"), "14 capsules");
        assert_eq!(units(5.0, "mL"), "5 mL");
    }
}
