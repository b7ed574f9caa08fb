//! Every kind of target keeps its word, against servers that nobody here wrote.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use super::*;
use crate::backup::fixture::{TestBox, by};
use crate::backup::{BackupError, Depth, How, Keep, Removal, TargetSpec, Unwatched, Wish};

#[path = "../../../tests/box/servers.rs"]
mod servers;
use super::cut::Wire;
use servers::{S3, Sshd};

fn name(shelf: Shelf, file: &str) -> Name {
    Name::new(shelf, file).unwrap()
}

fn open(place: &str) -> Result<Arc<dyn Target>, TargetError> {
    Place::parse(place).unwrap().open(Missing::Make)
}

fn bytes(len: usize) -> Vec<u8> {
    let mut state = 7_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    (0..len).map(|_| next()).collect()
}

#[test]
fn no_name_leads_out() {
    for bad in ["", ".", "..", "../x", "a/b", ".hidden", "a\0b", "ä", &"x".repeat(101)] {
        assert_eq!(Name::new(Shelf::Packs, bad), None, "{bad}");
    }
    assert_eq!(Name::new(Shelf::Packs, "0a").unwrap().to_string(), "packs/0a");
    assert_eq!(Name::new(Shelf::Top, "chartbox-backup.txt").unwrap().to_string(), "chartbox-backup.txt");
}

/// What [`Target`] says of itself.
fn keeps_its_word(target: &dyn Target) {
    let (one, big) = (name(Shelf::Packs, "0one"), name(Shelf::Packs, "big"));
    assert_eq!(target.list(Shelf::Packs), Ok(vec![]));
    assert!(matches!(target.get(&one, 10), Err(TargetError::Missing { .. })));
    assert!(matches!(target.get_range(&one, 0, 1), Err(TargetError::Missing { .. })));
    assert_eq!(target.put(&one, b"0123456789"), Ok(Put::New));
    assert_eq!(target.put(&one, b"other"), Ok(Put::There));
    assert_eq!(target.get(&one, 10).unwrap(), b"0123456789");
    assert_eq!(target.get_range(&one, 3, 4).unwrap(), b"3456");
    assert_eq!(target.get_range(&one, 3, 0).unwrap(), b"");
    for wrong in [
        target.get(&one, 9),
        target.get_range(&one, 8, 3),
        target.get_range(&one, 10, 1),
        target.get_range(&one, u64::MAX, 3),
    ] {
        assert!(matches!(wrong, Err(TargetError::Length { .. })), "{wrong:?}");
    }
    let large = bytes(300_001);
    assert_eq!(target.put(&big, &large), Ok(Put::New));
    assert!(target.get(&big, 1 << 20).unwrap() == large);
    assert!(target.get_range(&big, 100_001, 150_000).unwrap() == large[100_001..250_001]);
    let empty = name(Shelf::Top, "empty.txt");
    assert_eq!(target.put(&empty, b""), Ok(Put::New));
    assert_eq!((target.get(&empty, 5), target.list(Shelf::Snapshots)), (Ok(vec![]), Ok(vec![])));
    // More than a page of them.
    let many: Vec<Name> = (0..8).map(|at| name(Shelf::Marks, &format!("m-{at}"))).collect();
    many.iter().for_each(|one| assert_eq!(target.put(one, one.file().as_bytes()), Ok(Put::New)));
    let mut listed = target.list(Shelf::Marks).unwrap();
    listed.sort_by(|one, other| one.name.cmp(&other.name));
    assert_eq!(listed, many.iter().map(|one| Listed { name: one.clone(), bytes: Some(3) }).collect::<Vec<_>>());
    assert_eq!(target.list(Shelf::Top).unwrap(), [Listed { name: empty.clone(), bytes: Some(0) }]);
    let at_once = std::thread::scope(|scope| {
        let one = |at: u64| (at, target.get_range(&big, at, 200_000).unwrap());
        let all: Vec<_> = (0..6).map(|at| scope.spawn(move || one(at))).collect();
        all.into_iter().map(|one| one.join().unwrap()).collect::<Vec<_>>()
    });
    assert!(at_once.iter().all(|(at, read)| *read == large[*at as usize..*at as usize + 200_000]));
    target.sync().unwrap();
    for gone in many.iter().chain([&one, &big, &empty]) {
        target.delete(gone).unwrap();
        target.delete(gone).unwrap();
    }
    assert!(matches!(target.get(&one, 10), Err(TargetError::Missing { .. })));
    assert_eq!((target.list(Shelf::Packs), target.list(Shelf::Marks)), (Ok(vec![]), Ok(vec![])));
    target.tidy().unwrap();
}

#[test]
fn a_folder_keeps_its_word() {
    let home = tempfile::tempdir().unwrap();
    keeps_its_word(&*open(home.path().join("new").to_str().unwrap()).unwrap());
}

#[test]
fn an_sftp_server_keeps_its_word() {
    let Some(server) = Sshd::start() else { return };
    let home = tempfile::tempdir().unwrap();
    let target = open(&server.place(&home.path().join("new"))).unwrap();
    keeps_its_word(&*target);
    assert!(target.free().is_some_and(|free| free > 1 << 20));
    // What an interrupted write of another program run left.
    std::fs::write(home.path().join("new/packs/.x.part"), "half").unwrap();
    assert_eq!(target.list(Shelf::Packs), Ok(vec![]));
    assert_eq!(target.put(&name(Shelf::Packs, "x"), b"whole"), Ok(Put::New));
    let part = format!("new/packs/.{}.part", "0a".repeat(32));
    std::fs::write(home.path().join(part), "half").unwrap();
    target.tidy().unwrap();
    let left: Vec<_> = std::fs::read_dir(home.path().join("new/packs")).unwrap().collect();
    assert_eq!(left.len(), 1);
}

#[test]
fn an_s3_server_keeps_its_word() {
    let Some(server) = S3::start() else { return };
    keeps_its_word(&*open(&server.place("contract/clinic/box")).unwrap());
    keeps_its_word(&*open(&server.place("contract")).unwrap());
    let ca_file = format!("&ca_file={}", server.authority());
    keeps_its_word(&*open(&server.place_over_tls("contract/tls", "localhost", &ca_file)).unwrap());
}

/// A file that is being written when the wire is cut is there whole, or not at all; and the next try, which the target makes
/// itself, ends it.
fn goes_on_after_a_cut(wire: &Wire, target: &dyn Target) {
    let large = bytes(2_500_000);
    for (at, cut) in [500, 40_000, 700_000, 1_300_000, 2_499_000, 2_520_000].into_iter().enumerate() {
        let before = wire.cuts.load(std::sync::atomic::Ordering::SeqCst);
        let file = name(Shelf::Packs, &format!("cut-{at}"));
        wire.cut_after(cut);
        assert_eq!(target.put(&file, &large), Ok(Put::New), "{cut}");
        wire.cut_after(u64::MAX);
        assert!(target.get(&file, 3 << 20).unwrap() == large, "{cut}");
        assert_eq!(target.list(Shelf::Packs).unwrap().len(), at + 1);
        let cuts = wire.cuts.load(std::sync::atomic::Ordering::SeqCst) - before;
        assert!(cuts == 1 || cut > large.len() as u64, "{cut}: {cuts}");
        // A question is asked again, too.
        wire.cut_after(20);
        assert!(target.get_range(&file, 1_000_000, 500).unwrap() == large[1_000_000..1_000_500], "{cut}");
    }
}

#[test]
fn a_connection_to_an_sftp_server_that_breaks_is_made_again_and_a_write_goes_on() {
    let Some(mut server) = Sshd::start() else { return };
    let home = tempfile::tempdir().unwrap();
    let wire = Wire::to(server.port);
    let target = open(&server.place_by(wire.port, home.path(), "user", "known")).unwrap();
    goes_on_after_a_cut(&wire, &*target);
    let left = std::fs::read_dir(home.path().join("packs")).unwrap();
    assert!(left.flatten().all(|file| !file.file_name().to_string_lossy().starts_with('.')));
    // The server goes away for good, and comes back.
    server.kill();
    let cut = target.put(&name(Shelf::Packs, "later"), b"x").unwrap_err();
    assert!(matches!(cut, TargetError::Cut { .. }), "{cut}");
    let gone = open(&server.place(home.path())).map(drop).unwrap_err();
    assert!(matches!(&gone, TargetError::Gone { why, .. } if why.contains("refused")), "{gone}");
    server.run();
    assert_eq!(target.put(&name(Shelf::Packs, "later"), b"x"), Ok(Put::New));
}

#[test]
fn a_connection_to_an_s3_server_that_breaks_is_made_again() {
    let Some(server) = S3::start() else { return };
    let wire = Wire::to(server.port);
    let target = open(&server.place_by(wire.port, "cut/box", "all")).unwrap();
    goes_on_after_a_cut(&wire, &*target);
    let nobody = open(&server.place_by(1, "cut/box", "all")).unwrap().list(Shelf::Packs).unwrap_err();
    assert!(matches!(&nobody, TargetError::Gone { why, .. } if why.contains("refused")), "{nobody}");
}

#[test]
fn what_keeps_an_sftp_server_from_taking_a_backup_is_said() {
    let Some(server) = Sshd::start() else { return };
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("box");
    let refused = |place: &str| open(place).map(drop).unwrap_err();
    let stranger = refused(&server.place_by(server.port, &folder, "stranger", "known"));
    assert!(matches!(stranger, TargetError::Refused { .. }), "{stranger}");
    let unknown = refused(&server.place_by(server.port, &folder, "user", "empty"));
    assert!(matches!(&unknown, TargetError::Stranger { why, .. } if why.contains("not in known_hosts")), "{unknown}");
    let changed = refused(&server.place_by(server.port, &folder, "user", "changed"));
    assert!(matches!(&changed, TargetError::Stranger { why, .. } if why.contains("another")), "{changed}");
    let no_key = refused(&server.place_by(server.port, &folder, "nothing", "known"));
    assert!(matches!(&no_key, TargetError::NotSetUp { why, .. } if why.contains("key_file")), "{no_key}");
    std::fs::write(server.file("no-key"), "words").unwrap();
    let unusable = refused(&server.place_by(server.port, &folder, "no-key", "known"));
    let said = unusable.to_string();
    assert!(matches!(unusable, TargetError::NotSetUp { .. } | TargetError::Refused { .. }), "{said}");
    assert!(said.lines().count() == 1 && !said.contains("debug"), "{said}");
    let no_parent = refused(&server.place(&folder.join("deeper")));
    assert!(matches!(no_parent, TargetError::Gone { .. }), "{no_parent}");
    std::fs::write(home.path().join("file"), "x").unwrap();
    let file = refused(&server.place(&home.path().join("file")));
    assert!(matches!(&file, TargetError::Gone { why, .. } if why.contains("no folder")), "{file}");
    assert!(!folder.exists());
    let place = Place::parse(&server.place(&folder)).unwrap();
    assert!(matches!(place.open(Missing::Refuse).map(drop), Err(TargetError::Gone { .. })) && !folder.exists());
}

#[test]
fn links_on_an_sftp_server_are_not_followed() {
    let Some(server) = Sshd::start() else { return };
    let (home, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    std::fs::write(outside.path().join("secret"), "not ours").unwrap();
    let target = open(&server.place(home.path())).unwrap();
    target.put(&name(Shelf::Packs, "one"), b"1").unwrap();
    symlink(outside.path().join("secret"), home.path().join("packs/two")).unwrap();
    let two = name(Shelf::Packs, "two");
    assert!(matches!(target.get(&two, 100), Err(TargetError::NotPlain { .. })));
    assert!(matches!(target.get_range(&two, 0, 1), Err(TargetError::NotPlain { .. })));
    assert_eq!(target.put(&two, b"x"), Ok(Put::There));
    assert_eq!(target.list(Shelf::Packs).unwrap().len(), 1);
    symlink(outside.path().join("secret"), home.path().join("packs/.three.part")).unwrap();
    assert_eq!(target.put(&name(Shelf::Packs, "three"), b"three"), Ok(Put::New));
    symlink(outside.path(), home.path().join("snapshots")).unwrap();
    let led_out = target.put(&name(Shelf::Snapshots, "x"), b"x");
    assert!(matches!(led_out, Err(TargetError::NotPlain { .. })), "{led_out:?}");
    assert!(matches!(target.list(Shelf::Snapshots), Err(TargetError::NotPlain { .. })));
    assert_eq!(std::fs::read(outside.path().join("secret")).unwrap(), b"not ours");
    assert!(!outside.path().join("x").exists());
}

#[test]
fn what_keeps_an_s3_server_from_taking_a_backup_is_said() {
    let Some(server) = S3::start() else { return };
    let put = |place: &str| open(place).and_then(|target| target.put(&name(Shelf::Packs, "x"), b"x")).unwrap_err();
    let stranger = put(&server.place_by(server.port, "wrong/box", "stranger"));
    assert!(matches!(stranger, TargetError::Refused { .. }), "{stranger}");
    let secret = put(&server.place_by(server.port, "wrong/box", "wrong-secret"));
    assert!(matches!(&secret, TargetError::Refused { why, .. } if why.contains("secret")), "{secret}");
    let reads = put(&server.place_by(server.port, "wrong/box", "reads"));
    assert!(matches!(reads, TargetError::Denied { .. }), "{reads}");
    let bucket = put(&server.place("no-such-bucket-here/box"));
    assert!(matches!(&bucket, TargetError::Gone { why, .. } if why.contains("bucket")), "{bucket}");
    let none = put(&server.place_by(server.port, "wrong/box", "nothing"));
    assert!(matches!(none, TargetError::NotSetUp { .. }), "{none}");
    let tls = put(&server.place("wrong/box").replace("http://", "https://"));
    assert!(matches!(tls, TargetError::Gone { .. }), "{tls}");
    for said in [stranger, secret, reads, bucket, none, tls] {
        let said = said.to_string();
        assert!(said.lines().count() == 1 && !said.contains("AKIA"), "{said}");
    }
    let target = open(&server.place_by(server.port, "wrong/box", "reads")).unwrap();
    assert_eq!(target.list(Shelf::Packs), Ok(vec![]));
    let bucket = open(&server.place("no-such-bucket-here/box")).unwrap();
    let listed = bucket.list(Shelf::Packs).unwrap_err();
    assert!(matches!(listed, TargetError::Gone { .. }), "{listed}");
    let got = bucket.get(&name(Shelf::Packs, "x"), 9).unwrap_err();
    assert!(matches!(got, TargetError::Gone { .. }), "{got}");
}

/// A disk in memory, taken away when dropped; `None` where nothing may be mounted, which takes root.
struct Disk(tempfile::TempDir);

impl Disk {
    fn of(bytes: u64) -> Option<Self> {
        let home = tempfile::tempdir().unwrap();
        let size = format!("size={bytes},mode=0700");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(home.path()).output();
        if mounted.is_ok_and(|done| done.status.success()) {
            return Some(Self(home));
        }
        eprintln!("not tried: this user may not mount a file system to fill up");
        None
    }

    fn remount(&self, how: &str) {
        let done = Command::new("mount").args(["-o", &format!("remount,{how}")]).arg(self.0.path()).status().unwrap();
        assert!(done.success(), "{how}");
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(self.0.path()).status();
    }
}

fn rows(from: u32, to: u32, seed: u8) -> Vec<(u32, Vec<u8>)> {
    // What does not compress takes the space that it seems to.
    (from..to).map(|at| (at, bytes(400).into_iter().map(|b| b ^ seed ^ (at as u8)).collect())).collect()
}

fn spec(place: &str) -> TargetSpec {
    TargetSpec { name: "away".into(), place: Place::parse(place).unwrap() }
}

fn removal(forget: &[&str]) -> Removal {
    let keep = Keep { hourly: 9, daily: 9, weekly: 9, monthly: 9, yearly: 9, zone: jiff::tz::TimeZone::UTC };
    Removal { keep, forget: forget.iter().map(ToString::to_string).collect(), how: How::Now }
}

/// Two snapshots, looked at, restored, one of them removed.
fn backs_up_and_restores(seed: u64, spec: &TargetSpec) {
    let made = TestBox::new(seed);
    let one = std::slice::from_ref(spec);
    let restored = |asked: &str| crate::backup::fixture::restored(&made.backups, spec, asked).unwrap();
    let stable = |all: crate::backup::fixture::Contents| -> Vec<_> {
        let test = crate::store::tables::TEST.number();
        all.into_iter().filter(|((table, _), _)| *table == test).collect()
    };
    let now = || stable(crate::backup::fixture::contents(&made.store.read().unwrap()));
    made.put(rows(0, 900, 1));
    made.backups.create(one, Wish::USUAL, &by(), &Unwatched).unwrap();
    let first = now();
    made.put(rows(100, 140, 9));
    made.clock.advance(std::time::Duration::from_secs(86_400));
    let second = made.backups.create(one, Wish::USUAL, &by(), &Unwatched).unwrap();
    let written = second.targets[0].result.as_ref().unwrap().bytes;
    assert!(written < 120_000, "{written}");
    assert!(stable(restored("1")) == first && stable(restored("latest")) == now());
    let checked = made.backups.verify(spec, Depth::All, &by(), &Unwatched).unwrap();
    assert_eq!((checked.faults, checked.good.len()), (vec![], 2));
    let drill = made.backups.drill(spec, "latest", &by(), &Unwatched).unwrap();
    assert!(drill.passed(), "{:?}", drill.faults);
    let pruned = made.backups.prune(spec, &removal(&["1"]), &by(), &Unwatched).unwrap();
    assert_eq!((pruned.forgotten.len(), pruned.held_back), (1, None));
    assert!(pruned.packs_removed > 0 || pruned.bytes_rewritten == 0);
    assert!(stable(restored("latest")) == now());
    // Another box's place stays another's.
    let other = TestBox::new(seed + 1);
    other.put(rows(0, 3, 1));
    let refused = other.backups.create(one, Wish::USUAL, &by(), &Unwatched).unwrap_err();
    assert!(matches!(refused, BackupError::OtherBox { .. }), "{refused}");
}

#[test]
fn a_box_is_backed_up_to_an_sftp_server_and_comes_back() {
    let Some(server) = Sshd::start() else { return };
    let home = tempfile::tempdir().unwrap();
    backs_up_and_restores(41, &spec(&server.place(&home.path().join("box"))));
}

#[test]
fn a_box_is_backed_up_to_an_s3_server_and_comes_back() {
    let Some(server) = S3::start() else { return };
    backs_up_and_restores(43, &spec(&server.place("whole/box")));
}

#[test]
fn a_backup_whose_server_is_killed_in_the_middle_goes_on_the_next_time() {
    let Some(mut server) = Sshd::start() else { return };
    let home = tempfile::tempdir().unwrap();
    let wire = Wire::to(server.port);
    let spec = spec(&server.place_by(wire.port, &home.path().join("box"), "user", "known"));
    let made = TestBox::new(45);
    made.put(rows(0, 300, 1));
    made.backups.create(std::slice::from_ref(&spec), Wish::USUAL, &by(), &Unwatched).unwrap();
    made.put(rows(0, 6000, 5));
    wire.cut_after(1_000_000);
    let (watched, server_at) = (wire.cuts.clone(), std::sync::Mutex::new(&mut server));
    let failed = std::thread::scope(|scope| {
        scope.spawn(|| {
            while watched.load(std::sync::atomic::Ordering::SeqCst) == 0 {
                std::thread::yield_now();
            }
            server_at.lock().unwrap().kill();
        });
        made.backups.create(std::slice::from_ref(&spec), Wish::USUAL, &by(), &Unwatched)
    });
    let failed = failed.map(drop).unwrap_err();
    assert!(matches!(failed, BackupError::Target(TargetError::Cut { .. })), "{failed}");
    server.run();
    let found = made.backups.verify(&spec, Depth::All, &by(), &Unwatched).unwrap();
    assert_eq!((found.faults, found.good.len()), (vec![], 1), "what was there before is whole");
    made.backups.create(std::slice::from_ref(&spec), Wish::USUAL, &by(), &Unwatched).unwrap();
    let found = made.backups.verify(&spec, Depth::All, &by(), &Unwatched).unwrap();
    assert_eq!((found.faults, found.good.len()), (vec![], 2));
}

/// A place on a disk that fills up, and is then one that can only be read: the first backup stays good throughout.
fn a_full_disk_loses_nothing(seed: u64, disk: &Disk, spec: &TargetSpec) {
    let made = TestBox::new(seed);
    let one = std::slice::from_ref(spec);
    let create = || made.backups.create(one, Wish::USUAL, &by(), &Unwatched).map(drop);
    let good = || {
        let found = made.backups.verify(spec, Depth::All, &by(), &Unwatched).unwrap();
        assert_eq!(found.faults, []);
        found.good.len()
    };
    made.put(rows(0, 500, 1));
    create().unwrap();
    made.put(rows(0, 6000, 7));
    let full = create().unwrap_err();
    assert!(matches!(full, BackupError::Target(TargetError::Full { .. })), "{full}");
    assert_eq!(good(), 1);
    let free = spec.open(Missing::Refuse).unwrap().free().unwrap();
    assert!(free > 300_000, "what could not be finished takes no space: {free}");
    disk.remount("size=64m");
    disk.remount("ro");
    let read_only = create().unwrap_err();
    assert!(matches!(read_only, BackupError::Target(TargetError::Denied { .. })), "{read_only}");
    assert_eq!(good(), 1);
    let told = made.backups.known().unwrap().remove(0).1;
    assert!(told.attempt.unwrap().error.unwrap().contains("does not take"));
    disk.remount("rw");
    create().unwrap();
    assert_eq!(good(), 2);
}

#[test]
fn a_folder_that_is_full_or_can_only_be_read_loses_nothing() {
    let Some(disk) = Disk::of(1 << 20) else { return };
    let folder: PathBuf = disk.0.path().join("box");
    a_full_disk_loses_nothing(47, &disk, &spec(folder.to_str().unwrap()));
}

#[test]
fn an_sftp_server_that_is_full_or_can_only_be_read_loses_nothing() {
    let (Some(server), Some(disk)) = (Sshd::start(), Disk::of(1 << 20)) else { return };
    a_full_disk_loses_nothing(49, &disk, &spec(&server.place(Path::new(&disk.0.path().join("box")))));
}

/// It claims all the space there is, and keeps half of each file.
#[test]
fn a_target_that_lies_gets_no_backup_that_is_called_good() {
    let made = TestBox::new(51);
    let (liar, spec) = crate::backup::fixture::inject("liar");
    made.put(rows(0, 300, 1));
    let create = || made.backups.create(std::slice::from_ref(&spec), Wish::USUAL, &by(), &Unwatched).map(drop);
    create().unwrap();
    made.put(rows(0, 300, 5));
    liar.shortens.store(true, std::sync::atomic::Ordering::SeqCst);
    let refused = create().unwrap_err();
    assert!(matches!(refused, BackupError::Target(TargetError::NotKept { .. })), "{refused}");
    assert_eq!(liar.list(Shelf::Snapshots).unwrap().len(), 1);
    let tried = made.backups.try_out(&spec, &by()).unwrap().error.unwrap();
    assert!(tried.contains("does not keep what is written"), "{tried}");
    // What it kept of the second is damage that nothing needs; the first is whole, and so is what comes when it is mended.
    liar.shortens.store(false, std::sync::atomic::Ordering::SeqCst);
    create().unwrap();
    let found = made.backups.verify(&spec, Depth::All, &by(), &Unwatched).unwrap();
    assert_eq!(found.good.len(), 2, "{:?}", found.faults);
}

/// Names that lead out of a repository, in everything that is read from one.
#[test]
fn a_name_that_climbs_is_nobodys() {
    let made = TestBox::new(53);
    made.put(rows(0, 30, 1));
    made.snapshot("one");
    let outside = made.path("outside");
    std::fs::write(&outside, "not ours").unwrap();
    // A mark, sealed by the box's own key, whose packs climb: pruning takes nothing away but what lies in the repository.
    let spec = made.spec("one");
    let (_, key) = made.backups.keyring().unwrap().all().map(|(id, key)| (id, key.clone())).next().unwrap();
    let text = r#"{"made":"2020-01-01T00:00:00Z","packs":["../outside","../../outside","/etc/hostname"]}"#;
    let sealed = key.seal(crate::crypto::backup::Part::Mark, text.as_bytes(), &made.ambient).unwrap();
    std::fs::create_dir_all(made.path("one/marks")).unwrap();
    std::fs::write(made.path("one/marks/20200101T000000Z-00000000"), sealed).unwrap();
    let pruned = made.backups.prune(&spec, &removal(&[]), &by(), &Unwatched).unwrap();
    assert_eq!((pruned.packs_removed, std::fs::read(&outside).unwrap()), (0, b"not ours".to_vec()));
    assert!(!made.path("one/marks/20200101T000000Z-00000000").exists());
    for asked in ["../../outside", "/etc/hostname", ".."] {
        let none = crate::backup::fixture::restored(&made.backups, &spec, asked).unwrap_err();
        assert!(matches!(none, BackupError::NoSnapshot { .. }), "{none}");
    }
}
