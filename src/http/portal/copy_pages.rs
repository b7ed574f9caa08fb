//! The page of a copy that people read. It stands alone: no address of the box is in it.

use askama::Template;

use crate::http::fill::copied::CopyLine;
use crate::http::ui::{Cx, Text, filters, t};

#[derive(Debug, Clone, Template)]
#[template(path = "portal/copy_record.html")]
pub struct CopyPage {
    pub cx: Cx,
    pub who: String,
    /// What is sealed is not in it: it was made for who acts for the patient.
    pub leaves_sealed_out: bool,
    pub sections: Vec<CopySection>,
    /// Path in the archive, and title.
    pub files: Vec<(String, String)>,
}

impl CopyPage {
    /// What it holds. It is handed on, so it says of itself what is not in it.
    fn lead(&self) -> Text {
        let lead = t(if self.leaves_sealed_out { "copy-lead-other" } else { "copy-lead" });
        lead.with("clinic", &self.cx.clinic).with("when", self.cx.now_long())
    }
}

/// All of one type.
#[derive(Debug, Clone)]
pub struct CopySection {
    /// "31 results or measurements".
    pub title: String,
    pub lines: Vec<CopyLine>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::pages::sample;
    use crate::http::ui::Locale;

    #[test]
    fn the_copy_of_who_acts_for_a_patient_says_that_what_is_sealed_is_not_in_it() {
        for locale in Locale::ALL {
            locale.inside(|| {
                let of = |leaves_sealed_out| {
                    let (who, sections, files) = ("Emil Okafor".to_owned(), Vec::new(), Vec::new());
                    CopyPage { cx: sample::cx(None), who, leaves_sealed_out, sections, files }.render().unwrap()
                };
                let said = ["sealed", "reservado"];
                let (own, others) = (of(false), of(true));
                assert!(!said.iter().any(|word| own.contains(word)), "{own}");
                assert!(said.iter().any(|word| others.contains(word)), "{others}");
                assert!(own.contains("Northmoor") && others.contains("Northmoor"));
            });
        }
    }
}
