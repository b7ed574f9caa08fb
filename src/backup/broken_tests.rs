//! What breaks while something is read: a target during a restore or a drill, the store during a backup. And a clock that
//! was wrong.

use std::sync::atomic::Ordering;
use std::time::Duration;

use super::fault_tests::{checked, fail_at_every_question, now, removal, rows, stable};
use super::fixture::{TestBox, by, inject, restored};
use super::{BackupError, Depth, Extent, How, Unwatched, Wish};
use crate::store::{ReadExt, Store, StoreError};

/// Each number, or some of them, ever farther apart: `CHARTBOX_FAULT_STEPS=all` for each.
fn next(nth: usize) -> usize {
    let all = std::env::var("CHARTBOX_FAULT_STEPS").is_ok_and(|steps| steps == "all");
    if all { nth + 1 } else { nth + 1 + nth / 6 }
}

#[test]
fn a_restore_that_fails_at_any_question_gives_nothing_and_a_drill_that_does_is_red() {
    let made = TestBox::new(41);
    let (faulty, spec) = inject("faulty-restore");
    made.put(rows(0, 600, 1));
    made.backups.create(std::slice::from_ref(&spec), Wish::USUAL, &by(), &Unwatched).unwrap();
    let then = now(&made);
    made.put(rows(0, 50, 9));
    let mut whole = 0;
    let restore = || match restored(&made.backups, &spec, "latest") {
        Ok(all) => {
            whole += 1;
            assert_eq!(stable(all), then);
            Ok(())
        }
        Err(error) => Err(error),
    };
    let failed = fail_at_every_question(&faulty, restore, |what, done| assert!(done.is_err(), "{what}"));
    assert_eq!((whole, failed > 10), (2, true), "{failed}");
    let mut passed = 0;
    let drill = || {
        let row = made.backups.drill(&spec, "latest", &by(), &Unwatched)?;
        passed += usize::from(row.passed());
        if row.passed() { Ok(()) } else { Err(BackupError::Failed(row.faults.join(" "))) }
    };
    let failed = fail_at_every_question(&faulty, drill, |what, done| {
        assert!(done.is_err(), "{what}");
        let left = std::fs::read_dir(made.path("backups")).unwrap().map(|entry| entry.unwrap().file_name());
        assert!(left.filter(|name| name.to_string_lossy().starts_with("drill-")).count() == 0, "{what}");
    });
    assert_eq!((passed, failed > 10), (2, true), "{failed}");
}

#[test]
fn a_backup_whose_store_fails_at_any_use_harms_nothing_and_the_next_one_is_whole() {
    let fresh = || {
        let (store, fuse) = Store::in_memory_with_fuse();
        let made = TestBox::over(store, 42);
        made.put(rows(0, 900, 1));
        made.snapshot("one");
        let first = now(&made);
        (fuse, made, first)
    };
    let (mut fuse, mut made, mut first) = fresh();
    let mut failed = 0;
    for for_good in [0, Store::FOR_GOOD] {
        let mut nth = 1;
        loop {
            // Each snapshot of a place is looked through below: a place that kept them all would take for ever.
            if failed % 100 == 99 {
                (fuse, made, first) = fresh();
            }
            made.put(rows(nth as u32 % 700, nth as u32 % 700 + 9, nth as u8));
            fuse.store(for_good + nth, Ordering::SeqCst);
            let done = made.try_snapshot("one");
            let left = fuse.swap(0, Ordering::SeqCst);
            let burnt = left == if for_good == 0 { 0 } else { for_good + 1 };
            if !burnt {
                assert!(done.is_ok(), "{done:?}");
                break;
            }
            failed += 1;
            let what = format!("use {nth}, for good: {}", for_good > 0);
            let found = checked(&made.backups, &made.spec("one"), Depth::Structure);
            assert_eq!(found.faults, [], "{what}");
            assert_eq!(found.good.len() as u64, found.snapshots, "{what}");
            if failed % 5 == 0 {
                assert_eq!(stable(made.restored("one", "1").unwrap()), first, "{what}");
                let good = made.snapshot("one").name;
                assert_eq!(stable(made.restored("one", good.as_str()).unwrap()), now(&made), "{what}");
            }
            nth = next(nth);
        }
    }
    assert!(failed > 30, "{failed}");
    let good = made.snapshot("one").name;
    assert_eq!(stable(made.restored("one", good.as_str()).unwrap()), now(&made));
    assert_eq!(checked(&made.backups, &made.spec("one"), Depth::All).faults, []);
}

#[test]
fn a_clock_that_was_wrong_hides_no_snapshot_removes_none_and_holds_nothing_up() {
    let made = TestBox::new(43);
    made.put(rows(0, 200, 1));
    made.clock.advance(Duration::from_secs(400 * 86_400));
    made.backups.run_due(&Unwatched).unwrap();
    assert_eq!(made.backups.last_number().unwrap(), 1);
    // It is found out, and set right: the last backup and the last drill are of next year now.
    made.clock.set("2026-03-04T05:00:00Z".parse().unwrap());
    made.put(rows(0, 20, 5));
    made.backups.run_due(&Unwatched).unwrap();
    assert_eq!(made.backups.last_number().unwrap(), 2, "a backup of the future is none of last night");
    assert_eq!(stable(made.restored("one", "latest").unwrap()), now(&made));
    let drills = made.backups.drills(10).unwrap();
    assert!(drills.iter().any(|drill| drill.snapshot.contains("-000002-") && drill.passed()), "{drills:?}");
    let pruned = made.backups.prune(&made.spec("one"), &removal(How::Later, &[]), &by(), &Unwatched).unwrap();
    assert_eq!((pruned.forgotten.len(), pruned.kept), (0, 2));
    // The newest is what the number says, whatever the clock said.
    assert_eq!(made.backups.choose(&made.spec("one"), "latest").unwrap().number(), 2);
}

#[test]
fn a_second_place_and_one_that_lost_something_get_what_is_not_read_for_the_first() {
    let made = TestBox::new(44);
    made.put(rows(0, 3000, 1));
    made.snapshot("one");
    made.put(rows(500, 510, 3));
    let usual = |name: &str| made.snapshot(name);
    let quick = usual("one");
    assert!(quick.read < quick.bytes / 4, "{} of {}", quick.read, quick.bytes);
    let second = usual("two");
    assert!(second.read > second.bytes / 2, "a place that has nothing yet gets all of it");
    assert_eq!(stable(made.restored("two", "latest").unwrap()), now(&made));
    // Packs that are gone are not relied on, though the store did not change.
    for pack in std::fs::read_dir(made.path("two").join("packs")).unwrap() {
        std::fs::remove_file(pack.unwrap().path()).unwrap();
    }
    usual("two");
    assert_eq!(stable(made.restored("two", "latest").unwrap()), now(&made));
    let quick = usual("two");
    assert!(quick.read < quick.bytes / 4, "{} of {}", quick.read, quick.bytes);
    let everything = Wish { extent: Extent::Everything, ..Wish::USUAL };
    let all = made.backups.create(&[made.spec("one")], everything, &by(), &Unwatched).unwrap();
    assert_eq!((all.read, all.unmarked), (all.bytes, 0));
}

/// Each snapshot that read what changed is, chunk by chunk, the one that reads everything makes of the same rows.
#[test]
fn a_quick_snapshot_has_the_same_chunks_as_one_of_everything() {
    let (store, _) = Store::on_a_test_disk();
    let made = TestBox::over(store, 45);
    for round in 0..12_u32 {
        made.put(rows(round * 170, round * 170 + 900, round as u8));
        made.delete((round * 31..round * 31 + 12).collect());
        let quick = made.snapshot("one");
        let everything = Wish { extent: Extent::Everything, ..Wish::USUAL };
        let whole = made.backups.create(&[made.spec("one")], everything, &by(), &Unwatched).unwrap();
        let repository = made.backups.open(&made.spec("one")).unwrap();
        let keyring = made.backups.keyring().unwrap();
        let tables = |name| keyring.open(name, &repository.read(name).unwrap()).unwrap().tables;
        let of_records = |tables: Vec<super::layout::TableFacts>| -> Vec<super::layout::TableFacts> {
            tables.into_iter().filter(|table| !(10..20).contains(&table.number) && table.number < 72).collect()
        };
        assert_eq!(of_records(tables(&quick.name)), of_records(tables(&whole.name)), "round {round}");
        assert_eq!(whole.unmarked, 0);
    }
}

/// What the box remembers of its store is doubted once it is found to be wrong, and the snapshot is right all the same.
#[test]
fn a_change_that_nothing_marked_is_found_by_the_count_of_rows_or_by_reading_everything() {
    let made = TestBox::new(46);
    made.put(rows(0, 900, 1));
    made.snapshot("one");
    let survey = made.store.survey().unwrap();
    let head = survey.head().unwrap().unwrap();
    let parts = survey.parts(crate::store::tables::TEST).unwrap();
    drop(survey);
    let forged = |change: &dyn Fn(&mut super::layout::Leaf)| {
        let mut outline = crate::store::Outline { head: head.clone(), ..crate::store::Outline::default() };
        let mut leaf = super::layout::Leaf::from_bytes(&parts[1].note).unwrap();
        change(&mut leaf);
        let note = Some(leaf.to_bytes().to_vec());
        outline.parts.insert(crate::store::tables::TEST, [(parts[1].start.clone(), note)].into());
        assert!(made.store.survey().unwrap().remember(&outline).unwrap());
    };
    // Another number of rows than there is.
    forged(&|leaf| leaf.rows += 1);
    let counted = made.snapshot("one");
    assert_eq!(counted.read, counted.bytes);
    assert_eq!(stable(made.restored("one", "latest").unwrap()), now(&made));
    // The same number of rows in a chunk that no place has: it is read, and is not that one.
    made.snapshot("one");
    forged(&|leaf| leaf.name.0[0] ^= 1);
    let named = made.snapshot("one");
    assert_eq!(named.read, named.bytes);
    assert!(named.unmarked > 0);
    assert_eq!(stable(made.restored("one", "latest").unwrap()), now(&made));
    // Another chunk that the place has: the weekly reading of everything tells.
    made.snapshot("one");
    let other = super::layout::Leaf::from_bytes(&parts[2].note).unwrap();
    forged(&|leaf| *leaf = super::layout::Leaf { rows: leaf.rows, ..other });
    made.clock.advance(Duration::from_secs(8 * 86_400));
    let told = made.snapshot("one");
    assert!(told.unmarked > 0 && told.read == told.bytes);
    assert_eq!(stable(made.restored("one", "latest").unwrap()), now(&made));
    let noted: Result<Option<_>, StoreError> = made.store.read().unwrap().get(&super::rows::BACKUPS, &(1,));
    assert!(noted.unwrap().is_some());
}
