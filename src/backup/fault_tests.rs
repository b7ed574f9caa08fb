//! Faults: whatever fails, breaks off or is damaged, no snapshot is called good that is not, and no old one is harmed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use proptest::prelude::*;

use super::fixture::{Contents, Faulty, Room, TestBox, by, contents, files, inject, put_back, restored};
use super::target::{Missing, Name, Shelf, Target};
use super::{BackupError, Backups, Checked, Depth, How, Keep, Removal, Repository, TargetSpec, Unwatched, Wish, check};
use crate::crypto::Root;

pub(super) fn rows(from: u32, to: u32, seed: u8) -> Vec<(u32, Vec<u8>)> {
    (from..to).map(|at| (at, vec![seed ^ at as u8; 50 + (at as usize * 37) % 400])).collect()
}

pub(super) fn stable(all: Contents) -> Contents {
    all.into_iter().filter(|((table, _), _)| !(10..20).contains(table) && *table < 72).collect()
}

pub(super) fn now(made: &TestBox) -> Contents {
    stable(contents(&made.store.read().unwrap()))
}

pub(super) fn checked(backups: &Backups, spec: &TargetSpec, depth: Depth) -> Checked {
    let repository = Repository::open(spec.open(Missing::Refuse).unwrap()).unwrap();
    check(&repository, &backups.keyring().unwrap(), depth, &BTreeSet::new(), &Unwatched).unwrap()
}

pub(super) fn removal(how: How, forget: &[String]) -> Removal {
    let many = 1000;
    let zone = jiff::tz::TimeZone::UTC;
    let keep = Keep { hourly: many, daily: many, weekly: many, monthly: many, yearly: many, zone };
    Removal { keep, forget: forget.to_vec(), how }
}

/// A box with two snapshots in a folder, and what each holds.
pub(super) fn two_snapshots(seed: u64) -> (TestBox, [(String, Contents); 2]) {
    let made = TestBox::new(seed);
    made.put(rows(0, 400, 1));
    let first = (made.snapshot("one").name.to_string(), now(&made));
    made.clock.advance(std::time::Duration::from_secs(3600));
    made.put(rows(100, 140, 7));
    let second = (made.snapshot("one").name.to_string(), now(&made));
    (made, [first, second])
}

/// Places in a file where a byte is changed: all of a small one, and of a large one its ends and some between.
fn places(len: usize) -> Vec<usize> {
    if len <= 600 {
        (0..len).collect()
    } else {
        (0..80).chain((80..len - 80).step_by(len / 120)).chain(len - 80..len).collect()
    }
}

fn name_of(file: &Path) -> String {
    file.file_name().unwrap().to_string_lossy().into_owned()
}

/// What spoils a repository.
type Act = Box<dyn Fn()>;

#[test]
fn every_kind_of_changed_byte_is_found_named_and_restored_by_nobody() {
    let (made, snapshots) = two_snapshots(11);
    let (spec, was) = (made.spec("one"), files(&made.path("one")));
    assert_eq!(checked(&made.backups, &spec, Depth::All).faults, []);
    let mut tried = 0;
    for (file, bytes) in was.iter().filter(|(file, _)| !file.ends_with("chartbox-backup.txt")) {
        let checkpoint = file.parent().unwrap().ends_with("checkpoints");
        for at in places(bytes.len()) {
            let mut changed = bytes.clone();
            changed[at] ^= 1 << (at % 8);
            std::fs::write(file, &changed).unwrap();
            let found = checked(&made.backups, &spec, Depth::All);
            assert!(!found.is_whole(), "{} {at}", name_of(file));
            // A snapshot has its own copy of a checkpoint: nothing is lost by that.
            assert!(!checkpoint || found.good.len() == 2, "{:?}", found.faults);
            assert!(found.faults.iter().any(|fault| fault.file.contains(&name_of(file))), "{:?}", found.faults);
            for (name, then) in &snapshots {
                // Whatever is wrong is said with the snapshots that it costs, and no others.
                let lost = found.faults.iter().any(|fault| fault.lost.names().contains(name));
                assert_eq!(lost, !found.good.iter().any(|good| good.as_str() == name), "{:?}", found.faults);
                match made.restored("one", name) {
                    Ok(all) => assert_eq!(stable(all), *then, "{} {at}", name_of(file)),
                    Err(_) => assert!(!found.good.iter().any(|good| good.as_str() == name), "{} {at}", name_of(file)),
                }
            }
            tried += 1;
        }
        std::fs::write(file, bytes).unwrap();
    }
    assert!(tried > 1000, "{tried}");
    assert_eq!(checked(&made.backups, &spec, Depth::All).faults, []);
}

#[test]
fn cut_missing_and_swapped_files_are_told_apart_and_what_they_lose_is_named() {
    let (made, snapshots) = two_snapshots(12);
    let (spec, folder) = (made.spec("one"), made.path("one"));
    let was = files(&folder);
    let of = |shelf: &str| -> Vec<&PathBuf> { was.keys().filter(|f| f.parent().unwrap().ends_with(shelf)).collect() };
    let (packs, names) = (of("packs"), of("snapshots"));
    let mut damages: Vec<(&str, Act)> = Vec::new();
    for pack in &packs {
        let bytes = was[*pack].clone();
        for keep in [0, 10, 40, bytes.len() / 2, bytes.len() - 1] {
            let (pack, bytes) = (pack.to_path_buf(), bytes.clone());
            damages.push(("cut", Box::new(move || std::fs::write(&pack, &bytes[..keep]).unwrap())));
        }
        let longer = [bytes.as_slice(), b"x"].concat();
        let at = pack.to_path_buf();
        damages.push(("longer", Box::new(move || std::fs::write(&at, &longer).unwrap())));
        let at = pack.to_path_buf();
        damages.push(("missing", Box::new(move || std::fs::remove_file(&at).unwrap())));
    }
    let [one, two] = [was[packs[0]].clone(), was[packs[1]].clone()];
    let (first, second) = (packs[0].clone(), packs[1].clone());
    damages.push((
        "swapped",
        Box::new(move || {
            std::fs::write(&first, &two).unwrap();
            std::fs::write(&second, &one).unwrap();
        }),
    ));
    let (first, second) = (names[0].clone(), names[1].clone());
    let swapped = [was[names[0]].clone(), was[names[1]].clone()];
    damages.push(("another snapshot", Box::new(move || std::fs::write(&first, &swapped[1]).unwrap())));
    damages.push(("empty", Box::new(move || std::fs::write(&second, b"").unwrap())));
    for (what, damage) in damages {
        damage();
        let found = checked(&made.backups, &spec, Depth::Structure);
        let all = checked(&made.backups, &spec, Depth::All);
        assert!(!all.is_whole() && (what == "swapped" || !found.is_whole()), "{what}");
        // Packs under each other's names still hold what they hold.
        assert!(what == "swapped" || all.good.len() < 2, "{what}: {:?}", all.good);
        for (name, then) in &snapshots {
            let good = all.good.iter().any(|good| good.as_str() == name);
            match made.restored("one", name) {
                Ok(all) => assert_eq!(stable(all), *then, "{what}"),
                Err(error) => assert!(
                    !good && (error.is_damage() || matches!(error, BackupError::NoKey { .. })),
                    "{what}: {error}"
                ),
            }
        }
        let drill = made.backups.drill(&spec, &snapshots[1].0, &by(), &Unwatched).unwrap();
        let latest_good = all.good.iter().any(|good| good.as_str() == snapshots[1].0);
        assert_eq!(drill.passed(), latest_good, "{what}: {:?}", drill.faults);
        // The next backup puts what is damaged there again, and is good whatever is there.
        let mended = made.snapshot("one").name.to_string();
        let after = checked(&made.backups, &spec, Depth::Structure);
        assert!(
            what == "swapped" || after.good.iter().any(|good| good.as_str() == mended),
            "{what}: {:?}",
            after.faults
        );
        put_back(&folder, &was);
    }
    assert_eq!(checked(&made.backups, &spec, Depth::All).faults, []);
}

#[test]
fn a_drill_holds_a_snapshot_against_what_the_box_had() {
    let (made, snapshots) = two_snapshots(13);
    let spec = made.spec("one");
    let passed = made.backups.drill(&spec, "latest", &by(), &Unwatched).unwrap();
    assert_eq!((passed.passed(), passed.snapshot.as_str()), (true, snapshots[1].0.as_str()), "{:?}", passed.faults);
    assert!(passed.samples > 10 && passed.rows > 400);
    let left: Vec<_> = std::fs::read_dir(made.path("backups")).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert!(left.iter().all(|name| !name.to_string_lossy().starts_with("drill-")), "{left:?}");
    // The newest is taken away: an older one does not pass for it.
    let name = made.path("one").join("snapshots").join(&snapshots[1].0);
    let bytes = std::fs::read(&name).unwrap();
    std::fs::remove_file(&name).unwrap();
    let stale = made.backups.drill(&spec, "latest", &by(), &Unwatched).unwrap();
    assert!(stale.faults.iter().any(|fault| fault.contains("is gone")), "{:?}", stale.faults);
    let gone = made.backups.list(Some("one")).unwrap().remove(0).gone;
    assert_eq!(gone.iter().map(|name| name.as_str()).collect::<Vec<_>>(), [&snapshots[1].0]);
    std::fs::write(&name, bytes).unwrap();
    // What the box remembers differs from what came back: whichever is wrong, it is not called good.
    let read = made.store.read().unwrap();
    use crate::store::ReadExt;
    let mut row = read.get(&super::rows::BACKUPS, &(2,)).unwrap().unwrap();
    row.samples[0].hash = [0; 32];
    row.tables[0].1 += 1;
    row.head = [0; 32];
    let put = made.store.write_blocking(move |tx| tx.put(&super::rows::BACKUPS, &(2,), &row));
    put.unwrap_or_else(|error: crate::store::StoreError| panic!("{error}"));
    let red = made.backups.drill(&spec, "latest", &by(), &Unwatched).unwrap();
    assert_eq!(red.faults.len(), 3, "{:?}", red.faults);
    assert_eq!(made.backups.drills(10).unwrap()[0], red);
}

/// Runs `work` with every question to the target failing once, alone or for good; `after` sees what is left each time.
pub(super) fn fail_at_every_question(
    faulty: &Faulty,
    mut work: impl FnMut() -> Result<(), BackupError>,
    mut after: impl FnMut(&str, Result<(), BackupError>),
) -> usize {
    let was = faulty.files.lock().unwrap().clone();
    let mut failed = 0;
    for for_good in [false, true] {
        for nth in 1.. {
            *faulty.files.lock().unwrap() = was.clone();
            faulty.for_good.store(for_good, Ordering::SeqCst);
            faulty.fuse.store(nth, Ordering::SeqCst);
            faulty.burnt.store(false, Ordering::SeqCst);
            let done = work();
            faulty.fuse.store(0, Ordering::SeqCst);
            let burnt = faulty.burnt.load(Ordering::SeqCst);
            faulty.for_good.store(false, Ordering::SeqCst);
            if !burnt {
                assert!(done.is_ok(), "{done:?}");
                break;
            }
            failed += 1;
            after(&format!("question {nth}, for good: {for_good}"), done);
        }
    }
    *faulty.files.lock().unwrap() = was;
    failed
}

#[test]
fn a_backup_that_fails_at_any_question_harms_nothing_and_the_next_one_is_whole() {
    let made = TestBox::new(14);
    let (faulty, spec) = inject("faulty-create");
    made.put(rows(0, 300, 1));
    made.backups.create(std::slice::from_ref(&spec), Wish::USUAL, &by(), &Unwatched).unwrap();
    let old = now(&made);
    made.put(rows(50, 60, 3));
    let create = || made.backups.create(std::slice::from_ref(&spec), Wish::USUAL, &by(), &Unwatched).map(drop);
    let failed = fail_at_every_question(&faulty, create, |what, done| {
        assert_eq!(stable(restored(&made.backups, &spec, "1").unwrap()), old, "{what}");
        let found = checked(&made.backups, &spec, Depth::All);
        assert_eq!(found.faults, [], "{what}");
        // A snapshot that is there is good, even when the one who asked heard of an error after it.
        assert!(done.is_err() || found.good.len() == 2, "{what}");
        create().unwrap();
        assert_eq!(stable(restored(&made.backups, &spec, "latest").unwrap()), now(&made), "{what}");
    });
    assert!(failed >= 16, "{failed}");
}

#[test]
fn removing_that_fails_at_any_question_leaves_what_stays_whole() {
    for how in [How::Now, How::Later] {
        let made = TestBox::new(15);
        let (faulty, spec) = inject(if how == How::Now { "faulty-prune-now" } else { "faulty-prune-later" });
        let mut kept = BTreeMap::new();
        for round in 0..4_u8 {
            made.put(rows(u32::from(round) * 60, 300, round));
            let created = made.backups.create(std::slice::from_ref(&spec), Wish::USUAL, &by(), &Unwatched).unwrap();
            kept.insert(created.name.number(), now(&made));
            made.clock.advance(std::time::Duration::from_secs(3600));
        }
        // What was marked a while ago is removed, too.
        made.backups.prune(&spec, &removal(How::Later, &["1".into()]), &by(), &Unwatched).unwrap();
        made.clock.advance(std::time::Duration::from_secs(2 * 86_400));
        let remove = removal(how, &["2".into()]);
        let on = |shelf| faulty.files.lock().unwrap().keys().filter(|name| name.shelf() == shelf).cloned().collect();
        let prune = || {
            let [snapshots, packs] = [Shelf::Snapshots, Shelf::Packs].map(on).map(|on: BTreeSet<Name>| on);
            let done = made.backups.prune(&spec, &remove, &by(), &Unwatched);
            let gone = |was: &BTreeSet<Name>, shelf| was.difference(&on(shelf)).cloned().collect::<Vec<_>>();
            let (snapshots, packs) = (gone(&snapshots, Shelf::Snapshots), gone(&packs, Shelf::Packs));
            // What was removed is said, also of one that was broken off.
            let said = match &done {
                Ok(pruned) => Some(pruned),
                Err(BackupError::Halfway { done, .. }) => Some(&**done),
                Err(_) => None,
            };
            let (removed, files) = said.map_or((&[][..], 0), |said| (&said.forgotten, said.packs_removed));
            assert!(snapshots.iter().map(Name::file).eq(removed.iter().map(|name| name.as_str())), "{done:?}");
            assert_eq!(packs.len() as u64, files, "{done:?}");
            match done {
                // A broken-off one had removed it already.
                Err(BackupError::NoSnapshot { .. }) => Ok(()),
                other => other.map(drop),
            }
        };
        let failed = fail_at_every_question(&faulty, prune, |what, _| {
            for number in [3, 4] {
                let all = restored(&made.backups, &spec, &number.to_string()).unwrap();
                assert_eq!(stable(all), kept[&number], "{how:?} {what}");
            }
            assert_eq!(checked(&made.backups, &spec, Depth::All).faults, [], "{how:?} {what}");
            prune().unwrap();
            assert_eq!(checked(&made.backups, &spec, Depth::All).good.len(), 2, "{how:?} {what}");
        });
        assert!(failed >= 16, "{failed}");
    }
}

#[test]
fn what_a_running_backup_relies_on_is_not_removed_under_it() {
    let (made, snapshots) = two_snapshots(16);
    let spec = made.spec("one");
    // Both go but the newest, and their packs are marked.
    let pruned = made.backups.prune(&spec, &removal(How::Later, &[snapshots[0].0.clone()]), &by(), &Unwatched).unwrap();
    assert!(pruned.packs_marked > 0 && pruned.packs_removed == 0, "{pruned:?}");
    let marked = files(&made.path("one").join("packs")).len();
    made.clock.advance(std::time::Duration::from_secs(3600));
    // A backup of the first state after the mark does not use marked packs: they may go before it is done.
    made.put(rows(100, 140, 1));
    made.snapshot("one");
    made.clock.advance(std::time::Duration::from_secs(86_400 + 1));
    let swept = made.backups.prune(&spec, &removal(How::Later, &[]), &by(), &Unwatched).unwrap();
    assert!(swept.packs_removed > 0 && files(&made.path("one").join("packs")).len() < marked + 2, "{swept:?}");
    let found = checked(&made.backups, &spec, Depth::All);
    assert_eq!((found.faults.len(), found.good.len()), (0, 2));
}

#[test]
fn while_a_snapshot_cannot_be_read_no_pack_goes() {
    let (made, snapshots) = two_snapshots(17);
    let spec = made.spec("one");
    let packs = files(&made.path("one").join("packs")).len();
    made.put(rows(0, 30, 9));
    made.snapshot("one");
    std::fs::write(made.path("one").join("snapshots").join(&snapshots[0].0), b"damaged").unwrap();
    let held = made.backups.prune(&spec, &removal(How::Now, &[snapshots[1].0.clone()]), &by(), &Unwatched).unwrap();
    assert!(held.held_back.is_some() && held.packs_removed == 0, "{held:?}");
    let freed = made.backups.prune(&spec, &removal(How::Now, &[snapshots[0].0.clone()]), &by(), &Unwatched).unwrap();
    assert!(freed.held_back.is_none() && files(&made.path("one").join("packs")).len() <= packs, "{freed:?}");
    assert_eq!(stable(made.restored("one", "latest").unwrap()), now(&made));
    let last = made.backups.choose(&spec, "latest").unwrap().to_string();
    let last = made.backups.prune(&spec, &removal(How::Now, &[last]), &by(), &Unwatched);
    assert!(last.unwrap_err().to_string().contains("the last snapshot"));
}

#[test]
fn a_pack_that_cannot_be_read_at_the_time_is_nobodys_to_remove() {
    for how in [How::Now, How::Later] {
        let of_box = |seed| {
            let made = TestBox::new(seed);
            let (faulty, spec) = inject(&format!("unread-{how:?}"));
            for round in 0..2 {
                made.put(rows(0, 300 - 200 * round, round as u8));
                made.backups.create(std::slice::from_ref(&spec), Wish::USUAL, &by(), &Unwatched).unwrap();
            }
            let files = faulty.files.lock().unwrap().clone();
            let packs: Vec<Name> = files.into_keys().filter(|name| name.shelf() == Shelf::Packs).collect();
            (made, faulty, spec, packs)
        };
        for at in 0..of_box(23).3.len() {
            let (made, faulty, spec, packs) = of_box(23);
            let prune = || {
                made.clock.advance(std::time::Duration::from_secs(2 * 86_400));
                made.backups.prune(&spec, &removal(how, &[]), &by(), &Unwatched).unwrap()
            };
            *faulty.unread.lock().unwrap() = BTreeSet::from([packs[at].clone()]);
            for pruned in [prune(), prune()] {
                let why = pruned.held_back.unwrap_or_default();
                assert!(why.contains(&packs[at].to_string()) && why.contains("cannot be read"), "{why}");
                assert_eq!((pruned.damaged, pruned.packs_removed, pruned.packs_marked), (true, 0, 0));
            }
            faulty.unread.lock().unwrap().clear();
            let found = checked(&made.backups, &spec, Depth::All);
            assert_eq!((found.faults.as_slice(), found.good.len()), (&[][..], 2), "{how:?} {at}");
            assert!(!prune().damaged);
        }
    }
}

#[test]
fn a_snapshot_or_a_mark_that_cannot_be_read_at_the_time_is_said_and_taken_for_none_that_is_gone() {
    let made = TestBox::new(26);
    let (faulty, spec) = inject("unread-snapshot");
    let create = || made.backups.create(std::slice::from_ref(&spec), Wish::USUAL, &by(), &Unwatched);
    for round in 0..2 {
        made.put(rows(0, 300 - 200 * round, round as u8));
        create().unwrap();
    }
    let newest = faulty.files.lock().unwrap().keys().rfind(|name| name.shelf() == Shelf::Snapshots).cloned().unwrap();
    *faulty.unread.lock().unwrap() = BTreeSet::from([newest.clone()]);
    assert_eq!(made.backups.choose(&spec, "latest").unwrap().as_str(), newest.file());
    let pruned = made.backups.prune(&spec, &removal(How::Now, &[]), &by(), &Unwatched).unwrap();
    assert!(pruned.gone.is_empty() && pruned.held_back.is_some_and(|why| why.contains(newest.file())));
    let mark = Name::new(Shelf::Marks, "20260303T022000Z-9f3c2a1b").unwrap();
    faulty.files.lock().unwrap().insert(mark.clone(), vec![1]);
    *faulty.unread.lock().unwrap() = BTreeSet::from([mark.clone()]);
    let said = create().unwrap_err().to_string();
    assert!(said.contains(&mark.to_string()) && said.contains("take it away there"), "{said}");
    faulty.files.lock().unwrap().remove(&mark);
    create().unwrap();
}

#[test]
fn while_a_snapshot_lacks_something_no_pack_goes() {
    let made = TestBox::new(24);
    let (faulty, spec) = inject("lacking");
    let create = || made.backups.create(std::slice::from_ref(&spec), Wish::USUAL, &by(), &Unwatched).unwrap();
    let packs = || {
        let files = faulty.files.lock().unwrap();
        files.keys().filter(|name| name.shelf() == Shelf::Packs).cloned().collect::<BTreeSet<Name>>()
    };
    made.put(rows(0, 600, 1));
    create();
    // Here what the first one left in the box's own tables is new.
    create();
    let before = packs();
    made.put(rows(0, 10, 2));
    create();
    let third: BTreeSet<Name> = packs().difference(&before).cloned().collect();
    made.put(rows(200, 210, 3));
    create();
    // The fourth opens, down to what says where its rows are, and lacks some of them.
    faulty.files.lock().unwrap().retain(|name, _| !third.contains(name));
    let left = packs();
    for forget in [&["3".to_owned()][..], &[]] {
        let pruned = made.backups.prune(&spec, &removal(How::Now, forget), &by(), &Unwatched).unwrap();
        assert!(pruned.damaged, "{pruned:?}");
        let why = pruned.held_back.unwrap_or_default();
        assert!(why.contains("-000004-") && why.contains("cannot be restored"), "{why}");
        assert_eq!(packs(), left);
    }
}

/// A box with a snapshot a day in a target that is full then.
fn filled(name: &str, days: u32, told: bool) -> (TestBox, Faulty, TargetSpec) {
    let made = TestBox::new(25);
    let (faulty, spec) = inject(name);
    made.put(rows(0, 300, 1));
    for day in 0..days {
        made.put(rows(0, 40, day as u8));
        made.backups.create(std::slice::from_ref(&spec), Wish::USUAL, &by(), &Unwatched).unwrap();
        made.clock.advance(std::time::Duration::from_secs(86_400));
    }
    let room = faulty.bytes() + 100;
    *faulty.room.lock().unwrap() = if told { Room::Told(room) } else { Room::Untold(room) };
    made.put(rows(0, 40, 99));
    (made, faulty, spec)
}

#[test]
fn a_place_that_is_full_is_cleared_without_room_for_a_copy() {
    for told in [true, false] {
        let (made, _, spec) = filled(&format!("full-{told}"), 30, told);
        let create = || made.backups.create(std::slice::from_ref(&spec), Wish::USUAL, &by(), &Unwatched);
        let full = create().unwrap_err();
        assert!(full.to_string().contains("is full"), "{full}");
        let keep = Keep { hourly: 0, daily: 1, weekly: 0, monthly: 0, yearly: 0, zone: jiff::tz::TimeZone::UTC };
        let remove = Removal { keep, forget: vec![], how: How::Now };
        let pruned = made.backups.prune(&spec, &remove, &by(), &Unwatched).unwrap();
        assert_eq!((pruned.forgotten.len(), pruned.kept), (29, 1), "{pruned:?}");
        assert!(pruned.packs_removed > 0, "{pruned:?}");
        create().unwrap();
        assert_eq!(stable(restored(&made.backups, &spec, "latest").unwrap()), now(&made));
        assert_eq!(checked(&made.backups, &spec, Depth::All).faults, []);
    }
}

#[test]
fn old_backups_go_by_themselves_where_a_place_is_full() {
    let (made, _, spec) = filled("full-by-night", 30, true);
    let backups = made.backups.with_targets(vec![spec.clone(), made.spec("no/such")]);
    let number = || backups.row(&spec).unwrap().unwrap().last.unwrap().number;
    let before = number();
    // One night marks, and another removes.
    for _ in 0..3 {
        let _ = backups.run_due(&Unwatched);
        made.clock.advance(std::time::Duration::from_secs(2 * 3600));
        let _ = backups.run_due(&Unwatched);
        made.clock.advance(std::time::Duration::from_secs(22 * 3600));
    }
    assert!(number() > before);
    assert_eq!(stable(restored(&backups, &spec, "latest").unwrap()), now(&made));
}

#[test]
fn after_the_root_was_changed_the_old_sheet_opens_old_snapshots_only() {
    let made = TestBox::new(18);
    made.put(rows(0, 200, 1));
    made.snapshot("one");
    let root = Root::generate(&made.ambient);
    let rotated = made.with_root(root.clone());
    made.put(rows(0, 20, 2));
    let spec = made.spec("one");
    rotated.create(std::slice::from_ref(&spec), Wish::USUAL, &by(), &Unwatched).unwrap();
    let repository = Repository::open(spec.open(Missing::Refuse).unwrap()).unwrap();
    let names = repository.snapshots().unwrap();
    let opens = |at: usize, root: &Root| {
        let snapshot = repository.read(&names[at]).unwrap();
        super::Keyring::of_snapshot(&names[at], &snapshot, &root.snapshot_key()).is_ok()
    };
    assert_eq!([opens(0, &made.root), opens(1, &made.root)], [true, false]);
    assert_eq!([opens(0, &root), opens(1, &root)], [false, true]);
    // The box itself reads both.
    assert_eq!(checked(&rotated, &spec, Depth::All).good.len(), 2);
}

#[test]
fn a_folder_with_two_boxes_snapshots_keeps_them_apart() {
    let (made, _) = two_snapshots(19);
    let (other, _) = two_snapshots(20);
    let theirs = files(&other.path("one").join("snapshots"));
    for (file, bytes) in &theirs {
        std::fs::write(made.path("one").join("snapshots").join(file.file_name().unwrap()), bytes).unwrap();
    }
    let listed = made.backups.list(Some("one")).unwrap().remove(0);
    let faults: Vec<&String> = listed.snapshots.iter().filter_map(|one| one.fault.as_ref()).collect();
    assert_eq!((listed.snapshots.len(), faults.len()), (4, 2), "{faults:?}");
    assert!(faults.iter().all(|fault| fault.contains("another box")), "{faults:?}");
    let found = checked(&made.backups, &made.spec("one"), Depth::All);
    assert_eq!(found.good.len(), 2);
}

#[test]
fn several_targets_fail_each_for_themselves() {
    let made = TestBox::new(21);
    made.put(rows(0, 200, 1));
    let (faulty, away) = inject("faulty-second");
    faulty.for_good.store(true, Ordering::SeqCst);
    faulty.fuse.store(6, Ordering::SeqCst);
    let created = made.backups.create(&[made.spec("one"), away], Wish::USUAL, &by(), &Unwatched).unwrap();
    assert!(created.targets[0].result.is_ok() && created.targets[1].result.is_err());
    assert_eq!(stable(made.restored("one", "latest").unwrap()), now(&made));
}

#[test]
fn packs_that_a_broken_off_backup_left_are_used_again() {
    let made = TestBox::new(22);
    let (faulty, spec) = inject("faulty-resume");
    made.put(rows(0, 2000, 1));
    made.backups.create(std::slice::from_ref(&spec), Wish::USUAL, &by(), &Unwatched).unwrap();
    let files = faulty.files.lock().unwrap().clone();
    let bytes = |files: &BTreeMap<Name, Vec<u8>>| -> usize {
        files.iter().filter(|(name, _)| name.shelf() == Shelf::Packs).map(|(_, bytes)| bytes.len()).sum()
    };
    let first = bytes(&files);
    faulty.files.lock().unwrap().retain(|name, _| name.shelf() != Shelf::Snapshots);
    made.backups.create(std::slice::from_ref(&spec), Wish::USUAL, &by(), &Unwatched).unwrap();
    let again = bytes(&faulty.files.lock().unwrap());
    assert!(again < first + first / 4, "{first} {again}");
    assert_eq!(faulty.list(Shelf::Snapshots).unwrap().len(), 1);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 5, ..ProptestConfig::default() })]

    #[test]
    fn removing_any_snapshots_leaves_the_others_whole(seed in any::<u64>(), gone in prop::collection::vec(any::<bool>(), 6), how in any::<bool>()) {
        let made = TestBox::new(seed);
        let mut kept = Vec::new();
        for round in 0..6_u32 {
            made.put(rows(round * 40, 300, round as u8));
            made.delete((round * 10..round * 10 + 7).collect());
            kept.push((made.snapshot("one").name.to_string(), now(&made)));
            made.clock.advance(std::time::Duration::from_secs(3600));
        }
        let forget: Vec<String> = kept.iter().zip(&gone).filter(|(_, gone)| **gone).map(|((name, _), _)| name.clone()).collect();
        prop_assume!(forget.len() < 6);
        let spec = made.spec("one");
        let how = if how { How::Now } else { How::Later };
        made.backups.prune(&spec, &removal(how, &forget), &by(), &Unwatched).unwrap();
        made.clock.advance(std::time::Duration::from_secs(2 * 86_400));
        made.backups.prune(&spec, &removal(how, &[]), &by(), &Unwatched).unwrap();
        for (name, then) in kept.iter().filter(|(name, _)| !forget.contains(name)) {
            prop_assert_eq!(&stable(made.restored("one", name).unwrap()), then);
        }
        let found = checked(&made.backups, &spec, Depth::All);
        prop_assert!(found.is_whole() && found.good.len() == 6 - forget.len());
    }
}
