//! What the box knows of its own store from the last reading, so that a snapshot reads what changed and no more.
//!
//! The store remembers each chunk's first key, name and size, and marks in each commit the chunks that it touches
//! ([`crate::store::Outline`]). A chunk that was not touched is what it was; whether it *ends* where it ended depends on
//! the row after it, too. So a snapshot has the same chunks, byte for byte, as one that read everything; what
//! a target lacks is read for it. Everything is read when nothing is known, under another repository key, after a change of
//! how chunks are cut, when somebody asks for it, and now and then all the same: then what was known is held against it.

use std::ops::{Bound, ControlFlow};

use crate::base::Timestamp;
use crate::crypto::backup::KeyId;
use crate::store::{Part, PartState, Snapshot, StoreError, TableId};

use super::cut::Cutter;
use super::layout::{Leaf, RawChunk};

/// Changes when chunks are cut in another way than before.
const CUTS: u8 = 1;

/// Everything is read when the last such reading is older than this, or of the future.
const DAYS: i64 = 7;
/// Everything is read after this many snapshots, whatever the clock says.
const SNAPSHOTS: u32 = 250;

/// How much of the store a snapshot reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// What changed, as long as that can be relied on.
    Changes,
    Everything,
}

/// What is known of all: which key the chunks are named under, and since when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Knowledge {
    pub key: KeyId,
    /// When everything was read, in seconds.
    pub whole: i64,
    /// Snapshots since then.
    pub since: u32,
}

impl Knowledge {
    pub fn new(key: KeyId, now: Timestamp) -> Self {
        Self { key, whole: now.as_second(), since: 0 }
    }

    pub fn to_bytes(self) -> Vec<u8> {
        [&[CUTS][..], &self.key.0, &self.whole.to_le_bytes(), &self.since.to_le_bytes()].concat()
    }

    /// None for what another way of cutting left.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (cuts, rest) = bytes.split_first()?;
        let (key, rest) = rest.split_first_chunk()?;
        let (whole, since) = rest.split_first_chunk()?;
        let since = u32::from_le_bytes(since.try_into().ok()?);
        (*cuts == CUTS).then(|| Self { key: KeyId(*key), whole: i64::from_le_bytes(*whole), since })
    }

    /// Whether everything is to be read all the same.
    pub fn is_old(self, now: Timestamp) -> bool {
        let age = now.as_second() - self.whole;
        !(0..DAYS * 86_400).contains(&age) || self.since >= SNAPSHOTS
    }

    pub const fn one_more(self) -> Self {
        Self { since: self.since.saturating_add(1), ..self }
    }
}

/// A chunk of the last reading.
#[derive(Debug, Clone)]
pub struct KnownChunk {
    pub start: Vec<u8>,
    pub leaf: Leaf,
    pub state: PartState,
}

/// The chunks that are known of a table. None when they make no sense: then it is read whole.
pub fn known(parts: Vec<Part>) -> Vec<KnownChunk> {
    let one = |Part { start, note, state }: Part| Some(KnownChunk { start, leaf: Leaf::from_bytes(&note)?, state });
    let all: Option<Vec<KnownChunk>> = parts.into_iter().map(one).collect();
    all.filter(|all| all.first().is_none_or(|first| first.start.is_empty())).unwrap_or_default()
}

/// A chunk of a table, in order.
pub enum Step {
    /// The known chunk of this place.
    Same(usize),
    Read(RawChunk),
}

pub type EachStep<'a> = &'a mut dyn FnMut(Step) -> Result<ControlFlow<()>, StoreError>;

/// Goes through a table: every chunk that reading all of it would make, in order. Breaks off when `each` says so.
pub fn walk(
    view: &Snapshot,
    table: TableId,
    cutter: &mut Cutter<'_>,
    known: &[KnownChunk],
    each: EachStep<'_>,
) -> Result<ControlFlow<()>, StoreError> {
    let same = |at: usize| known.get(at).is_some_and(|one| one.state == PartState::Same);
    let mut at = 0;
    let mut first = true;
    loop {
        // Here a chunk begins, and it is where the known one of this place began.
        while same(at) && ends_as_before(view, table, cutter, known, at)? {
            if each(Step::Same(at))?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
            (at, first) = (at + 1, false);
        }
        if at > 0 && at >= known.len() {
            return Ok(ControlFlow::Continue(()));
        }
        let start = known.get(at).map_or(Bound::Unbounded, |one| Bound::Included(one.start.as_slice()));
        let (mut next, mut resumed, mut flow) = (at + 1, None, Ok(ControlFlow::Continue(())));
        view.walk(table, start, &mut |key, value| {
            while known.get(next).is_some_and(|one| one.start.as_slice() < key) {
                next += 1;
            }
            let begins = match cutter.is_empty() {
                // The table's first chunk is known by the empty key and no other.
                true => !first,
                false => cutter.ends_before(key, value),
            };
            if begins {
                if let Some(chunk) = cutter.finish() {
                    first = false;
                    flow = each(Step::Read(chunk));
                    if !matches!(flow, Ok(ControlFlow::Continue(()))) {
                        return ControlFlow::Break(());
                    }
                }
                if same(next) && known.get(next).is_some_and(|one| one.start == key) {
                    resumed = Some(next);
                    return ControlFlow::Break(());
                }
            }
            cutter.push(key, value);
            ControlFlow::Continue(())
        })?;
        if flow?.is_break() {
            return Ok(ControlFlow::Break(()));
        }
        match resumed {
            Some(place) => at = place,
            None => {
                let last = cutter.finish().map(|chunk| each(Step::Read(chunk))).transpose()?;
                return Ok(last.unwrap_or(ControlFlow::Continue(())));
            }
        }
    }
}

/// Whether a known chunk that is as it was ends where it ended: that depends on the row after it, which may be another.
fn ends_as_before(
    view: &Snapshot,
    table: TableId,
    cutter: &Cutter<'_>,
    known: &[KnownChunk],
    at: usize,
) -> Result<bool, StoreError> {
    let (Some(this), Some(next)) = (known.get(at), known.get(at + 1)) else { return Ok(true) };
    if next.state == PartState::Same {
        return Ok(true);
    }
    let mut ends = true;
    view.walk(table, Bound::Included(&next.start), &mut |key, value| {
        ends = cutter.ends(this.leaf.bytes as usize, key, value);
        ControlFlow::Break(())
    })?;
    Ok(ends)
}

/// Reads one known chunk again, for a target that lacks it.
pub fn read_again(view: &Snapshot, table: TableId, known: &[KnownChunk], at: usize) -> Result<RawChunk, StoreError> {
    let mut chunk = RawChunk::start(table.number());
    let start = known.get(at).map_or(&[][..], |one| one.start.as_slice());
    let end = known.get(at + 1).map(|one| one.start.as_slice());
    view.walk(table, Bound::Included(start), &mut |key, value| {
        if end.is_some_and(|end| key >= end) {
            return ControlFlow::Break(());
        }
        chunk.push(key, value);
        ControlFlow::Continue(())
    })?;
    Ok(chunk)
}

/// How many chunks are not as they were, though nothing said that they were touched. `now` is what reading everything found:
/// each chunk's first key (empty for the table's first) and what is in it.
pub fn unmarked<'a>(known: &[KnownChunk], now: impl Iterator<Item = (&'a [u8], Leaf)>) -> u64 {
    let now: std::collections::HashMap<&[u8], Leaf> = now.collect();
    let untouched = |at: usize| known.get(at).is_none_or(|one| one.state == PartState::Same);
    let told = known.iter().enumerate().filter(|(at, _)| untouched(*at) && untouched(at + 1));
    // One that does not begin where it began follows a chunk that was touched.
    told.filter(|(_, one)| now.get(one.start.as_slice()).is_some_and(|leaf| *leaf != one.leaf)).count() as u64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::base::Secret;
    use crate::crypto::backup::{ChunkName, RepositoryKey};
    use crate::store::{Besides, Outline, Store, Survey, Table, tables};

    const ROWS: Table<(u16,), Vec<u8>> = Table::new(tables::TEST);
    const OTHERS: Table<(u16,), Vec<u8>> = Table::new(tables::SETTINGS);

    #[derive(Debug, Clone)]
    enum Change {
        Put { other: bool, from: u16, many: u16, len: usize },
        Delete { other: bool, from: u16, many: u16 },
    }

    #[derive(Debug, Clone)]
    enum Act {
        Change(Change),
        /// Reads, and has it remembered, while these changes are made after its view was taken.
        Read(Vec<Change>),
        /// Reads, and is broken off.
        ReadInVain,
        Reopen,
    }

    fn change() -> impl Strategy<Value = Change> {
        let len = prop_oneof![0..60_usize, 0..2000_usize, Just(40_000)];
        let many = prop_oneof![1..3_u16, 1..80_u16];
        prop_oneof![
            3 => (any::<bool>(), 0..900_u16, many.clone(), len)
                .prop_map(|(other, from, many, len)| Change::Put { other, from, many, len }),
            2 => (any::<bool>(), 0..900_u16, many).prop_map(|(other, from, many)| Change::Delete { other, from, many }),
        ]
    }

    fn act() -> impl Strategy<Value = Act> {
        prop_oneof![
            6 => change().prop_map(Act::Change),
            3 => prop::collection::vec(change(), 0..3).prop_map(Act::Read),
            1 => Just(Act::ReadInVain),
            1 => Just(Act::Reopen),
        ]
    }

    fn make(store: &Store, change: Change) {
        let done: Result<(), StoreError> = store.write_blocking(move |tx| match change {
            Change::Put { other, from, many, len } => (from..from + many).try_for_each(|key| {
                let table = if other { &OTHERS } else { &ROWS };
                tx.put(table, &(key,), &vec![key as u8 ^ len as u8; len + usize::from(key % 7)])
            }),
            Change::Delete { other, from, many } => (from..from + many).try_for_each(|key| {
                let table = if other { &OTHERS } else { &ROWS };
                tx.delete(table, &(key,))
            }),
        });
        done.unwrap();
    }

    /// The chunks of a table, with their first keys, and how many of them were read.
    fn chunks(
        view: &Snapshot,
        table: TableId,
        key: &RepositoryKey,
        known: &[KnownChunk],
    ) -> (Vec<(Vec<u8>, Leaf)>, usize) {
        let (mut all, mut read) = (Vec::new(), 0);
        let mut cutter = Cutter::new(key, table.number());
        let _ = walk(view, table, &mut cutter, known, &mut |step| {
            all.push(match step {
                Step::Same(at) => {
                    let again = read_again(view, table, known, at).unwrap();
                    assert_eq!(key.name(&again.bytes), known[at].leaf.name, "it is as it was");
                    (known[at].start.clone(), known[at].leaf)
                }
                Step::Read(chunk) => {
                    read += 1;
                    let start = if all.is_empty() { vec![] } else { chunk.first_key().unwrap().to_vec() };
                    let (name, bytes) = (key.name(&chunk.bytes), chunk.bytes.len() as u32);
                    (start, Leaf { name, rows: chunk.rows, bytes })
                }
            });
            Ok(ControlFlow::Continue(()))
        })
        .unwrap();
        (all, read)
    }

    fn remembered(survey: &Survey, table: TableId) -> Vec<KnownChunk> {
        known(survey.parts(table).unwrap())
    }

    /// What is known says what is, whether it is relied on or not; and is kept for the next time.
    fn read(store: &Store, key: &RepositoryKey, meanwhile: Vec<Change>) -> Outline {
        let survey = store.survey().unwrap();
        meanwhile.into_iter().for_each(|change| make(store, change));
        let mut outline = Outline { head: vec![1], besides: Besides::Go, ..Outline::default() };
        for table in [tables::TEST, tables::SETTINGS] {
            let before = remembered(&survey, table);
            let (whole, _) = chunks(&survey.view, table, key, &[]);
            let (quick, _) = chunks(&survey.view, table, key, &before);
            assert_eq!(quick, whole);
            assert_eq!(unmarked(&before, whole.iter().map(|(start, leaf)| (start.as_slice(), *leaf))), 0);
            let rows: u64 = whole.iter().map(|(_, leaf)| u64::from(leaf.rows)).sum();
            assert_eq!(survey.view.count(table).unwrap(), rows);
            outline.parts.insert(
                table,
                whole.into_iter().map(|(start, leaf)| (start, Some(leaf.to_bytes().to_vec()))).collect(),
            );
        }
        assert!(survey.remember(&outline).unwrap());
        outline
    }

    fn runs(store: Store, reopen: &dyn Fn(Store) -> Store, acts: Vec<Act>) {
        let key = RepositoryKey::new(Secret::new([7; 32]));
        let mut store = store;
        make(&store, Change::Put { other: false, from: 0, many: 700, len: 150 });
        for act in acts {
            match act {
                Act::Change(change) => make(&store, change),
                Act::Read(meanwhile) => drop(read(&store, &key, meanwhile)),
                Act::ReadInVain => drop(store.survey().unwrap()),
                Act::Reopen => store = reopen(store),
            }
        }
        read(&store, &key, vec![]);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

        #[test]
        fn reading_what_changed_makes_the_same_chunks_as_reading_everything(acts in prop::collection::vec(act(), 1..25)) {
            runs(Store::in_memory(), &|store| store, acts.clone());
            let (store, open) = Store::on_a_test_disk();
            runs(store, &|store| { drop(store); open() }, acts);
        }
    }

    #[test]
    fn one_changed_row_of_many_has_one_or_two_chunks_read() {
        let (store, _) = Store::on_a_test_disk();
        let key = RepositoryKey::new(Secret::new([7; 32]));
        make(&store, Change::Put { other: false, from: 0, many: 5000, len: 300 });
        let all = read(&store, &key, vec![]).parts[&tables::TEST].len();
        make(&store, Change::Put { other: false, from: 2500, many: 1, len: 290 });
        let survey = store.survey().unwrap();
        let (chunks, read) = chunks(&survey.view, tables::TEST, &key, &remembered(&survey, tables::TEST));
        assert!(all > 60 && chunks.len() == all && (1..=2).contains(&read), "{read} of {all}");
    }

    #[test]
    fn what_was_written_while_another_read_is_known_to_have_changed() {
        let (store, _) = Store::on_a_test_disk();
        let key = RepositoryKey::new(Secret::new([7; 32]));
        make(&store, Change::Put { other: false, from: 0, many: 3000, len: 300 });
        let first = store.survey().unwrap();
        let second = store.survey().unwrap();
        assert!(!second.remember(&Outline::default()).unwrap(), "one at a time is told what changes");
        drop(first);
        read(&store, &key, vec![Change::Put { other: false, from: 100, many: 1, len: 1 }]);
        let survey = store.survey().unwrap();
        let touched = remembered(&survey, tables::TEST).into_iter().filter(|one| one.state == PartState::Touched);
        assert_eq!(touched.count(), 1);
    }

    #[test]
    fn a_chunk_that_changed_without_a_mark_is_told() {
        let leaf = |name: u8| Leaf { name: ChunkName([name; 16]), rows: 3, bytes: 100 };
        let known = |start: &[u8], name, state| KnownChunk { start: start.to_vec(), leaf: leaf(name), state };
        let before = [
            known(b"", 1, PartState::Same),
            known(b"c", 2, PartState::Same),
            known(b"e", 3, PartState::Touched),
            known(b"g", 4, PartState::Same),
        ];
        let told = |names: [u8; 4]| {
            let starts: [&[u8]; 4] = [b"", b"c", b"e", b"g"];
            unmarked(&before, starts.into_iter().zip(names.map(leaf)))
        };
        assert_eq!(told([1, 2, 3, 4]), 0);
        assert_eq!(told([1, 9, 8, 4]), 0, "a chunk before one that was touched may end elsewhere");
        assert_eq!(told([9, 2, 3, 4]), 1);
        assert_eq!(told([9, 2, 3, 9]), 2);
    }

    #[test]
    fn knowledge_grows_old_with_time_with_snapshots_and_with_a_clock_set_back() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let knowledge = Knowledge::new(KeyId([3; 16]), at(1_000_000));
        assert_eq!(Knowledge::from_bytes(&knowledge.to_bytes()), Some(knowledge));
        assert_eq!(Knowledge::from_bytes(&[]), None);
        assert_eq!(Knowledge::from_bytes(&[&[9][..], &knowledge.to_bytes()[1..]].concat()), None);
        assert!(!knowledge.is_old(at(1_000_000)) && !knowledge.is_old(at(1_000_000 + 6 * 86_400)));
        assert!(knowledge.is_old(at(1_000_000 + 7 * 86_400)) && knowledge.is_old(at(999_999)));
        assert!(Knowledge { since: SNAPSHOTS, ..knowledge }.is_old(at(1_000_001)));
    }
}
