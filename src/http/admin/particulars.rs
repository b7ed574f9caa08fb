//! Who two records say that a person is, for laying them side by side. Nothing clinical.

use serde_json::Value;

use crate::http::clinic::languages;
use crate::http::fill::{self, Ctx, address_words, concept, list, owned, text, whole_name};
use crate::http::ui::{Text, t};

/// Who a patient is and how they are reached, for two records side by side: what each is called, and all that stands there,
/// what is no longer in use marked so.
pub(super) fn particulars(patient: &Value, ctx: &Ctx) -> Vec<(Text, Vec<String>)> {
    let who = fill::identity(patient, ctx);
    let each = |name: &str, words: &dyn Fn(&Value) -> Option<String>| -> Vec<String> {
        let marked = |one: &Value| {
            let words = words(one).filter(|words| !words.is_empty())?;
            let is_old = matches!(text(one, "/use"), Some("old" | "maiden"));
            Some(if is_old { t("merge-former").with("what", words).to_string() } else { words })
        };
        list(patient, name).iter().filter_map(marked).collect()
    };
    let contacts = |systems: &'static [&'static str]| {
        each("telecom", &|one| {
            owned(one, "/value").filter(|_| text(one, "/system").is_some_and(|s| systems.contains(&s)))
        })
    };
    let spoken = |one: &Value| {
        let language = one.get("language");
        let known = language.and_then(|language| text(language, "/coding/0/code")).and_then(languages::language);
        known.map(|known| known.to_string()).or_else(|| concept(language))
    };
    vec![
        (t("check-in-name"), each("name", &|one| Some(whole_name(one)))),
        (t("check-in-born"), vec![who.born.map_or_else(|| t("born-unknown").to_string(), |born| born.long())]),
        (t("patient-sex"), vec![who.sex.word()]),
        (t("merge-numbers"), each("identifier", &|one| owned(one, "/value"))),
        (t("patient-phone"), contacts(&["phone", "sms"])),
        (t("reach-email"), contacts(&["email"])),
        (t("reach-address"), each("address", &address_words)),
        (t("patient-language"), each("communication", &spoken)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn for_two_side_by_side_everything_stands_there_and_what_is_old_says_so() {
        let patient = json!({"name": [{"family": "Brandvold", "given": ["Halina"]}, {"use": "old", "family": "Lund"}],
            "birthDate": "1967", "identifier": [{"value": "004127"}, {"use": "old", "value": "004128"}],
            "telecom": [{"system": "phone", "value": "1"}, {"system": "email", "value": "h@b.example", "use": "old"}],
            "communication": [{"language": {"coding": [{"code": "es"}]}}, {"language": {"text": "Sami"}}]});
        let all: Vec<Vec<String>> =
            particulars(&patient, &Ctx::of(jiff::tz::TimeZone::UTC)).into_iter().map(|(_, words)| words).collect();
        let expected: [&[&str]; 8] = [
            &["Halina Brandvold", "Lund (former)"],
            &["1967"],
            &["Not known"],
            &["004127", "004128 (former)"],
            &["1"],
            &["h@b.example (former)"],
            &[],
            &["Spanish", "Sami"],
        ];
        assert_eq!(all, expected);
    }
}
