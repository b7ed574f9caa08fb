//! What somebody answered in a form, question by question.

use serde_json::Value;

use super::amounts::quantity;
use super::{list, owned, spoken};
use crate::http::ui::t;

/// Question and answer, of groups too, in the reader's language where the form has it; what nobody answered is left out.
pub fn answers(response: &Value) -> Vec<(String, String)> {
    let mut all = Vec::new();
    lines(response, &mut all);
    all
}

fn lines(of: &Value, into: &mut Vec<(String, String)>) {
    for item in list(of, "item") {
        let question = spoken(item, "text").or_else(|| owned(item, "/linkId")).unwrap_or_default();
        let words: Vec<String> = list(item, "answer").iter().filter_map(words_of).collect();
        if !words.is_empty() {
            into.push((question, words.join(", ")));
        }
        lines(item, into);
    }
}

fn words_of(answer: &Value) -> Option<String> {
    let (name, value) = answer.as_object()?.iter().find(|(name, _)| name.starts_with("value"))?;
    Some(match (name.as_str(), value) {
        (_, Value::Bool(yes)) => t(if *yes { "yes" } else { "no" }).to_string(),
        (_, Value::String(text)) => text.clone(),
        (_, Value::Number(number)) => number.to_string(),
        ("valueCoding", coding) => spoken(coding, "display").or_else(|| owned(coding, "/code"))?,
        ("valueQuantity", given) => quantity(given)?,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::FhirId;
    use crate::care::previsit::{Answer, Built, Form, response};
    use crate::http::ui::Locale;

    #[test]
    fn what_was_answered_is_read_in_the_readers_language() {
        let form = Form::of(&Built::of("new-patient").unwrap().questionnaire()).unwrap();
        let given = [("1".to_owned(), Answer::Words("Asma".to_owned())), ("5".to_owned(), Answer::Option(2))];
        let patient = FhirId::parse("p1").unwrap();
        let by = serde_json::json!({"reference": "Patient/p1"});
        let sent = response(&form, &patient, &by, &given, "2026-03-03T09:00:00Z".parse().unwrap());
        let said = |question: &str, answer: &str| (question.to_owned(), answer.to_owned());
        let first = "Which illnesses do you have or have you had?";
        assert_eq!(answers(&sent), [said(first, "Asma"), said("Do you smoke?", "No longer")]);
        assert_eq!(Locale::Es.inside(|| answers(&sent))[1], said("¿Fuma?", "Ya no"));
    }
}
