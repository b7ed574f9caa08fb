//! What must hold of snapshots, whatever is in the store.

use proptest::prelude::*;

use super::fixture::{Contents, TestBox, contents, restored_with};
use super::target::Missing;
use super::{BackupError, Keyring, Repository};
use crate::audit::{VerifyInput, verify};

fn rows(from: u32, to: u32, seed: u8) -> Vec<(u32, Vec<u8>)> {
    (from..to).map(|at| (at, vec![seed ^ at as u8; 50 + (at as usize * 37) % 400])).collect()
}

/// What the snapshot that is made next will hold: the store as it is once its checkpoint is written. The rows about backups
/// themselves are left out, since the box goes on writing them.
fn without_backups(all: Contents) -> Contents {
    all.into_iter().filter(|((table, _), _)| !(10..20).contains(table) && *table < 72).collect()
}

#[test]
fn a_snapshot_restores_to_what_the_store_was() {
    let made = TestBox::new(1);
    made.put(rows(0, 3000, 1));
    let first = made.snapshot("one");
    let then = without_backups(contents(&made.store.read().unwrap()));
    made.put(rows(1000, 1500, 9));
    made.delete((0..100).collect());
    let second = made.snapshot("one");
    let now = without_backups(contents(&made.store.read().unwrap()));
    assert_eq!(without_backups(made.restored("one", first.name.as_str()).unwrap()), then);
    assert_eq!(without_backups(made.restored("one", "latest").unwrap()), now);
    assert_eq!((first.name.number(), second.name.number()), (1, 2));
    let written = |created: &super::Created| created.targets[0].result.as_ref().unwrap().bytes;
    assert!(written(&second) < written(&first) / 2, "{} {}", written(&second), written(&first));
}

#[test]
fn what_did_not_change_is_not_written_again_and_two_targets_are_each_whole() {
    let made = TestBox::new(2);
    made.put(rows(0, 5000, 1));
    made.snapshot("one");
    let both = [made.spec("one"), made.spec("two")];
    let created = made.backups.create(&both, super::Wish::USUAL, &super::fixture::by(), &super::Unwatched).unwrap();
    let [one, two] = [0, 1].map(|at| created.targets[at].result.as_ref().unwrap().bytes);
    assert!(one < 10_000 && two > 40_000, "{one} {two}");
    assert_eq!(made.restored("one", "latest").unwrap(), made.restored("two", "latest").unwrap());
}

#[test]
fn a_box_whose_own_disk_is_nearly_full_is_backed_up_all_the_same() {
    let (store, room) = crate::store::Store::in_memory_with_room();
    let made = TestBox::over(store, 4);
    made.put(rows(0, 300, 1));
    *room.write().unwrap() = crate::store::DiskRoom::KeptForReading;
    made.snapshot("one");
    let drill = made.backups.drill(&made.spec("one"), "latest", &super::fixture::by(), &super::Unwatched).unwrap();
    assert!(drill.passed(), "{:?}", drill.faults);
    made.backups.verify(&made.spec("one"), super::Depth::All, &super::fixture::by(), &super::Unwatched).unwrap();
}

#[test]
fn a_recovery_sheet_and_the_folder_are_enough() {
    let made = TestBox::new(3);
    made.put(rows(0, 500, 1));
    made.snapshot("one");
    let repository = Repository::open(made.spec("one").open(Missing::Refuse).unwrap()).unwrap();
    let name = repository.choose("latest", None).unwrap();
    let snapshot = repository.read(&name).unwrap();
    let slots = crate::crypto::KeySlots::parse(&snapshot.header.keyslots).unwrap();
    let sheet = crate::crypto::SlotKey::RecoverySheet(made.sheet.clone());
    let root = slots.unlock(&sheet).unwrap().root;
    let keyring = Keyring::of_snapshot(&name, &snapshot, &root.snapshot_key()).unwrap();
    let all = restored_with(&repository, &keyring, &name).unwrap();
    assert_eq!(without_backups(all), without_backups(contents(&made.store.read().unwrap())));
}

#[test]
fn another_boxs_folder_is_refused_and_left_as_it_is() {
    let (made, other) = (TestBox::new(4), TestBox::new(5));
    made.put(rows(0, 100, 1));
    made.snapshot("one");
    let before = super::fixture::files(&made.path("one"));
    let spec = super::TargetSpec::at(&made.spec("one").place.to_string()).unwrap();
    let refused = other.backups.create(&[spec], super::Wish::USUAL, &super::fixture::by(), &super::Unwatched);
    assert!(matches!(refused, Err(BackupError::OtherBox { .. })), "{refused:?}");
    assert_eq!(super::fixture::files(&made.path("one")), before);
}

#[test]
fn a_place_that_was_emptied_is_not_filled_again_unasked() {
    let made = TestBox::new(6);
    made.put(rows(0, 100, 1));
    made.snapshot("one");
    std::fs::rename(made.path("one"), made.path("away")).unwrap();
    assert!(matches!(made.try_snapshot("one"), Err(BackupError::Target(super::target::TargetError::Gone { .. }))));
    std::fs::create_dir(made.path("one")).unwrap();
    assert!(matches!(made.try_snapshot("one"), Err(BackupError::Emptied { .. })));
    assert!(super::fixture::files(&made.path("one")).is_empty());
    let row = made.backups.known().unwrap().remove(0).1;
    assert!(row.attempt.unwrap().error.is_some() && row.last.is_some());
    let anew = made.backups.create(
        &[made.spec("one")],
        super::Wish { anew: super::Anew::Yes, ..super::Wish::USUAL },
        &super::fixture::by(),
        &super::Unwatched,
    );
    assert_eq!(anew.unwrap().name.number(), 2);
}

#[derive(Debug, Clone)]
enum Step {
    Put(u32, u16, u8),
    Delete(u32, u8),
    Snapshot,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..4000_u32, 1..3000_u16, any::<u8>()).prop_map(|(key, len, seed)| Step::Put(key, len, seed)),
        2 => (0..4000_u32, any::<u8>()).prop_map(|(key, many)| Step::Delete(key, many)),
        2 => Just(Step::Snapshot),
    ]
}

fn cases() -> u32 {
    std::env::var("CHARTBOX_BACKUP_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(6)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), ..ProptestConfig::default() })]

    #[test]
    fn every_snapshot_restores_to_its_moment_and_its_log_is_whole(seed in any::<u64>(), steps in prop::collection::vec(step(), 1..25)) {
        let made = TestBox::new(seed);
        made.put(rows(0, 2000, seed as u8));
        let mut kept = Vec::new();
        for step in steps.into_iter().chain([Step::Snapshot]) {
            match step {
                Step::Put(key, len, seed) => made.put([(key, vec![seed; len.into()])]),
                Step::Delete(key, many) => made.delete((key..key + u32::from(many)).collect()),
                Step::Snapshot => {
                    let created = made.snapshot("one");
                    kept.push((created.name, without_backups(contents(&made.store.read().unwrap()))));
                }
            }
        }
        for (name, then) in kept {
            let all = made.restored("one", name.as_str()).unwrap();
            prop_assert_eq!(without_backups(all.clone()), then);
            let store = super::fixture::store_of(all);
            let own_key = Some(made.root.checkpoint_signer().public());
            let report = verify(&store.read().unwrap(), &VerifyInput { own_key, ..VerifyInput::default() }, &made.ambient).unwrap();
            prop_assert!(report.is_whole(), "{}", report);
        }
    }
}
