//! `chartbox token create | list | revoke`

use std::time::Duration;

use clap::{Args, Subcommand};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::order::{Caller, Order as BoxOrder};
use super::place::Reach;
use super::{Failure, Out, field, user};
use crate::access::Scopes;
use crate::app::{AppError, Opened};
use crate::audit::Action;
use crate::base::TokenId;

#[derive(Debug, Args)]
pub(super) struct Token {
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
    /// Make a bearer token for an API client, and print it alone. It is shown only now.
    Create {
        /// The account that the token acts as: one made with `user add --service`, in a demo any.
        #[arg(long)]
        user: String,
        /// How long it is good: a number and m, h or d.
        #[arg(long = "for", value_name = "TIME", default_value = "1d", value_parser = lifetime)]
        lifetime: Duration,
        /// What it may do, such as system/Observation.rs. Give it again for more.
        #[arg(long = "scope", value_name = "SCOPE")]
        scopes: Vec<String>,
    },
    /// List the tokens there are; never the secrets.
    List {
        /// Of this account only.
        #[arg(long)]
        user: Option<String>,
    },
    /// Make a token good for nothing, at once.
    Revoke { id: TokenId },
}

/// What is asked of the box.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    Create { user: String, seconds: u64, scopes: Vec<String> },
    List { user: Option<String> },
    Revoke { id: TokenId },
}

/// `90m`, `12h`, `30d`.
fn lifetime(text: &str) -> Result<Duration, String> {
    let wrong = || "a number and m, h or d, such as 12h or 30d".to_owned();
    let unit = text.chars().last().ok_or_else(wrong)?;
    let seconds = match unit {
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        _ => return Err(wrong()),
    };
    let number: u64 = text.strip_suffix(unit).and_then(|number| number.parse().ok()).ok_or_else(wrong)?;
    number.checked_mul(seconds).filter(|seconds| *seconds > 0).map(Duration::from_secs).ok_or_else(wrong)
}

impl Token {
    pub(super) fn run(self, out: &mut Out) -> Result<(), Failure> {
        let order = match self.what {
            What::Create { user, lifetime, scopes } => Order::Create { user, seconds: lifetime.as_secs(), scopes },
            What::List { user } => Order::List { user },
            What::Revoke { id } => Order::Revoke { id },
        };
        let asked = order.clone();
        let answer = self.reach.order(BoxOrder::Token(order))?;
        match asked {
            _ if self.json => out.json(&answer),
            Order::Create { .. } => out.line(field(&answer, "token").as_str().unwrap_or_default()),
            Order::Revoke { .. } => out.line("The token is good for nothing any more."),
            Order::List { .. } => {
                let text = |row: &Value, key: &str| match field(row, key) {
                    Value::String(text) => text.clone(),
                    Value::Array(list) => list.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" "),
                    _ => "-".into(),
                };
                let rows: Vec<[String; 5]> = answer
                    .as_array()
                    .into_iter()
                    .flatten()
                    .map(|row| ["id", "user", "expires", "lastUsed", "scopes"].map(|key| text(row, key)))
                    .collect();
                out.table(["ID", "USER", "EXPIRES", "LAST USED", "SCOPES"], &rows)
            }
        }
    }
}

impl Order {
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Create { .. } => "token-create",
            Self::List { .. } => "token-list",
            Self::Revoke { .. } => "token-revoke",
        }
    }

    pub(super) async fn carry_out(self, opened: &Opened, caller: Caller) -> Result<Value, Failure> {
        let identity = &opened.identity;
        let (by, looked) = (caller.by(self.name()), caller.event(self.name(), Action::AccountsRead));
        match self {
            Self::Create { user, seconds, scopes } => {
                let account = user::find(opened, &user)?;
                let scopes = Scopes::for_new_token(&account, &scopes).map_err(|e| Failure::Usage(e.to_string()))?;
                let lifetime = Duration::from_secs(seconds);
                let made = identity.create_token(account.id, scopes, lifetime, by).await.map_err(AppError::from)?;
                let (secret, row) = made;
                Ok(json!({ "token": secret.expose(), "id": row.id, "expires": row.expires.to_string() }))
            }
            Self::List { user } => {
                let account = user.map(|user| user::find(opened, &user)).transpose()?;
                let tokens = identity.tokens(account.map(|account| account.id)).map_err(AppError::from)?;
                let _ = opened.audit.commit(vec![looked]).await.map_err(AppError::from)?;
                let mut rows = Vec::new();
                for token in tokens {
                    let holder = identity.account(token.account).map_err(AppError::from)?;
                    rows.push(json!({
                        "id": token.id,
                        "user": holder.map(|holder| holder.user_name.to_string()),
                        "scopes": token.scopes,
                        "created": token.created.to_string(),
                        "expires": token.expires.to_string(),
                        "lastUsed": token.last_used.map(|used| used.to_string()),
                    }));
                }
                Ok(Value::Array(rows))
            }
            Self::Revoke { id } => {
                identity.revoke_token(id, by).await.map_err(AppError::from)?;
                Ok(json!({ "revoked": id }))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lifetime_is_a_number_and_its_unit() {
        assert_eq!(lifetime("90m"), Ok(Duration::from_secs(5400)));
        assert_eq!(lifetime("1d"), Ok(Duration::from_secs(86_400)));
        for bad in ["", "d", "1", "0d", "-1d", "1w", "1.5h", "18446744073709551615d", "1é"] {
            assert!(lifetime(bad).is_err(), "{bad}");
        }
    }
}
