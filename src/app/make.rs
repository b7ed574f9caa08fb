//! Making a box: its keys, its store, its certificate authority. What `init` and `demo` share.

use super::authority::{AUTHORITY, Authority, THE_AUTHORITY, wrong};
use super::config::Config;
use super::error::AppError;
use super::folder::{Folder, Mode};
use super::keys::{self, Key, Slots};
use super::making::Making;
use super::opened::{Opened, store_options};
use super::settings::{Purpose, SETTINGS, Settings, THE_SETTINGS};
use crate::audit::{Action, Audit, AuditError};
use crate::base::{Ambient, Secret};
use crate::crypto::keyslots::{KeySlots, SlotId, SlotKey, SlotKind, Unlocked};
use crate::crypto::{KeyMaterial, MacKey, Root, Sheet};
use crate::discovery::BoxName;
use crate::identity::By;
use crate::store::Store;
use crate::tls::{Ca, HostName, Names};

/// How a box opens after a restart, besides with its recovery sheet.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Way {
    /// A file beside the store: it opens by itself, and so does a stolen disk.
    KeyFile,
    /// Somebody types it after each start.
    Passphrase(Secret<String>),
    /// Nothing but the recovery sheet.
    SheetOnly,
    /// A demo's own key.
    Demo,
}

/// What a new box is to be.
#[derive(Debug, Clone)]
pub struct Recipe {
    /// The clinic's name, 1 to 200 characters.
    pub clinic: String,
    /// Names besides its own.
    pub names: Vec<HostName>,
    pub way: Way,
    /// Who makes it, for the first entry of the access log.
    pub by: By,
    pub config: Config,
}

/// A new box, open, and the sheet that is printed once.
pub struct Made {
    pub opened: Opened,
    pub sheet: Sheet,
}

/// The first epoch of a store's pages.
const FIRST_EPOCH: u32 = 1;

/// Makes a box. It is unfinished until whoever makes it has been told its recovery sheet. When this fails it takes
/// away what it had made.
pub async fn make(making: Making, recipe: Recipe) -> Result<(Made, Making), AppError> {
    match begin(making.folder(), recipe).await {
        Ok(made) => Ok((made, making)),
        Err(error) => {
            making.abandon();
            Err(error)
        }
    }
}

async fn begin(folder: &Folder, recipe: Recipe) -> Result<Made, AppError> {
    let ambient = Ambient::system();
    let clinic = recipe.clinic.trim().to_owned();
    if !(1..=200).contains(&clinic.chars().count()) || clinic.chars().any(char::is_control) {
        return Err(AppError::Wrong("the clinic's name has 1 to 200 characters, and no line breaks".into()));
    }
    let demo = matches!(recipe.way, Way::Demo);
    let box_name = BoxName::choose(&ambient);
    let settings = Settings {
        clinic,
        box_name,
        names: recipe.names.iter().map(ToString::to_string).collect(),
        purpose: if demo { Purpose::Demo } else { Purpose::Clinic },
        made: ambient.now(),
    };
    let names = if demo {
        Names::Demo
    } else {
        Names::Box { local: HostName::parse(&settings.local_name()).map_err(wrong)?, others: recipe.names }
    };
    let (ca, ca_key) = Ca::create(&names, &ambient).map_err(wrong)?;
    let authority = Authority::new(ca, ca_key);

    let root = Root::generate(&ambient);
    let page_key = root.page_key(FIRST_EPOCH);
    let store = Store::create(&folder.store(), page_key, &store_options(demo), &ambient)?;
    let sheet = Sheet::generate(&ambient);
    let slots = slots(folder, &root, &store, &sheet, &recipe.way, &ambient)?;
    let kind = SlotKind::RecoverySheet;
    let paper = slots.list().find(|slot| slot.kind == kind).map_or(SlotId(1), |slot| slot.id);
    let printed = (sheet.clone(), paper, root.token_key());
    first_rows(&store, &ambient, settings, &authority, printed, recipe.by).await?;
    authority.issue(folder, &ambient)?;
    // The slots last: a folder with slots is a whole box.
    keys::write_slots(folder, &slots)?;
    let slot = slots.list().next().map_or(SlotId(1), |slot| slot.id);
    let unlocked = Unlocked { root, slot, kind: if demo { SlotKind::Demo } else { SlotKind::RecoverySheet } };
    let key = Key { slots: Slots { current: slots, next: None, helped: None }, unlocked, next: None };
    let opened = Opened::over(store, folder.clone(), key, recipe.config, ambient)?;
    folder.give_to_owner()?;
    Ok(Made { opened, sheet })
}

fn slots(
    folder: &Folder,
    root: &Root,
    store: &Store,
    sheet: &Sheet,
    way: &Way,
    ambient: &Ambient,
) -> Result<KeySlots, AppError> {
    let paper = SlotKey::RecoverySheet(sheet.clone());
    if matches!(way, Way::Demo) {
        let key = KeyMaterial::generate(ambient);
        let mut slots = KeySlots::create_demo(root, store.id(), FIRST_EPOCH, &key, ambient).map_err(AppError::Key)?;
        slots.add(root, &paper, ambient).map_err(AppError::Key)?;
        folder.replace(&folder.demo_key(), key.text().expose().as_bytes(), Mode::Private)?;
        return Ok(slots);
    }
    let mut slots = KeySlots::create(root, store.id(), FIRST_EPOCH, &paper, ambient).map_err(AppError::Key)?;
    match way {
        Way::KeyFile => {
            let key = KeyMaterial::generate(ambient);
            slots.add(root, &SlotKey::KeyFile(key.clone()), ambient).map_err(AppError::Key)?;
            folder.replace(&folder.key_file(), key.text().expose().as_bytes(), Mode::Private)?;
        }
        Way::Passphrase(passphrase) => {
            slots.add(root, &SlotKey::Passphrase(passphrase.clone()), ambient).map_err(AppError::Key)?;
        }
        Way::SheetOnly | Way::Demo => {}
    }
    Ok(slots)
}

/// What stands in every store from the start, with the first entry of its access log.
async fn first_rows(
    store: &Store,
    ambient: &Ambient,
    settings: Settings,
    authority: &Authority,
    (sheet, slot, words): (Sheet, SlotId, MacKey),
    by: By,
) -> Result<(), AppError> {
    let audit = Audit::new(store.clone(), ambient.clone());
    let (row, chance) = (authority.row(), ambient.clone());
    let event = crate::audit::Event::new(by.actor, Action::Init, crate::audit::Purpose::SysAdmin);
    let ((), _) = audit
        .write(move |tx| {
            tx.put(&SETTINGS, &THE_SETTINGS, &settings)?;
            tx.put(&AUTHORITY, &THE_AUTHORITY, &row)?;
            keys::first_sheet(tx, &sheet, slot, &words, &chance)?;
            tx.append(event)?;
            Ok::<_, AuditError>(())
        })
        .await?;
    Ok(())
}
