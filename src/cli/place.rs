//! Which box a command means, and how it reaches it: the running one, or by opening the store.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use serde_json::Value;
use tokio::sync::mpsc;

use super::order::{Caller, Order, Talk};
use super::{Failure, control};
use crate::app::config::{Config, DEFAULT_FILE};
use crate::app::{self, AppError, Folder, Kind};
use crate::crypto::{Sheet, SlotKey};

/// The flags that say which box.
#[derive(Debug, Clone, Default, Args)]
pub struct Place {
    /// The box's data folder [default: what the configuration says, or /var/lib/chartbox].
    #[arg(long, value_name = "DIR", global = true)]
    dir: Option<PathBuf>,
    /// The configuration [default: /etc/chartbox/config.toml, if there is one].
    #[arg(long, value_name = "FILE", global = true)]
    config: Option<PathBuf>,
}

impl Place {
    pub fn at(dir: Option<PathBuf>, config: Option<PathBuf>) -> Self {
        Self { dir, config }
    }

    /// The configuration: the file that was named, or the usual one if it is there, or a demo's own.
    pub fn config(&self) -> Result<Config, AppError> {
        if let Some(file) = &self.config {
            return Ok(Config::load(file)?);
        }
        let own = self.dir.as_ref().map(|dir| Folder::at(dir).config()).filter(|file| file.exists());
        let file = own.or_else(|| Some(PathBuf::from(DEFAULT_FILE)).filter(|file| file.exists()));
        Ok(file.map(|file| Config::load(&file)).transpose()?.unwrap_or_default())
    }

    /// The data folder.
    pub fn folder(&self, config: &Config) -> Folder {
        Folder::at(self.dir.as_ref().unwrap_or(&config.house.data_dir))
    }
}

/// The flags that say with which key a command opens a box that does not run.
#[derive(Debug, Clone, Default, Args)]
pub struct Reach {
    #[command(flatten)]
    pub place: Place,
    /// A file with the passphrase, for a box that does not run and has no other key ready.
    #[arg(long, value_name = "FILE", global = true)]
    passphrase_file: Option<PathBuf>,
    /// A file with the recovery sheet's words, or "-" for standard input.
    #[arg(long, value_name = "FILE", global = true)]
    sheet: Option<PathBuf>,
}

/// Who carried out an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ran {
    /// The running box.
    Box,
    /// This process, on a box that does not run.
    Here,
}

impl Reach {
    /// Has an order carried out.
    pub fn order(&self, order: Order) -> Result<Value, Failure> {
        self.order_and_where(order).map(|(answer, _)| answer)
    }

    /// [`Reach::order`], and who carried it out.
    pub fn order_and_where(&self, order: Order) -> Result<(Value, Ran), Failure> {
        self.run(order, &mut std::iter::empty(), &mut |_| Ok(()))
    }

    /// The data folder that is meant.
    pub fn folder(&self) -> Result<Folder, Failure> {
        let config = self.place.config()?;
        Ok(self.place.folder(&config))
    }

    /// The keys that were given, if any: the passphrase, the sheet.
    pub fn given(&self) -> Result<Vec<SlotKey>, Failure> {
        let mut given = Vec::new();
        if let Some(file) = &self.passphrase_file {
            given.push(SlotKey::Passphrase(app::keys::passphrase_from(file)?));
        }
        if let Some(file) = &self.sheet {
            given.push(SlotKey::RecoverySheet(sheet_from(file)?));
        }
        Ok(given)
    }

    /// Has an order carried out that answers in parts, or to which things are sent along.
    pub fn long_order(
        &self,
        order: Order,
        pieces: control::Pieces<'_>,
        item: &mut (dyn FnMut(Value) -> Result<(), Failure> + Send),
    ) -> Result<Value, Failure> {
        self.run(order, pieces, item).map(|(answer, _)| answer)
    }

    fn run(
        &self,
        order: Order,
        pieces: control::Pieces<'_>,
        item: &mut (dyn FnMut(Value) -> Result<(), Failure> + Send),
    ) -> Result<(Value, Ran), Failure> {
        let config = self.place.config()?;
        let folder = self.place.folder(&config);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .map_err(anyhow::Error::from)?;
        runtime.block_on(async {
            if let Some(answer) = control::ask(&folder.control_socket(), &order, pieces, item).await? {
                return Ok((answer, Ran::Box));
            }
            let opened = Arc::new(self.open(config, folder)?);
            let answer = carry_out(&opened, order, pieces, item).await;
            opened.close().await;
            answer.map(|answer| (answer, Ran::Here))
        })
    }

    /// The key that was given with the flags.
    pub fn key(&self) -> Result<Option<SlotKey>, Failure> {
        Ok(self.given()?.into_iter().next())
    }

    /// Opens the store in this process.
    fn open(&self, config: Config, folder: Folder) -> Result<app::Opened, Failure> {
        app::refuse_unfinished(&folder)?;
        let slots = app::keys::read_slots(&folder)?;
        if let Some(said) = slots.helped {
            super::out::complain(said);
        }
        folder.check_owner()?;
        // With several, whichever there is a slot for: a rotation takes them all, and one opens.
        let given = self.given()?;
        let fits = given.iter().find(|key| slots.current.has(key.kind())).or(given.first());
        let key = match fits {
            Some(key) if slots.current.is_demo() => slots.unlock_demo(key).map_err(AppError::Key)?,
            Some(key) => slots.unlock(key).map_err(AppError::Key)?,
            None => app::keys::unlock_with_what_lies_ready(&folder, &slots, Kind::Either)?.ok_or_else(|| {
                AppError::Locked { dir: folder.path().to_owned(), why: app::keys::why_locked(&slots.current) }
            })?,
        };
        Ok(app::Opened::open(folder, key, config)?)
    }
}

async fn carry_out(
    opened: &app::Opened,
    order: Order,
    pieces: control::Pieces<'_>,
    item: &mut (dyn FnMut(Value) -> Result<(), Failure> + Send),
) -> Result<Value, Failure> {
    let (say, mut said) = mpsc::channel(16);
    let (heard, hear) = mpsc::channel(16);
    let feeding = async {
        for piece in pieces {
            if heard.send(piece?).await.is_err() {
                break;
            }
        }
        drop(heard);
        Ok::<_, Failure>(())
    };
    let working = async { order.carry_out(opened, Caller::this_process(), Talk { say, hear }).await };
    let hearing = async {
        while let Some(value) = said.recv().await {
            item(value)?;
        }
        Ok(())
    };
    let (answer, (), ()) = tokio::try_join!(working, feeding, hearing)?;
    Ok(answer)
}

/// A recovery sheet from a file, or from standard input by "-".
pub fn sheet_from(file: &std::path::Path) -> Result<Sheet, Failure> {
    let text = if file.as_os_str() == "-" {
        let mut bytes = zeroize::Zeroizing::new(Vec::new());
        std::io::Read::read_to_end(&mut std::io::stdin(), &mut bytes).map_err(anyhow::Error::from)?;
        app::keys::text_in(&bytes).ok_or_else(|| Failure::failed("standard input is no text"))?
    } else {
        app::keys::text_of(file)?
    };
    Sheet::read(text.expose()).map_err(|error| Failure::failed(error.to_string()))
}
