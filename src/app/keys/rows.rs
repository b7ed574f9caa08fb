//! What the store knows of the key slots: which sheets are kept, what seals a credential, and what a change of the root
//! key must not change.

use serde::{Deserialize, Serialize};
use zeroize::Zeroize;

use crate::base::{Ambient, Secret, Timestamp};
use crate::crypto::keyslots::{Seal, SlotId};
use crate::crypto::{MacKey, Root, Sheet, Tag};
use crate::store::{Read, ReadExt, Record, StoreError, Table, tables};

pub(super) const SHEETS: Table<(u32,), SheetRow> = Table::new(tables::KEY_SHEETS);
pub(super) const CARRIED: Table<(u8,), CarriedRow> = Table::new(tables::KEY_CARRIED);
pub(super) const THE_CARRIED: (u8,) = (0,);
pub(super) const SEALS: Table<(u32,), SealRow> = Table::new(tables::KEY_SEALS);

/// How many words of a sheet are asked back, each from another row. Their tags are kept until then: 44 of the sheet's
/// 198 bits could be guessed from them by whoever reads the store, and the rest could not.
pub(super) const ASKED: usize = 4;

const WORD: &str = "recovery sheet word";

/// A recovery sheet that was printed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SheetRow {
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub made: Timestamp,
    /// The words that prove that it was kept; none once they did.
    pub asked: Vec<Asked>,
    /// The slots that it takes the place of once it is known to be kept.
    pub replaces: Vec<u32>,
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::optional")]
    pub kept: Option<Timestamp>,
}
impl Record for SheetRow {}

/// One word that is asked back. Row and word are counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Asked {
    pub row: u8,
    pub word: u8,
    tag: Tag,
}

impl Asked {
    /// Chooses what is asked of a sheet: a word that is no check word from each of four rows, in their order.
    pub fn choose(sheet: &Sheet, slot: SlotId, key: &MacKey, ambient: &Ambient) -> Vec<Self> {
        let mut rows: Vec<u8> = (0..6).collect();
        let [a, b, words @ ..]: [u8; 2 + ASKED] = ambient.bytes();
        for left_out in [a, b] {
            let at = usize::from(left_out) % rows.len();
            rows.remove(at);
        }
        let one = |(row, random): (u8, u8)| {
            let word = random % 3;
            let text = sheet.word(usize::from(row), usize::from(word));
            Self { row, word, tag: tag(key, slot, row, word, text) }
        };
        rows.into_iter().zip(words).map(one).collect()
    }

    /// Whether this is the word.
    pub fn is(&self, typed: &str, slot: SlotId, key: &MacKey) -> bool {
        Sheet::word_meant(typed).is_some_and(|word| tag(key, slot, self.row, self.word, word) == self.tag)
    }
}

fn tag(key: &MacKey, slot: SlotId, row: u8, word: u8, text: &str) -> Tag {
    let [a, b, c, d] = slot.0.to_le_bytes();
    key.tag(WORD, &[&[a, b, c, d, row, word], text.as_bytes()].concat())
}

/// Secrets that outlive a root key.
#[derive(Serialize, Deserialize)]
pub(super) struct CarriedRow {
    /// Of sessions, API tokens and codes: a new one would end them all. It opens nothing without the store.
    tokens: [u8; 32],
}
impl Record for CarriedRow {}

impl CarriedRow {
    pub fn of(tokens: &Secret<[u8; 32]>) -> Self {
        Self { tokens: *tokens.expose() }
    }
}

impl Drop for CarriedRow {
    fn drop(&mut self) {
        self.tokens.zeroize();
    }
}

/// The secret by which sessions, tokens and codes are known again: the one that was carried, or the root's own.
pub(in crate::app) fn token_secret(read: &(impl Read + ?Sized), root: &Root) -> Result<Secret<[u8; 32]>, StoreError> {
    Ok(match read.get(&CARRIED, &THE_CARRIED)? {
        Some(row) => Secret::new(row.tokens),
        None => root.token_secret(),
    })
}

/// What seals a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SealRow(pub Seal);
impl Record for SealRow {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{ManualClock, SeededRandom};
    use crate::store::Value;

    fn ambient() -> Ambient {
        Ambient::new(ManualClock::at("2026-03-03T09:00:00Z".parse().unwrap()), SeededRandom::new(4))
    }

    #[test]
    fn the_bytes_of_the_rows_are_these() {
        let asked = Asked { row: 4, word: 2, tag: Tag::from_bytes([7; 32]) };
        let row = SheetRow {
            made: Timestamp::from_millisecond(3).unwrap(),
            asked: vec![asked],
            replaces: vec![1],
            kept: Some(Timestamp::from_millisecond(5).unwrap()),
        };
        let golden = [&[1, 6, 1, 4, 2][..], &[7; 32], &[1, 1, 1, 10]].concat();
        assert_eq!(row.to_stored().unwrap(), golden);
        assert_eq!(SheetRow::from_stored(golden.into()).unwrap(), row);
        let carried = CarriedRow::of(&Secret::new([9; 32]));
        assert_eq!(carried.to_stored().unwrap(), [&[1][..], &[9; 32]].concat());
        assert_eq!(SealRow(Seal::TpmUnbound).to_stored().unwrap(), [1, 1]);
        assert_eq!(SealRow::from_stored(vec![1, 2].into()).unwrap(), SealRow(Seal::TpmBound));
    }

    #[test]
    fn four_words_of_four_rows_are_asked_and_only_they_are_right() {
        let ambient = ambient();
        let key = Root::generate(&ambient).token_key();
        for id in 1..40 {
            let (sheet, slot) = (Sheet::generate(&ambient), SlotId(id));
            let asked = Asked::choose(&sheet, slot, &key, &ambient);
            assert_eq!(asked.len(), ASKED);
            assert!(asked.windows(2).all(|pair| pair[0].row < pair[1].row), "in order, no row twice");
            for one in &asked {
                let right = sheet.word(one.row.into(), one.word.into());
                assert!(one.row < 6 && one.word < 3 && one.is(&right[..right.len().min(4)].to_uppercase(), slot, &key));
                let wrong = if right == "acorn" { "zipper" } else { "acorn" };
                assert!(!one.is(wrong, slot, &key) && !one.is("", slot, &key) && !one.is("qqqq", slot, &key));
                assert!(!one.is(right, SlotId(id + 1), &key));
            }
        }
    }
}
