//! `chartbox formulary show | import FILE`

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::order::{Caller, Order as BoxOrder, Talk};
use super::place::Reach;
use super::{Failure, Out, field};
use crate::app::{AppError, Opened};
use crate::audit::Action;
use crate::care::formulary::{self, Age, Formulary, Limits};

/// Medicines, the rules that prescriptions are checked by, and codes for problems and orders: one file, replaced whole.
#[derive(Debug, Args)]
pub(super) struct Command {
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
    /// Say which formulary is loaded, and whether it is still good.
    Show,
    /// Put the file in the place of the one that is loaded.
    Import {
        file: PathBuf,
        /// Read and check only; nothing is changed.
        #[arg(long)]
        dry_run: bool,
    },
}

/// What is asked of the box; the text of the file is sent along.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    Show,
    Import { dry_run: bool },
}

/// Characters that are sent at a time.
const PIECE: usize = 64 << 10;

impl Command {
    pub(super) fn run(self, out: &mut Out) -> Result<(), Failure> {
        match self.what {
            What::Show => {
                let answer = self.reach.order(BoxOrder::Formulary(Order::Show))?;
                if self.json { out.json(&answer) } else { tell(out, &answer) }
            }
            What::Import { file, dry_run } => {
                let text = text_of(&file)?;
                // What is wrong with the file is said before the box is asked.
                formulary::read(&text, &Limits::default()).map_err(|error| refused(&file, &error))?;
                let text = String::from_utf8(text).map_err(anyhow::Error::from)?;
                let letters: Vec<char> = text.chars().collect();
                let mut pieces = letters.chunks(PIECE).map(|piece| {
                    let piece: String = piece.iter().collect();
                    Ok(serde_json::value::to_raw_value(&piece).map_err(anyhow::Error::from)?)
                });
                let order = BoxOrder::Formulary(Order::Import { dry_run });
                let answer = self.reach.long_order(order, &mut pieces, &mut |_| Ok(()))?;
                if self.json {
                    return out.json(&answer);
                }
                tell(out, &answer)?;
                out.line(if dry_run {
                    "This was a dry run: nothing was changed."
                } else {
                    "It is loaded, and in the place of the one before."
                })
            }
        }
    }
}

/// The file, bounded before it is read.
fn text_of(file: &std::path::Path) -> Result<Vec<u8>, Failure> {
    use std::io::Read as _;
    let limit = Limits::default().bytes as u64;
    let opened = std::fs::File::open(file).map_err(AppError::file(file, "read"))?;
    let mut text = Vec::new();
    opened.take(limit + 1).read_to_end(&mut text).map_err(AppError::file(file, "read"))?;
    Ok(text)
}

fn refused(file: &std::path::Path, error: &formulary::ReadError) -> Failure {
    Failure::failed(format!("{} was not taken, and nothing was changed:\n{error}", file.display()))
}

impl Order {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Show => "formulary-show",
            Self::Import { dry_run: true } => "formulary-import-dry-run",
            Self::Import { dry_run: false } => "formulary-import",
        }
    }

    pub async fn carry_out(self, opened: &Opened, caller: Caller, talk: Talk) -> Result<Value, Failure> {
        let event = caller.event(self.name(), Action::Command);
        let wrong = |error: formulary::KeptError| Failure::failed(error.to_string());
        match self {
            Self::Show => {
                let _ = opened.audit.commit(vec![event]).await.map_err(AppError::from)?;
                let loaded = formulary::loaded(&opened.store).map_err(wrong)?;
                Ok(loaded.map_or(Value::Null, |(formulary, at)| shown(&formulary, Some(at.to_string()), opened)))
            }
            Self::Import { dry_run } => {
                let text = heard(talk).await?;
                let formulary = formulary::read(text.as_bytes(), &Limits::default())
                    .map_err(|error| Failure::failed(error.to_string()))?;
                let at = if dry_run {
                    let _ = opened.audit.commit(vec![event]).await.map_err(AppError::from)?;
                    None
                } else {
                    formulary::keep(&opened.audit, &formulary, text.as_bytes(), event).await.map_err(wrong)?;
                    Some(opened.ambient.now().to_string())
                };
                Ok(shown(&formulary, at, opened))
            }
        }
    }
}

/// The text that comes in pieces, no longer than it may be.
async fn heard(mut talk: Talk) -> Result<String, Failure> {
    let mut text = String::new();
    while let Some(piece) = talk.hear.recv().await {
        let piece: Box<RawValue> = piece;
        let piece: String = serde_json::from_str(piece.get()).map_err(anyhow::Error::from)?;
        text.push_str(&piece);
        if text.len() > Limits::default().bytes {
            return Err(Failure::failed("the file is too long"));
        }
    }
    Ok(text)
}

fn shown(formulary: &Formulary, at: Option<String>, opened: &Opened) -> Value {
    let today = opened.ambient.now().to_zoned(opened.config.house.time_zone.get()).date();
    let head = &formulary.head;
    json!({
        "name": head.name,
        "country": head.country,
        "date": head.date.to_string(),
        "validUntil": head.valid_until.to_string(),
        "stale": formulary::standing(head, today) == Age::Stale,
        "invented": head.invented,
        "source": head.source,
        "blake3": formulary.fingerprint(),
        "imported": at,
        "rows": formulary.counts(),
    })
}

fn tell(out: &mut Out, answer: &Value) -> Result<(), Failure> {
    if answer.is_null() {
        return out.line(
            "No formulary is loaded: prescriptions are not checked. Load your country's: chartbox formulary import FILE",
        );
    }
    let text = |name: &str| field(answer, name).as_str().unwrap_or_default().to_owned();
    out.line(format!("{}, {}, of {}", text("name"), text("country"), text("date")))?;
    if field(answer, "invented") == &Value::Bool(true) {
        out.line("Invented, for demonstration: nothing in it is medical knowledge.")?;
    }
    let until = text("validUntil");
    out.line(if field(answer, "stale") == &Value::Bool(true) {
        format!("STALE: it was good until {until}. Every screen that uses it says so.")
    } else {
        format!("Good until {until}.")
    })?;
    out.line(format!("Source: {}", text("source")))?;
    out.line(format!("BLAKE3: {}", text("blake3")))?;
    if let Some(at) = field(answer, "imported").as_str() {
        out.line(format!("Imported: {at}"))?;
    }
    let rows = field(answer, "rows").as_object();
    let named = |name: &str, word: &str| {
        let n = rows.and_then(|rows| rows.get(name)).and_then(Value::as_u64).unwrap_or(0);
        format!("{n} {word}")
    };
    out.line(format!(
        "{}, {}; rules: {}, {}, {}, {}, {}, {}",
        named("medicines", "medicines"),
        named("substances", "substances"),
        named("classes", "allergy classes"),
        named("interactions", "interactions"),
        named("groups", "duplicate groups"),
        named("doses", "doses"),
        named("covers", "statements of completeness"),
        named("ranges", "ranges of measurements"),
    ))?;
    out.line(format!("codes: {}, {}", named("problems", "problems"), named("orders", "orders")))
}
