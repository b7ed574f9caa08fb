//! `chartbox user add | list | show | role | disable | enable | reset | sessions`

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::order::{Caller, Order as BoxOrder};
use super::place::Reach;
use super::{Failure, Out, field};
use crate::app::{AppError, Opened};
use crate::audit::Action;
use crate::base::{ResourceRef, Role, Secret, SessionId};
use crate::identity::{AccountKind, AccountRow, FirstPassword, IdentityError, NewAccount, SessionRow};

#[derive(Debug, Args)]
pub(super) struct User {
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
    /// Make an account. Prints its first password once; it has to be changed at the first sign-in.
    Add(Add),
    /// List all accounts.
    List,
    /// Show one account.
    Show { user: String },
    /// Give a person another role; ends their sign-ins.
    Role { user: String, role: Role },
    /// Nobody can sign in with the account any more; ends its sign-ins.
    Disable { user: String },
    /// Make a disabled account usable again.
    Enable { user: String },
    /// Set a new password and print it once; it has to be changed at the next sign-in.
    Reset { user: String },
    /// List the open sessions of an account, or end them.
    Sessions {
        user: String,
        /// End the session with this id.
        #[arg(long, value_name = "ID", conflicts_with = "end_all")]
        end: Option<SessionId>,
        /// End all of them.
        #[arg(long)]
        end_all: bool,
    },
}

#[derive(Debug, Args)]
struct Add {
    /// The name to sign in with.
    user: String,
    /// The person's whole name, as others see it; for a service, what it is.
    #[arg(long)]
    name: String,
    /// The role: patient, proxy, clinician, nurse, reception, healthadmin or operator.
    #[arg(long, required_unless_present = "service", conflicts_with = "service")]
    role: Option<Role>,
    /// An account for a program: it has no password and no role, and signs in with a token.
    #[arg(long)]
    service: bool,
    /// The Patient, Practitioner or RelatedPerson that this is, such as Practitioner/abc.
    #[arg(long, value_name = "TYPE/ID")]
    person: Option<ResourceRef>,
    /// A file whose first line is the password that the person chose, instead of a made-up first one.
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

/// What is asked of the box.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    Add { user: String, name: String, role: Option<Role>, person: Option<ResourceRef>, password: Option<Password> },
    List,
    Show { user: String },
    Role { user: String, role: Role },
    Disable { user: String },
    Enable { user: String },
    Reset { user: String },
    Sessions { user: String },
    EndSession { user: String, session: SessionId },
    EndSessions { user: String },
}

/// A password on its way through the control socket.
#[derive(Debug, Clone, Deserialize)]
pub struct Password(Secret<String>);

impl Serialize for Password {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.expose().serialize(serializer)
    }
}

impl User {
    pub(super) fn run(self, out: &mut Out) -> Result<(), Failure> {
        let listing = matches!(self.what, What::List);
        let order = match self.what {
            What::Add(add) => {
                let chosen = add.password_file.as_deref().map(crate::app::keys::passphrase_from).transpose()?;
                Order::Add {
                    user: add.user,
                    name: add.name,
                    role: add.role,
                    person: add.person,
                    password: chosen.map(Password),
                }
            }
            What::List => Order::List,
            What::Show { user } => Order::Show { user },
            What::Role { user, role } => Order::Role { user, role },
            What::Disable { user } => Order::Disable { user },
            What::Enable { user } => Order::Enable { user },
            What::Reset { user } => Order::Reset { user },
            What::Sessions { user, end: Some(session), .. } => Order::EndSession { user, session },
            What::Sessions { user, end_all: true, .. } => Order::EndSessions { user },
            What::Sessions { user, .. } => Order::Sessions { user },
        };
        let asked = order.clone();
        let answer = self.reach.order(BoxOrder::User(order))?;
        if self.json {
            return out.json(&answer);
        }
        if listing {
            return accounts(out, &answer);
        }
        match asked {
            Order::Sessions { .. } => sessions(out, &answer),
            Order::Add { .. } | Order::Reset { .. } => {
                account(out, field(&answer, "account"))?;
                match field(&answer, "password").as_str() {
                    Some(password) => {
                        out.line(format!("\nFirst password: {password}"))?;
                        out.line("It is shown only now, and has to be changed at the next sign-in.")
                    }
                    None => Ok(()),
                }
            }
            Order::EndSession { .. } | Order::EndSessions { .. } => {
                out.line(format!("Ended: {}.", field(&answer, "ended")))
            }
            _ => account(out, &answer),
        }
    }
}

fn accounts(out: &mut Out, answer: &Value) -> Result<(), Failure> {
    let text = |row: &Value, key: &str| field(row, key).as_str().unwrap_or("-").to_owned();
    let rows: Vec<[String; 5]> = answer
        .as_array()
        .into_iter()
        .flatten()
        .map(|row| ["user", "name", "role", "state", "person"].map(|key| text(row, key)))
        .collect();
    out.table(["USER", "NAME", "ROLE", "STATE", "PERSON"], &rows)
}

fn account(out: &mut Out, answer: &Value) -> Result<(), Failure> {
    for key in ["user", "name", "role", "state", "person", "created", "id"] {
        let value = field(answer, key);
        out.line(format!("{key:8} {}", value.as_str().unwrap_or("-")))?;
    }
    Ok(())
}

fn sessions(out: &mut Out, answer: &Value) -> Result<(), Failure> {
    let text = |row: &Value, key: &str| field(row, key).as_str().unwrap_or("-").to_owned();
    let rows: Vec<[String; 5]> = answer
        .as_array()
        .into_iter()
        .flatten()
        .map(|row| ["id", "listener", "created", "lastUsed", "origin"].map(|key| text(row, key)))
        .collect();
    out.table(["ID", "LISTENER", "SINCE", "LAST USED", "FROM"], &rows)
}

/// An account as JSON. Never its password.
pub(super) fn shown(account: &AccountRow) -> Value {
    json!({
        "id": account.id,
        "user": account.user_name.as_str(),
        "name": account.display_name,
        "role": account.role().map_or("service", Role::name),
        "state": if account.is_enabled() { "enabled" } else { "disabled" },
        "person": account.person.as_ref().map(ToString::to_string),
        "created": account.created.to_string(),
    })
}

fn shown_session(session: &SessionRow) -> Value {
    json!({
        "id": session.id,
        "listener": session.listener,
        "created": session.created.to_string(),
        "lastUsed": session.last_used.to_string(),
        "origin": session.origin.map(|origin| origin.to_string()),
    })
}

impl Order {
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Add { .. } => "user-add",
            Self::List => "user-list",
            Self::Show { .. } => "user-show",
            Self::Role { .. } => "user-role",
            Self::Disable { .. } => "user-disable",
            Self::Enable { .. } => "user-enable",
            Self::Reset { .. } => "user-reset",
            Self::Sessions { .. } => "user-sessions",
            Self::EndSession { .. } | Self::EndSessions { .. } => "user-sessions-end",
        }
    }

    pub(super) async fn carry_out(self, opened: &Opened, caller: Caller) -> Result<Value, Failure> {
        let identity = &opened.identity;
        let (by, looked) = (caller.by(self.name()), caller.event(self.name(), Action::AccountsRead));
        Ok(match self {
            Self::Add { user, name, role, person, password } => {
                let first = match (&role, password) {
                    (None, _) => FirstPassword::None,
                    (Some(_), Some(Password(own))) => FirstPassword::Own(own),
                    (Some(_), None) => FirstPassword::Temporary(identity.generate_password()),
                };
                let shown_once = match &first {
                    FirstPassword::Temporary(password) => Some(password.clone()),
                    _ => None,
                };
                let kind = role.map_or(AccountKind::Service, AccountKind::Person);
                let new = NewAccount { user_name: user, display_name: name, kind, person, password: first };
                let made = identity.create_account(new, by).await.map_err(AppError::from)?;
                json!({ "account": shown(&made), "password": shown_once.map(|password| password.expose().clone()) })
            }
            Self::List => {
                let all = identity.accounts().map_err(AppError::from)?;
                let _ = opened.audit.commit(vec![looked]).await.map_err(AppError::from)?;
                all.iter().map(shown).collect()
            }
            Self::Show { user } => {
                let account = find(opened, &user)?;
                let _ = opened.audit.commit(vec![looked]).await.map_err(AppError::from)?;
                shown(&account)
            }
            Self::Role { user, role } => {
                shown(&identity.set_role(find(opened, &user)?.id, role, by).await.map_err(AppError::from)?)
            }
            Self::Disable { user } => {
                shown(&identity.disable(find(opened, &user)?.id, by).await.map_err(AppError::from)?)
            }
            Self::Enable { user } => {
                shown(&identity.enable(find(opened, &user)?.id, by).await.map_err(AppError::from)?)
            }
            Self::Reset { user } => {
                let account = find(opened, &user)?;
                let password = identity.reset_password(account.id, by).await.map_err(AppError::from)?;
                json!({ "account": shown(&account), "password": password.expose() })
            }
            Self::Sessions { user } => {
                let open = identity.sessions_of(&find(opened, &user)?).map_err(AppError::from)?;
                let _ = opened.audit.commit(vec![looked]).await.map_err(AppError::from)?;
                open.iter().map(shown_session).collect()
            }
            Self::EndSession { user, session } => {
                identity.end_session(find(opened, &user)?.id, session, by).await.map_err(AppError::from)?;
                json!({ "ended": 1 })
            }
            Self::EndSessions { user } => {
                let ended = identity.end_sessions(find(opened, &user)?.id, None, by).await.map_err(AppError::from)?;
                json!({ "ended": ended })
            }
        })
    }
}

/// The account with this user name.
pub(super) fn find(opened: &Opened, user: &str) -> Result<AccountRow, AppError> {
    let found = opened.identity.account_by_name(user)?;
    found.ok_or(AppError::Identity(IdentityError::NoAccount))
}
