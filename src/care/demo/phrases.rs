//! The demo clinic's phrases and templates for notes.

use crate::care::note::phrases::Phrase;

/// Name and what it stands for.
pub fn phrases() -> Vec<(String, Phrase)> {
    let text = |name: &str, text: &str| (name.to_owned(), Phrase::Text(text.into()));
    let template = |name: &str, parts: [&str; 4]| (name.to_owned(), Phrase::Template(parts.map(Into::into)));
    vec![
        text("chest", "Chest: breathing sounds the same on both sides, no crackles, no wheezing."),
        text("return", "To come back at once if breathing gets harder, the fever lasts or anything new appears."),
        text("explained", "Explained and agreed with the patient, who had no further questions."),
        template(
            "cough",
            [
                "Cough since ___; fever ___; breathless ___; chest pain ___; smokes ___",
                ".vitals\n.chest",
                "",
                "Rest and fluids.\n.return\n.explained",
            ],
        ),
        template(
            "blood-pressure",
            [
                "Measures at home: ___\nDizzy: ___\nSwollen ankles: ___",
                ".bp",
                "High blood pressure, ___",
                "Medicines: .medicines\nNext check: ___",
            ],
        ),
    ]
}
