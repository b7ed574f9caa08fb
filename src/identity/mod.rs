//! Accounts, credentials, sessions, tokens and throttles: who somebody is, never what they may do.

mod account;
mod session;
mod types;

pub use account::{AccountKind, AccountRow, AccountState};
pub use session::{SessionRow, SessionState};
pub use types::{Assurance, Listener};
