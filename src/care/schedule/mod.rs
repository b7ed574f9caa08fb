//! Appointments: free hours, booking, requests, offers, and what happens at the door.
//!
//! One FHIR `Appointment` is a visit through its whole life:
//!
//! | status | what it is |
//! |---|---|
//! | `proposed` | a patient asked; `requestedPeriod` says when they can |
//! | `waitlist` | a patient waits for a time to become free (see [`round`]) |
//! | `pending` | a time was offered and is held until the patient answers |
//! | `booked` | it stands |
//! | `arrived`, `checked-in`, `fulfilled` | at the door, in the room, done |
//! | `cancelled`, `noshow` | it does not take place |
//!
//! A time is taken by an appointment or by a `Slot` that is `busy-unavailable` (home visits, a meeting); both are looked at
//! inside the writer, so that an hour is given once. An offer holds its time for the hours that the clinic settled, counted
//! from when it was made.

mod blocks;
mod book;
mod clock;
mod free;
mod ics;
mod over;
mod rule;
mod taken;
#[cfg(test)]
mod tests;
mod waiting;

pub use blocks::{Beside, Block, BlockError, End, MOST_BLOCKS, Repeat, SERIES, block, slot, unblock};
pub use book::{
    BookError, FORM_ASKED, FORM_RETURNED, FORM_SEEN, Hour, LONGEST, State, Tell, Wish, all_with, appointment, asked,
    asks_form, book, change, clinician_of, has_form_to_see, has_returned_form, hour_of, is_for_several, kind_of,
    may_answer, moved, patient_of, patients_of, periods, roles_with, tagged, to_patients, with_of, with_status,
    without_tag,
};
use book::{begun, put};
pub use clock::gap_at;
pub use free::{Slots, free, is_open};
pub use ics::calendar;
pub use over::{Despite, OVERBOOKED, over, over_of};
pub use rule::{FewRequests, NoEndlessBlock, NobodysAlone, OneAtATime};
pub use taken::{Taken, blocked, busy, takes_time, time_of};
pub use waiting::{LISTED, Round, decline, is_listed, not_offered, not_offered_of, offer_ends, round, waits};
