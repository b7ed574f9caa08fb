//! What is wrong with a data folder is one sentence and the right exit code, and is left as it was.

use std::path::Path;

use crate::process::{Place, printed, refused};

/// Refused by a command and by the start alike: the exit code, and the sentence.
#[track_caller]
fn one_sentence(dir: &str) -> (i32, String) {
    let listen = ["--clinic-listen", "127.0.0.1:0", "--welcome-listen", "off", "--ops-listen", "off"];
    let (code, said) = refused(&["status", "--dir", dir]);
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.starts_with("chartbox: ") && said.trim_end().ends_with('.'), "{said}");
    let (code_of_serve, said_by_serve) = refused(&[&["serve", "--dir", dir], &listen[..]].concat());
    assert_eq!((code_of_serve, said_by_serve.lines().count()), (code, 1), "{said_by_serve}");
    (code, said)
}

fn changed(path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = std::fs::read(path).unwrap();
    change(&mut bytes);
    std::fs::write(path, bytes).unwrap();
}

#[test]
fn a_cut_or_flipped_store_is_refused_with_the_exit_code_of_damage_and_opens_again_when_put_back() {
    let place = Place::made(&[]);
    let path = place.dir.join("chartbox.redb");
    let whole = std::fs::read(&path).unwrap();
    let flip = |bytes: &mut Vec<u8>| bytes.iter_mut().skip(4096).for_each(|byte| *byte ^= 0x5a);
    for cut in [0, 100, 9000, whole.len() / 2, whole.len() - 1] {
        changed(&path, |bytes| bytes.truncate(cut));
        let (code, said) = one_sentence(place.dir());
        assert!(code == 3 && said.contains("backup"), "cut at {cut}: {code} {said}");
        assert_eq!(std::fs::metadata(&path).unwrap().len(), cut as u64, "it is left as it was");
        std::fs::write(&path, &whole).unwrap();
    }
    changed(&path, flip);
    let (code, said) = one_sentence(place.dir());
    assert!(code == 3 && said.contains("backup"), "{code} {said}");
    changed(&path, flip);
    printed(&["audit", "verify", "--dir", place.dir()]);
}

#[test]
fn the_key_of_another_box_is_refused_with_the_exit_code_of_a_locked_one() {
    let (place, other) = (Place::made(&[]), Place::made(&[]));
    let own = std::fs::read(place.dir.join("box.key")).unwrap();
    std::fs::copy(other.dir.join("box.key"), place.dir.join("box.key")).unwrap();
    let (code, said) = one_sentence(place.dir());
    assert!(code == 4 && said.contains("the key does not open the box"), "{code} {said}");
    // The slots of another box fit its key, and not this store.
    std::fs::write(place.dir.join("box.key"), &own).unwrap();
    for name in ["keyslots.toml", "keyslots.copy.toml", "box.key"] {
        std::fs::copy(other.dir.join(name), place.dir.join(name)).unwrap();
    }
    let (code, said) = one_sentence(place.dir());
    assert!(code == 4 && said.contains("does not open the store"), "{code} {said}");
}

#[test]
fn a_data_folder_that_cannot_be_read_is_named_with_what_to_do() {
    let place = Place::made(&[]);
    let note = place.home().join("note");
    std::fs::write(&note, "x").unwrap();
    let (code, said) = one_sentence(note.to_str().unwrap());
    assert!(code == 1 && said.contains("cannot be read"), "{said}");

    for name in ["keyslots.toml", "keyslots.copy.toml"] {
        std::fs::remove_file(place.dir.join(name)).unwrap();
        std::fs::create_dir(place.dir.join(name)).unwrap();
    }
    let (code, said) = one_sentence(place.dir());
    assert!(code == 1 && said.contains("keyslots") && said.contains("this user may use it"), "{said}");

    // Another user's box. Only root can make one here.
    let place = Place::made(&[]);
    if std::os::unix::fs::chown(&place.dir, Some(4711), None).is_ok() {
        let (code, said) = one_sentence(place.dir());
        assert!(code == 1 && said.contains("belongs to another user (uid 4711)"), "{said}");
    }
}
