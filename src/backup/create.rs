//! Making a snapshot, for several targets at once.
//!
//! The order makes a snapshot good or nothing: its packs are on the target and synced before the file that names it is put.
//! What an earlier attempt left in packs is found by the index and used again.

use data_encoding::HEXLOWER;

use crate::audit::{self, Action, AuditError, Checkpoint, Detail, Outcome};
use crate::base::ActorRef;
use crate::crypto::backup::{KeyId, RepositoryKey};
use crate::store::{Direction, KeyRange, ReadExt, SCHEMA, Snapshot};

use super::error::BackupError;
use super::index::Index;
use super::layout::{AuditFacts, Header, Manifest, SnapshotBytes, SnapshotName, TableFacts};
use super::prune::{marked, marks};
use super::repository::{Repository, checkpoint_file, snapshot_file};
use super::rows::{Attempt, BACKUPS, LastMade, Made};
use super::samples;
use super::scan::{Scan, Way};
use super::service::{Anew, Backups, Lease, TargetSpec};
use super::target::Put;
use super::watch::{Phase, Progress, Watch};
use super::writing::{Sink, Written};

/// What one target got.
#[derive(Debug)]
pub struct Done {
    pub target: TargetSpec,
    pub result: Result<Written, BackupError>,
}

/// A snapshot that was made; at least one target has it.
#[derive(Debug)]
pub struct Created {
    pub name: SnapshotName,
    pub entries: u64,
    pub rows: u64,
    /// Everything it holds, before compression.
    pub bytes: u64,
    pub seconds: f64,
    pub targets: Vec<Done>,
}

/// A target that takes part.
struct Part {
    spec: TargetSpec,
    repository: Repository,
    sink: Sink,
    previous: Option<SnapshotName>,
    snapshots: u64,
    /// Given back when the work is done.
    _lease: Lease,
}

/// What became of each target that took part.
type Results = Vec<Result<Written, BackupError>>;

/// What stands in a snapshot besides its rows.
struct Facts {
    name: SnapshotName,
    entries: u64,
    head: [u8; 32],
    epoch: u32,
    checkpoint: Checkpoint,
}

impl Backups {
    /// Makes a snapshot of the store as it is now. Blocks until every target has it or has failed. An error means that none
    /// has it.
    pub fn create(
        &self,
        specs: &[TargetSpec],
        anew: Anew,
        by: &ActorRef,
        watch: &dyn Watch,
    ) -> Result<Created, BackupError> {
        let begun = std::time::Instant::now();
        watch.progress(Progress { phase: Phase::Looking, done: 0, total: 0 });
        let mut failed: Vec<Done> = Vec::new();
        let mut parts = Vec::new();
        for spec in specs {
            match self.take_part(spec, anew) {
                Ok(part) => parts.push(part),
                Err(error) => failed.push(Done { target: spec.clone(), result: Err(error) }),
            }
        }
        let made = if parts.is_empty() { Ok(None) } else { self.make(&parts, by, watch).map(Some) };
        match made {
            Ok(made) => self.told(parts, failed, made, by, begun),
            Err(error) => {
                let text = error.to_string();
                for part in &parts {
                    self.note_failed(&part.spec, Some(part.repository.marker().repository), &text)?;
                }
                self.tell(by, Outcome::Failed, &text)?;
                Err(error)
            }
        }
    }

    fn take_part(&self, spec: &TargetSpec, anew: Anew) -> Result<Part, BackupError> {
        let lease = self.lease(&spec.name, "a backup")?;
        let repository = self.open_to_write(spec, anew)?;
        let cache = self.cache(&repository);
        let keyring = self.keyring()?;
        // What is to be removed is not relied on: it may be gone when this snapshot is done.
        let marked = marked(&marks(&repository, &keyring)?);
        let index = Index::load_marked(repository.target(), &keyring, Some(&cache), &marked)?.without(&marked);
        let names = repository.snapshots()?;
        let sink = Sink::new(repository.shared_target(), index, Some(cache));
        let (previous, snapshots) = (names.last().cloned(), names.len() as u64);
        Ok(Part { spec: spec.clone(), repository, sink, previous, snapshots, _lease: lease })
    }

    /// Reads the store once and writes to all; answers with the snapshot and what became of each target.
    fn make(
        &self,
        parts: &[Part],
        by: &ActorRef,
        watch: &dyn Watch,
    ) -> Result<(Facts, Vec<TableFacts>, Results), BackupError> {
        let (id, key) = self.current_key()?;
        let number = 1 + self
            .last_number()?
            .max(parts.iter().filter_map(|p| Some(p.previous.as_ref()?.number())).max().unwrap_or(0));
        let name = SnapshotName::new(self.ambient.now(), number, &self.ambient);
        let event = self.event(by, Action::Checkpoint).detail(Detail::note(format!("for the snapshot {name}")));
        let (checkpoint, _) = self.checkpoint(event)?;
        // What the snapshot holds is what there is at this moment.
        let view = self.store.read()?;
        let head = audit::head(&view)?.ok_or_else(|| BackupError::Failed("the box has no access log yet".into()))?;
        let facts = Facts { name, entries: head.size, head: head.hash, epoch: head.epoch, checkpoint };
        let samples = samples::take(&view, &self.ambient)?;
        let (tables, mut results) = self.scan(&view, parts, id, &key, watch)?;
        let made = Made {
            name: facts.name.to_string(),
            created: facts.name.time(),
            tables: tables.iter().map(|table| (table.number, table.rows)).collect(),
            entries: facts.entries,
            head: facts.head,
            samples,
        };
        self.keep(number, made)?;
        for (part, result) in parts.iter().zip(&mut results) {
            if result.is_ok()
                && let Err(error) = self.seal_off(part, &facts, &tables, id, &key)
            {
                *result = Err(error);
            }
        }
        Ok((facts, tables, results))
    }

    fn scan(
        &self,
        view: &Snapshot,
        parts: &[Part],
        id: KeyId,
        key: &RepositoryKey,
        watch: &dyn Watch,
    ) -> Result<(Vec<TableFacts>, Results), BackupError> {
        let total = self.known()?.iter().filter_map(|(_, row)| Some(row.last.as_ref()?.holds)).max();
        let total = total.unwrap_or_else(|| self.store.stats().file_bytes / 3);
        let scan = Scan { view, key, ambient: &self.ambient, watch, total };
        let (tables, answers) = std::thread::scope(|scope| {
            let queues: Vec<_> = parts.iter().map(|part| part.sink.start(scope, id, key, &self.ambient)).collect();
            let ways: Vec<Way<'_>> =
                parts.iter().zip(&queues).map(|(part, queue)| Way { sink: &part.sink, send: queue.sender() }).collect();
            let tables = scan.run(&ways);
            drop(ways);
            (tables, queues.into_iter().map(super::writing::Queue::close).collect::<Vec<_>>())
        });
        let results = answers.into_iter().map(|answer| answer.take().map(|(written, _)| written)).collect();
        Ok((tables?, results))
    }

    /// Puts the file that makes the snapshot one, last of all, and reads it back.
    fn seal_off(
        &self,
        part: &Part,
        facts: &Facts,
        tables: &[TableFacts],
        id: KeyId,
        key: &RepositoryKey,
    ) -> Result<(), BackupError> {
        let of_box = part.repository.marker().of_box;
        let wrapped = key.wrap(&self.home.snapshot_key(), id, &self.ambient);
        let wrapped = wrapped.map_err(|error| BackupError::Failed(error.to_string()))?;
        let header = Header::new(of_box, id, &wrapped, self.home.keyslots()?);
        let manifest = Manifest {
            name: facts.name.clone(),
            created: facts.name.time(),
            repository: part.repository.id(),
            previous: part.previous.clone(),
            program: env!("CARGO_PKG_VERSION").to_owned(),
            schema: SCHEMA,
            clinic: self.home.clinic(),
            called: self.home.called(),
            audit: AuditFacts {
                entries: facts.entries,
                head: HEXLOWER.encode(&facts.head),
                epoch: facts.epoch,
                checkpoint: facts.checkpoint.text.clone(),
            },
            tables: tables.to_vec(),
            attachments: self.home.attachments(),
        };
        let bytes = SnapshotBytes::make(&header, &manifest, key, &self.ambient)
            .ok_or_else(|| BackupError::Failed("the snapshot's own file could not be made".into()))?;
        let target = part.repository.target();
        target.put(&checkpoint_file(&facts.name)?, facts.checkpoint.text.as_bytes())?;
        let put = target.put(&snapshot_file(&facts.name)?, &bytes)?;
        target.sync()?;
        let read = part.repository.read(&facts.name)?;
        let kept = put == Put::New && read.open(key).is_ok_and(|read| read == manifest);
        if kept {
            Ok(())
        } else {
            let place = part.repository.place();
            Err(BackupError::Failed(format!("{place} does not keep what is written to it. Use another one.")))
        }
    }

    fn told(
        &self,
        parts: Vec<Part>,
        mut failed: Vec<Done>,
        made: Option<(Facts, Vec<TableFacts>, Results)>,
        by: &ActorRef,
        begun: std::time::Instant,
    ) -> Result<Created, BackupError> {
        let seconds = begun.elapsed().as_secs_f64();
        for done in &failed {
            if let Err(error) = &done.result {
                self.note_failed(&done.target, None, &error.to_string())?;
            }
        }
        let Some((facts, tables, results)) = made else {
            let texts: Vec<String> = failed.iter().filter_map(|d| Some(d.result.as_ref().err()?.to_string())).collect();
            self.tell(by, Outcome::Failed, &texts.join(" "))?;
            let first = failed.into_iter().find_map(|done| done.result.err());
            return Err(first.unwrap_or(BackupError::NoTarget));
        };
        let (rows, bytes) = tables.iter().fold((0, 0), |(rows, bytes), table| (rows + table.rows, bytes + table.bytes));
        let mut targets = Vec::new();
        for (part, result) in parts.iter().zip(results) {
            let repository = part.repository.marker().repository;
            match &result {
                Ok(written) => {
                    let last = LastMade {
                        name: facts.name.to_string(),
                        number: facts.name.number(),
                        at: facts.name.time(),
                        seconds: seconds as u32,
                        bytes: written.bytes,
                        holds: bytes,
                        rows,
                    };
                    let (at, snapshots) = (self.ambient.now(), part.snapshots + 1);
                    self.note(&part.spec, Some(repository), move |row| {
                        row.last = Some(last);
                        row.attempt = Some(Attempt { at, error: None });
                        row.snapshots = snapshots;
                    })?;
                }
                Err(error) => self.note_failed(&part.spec, Some(repository), &error.to_string())?,
            }
            targets.push(Done { target: part.spec.clone(), result });
        }
        let good = targets.iter().filter(|done| done.result.is_ok()).count();
        targets.append(&mut failed);
        let outcome = if good == 0 { Outcome::Failed } else { Outcome::Success };
        self.tell(by, outcome, &format!("the snapshot {} on {good} of {} targets", facts.name, targets.len()))?;
        if good == 0 {
            let first = targets.into_iter().find_map(|done| done.result.err());
            return Err(first.unwrap_or(BackupError::NoTarget));
        }
        Ok(Created { name: facts.name, entries: facts.entries, rows, bytes, seconds, targets })
    }

    fn checkpoint(&self, event: audit::Event) -> Result<(Checkpoint, audit::Committed), AuditError> {
        self.audit.checkpoint_blocking(self.home.signer(), event)
    }

    fn tell(&self, by: &ActorRef, outcome: Outcome, note: &str) -> Result<(), BackupError> {
        let event = self.event(by, Action::Backup).outcome(outcome).detail(Detail::note(note.to_owned()));
        let _ = self.audit.commit_blocking(vec![event])?;
        Ok(())
    }

    fn note_failed(&self, spec: &TargetSpec, repository: Option<[u8; 16]>, error: &str) -> Result<(), BackupError> {
        if repository.is_none() {
            self.note_unreached(spec, error)?;
        }
        let (at, error) = (self.ambient.now(), error.to_owned());
        self.note(spec, repository, move |row| row.attempt = Some(Attempt { at, error: Some(error) }))
    }

    /// The number of the last snapshot that this box made.
    pub(super) fn last_number(&self) -> Result<u64, BackupError> {
        let read = self.store.read()?;
        let last = read.scan(&BACKUPS, KeyRange::all(), Direction::Down)?.next().transpose()?;
        Ok(last.map_or(0, |((number,), _)| number))
    }

    fn keep(&self, number: u64, made: Made) -> Result<(), BackupError> {
        self.store.write_essential_blocking(move |tx| {
            tx.put(&BACKUPS, &(number,), &made)?;
            let old: Vec<(u64,)> = tx
                .scan(&BACKUPS, KeyRange::all(), Direction::Down)?
                .skip(MADE_KEPT)
                .filter_map(|row| row.ok().map(|(key, _)| key))
                .collect();
            old.iter().try_for_each(|key| tx.delete(&BACKUPS, key))
        })?;
        Ok(())
    }
}

/// How many snapshots are remembered: more than any retention keeps.
const MADE_KEPT: usize = 500;
