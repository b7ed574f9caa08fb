//! What the box knows of itself: in the store, so that a restored box is the same one.

use serde::{Deserialize, Serialize};

use crate::base::Timestamp;
use crate::discovery::BoxName;
use crate::store::{ReadExt, Record, Snapshot, StoreError, Table, tables};

/// Whether anything in the box is real.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Purpose {
    Clinic,
    Demo,
}

/// The clinic's settings, made by `init` or `demo`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// The clinic's name, as pages show it.
    pub clinic: String,
    /// The box's own name: never the clinic's.
    pub box_name: BoxName,
    /// Further names that the certificate authority vouches for.
    pub names: Vec<String>,
    pub purpose: Purpose,
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    pub made: Timestamp,
}

impl Record for Settings {}

impl Settings {
    /// The name by which devices on the clinic's network find the box (RFC 6762).
    pub fn local_name(&self) -> String {
        self.box_name.host()
    }

    pub const fn is_demo(&self) -> bool {
        matches!(self.purpose, Purpose::Demo)
    }
}

pub(super) const SETTINGS: Table<(u8,), Settings> = Table::new(tables::SETTINGS);
pub(super) const THE_SETTINGS: (u8,) = (0,);

pub(super) fn read(snapshot: &Snapshot) -> Result<Settings, StoreError> {
    snapshot
        .get(&SETTINGS, &THE_SETTINGS)?
        .ok_or_else(|| StoreError::Damaged("the box's own settings are missing".into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Value;

    #[test]
    fn the_bytes_of_the_settings_are_these() {
        let settings = Settings {
            clinic: "A".into(),
            box_name: "chartbox-b2c3".parse().unwrap(),
            names: vec!["c".into()],
            purpose: Purpose::Demo,
            made: Timestamp::from_second(3).unwrap(),
        };
        let golden = [&[1, 1, b'A', 13][..], b"chartbox-b2c3", &[1, 1, b'c', 1, 6]].concat();
        assert_eq!(settings.to_stored().unwrap(), golden);
        assert_eq!(Settings::from_stored(golden.into()).unwrap(), settings);
    }
}
