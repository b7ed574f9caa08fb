//! The words that sessions and accounts are described with.

use serde::{Deserialize, Serialize};

use crate::base::Timestamp;

/// Where a request came in (DESIGN §7). A session belongs to the listener that made it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Listener {
    /// HTTPS on the clinic's network: staff, patients, FHIR.
    Clinic,
    /// HTTPS that the clinic may expose: patients and proxies only.
    Portal,
    /// The Unix socket of the command line.
    Control,
    /// No listener: a background job.
    None,
}

/// How sure the box is of who signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Assurance {
    Password,
    TwoFactor,
    /// Two factors, and one of them shown again at this time for a delicate act.
    SteppedUpAt(#[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")] Timestamp),
}
