//! The tamper-evident chain of who did what, and the transaction that cannot end without an entry in it.
//!
//! Append through [`Audit::write`] (data and entries in one transaction) or [`Audit::commit`] (reads, denials):
//! the [`Committed`] that they answer with is the proof that `record` needs to show anything. This room must never change or
//! delete an entry, nor let a read be shown before its entry is durable.
//!
//! The chain is tamper-evident, not tamper-proof: [`verify()`] finds what was changed, and names what it could not have found
//! with what it was given ([`Blind`]):
//!
//! - without a checkpoint kept outside: a log, or its end, that somebody with the key of the store wrote anew with every
//!   hash recomputed; its end cut off; an older state of the whole store put back;
//! - with one: the same behind the newest checkpoint that fits;
//! - without a pinned key: a checkpoint file exchanged for one signed with another key;
//! - failures that are counted and not yet written (at most those of the last minute or so, see [`Audit::flush_failures`]);
//! - what was done without this program, and so never written.
//!
//! # The layout, version 1
//!
//! This is enough to write a verifier. Numbers are big-endian and unsigned but for times, which are signed 64-bit
//! microseconds since 1970-01-01T00:00:00Z. `text` is a length of 2 bytes and UTF-8. `option X` is `00`, or `01` and X.
//! `‖` joins. Hashes are BLAKE3 with 32 bytes of output, over a domain and what is hashed; domains are ASCII and end with
//! one zero byte.
//!
//! An **entry** (table `audit_entries`, key: the sequence in 8 bytes) is, in this order:
//!
//! | bytes | what |
//! |---|---|
//! | 1 | `01`, the version of the layout |
//! | 8 | sequence, from 1 without gaps |
//! | 32 | hash of the entry before; for entry 1 `BLAKE3("chartbox/audit/genesis/v1\0" ‖ name of the chain)` |
//! | 4 | epoch: from 0, one more with each restore |
//! | 16 | boot: a UUID, one run of the box |
//! | 8 | time as the box's clock said |
//! | 1 | clock: `00` if no earlier entry has a later time; else `01` ‖ 8 bytes, the newest time of an earlier entry |
//! | 1 | actor: 1 person, 2 proxy, 3 service, 4 share link, 5 system, 6 anonymous |
//! | option 16 | account, a UUID |
//! | 1 | role: 0 none, 1 patient, 2 proxy, 3 clinician, 4 nurse, 5 reception, 6 health administrator, 7 operator |
//! | option text | the person's resource, as `Practitioner/abc` |
//! | option text | the resource of the patient on whose behalf |
//! | option text | the job or command |
//! | option 16 | session, a UUID |
//! | 1 | origin: `00`; `04` ‖ 4 bytes of IPv4; `06` ‖ 16 bytes of IPv6 |
//! | 2 | action: [`Action::number`] |
//! | 1 | outcome: [`Outcome::number`] |
//! | 1 | purpose: [`Purpose::number`] |
//! | 4 | count: 1, or how many failures were folded into this entry |
//! | option 8 | about: the sequence of the entry whose detail this one erased |
//! | option 32 | commitment to the detail |
//! | 1 | `00`: 2 bytes, how many records, and the **records**; `01`: a side list, which is 4 bytes: how many pairs of patient and kind; 8 bytes: how many resources; 4 bytes: how many chunks; 32 bytes: its hash |
//!
//! Nothing follows. Its hash is `BLAKE3("chartbox/audit/entry/v1\0" ‖ entry)`: that of the last one is the head.
//!
//! A **record** is what was touched of one patient in one way: 1 byte, the kind ([`TouchKind::number`]), plus `80` in a side
//! list where it goes on with the pair of the record before; option **id**, the patient; 2 bytes, how many resources; per
//! resource 1 byte, the length of its type's name, and the name (`00` and no name: as the resource before), and its id.
//! An **id** is 1 byte, its length (1 to 64), and its ASCII; or `FF` and 16 bytes, which is the only form of a UUID in lower
//! case. Records are sorted by patient (none first) and kind, each pair once; resources as text, each once. So a list has
//! one encoding.
//!
//! A **side list** holds the records of an entry that touched more than 200 resources, in chunks of whole records (table
//! `audit_lists`, key: sequence, chunk from 0 in 4 bytes). Its hash is `BLAKE3("chartbox/audit/list/v1\0" ‖ …)` over each
//! chunk's length in 4 bytes and the chunk.
//!
//! A **detail** (table `audit_details`, key: sequence) stands as `00` ‖ salt (16 random bytes) ‖ detail. The detail is `01`
//! and then, per field that is there and in this order: its tag in 1 byte (1 search, 2 reason, 3 user agent, 4 note) and the
//! text. The commitment is `BLAKE3("chartbox/audit/detail/v1\0" ‖ salt ‖ detail)`. An erased one stands as `01` ‖ 8 bytes,
//! the sequence of a later entry with the action 404 and outcome 0 whose `about` is this one. Nothing else excuses a missing detail.
//!
//! The **head** (table `audit_head`) is `01` ‖ size (8) ‖ hash (32) ‖ epoch (4) ‖ name of the chain (16 random bytes, made
//! with the first entry) ‖ the newest time of any entry (8). Checkpoints are signed notes, see [`Checkpoint`]; a copy stands in `audit_checkpoints` under the sequence of the entry (action 403) that they cover last. The two indexes,
//! `audit_by_patient` and `audit_by_account`, have one row per entry and patient or account: the id, time and sequence both
//! inverted; the value of a patient's row is one byte, bit `kind - 1` set for each kind.
//!
//! # Golden vectors
//!
//! ```text
//! name of the chain: 16 times ab; its genesis:
//! 1c791b92c66f73ffac5622e64676e2a6bed2418e216f414868009045545fed12
//! the smallest entry: number 1, `init` by the system for SYSADMIN at 2026-03-03T09:00:00Z:
//! 0100000000000000011c791b92c66f73ffac5622e64676e2a6bed2418e216f414868009045545fed1200000000111111
//! 1111111111111111111111111100064c1aeda2e400000500000000010004696e6974000001f7000b0000000100000000
//! 00
//! its hash:
//! c23a8a1ca6bc5f2950d6712897b034a9bea678a4ff0724c3e4b560f241c9ad25
//! a detail, the reason "on call", and its commitment under the salt of 16 times 55:
//! 010200076f6e2063616c6c
//! f2fb82f622d01d7485feb788771dea67db2fb4b01718242c63801faab8de0ce6
//! an entry with every field: number 2, a proxy refused to read, with two records and the detail above:
//! 010000000000000002c23a8a1ca6bc5f2950d6712897b034a9bea678a4ff0724c3e4b560f241c9ad2500000001222222
//! 2222222222222222222222222200064c1aed93a1c00100064c1aeda2e400020133333333333333333333333333333333
//! 0201001052656c61746564506572736f6e2f723101000a50617469656e742f7031000144444444444444444444444444
//! 44444404c0a80107006401080000000301000000000000000101f2fb82f622d01d7485feb788771dea67db2fb4b01718
//! 242c63801faab8de0ce6000002010000000201027031000309436f6e646974696f6eff01940000000070008000000000
//! 000001000263320b4f62736572766174696f6e026f31
//! its hash:
//! c9f3ce0d5d7207fb98fb0639312ceeea386c8019791a891bc6c90a4824d9a631
//! the one chunk of a side list: Observation/o1 of patient p1, sent out; and the hash of the list:
//! 040102703100010b4f62736572766174696f6e026f31
//! 0f6dfb2c17b192b376474faefeedde75a6f3e4b697794c23a3988ad33a8f3e89
//! ```

mod chain;
mod check;
mod checkpoint;
mod entry;
mod event;
mod fold;
mod export;
pub mod layout;
mod looks;
mod prepare;
mod query;
mod rows;
mod verify;
mod words;

pub use chain::{Audit, AuditedTx, Committed};
pub use check::{Check, CheckFound, last_check};
pub use checkpoint::{Checkpoint, CheckpointError, key_at, last_checkpoint};
pub use entry::{Clock, Entry, Place, Resources, SideList};
pub use event::{Coverage, Detail, Event, Touched};
pub use export::Export;
pub use layout::{Hash, LayoutError, entry_hash};
pub use looks::{Day, Listing, Look, Looks, by_patient};
pub use query::{DetailState, Filter, Line, Page, TouchedPage, entries, line, size, touched};
pub use rows::{ChainHead, hash_at, head, key_of_entry};
pub use verify::{Blind, Finding, Index, Outside, OutsideResult, Report, Verdict, VerifyInput, verify};
pub use words::{Action, Outcome, Purpose, TouchKind};

#[cfg(test)]
mod tests;

use crate::store::{CodecError, StoreError};

/// What can go wrong with the chain, in words for the operator.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuditError {
    #[error("{}", of_the_store(.0))]
    Store(#[from] StoreError),
    #[error(
        "a change was refused because it left no entry in the access log. This is a fault in the program; please report it."
    )]
    NothingAppended,
    #[error("entry {0} of the access log has no detail to erase")]
    NoDetail(u64),
    #[error("the detail of entry {0} of the access log was erased before")]
    AlreadyErased(u64),
    #[error("entry {0} of the access log is missing. Run `chartbox audit verify`.")]
    Missing(u64),
    #[error("entry {sequence} of the access log cannot be read: {error}. Run `chartbox audit verify`.")]
    Damaged { sequence: u64, error: LayoutError },
}

/// A full disk says by itself what it means for what was asked.
fn of_the_store(error: &StoreError) -> String {
    match error {
        StoreError::Low | StoreError::Full => error.to_string(),
        other => {
            format!("the access log could not be written or read, so nothing was changed and nothing shown: {other}")
        }
    }
}

impl From<CodecError> for AuditError {
    fn from(error: CodecError) -> Self {
        Self::Store(error.into())
    }
}
