//! What every form of a workflow needs: it is done once however often it is sent, and what was typed is not lost.
//!
//! A form carries a key that was made with its page. What a form leads to is remembered under its key in the very
//! transaction that does it, so that a second click, the back button or a second tab with the same page shows what the
//! first led to and does nothing again. Text of a form whose session had ended is kept as a [`draft`] of the account.

mod draft;
mod once;

pub use draft::{
    CAME_FROM, Draft, DraftAt, KEPT as DRAFT_KEPT, Keeping, LONGEST as LONGEST_DRAFT, PAGE_GONE, keep, kept,
    kept_below, last_kept, moved as drafts_moved, page_is_gone, page_of_other, parts as draft_parts, patient_of_page,
    place as draft_place, swept as drafts_swept, take_away,
};
pub use once::{FormKey, Once, Outcome, outcome, same_before, swept as outcomes_swept};
