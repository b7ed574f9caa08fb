//! The command line: one file per subcommand.
//!
//! A command that works on a box is an [`Order`]: the running box carries it out when there is one, reached
//! by its control socket, and otherwise this process opens the store and carries it out itself. Either way
//! it is one entry in the access log, with the caller's uid.

mod config;
mod out;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

pub use out::Out;

/// A clinic's record box: encrypted health records, FHIR R4, a tamper-evident access log.
#[derive(Debug, Parser)]
#[command(name = "chartbox", version, propagate_version = true, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Check a configuration, or print one with every key.
    Config(config::Config),
}

/// Why a command did not do what it was asked. Decides the exit code (DESIGN §9).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// Exit code 1.
    #[error("{0:#}")]
    Failed(#[from] anyhow::Error),
    /// Exit code 2.
    #[error("{0}")]
    Usage(String),
    /// Exit code 3.
    #[error("{0}")]
    Tampered(String),
    /// Exit code 4.
    #[error("{0}")]
    Locked(String),
}

impl Failure {
    /// Something failed, in a sentence of its own.
    pub fn failed(sentence: impl Into<String>) -> Self {
        Self::Failed(anyhow::Error::msg(sentence.into()))
    }

    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Failed(_) => 1,
            Self::Usage(_) => 2,
            Self::Tampered(_) => 3,
            Self::Locked(_) => 4,
        }
    }
}

/// Runs the program.
pub fn main() -> ExitCode {
    // clap prints help and usage errors itself, and exits with 0 or 2.
    let cli = Cli::parse();
    let mut out = Out::standard();
    let done = match cli.command {
        Command::Config(command) => command.run(&mut out),
    };
    match done.and_then(|()| out.finish()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            out::complain(&failure.to_string());
            ExitCode::from(failure.exit_code())
        }
    }
}
