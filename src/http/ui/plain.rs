//! Common tests and measurements in plain words, by LOINC code: what a patient reads as name, and what it shows.
//!
//! Source of the codes: loinc.org. The words are ours; `web/locales/en/tests.ftl` holds them as `lab-<word>` with the attribute `.about`.

use super::text::{Text, t};

/// The plain name of a test: "Long-term blood sugar".
pub fn name(code: &str) -> Option<Text> {
    word(code).map(|word| t(&format!("lab-{word}")))
}

/// What the test shows, in a sentence or two.
pub fn about(code: &str) -> Option<Text> {
    word(code).map(|word| t(&format!("lab-{word}.about")))
}

fn word(code: &str) -> Option<&'static str> {
    TESTS.iter().find(|(_, codes)| codes.contains(&code)).map(|(word, _)| *word)
}

const TESTS: &[(&str, &[&str])] = &[
    ("hba1c", &["4548-4", "59261-8", "17856-6"]),
    ("glucose", &["2339-0", "2345-7", "15074-8", "14749-6", "1558-6"]),
    ("egfr", &["33914-3", "62238-1", "98979-8", "48642-3", "77147-7"]),
    ("creatinine", &["2160-0", "38483-4", "14682-9"]),
    ("urea", &["3094-0", "6299-2", "22664-7"]),
    ("sodium", &["2951-2", "2947-0"]),
    ("potassium", &["2823-3", "6298-4"]),
    ("chloride", &["2075-0", "2069-3"]),
    ("carbon-dioxide", &["2028-9", "20565-8"]),
    ("calcium", &["17861-6", "49765-1", "2000-8"]),
    ("cholesterol", &["2093-3", "14647-2"]),
    ("ldl", &["18262-6", "13457-7", "2089-1", "22748-8"]),
    ("hdl", &["2085-9", "14646-4"]),
    ("triglycerides", &["2571-8", "14927-8"]),
    ("haemoglobin", &["718-7", "20509-6"]),
    ("haematocrit", &["4544-3", "20570-8"]),
    ("red-cells", &["789-8"]),
    ("white-cells", &["6690-2", "26464-8"]),
    ("platelets", &["777-3", "26515-7"]),
    ("mcv", &["787-2"]),
    ("crp", &["1988-5", "30522-7"]),
    ("alt", &["1742-6"]),
    ("ast", &["1920-8"]),
    ("alp", &["6768-6"]),
    ("bilirubin", &["1975-2", "14631-6"]),
    ("albumin", &["1751-7"]),
    ("protein", &["2885-2"]),
    ("urine-albumin", &["14959-1", "9318-7", "32294-1"]),
    ("tsh", &["3016-3", "11580-8"]),
    ("ferritin", &["2276-4"]),
    ("vitamin-d", &["1989-3", "62292-8", "14635-7"]),
    ("psa", &["2857-1"]),
    ("inr", &["6301-6", "34714-6"]),
    ("blood-pressure", &["85354-9", "55284-4"]),
    ("pulse", &["8867-4"]),
    ("breathing", &["9279-1"]),
    ("temperature", &["8310-5", "8331-1"]),
    ("oxygen", &["2708-6", "59408-5"]),
    ("weight", &["29463-7", "3141-9"]),
    ("height", &["8302-2"]),
    ("bmi", &["39156-5", "59576-9"]),
    ("head", &["9843-4", "8287-5", "8289-1"]),
    ("pain", &["72514-3"]),
    ("smoking", &["72166-2"]),
    ("phq2", &["55758-7"]),
    ("phq9", &["44261-6"]),
    ("gad7", &["70274-6"]),
    ("audit-c", &["75626-2"]),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_test_of_the_table_has_its_words_and_no_code_stands_twice() {
        let mut seen = BTreeSet::new();
        for (word, codes) in TESTS {
            assert!(t(&format!("lab-{word}")).exists(), "lab-{word}");
            assert!(t(&format!("lab-{word}.about")).exists(), "lab-{word}.about");
            for code in *codes {
                assert!(seen.insert(code), "{code} twice");
            }
        }
        assert_eq!(name("4548-4").unwrap().to_string(), "Long-term blood sugar");
        assert!(about("0000-0").is_none());
    }
}
