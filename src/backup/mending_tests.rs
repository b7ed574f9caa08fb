//! What was found damaged: nothing new relies on it, no good snapshot goes for a bad one, and the next backup mends it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::fault_tests::{removal, rows, stable};
use super::fixture::{TestBox, by, files};
use super::layout::SnapshotName;
use super::missing_tests::three_snapshots;
use super::target::Missing;
use super::{Checked, Depth, How, Keep, Pruned, Removal, Repository, Standing, TargetSpec, Unwatched, Wish};

/// Changes a byte in the middle of each pack: in a chunk, not in what says where chunks lie.
fn spoil_packs(made: &TestBox) -> usize {
    let packs = packs(made);
    packs.keys().for_each(|pack| change(pack, 3));
    packs.len()
}

/// The packs that were not there before.
fn packs_since(made: &TestBox, before: &BTreeMap<PathBuf, Vec<u8>>) -> impl Iterator<Item = PathBuf> {
    packs(made).into_keys().filter(|pack| !before.contains_key(pack))
}

/// Two snapshots an hour apart, and the packs that only the second needs.
fn two_snapshots(made: &TestBox) -> Vec<PathBuf> {
    made.put(rows(0, 200, 1));
    made.snapshot("one");
    let before = packs(made);
    made.clock.advance(std::time::Duration::from_secs(3600));
    made.put(rows(0, 200, 2));
    made.snapshot("one");
    packs_since(made, &before).collect()
}

#[test]
fn what_was_found_changed_is_relied_on_by_nothing_new_and_the_next_backup_mends_what_it_still_has() {
    for by_drill in [false, true] {
        let made = TestBox::new(76);
        made.put(rows(0, 400, 1));
        let first = made.snapshot("one").name.to_string();
        made.clock.advance(std::time::Duration::from_secs(3600));
        let spec = made.spec("one");
        let spoiled = spoil_packs(&made);
        let verify = |depth| made.backups.verify(&spec, depth, &by(), &Unwatched).unwrap();
        assert!(verify(Depth::Structure).is_whole(), "only reading every byte finds it");
        if by_drill {
            assert!(!made.backups.drill(&spec, "latest", &by(), &Unwatched).unwrap().passed());
        } else {
            assert!(!verify(Depth::All).is_whole());
        }
        let standing = made.backups.standing().unwrap().remove(0);
        assert_eq!(standing.backup_stands, Standing::Bad);
        // What is known is not forgotten by a quicker look.
        let found = verify(Depth::Structure);
        assert!(!found.is_whole() && found.good.is_empty(), "{:?}", found.faults);
        let second = made.snapshot("one").name.to_string();
        let drill = made.backups.drill(&spec, "latest", &by(), &Unwatched).unwrap();
        assert!(drill.passed(), "{:?}", drill.faults);
        // The first had the same rows: with what lies there twice now, it comes back, too.
        let found = verify(Depth::All);
        let good: Vec<&str> = found.good.iter().map(|name| name.as_str()).collect();
        assert!(good.contains(&second.as_str()), "{:?}", found.faults);
        assert_eq!(good.contains(&first.as_str()), made.restored("one", &first).is_ok());
        // Without the first nobody needs the spoiled packs, and they go.
        let pruned = made.backups.prune(&spec, &removal(How::Now, &[first]), &by(), &Unwatched).unwrap();
        assert_eq!(pruned.packs_removed, spoiled as u64, "{pruned:?}");
        assert!(verify(Depth::All).is_whole());
        assert_eq!(made.backups.standing().unwrap()[0].backup_stands, Standing::Good);
    }
}

/// A box whose chunks lie in a spoiled pack and in a whole one, with the snapshot that needs them.
fn lying_twice(seed: u64) -> (TestBox, SnapshotName) {
    let made = TestBox::new(seed);
    made.put(rows(0, 400, 1));
    made.snapshot("one");
    made.clock.advance(std::time::Duration::from_secs(3600));
    spoil_packs(&made);
    assert!(!verify(&made, &made.spec("one"), Depth::All).is_whole());
    let twice = made.snapshot("one").name;
    (made, twice)
}

#[test]
fn what_a_restore_misses_while_old_backups_are_removed_is_not_remembered_as_damage() {
    let restored = |made: &TestBox, twice: &SnapshotName| {
        let spec = made.spec("one");
        let id = Repository::open(spec.open(Missing::Refuse).unwrap()).unwrap().marker().repository;
        made.backups.remember(id, |known| known.spoiled.clear()).unwrap();
        made.backups.restored(&spec, twice, &Unwatched).unwrap();
        made.backups.remembered(id).unwrap().spoiled.len()
    };
    // Which of the two is read first is by their names, and these are chance.
    let mut boxes = (93..133).map(lying_twice);
    let (made, twice) = boxes.find(|(made, twice)| restored(made, twice) > 0).unwrap();
    let spec = made.spec("one");
    let repository = Repository::open(spec.open(Missing::Refuse).unwrap()).unwrap();
    let removing = made.backups.removing(&spec, &repository, &Unwatched).unwrap();
    assert_eq!(restored(&made, &twice), 0, "it may have been removed just now");
    drop(removing);
    assert!(restored(&made, &twice) > 0);
}

#[test]
fn a_snapshot_that_cannot_be_restored_takes_the_place_of_none_that_can() {
    let made = TestBox::new(77);
    made.put(rows(0, 200, 1));
    let good = made.snapshot("one").name.to_string();
    let before = packs(&made);
    made.clock.advance(std::time::Duration::from_secs(3600));
    made.put(rows(0, 200, 2));
    let newest = made.snapshot("one").name.to_string();
    packs_since(&made, &before).for_each(|pack| change(&pack, 3));
    let spec = made.spec("one");
    assert!(!made.backups.drill(&spec, "latest", &by(), &Unwatched).unwrap().passed());
    let keep = Keep { daily: 1, hourly: 0, weekly: 0, monthly: 0, yearly: 0, zone: jiff::tz::TimeZone::UTC };
    let one_a_day = |forget: &[&String]| Removal {
        keep: keep.clone(),
        forget: forget.iter().map(ToString::to_string).collect(),
        how: How::Later,
    };
    let pruned = made.backups.prune(&spec, &one_a_day(&[]), &by(), &Unwatched).unwrap();
    assert!(pruned.forgotten.is_empty(), "{pruned:?}");
    assert!(made.restored("one", &good).is_ok());
    // What is named goes, and what stays is counted without it.
    let pruned = made.backups.prune(&spec, &one_a_day(&[&newest]), &by(), &Unwatched).unwrap();
    assert_eq!(pruned.forgotten.iter().map(|name| name.as_str()).collect::<Vec<_>>(), [&newest]);
    let last = made.backups.prune(&spec, &one_a_day(&[&good]), &by(), &Unwatched).unwrap_err();
    assert!(last.to_string().contains("the last snapshot"), "{last}");
}

fn verify(made: &TestBox, spec: &TargetSpec, depth: Depth) -> Checked {
    made.backups.verify(spec, depth, &by(), &Unwatched).unwrap()
}

fn prune(made: &TestBox, removal: &Removal) -> Pruned {
    made.backups.prune(&made.spec("one"), removal, &by(), &Unwatched).unwrap()
}

fn one_a_day() -> Removal {
    let keep = Keep { daily: 1, hourly: 0, weekly: 0, monthly: 0, yearly: 0, zone: jiff::tz::TimeZone::UTC };
    Removal { keep, forget: vec![], how: How::Later }
}

fn packs(made: &TestBox) -> BTreeMap<PathBuf, Vec<u8>> {
    files(&made.path("one").join("packs"))
}

/// Changes a byte of a pack, so far in.
fn change(pack: &Path, part: usize) {
    let mut bytes = std::fs::read(pack).unwrap();
    let at = bytes.len() / part;
    bytes[at] ^= 1;
    std::fs::write(pack, bytes).unwrap();
}

#[test]
fn a_drill_that_failed_for_the_sake_of_another_makes_no_snapshot_bad() {
    let (made, names) = three_snapshots(90);
    std::fs::remove_file(made.path("one").join("snapshots").join(&names[2])).unwrap();
    assert!(!made.backups.drill(&made.spec("one"), "latest", &by(), &Unwatched).unwrap().passed());
    prune(&made, &removal(How::Later, &["3".into(), "1".into()]));
    let last = made.backups.prune(&made.spec("one"), &removal(How::Later, &["2".into()]), &by(), &Unwatched);
    assert!(last.unwrap_err().to_string().contains("the last snapshot"));
    // Nor is the last of those that cannot be restored removed while there is none that can.
    spoil_packs(&made);
    assert!(!verify(&made, &made.spec("one"), Depth::All).is_whole());
    let last = made.backups.prune(&made.spec("one"), &removal(How::Later, &["2".into()]), &by(), &Unwatched);
    assert!(last.unwrap_err().to_string().contains("the last snapshot"));
}

#[test]
fn retention_sees_for_itself_what_lacks_a_pack() {
    for whole in [true, false] {
        let made = TestBox::new(91);
        for pack in two_snapshots(&made) {
            if whole { std::fs::remove_file(pack).unwrap() } else { change(&pack, 3) }
        }
        if whole {
            let pruned = prune(&made, &one_a_day());
            assert!(pruned.forgotten.is_empty(), "{pruned:?}");
        } else {
            let refused = made.backups.prune(&made.spec("one"), &one_a_day(), &by(), &Unwatched).unwrap_err();
            assert!(refused.is_damage(), "{refused}");
        }
        assert!(made.restored("one", "1").is_ok());
    }
}

#[test]
fn removing_where_the_marker_was_lost_misses_nothing_that_it_removed() {
    let (made, _) = three_snapshots(92);
    std::fs::remove_file(made.path("one").join("chartbox-backup.txt")).unwrap();
    assert_eq!(prune(&made, &one_a_day()).forgotten.len(), 2);
    assert!(verify(&made, &made.spec("one"), Depth::Structure).gone.is_empty());
    // To begin anew there is to go on with the repository that it is.
    std::fs::remove_file(
        made.path("one").join("snapshots").join(made.backups.list(Some("one")).unwrap()[0].snapshots[0].name.as_str()),
    )
    .unwrap();
    made.snapshot("two");
    let anew = Wish { anew: super::Anew::Yes, ..Wish::USUAL };
    let error = made.backups.create(&[made.spec("one")], anew, &by(), &Unwatched).err();
    assert!(error.is_none_or(|error| !error.to_string().contains("another repository")));
}

#[test]
fn beginning_anew_goes_on_with_the_repository_that_the_snapshots_name() {
    let (made, names) = three_snapshots(93);
    let marker = made.path("one").join("chartbox-backup.txt");
    let was = std::fs::read(&marker).unwrap();
    std::fs::remove_file(&marker).unwrap();
    std::fs::remove_file(made.path("one").join("snapshots").join(&names[1])).unwrap();
    let anew = Wish { anew: super::Anew::Yes, ..Wish::USUAL };
    let created = made.backups.create(&[made.spec("one")], anew, &by(), &Unwatched).unwrap();
    assert_eq!(created.targets[0].gone, [names[1].clone()]);
    assert_eq!(std::fs::read(&marker).unwrap(), was);
}

#[test]
fn what_cannot_be_restored_goes_when_it_is_old_and_the_place_is_whole_again() {
    let made = TestBox::new(94);
    let spec = made.spec("one");
    two_snapshots(&made).iter().for_each(|pack| change(pack, 3));
    assert!(!verify(&made, &spec, Depth::All).is_whole());
    assert_eq!(made.backups.standing().unwrap()[0].backup_stands, Standing::Bad);
    made.put(rows(0, 200, 3));
    made.clock.advance(std::time::Duration::from_secs(3600));
    made.snapshot("one");
    let pruned = prune(&made, &Removal { how: How::Now, ..one_a_day() });
    assert_eq!((pruned.forgotten.len(), pruned.kept), (2, 1), "{pruned:?}");
    assert!(verify(&made, &spec, Depth::All).is_whole());
    assert_eq!(made.backups.standing().unwrap()[0].backup_stands, Standing::Good, "without anybody's looking");
}

#[test]
fn of_what_lies_twice_and_is_in_doubt_twice_nothing_goes() {
    for seed in 95..101 {
        let made = TestBox::new(seed);
        let spec = made.spec("one");
        made.put(rows(0, 600, 1));
        made.snapshot("one");
        let first: Vec<PathBuf> = packs(&made).into_keys().collect();
        first.iter().for_each(|pack| change(pack, 2));
        assert!(!verify(&made, &spec, Depth::All).is_whole());
        made.snapshot("one");
        let written = packs(&made);
        let second =
            written.iter().filter(|(pack, _)| !first.contains(pack)).max_by_key(|(_, bytes)| bytes.len()).unwrap();
        change(second.0, 4);
        let before = verify(&made, &spec, Depth::All);
        let pruned = prune(&made, &Removal { how: How::Now, ..one_a_day() });
        let after = verify(&made, &spec, Depth::All);
        assert_eq!(after.good.is_empty(), before.good.is_empty(), "{seed} {before:?} {pruned:?} {after:?}");
    }
}

#[test]
fn another_look_forgets_nothing_that_was_found_meanwhile() {
    let (made, _) = three_snapshots(102);
    let spec = made.spec("one");
    let pack = packs(&made).into_keys().next().unwrap();
    change(&pack, 3);
    std::thread::scope(|scope| {
        let looks: Vec<_> = (0..4).map(|_| scope.spawn(|| drop(verify(&made, &spec, Depth::Structure)))).collect();
        let whole = scope.spawn(|| verify(&made, &spec, Depth::All)).join().unwrap();
        assert!(!whole.is_whole());
        looks.into_iter().for_each(|look| look.join().unwrap());
    });
    assert!(!verify(&made, &spec, Depth::Structure).is_whole());
}

#[test]
fn what_is_known_of_a_repository_is_known_by_whichever_path() {
    let made = TestBox::new(103);
    two_snapshots(&made).iter().for_each(|pack| change(pack, 3));
    std::os::unix::fs::symlink(made.path("one"), made.path("link")).unwrap();
    let link = TargetSpec::at(made.path("link").to_str().unwrap()).unwrap();
    assert!(!verify(&made, &link, Depth::All).is_whole());
    assert!(prune(&made, &one_a_day()).forgotten.is_empty());
    // And where it was moved to.
    std::fs::rename(made.path("one"), made.path("moved")).unwrap();
    let moved = TargetSpec { name: "one".into(), ..made.spec("moved") };
    assert!(!verify(&made, &moved, Depth::Structure).is_whole());
    let pruned = made.backups.prune(&moved, &one_a_day(), &by(), &Unwatched).unwrap();
    assert!(pruned.forgotten.is_empty(), "{pruned:?}");
    std::fs::remove_file(made.path("moved/snapshots").read_dir().unwrap().next().unwrap().unwrap().path()).unwrap();
    assert!(made.backups.verify(&moved, Depth::Structure, &by(), &Unwatched).unwrap().gone.len() == 1);
}

#[test]
fn what_removing_finds_changed_is_relied_on_by_no_later_backup() {
    let made = TestBox::new(104);
    made.put(rows(0, 300, 1));
    made.snapshot("one");
    let first: Vec<PathBuf> = packs(&made).into_keys().collect();
    made.clock.advance(std::time::Duration::from_secs(3600));
    // Most of it changes, so that what is left of the first packs is to be copied.
    made.put(rows(0, 270, 2));
    let then = super::fault_tests::now(&made);
    made.snapshot("one");
    for pack in &first {
        let mut bytes = std::fs::read(pack).unwrap();
        let most = bytes.len() * 2 / 3;
        (60..most).step_by(16).for_each(|at| bytes[at] ^= 1);
        std::fs::write(pack, bytes).unwrap();
    }
    let found = made.backups.prune(&made.spec("one"), &Removal { how: How::Now, ..one_a_day() }, &by(), &Unwatched);
    assert!(found.unwrap_err().is_damage());
    assert_eq!(files(&made.path("one").join("snapshots")).len(), 2, "nothing was removed");
    made.snapshot("one");
    assert_eq!(stable(made.restored("one", "latest").unwrap()), then);
    assert!(made.backups.drill(&made.spec("one"), "latest", &by(), &Unwatched).unwrap().passed());
}

#[test]
fn looking_while_old_backups_are_removed_finds_no_damage() {
    let made = TestBox::new(105);
    let spec = made.spec("one");
    let done = std::sync::atomic::AtomicBool::new(false);
    let (made, spec, done) = (&made, &spec, &done);
    std::thread::scope(|scope| {
        made.put(rows(0, 100, 0));
        made.snapshot("one");
        let looking = scope.spawn(move || {
            let mut looks = 0;
            while !done.load(std::sync::atomic::Ordering::SeqCst) {
                let found = verify(made, spec, Depth::All);
                assert!(found.is_whole(), "{:?}", found.faults);
                let drill = made.backups.drill(spec, "latest", &by(), &Unwatched).unwrap();
                assert!(drill.passed(), "{:?}", drill.faults);
                let listed = made.backups.list(Some("one")).unwrap().remove(0);
                assert!(!listed.is_damaged() && listed.error.is_none(), "{listed:?}");
                looks += 1;
            }
            looks
        });
        for round in 1..20 {
            made.put(rows(0, 100, round));
            made.snapshot("one");
            prune(made, &Removal { how: How::Now, ..one_a_day() });
        }
        done.store(true, std::sync::atomic::Ordering::SeqCst);
        assert!(looking.join().unwrap() > 0);
    });
}

#[test]
fn a_pack_goes_only_when_what_is_relied_on_instead_was_read() {
    let made = TestBox::new(106);
    let spec = made.spec("one");
    made.put(rows(0, 600, 1));
    made.snapshot("one");
    let first: Vec<PathBuf> = packs(&made).into_keys().collect();
    first.iter().for_each(|pack| change(pack, 2));
    assert!(!verify(&made, &spec, Depth::All).is_whole());
    made.snapshot("one");
    let written = packs(&made);
    let second = written.iter().filter(|(pack, _)| !first.contains(pack)).max_by_key(|(_, bytes)| bytes.len()).unwrap();
    change(second.0, 4);
    // Nobody has looked at the second; what cannot be read in it is read out of the first.
    let drill = made.backups.drill(&spec, "latest", &by(), &Unwatched).unwrap();
    assert!(drill.passed(), "{:?}", drill.faults);
    prune(&made, &Removal { how: How::Now, ..one_a_day() });
    assert!(!verify(&made, &spec, Depth::All).good.is_empty());
    // And so where a removal of a day later is the first to look.
    let made = TestBox::new(107);
    made.put(rows(0, 300, 1));
    made.snapshot("one");
    made.put(rows(0, 250, 2));
    made.snapshot("one");
    let before = packs(&made);
    prune(&made, &one_a_day());
    packs_since(&made, &before).for_each(|pack| change(&pack, 3));
    made.clock.advance(std::time::Duration::from_secs(2 * 86_400));
    prune(&made, &one_a_day());
    assert!(made.restored("one", "latest").is_ok());
}

#[test]
fn the_index_of_a_pack_is_looked_at_where_it_lies_before_anything_goes() {
    let made = TestBox::new(108);
    made.put(rows(0, 200, 1));
    made.snapshot("one");
    let before = packs(&made);
    made.put(rows(0, 200, 2));
    made.snapshot("one");
    for (pack, mut bytes) in packs(&made).into_iter().filter(|(pack, _)| !before.contains_key(pack)) {
        let at = bytes.len() - 10;
        bytes[at] ^= 1;
        std::fs::write(pack, bytes).unwrap();
    }
    assert!(prune(&made, &one_a_day()).forgotten.is_empty());
    assert!(made.restored("one", "1").is_ok());
}

#[test]
fn a_copy_of_a_place_is_looked_at_and_not_written_to() {
    let (made, _) = three_snapshots(109);
    for file in files(&made.path("one")).keys() {
        let to = made.path("copy").join(file.strip_prefix(made.path("one")).unwrap());
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        std::fs::copy(file, to).unwrap();
    }
    let copy = TargetSpec::at(made.path("copy").to_str().unwrap()).unwrap();
    let refused = made.backups.create(std::slice::from_ref(&copy), Wish::USUAL, &by(), &Unwatched).unwrap_err();
    assert!(refused.to_string().contains("is a copy of"), "{refused}");
    let refused = made.backups.prune(&copy, &one_a_day(), &by(), &Unwatched).unwrap_err();
    assert!(refused.to_string().contains("is a copy of"), "{refused}");
    // What is made in the one is not missed in the other.
    made.snapshot("one");
    assert!(verify(&made, &copy, Depth::All).is_whole());
    spoil_packs(&made);
    assert!(!verify(&made, &made.spec("one"), Depth::All).is_whole());
    assert!(verify(&made, &copy, Depth::All).is_whole());
    assert!(!verify(&made, &made.spec("one"), Depth::Structure).is_whole(), "a look at the copy says nothing of it");
    // Where the first is no more, the copy takes its place.
    std::fs::remove_dir_all(made.path("one")).unwrap();
    made.backups.create(std::slice::from_ref(&copy), Wish::USUAL, &by(), &Unwatched).unwrap();
}

#[test]
fn a_snapshot_that_was_healed_is_good_again() {
    let made = TestBox::new(110);
    let spec = made.spec("one");
    made.put(rows(0, 600, 1));
    made.snapshot("one");
    for (pack, _) in packs(&made) {
        change(&pack, 2);
    }
    assert!(!made.backups.drill(&spec, "latest", &by(), &Unwatched).unwrap().passed());
    made.clock.advance(std::time::Duration::from_secs(3600));
    made.snapshot("one");
    let good = verify(&made, &spec, Depth::All).good;
    assert!(good.len() > 1, "the rows of the newest are as they were");
    let last = made.backups.list(Some("one")).unwrap()[0].snapshots.last().unwrap().name.to_string();
    std::fs::write(made.path("one").join("snapshots").join(&last), b"spoiled").unwrap();
    assert!(!verify(&made, &spec, Depth::All).is_whole());
    let all: Vec<String> = good.iter().map(ToString::to_string).filter(|name| *name != last).collect();
    let refused = made.backups.prune(&spec, &removal(How::Later, &all), &by(), &Unwatched);
    assert!(refused.unwrap_err().to_string().contains("the last snapshot"));
}

#[test]
fn a_pack_that_was_cut_to_nothing_goes_once_nobody_needs_it() {
    for left in [0, 20] {
        let (made, _) = three_snapshots(111);
        let spec = made.spec("one");
        for (pack, bytes) in packs(&made) {
            std::fs::write(pack, &bytes[..left]).unwrap();
        }
        assert!(!verify(&made, &spec, Depth::All).is_whole());
        made.clock.advance(std::time::Duration::from_secs(3600));
        made.snapshot("one");
        let forget: Vec<String> = ["1", "2", "3"].map(str::to_owned).to_vec();
        prune(&made, &removal(How::Now, &forget));
        assert!(verify(&made, &spec, Depth::All).is_whole());
    }
}

#[test]
fn a_place_without_its_marker_is_this_boxs_though_another_boxs_snapshot_is_the_newest() {
    let (made, _) = three_snapshots(112);
    let (other, names) = three_snapshots(113);
    for _ in 0..3 {
        other.snapshot("one");
    }
    let newest = other.backups.list(Some("one")).unwrap()[0].snapshots.last().unwrap().name.to_string();
    assert!(newest > names[2]);
    let snapshots = |made: &TestBox| made.path("one").join("snapshots");
    std::fs::copy(snapshots(&other).join(&newest), snapshots(&made).join(&newest)).unwrap();
    std::fs::remove_file(made.path("one").join("chartbox-backup.txt")).unwrap();
    made.snapshot("one");
    assert_eq!(made.backups.list(Some("one")).unwrap()[0].gone, []);
}
