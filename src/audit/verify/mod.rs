//! Verification: one pass over the log in constant memory, and everything that is not as it was written, by name.
//!
//! It reads, and never repairs. It sees, with nothing given from outside: a changed, deleted, inserted, moved or copied
//! entry, a cut end whose head was left, a changed or missing detail without its erasure, changed lists, missing and
//! surplus index rows, changed or missing checkpoints in the store. With a checkpoint kept outside the box it also sees
//! a log that was written anew, forked, or cut behind the checkpoint; with a pinned key also a substituted key.
//! [`Blind`] names what it cannot see with what was given, and the [`Report`] lists it.

mod index;
mod keys;
mod report;
mod side;
mod walk;

#[cfg(test)]
pub(super) mod fixture;
#[cfg(test)]
mod tests;

pub use report::{Blind, Finding, Index, Outside, OutsideResult, Report, Verdict};

use data_encoding::HEXLOWER;

use super::AuditError;
use super::checkpoint::Checkpoint;
use super::fold;
use super::rows::Head;
use crate::base::Ambient;
use crate::crypto::{Fingerprint, PublicKey};
use crate::store::Read;
use report::Findings;
use walk::Walk;

/// What verification holds the log against.
#[derive(Debug, Clone, Default)]
pub struct VerifyInput {
    /// Checkpoints kept outside the box, as texts.
    pub checkpoints: Vec<String>,
    /// Fingerprints of keys known from outside, as the recovery sheet has them.
    pub pinned: Vec<Fingerprint>,
    /// The key that this box signs with, if it is unlocked.
    pub own_key: Option<PublicKey>,
}

/// A checkpoint given from outside that can be trusted, and whether the walk met its size with its head.
struct Expected {
    number: usize,
    checkpoint: Checkpoint,
    met: Met,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Met {
    NotYet,
    Fits,
    Differs,
}

/// Verifies the log in `read`. An error means that the store could not be read, not that something was found.
pub fn verify(read: &impl Read, input: &VerifyInput, ambient: &Ambient) -> Result<Report, AuditError> {
    let now = ambient.now();
    let head = Head::load(read).or_else(|error| match error {
        // A head row that does not decode is a finding of the walk's end.
        AuditError::Store(crate::store::StoreError::Codec(_)) => Ok(None),
        error => Err(error),
    })?;
    let mut findings = Findings::default();
    let mut expected = expected(input, head.as_ref(), &mut findings);
    let mut walk = Walk::new(read, head, ambient, &mut expected, &mut findings)?;
    walk.run()?;
    let (counts, keys) = walk.finish()?;
    let trusted = keys.trusted(input, &mut findings);
    let (outside, last) = judge(expected, &counts, trusted, &mut findings);

    let entries = counts.entries;
    let (named, more_findings) = findings.into_parts();
    Ok(Report {
        verdict: if named.is_empty() { Verdict::Whole } else { Verdict::Tampered },
        checked: now,
        origin: head.map(|head| head.origin()),
        entries,
        head: head.map(|head| HEXLOWER.encode(&head.hash)).unwrap_or_default(),
        epoch: counts.epoch,
        details_kept: counts.details_kept,
        details_withheld: counts.details_withheld,
        side_lists: counts.side_lists,
        clock_behind: counts.clock_behind,
        stored_checkpoints: counts.stored_checkpoints,
        keys: keys.fingerprints(),
        pinned: input.pinned.clone(),
        after_last_outside: entries.saturating_sub(last.as_ref().map_or(0, |last| last.size)),
        last_outside_age: last.as_ref().map(|last| now.as_second() - last.time.as_second()),
        pending_failures: fold::pending_failures(read)?,
        cannot_detect: blind(input, last.as_ref(), entries),
        outside,
        findings: named,
        more_findings,
    })
}

fn expected(input: &VerifyInput, head: Option<&Head>, findings: &mut Findings) -> Vec<Expected> {
    let mut expected = Vec::new();
    for (text, number) in input.checkpoints.iter().zip(1..) {
        let checkpoint = match Checkpoint::parse(text) {
            Ok(checkpoint) => checkpoint,
            Err(error) => {
                findings.push(Finding::BadCheckpoint { number, error });
                continue;
            }
        };
        let mut met = Met::NotYet;
        if head.is_some_and(|head| head.origin() != checkpoint.origin) {
            findings.push(Finding::OtherChain { origin: checkpoint.origin.clone() });
            met = Met::Differs;
        }
        expected.push(Expected { number, checkpoint, met });
    }
    expected.sort_by_key(|one| one.checkpoint.size);
    expected
}

/// Turns what the walk met into findings; answers with the newest checkpoint that fits.
fn judge(
    expected: Vec<Expected>,
    counts: &walk::Counts,
    mut trusted: keys::Trusted,
    findings: &mut Findings,
) -> (Vec<Outside>, Option<Outside>) {
    let entries = counts.entries;
    let mut outside = Vec::new();
    for Expected { number, checkpoint, met } in expected {
        let key = checkpoint.key.fingerprint();
        let genuine = trusted.take(&checkpoint);
        if !genuine {
            findings.push(Finding::SubstitutedKey { key, number: Some(number) });
        }
        if met == Met::NotYet {
            let size = checkpoint.size;
            findings.push(if size <= counts.last {
                Finding::Fork { size }
            } else if checkpoint.epoch < counts.epoch {
                Finding::RestoredBehindCheckpoint { entries, expected: size }
            } else {
                Finding::CutBehindCheckpoint { entries, expected: size }
            });
        }
        let fits = genuine && met == Met::Fits;
        let result = if fits { OutsideResult::Fits } else { OutsideResult::Refused };
        outside.push(Outside { size: checkpoint.size, time: checkpoint.time, key, result });
    }
    let last = outside.iter().rfind(|one| one.result == OutsideResult::Fits).cloned();
    (outside, last)
}

fn blind(input: &VerifyInput, last: Option<&Outside>, entries: u64) -> Vec<Blind> {
    let mut classes = vec![match last {
        None => Blind::Rewritten,
        Some(last) => Blind::RewrittenAfter { size: last.size, entries: entries.saturating_sub(last.size) },
    }];
    if input.pinned.is_empty() {
        classes.push(Blind::OtherKey);
    }
    classes.extend([Blind::UnwrittenFailures, Blind::NeverWritten]);
    classes
}
