use super::rotation::{Step, carry_on_by};
use super::*;
use crate::app::config::Config;
use crate::app::{Making, Opened, Purpose, Recipe, Way, make};
use crate::audit::{Action, Event, VerifyInput};
use crate::base::{Ambient, Secret};
use crate::crypto::keyslots::SlotId;
use crate::crypto::{Fingerprint, Sheet};
use crate::http::keys::{KeysRefusal, SheetState};
use crate::identity::{AccountKind, By, FirstPassword, NewAccount};
use std::time::Duration;

const STEPS: [Step; 6] = [Step::Copy, Step::Entry, Step::Name, Step::Sync, Step::Slots, Step::Forget];

/// A box in a folder of its own, with a token that must go on.
struct Place {
    folder: Folder,
    sheet: Sheet,
    token: Secret<String>,
    signed_by: Fingerprint,
    _home: tempfile::TempDir,
}

fn by() -> By {
    By::system("test")
}

impl Place {
    async fn made(way: Way) -> Self {
        let home = tempfile::tempdir().unwrap();
        let making = Making::begin(&home.path().join("box"), Purpose::Clinic).unwrap();
        let folder = making.folder().clone();
        let recipe = Recipe { clinic: "Hill Street".into(), names: vec![], way, by: by(), config: Config::default() };
        let (made, making) = make(making, recipe).await.unwrap();
        making.finish().unwrap();
        let identity = &made.opened.identity;
        let service = NewAccount {
            user_name: "reader".into(),
            display_name: "Reader".into(),
            kind: AccountKind::Service,
            person: None,
            password: FirstPassword::None,
        };
        let account = identity.create_account(service, by()).await.unwrap();
        let scopes = crate::access::Scopes::for_new_token(&account, &["system/*.rs"]).unwrap();
        let (token, _) = identity.create_token(account.id, scopes, Duration::from_secs(3600), by()).await.unwrap();
        let event = Event::system("test", Action::Checkpoint);
        let _ = made.opened.audit.checkpoint(made.opened.signer(), event).await.unwrap();
        let signed_by = made.opened.signer().fingerprint();
        made.opened.close().await;
        Self { folder, sheet: made.sheet, token, signed_by, _home: home }
    }

    fn key(&self) -> Key {
        let slots = read_slots(&self.folder).unwrap();
        slots.unlock(&SlotKey::RecoverySheet(self.sheet.clone())).unwrap()
    }

    fn open(&self) -> Opened {
        Opened::open(self.folder.clone(), self.key(), Config::default()).unwrap()
    }

    async fn prepare(&self, without: &[u32]) {
        let opened = self.open();
        let keys = vec![SlotKey::RecoverySheet(self.sheet.clone())];
        let without = without.iter().copied().map(SlotId).collect();
        opened.keys.prepare_rotation(keys, without, by()).await.unwrap();
        opened.close().await;
    }

    /// Whatever happened, the box opens, and everything is in it.
    async fn is_whole(&self) -> u32 {
        let opened = self.open();
        let read = opened.store.read().unwrap();
        let (row, _) = opened.identity.token(&read, self.token.expose()).unwrap().expect("the token goes on");
        assert!(row.expires > opened.ambient.now());
        drop(read);
        assert_eq!(opened.settings.clinic, "Hill Street");
        let input = VerifyInput {
            pinned: vec![self.signed_by],
            own_key: Some(opened.signer().public()),
            ..VerifyInput::default()
        };
        let report = opened.audit.check(input, Event::system("test", Action::AuditVerify)).await.unwrap();
        assert!(report.is_whole(), "{report}");
        let epoch = opened.keys.slots().epoch();
        opened.close().await;
        epoch
    }

    fn files(&self) -> Vec<String> {
        let mut names: Vec<String> = std::fs::read_dir(self.folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.contains("next") || name.ends_with(".new"))
            .collect();
        names.sort();
        names
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.unwrap()
}

async fn carried_on(place: &Place) -> Carried {
    let (folder, key) = (place.folder.clone(), place.key());
    blocking(move || carry_on(&folder, &key, &mut |_| ())).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_changes_the_root_and_keeps_everything() {
    let place = Place::made(Way::KeyFile).await;
    let old_slots = std::fs::read_to_string(place.folder.keyslots()).unwrap();
    place.prepare(&[]).await;
    assert_eq!(place.is_whole().await, 1, "until the copy is made the old key opens");
    assert!(matches!(carried_on(&place).await, Carried::Done(_)));
    assert_eq!(place.is_whole().await, 2);
    assert!(matches!(carried_on(&place).await, Carried::Nothing));
    assert!(place.files().is_empty(), "{:?}", place.files());
    let opened = place.open();
    assert_ne!(opened.signer().fingerprint(), place.signed_by, "the log is signed by a new key");
    opened.close().await;
    // The key file opens it too, and what the old slots open does not.
    let ready = unlock_with_what_lies_ready(&place.folder, &read_slots(&place.folder).unwrap(), Kind::Real).unwrap();
    assert_eq!(ready.unwrap().unlocked.kind, SlotKind::KeyFile);
    let old = KeySlots::parse(&old_slots).unwrap().unlock(&SlotKey::RecoverySheet(place.sheet.clone())).unwrap();
    let options = crate::store::StoreOptions::throwaway();
    for epoch in [1, 2] {
        let wrong =
            crate::store::Store::open(&place.folder.store(), old.root.page_key(epoch), &options, &Ambient::system());
        assert!(matches!(wrong.map(drop), Err(crate::store::StoreError::WrongKey)));
    }
    // A second time, from there.
    place.prepare(&[2]).await;
    assert!(matches!(carried_on(&place).await, Carried::Done(_)));
    assert_eq!(place.is_whole().await, 3);
    let slots = read_slots(&place.folder).unwrap();
    assert!(!slots.current.has(SlotKind::KeyFile), "what was left behind does not come back");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_that_fails_at_any_step_loses_nothing_and_is_carried_on() {
    for (at, step) in STEPS.into_iter().enumerate() {
        let place = Place::made(Way::KeyFile).await;
        place.prepare(&[]).await;
        let (folder, key) = (place.folder.clone(), place.key());
        let failed = blocking(move || {
            carry_on_by(&folder, &key, &mut |_| (), &Ambient::system(), &mut |now| match now == step {
                true => Err(AppError::Wrong("on purpose".into())),
                false => Ok(()),
            })
        })
        .await;
        assert!(failed.is_err(), "{step:?}");
        // The name is given between the third step and the fourth.
        assert_eq!(place.is_whole().await, if at < 3 { 1 } else { 2 }, "{step:?}");
        let carried = carried_on(&place).await;
        assert_eq!(matches!(carried, Carried::Done(_)), at < 3, "{step:?}");
        assert_eq!(place.is_whole().await, 2, "{step:?}");
        assert!(place.files().is_empty(), "{step:?}: {:?}", place.files());
    }
}

/// The name of the variable by which the next test tells its child what to do: the step, the folder, the sheet.
const CHILD: &str = "CHARTBOX_TEST_KILLED_AT";

#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_that_is_killed_at_any_step_loses_nothing_and_is_carried_on() {
    if let Ok(told) = std::env::var(CHILD) {
        let [step, dir, words] = told.split('|').collect::<Vec<_>>()[..] else { panic!("{told}") };
        let folder = Folder::at(dir);
        let sheet = SlotKey::RecoverySheet(Sheet::read(words).unwrap());
        let key = read_slots(&folder).unwrap().unlock(&sheet).unwrap();
        let step = step.to_owned();
        let done = blocking(move || {
            carry_on_by(&folder, &key, &mut |_| (), &Ambient::system(), &mut |now| {
                if format!("{now:?}") == step {
                    std::process::abort();
                }
                Ok(())
            })
        });
        panic!("it should have been killed: {:?}", done.await.map(drop));
    }
    for (at, step) in STEPS.into_iter().enumerate() {
        let place = Place::made(Way::KeyFile).await;
        place.prepare(&[]).await;
        // Half of a copy, as a kill while copying leaves it.
        std::fs::write(place.folder.path().join("chartbox.next.redb.new"), vec![7; 100_000]).unwrap();
        let told = format!("{step:?}|{}|{}", place.folder.path().display(), place.sheet.words().concat().join(" "));
        let test = "app::keys::tests::a_rotation_that_is_killed_at_any_step_loses_nothing_and_is_carried_on";
        let child = std::process::Command::new(std::env::current_exe().unwrap())
            .args([test, "--exact"])
            .env(CHILD, told)
            .output()
            .unwrap();
        assert!(child.status.code().is_none(), "{step:?}: {}", String::from_utf8_lossy(&child.stderr));
        assert_eq!(place.is_whole().await, if at < 3 { 1 } else { 2 }, "{step:?}");
        let carried = carried_on(&place).await;
        assert_eq!(matches!(carried, Carried::Done(_)), at < 3, "{step:?}");
        assert_eq!(place.is_whole().await, 2, "{step:?}");
        assert!(place.files().is_empty(), "{step:?}: {:?}", place.files());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_waits_for_a_key_that_remains_and_can_be_called_off() {
    let place = Place::made(Way::KeyFile).await;
    place.prepare(&[2]).await;
    let slots = read_slots(&place.folder).unwrap();
    let left = unlock_with_what_lies_ready(&place.folder, &slots, Kind::Real).unwrap().unwrap();
    let folder = place.folder.clone();
    let carried = blocking(move || carry_on(&folder, &left, &mut |_| ())).await.unwrap();
    assert!(matches!(carried, Carried::OtherKey));
    let opened = place.open();
    let refused = opened.keys.new_sheet(OldSheets::Keep, by()).await.unwrap_err();
    assert!(matches!(refused, KeysRefusal::Rotating), "{refused}");
    opened.keys.cancel_rotation(by()).await.unwrap();
    assert!(matches!(opened.keys.cancel_rotation(by()).await, Err(KeysRefusal::NotRotating)));
    opened.close().await;
    assert!(matches!(carried_on(&place).await, Carried::Nothing));
    assert_eq!(place.is_whole().await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_damaged_file_of_slots_is_mended_and_two_are_one_clear_sentence() {
    let place = Place::made(Way::KeyFile).await;
    let (first, second) = (place.folder.keyslots(), place.folder.keyslots_copy());
    let whole = std::fs::read(&first).unwrap();
    for (damaged, helped) in [(&first, true), (&second, false)] {
        for bytes in [&whole[..100], b"", &[0xff; 50][..]] {
            std::fs::write(damaged, bytes).unwrap();
            assert_eq!(read_slots(&place.folder).unwrap().helped.is_some(), helped);
            place.open().close().await;
            assert_eq!(
                (std::fs::read(&first).unwrap(), std::fs::read(&second).unwrap()),
                (whole.clone(), whole.clone())
            );
        }
    }
    std::fs::remove_file(&first).unwrap();
    place.open().close().await;
    assert_eq!(std::fs::read(&first).unwrap(), whole);
    std::fs::write(&first, &whole[..100]).unwrap();
    std::fs::write(&second, b"nothing").unwrap();
    let error = read_slots(&place.folder).unwrap_err();
    assert_eq!(error.exit_code(), 3);
    let said = error.to_string();
    assert!(said.contains("and its second copy cannot be used") && said.contains("newest backup"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sheet_is_asked_back_and_only_then_takes_the_place_of_the_old_one() {
    let place = Place::made(Way::KeyFile).await;
    let opened = place.open();
    let keys = &opened.keys;
    // Only a sheet that nobody has proved stands behind the machine.
    let machine = SlotKey::Credential(KeyMaterial::generate(&opened.ambient));
    let refused = keys.add(machine.clone(), None, by()).await.unwrap_err();
    assert!(matches!(refused, KeysRefusal::SheetUnproven));
    assert!(matches!(keys.remove(SlotId(2), by()).await, Err(KeysRefusal::SheetUnproven)), "the key file");

    let made = keys.new_sheet(OldSheets::Replace, by()).await.unwrap();
    assert_eq!((made.id, made.asked.len()), (SlotId(3), 4));
    let mut words: Vec<zeroize::Zeroizing<String>> = made
        .asked
        .iter()
        .map(|asked| made.sheet.word(usize::from(asked.row) - 1, usize::from(asked.word) - 1).to_owned().into())
        .collect();
    let right = words.clone();
    words[1] = "acorns".to_owned().into();
    match keys.confirm(made.id, words, by()).await {
        Err(KeysRefusal::WrongWords(wrong)) => assert_eq!(wrong, [made.asked[1]]),
        other => panic!("{other:?}"),
    }
    assert!(keys.slots().unlock(&SlotKey::RecoverySheet(place.sheet.clone())).is_ok(), "the old one still opens");
    let called = || tokio::time::timeout(Duration::from_millis(50), keys.changed());
    called().await.expect("a new sheet is a new way in");
    assert_eq!(keys.confirm(made.id, right, by()).await.unwrap(), [SlotId(1)]);
    called().await.expect("the backups until now open by the old sheet only");
    called().await.expect_err("once for each change");
    assert!(keys.slots().unlock(&SlotKey::RecoverySheet(place.sheet.clone())).is_err());
    let facts = keys.facts().unwrap();
    assert!(matches!(facts.slots.last().unwrap().sheet, Some(SheetState::Kept { .. })));
    assert!(facts.unproven_sheet().is_none());

    let slot = keys.add(machine, Some(crate::crypto::Seal::HostKey), by()).await.unwrap();
    assert_eq!(keys.remove(SlotId(2), by()).await.unwrap(), SlotKind::KeyFile);
    assert!(!place.folder.key_file().exists());
    assert_eq!(keys.facts().unwrap().protection, crate::crypto::Protection::HostKey);
    assert!(matches!(keys.remove(made.id, by()).await, Err(KeysRefusal::Slot(SlotError::LastForPerson))));
    let passphrase = SlotKey::Passphrase(Secret::new("walnut gravel teapot onyx".into()));
    keys.add(passphrase, None, by()).await.unwrap();
    keys.remove(made.id, by()).await.unwrap();
    keys.remove(slot, by()).await.unwrap();
    assert_eq!(keys.facts().unwrap().protection, crate::crypto::Protection::Typed);
    opened.close().await;
    let written = read_slots(&place.folder).unwrap().current;
    assert_eq!(written.list().map(|slot| slot.kind).collect::<Vec<_>>(), [SlotKind::Passphrase]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_the_slots_that_is_written_by_half_is_none_and_is_asked_for_again() {
    let place = Place::made(Way::KeyFile).await;
    let opened = place.open();
    let made = opened.keys.new_sheet(OldSheets::Replace, by()).await.unwrap();
    let (first, second) = (place.folder.keyslots(), place.folder.keyslots_copy());
    let before = std::fs::read(&first).unwrap();
    // The first file cannot be written any more, and its copy can.
    let in_the_way = place.folder.path().join("keyslots.toml.new");
    std::fs::create_dir(&in_the_way).unwrap();
    opened.keys.confirm_whole(made.sheet.clone(), by()).await.unwrap_err();
    assert!(std::fs::read(&first).unwrap() == before && std::fs::read(&second).unwrap() == before);
    assert_eq!(opened.keys.facts().unwrap().unproven_sheet().map(|(slot, _)| slot), Some(made.id));
    std::fs::remove_dir(&in_the_way).unwrap();
    let (_, replaced) = opened.keys.confirm_whole(made.sheet.clone(), by()).await.unwrap();
    assert_eq!(replaced, [SlotId(1)], "the old sheet is not forgotten");
    // Nor is what was known of a slot that could not be removed, or made.
    let passphrase = || SlotKey::Passphrase(Secret::new("walnut gravel teapot onyx".into()));
    opened.keys.add(passphrase(), None, by()).await.unwrap();
    std::fs::create_dir(&in_the_way).unwrap();
    opened.keys.remove(made.id, by()).await.unwrap_err();
    let of_sheet = |opened: &Opened| opened.keys.facts().unwrap().slots.into_iter().find(|slot| slot.id == made.id);
    assert!(matches!(of_sheet(&opened).unwrap().sheet, Some(SheetState::Kept { .. })));
    let machine = SlotKey::Credential(KeyMaterial::generate(&opened.ambient));
    opened.keys.add(machine, Some(crate::crypto::Seal::HostKey), by()).await.unwrap_err();
    std::fs::remove_dir(&in_the_way).unwrap();
    let next = opened.keys.add(SlotKey::Credential(KeyMaterial::generate(&opened.ambient)), None, by()).await.unwrap();
    let facts = opened.keys.facts().unwrap();
    assert_eq!(facts.slots.iter().find(|slot| slot.id == next).unwrap().seal, None, "the seal of another");
    opened.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_that_could_not_be_begun_or_was_overtaken_is_never_carried_out() {
    let place = Place::made(Way::KeyFile).await;
    let opened = place.open();
    // The second of its files cannot be written, and the first can.
    let in_the_way = place.folder.path().join("keyslots.next.toml.new");
    std::fs::create_dir(&in_the_way).unwrap();
    let sheet = || vec![SlotKey::RecoverySheet(place.sheet.clone())];
    opened.keys.prepare_rotation(sheet(), vec![], by()).await.unwrap_err();
    assert!(!place.folder.next_keyslots_copy().exists() && !place.folder.next_keyslots().exists());
    assert!(matches!(opened.keys.cancel_rotation(by()).await, Err(KeysRefusal::NotRotating)));
    std::fs::remove_dir(&in_the_way).unwrap();
    opened.keys.prepare_rotation(sheet(), vec![], by()).await.unwrap();
    let next = std::fs::read(place.folder.next_keyslots()).unwrap();
    opened.keys.cancel_rotation(by()).await.unwrap();
    let made = opened.keys.new_sheet(OldSheets::Replace, by()).await.unwrap();
    opened.keys.confirm_whole(made.sheet.clone(), by()).await.unwrap();
    opened.close().await;
    // A disk that gives back what was removed must not undo what was done since.
    std::fs::write(place.folder.next_keyslots(), next).unwrap();
    let slots = read_slots(&place.folder).unwrap();
    assert!(slots.next.is_none());
    assert!(slots.unlock(&SlotKey::RecoverySheet(made.sheet)).is_ok());
    assert!(slots.unlock(&SlotKey::RecoverySheet(place.sheet.clone())).is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sheet_that_opens_the_box_is_known_to_be_kept() {
    let place = Place::made(Way::KeyFile).await;
    let kept = |opened: &Opened| {
        let facts = opened.keys.facts().unwrap();
        let kept = facts.slots.into_iter().filter(|slot| matches!(slot.sheet, Some(SheetState::Kept { .. })));
        kept.map(|slot| slot.id.0).collect::<Vec<_>>()
    };
    let slots = read_slots(&place.folder).unwrap();
    let by_file = unlock_with_what_lies_ready(&place.folder, &slots, Kind::Real).unwrap().unwrap();
    let opened = Opened::open(place.folder.clone(), by_file, Config::default()).unwrap();
    opened.sheet_was_shown().await;
    assert!(kept(&opened).is_empty(), "nobody typed it");
    opened.close().await;
    let opened = place.open();
    opened.sheet_was_shown().await;
    assert_eq!(kept(&opened), [1]);
    opened.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_sheet_proves_it_too_and_a_strange_one_does_not() {
    let place = Place::made(Way::SheetOnly).await;
    let opened = place.open();
    let strange = Sheet::generate(&opened.ambient);
    let refused = opened.keys.confirm_whole(strange, by()).await.unwrap_err();
    assert!(matches!(refused, KeysRefusal::Slot(SlotError::Wrong { .. })));
    let (slot, replaced) = opened.keys.confirm_whole(place.sheet.clone(), by()).await.unwrap();
    assert_eq!((slot, replaced.len()), (SlotId(1), 0));
    opened.close().await;
}

#[test]
fn a_file_of_text_is_read_as_editors_write_it() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("secret");
    let text = "wälnut gravel teapot onyx";
    let wide = |units: fn(u16) -> [u8; 2]| {
        text.encode_utf16().chain("\r\nmore".encode_utf16()).flat_map(units).collect::<Vec<u8>>()
    };
    let plain = format!("{text}\nmore").into_bytes();
    let little = [&[0xFF, 0xFE][..], &wide(u16::to_le_bytes)].concat();
    let big = [&[0xFE, 0xFF][..], &wide(u16::to_be_bytes)].concat();
    for bytes in [plain.clone(), [&[0xEF, 0xBB, 0xBF][..], &plain].concat(), little.clone(), big] {
        std::fs::write(&path, &bytes).unwrap();
        assert_eq!(passphrase_from(&path).unwrap().expose(), text, "{:?}", &bytes[..4]);
    }
    for wrong in [&little[..little.len() - 1], &[0xFF, 0xFE, 0x00, 0xD8], &[0x80]] {
        std::fs::write(&path, wrong).unwrap();
        assert!(passphrase_from(&path).unwrap_err().to_string().contains("is no file of text"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_the_root_key_that_does_not_fit_is_not_begun_and_says_how_to_stay_with_the_old() {
    use crate::store::DiskSpace;
    let place = Place::made(Way::KeyFile).await;
    let opened = place.open();
    let mut stats = opened.store.stats();
    stats.disk = Some(DiskSpace { free: stats.file_bytes + (65 << 20), total: u64::MAX });
    rotation::room_for(&stats, "").unwrap();
    stats.disk = Some(DiskSpace { free: stats.file_bytes + (63 << 20), total: u64::MAX });
    let said = rotation::room_for(&stats, "run this again").unwrap_err().to_string();
    assert!(said.contains("Free some space, then run this again."), "{said}");
    opened.close().await;
}
