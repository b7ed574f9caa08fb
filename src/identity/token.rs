//! What a bearer token is.

use serde::{Deserialize, Serialize};

use crate::base::{AccountId, Timestamp, TokenId};
use crate::store::Record;

/// A bearer token as it stands in the store, under the tag of its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenRow {
    pub id: TokenId,
    pub account: AccountId,
    /// As `access` checked them when the token was made.
    pub scopes: Vec<Box<str>>,
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub created: Timestamp,
    /// The first moment at which it is good no more.
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub expires: Timestamp,
    /// Written at most once a minute.
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::optional")]
    pub last_used: Option<Timestamp>,
}

impl Record for TokenRow {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Value;

    #[test]
    fn the_bytes_of_a_token_are_these() {
        let at = |millis| Timestamp::from_millisecond(millis).unwrap();
        let row = TokenRow {
            id: TokenId::from_bytes([1; 16]),
            account: AccountId::from_bytes([2; 16]),
            scopes: vec!["system/*.rs".into()],
            created: at(1),
            expires: at(2),
            last_used: Some(at(3)),
        };
        let golden = [&[1, 16][..], &[1; 16], &[16], &[2; 16], &[1, 11], b"system/*.rs", &[2, 4, 1, 6]].concat();
        assert_eq!(row.to_stored().unwrap(), golden);
        assert_eq!(TokenRow::from_stored(golden.into()).unwrap(), row);
    }
}
