//! Snapshots, restoring, trying to restore, keeping and removing: the clinic is back the same day with new hardware, the
//! recovery sheet and a copy of the folder.
//!
//! This room must never call a snapshot good that is not, harm an old one, or let a byte leave the box in clear. A target is
//! not trusted: see [`target::Target`].
//!
//! # The layout, form 1
//!
//! This is enough to write a reader. Numbers are little-endian and unsigned; a `number` has 7 bits in each byte, the low ones
//! first, and the top bit set on all bytes but the last. `‖` joins. What is *sealed* is nonce (24 random bytes) ‖
//! XChaCha20-Poly1305 ‖ tag (16), with the associated data that [`crate::crypto::backup::Part`] names, under a key derived
//! from the repository key as [`crate::crypto::backup`] says.
//!
//! | file | what |
//! |---|---|
//! | `chartbox-backup.txt` | what this folder is, to people and programs: form, repository, box |
//! | `snapshots/<time>-<number>-<8 digits>` | a snapshot |
//! | `checkpoints/<the same>.txt` | the signed checkpoint of the access log that left with it, in clear |
//! | `packs/<64 digits>` | chunks; the name is the BLAKE3 of the file |
//! | `marks/<time>-<8 digits>` | packs that are to be removed, see below |
//!
//! The **stream** of a snapshot is every row of every table, in the order of the tables' numbers and the rows' keys. It is
//! cut before rows of which a keyed hash of the *key* says so (`cut.rs`), so that a changed value changes one chunk.
//!
//! A **chunk** is, in plain: table's number (1 byte), and per row: number, the key's length; the key; number, the
//! value's length; the value. Its **name** is the first 16 bytes of keyed BLAKE3 of that. It is stored once: sealed, as `01` ‖
//! a zstd frame of it, or `00` ‖ itself, whichever is shorter.
//!
//! A **node** is a chunk too: `FF`, and per chunk of rows its name (16), how many rows (4), and its plain length (4). Nodes end
//! after a chunk whose name's first four bytes are a multiple of 256, or at 2048 chunks.
//!
//! A **pack** is `chartbox pack 1\n` ‖ the repository key's id (16) ‖ sealed chunks ‖ sealed index ‖ the sealed index's length
//! (4). The index is, per chunk in order: name (16), sealed length (4), plain length (4). The indexes of all packs together say
//! where each chunk lies; there is no other index.
//!
//! A **snapshot** is `chartbox snapshot 1\n` ‖ header's length (4) ‖ header ‖ sealed body ‖ BLAKE3 of everything before
//! it. The header is JSON that anybody can read ([`layout::Header`]): the box (the name of its access log's chain), the
//! repository key's id, the repository key sealed under the root's snapshot key, and the key slots. The body is a zstd frame of
//! JSON ([`layout::Manifest`]): its own name, which must be the file's; repository, snapshot before, program, schema; the access
//! log's entries, head, epoch and checkpoint; per table its number, rows, bytes and the names of its nodes; and small files that
//! a box needs beside its store.
//!
//! So a recovery sheet opens the key slots, these give the root, the root's snapshot key opens the repository key, and that
//! opens everything. A box keeps its repository keys in its store; after its root was changed it makes another.

mod attempt;
mod concern;
mod copying;
mod create;
mod cut;
mod disks;
mod drill;
mod error;
mod index;
mod keyring;
mod known;
pub mod layout;
mod lease;
mod lineage;
mod list;
mod numbers;
mod old_keys;
mod pace;
mod places;
mod proof;
mod prune;
mod reading;
mod remembered;
mod repository;
mod restore;
mod retention;
mod rows;
mod samples;
mod scan;
mod schedule;
mod service;
pub mod target;
mod verify;
mod watch;
mod writing;

pub use attempt::TriedRow;
pub use concern::Concern;
pub use create::{Created, Done, Wish};
pub use drill::{Brought, Throwaway, last_passed};
pub use error::{BackupError, Damage, Lost, What, of_another_run, said_of};
pub use index::{Cache, Index};
pub use keyring::Keyring;
pub use known::Extent;
pub use lineage::{Run, one_run};
pub use list::{ListedSnapshot, ListedTarget, list_without_box};
pub use old_keys::OldBackups;
pub use places::{doubles, misplaced};
pub use prune::{How, Pruned, Removal};
pub use reading::Reader;
pub use repository::{Known, Repository};
pub use restore::{FillError, facts_of, fill};
pub use retention::Keep;
pub use rows::{Attempt, DrillRow, LastMade, Made, OpensBy, Sample, TargetRow, Verified};
pub use schedule::{Schedule, Standing, TargetStanding};
pub use service::{Anew, Backups, Home, TargetSpec};
pub use target::Place;
pub use verify::{Checked, Depth, check};
pub use watch::{Phase, Progress, Unwatched, Watch};
pub use writing::Written;

#[cfg(test)]
mod broken_tests;
#[cfg(test)]
mod fault_tests;
#[cfg(test)]
pub(crate) mod fixture;
#[cfg(test)]
mod mending_tests;
#[cfg(test)]
mod missing_tests;
#[cfg(test)]
mod proof_tests;
#[cfg(test)]
mod tests;
