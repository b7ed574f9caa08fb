//! `chartbox config check | example`

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Failure, Out};
use crate::app::config::Config as Configuration;

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
                Configuration::load(&file).map_err(anyhow::Error::from)?;
                out.line(format!("{} is right.", file.display()))
            }
            What::Example => out.text(&Configuration::example()),
        }
    }
}
