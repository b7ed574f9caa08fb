//! What the pages of one's own medicines are filled with.

use askama::Template;

use crate::http::ui::record::{AllergyStatus, How, Identity, MedicineRow, MedicineState, Said};
use crate::http::ui::{Cx, Field, When, filters, page, t};

/// One medicine, in plain words.
#[derive(Debug, Clone)]
pub struct MyMedicineRow {
    pub name: String,
    pub how: Option<How>,
    pub reason: Option<Said>,
    pub since: Option<When>,
    pub until: Option<When>,
    pub by: Option<String>,
    /// Why it ended, or is paused.
    pub ended: Option<String>,
    pub state: MedicineState,
    /// How far a request for a refill is.
    pub standing: Option<Standing>,
    pub is_current: bool,
    /// Where more can be done with it.
    pub href: Option<String>,
}

/// A request for a refill.
#[derive(Debug, Clone)]
pub enum Standing {
    /// The clinic has not answered yet.
    Waits(String),
    /// The clinic asks something; the id of the request.
    Asked {
        question: String,
        of: String,
    },
    Refused(String),
}

impl MyMedicineRow {
    fn span(&self) -> String {
        match (&self.since, &self.until) {
            (Some(since), Some(until)) => {
                t("from-to").with("from", since.short()).with("to", until.short()).to_string()
            }
            (Some(since), None) => t("since").with("date", since.short()).to_string(),
            (None, Some(until)) => t("until").with("date", until.short()).to_string(),
            (None, None) => t("date-unknown").to_string(),
        }
    }
}

/// Medicines taken now and before.
#[derive(Debug, Clone, Template)]
#[template(path = "portal/my_medicines.html")]
pub struct MyMedicines {
    pub cx: Cx,
    /// Whose list it is, and their allergies: on paper it goes to others.
    pub who: Identity,
    pub allergies: AllergyStatus,
    /// What must not be given.
    pub not_to_take: Vec<MedicineRow>,
    pub current: Vec<MyMedicineRow>,
    /// What is not to be taken until somebody says so.
    pub paused: Vec<MyMedicineRow>,
    pub past: Vec<MyMedicineRow>,
}
page!(MyMedicines in Medicines);

/// One of them, and what can be asked or said of it.
#[derive(Debug, Clone, Template)]
#[template(path = "portal/my_medicine.html")]
pub struct MyMedicine {
    pub cx: Cx,
    pub row: MyMedicineRow,
    pub address: String,
    pub active: bool,
    pub note: Field,
    pub why: Field,
    /// The patient said that they do not take it, and why.
    pub not_taking: Option<String>,
}
page!(MyMedicine in Medicines);
