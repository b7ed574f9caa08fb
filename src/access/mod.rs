//! One policy: who may do what to which resource. No I/O but the look-ups of [`Facts`].

mod action;
mod actor;
pub mod cut;
mod facts;
mod others;
mod own_words;
mod policy;
mod scope;
mod sensitivity;
mod signing;
mod table;
#[cfg(test)]
mod tests;
mod view;
mod withdrawal;

pub use crate::identity::{Assurance, Listener};
pub use action::{Action, Actions};
pub use actor::{Actor, Who};
pub use cut::Cut;
pub use facts::{
    BreakGlass, ConsentRule, ConsentRules, Covers, Effect, Facts, Grantee, ProxyExtent, ProxyGrant, Reach, ShareGrant,
    ShareTypes, Word, grants_in_force, is_refused,
};
pub use others::Others;
pub use own_words::{OwnWords, Said};
pub use policy::{Basis, Denied, Grant, Scope, Target, authorize, authorize_search};
pub use scope::{Level, ScopeError, Scopes, TokenScope};
pub use sensitivity::{ADMINISTRATIVE, AUDIENCE, CONFIDED, Hold, Sensitivity};
pub use signing::{is_signed, stands_signed};
pub use table::{Class, Extent, Rights, rights_of};
pub use withdrawal::{can_be_withdrawn, is_their_own, is_withdrawal, is_withdrawn, withdrawn_by};
