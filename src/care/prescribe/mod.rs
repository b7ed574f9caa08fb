//! Prescribing: what is checked before somebody signs, what is written then, and what patients ask for.
//!
//! | what | resource |
//! |---|---|
//! | a prescription | `MedicationRequest` with `intent` `order`; a renewed or changed one has the one before as `priorPrescription` |
//! | a warning that somebody answered for | `DetectedIssue`, named by the prescription, its reason in `mitigation` |
//! | a refill that a patient asks for | `Task` with the prescription as `focus`; an answer to a question is a new one, `partOf` the first |
//! | what a patient does not take | `MedicationStatement` of the patient, `basedOn` the prescription |
//! | that the clinic should look at that | `Task` with the prescription as `focus`, until it is seen or taken back |
//!
//! A check is a pure function of the formulary, of what the record says and of what is to be prescribed ([`check()`]). It is made
//! for the page and again inside the writer, on the record as it is then: what appeared meanwhile is shown, never skipped. Of what
//! is sealed the check knows as much as whoever prescribes may see, so that no warning gives it away.

mod check;
#[cfg(test)]
mod check_tests;
mod facts;
mod order;
mod refill;
mod sign;
#[cfg(test)]
mod sign_tests;
mod taking;
mod tasks;

pub use check::{Check, Chosen, Finding, Gap, Proposal, Verdict, What, check, gaps, missing};
pub use facts::{Allergies, Allergy, Facts, Taken, age, allergy, taken_of};
pub use order::{
    By, Dose, EVERY, Every, Meant, Prescription, Reason, STOP_REASONS, TOKEN, WHEN, WRITTEN, dosage, end_code,
    ended_at, is_ours, issue, issued, stopped, token_of,
};
pub use refill::{Answer, REFILL, Refill, RefillError, answer, ask, refill_of, speaker};
pub use sign::{
    Answered, Outcome, Prior, Seen, SignError, Signing, Standing, Verified, is_in_use, is_renewable, may_be_token,
    new_token, sign, standing, stop, verify,
};
pub use taking::{
    NOT_TAKEN, NotTaken, NotTaking, TakingError, Teller, goes_with, no_longer_taken, not_taken_of, not_taking,
    of_prescription, see, statement, taking_again, teller, waits_of,
};
pub use tasks::{LONGEST, is_open};
