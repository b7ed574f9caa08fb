//! `chartbox demo`

use std::path::PathBuf;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use super::place::Place;
use super::{Failure, Listens, Out, recovery_sheet, runtime, whole};
use crate::app::config::{Address, Config};
use crate::app::demo::{DemoFile, DemoRecipe, make_demo};
use crate::app::{self, AppError, Folder, Kind, Making, Purpose, logging};

/// A throwaway box: invented patients, one account per role. A folder that holds one already is opened again.
#[derive(Debug, Args)]
pub(super) struct Demo {
    /// Its folder [default: chartbox-demo in the present folder].
    #[arg(long, value_name = "DIR", default_value = "chartbox-demo")]
    dir: PathBuf,
    /// How many patients. 0 makes the clinic and its accounts only.
    #[arg(long, value_name = "N", default_value_t = 40, allow_negative_numbers = true, value_parser = whole::<usize>(0..=1_000_000))]
    patients: usize,
    /// The same number makes the same patients.
    #[arg(long, value_name = "N", default_value_t = 1, allow_negative_numbers = true, value_parser = whole::<u64>(0..=u64::MAX))]
    seed: u64,
    #[command(flatten)]
    listen: Listens,
}

impl Demo {
    pub(super) fn run(self, out: &mut Out) -> Result<(), Failure> {
        let folder = Folder::at(&self.dir);
        let old = DemoFile::read(&folder)?;
        let mut config = Place::at(Some(self.dir.clone()), None).config()?;
        demo_addresses(&mut config, old.as_ref());
        self.listen.apply(&mut config);
        logging::start(config.log.level.into());
        runtime()?.block_on(async {
            match old {
                Some(mut file) => {
                    let ready = |running: &app::Running| tell(out, &mut file, &folder, None, running);
                    Ok(app::run(folder.clone(), config, Kind::Demo, ready).await?)
                }
                None => {
                    // Before minutes of work: an address that is taken is said at once, and leaves nothing behind.
                    let sockets = app::Sockets::open(&config)?;
                    let making = Making::begin(&self.dir, Purpose::Demo)?;
                    if making.is_anew() {
                        tracing::info!(target: "demo", "a demo that was not finished is made anew");
                    }
                    let bar = bar(self.patients);
                    let recipe = DemoRecipe { patients: self.patients, seed: self.seed };
                    let progress = |done| bar.set_position(done as u64);
                    let (opened, mut file, making) =
                        make_demo(making, config, recipe, recovery_sheet, progress).await?;
                    bar.finish_and_clear();
                    let ready = |running: &app::Running| tell(out, &mut file, &folder, Some(making), running);
                    Ok(app::run_opened(opened, sockets, ready).await?)
                }
            }
        })
    }
}

/// The addresses of the last time, else the usual ones of a demo: on this machine only.
fn demo_addresses(config: &mut Config, old: Option<&DemoFile>) {
    let listen = &mut config.listen;
    let pairs = [
        (&mut listen.clinic, old.and_then(|old| old.clinic.as_deref()), 8443),
        (&mut listen.portal, old.and_then(|old| old.portal.as_deref()), 8444),
        (&mut listen.welcome, old.and_then(|old| old.welcome.as_deref()), 8080),
        (&mut listen.ops, old.and_then(|old| old.ops.as_deref()), 9464),
    ];
    for (key, url, usual) in pairs {
        let port = url.and_then(|url| url.rsplit(':').next()?.parse().ok()).unwrap_or(usual);
        *key = match (old, url) {
            (Some(_), None) => Address::OFF,
            _ => Address(Some(std::net::SocketAddr::from(([127, 0, 0, 1], port)))),
        };
    }
}

fn bar(patients: usize) -> ProgressBar {
    let bar = ProgressBar::new(patients as u64);
    let style = ProgressStyle::with_template("inventing patients {bar:32} {pos}/{len} {eta}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}

fn tell(
    out: &mut Out,
    file: &mut DemoFile,
    folder: &Folder,
    making: Option<Making>,
    running: &app::Running,
) -> Result<(), AppError> {
    file.write(folder, running)?;
    making.map(Making::finish).transpose()?;
    let fingerprint = running.opened.as_ref().map(|opened| opened.authority.ca.fingerprint().to_string());
    print(out, file, folder, fingerprint.as_deref()).map_err(|failure| AppError::Wrong(failure.to_string()))
}

fn print(out: &mut Out, file: &DemoFile, folder: &Folder, fingerprint: Option<&str>) -> Result<(), Failure> {
    out.line(
        "Chartbox demo. Nothing here is protected: the key lies beside the store, and these passwords are shown.",
    )?;
    out.line("")?;
    for (what, url) in [
        ("Clinic", &file.clinic),
        ("Portal for patients", &file.portal),
        ("How to trust this box", &file.welcome),
        ("Metrics and health", &file.ops),
    ] {
        if let Some(url) = url {
            out.line(format!("{what:<24} {url}"))?;
        }
    }
    out.line(format!("{:<24} {}", "Certificate authority", file.ca.display()))?;
    if let Some(fingerprint) = fingerprint {
        out.line(format!("{:<24} {fingerprint}", "  its SHA-256 fingerprint"))?;
    }
    out.line("")?;
    let rows: Vec<[String; 3]> = file
        .accounts
        .iter()
        .map(|account| [account.role.clone(), account.user.clone(), account.password.clone()])
        .collect();
    out.table(["Role", "User", "Password"], &rows)?;
    out.line("")?;
    out.line(format!("All of this stands in {}. Stop with Ctrl-C.", DemoFile::path(folder).display()))?;
    out.line(format!("ready {}", file.clinic.as_deref().unwrap_or_default()))?;
    out.flush()
}
