use super::*;
use crate::base::{ManualClock, SeededRandom};

fn ambient(seed: u64) -> Ambient {
    Ambient::new(ManualClock::at("2026-03-03T09:00:00.25Z".parse().unwrap()), SeededRandom::new(seed))
}

fn store() -> StoreId {
    StoreId::from_bytes([7; 16])
}

fn passphrase(text: &str) -> SlotKey {
    SlotKey::Passphrase(Secret::new(text.into()))
}

const GOOD: &str = "walnut gravel teapot onyx";

struct Box {
    root: Root,
    sheet: SlotKey,
    slots: KeySlots,
    ambient: Ambient,
}

/// A box with a sheet in slot 1: the cheap kind, so that tests do not pay for Argon2.
fn a_box() -> Box {
    let ambient = ambient(1);
    let root = Root::generate(&ambient);
    let sheet = SlotKey::RecoverySheet(Sheet::generate(&ambient));
    let slots = KeySlots::create(&root, store(), 1, &sheet, &ambient).unwrap();
    Box { root, sheet, slots, ambient }
}

fn same(one: &Root, two: &Root) -> bool {
    one.expose() == two.expose()
}

#[test]
fn every_kind_opens_its_own_slot_after_a_round_trip_through_text() {
    let Box { root, sheet, mut slots, ambient } = a_box();
    let material = || KeyMaterial::generate(&ambient);
    let keys = [
        sheet,
        passphrase(GOOD),
        SlotKey::Credential(material()),
        SlotKey::KeyFile(material()),
        SlotKey::RecoverySheet(Sheet::generate(&ambient)),
    ];
    for (at, key) in keys.iter().enumerate().skip(1) {
        assert_eq!(slots.add(&root, key, &ambient).unwrap(), SlotId(u32::try_from(at).unwrap() + 1));
    }
    let read = KeySlots::parse(&slots.to_text().unwrap()).unwrap();
    assert_eq!((read.store(), read.epoch()), (store(), 1));
    assert!(read.list().eq(slots.list()));
    for (at, key) in keys.iter().enumerate() {
        let opened = read.unlock(key).unwrap();
        assert!(same(&opened.root, &root));
        assert_eq!((opened.slot.0 as usize, opened.kind), (at + 1, key.kind()));
    }
}

/// A changed form locks every box out: this document is always opened.
#[test]
fn a_document_of_version_1_is_always_read() {
    let text = include_str!("golden-v1.toml");
    let slots = KeySlots::parse(text).unwrap();
    assert_eq!(slots.to_text().unwrap(), text);
    let opened = slots.unlock(&passphrase(GOOD)).unwrap();
    let by_sheet = slots.unlock(&a_box().sheet).unwrap();
    assert!(same(&opened.root, &by_sheet.root) && same(&opened.root, &a_box().root));
}

#[test]
fn what_does_not_fit_is_refused_in_plain_words() {
    let Box { sheet, slots, ambient, .. } = a_box();
    let other = SlotKey::RecoverySheet(Sheet::generate(&ambient));
    assert_eq!(slots.unlock(&other).unwrap_err(), SlotError::Wrong { kind: SlotKind::RecoverySheet });
    let none = slots.unlock(&passphrase(GOOD)).unwrap_err();
    assert_eq!(none.to_string(), "this box has no passphrase to open it with; it has: recovery sheet");
    assert!(slots.unlock(&sheet).is_ok());
}

#[test]
fn the_same_secret_opens_no_slot_of_another_kind() {
    let Box { root, mut slots, ambient, .. } = a_box();
    let material = KeyMaterial::generate(&ambient);
    slots.add(&root, &SlotKey::Credential(material.clone()), &ambient).unwrap();
    let text = slots.to_text().unwrap().replace("\"credential\"", "\"key-file\"");
    let forged = KeySlots::parse(&text).unwrap();
    let error = forged.unlock(&SlotKey::KeyFile(material)).unwrap_err();
    assert_eq!(error, SlotError::Wrong { kind: SlotKind::KeyFile });
}

#[test]
fn every_change_of_the_document_is_found() {
    let Box { root, sheet, mut slots, ambient } = a_box();
    slots.add(&root, &SlotKey::Credential(KeyMaterial::generate(&ambient)), &ambient).unwrap();
    let text = slots.to_text().unwrap();
    let mut kinds = std::collections::BTreeSet::new();
    for at in text.find("version").unwrap()..text.len() {
        let mut bytes = text.clone().into_bytes();
        bytes[at] = match bytes[at] {
            b'0'..=b'8' | b'a'..=b'y' | b'A'..=b'Y' => bytes[at] + 1,
            _ => continue,
        };
        let changed = String::from_utf8(bytes).unwrap();
        let error = KeySlots::parse(&changed).and_then(|slots| slots.unlock(&sheet)).unwrap_err();
        kinds.insert(std::mem::discriminant(&error) == std::mem::discriminant(&SlotError::Changed));
    }
    assert_eq!(kinds.len(), 2, "some changes are seen while reading, some only by the MAC");
    // A slot cut off whole.
    let cut = &text[..text.rfind("[[slot]]").unwrap()];
    assert_eq!(KeySlots::parse(cut).unwrap().unlock(&sheet).unwrap_err(), SlotError::Changed);
}

#[test]
fn a_slot_of_another_box_is_refused() {
    let Box { sheet, slots, .. } = a_box();
    let moved = slots.to_text().unwrap().replace(&store().to_string(), &StoreId::from_bytes([8; 16]).to_string());
    let error = KeySlots::parse(&moved).unwrap().unlock(&sheet).unwrap_err();
    assert_eq!(error, SlotError::Wrong { kind: SlotKind::RecoverySheet });
}

#[test]
fn changing_slots_takes_the_right_root_and_an_unchanged_document() {
    let Box { root, mut slots, ambient, .. } = a_box();
    let key = SlotKey::KeyFile(KeyMaterial::generate(&ambient));
    assert_eq!(slots.add(&Root::generate(&ambient), &key, &ambient), Err(SlotError::Changed));
    let mut forged = KeySlots::parse(&slots.to_text().unwrap().replace("next-slot = 2", "next-slot = 9")).unwrap();
    assert_eq!(forged.add(&root, &key, &ambient), Err(SlotError::Changed));
    assert_eq!(forged.remove(&root, SlotId(1)), Err(SlotError::Changed));
}

#[test]
fn a_person_can_always_open_the_box() {
    let Box { root, mut slots, ambient, .. } = a_box();
    let machine = SlotKey::Credential(KeyMaterial::generate(&ambient));
    let alone = KeySlots::create(&root, store(), 1, &machine, &ambient).unwrap_err();
    assert_eq!(alone, SlotError::NeedsPerson { kind: SlotKind::Credential });
    slots.add(&root, &machine, &ambient).unwrap();
    assert_eq!(slots.remove(&root, SlotId(1)), Err(SlotError::LastForPerson));
    let second = slots.add(&root, &SlotKey::RecoverySheet(Sheet::generate(&ambient)), &ambient).unwrap();
    assert_eq!(slots.remove(&root, SlotId(1)), Ok(SlotKind::RecoverySheet));
    assert_eq!(slots.remove(&root, SlotId(1)), Err(SlotError::NoSuchSlot { id: SlotId(1) }));
    assert_eq!(slots.remove(&root, second), Err(SlotError::LastForPerson));
    let third = slots.add(&root, &SlotKey::RecoverySheet(Sheet::generate(&ambient)), &ambient).unwrap();
    assert!(third > second, "an id is never used twice");
}

#[test]
fn a_rotation_keeps_each_slot_whose_key_was_given_and_leaves_the_rest_behind() {
    let Box { root, sheet, mut slots, ambient } = a_box();
    let (machine, other) =
        (SlotKey::KeyFile(KeyMaterial::generate(&ambient)), SlotKey::RecoverySheet(Sheet::generate(&ambient)));
    slots.add(&root, &machine, &ambient).unwrap();
    slots.add(&root, &other, &ambient).unwrap();
    let new = Root::generate(&ambient);
    let rotate = |keys: &[&SlotKey], without: &[u32]| {
        let keys: Vec<SlotKey> = keys.iter().map(|key| (*key).clone()).collect();
        let without: Vec<SlotId> = without.iter().copied().map(SlotId).collect();
        slots.rotated(&root, &new, &keys, &without, &ambient)
    };
    let not_given = |id, kind| SlotError::NotGiven { id: SlotId(id), kind };
    assert_eq!(rotate(&[&sheet, &machine], &[]).unwrap_err(), not_given(3, SlotKind::RecoverySheet));
    assert_eq!(rotate(&[&sheet, &other], &[]).unwrap_err(), not_given(2, SlotKind::KeyFile));
    assert_eq!(rotate(&[&machine], &[1, 3]).unwrap_err(), SlotError::LastForPerson);
    assert_eq!(rotate(&[&sheet], &[2, 3, 9]).unwrap_err(), SlotError::NoSuchSlot { id: SlotId(9) });
    let stranger = SlotKey::RecoverySheet(Sheet::generate(&ambient));
    let strange = rotate(&[&sheet, &machine, &other, &stranger], &[]).unwrap_err();
    assert_eq!(strange, SlotError::FitsNone { kind: SlotKind::RecoverySheet });
    // Whose slot is left behind is told so, unless nobody could open the box without it.
    let left = rotate(&[&sheet, &machine, &other], &[3]).unwrap_err();
    assert_eq!(left, SlotError::LeftBehind { id: SlotId(3), kind: SlotKind::RecoverySheet });
    assert_eq!(rotate(&[&sheet, &machine, &other], &[1, 3]).unwrap_err(), SlotError::LastForPerson);
    let wrong_root = slots.rotated(&new, &new, std::slice::from_ref(&sheet), &[], &ambient);
    assert_eq!(wrong_root.unwrap_err(), SlotError::Changed);

    let rotated = rotate(&[&sheet, &machine], &[3]).unwrap();
    let read = KeySlots::parse(&rotated.to_text().unwrap()).unwrap();
    assert_eq!((read.epoch(), read.store()), (2, slots.store()));
    assert!(read.list().eq(slots.list().filter(|slot| slot.id.0 != 3)), "numbers and dates stay");
    for key in [&sheet, &machine] {
        assert!(same(&read.unlock(key).unwrap().root, &new));
    }
    assert_eq!(read.unlock(&other).unwrap_err(), SlotError::Wrong { kind: SlotKind::RecoverySheet });
    assert!(same(&slots.unlock(&other).unwrap().root, &root), "what it opened before, it opens still");
}

#[test]
fn a_demo_never_passes_for_a_real_box() {
    let ambient = ambient(2);
    let (root, material) = (Root::generate(&ambient), KeyMaterial::generate(&ambient));
    let demo = SlotKey::Demo(material.clone());
    assert_eq!(KeySlots::create(&root, store(), 1, &demo, &ambient).unwrap_err(), SlotError::IsDemo);
    let mut slots = KeySlots::create_demo(&root, store(), 1, &material, &ambient).unwrap();
    let sheet = SlotKey::RecoverySheet(Sheet::generate(&ambient));
    slots.add(&root, &sheet, &ambient).unwrap();
    for key in [&demo, &sheet] {
        assert_eq!(slots.unlock(key).unwrap_err(), SlotError::IsDemo);
        assert!(same(&slots.unlock_demo(key).unwrap().root, &root));
    }
    assert_eq!(slots.remove(&root, SlotId(1)), Err(SlotError::IsDemo));
    let Box { root, sheet, slots: mut real, .. } = a_box();
    assert_eq!(real.add(&root, &demo, &ambient), Err(SlotError::IsDemo));
    assert_eq!(real.unlock(&demo).unwrap_err(), SlotError::IsDemo);
    assert_eq!(real.unlock_demo(&sheet).unwrap_err(), SlotError::IsNotDemo);
}

#[test]
fn a_weak_passphrase_is_refused_and_slots_are_bounded() {
    let Box { root, mut slots, ambient, .. } = a_box();
    assert_eq!(slots.add(&root, &passphrase("chartbox1"), &ambient), Err(SlotError::Weak(WeakPassword::TooShort)));
    assert_eq!(
        slots.add(&root, &passphrase("chartboxchartbox"), &ambient),
        Err(SlotError::Weak(WeakPassword::AboutYou))
    );
    for _ in 1..document::MOST_SLOTS {
        slots.add(&root, &SlotKey::KeyFile(KeyMaterial::generate(&ambient)), &ambient).unwrap();
    }
    let one_more = SlotKey::KeyFile(KeyMaterial::generate(&ambient));
    assert_eq!(slots.add(&root, &one_more, &ambient), Err(SlotError::TooMany));
}

#[test]
fn what_cannot_be_read_says_why() {
    let text = a_box().slots.to_text().unwrap();
    let newer = format!("{}\nnew-thing = 1", text.replace("version = 1", "version = 2").split("[[").next().unwrap());
    assert_eq!(KeySlots::parse(&newer).unwrap_err(), SlotError::Newer { found: 2 });
    let huge = "x".repeat(100_000);
    let cases = [
        ("", "it is empty"),
        (" \n", "it is empty"),
        ("nonsense", "="),
        (&text.replace("version = 1", "version = 0"), "version"),
        (&text.replace("epoch", "epochs"), "epochs"),
        (&text.replace("recovery-sheet", "tattoo"), "kind"),
        (&text.replace("id = 1", "id = 4"), "order"),
        (&text.replace("wrapped = \"", "wrapped = \"AAAA"), "wrapped"),
        (&text.replace("id = 1", "id = 1\nmemory-kib = 1\npasses = 1"), "cost"),
        (&text.replace("recovery-sheet", "passphrase"), "cost"),
        (&text.replace("recovery-sheet\"", "passphrase\"\nmemory-kib = 4000000\npasses = 3"), "bounds"),
        (huge.as_str(), "long"),
    ];
    for (bad, word) in cases {
        match KeySlots::parse(bad) {
            Err(error @ SlotError::Unreadable { .. }) => {
                assert!(error.to_string().contains(word), "{error} should say {word}");
            }
            other => panic!("{word}: {other:?}"),
        }
    }
}
