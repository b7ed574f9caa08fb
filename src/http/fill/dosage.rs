//! A dose in words, in the language of the answer: made of FHIR's `Dosage` and nothing else.

use serde_json::Value;

use super::problems::frequency;
use super::{foreign, list, number, owned, text};
use crate::http::ui::record::{How, Said};
use crate::http::ui::{Locale, format, t};

/// "1 tablet, twice a day, with food, for 7 days". Nothing where the parts say nothing.
pub fn words(dosage: &Value) -> Option<String> {
    let mut parts = Vec::new();
    if let Some(dose) = list(dosage, "doseAndRate").first()
        && let Some(value) = number(dose, "/doseQuantity/value")
    {
        parts.push(units(value, text(dose, "/doseQuantity/unit").unwrap_or_default()));
    }
    let repeat = |name: &str| number(dosage, &format!("/timing/repeat/{name}"));
    match (repeat("frequency"), repeat("period"), text(dosage, "/timing/repeat/periodUnit")) {
        (Some(times), Some(period), Some(unit)) => parts.push(frequency(times, period, unit)),
        _ if repeat("count") == Some(1.0) => parts.push(t("dose-single").to_string()),
        _ => {}
    }
    let whens = dosage.pointer("/timing/repeat/when").and_then(Value::as_array).into_iter().flatten();
    parts.extend(whens.filter_map(Value::as_str).filter_map(when));
    if dosage.get("asNeededBoolean") == Some(&Value::Bool(true)) {
        parts.push(t("dose-when-needed").to_string());
    }
    if let Some(days) = days(dosage) {
        parts.push(t("dose-for-days").with("n", days).to_string());
    }
    (!parts.is_empty()).then(|| parts.join(", "))
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

/// How the first dosage of a prescription or a statement says to take it. Its text is what counts: where the reader's language
/// is another, the parts are said in it, and the text stays beside them. Parts that do not say both how much and when are
/// not put before the text.
pub fn how(resource: &Value) -> Option<How> {
    let whole = super::dose_of(resource)?;
    let Some(lang) = foreign(resource) else { return Some(How { words: Some(whole), written: None }) };
    let name = if resource.get("dosageInstruction").is_some() { "dosageInstruction" } else { "dosage" };
    let dosage = list(resource, name).first()?;
    let said = |text: String| Some(Said { text, lang: Some(lang.clone()) });
    if let Some(words) = own_words(dosage) {
        return Some(How {
            words: Some(sentence(&words)),
            written: owned(dosage, "/patientInstruction").and_then(said),
        });
    }
    let written = owned(dosage, "/patientInstruction").or_else(|| owned(dosage, "/text"));
    let Some(written) = written else { return Some(How { words: Some(whole), written: None }) };
    let amount = list(dosage, "doseAndRate").first().and_then(|dose| number(dose, "/doseQuantity/value"));
    let needed = dosage.get("asNeededBoolean") == Some(&Value::Bool(true));
    let times = number(dosage, "/timing/repeat/frequency").is_some() || needed;
    let words = words(dosage).filter(|_| amount.is_some() && times).map(|words| sentence(&words));
    Some(How { words, written: said(written) })
}

/// With a capital letter.
fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    format!("{first}{}", letters.as_str())
}

/// For so many days, as far as it is bounded.
pub fn days(dosage: &Value) -> Option<i64> {
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
        _ => return format!("{} {unit}", format::number(value)).trim_end().to_owned(),
    };
    // Whatever is not one is several.
    t(message).with("n", if value == 1.0 { 1 } else { 2 }).with("count", format::number(value)).to_string()
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
