//! Pages of the clinic's staff who care for patients: doctors, nurses, reception.

pub mod about;
pub(super) mod bookings;
pub(super) mod chart;
pub mod chart_pages;
pub(super) mod check_in;
pub mod check_in_pages;
pub mod codes;
pub(super) mod correct;
pub mod correct_pages;
mod desk;
pub mod desk_pages;
pub(super) mod document;
pub mod emergency;
pub(super) mod entries;
pub mod entries_pages;
pub(super) mod find;
pub(super) mod inbox;
pub mod inbox_pages;
mod grid;
pub(super) mod languages;
pub(super) mod invitation;
pub mod invitation_pages;
pub(super) mod notes;
pub(super) mod orders;
pub mod notes_pages;
pub(super) mod numbers;
pub mod numbers_pages;
pub mod message_pages;
pub(super) mod messages;
pub mod pages;
pub mod phrases;
pub mod medicines;
pub(super) mod prescribe;
mod prescribe_form;
pub mod prescribe_pages;
mod prescribe_words;
pub mod prescription_pages;
pub(super) mod prescriptions;
pub(super) mod refills;
pub(super) mod reported;
pub(super) mod register;
pub(super) mod returned;
pub(super) mod schedule;
pub mod schedule_pages;
pub(super) mod results;
pub mod results_pages;
pub(super) mod search;
pub(super) mod taken_back;
pub(super) mod settings;
pub mod settings_pages;
pub(super) mod today;
pub(super) mod waiting_list;

pub(super) use prescribe::loaded as formulary;

use crate::audit::{Action, Detail, Purpose};
use crate::base::{FhirId, Role};
use crate::care::formulary::KeptError;
use crate::http::fill::{Ctx, Ranges};
use crate::http::respond::Refusal;
use crate::http::session::Visit;
use crate::record::{Channel, Why};

/// Why staff look at a screen: doctors and nurses to care, reception to register and to book.
fn why(visit: &Visit, action: Action, detail: Detail) -> Why {
    let purpose = if is_clinical(visit) { Purpose::Treat } else { Purpose::PatAdmin };
    Why { action, purpose, detail: visit.told(detail), channel: Channel::Screen }
}

/// Who sees charts; for others of the staff a patient is a name, an address, an appointment.
fn is_clinical(visit: &Visit) -> bool {
    matches!(visit.actor.role(), Some(Role::Clinician | Role::Nurse))
}

fn ctx(visit: &Visit) -> Ctx {
    let face = &visit.house.front.face;
    Ctx::of(face.zone.clone()).at(visit.house.ambient.now()).here(&face.clinic)
}

/// What the clinic's file says is usual of measurements. A damaged file hides no chart: then nothing is compared with it, the
/// pages say so, and to prescribe is refused.
pub(in crate::http) fn ranges(visit: &Visit) -> Result<Option<Ranges>, Refusal> {
    match crate::care::formulary::loaded(&visit.house.store) {
        Ok(found) => Ok(found.and_then(|(file, _)| Ranges::of(file, visit.today()))),
        Err(KeptError::Store(error)) => Err(error.into()),
        Err(error) => {
            tracing::error!(target: "http", %error, "measurements are compared with nothing");
            Ok(None)
        }
    }
}

/// An address whose id cannot be one leads nowhere.
fn id_of(text: &str) -> Result<FhirId, Refusal> {
    FhirId::parse(text).map_err(|_| Refusal::not_found())
}
