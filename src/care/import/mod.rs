//! Importing FHIR: bundles and NDJSON, any number of files, in any order, in constant memory.
//!
//! Pieces are read in order, parsed and checked side by side, and written in order, each bundle or group of
//! lines as one transaction with one entry in the chain. A transaction bundle is kept whole or not at all; of
//! everything else each entry stands for itself. What an entry is, is its resource's id, else its `fullUrl`.
//! A conditional reference (`Practitioner?identifier=…`) to what is not here yet makes its piece wait, sealed in
//! the store, until every source was read once.

mod entries;
mod room;
mod source;
mod summary;
#[cfg(test)]
mod tests;
mod waiting;

use std::future::Future;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

pub use source::{Source, expand, pieces};
pub use summary::{Counts, Rejected, Summary};

use crate::access::Actor;
use crate::audit::{Action, Detail, Purpose};
use crate::fhir;
use crate::record::{Channel, Disclosed, RecordError, Records, Transaction, Why, Written, WrittenAs};
use entries::{Entries, Group, Resolver, Settled};
use room::Room;

/// What stops an import as a whole; single entries are rejected in the [`Summary`] instead.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    #[error("there is nothing at {}; check the path", .0.display())]
    NotThere(PathBuf),
    #[error("the folder {} holds no .json or .ndjson file (plain, .gz or .bz2)", .0.display())]
    EmptyFolder(PathBuf),
    #[error(
        "{name} could not be read: {cause}. What was imported before it is kept; run the import again, equal entries are skipped."
    )]
    Unreadable { name: String, cause: String },
    #[error("{name} holds a piece of more than 96 MiB; split it, or send it as NDJSON")]
    TooLarge { name: String },
    #[error("the import stopped: {0} What was imported before is kept; run it again, equal entries are skipped.")]
    Record(#[from] RecordError),
    #[error("the machine gave no further thread for the import")]
    NoThread,
}

/// Whether anything is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Write,
    /// Parse and check only.
    DryRun,
}

/// Hears how far an import is.
pub trait Progress: Sync {
    /// So many more entries are through.
    fn entries(&self, count: u64);
}

/// No one listens.
pub struct Silent;

impl Progress for Silent {
    fn entries(&self, _: u64) {}
}

/// One document, or some lines, of a source: what is written as one transaction.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Piece {
    /// How messages name the source.
    pub source: String,
    pub what: What,
}

#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    Document(String),
    /// Lines with their numbers.
    Lines(Vec<(u64, String)>),
}

impl Piece {
    fn bytes(&self) -> usize {
        match &self.what {
            What::Document(text) => text.len(),
            What::Lines(lines) => lines.iter().map(|(_, line)| line.len()).sum(),
        }
    }
}

/// More than there are processors: while one checks, others wait for the disk, and the store commits what they brought
/// together. The more a commit holds, the fewer pages are written twice.
const WORKERS: usize = 8;

/// A piece with its turn.
struct Unit {
    turn: u64,
    piece: Piece,
}

/// Imports `pieces` as `actor`, who stands for it in the chain. What breaks the rules that [`fhir::Mode::Lenient`] forgives
/// is kept under it, and tagged ([`crate::record::NOT_VALID`]).
pub fn run(
    records: &Records,
    actor: &Actor,
    pieces: impl Iterator<Item = Result<Piece, ImportError>>,
    mode: Mode,
    strictness: fhir::Mode,
    progress: &dyn Progress,
) -> Result<Summary, ImportError> {
    let import = Import {
        records,
        actor,
        mode,
        strictness,
        progress,
        resolver: Resolver::new(records),
        turns: Turns::default(),
        room: Room::default(),
    };
    if mode == Mode::Write {
        waiting::clear(records)?;
    }
    let mut summary = import.first_pass(pieces)?;
    if mode == Mode::Write {
        import.second_pass(&mut summary)?;
    }
    Ok(summary)
}

struct Import<'a> {
    records: &'a Records,
    actor: &'a Actor,
    mode: Mode,
    strictness: fhir::Mode,
    progress: &'a dyn Progress,
    resolver: Resolver<'a>,
    turns: Turns,
    room: Room,
}

impl Import<'_> {
    fn first_pass(&self, pieces: impl Iterator<Item = Result<Piece, ImportError>>) -> Result<Summary, ImportError> {
        let (sender, receiver) = sync_channel::<Unit>(1);
        let receiver = Arc::new(Mutex::new(receiver));
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..WORKERS)
                .map(|_| {
                    let receiver = receiver.clone();
                    scope.spawn(move || self.work(&receiver))
                })
                .collect();
            drop(receiver);
            let read = self.read(pieces, &sender);
            drop(sender);
            let mut summary = Summary::default();
            let mut failed = None;
            for thread in threads {
                match thread.join() {
                    Ok(Ok(done)) => summary.merge(done),
                    Ok(Err(error)) => failed = failed.or(Some(error)),
                    Err(_) => failed = failed.or(Some(ImportError::NoThread)),
                }
            }
            match failed {
                // A worker that stopped made the reader stop, too: its reason is the one to tell.
                Some(error) => Err(error),
                None => read.map(|()| summary),
            }
        })
    }

    fn read(
        &self,
        pieces: impl Iterator<Item = Result<Piece, ImportError>>,
        to: &SyncSender<Unit>,
    ) -> Result<(), ImportError> {
        for (piece, turn) in pieces.zip(0..) {
            let piece = piece?;
            self.room.take(piece.bytes());
            to.send(Unit { turn, piece }).map_err(|_| ImportError::NoThread)?;
        }
        Ok(())
    }

    fn work(&self, units: &Mutex<Receiver<Unit>>) -> Result<Summary, ImportError> {
        let _stops = StopsAll(self);
        let mut summary = Summary::default();
        let runtime = tokio::runtime::Builder::new_current_thread().build().map_err(|_| ImportError::NoThread)?;
        loop {
            let unit = units.lock().unwrap_or_else(PoisonError::into_inner).recv();
            let Ok(unit) = unit else { return Ok(summary) };
            let result = self.take_turn(&runtime, unit.turn, &unit.piece, &mut summary);
            self.room.give_back(unit.piece.bytes());
            if let Err(error) = result {
                self.stop();
                return Err(error);
            }
        }
    }

    fn stop(&self) {
        self.turns.stop();
        self.room.stop();
    }

    /// Writes in the order of reading; the disk is waited for side by side.
    fn take_turn(
        &self,
        runtime: &tokio::runtime::Runtime,
        turn: u64,
        piece: &Piece,
        summary: &mut Summary,
    ) -> Result<(), ImportError> {
        let entries = Entries::read(piece, self.strictness);
        let count = entries.len() as u64;
        if self.mode == Mode::DryRun {
            let mut group = entries.checked()?;
            group.tell_rejected(summary);
            for kind in group.kinds {
                summary.of_type(kind.name()).checked += 1;
            }
            self.progress.entries(count);
            return Ok(());
        }
        // Whatever needs no earlier piece is settled before the turn.
        let settled = entries.settle(&self.resolver)?;
        if !self.turns.wait(turn) {
            return Ok(());
        }
        let settled = match settled {
            Settled::Unresolved => Entries::read(piece, self.strictness).settle(&self.resolver)?,
            ready => ready,
        };
        let Settled::Ready(group) = settled else {
            waiting::put(self.records, turn, piece)?;
            self.turns.next(turn);
            return Ok(());
        };
        let pending = self.submit(group, summary);
        self.turns.next(turn);
        if let Some(pending) = pending {
            count_written(&runtime.block_on(pending)?, summary);
        }
        self.progress.entries(count);
        Ok(())
    }

    fn submit(
        &self,
        mut group: Group,
        summary: &mut Summary,
    ) -> Option<impl Future<Output = Result<Disclosed<Vec<Written>>, RecordError>> + use<>> {
        group.tell_rejected(summary);
        (!group.changes.is_empty())
            .then(|| self.records.submit_all(self.actor, &why(), group.changes, Transaction::IMPORT))
    }

    /// What waited, again and again while that brings anything forward.
    fn second_pass(&self, summary: &mut Summary) -> Result<(), ImportError> {
        let runtime = tokio::runtime::Builder::new_current_thread().build().map_err(|_| ImportError::NoThread)?;
        loop {
            let waiting = waiting::all(self.records)?;
            let mut left = Vec::new();
            for turn in &waiting {
                let Some(piece) = waiting::get(self.records, *turn)? else { continue };
                match Entries::read(&piece, self.strictness).settle(&self.resolver)? {
                    Settled::Ready(group) => self.finish(&runtime, *turn, group, summary)?,
                    Settled::Unresolved => left.push(*turn),
                }
            }
            if left.is_empty() {
                return Ok(());
            }
            if left.len() == waiting.len() {
                for turn in left {
                    let Some(piece) = waiting::get(self.records, turn)? else { continue };
                    let group = Entries::read(&piece, self.strictness).reject_unresolved(&self.resolver)?;
                    self.finish(&runtime, turn, group, summary)?;
                }
                return Ok(());
            }
        }
    }

    fn finish(
        &self,
        runtime: &tokio::runtime::Runtime,
        turn: u64,
        group: Group,
        summary: &mut Summary,
    ) -> Result<(), ImportError> {
        let count = (group.changes.len() + group.rejected.len()) as u64;
        if let Some(pending) = self.submit(group, summary) {
            count_written(&runtime.block_on(pending)?, summary);
        }
        waiting::remove(self.records, turn)?;
        self.progress.entries(count);
        Ok(())
    }
}

fn why() -> Why {
    Why { action: Action::Import, purpose: Purpose::SysAdmin, detail: Detail::none(), channel: Channel::Screen }
}

fn count_written(written: &[Written], summary: &mut Summary) {
    for one in written {
        let Some(stored) = &one.stored else { continue };
        let counts = summary.of_type(stored.kind.name());
        match one.as_what {
            WrittenAs::Created => counts.created += 1,
            WrittenAs::Unchanged => counts.unchanged += 1,
            _ => counts.updated += 1,
        }
    }
}

/// A worker that ends by a panic leaves nobody waiting for it.
struct StopsAll<'a>(&'a Import<'a>);

impl Drop for StopsAll<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.stop();
        }
    }
}

/// Whose turn it is to write.
#[derive(Default)]
struct Turns {
    now: Mutex<Turn>,
    changed: Condvar,
}

#[derive(Default)]
struct Turn {
    number: u64,
    stopped: bool,
}

impl Turns {
    /// Waits for a turn; `false` when the import stopped.
    fn wait(&self, turn: u64) -> bool {
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        while now.number != turn && !now.stopped {
            now = self.changed.wait(now).unwrap_or_else(PoisonError::into_inner);
        }
        !now.stopped
    }

    fn next(&self, turn: u64) {
        self.now.lock().unwrap_or_else(PoisonError::into_inner).number = turn + 1;
        self.changed.notify_all();
    }

    fn stop(&self) {
        self.now.lock().unwrap_or_else(PoisonError::into_inner).stopped = true;
        self.changed.notify_all();
    }
}
