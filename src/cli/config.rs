//! `chartbox config check | example`

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Failure, Out};
use crate::app::config::Config as Configuration;
use crate::backup::{doubles, misplaced};

#[derive(Debug, Args)]
pub(super) struct Config {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Read a configuration file and say what is wrong with it.
    Check {
        /// The file.
        #[arg(default_value = crate::app::config::DEFAULT_FILE)]
        file: PathBuf,
    },
    /// Print a configuration with every key, its meaning and its default.
    Example,
}

impl Config {
    pub(super) fn run(self, out: &mut Out) -> Result<(), Failure> {
        match self.what {
            What::Check { file } => {
                let config = Configuration::load(&file).map_err(anyhow::Error::from)?;
                let targets = &config.backup.targets.0;
                let wrong = doubles(targets).into_iter().chain(misplaced(targets, &config.house.data_dir));
                let wrong: Vec<String> = wrong.map(|wrong| format!("[backup.targets]: {wrong}")).collect();
                if !wrong.is_empty() {
                    return Err(Failure::failed(wrong.join("\n")));
                }
                out.line(format!("{} is right.", file.display()))
            }
            What::Example => out.text(&Configuration::example()),
        }
    }
}
