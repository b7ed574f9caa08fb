//! `chartbox init`

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::order::Caller;
use super::place::Place;
use super::{Failure, Out};
use crate::app::{self, AppError, Making, Opened, Purpose, Recipe, Way};
use crate::crypto::Sheet;
use crate::tls::HostName;

#[derive(Debug, Args)]
pub(super) struct Init {
    #[command(flatten)]
    place: Place,
    /// The clinic's name, as pages show it.
    #[arg(long, value_name = "NAME")]
    clinic: String,
    /// A further name under which the box is opened, such as box.clinic.example. Give it again for more; those of the
    /// configuration are taken too.
    #[arg(long = "name", value_name = "HOST")]
    names: Vec<HostName>,
    /// How the box opens after a restart.
    #[arg(long, value_enum, default_value_t = Unlock::KeyFile)]
    unlock: Unlock,
    /// A file whose first line is the passphrase, for --unlock passphrase.
    #[arg(long, value_name = "FILE", required_if_eq("unlock", "passphrase"))]
    passphrase_file: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Unlock {
    /// By itself, with a key beside the store: not protected against a stolen disk.
    KeyFile,
    /// Somebody types the passphrase at its page after each start.
    Passphrase,
}

impl Init {
    pub(super) fn run(self, out: &mut Out) -> Result<(), Failure> {
        let config = self.place.config()?;
        let making = Making::begin(self.place.folder(&config).path(), Purpose::Clinic)?;
        if making.is_anew() {
            out.line("A box that was not finished was found here, and is made anew.")?;
        }
        let way = match self.unlock {
            Unlock::KeyFile => Way::KeyFile,
            Unlock::Passphrase => {
                let file = self.passphrase_file.ok_or_else(|| Failure::Usage("--passphrase-file is missing".into()))?;
                Way::Passphrase(app::keys::passphrase_from(&file)?)
            }
        };
        let mut names = self.names;
        names.extend(config.house.names.0.iter().cloned());
        let by = Caller::this_process().by("init");
        let recipe = Recipe { clinic: self.clinic, names, way, by: by.clone(), config };
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(anyhow::Error::from)?;
        runtime.block_on(async {
            let (made, making) = app::make(making, recipe).await?;
            let code = made.opened.identity.make_setup_code(by).await.map_err(AppError::from)?;
            let told = tell(out, &made.opened, &made.sheet, code.expose());
            made.opened.close().await;
            made.opened.folder.give_to_owner()?;
            told?;
            Ok(making.finish()?)
        })
    }
}

/// Prints what is shown once.
fn tell(out: &mut Out, opened: &Opened, sheet: &Sheet, code: &str) -> Result<(), Failure> {
    out.text(&recovery_sheet(opened, sheet))?;
    out.line("")?;
    out.line(format!("Setup code: {code}"))?;
    out.line("")?;
    out.line("Print or copy the sheet above now: it is not shown again, and nothing else opens the box when its")?;
    out.line("computer is lost. Then start the box (systemctl start chartbox), open")?;
    out.line(format!("  http://{}/", opened.settings.local_name()))?;
    out.line("on a computer of the clinic, and follow it: it asks for the setup code.")?;
    out.line("")?;
    out.line(format!("At rest: {}", opened.slots.weakest().covers()))?;
    out.flush()
}

/// The recovery sheet as text: what is printed, and what `--sheet` reads back.
pub fn recovery_sheet(opened: &Opened, sheet: &Sheet) -> String {
    let rule = "-".repeat(72);
    format!(
        "{rule}\nChartbox recovery sheet\n\nClinic:    {}\nBox:       {}\nMade:      {}\n\n{}\nAccess log key:         {}\n\
         Certificate authority:  {}\n\nKeep this sheet where the box is not. Whoever holds it can read everything in the box.\n{rule}\n",
        opened.settings.clinic,
        opened.settings.local_name(),
        opened.settings.made.strftime("%Y-%m-%d"),
        sheet.text().expose(),
        opened.signer().fingerprint(),
        opened.authority.ca.fingerprint(),
    )
}
