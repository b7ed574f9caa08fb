//! `chartbox tls show | ca`

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::order::{Caller, Order as BoxOrder};
use super::place::Reach;
use super::{Failure, Out, field};
use crate::app::{AppError, Opened, stored_leaf};
use crate::audit::Action;

#[derive(Debug, Args)]
pub(super) struct Tls {
    #[command(subcommand)]
    what: What,
    #[command(flatten)]
    reach: Reach,
    /// Print JSON.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Show the certificates: their names, ends and fingerprints.
    Show,
    /// Print the certificate of the box's authority, for devices that are to trust the box.
    Ca {
        /// Write it to a file instead.
        #[arg(long, value_name = "FILE")]
        to: Option<PathBuf>,
    },
}

/// What is asked of the box.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    Show,
    Ca,
}

impl Tls {
    pub(super) fn run(self, out: &mut Out) -> Result<(), Failure> {
        match self.what {
            What::Show => {
                let answer = self.reach.order(BoxOrder::Tls(Order::Show))?;
                if self.json {
                    return out.json(&answer);
                }
                let text = |of: &str, key: &str| field(field(&answer, of), key).as_str().unwrap_or("-").to_owned();
                let names: Vec<&str> =
                    field(&answer, "names").as_array().into_iter().flatten().filter_map(Value::as_str).collect();
                out.line(format!("names        {}", names.join(", ")))?;
                out.line(format!("authority    until {}", text("authority", "until")))?;
                out.line(format!("             {}", text("authority", "fingerprint")))?;
                out.line(format!("certificate  until {}", text("leaf", "until")))?;
                out.line(format!("             {}", text("leaf", "fingerprint")))
            }
            What::Ca { to } => {
                let answer = self.reach.order(BoxOrder::Tls(Order::Ca))?;
                let pem = field(&answer, "pem").as_str().unwrap_or_default();
                match to {
                    Some(file) => {
                        std::fs::write(&file, pem).map_err(AppError::file(&file, "written"))?;
                        out.line(format!("Written to {}. Compare its fingerprint:", file.display()))?;
                        out.line(field(&answer, "fingerprint").as_str().unwrap_or_default())
                    }
                    None if self.json => out.json(&answer),
                    None => out.text(pem),
                }
            }
        }
    }
}

impl Order {
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Show => "tls-show",
            Self::Ca => "tls-ca",
        }
    }

    pub(super) async fn carry_out(self, opened: &Opened, caller: Caller) -> Result<Value, Failure> {
        let event = caller.event(self.name(), Action::Command);
        let _ = opened.audit.commit(vec![event]).await.map_err(AppError::from)?;
        let ca = &opened.authority.ca;
        Ok(match self {
            Self::Show => {
                let leaf = stored_leaf(&opened.folder)?;
                let until = ca.not_after().map_err(|error| AppError::Tls(error.to_string()))?;
                json!({
                    "names": ca.names().hosts(),
                    "authority": { "until": until.to_string(), "fingerprint": ca.fingerprint().to_string() },
                    "leaf": { "until": leaf.not_after().to_string(), "fingerprint": leaf.fingerprint().to_string() },
                })
            }
            Self::Ca => json!({ "pem": ca.to_pem(), "fingerprint": ca.fingerprint().to_string() }),
        })
    }
}
