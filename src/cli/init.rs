//! `chartbox init`

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::order::Caller;
use super::place::Place;
use super::{Failure, Out};
use crate::app::config::{Address, Listen};
use crate::app::{self, AppError, Making, Opened, Purpose, Recipe, Way};
use crate::crypto::Sheet;
use crate::discovery;
use crate::http::routes::Entrance;
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
    let places = places(&opened.config.listen, &opened.settings.local_name());
    for address in &places.first {
        out.line(format!("  {address}"))?;
    }
    out.line(format!("on {}, and follow it: it asks for the setup code.", places.from))?;
    for more in &places.more {
        out.line(more)?;
    }
    out.line("")?;
    let facts = opened.keys.facts().map_err(AppError::from)?;
    out.line(format!("At rest: {}", facts.protection.covers()))?;
    out.flush()
}

/// Where the box will answer, by its configuration.
struct Places {
    /// What is opened first: the welcome page where there is one, else the clinic's own.
    first: Vec<String>,
    /// From where that is reached.
    from: &'static str,
    more: Vec<String>,
}

fn places(listen: &Listen, host: &str) -> Places {
    let at = |entrance, Address(address): Address| {
        let address: SocketAddr = address?;
        Some(match address.port() {
            // Taken when the box starts.
            0 => format!("{}, and a port that the box's log names", app::origin(entrance, 0, host).replace(":0", "")),
            port => format!("{}/", app::origin(entrance, port, host)),
        })
    };
    let (welcome, clinic) = (at(Entrance::Welcome, listen.welcome), at(Entrance::Clinic, listen.clinic));
    let first = welcome.as_ref().or(clinic.as_ref()).cloned();
    let reached = if welcome.is_some() { listen.welcome } else { listen.clinic };
    let more = [
        welcome.and(clinic).map(|clinic| format!("Then the clinic works at {clinic}")),
        at(Entrance::Portal, listen.portal).map(|portal| format!("Patients come in from outside at {portal}")),
    ];
    Places {
        first: first.into_iter().collect(),
        from: match reached {
            Address(Some(address)) if !discovery::is_reachable(address) => "this computer",
            _ => "a computer of the clinic",
        },
        more: more.into_iter().flatten().collect(),
    }
}

/// The recovery sheet as text: what is printed, and what `--sheet` reads back.
pub fn recovery_sheet(opened: &Opened, sheet: &Sheet) -> String {
    let rule = "-".repeat(72);
    format!(
        "{rule}\nChartbox recovery sheet\n\nClinic:    {}\nBox:       {}\nMade:      {}\n\n{}\nAccess log key:         {}\n\
         Certificate authority:  {}\n\nKeep this sheet where the box is not. It opens the box and the backups made\nsince: whoever holds it can read everything in them.\n{rule}\n",
        opened.settings.clinic,
        opened.settings.local_name(),
        opened.settings.made.strftime("%Y-%m-%d"),
        sheet.text().expose(),
        opened.signer().fingerprint(),
        opened.authority.ca.fingerprint(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_addresses_told_are_those_of_the_configuration() {
        let told = |text: &str| {
            let config = app::config::Config::parse(text).unwrap();
            let places = places(&config.listen, "chartbox-k3mf.local");
            (places.first, places.from, places.more)
        };
        let (first, from, more) = told("");
        assert_eq!(
            (first.as_slice(), from),
            (&["http://chartbox-k3mf.local/".to_owned()][..], "a computer of the clinic")
        );
        assert_eq!(more, ["Then the clinic works at https://chartbox-k3mf.local/"]);
        let (first, from, more) =
            told("[listen]\nwelcome = \"off\"\nclinic = \"127.0.0.1:8443\"\nportal = \"[::]:8444\"\n");
        assert_eq!((first.as_slice(), from), (&["https://chartbox-k3mf.local:8443/".to_owned()][..], "this computer"));
        assert_eq!(more, ["Patients come in from outside at https://chartbox-k3mf.local:8444/"]);
        let (first, ..) = told("[listen]\nwelcome = \"[::]:8080\"\n");
        assert_eq!(first, ["http://chartbox-k3mf.local:8080/"]);
        let (first, ..) = told("[listen]\nwelcome = \"[::]:0\"\n");
        assert_eq!(first, ["http://chartbox-k3mf.local, and a port that the box's log names"]);
    }
}
