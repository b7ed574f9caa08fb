//! What a command asks of a box, whoever carries it out: the running box, or this process.

use std::future::Future;
use std::pin::Pin;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use tokio::sync::mpsc;

use super::control::Answers;
use super::{Failure, audit, backup, formulary, import, key, status, tls, token, user};
use crate::app::{AppError, Opened};
use crate::audit as log;
use crate::base::ActorRef;
use crate::identity::By;

/// A command for a box, as it crosses the control socket.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Order {
    Status,
    SetupCode,
    User(user::Order),
    Token(token::Order),
    Audit(audit::Order),
    Tls(tls::Order),
    Import(import::Order),
    Backup(backup::Order),
    Key(key::Order),
    Formulary(formulary::Order),
}

impl Answers for Opened {
    fn carry_out(&self, order: Order, caller: Caller, talk: Talk) -> Answer<'_> {
        order.carry_out(self, caller, talk)
    }
}

/// Who stands at the console.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caller {
    pub uid: u32,
}

impl Caller {
    pub fn this_process() -> Self {
        Self { uid: rustix::process::getuid().as_raw() }
    }

    /// The name under which the access log knows a command of theirs: `cli:user-add:uid=0`.
    pub fn job(self, command: &str) -> String {
        format!("cli:{command}:uid={}", self.uid)
    }

    pub fn by(self, command: &str) -> By {
        By::system(&self.job(command))
    }

    /// An entry for a command that changes nothing.
    pub fn event(self, command: &str, action: log::Action) -> log::Event {
        log::Event::new(ActorRef::system(&self.job(command)), action, log::Purpose::SysAdmin)
    }
}

/// What passes between a command and whoever carries it out, besides the order and its answer.
pub struct Talk {
    /// Parts of a long answer, as they come.
    pub say: mpsc::Sender<Value>,
    /// What the command sends along, piece by piece; ends when it has sent all.
    pub hear: mpsc::Receiver<Box<RawValue>>,
}

impl Talk {
    /// Sends a part of the answer. Fails when nobody reads any more: the order then stops.
    pub async fn say(&self, value: Value) -> Result<(), Failure> {
        self.say.send(value).await.map_err(|_| Failure::failed("the command was broken off"))
    }
}

/// An order being carried out.
pub type Answer<'a> = Pin<Box<dyn Future<Output = Result<Value, Failure>> + Send + 'a>>;

impl Order {
    /// The command's name in the access log.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::SetupCode => "setup-code",
            Self::User(order) => order.name(),
            Self::Token(order) => order.name(),
            Self::Audit(order) => order.name(),
            Self::Tls(order) => order.name(),
            Self::Import(order) => order.name(),
            Self::Backup(order) => order.name(),
            Self::Key(order) => order.name(),
            Self::Formulary(order) => order.name(),
        }
    }

    /// Carries it out on an open box, and answers with what the command prints. One that fails is an entry too.
    pub fn carry_out(self, opened: &Opened, caller: Caller, talk: Talk) -> Answer<'_> {
        let name = self.name();
        let work: Answer<'_> = match self {
            Self::Status => Box::pin(status::carry_out(opened, caller)),
            Self::SetupCode => Box::pin(status::setup_code(opened, caller)),
            Self::User(order) => Box::pin(order.carry_out(opened, caller)),
            Self::Token(order) => Box::pin(order.carry_out(opened, caller)),
            Self::Audit(order) => Box::pin(order.carry_out(opened, caller, talk)),
            Self::Tls(order) => Box::pin(order.carry_out(opened, caller)),
            Self::Import(order) => Box::pin(order.carry_out(opened, caller, talk)),
            Self::Backup(order) => Box::pin(order.carry_out(opened, caller, talk)),
            Self::Key(order) => Box::pin(order.carry_out(opened, caller)),
            Self::Formulary(order) => Box::pin(order.carry_out(opened, caller, talk)),
        };
        Box::pin(async move {
            let answer = work.await;
            if answer.is_err() {
                let event = caller.event(name, log::Action::Command).outcome(log::Outcome::Failed);
                let _ = opened.audit.commit(vec![event]).await.map_err(AppError::from)?;
            }
            answer
        })
    }
}
