//! `--approve CODE`: what leaves a real box at its console needs the health administrator's word.

use clap::Args;
use serde::{Serialize, Serializer};

use super::Failure;
use super::order::Caller;
use crate::app::{AppError, Opened};
use crate::base::Secret;
use crate::identity::Approves;

/// The flag, for every command that takes something out of the box.
#[derive(Debug, Clone, Default, Args)]
pub struct Approval {
    /// The one-time code that the health administrator made in the browser, under Approvals. A demo needs none.
    #[arg(long, value_name = "CODE")]
    approve: Option<String>,
}

impl Approval {
    pub fn code(self) -> Option<Secret<String>> {
        self.approve.map(Secret::new)
    }
}

/// The code crosses the control socket, which the box's own user and root can use, and is stored nowhere.
pub(super) fn crossing<S: Serializer>(code: &Option<Secret<String>>, to: S) -> Result<S::Ok, S::Error> {
    code.as_ref().map(Secret::expose).serialize(to)
}

/// Uses the code up. Without one, only a demo goes on.
pub async fn ask(
    opened: &Opened,
    caller: Caller,
    command: &str,
    code: Option<Secret<String>>,
    approves: Approves,
) -> Result<(), Failure> {
    match code {
        Some(code) => {
            opened.identity.use_approval(&code, approves, caller.by(command)).await.map_err(AppError::from)?;
            Ok(())
        }
        None if opened.settings.is_demo() => Ok(()),
        None => Err(Failure::failed(
            "this leaves the box only with the health administrator's approval: they make a code in the browser, under \
             Approvals, and you give it with --approve CODE within 15 minutes",
        )),
    }
}
