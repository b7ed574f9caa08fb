//! The demo box: invented patients, one account per role, and the file that says how to sign in.
//!
//! The encryption, the access log and the rules are the real ones; only the key lies beside the store, in a kind
//! of slot that `serve` refuses.

use std::path::PathBuf;

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::error::AppError;
use super::folder::{Folder, Mode};
use super::keys;
use super::make::{Recipe, Way, make};
use super::making::{self, Making};
use super::opened::Opened;
use super::run::Running;
use crate::access::Actor;
use crate::audit::{Action, Detail, Event, Purpose};
use crate::base::{FhirId, ResourceRef, Role};
use crate::care::note::phrases;
use crate::care::workflow::Doing;
use crate::care::{demo, emergency, formulary};
use crate::fhir::{Mode as Checks, ResourceType};
use crate::identity::{AccountKind, By, FirstPassword, NewAccount};
use crate::record::{Change, Channel, Condition, Records, Transaction, Why};

/// What a demo is made of.
#[derive(Debug, Clone)]
pub struct DemoRecipe {
    pub patients: usize,
    pub seed: u64,
}

/// `demo.json`: how to reach the box and who can sign in. Stable; tests and people rely on it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DemoFile {
    pub clinic: Option<String>,
    pub portal: Option<String>,
    pub welcome: Option<String>,
    pub ops: Option<String>,
    /// The certificate authority, as a PEM file.
    pub ca: PathBuf,
    /// The fingerprint of the key that signs the access log.
    pub audit_key: String,
    pub accounts: Vec<DemoAccount>,
}

/// One account of the demo.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DemoAccount {
    pub role: String,
    pub user: String,
    pub password: String,
    /// The secret of a second factor; none is set up.
    pub totp: Option<String>,
    /// The patient that the account is, or acts for.
    pub patient: Option<FhirId>,
}

impl DemoFile {
    /// Where it lies.
    pub fn path(folder: &Folder) -> PathBuf {
        folder.path().join("demo.json")
    }

    /// Reads the file of a demo that was made before. `None` where there is none, or one that was not finished: it is
    /// made, or made anew.
    pub fn read(folder: &Folder) -> Result<Option<Self>, AppError> {
        let path = Self::path(folder);
        let here = folder.path().display();
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(AppError::file(&path, "read")(error));
            }
            Err(_) if making::is_unfinished(folder) || !folder.has_box() => return Ok(None),
            Err(_) if keys::read_slots(folder).is_ok_and(|slots| !slots.current.is_demo()) => {
                return Err(AppError::Wrong(format!(
                    "{here} holds a clinic's box, not a demo, and nothing was changed. Name another folder with --dir."
                )));
            }
            Err(_) => {
                return Err(AppError::Wrong(format!(
                    "the demo in {here} has no demo.json, so nobody knows its passwords. Name another folder with \
                     --dir, or delete this one."
                )));
            }
        };
        if making::is_unfinished(folder) {
            // Killed after its file was written: it is whole.
            making::finished(folder)?;
        }
        serde_json::from_str(&text).map(Some).map_err(|_| {
            AppError::Wrong(format!("{} is damaged. Make the demo anew in another folder.", path.display()))
        })
    }

    /// Writes where the running demo answers.
    pub fn write(&mut self, folder: &Folder, running: &Running) -> Result<(), AppError> {
        // A demo that was restored lies in another folder.
        self.ca = folder.authority_certificate();
        (self.clinic, self.portal) = (running.clinic.clone(), running.portal.clone());
        (self.welcome, self.ops) = (running.welcome.clone(), running.ops.clone());
        let text = serde_json::to_string_pretty(self).map_err(|error| AppError::Wrong(error.to_string()))?;
        folder.replace(&Self::path(folder), text.as_bytes(), Mode::Private)
    }
}

/// Makes a demo box. `progress` hears how many patients are in.
pub async fn make_demo(
    making: Making,
    config: super::config::Config,
    recipe: DemoRecipe,
    sheet_text: impl FnOnce(&Opened, &crate::crypto::Sheet) -> String,
    progress: impl Fn(usize) + Send + Sync,
) -> Result<(Opened, DemoFile, Making), AppError> {
    let folder = making.folder().clone();
    let by = By::system("demo");
    let names = Recipe { clinic: demo::CLINIC_NAME.to_owned(), names: vec![], way: Way::Demo, by: by.clone(), config };
    let (made, making) = make(making, names).await?;
    let sheet = sheet_text(&made.opened, &made.sheet);
    folder.replace(&folder.path().join("recovery-sheet.txt"), sheet.as_bytes(), Mode::Private)?;
    let opened = made.opened;
    tokio::task::block_in_place(|| fill(&opened, &recipe, &progress))?;
    load_formulary(&opened).await?;
    let accounts = accounts(&opened, &recipe, &by).await?;
    waiting(&opened, &recipe).await?;
    let file = DemoFile {
        ca: folder.authority_certificate(),
        audit_key: opened.signer().fingerprint().to_string(),
        accounts,
        ..DemoFile::default()
    };
    Ok((opened, file, making))
}

/// Generates and stores all patients, on every core, in the order of their numbers per worker.
fn fill(opened: &Opened, recipe: &DemoRecipe, progress: &(impl Fn(usize) + Send + Sync)) -> Result<(), AppError> {
    let made = opened.ambient.now();
    let day = made.to_zoned(opened.config.house.time_zone.get()).date();
    let began = day.to_zoned(TimeZone::UTC).map_or(made, |midnight| midnight.timestamp());
    let now = demo::Now { day, minute: (made.as_second() - began.as_second()) / 60 };
    store(&opened.records, demo::clinic(recipe.seed, now))?;
    let workers = std::thread::available_parallelism().map_or(2, std::num::NonZero::get) * 2;
    let done = std::sync::atomic::AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..workers)
            .map(|worker| {
                let done = &done;
                scope.spawn(move || {
                    for index in (worker..recipe.patients).step_by(workers) {
                        store(&opened.records, demo::patient(recipe.seed, index as u64, now))?;
                        progress(done.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1);
                    }
                    Ok(())
                })
            })
            .collect();
        threads.into_iter().try_for_each(|thread| {
            thread.join().unwrap_or_else(|_| Err(AppError::Wrong("the invented patients could not be made".into())))
        })
    })
}

/// The demo's medicines, and rules that say of themselves that they are invented.
async fn load_formulary(opened: &Opened) -> Result<(), AppError> {
    let wrong = |error: &dyn std::fmt::Display| AppError::Wrong(format!("the demo's formulary: {error}"));
    let text = demo::FORMULARY.as_bytes();
    let read = formulary::read(text, &formulary::Limits::default()).map_err(|error| wrong(&error))?;
    let event = Event::system("demo", Action::Command);
    formulary::keep(&opened.audit, &read, text, event).await.map_err(|error| wrong(&error))
}

fn store(records: &Records, resources: Vec<serde_json::Value>) -> Result<(), AppError> {
    let why =
        Why { action: Action::Import, purpose: Purpose::SysAdmin, detail: Detail::none(), channel: Channel::Screen };
    let changes: Result<Vec<Change>, AppError> = resources
        .into_iter()
        .map(|value| {
            let kind = value.get("resourceType").and_then(serde_json::Value::as_str).and_then(ResourceType::parse);
            let id = value.get("id").and_then(serde_json::Value::as_str).and_then(|id| FhirId::parse(id).ok());
            let (Some(kind), Some(id)) = (kind, id) else {
                return Err(AppError::Wrong("an invented resource has no type or id".into()));
            };
            Change::put(kind, id, value, Condition::None, Checks::Strict).map_err(AppError::from)
        })
        .collect();
    records.change_all_blocking(&Actor::system("demo"), why, changes?, Transaction::IMPORT)?;
    Ok(())
}

async fn accounts(opened: &Opened, recipe: &DemoRecipe, by: &By) -> Result<Vec<DemoAccount>, AppError> {
    let cast = demo::cast(recipe.seed).ok_or_else(|| AppError::Wrong("the demo has no cast".into()))?;
    let reference = |kind: &str, id: &FhirId| ResourceRef::new(kind, id).ok();
    let mut made = Vec::new();
    for role in Role::ALL {
        let (name, person, patient) = match role {
            Role::Patient if recipe.patients > 0 => {
                ("Halina Brandvold", reference("Patient", &cast.patient), Some(cast.patient.clone()))
            }
            Role::Proxy if recipe.patients > 1 => {
                ("Proxy", reference("RelatedPerson", &cast.proxy), Some(cast.child.clone()))
            }
            Role::Patient | Role::Proxy => continue,
            Role::Clinician => ("Dr R Adeyemi-Strand", reference("Practitioner", &cast.clinician), None),
            Role::Nurse => ("Lena Corvin", reference("Practitioner", &cast.nurse), None),
            Role::Reception => ("Milo Tessaro", None, None),
            Role::HealthAdmin => ("Johanna Pryce-Quill", None, None),
            Role::Operator => ("Abel Rondo", None, None),
        };
        let display_name = match &person {
            Some(person) => called(&opened.records, person).await?.unwrap_or_else(|| name.to_owned()),
            None => name.to_owned(),
        };
        let password = opened.identity.generate_password();
        let account = NewAccount {
            user_name: role.name().to_owned(),
            display_name,
            kind: AccountKind::Person(role),
            person,
            password: FirstPassword::Own(password.clone()),
        };
        opened.identity.create_account(account, by.clone()).await?;
        made.push(DemoAccount {
            role: role.name().to_owned(),
            user: role.name().to_owned(),
            password: password.expose().clone(),
            totp: None,
            patient,
        });
    }
    Ok(made)
}

/// What the accounts have left to do: an emergency that nobody has judged, and the clinic's phrases for notes.
async fn waiting(opened: &Opened, recipe: &DemoRecipe) -> Result<(), AppError> {
    let phrases = demo::phrases();
    opened
        .store
        .write(move |tx| {
            phrases.iter().try_for_each(|(name, phrase)| phrases::put(tx, phrases::CLINIC, name, phrase).map(drop))
        })
        .await?;
    let (Some(nurse), Some(cast)) = (opened.identity.account_by_name("nurse")?, demo::cast(recipe.seed)) else {
        return Ok(());
    };
    if recipe.patients > 1 {
        let why = Why {
            action: Action::Import,
            purpose: Purpose::SysAdmin,
            detail: Detail::none(),
            channel: Channel::Screen,
        };
        let doing = Doing { records: &opened.records, actor: &Actor::system("demo"), why, once: None };
        let reason = "Brought in with a severe attack of asthma, his mother not reachable";
        emergency::invent(doing, nurse.id, &cast.child, reason)
            .await
            .map_err(|error| AppError::Wrong(error.to_string()))?;
    }
    Ok(())
}

/// The name of an invented person, for their account.
async fn called(records: &Records, person: &ResourceRef) -> Result<Option<String>, AppError> {
    let Some(kind) = ResourceType::parse(person.type_name()) else { return Ok(None) };
    let why =
        Why { action: Action::Read, purpose: Purpose::SysAdmin, detail: Detail::none(), channel: Channel::Screen };
    let found = records.disclose(&Actor::system("demo"), why, |reading| reading.read(kind, &person.id())).await?;
    let value: serde_json::Value = found.value();
    let name = value.pointer("/name/0");
    let texts = |part: &str| {
        let all = name.and_then(|name| name.get(part)).and_then(serde_json::Value::as_array);
        all.into_iter().flatten().filter_map(serde_json::Value::as_str)
    };
    let family = name.and_then(|name| name.get("family")).and_then(serde_json::Value::as_str);
    // As the record of the demo names its staff: "Dr R Adeyemi-Strand".
    let titled = texts("prefix").next().is_some();
    let given = texts("given").map(|name| if titled { name.chars().take(1).collect() } else { name.to_owned() });
    let parts: Vec<String> = texts("prefix").map(str::to_owned).chain(given).chain(family.map(str::to_owned)).collect();
    Ok((!parts.is_empty()).then(|| parts.join(" ")))
}
