//! What prune sees to before anything goes: that what stays can be restored, and that what goes is this box's.

use super::fixture::{TestBox, by, files};
use super::{BackupError, Backups, Depth, How, Keep, Pruned, Removal, Standing, Unwatched, Wish};

const DAY: std::time::Duration = std::time::Duration::from_secs(24 * 3600);

fn prune(made: &TestBox, forget: &[&str]) -> Result<Pruned, BackupError> {
    prune_by(&made.backups, made, forget)
}

fn prune_by(backups: &Backups, made: &TestBox, forget: &[&str]) -> Result<Pruned, BackupError> {
    let keep = Keep { hourly: 0, daily: 1, weekly: 0, monthly: 0, yearly: 0, zone: jiff::tz::TimeZone::UTC };
    let removal = Removal { keep, forget: forget.iter().map(ToString::to_string).collect(), how: How::Now };
    backups.prune(&made.spec("one"), &removal, &by(), &Unwatched)
}

/// Rows that no compression makes shorter, so that most of a pack is theirs.
fn rows(of: u32) -> Vec<(u32, Vec<u8>)> {
    let row = |key: u32| {
        let mut value = vec![0; 300];
        let mut text = blake3::Hasher::new();
        text.update(&of.to_le_bytes()).update(&key.to_le_bytes()).finalize_xof().fill(&mut value);
        (key, value)
    };
    (0..400).map(row).collect()
}

#[test]
fn the_last_that_can_be_restored_stays_where_the_newest_rotted_unseen() {
    let made = TestBox::new(140);
    made.put(rows(1));
    made.snapshot("one");
    let before = files(&made.path("one"));
    made.clock.advance(DAY * 2);
    made.put(rows(2));
    made.snapshot("one");
    let packs = made.path("one/packs");
    let (newest, mut bytes) =
        files(&packs).into_iter().find(|(path, _)| !before.contains_key(path)).expect("a second pack");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&newest, bytes).unwrap();
    made.clock.advance(DAY);
    made.put([(9999, vec![1])]);
    made.snapshot("one");
    // What stays relies on what rotted, and nobody has looked.
    let refused = prune(&made, &[]).unwrap_err();
    assert!(refused.is_damage(), "{refused}");
    assert!(made.restored("one", "1").is_ok());
    // It is known from then on.
    let _ = prune(&made, &[]);
    assert!(made.restored("one", "1").is_ok());
}

#[test]
fn what_was_read_at_another_time_is_no_proof() {
    let made = TestBox::new(141);
    let spec = made.spec("one");
    let day = |key| {
        made.clock.advance(DAY);
        let before = files(&made.path("one/packs"));
        made.put(rows(key));
        let name = made.snapshot("one").name;
        let packs = files(&made.path("one/packs"));
        (name, packs.into_iter().find(|(path, _)| !before.contains_key(path)).unwrap())
    };
    let rot = |(path, bytes): &(std::path::PathBuf, Vec<u8>)| {
        let mut bytes = bytes.clone();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        std::fs::write(path, bytes).unwrap();
    };
    std::fs::create_dir_all(made.path("one/packs")).unwrap();
    let (first, _) = day(1);
    assert!(made.backups.drill(&spec, "latest", &by(), &Unwatched).unwrap().passed());
    made.backups.verify(&spec, Depth::All, &by(), &Unwatched).unwrap();
    let (second, _) = day(2);
    assert_eq!(prune(&made, &[first.as_str()]).unwrap().relied, Some(second.clone()));
    // It was drilled and read, and rotted afterwards.
    let (third, pack) = day(3);
    made.clock.advance(DAY);
    assert!(made.backups.drill(&spec, "latest", &by(), &Unwatched).unwrap().passed());
    made.backups.verify(&spec, Depth::All, &by(), &Unwatched).unwrap();
    rot(&pack);
    let refused = prune(&made, &[second.as_str()]).unwrap_err();
    assert!(refused.is_damage(), "{refused}");
    assert!(made.restored("one", &second.number().to_string()).is_ok());
    assert!(made.restored("one", &third.number().to_string()).is_err());
    // It is known from then on, and the good one is the last.
    assert!(prune(&made, &[second.as_str()]).is_err());
    assert_eq!(prune(&made, &[third.as_str()]).unwrap().relied, Some(second));
}

#[test]
fn another_boxs_snapshot_is_named_as_that_and_is_not_this_boxs_to_remove() {
    let (made, other) = (TestBox::new(142), TestBox::new(143));
    other.put(rows(3));
    let theirs = other.snapshot("one").name;
    made.put(rows(4));
    made.snapshot("one");
    for shelf in ["snapshots", "packs"] {
        for (path, bytes) in files(&other.path("one").join(shelf)) {
            std::fs::write(made.path("one").join(shelf).join(path.file_name().unwrap()), bytes).unwrap();
        }
    }
    let there = files(&made.path("one"));
    let why = prune(&made, &[]).unwrap().held_back.unwrap();
    assert!(why.contains("another box's") && why.contains("Move it away") && !why.contains("--forget"), "{why}");
    let refused = prune(&made, &[theirs.as_str()]).unwrap_err();
    assert!(matches!(refused, BackupError::NotToForget { .. }), "{refused}");
    assert_eq!(files(&made.path("one")), there);
    let checked = made.backups.verify(&made.spec("one"), Depth::All, &by(), &Unwatched).unwrap();
    assert!(checked.strange > 0 && checked.is_whole(), "{checked:?}");
}

#[test]
fn what_is_named_as_the_latest_does_not_go() {
    let made = TestBox::new(144);
    made.snapshot("one");
    made.snapshot("one");
    let there = files(&made.path("one"));
    let refused = prune(&made, &["latest"]).unwrap_err();
    assert!(refused.to_string().contains("by its number"), "{refused}");
    assert_eq!(files(&made.path("one")), there);
}

#[test]
fn a_marker_that_was_emptied_is_not_called_missing() {
    let made = TestBox::new(145);
    made.snapshot("one");
    std::fs::write(made.path("one/chartbox-backup.txt"), "").unwrap();
    let checked = made.backups.verify(&made.spec("one"), Depth::Structure, &by(), &Unwatched).unwrap();
    assert_eq!(checked.faults.iter().map(|fault| fault.what).collect::<Vec<_>>(), [super::What::Changed]);
    std::fs::remove_file(made.path("one/chartbox-backup.txt")).unwrap();
    let checked = made.backups.verify(&made.spec("one"), Depth::Structure, &by(), &Unwatched).unwrap();
    assert_eq!(checked.faults.iter().map(|fault| fault.what).collect::<Vec<_>>(), [super::What::Missing]);
    // Nor does a pipe or a link in its place keep anybody from the backups: the next one puts it right.
    let marker = made.path("one/chartbox-backup.txt");
    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    let pipe = || rustix::fs::mknodat(rustix::fs::CWD, &marker, rustix::fs::FileType::Fifo, mode, 0).unwrap();
    let link = || std::os::unix::fs::symlink("elsewhere", &marker).unwrap();
    for put in [&pipe as &dyn Fn(), &link] {
        let _ = std::fs::remove_file(&marker);
        put();
        let checked = made.backups.verify(&made.spec("one"), Depth::Structure, &by(), &Unwatched).unwrap();
        assert_eq!(checked.faults.iter().map(|fault| fault.what).collect::<Vec<_>>(), [super::What::Changed]);
        assert!(made.restored("one", "latest").is_ok());
        let key = crate::crypto::keyslots::SlotKey::RecoverySheet(made.sheet.clone());
        assert_eq!(super::list_without_box(&made.spec("one"), Some(&key)).unwrap().faults.len(), 1);
        made.snapshot("one");
        assert!(marker.symlink_metadata().unwrap().is_file());
    }
}

#[test]
fn a_folder_around_the_boxs_own_is_no_place_and_what_is_kept_of_indexes_is_its_owners() {
    use std::os::unix::fs::PermissionsExt;
    let made = TestBox::new(146);
    made.snapshot("one");
    let kept = files(&made.path("backups/index"));
    assert!(!kept.is_empty());
    for path in kept.keys() {
        assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600, "{}", path.display());
    }
    let around = super::TargetSpec::at(made.place.path().to_str().unwrap()).unwrap();
    let refused = made.backups.create(&[around], Wish::USUAL, &by(), &Unwatched).unwrap_err();
    assert!(matches!(refused, BackupError::Around { .. }), "{refused}");
}

#[test]
fn who_asks_for_a_snapshot_and_an_earlier_time_hears_that_they_do_not_go_together() {
    let made = TestBox::new(147);
    made.snapshot("one");
    made.clock.advance(DAY);
    let second = made.snapshot("one").name;
    let repository = made.backups.open(&made.spec("one")).unwrap();
    let at = made.backups.made(1).unwrap().unwrap().created;
    let refused = repository.choose("2", Some(at)).unwrap_err();
    assert!(matches!(&refused, BackupError::Younger { name, .. } if *name == second), "{refused}");
    assert_eq!(repository.choose("latest", Some(at)).unwrap().number(), 1);
}

#[test]
fn the_newest_that_stays_is_the_last_backup_with_its_age_and_its_keys() {
    let made = TestBox::new(148);
    let stands = |backups: &Backups| {
        let one = backups.standing().unwrap().remove(0);
        let codes: Vec<_> = one.concerns().iter().map(|one| one.code()).filter(|code| *code != "drill-never").collect();
        (one.known.unwrap().last.map(|last| (last.number, last.rows > 0)), one.backup_stands, codes)
    };
    let first = made.snapshot("one");
    let opens = made.backups.row(&made.spec("one")).unwrap().unwrap().last.unwrap().opens;
    made.clock.advance(DAY * 20);
    let (_, renewed) = made.renewed();
    renewed.create(&[made.spec("one")], Wish::USUAL, &by(), &Unwatched).unwrap();
    assert_eq!(stands(&renewed), (Some((2, true)), Standing::Good, vec![]));
    prune_by(&renewed, &made, &["2"]).unwrap();
    assert_eq!(stands(&renewed), (Some((1, true)), Standing::Bad, vec!["old", "old-keys"]));
    let last = renewed.row(&made.spec("one")).unwrap().unwrap().last.unwrap();
    assert_eq!((last.at, last.opens), (first.name.time(), opens));
    renewed.run_due(&Unwatched).unwrap();
    assert_eq!(stands(&renewed), (Some((3, true)), Standing::Good, vec![]));
    // Those that went by themselves and are given up are none either.
    for name in files(&made.path("one/snapshots")).keys() {
        std::fs::remove_file(name).unwrap();
    }
    prune_by(&renewed, &made, &["1"]).unwrap();
    assert_eq!(stands(&renewed), (Some((3, true)), Standing::Bad, vec!["all-gone"]));
    prune_by(&renewed, &made, &["3"]).unwrap();
    assert_eq!(stands(&renewed), (None, Standing::Bad, vec!["never"]));
    renewed.run_due(&Unwatched).unwrap();
    assert_eq!(stands(&renewed).0, Some((4, true)));
}

#[test]
fn what_is_to_go_is_one_of_those_that_are_there_and_those_that_are_gone() {
    let made = TestBox::new(149);
    let names: Vec<_> = (0..4).map(|_| made.snapshot("one").name).collect();
    for name in &names[..2] {
        std::fs::remove_file(made.path("one/snapshots").join(name.as_str())).unwrap();
    }
    let part = &names[0].as_str()[8..15];
    let ambiguous = |done: Result<Pruned, BackupError>| matches!(done, Err(BackupError::Ambiguous { .. }));
    assert!(ambiguous(prune(&made, &[part])), "two are there");
    prune(&made, &[names[2].as_str()]).unwrap();
    assert!(ambiguous(prune(&made, &[part])), "one is there, and two are gone");
    let there = files(&made.path("one/snapshots"));
    assert_eq!(there.len(), 1);
    assert_eq!(prune(&made, &["2"]).unwrap().given_up, [names[1].clone()]);
    assert!(ambiguous(prune(&made, &[part])), "one is there, and one is gone");
    assert_eq!(prune(&made, &[names[0].as_str()]).unwrap().given_up, [names[0].clone()]);
    // Of those that are gone alone it is one, too.
    made.clock.advance(DAY);
    let names: Vec<_> = (0..2).map(|_| made.snapshot("one").name).collect();
    for name in &names {
        std::fs::remove_file(made.path("one/snapshots").join(name.as_str())).unwrap();
    }
    made.clock.advance(DAY);
    made.snapshot("one");
    assert!(ambiguous(prune(&made, &[&names[0].as_str()[..9]])));
    assert_eq!(files(&made.path("one/snapshots")).len(), 2);
}
