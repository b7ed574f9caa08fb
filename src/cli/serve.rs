//! `chartbox serve`

use clap::Args;

use super::place::Place;
use super::{Failure, Out};
use crate::app::config::{Address, Config};
use crate::app::{self, Kind, logging};

#[derive(Debug, Args)]
pub(super) struct Serve {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    listen: Listens,
}

/// Addresses given as flags: they win over the configuration's.
#[derive(Debug, Clone, Default, Args)]
pub struct Listens {
    /// Where staff, patients on the clinic's network and FHIR clients connect (HTTPS).
    #[arg(long, value_name = "ADDRESS")]
    clinic_listen: Option<Address>,
    /// Where patients connect from outside (HTTPS), or "off".
    #[arg(long, value_name = "ADDRESS")]
    portal_listen: Option<Address>,
    /// Where devices learn to trust the box (HTTP), or "off".
    #[arg(long, value_name = "ADDRESS")]
    welcome_listen: Option<Address>,
    /// Metrics and health, or "off".
    #[arg(long, value_name = "ADDRESS")]
    ops_listen: Option<Address>,
}

impl Listens {
    pub fn apply(&self, config: &mut Config) {
        let listen = &mut config.listen;
        for (flag, key) in [
            (self.clinic_listen, &mut listen.clinic),
            (self.portal_listen, &mut listen.portal),
            (self.welcome_listen, &mut listen.welcome),
            (self.ops_listen, &mut listen.ops),
        ] {
            if let Some(flag) = flag {
                *key = flag;
            }
        }
    }
}

impl Serve {
    pub(super) fn run(self, _: &mut Out) -> Result<(), Failure> {
        let mut config = self.place.config()?;
        self.listen.apply(&mut config);
        logging::start(config.log.level.into());
        let folder = self.place.folder(&config);
        let ready = |running: &app::Running| {
            for (listener, url) in [
                ("clinic", &running.clinic),
                ("portal", &running.portal),
                ("welcome", &running.welcome),
                ("ops", &running.ops),
            ] {
                if let Some(url) = url {
                    tracing::info!(target: "box", listener, url, "answers");
                }
            }
            Ok(())
        };
        Ok(runtime()?.block_on(app::run(folder, config, Kind::Real, ready))?)
    }
}

/// The runtime that a running box has.
pub fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(|e| Failure::Failed(e.into()))
}
