//! The chain's one end that grows: appending, alone or inside the transaction of what it speaks of.

use std::future::Future;
use std::ops::{Deref, DerefMut};

use bytes::Bytes;

use super::AuditError;
use super::entry::{Clock, Place};
use super::event::{Coverage, Event};
use super::layout;
use super::prepare::{Extra, Prepared};
use super::rows::{BY_ACCOUNT, BY_PATIENT, DETAILS, DetailRow, ENTRIES, HEAD, Head, LISTS, THE_HEAD};
use super::words::{Action, Outcome};
use crate::base::{Ambient, BootId};
use crate::store::{Desc, Direction, Keep, RawRange, Read, ReadExt, Rows, Snapshot, Store, StoreError, TableId, Tx};

/// The audit chain of one store. Clones share it.
#[derive(Clone)]
pub struct Audit {
    store: Store,
    ambient: Ambient,
    boot: BootId,
}

/// Proof that entries are on disk, and what they cover. Only this room makes one.
#[derive(Debug)]
#[must_use = "what was read is disclosed with it"]
pub struct Committed {
    coverages: Vec<Coverage>,
    last: u64,
}

impl Committed {
    /// Whether exactly these touched resources, in one [`Event::touch`], are in what was committed.
    pub fn covers(&self, coverage: &Coverage) -> bool {
        self.coverages.contains(coverage)
    }

    /// The sequence of the last entry written.
    pub const fn sequence(&self) -> u64 {
        self.last
    }
}

impl Audit {
    /// The chain in `store`, for one run of the box: every entry names this run.
    pub fn new(store: Store, ambient: Ambient) -> Self {
        let boot = BootId::new(&ambient);
        Self { store, ambient, boot }
    }

    pub const fn boot(&self) -> BootId {
        self.boot
    }

    pub const fn store(&self) -> &Store {
        &self.store
    }

    pub const fn ambient(&self) -> &Ambient {
        &self.ambient
    }

    pub fn read(&self) -> Result<Snapshot, StoreError> {
        self.store.read()
    }

    /// Appends `events`; answers when they are durable. For reads, denials and whatever changes no data. Goes on when
    /// the disk is almost full, on space that is kept for it.
    pub fn commit(&self, events: Vec<Event>) -> impl Future<Output = Result<Committed, AuditError>> + Send + use<> {
        let prepared: Vec<Prepared> =
            events.into_iter().map(|event| Prepared::of(event, Extra::NONE, &self.ambient)).collect();
        let written =
            self.write_essential(move |tx| prepared.into_iter().try_for_each(|one| tx.append_prepared(one).map(drop)));
        async move { written.await.map(|((), committed)| committed) }
    }

    /// [`Audit::commit`] for callers without an async runtime.
    pub fn commit_blocking(&self, events: Vec<Event>) -> Result<Committed, AuditError> {
        let job = move |tx: &mut AuditedTx<'_, '_>| events.into_iter().try_for_each(|event| tx.append(event).map(drop));
        let written = self.store.write_essential_blocking(self.audited(job));
        written.map(|((), committed)| committed).map_err(Refused::into_error)
    }

    /// Data and its entries in one transaction: all of it is durable when this answers, or none. A job that
    /// appended nothing fails with [`AuditError::NothingAppended`] and leaves nothing.
    pub fn write<T, E, F>(&self, job: F) -> impl Future<Output = Result<(T, Committed), E>> + Send + use<T, E, F>
    where
        F: FnOnce(&mut AuditedTx<'_, '_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<AuditError> + Send + 'static,
    {
        let written = self.store.write(self.audited(job));
        async move { written.await.map_err(Refused::into_error) }
    }

    /// [`Audit::write`] for what reading needs: signing in and what keeps others from it, checkpoints. It goes on when
    /// the disk is almost full; so keep it small.
    pub fn write_essential<T, E, F>(
        &self,
        job: F,
    ) -> impl Future<Output = Result<(T, Committed), E>> + Send + use<T, E, F>
    where
        F: FnOnce(&mut AuditedTx<'_, '_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<AuditError> + Send + 'static,
    {
        let written = self.store.write_essential(self.audited(job));
        async move { written.await.map_err(Refused::into_error) }
    }

    /// [`Audit::write`] for callers without an async runtime.
    pub fn write_blocking<T, E, F>(&self, job: F) -> Result<(T, Committed), E>
    where
        F: FnOnce(&mut AuditedTx<'_, '_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<AuditError> + Send + 'static,
    {
        self.store.write_blocking(self.audited(job)).map_err(Refused::into_error)
    }

    /// [`Audit::write_essential`] for callers without an async runtime.
    pub fn write_essential_blocking<T, E, F>(&self, job: F) -> Result<(T, Committed), E>
    where
        F: FnOnce(&mut AuditedTx<'_, '_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<AuditError> + Send + 'static,
    {
        self.store.write_essential_blocking(self.audited(job)).map_err(Refused::into_error)
    }

    fn audited<T, E, F>(
        &self,
        job: F,
    ) -> impl FnOnce(&mut Tx<'_>) -> Result<(T, Committed), Refused<E>> + Send + 'static + use<T, E, F>
    where
        F: FnOnce(&mut AuditedTx<'_, '_>) -> Result<T, E> + Send + 'static,
    {
        let (ambient, boot) = (self.ambient.clone(), self.boot);
        move |tx| {
            let mut tx =
                AuditedTx { tx, ambient, boot, head: None, coverages: Vec::new(), appended: Appended::Nothing };
            let value = job(&mut tx).map_err(Refused::Job)?;
            Ok((value, tx.finish()?))
        }
    }
}

/// Why an audited job left nothing.
enum Refused<E> {
    Job(E),
    Audit(AuditError),
}

impl<E: From<AuditError>> Refused<E> {
    fn into_error(self) -> E {
        match self {
            Self::Job(error) => error,
            Self::Audit(error) => error.into(),
        }
    }
}

impl<E> From<StoreError> for Refused<E> {
    fn from(error: StoreError) -> Self {
        Self::Audit(error.into())
    }
}

impl<E> From<AuditError> for Refused<E> {
    fn from(error: AuditError) -> Self {
        Self::Audit(error)
    }
}

/// A transaction that does not end well without an entry in it. Reads and writes as a [`Tx`].
pub struct AuditedTx<'a, 'b> {
    tx: &'a mut Tx<'b>,
    ambient: Ambient,
    boot: BootId,
    /// Read at the first append, written at the end.
    head: Option<Head>,
    coverages: Vec<Coverage>,
    appended: Appended,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Appended {
    Nothing,
    Something,
}

impl<'b> Deref for AuditedTx<'_, 'b> {
    type Target = Tx<'b>;
    fn deref(&self) -> &Tx<'b> {
        self.tx
    }
}

impl DerefMut for AuditedTx<'_, '_> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        self.tx
    }
}

impl Read for AuditedTx<'_, '_> {
    fn raw_get(&self, table: TableId, key: &[u8]) -> Result<Option<Bytes>, StoreError> {
        self.tx.raw_get(table, key)
    }

    fn raw_scan_if<'a>(
        &'a self,
        table: TableId,
        range: &RawRange,
        direction: Direction,
        keep: Keep<'a>,
    ) -> Result<Rows<'a>, StoreError> {
        self.tx.raw_scan_if(table, range, direction, keep)
    }
}

impl AuditedTx<'_, '_> {
    /// Appends an entry; answers with its sequence.
    pub fn append(&mut self, event: Event) -> Result<u64, AuditError> {
        let prepared = Prepared::of(event, Extra::NONE, &self.ambient);
        self.append_prepared(prepared)
    }

    pub(super) fn append_with(&mut self, event: Event, extra: Extra) -> Result<u64, AuditError> {
        let prepared = Prepared::of(event, extra, &self.ambient);
        self.append_prepared(prepared)
    }

    pub(super) fn append_prepared(&mut self, one: Prepared) -> Result<u64, AuditError> {
        let head = self.head()?;
        let time = self.ambient.now().as_microsecond();
        let clock = if time >= head.newest { Clock::Forward } else { Clock::Behind { newest: head.newest } };
        let sequence = head.size + 1;
        let place = Place { sequence, previous: head.hash, epoch: head.epoch, boot: self.boot, time, clock };
        let mut bytes = Vec::with_capacity(88 + one.body.len());
        layout::put_place(&mut bytes, &place);
        bytes.extend_from_slice(&one.body);
        let hash = layout::entry_hash(&bytes);

        self.tx.put(&ENTRIES, &(sequence,), &Bytes::from(bytes))?;
        if let Some(detail) = &one.detail {
            self.tx.put(&DETAILS, &(sequence,), detail)?;
        }
        for (chunk, number) in one.chunks.into_iter().zip(0_u32..) {
            self.tx.put(&LISTS, &(sequence, number), &Bytes::from(chunk))?;
        }
        for (patient, kinds) in one.patients {
            self.tx.put(&BY_PATIENT, &(patient, Desc(time), Desc(sequence)), &Bytes::copy_from_slice(&[kinds]))?;
        }
        if let Some(account) = one.account {
            self.tx.put(&BY_ACCOUNT, &(account, Desc(time), Desc(sequence)), &Bytes::new())?;
        }
        self.coverages.extend(one.coverages);
        self.head = Some(Head { size: sequence, hash, newest: place.newest().max(time), ..head });
        self.appended = Appended::Something;
        Ok(sequence)
    }

    /// Erases the detail of an entry, and appends `event` as the entry that says so. The chain stays whole.
    pub fn erase_detail(&mut self, sequence: u64, mut event: Event) -> Result<u64, AuditError> {
        match self.tx.get(&DETAILS, &(sequence,))? {
            Some(DetailRow::Kept { .. }) => {}
            Some(DetailRow::Erased { .. }) => return Err(AuditError::AlreadyErased(sequence)),
            None => return Err(AuditError::NoDetail(sequence)),
        }
        (event.action, event.outcome) = (Action::DetailErase, Outcome::Success);
        let by = self.append_with(event, Extra { count: 1, about: Some(sequence) })?;
        self.tx.put(&DETAILS, &(sequence,), &DetailRow::Erased { by })?;
        Ok(by)
    }

    /// Goes on with the chain of a restored store under a new epoch: `event` becomes the entry that says so. As every
    /// entry it names the head before it, which is the old epoch's last; its detail should say which snapshot.
    pub fn open_epoch(&mut self, mut event: Event) -> Result<u64, AuditError> {
        let head = self.head()?;
        self.head = Some(Head { epoch: head.epoch.saturating_add(1), ..head });
        (event.action, event.outcome) = (Action::EpochOpen, Outcome::Success);
        self.append(event)
    }

    pub(super) fn head(&mut self) -> Result<Head, AuditError> {
        if let Some(head) = self.head {
            return Ok(head);
        }
        let head = Head::load(&*self.tx)?.unwrap_or_else(|| Head::start(self.ambient.bytes()));
        self.head = Some(head);
        Ok(head)
    }

    pub(super) const fn ambient(&self) -> &Ambient {
        &self.ambient
    }

    /// A failure was counted instead of written: that is what this transaction leaves.
    pub(super) fn counted(&mut self) {
        self.appended = Appended::Something;
    }

    fn finish(self) -> Result<Committed, AuditError> {
        if self.appended == Appended::Nothing {
            return Err(AuditError::NothingAppended);
        }
        let last = match self.head {
            Some(head) => {
                self.tx.put(&HEAD, &THE_HEAD, &head)?;
                head.size
            }
            None => Head::load(&*self.tx)?.map_or(0, |head| head.size),
        };
        Ok(Committed { coverages: self.coverages, last })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::{Purpose, TouchKind, Touched};
    use crate::base::{ActorRef, FhirId};
    use crate::store::{Table, tables};

    const NUMBERS: Table<(u32,), u64> = Table::new(tables::TEST);

    fn audit() -> Audit {
        Audit::new(Store::in_memory(), Ambient::system())
    }

    fn event() -> Event {
        Event::new(ActorRef::anonymous(), Action::Read, Purpose::Treat)
    }

    fn touched() -> Vec<Touched> {
        vec![Touched::new(Some(FhirId::parse("p1").unwrap()), TouchKind::Opened, vec![])]
    }

    #[test]
    fn a_job_without_an_entry_leaves_nothing() {
        let audit = audit();
        let refused: Result<((), Committed), AuditError> = audit.write_blocking(|tx| {
            tx.put(&NUMBERS, &(1,), &1)?;
            Ok(())
        });
        assert!(matches!(refused, Err(AuditError::NothingAppended)));
        assert!(matches!(audit.commit_blocking(vec![]), Err(AuditError::NothingAppended)));
        assert_eq!(audit.read().unwrap().get(&NUMBERS, &(1,)).unwrap(), None);
    }

    #[test]
    fn a_job_that_fails_after_its_entry_leaves_neither() {
        let audit = audit();
        let refused: Result<((), Committed), AuditError> = audit.write_blocking(|tx| {
            tx.put(&NUMBERS, &(1,), &1)?;
            tx.append(event())?;
            Err(AuditError::NoDetail(9))
        });
        assert!(matches!(refused, Err(AuditError::NoDetail(9))));
        let read = audit.read().unwrap();
        assert_eq!(read.get(&NUMBERS, &(1,)).unwrap(), None);
        assert_eq!(Head::load(&read).unwrap(), None);
    }

    #[test]
    fn the_proof_covers_what_was_touched_and_nothing_else() {
        let audit = audit();
        let mut denied = event().outcome(Outcome::Denied);
        let coverage = denied.touch(&touched());
        let (value, committed) = audit
            .write_blocking(|tx| {
                tx.put(&NUMBERS, &(1,), &7)?;
                tx.append(denied)?;
                tx.append(event())?;
                Ok::<_, AuditError>("done")
            })
            .unwrap();
        assert_eq!((value, committed.sequence()), ("done", 2));
        assert!(committed.covers(&coverage));
        assert!(!committed.covers(&Coverage::of(&[])));
        assert_eq!(audit.read().unwrap().get(&NUMBERS, &(1,)).unwrap(), Some(7));
    }

    #[tokio::test]
    async fn commits_from_many_tasks_make_one_chain() {
        let audit = audit();
        let tasks: Vec<_> = (0..50).map(|_| tokio::spawn(audit.commit(vec![event().touching(&touched())]))).collect();
        let mut sequences = Vec::new();
        for task in tasks {
            let committed = task.await.unwrap().unwrap();
            assert!(committed.covers(&Coverage::of(&touched())));
            sequences.push(committed.sequence());
        }
        sequences.sort_unstable();
        assert_eq!(sequences, (1..=50).collect::<Vec<u64>>());
    }
}
