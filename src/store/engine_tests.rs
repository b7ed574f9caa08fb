//! The engine on disk does what the one in memory does: random jobs, seen through the same face.

use std::ops::ControlFlow;

use proptest::prelude::*;

use super::disk_tests::{SmallDisk, on, options, reopened};
use super::*;

const A: Table<(u8, Vec<u8>), Vec<u8>> = Table::new(tables::TEST);
const B: Table<(u8, Vec<u8>), Vec<u8>> = Table::new(tables::SETTINGS);

#[derive(Debug, Clone)]
enum Step {
    Put { b: bool, key: (u8, Vec<u8>), len: usize },
    Delete { b: bool, key: (u8, Vec<u8>) },
}

#[derive(Debug, Clone)]
enum Action {
    /// A job, whether it fails at its end, and whether a read inside it is compared.
    Job(Vec<Step>, bool),
    Scan {
        b: bool,
        from: (u8, Vec<u8>),
        to: (u8, Vec<u8>),
        up: bool,
    },
    Prefix {
        b: bool,
        head: u8,
        up: bool,
    },
    Reopen,
}

fn a_key() -> impl Strategy<Value = (u8, Vec<u8>)> {
    (0..4_u8, prop::collection::vec(0..3_u8, 0..4))
}

fn a_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (any::<bool>(), a_key(), prop_oneof![0..50_usize, 0..6000_usize])
            .prop_map(|(b, key, len)| Step::Put { b, key, len }),
        1 => (any::<bool>(), a_key()).prop_map(|(b, key)| Step::Delete { b, key }),
    ]
}

fn an_action() -> impl Strategy<Value = Action> {
    prop_oneof![
        6 => (prop::collection::vec(a_step(), 0..8), prop::bool::weighted(0.2)).prop_map(|(s, f)| Action::Job(s, f)),
        2 => (any::<bool>(), a_key(), a_key(), any::<bool>())
            .prop_map(|(b, from, to, up)| Action::Scan { b, from, to, up }),
        2 => (any::<bool>(), 0..4_u8, any::<bool>()).prop_map(|(b, head, up)| Action::Prefix { b, head, up }),
        1 => Just(Action::Reopen),
    ]
}

type Row = ((u8, Vec<u8>), Vec<u8>);

fn table(b: bool) -> &'static Table<(u8, Vec<u8>), Vec<u8>> {
    if b { &B } else { &A }
}

fn direction(up: bool) -> Direction {
    if up { Direction::Up } else { Direction::Down }
}

fn rows(read: &impl Read, b: bool, range: KeyRange, up: bool) -> Vec<Row> {
    read.scan(table(b), range, direction(up)).unwrap().collect::<Result<_, _>>().unwrap()
}

fn walked(snapshot: &Snapshot, b: bool, from: &(u8, Vec<u8>), most: usize) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut seen = Vec::new();
    let mut each = |key: &[u8], value: &[u8]| {
        seen.push((key.to_vec(), value.to_vec()));
        if seen.len() < most { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    };
    snapshot.walk(table(b).id, Bound::Included(&from.to_bytes()), &mut each).unwrap();
    seen
}

/// What a job saw: a table's rows at its end, and the values before each deletion.
type Seen = (Vec<Row>, Vec<Option<Vec<u8>>>);

fn job(store: &Store, steps: &[Step], fails: bool) -> Result<Seen, String> {
    let steps = steps.to_vec();
    let result: Result<_, StoreError> = store.write_blocking(move |tx| {
        let mut seen = Vec::new();
        for (at, step) in steps.iter().enumerate() {
            match step {
                Step::Put { b, key, len } => tx.put(table(*b), key, &vec![at as u8; *len])?,
                Step::Delete { b, key } => {
                    seen.push(tx.get(table(*b), key)?);
                    tx.delete(table(*b), key)?;
                }
            }
        }
        let rows = rows(tx, steps.len().is_multiple_of(2), KeyRange::all(), steps.len().is_multiple_of(3));
        if fails { Err(StoreError::Io("on purpose".into())) } else { Ok((rows, seen)) }
    });
    result.map_err(|error| error.to_string())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn both_engines_give_the_same_answers(
        actions in prop::collection::vec(an_action(), 1..40),
        journal_bytes in prop_oneof![Just(0), Just(64 << 10), Just(256 << 10)],
    ) {
        let options = || StoreOptions { journal_bytes, ..options() };
        let bytes = SmallDisk::roomy();
        let memory = Store::in_memory();
        let mut disk = on(&bytes, &options());
        let mut kept = Vec::new();
        for action in &actions {
            match action {
                Action::Job(steps, fails) => {
                    prop_assert_eq!(job(&disk, steps, *fails), job(&memory, steps, *fails));
                    kept.push((disk.read().unwrap(), memory.read().unwrap()));
                }
                Action::Scan { b, from, to, up } => {
                    let range = || KeyRange::between(
                        Bound::Included(from.to_bytes()), Bound::Excluded(to.to_bytes()));
                    prop_assert_eq!(
                        rows(&disk.read().unwrap(), *b, range(), *up), rows(&memory.read().unwrap(), *b, range(), *up));
                    for most in [1, 3, usize::MAX] {
                        let walked = |store: &Store| walked(&store.read().unwrap(), *b, from, most);
                        prop_assert_eq!(walked(&disk), walked(&memory));
                    }
                    prop_assert_eq!(
                        disk.read().unwrap().get(table(*b), from).unwrap(),
                        memory.read().unwrap().get(table(*b), from).unwrap());
                }
                Action::Prefix { b, head, up } => {
                    let range = || KeyRange::prefix(&(*head,));
                    prop_assert_eq!(
                        rows(&disk.read().unwrap(), *b, range(), *up), rows(&memory.read().unwrap(), *b, range(), *up));
                }
                Action::Reopen => {
                    kept.clear();
                    drop(disk);
                    disk = reopened(&bytes, &options()).unwrap();
                }
            }
        }
        // Old snapshots still show what they showed.
        for (disk, memory) in &kept {
            for b in [false, true] {
                prop_assert_eq!(rows(disk, b, KeyRange::all(), true), rows(memory, b, KeyRange::all(), true));
            }
        }
    }
}
