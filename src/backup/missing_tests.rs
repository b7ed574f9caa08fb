//! What a target must have: snapshots that went away are missed, and places that cannot be one are refused.

use super::fault_tests::{removal, rows, stable, two_snapshots};
use super::fixture::{TestBox, by, files};
use super::lease::Doing;
use super::{BackupError, Depth, How, Keep, Removal, TargetSpec, Unwatched, Wish};

/// A box with three snapshots in a folder, and their names.
pub(super) fn three_snapshots(seed: u64) -> (TestBox, Vec<String>) {
    let made = TestBox::new(seed);
    let mut names = Vec::new();
    for round in 0..3 {
        made.put(rows(0, 60, round));
        names.push(made.snapshot("one").name.to_string());
        made.clock.advance(std::time::Duration::from_secs(3600));
    }
    (made, names)
}

#[test]
fn a_snapshot_that_went_away_is_missed_until_that_is_said_to_be_known() {
    let (made, names) = three_snapshots(71);
    let spec = made.spec("one");
    let lose = |name: &str| std::fs::remove_file(made.path("one").join("snapshots").join(name)).unwrap();
    let verify = || made.backups.verify(&spec, Depth::Structure, &by(), &Unwatched).unwrap();
    let standing = || made.backups.standing().unwrap().remove(0);
    assert!(verify().is_whole() && standing().gone.is_empty());
    // The newest, and one in the middle.
    lose(&names[2]);
    let found = verify();
    assert_eq!(found.faults.iter().map(|fault| fault.lost.names()).collect::<Vec<_>>(), [[names[2].clone()]]);
    assert_eq!((found.snapshots, found.good.len()), (3, 2));
    assert_eq!(standing().backup_stands, super::Standing::Bad, "the last backup is not there");
    lose(&names[0]);
    let listed = made.backups.list(Some("one")).unwrap().remove(0);
    assert!(listed.is_damaged() && listed.gone.len() == 2, "{:?}", listed.gone);
    // Another backup is made all the same, and says so.
    let made_now = made.snapshot("one");
    assert_eq!(made_now.targets[0].gone, [names[0].clone(), names[2].clone()]);
    assert_eq!(standing().backup_stands, super::Standing::Late, "the newest is there, and older ones are missed");
    assert_eq!(verify().faults.len(), 2);
    // All of them: what is there is a new beginning, and no drill passes for what there was.
    let all = [names[1].clone(), made_now.name.to_string()];
    all.iter().for_each(|name| lose(name));
    let red = made.backups.drill(&spec, "latest", &by(), &Unwatched).unwrap();
    assert!(!red.passed() && red.snapshot == all[1], "{red:?}");
    made.clock.advance(std::time::Duration::from_secs(3600));
    let last = made.snapshot("one").name.to_string();
    assert_eq!(verify().faults.len(), 4);
    // What somebody knows of is said no more, neither a part of it nor all.
    let packs = files(&made.path("one").join("packs")).len();
    let held = made.backups.prune(&spec, &removal(How::Now, &[]), &by(), &Unwatched).unwrap();
    assert!(held.held_back.is_some(), "what it needs is there still when it comes back");
    assert_eq!(files(&made.path("one").join("packs")).len(), packs);
    let forget = |name: &str| made.backups.prune(&spec, &removal(How::Later, &[name.to_owned()]), &by(), &Unwatched);
    let pruned = forget("1").unwrap();
    assert_eq!((pruned.given_up.len(), pruned.gone.len(), pruned.forgotten.len()), (1, 3, 0));
    for name in [&names[1], &names[2], &all[1]] {
        let _ = forget(name).unwrap();
    }
    assert!(verify().is_whole() && standing().gone.is_empty());
    assert_eq!(standing().backup_stands, super::Standing::Good);
    // What the box removes itself is not missed, the newest neither.
    made.clock.advance(std::time::Duration::from_secs(3600));
    let newest = made.snapshot("one").name.to_string();
    let pruned = made.backups.prune(&spec, &removal(How::Later, &[newest]), &by(), &Unwatched).unwrap();
    assert_eq!(pruned.forgotten.len(), 1);
    assert!(verify().is_whole() && made.backups.drill(&spec, &last, &by(), &Unwatched).unwrap().passed());
}

#[test]
fn what_is_no_plain_file_in_the_place_of_one_is_called_so() {
    use rustix::fs::{CWD, FileType, Mode, mknodat};
    let (made, names) = three_snapshots(74);
    let spec = made.spec("one");
    let pack = files(&made.path("one/packs")).into_keys().next().unwrap();
    let called = format!("packs/{}", pack.file_name().unwrap().to_str().unwrap());
    let bytes = std::fs::read(&pack).unwrap();
    let [link, pipe, folder]: [&dyn Fn(); 3] = [
        &|| std::os::unix::fs::symlink("/dev/null", &pack).unwrap(),
        &|| mknodat(CWD, &pack, FileType::Fifo, Mode::from_raw_mode(0o600), 0).unwrap(),
        &|| std::fs::create_dir(&pack).unwrap(),
    ];
    for (put, is_folder) in [(link, false), (pipe, false), (folder, true)] {
        std::fs::remove_file(&pack).unwrap();
        put();
        let found = made.backups.verify(&spec, Depth::Structure, &by(), &Unwatched).unwrap();
        let faults: Vec<_> = found.faults.iter().map(|fault| (fault.file.as_str(), fault.what.code())).collect();
        assert_eq!(faults, [(called.as_str(), "not-plain")]);
        assert!(found.faults[0].to_string().contains("is a link or a folder or no plain file"));
        // Another backup is made, and relies on nothing there.
        let _ = made.snapshot("one");
        if is_folder {
            std::fs::remove_dir(&pack).unwrap()
        } else {
            std::fs::remove_file(&pack).unwrap()
        }
        std::fs::write(&pack, &bytes).unwrap();
    }
    assert!(made.restored("one", &names[2]).is_ok());
}

#[test]
fn what_is_named_goes_alone_whatever_the_retention_keeps() {
    let (made, names) = three_snapshots(75);
    let spec = made.spec("one");
    let keep = Keep { daily: 1, hourly: 0, weekly: 0, monthly: 0, yearly: 0, zone: jiff::tz::TimeZone::UTC };
    let prune = |forget: &[String]| {
        let removal = Removal { keep: keep.clone(), forget: forget.to_vec(), how: How::Later };
        let pruned = made.backups.prune(&spec, &removal, &by(), &Unwatched).unwrap();
        pruned.forgotten.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(prune(&names[1..2]), names[1..2]);
    assert_eq!(prune(&[]), names[..1]);
}

#[test]
fn what_the_retention_would_not_have_kept_is_not_missed_for_ever() {
    let (made, names) = three_snapshots(72);
    let spec = made.spec("one");
    std::fs::remove_file(made.path("one").join("snapshots").join(&names[0])).unwrap();
    assert_eq!(made.snapshot("one").targets[0].gone, [names[0].clone()]);
    let keep = Keep { daily: 1, hourly: 0, weekly: 0, monthly: 0, yearly: 0, zone: jiff::tz::TimeZone::UTC };
    let one_a_day = Removal { keep, forget: vec![], how: How::Later };
    let pruned = made.backups.prune(&spec, &one_a_day, &by(), &Unwatched).unwrap();
    assert_eq!((pruned.given_up, pruned.gone, pruned.kept), (vec![names[0].parse().unwrap()], vec![], 1));
    assert!(made.backups.standing().unwrap()[0].gone.is_empty());
}

#[test]
fn two_backups_at_once_make_snapshots_of_two_numbers() {
    let made = TestBox::new(73);
    made.put(rows(0, 3000, 1));
    let numbers = std::thread::scope(|scope| {
        let each = ["one", "two"].map(|name| scope.spawn(|| made.snapshot(name).name.number()));
        each.map(|one| one.join().unwrap())
    });
    assert_ne!(numbers[0], numbers[1]);
    for name in ["one", "two"] {
        let drill = made.backups.drill(&made.spec(name), "latest", &by(), &Unwatched).unwrap();
        assert!(drill.passed(), "{:?}", drill.faults);
    }
    // That a place is in use says nothing bad of it.
    let lease = made.backups.lease(&made.spec("one"), Doing::Backup).unwrap();
    let busy = made.try_snapshot("one").unwrap_err();
    assert!(matches!(busy, BackupError::Busy { .. }), "{busy}");
    drop(lease);
    assert_eq!(made.backups.standing().unwrap()[0].error(), None);
}

#[test]
fn a_folder_in_the_boxs_own_is_no_place_for_backups() {
    let made = TestBox::new(74);
    let own = made.path("backups");
    std::fs::create_dir_all(&own).unwrap();
    std::os::unix::fs::symlink(&own, made.path("link")).unwrap();
    for place in [own.clone(), own.join("usb"), made.path("link"), made.path("link").join("usb")] {
        let spec = TargetSpec::at(place.to_str().unwrap()).unwrap();
        let refused = made.backups.create(std::slice::from_ref(&spec), Wish::USUAL, &by(), &Unwatched).unwrap_err();
        assert!(matches!(refused, BackupError::Inside { .. }), "{refused}");
        assert!(made.backups.try_out(&spec, &by()).unwrap().error.is_some());
    }
    assert!(files(&own).is_empty());
}

#[test]
fn what_the_repository_says_of_itself_is_written_anew_where_its_snapshots_say_whose_it_is() {
    let (made, snapshots) = two_snapshots(75);
    let marker = made.path("one").join("chartbox-backup.txt");
    let was = std::fs::read(&marker).unwrap();
    std::fs::write(&marker, b"").unwrap();
    assert_eq!(stable(made.restored("one", "latest").unwrap()), snapshots[1].1);
    made.snapshot("one");
    assert_eq!(std::fs::read(&marker).unwrap(), was);
    // Without a snapshot nobody knows whose it was.
    for spoiled in ["one", "new"].map(|name| made.path(name)) {
        let _ = std::fs::remove_dir_all(spoiled.join("snapshots"));
        std::fs::create_dir_all(&spoiled).unwrap();
        std::fs::write(spoiled.join("chartbox-backup.txt"), b"x").unwrap();
        let refused = made.try_snapshot(spoiled.file_name().unwrap().to_str().unwrap()).unwrap_err();
        assert!(matches!(refused, BackupError::NoMarker { .. }), "{refused}");
        assert_eq!(std::fs::read(spoiled.join("chartbox-backup.txt")).unwrap(), b"x");
    }
}

#[test]
fn a_marker_that_was_lost_makes_nobody_forget_what_should_be_there() {
    let (made, names) = three_snapshots(78);
    let spec = made.spec("one");
    let marker = made.path("one").join("chartbox-backup.txt");
    let was = std::fs::read(&marker).unwrap();
    std::fs::remove_file(&marker).unwrap();
    std::fs::remove_file(made.path("one").join("snapshots").join(&names[2])).unwrap();
    for _ in 0..2 {
        let found = made.backups.verify(&spec, Depth::Structure, &by(), &Unwatched).unwrap();
        assert_eq!((found.gone.len(), found.faults.len()), (1, 2), "{:?}", found.faults);
    }
    std::fs::write(&marker, was).unwrap();
    made.snapshot("one");
    assert_eq!(made.backups.verify(&spec, Depth::Structure, &by(), &Unwatched).unwrap().gone.len(), 1);
}

#[test]
fn a_place_by_another_path_is_the_same_place() {
    let (made, _) = three_snapshots(79);
    std::os::unix::fs::symlink(made.path("one"), made.path("link")).unwrap();
    let other = TargetSpec::at(made.path("link").to_str().unwrap()).unwrap();
    let verify = |spec: &TargetSpec| made.backups.verify(spec, Depth::Structure, &by(), &Unwatched).unwrap();
    made.backups.create(std::slice::from_ref(&other), Wish::USUAL, &by(), &Unwatched).unwrap();
    made.backups.prune(&made.spec("one"), &removal(How::Later, &["2".into()]), &by(), &Unwatched).unwrap();
    assert!(verify(&other).is_whole() && verify(&made.spec("one")).is_whole());
    let _lease = made.backups.lease(&other, Doing::Backup).unwrap();
    assert!(matches!(made.try_snapshot("one"), Err(BackupError::Busy { .. })));
    assert!(made.backups.standing().unwrap()[0].busy.is_some());
    // A name of the configuration that means another folder now is a new place.
    let moved = TargetSpec { name: "one".into(), ..made.spec("elsewhere") };
    let created = made.backups.create(std::slice::from_ref(&moved), Wish::USUAL, &by(), &Unwatched).unwrap();
    assert!(created.targets[0].gone.is_empty() && verify(&moved).is_whole());
}

#[test]
fn a_file_with_an_absurd_number_is_no_snapshot() {
    let (made, names) = three_snapshots(80);
    let absurd = names[0].replace("-000001-", "-18446744073709551615-");
    let folder = made.path("one").join("snapshots");
    std::fs::copy(folder.join(&names[0]), folder.join(absurd)).unwrap();
    assert_eq!(made.snapshot("one").name.number(), 4);
}

#[test]
fn a_drill_that_cannot_be_run_says_nothing_of_the_backup() {
    let (made, _) = three_snapshots(81);
    let spec = made.spec("one");
    let drill = || made.backups.drill(&spec, "latest", &by(), &Unwatched).unwrap();
    assert!(drill().passed());
    std::fs::rename(made.path("one"), made.path("away")).unwrap();
    let untried = drill();
    assert!(untried.untried && !untried.passed(), "{untried:?}");
    assert_eq!(made.backups.standing().unwrap()[0].drill_stands, super::Standing::Late);
    std::fs::rename(made.path("away"), made.path("one")).unwrap();
    assert!(drill().passed());
    assert_eq!(made.backups.standing().unwrap()[0].drill_stands, super::Standing::Good);
}

#[test]
fn what_a_computer_leaves_on_a_stick_is_no_damage() {
    let (made, _) = three_snapshots(82);
    for shelf in ["packs", "snapshots", "checkpoints", "."] {
        std::fs::write(made.path("one").join(shelf).join("desktop.ini"), b"[.ShellClassInfo]").unwrap();
    }
    let found = made.backups.verify(&made.spec("one"), Depth::All, &by(), &Unwatched).unwrap();
    assert_eq!(found.faults, []);
    made.snapshot("one");
}

#[test]
fn what_lies_on_a_stick_besides_backups_is_its_owners() {
    let (made, _) = three_snapshots(87);
    let folder = made.path("one");
    std::fs::create_dir_all(folder.join("marks")).unwrap();
    let own = [".movie.mkv.part", "marks/todo.txt", "marks/large", "packs/.film.part"].map(|file| folder.join(file));
    let large = std::fs::File::create(&own[2]).unwrap();
    large.set_len((16 << 20) + 1).unwrap();
    own.iter().filter(|file| !file.exists()).for_each(|file| std::fs::write(file, "a film").unwrap());
    // What says that it is a mark, and is none, goes.
    let none = folder.join("marks/20260303T022000Z-9f3c2a1b");
    std::fs::File::create(&none).unwrap().set_len((16 << 20) + 1).unwrap();
    made.snapshot("one");
    made.backups.prune(&made.spec("one"), &removal(How::Now, &["1".into()]), &by(), &Unwatched).unwrap();
    assert!(own.iter().all(|file| file.exists()) && !none.exists());
}

#[test]
fn a_drill_proves_the_repository_that_it_restored_from_and_no_other_of_the_name() {
    let keep = Keep { daily: 1, hourly: 0, weekly: 0, monthly: 0, yearly: 0, zone: jiff::tz::TimeZone::UTC };
    let one_a_day = Removal { keep, forget: vec![], how: How::Later };
    let made = TestBox::new(83);
    let both = [made.spec("one"), made.spec("two")];
    for round in 0..3 {
        made.put(rows(0, 60, round));
        made.backups.create(&both, Wish::USUAL, &by(), &Unwatched).unwrap();
        made.clock.advance(std::time::Duration::from_secs(3600));
    }
    // By another name and path, the second: it is the one that has proved itself there.
    std::os::unix::fs::symlink(made.path("one"), made.path("link")).unwrap();
    let link = TargetSpec::at(made.path("link").to_str().unwrap()).unwrap();
    assert!(made.backups.drill(&link, "2", &by(), &Unwatched).unwrap().passed());
    assert_eq!(made.backups.standing().unwrap()[0].drill_stands, super::Standing::Good);
    // The first of another place, by the same name: that says nothing of the first of this one.
    let elsewhere = TargetSpec { name: "one".into(), ..made.spec("two") };
    assert!(made.backups.drill(&elsewhere, "1", &by(), &Unwatched).unwrap().passed());
    let left = |spec: &TargetSpec| {
        let pruned = made.backups.prune(spec, &one_a_day, &by(), &Unwatched).unwrap();
        pruned.forgotten.iter().map(super::layout::SnapshotName::number).collect::<Vec<_>>()
    };
    assert_eq!((left(&both[0]), left(&both[1])), (vec![1], vec![2]));
}

#[test]
fn a_repository_is_taken_by_one_at_a_time_by_whichever_names_it_is_reached() {
    let made = TestBox::new(84);
    let (faulty, spec) = super::fixture::inject("taken");
    let other = super::fixture::inject_again("taken-too", &faulty);
    made.backups.create(std::slice::from_ref(&spec), Wish::USUAL, &by(), &Unwatched).unwrap();
    let busy = |doing| {
        let repository = made.backups.open(&spec).unwrap();
        let _lease = made.backups.lease_of(&spec, doing, &repository).unwrap();
        let busy = |error: BackupError| assert!(matches!(error, BackupError::Busy { .. }), "{error}");
        if doing == Doing::Drill {
            busy(made.backups.drill(&other, "latest", &by(), &Unwatched).unwrap_err());
        } else {
            busy(made.backups.create(std::slice::from_ref(&other), Wish::USUAL, &by(), &Unwatched).unwrap_err());
            busy(made.backups.prune(&other, &removal(How::Later, &[]), &by(), &Unwatched).unwrap_err());
        }
    };
    [Doing::Backup, Doing::Prune, Doing::Drill].into_iter().for_each(busy);
    made.backups.create(std::slice::from_ref(&other), Wish::USUAL, &by(), &Unwatched).unwrap();
}

#[test]
fn a_pack_under_another_key_is_not_called_changed_where_one_of_the_boxs_own_is_missing() {
    let ((made, _), (other, _)) = (three_snapshots(85), three_snapshots(86));
    let packs = |made: &TestBox| files(&made.path("one").join("packs"));
    let own = packs(&made);
    for (pack, bytes) in packs(&other) {
        std::fs::write(made.path("one").join("packs").join(pack.file_name().unwrap()), bytes).unwrap();
    }
    let faults = || {
        let found = made.backups.verify(&made.spec("one"), Depth::All, &by(), &Unwatched).unwrap();
        found.faults.into_iter().map(|fault| (fault.file, fault.what)).collect::<Vec<_>>()
    };
    assert_eq!(faults(), []);
    let (pack, bytes) = own.first_key_value().unwrap();
    std::fs::remove_file(pack).unwrap();
    assert_eq!(faults(), [(super::Damage::SOME_PACK.to_owned(), super::What::Missing)]);
    // One of its own that says so, and does not open for that, was changed.
    let (mut changed, end) = (bytes.clone(), bytes.len() - 10);
    (changed[20], changed[end]) = (!changed[20], !changed[end]);
    std::fs::write(pack, changed).unwrap();
    let file = format!("packs/{}", pack.file_name().unwrap().to_str().unwrap());
    assert_eq!(faults(), [(file, super::What::Changed)]);
}
