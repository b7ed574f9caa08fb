//! The command line: one file per subcommand.
//!
//! A command that works on a box is an [`Order`]: the running box carries it out when there is one, reached
//! by its control socket, and otherwise this process opens the store and carries it out itself. Either way
//! it is one entry in the access log, with the caller's uid.

mod approval;
mod audit;
mod backup;
mod config;
pub mod control;
mod demo;
mod formulary;
mod ask;
mod import;
mod init;
pub mod key;
pub mod order;
mod out;
pub mod place;
mod serve;
mod status;
mod tls;
mod token;
mod user;

use std::ops::RangeInclusive;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use serde_json::Value;

use crate::app::AppError;
use crate::base::Timestamp;
pub use init::recovery_sheet;
pub use out::Out;
pub use serve::{Listens, runtime};

/// A clinic's record box: encrypted health records, FHIR R4, a tamper-evident access log.
#[derive(Debug, Parser)]
#[command(name = "chartbox", version, propagate_version = true, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// A throwaway box to look at: invented patients, one account per role. A folder that holds one is opened again.
    Demo(demo::Demo),
    /// Make a box: its keys, its store, its certificates. Prints the recovery sheet and the setup code, once.
    Init(init::Init),
    /// Run the box until it is told to stop.
    Serve(serve::Serve),
    /// Say how the box is.
    Status(status::Status),
    /// Bring in FHIR bundles and NDJSON: files, folders of them, or standard input.
    Import(import::Import),
    /// Accounts: who can sign in.
    User(user::User),
    /// Bearer tokens for API clients.
    Token(token::Token),
    /// The access log: check it, read it, sign it.
    Audit(audit::Audit),
    /// Encrypted copies of everything: make, list, check and restore them.
    Backup(backup::Backup),
    /// The ways to unlock the box: list, add and remove them, print a recovery sheet, change the root key.
    Key(key::Key),
    /// The box's certificates.
    Tls(tls::Tls),
    /// Medicines, and the rules that prescriptions are checked by: say which are loaded, or load others.
    Formulary(formulary::Command),
    /// Check a configuration, or print one with every key.
    Config(config::Config),
}

impl Command {
    fn run(self, out: &mut Out) -> Result<(), Failure> {
        match self {
            Self::Demo(command) => command.run(out),
            Self::Init(command) => command.run(out),
            Self::Serve(command) => command.run(out),
            Self::Status(command) => command.run(out),
            Self::Import(command) => command.run(out),
            Self::User(command) => command.run(out),
            Self::Token(command) => command.run(out),
            Self::Audit(command) => command.run(out),
            Self::Backup(command) => command.run(out),
            Self::Key(command) => command.run(out),
            Self::Tls(command) => command.run(out),
            Self::Formulary(command) => command.run(out),
            Self::Config(command) => command.run(out),
        }
    }
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

    /// A failure that crossed the control socket.
    fn of_code(code: u8, text: String) -> Self {
        match code {
            2 => Self::Usage(text),
            3 => Self::Tampered(text),
            4 => Self::Locked(text),
            _ => Self::failed(text),
        }
    }
}

impl From<AppError> for Failure {
    fn from(error: AppError) -> Self {
        Self::of_code(error.exit_code(), error.to_string())
    }
}

/// A member of an object, or null.
fn field<'a>(value: &'a Value, key: &str) -> &'a Value {
    value.get(key).unwrap_or(&Value::Null)
}

/// A moment, as a person gives it to a command.
fn time(text: &str) -> Result<Timestamp, String> {
    text.parse().map_err(|_| "a time is written as in 2026-03-03T09:00:00Z, or 2026-03-03T10:00:00+01:00".to_owned())
}

/// A whole number within bounds, as a person gives it to a command: a parser for an argument that takes negative numbers
/// too, so that one is told what it takes instead of being taken for a flag.
fn whole<T: TryFrom<u64>>(bounds: RangeInclusive<u64>) -> impl Fn(&str) -> Result<T, String> + Clone {
    move |text| {
        let number =
            text.parse().ok().filter(|number| bounds.contains(number)).and_then(|number| T::try_from(number).ok());
        number.ok_or_else(|| format!("it takes a whole number from {} to {}", bounds.start(), bounds.end()))
    }
}

/// Bytes for people.
fn size(bytes: &Value) -> String {
    bytes.as_u64().map_or_else(|| "-".to_owned(), |bytes| indicatif::BinaryBytes(bytes).to_string())
}

/// Runs the program.
pub fn main() -> ExitCode {
    // clap prints help and usage errors itself, and exits with 0 or 2.
    let cli = Cli::parse();
    let mut out = Out::standard();
    match cli.command.run(&mut out).and_then(|()| out.finish()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // What was printed before stands before the reason.
            let _ = out.finish();
            out::complain(&failure.to_string());
            ExitCode::from(failure.exit_code())
        }
    }
}
