//! Keys whose bytes sort as their values do.
//!
//! | type | bytes |
//! |---|---|
//! | `u8` `u16` `u32` `u64` | big-endian |
//! | `i64` | big-endian with the sign bit flipped |
//! | `[u8; N]`, ids | as they are |
//! | `String`, `Vec<u8>` | each `00` as `00 FF`, then `00 00` |
//! | `Option<T>` | `00`, or `01` and the value |
//! | `Desc<T>` | the value's bytes, each inverted |
//! | tuples | one after the other |

use super::codec::CodecError;
use crate::base::{FhirId, Id, IdKind};

/// A value that can be a key, or a part of one.
pub trait Key: Sized {
    fn write(&self, out: &mut Vec<u8>);
    fn read(from: &mut KeyReader<'_>) -> Result<Self, CodecError>;

    fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(48);
        self.write(&mut out);
        out
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, CodecError> {
        let mut reader = KeyReader::new(bytes);
        let key = Self::read(&mut reader)?;
        if reader.rest.is_empty() { Ok(key) } else { Err(CodecError::Key) }
    }
}

/// What is left of a key while it is read.
pub struct KeyReader<'a> {
    rest: &'a [u8],
    /// Inside an odd number of [`Desc`], every byte reads inverted.
    inverted: bool,
}

impl<'a> KeyReader<'a> {
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, inverted: false }
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], CodecError> {
        let (head, rest) = self.rest.split_first_chunk::<N>().ok_or(CodecError::Key)?;
        self.rest = rest;
        Ok(if self.inverted { head.map(|b| !b) } else { *head })
    }

    fn escaped(&mut self) -> Result<Vec<u8>, CodecError> {
        let mut out = Vec::new();
        loop {
            let [byte] = self.array()?;
            if byte != 0 {
                out.push(byte);
                continue;
            }
            match self.array()? {
                [0x00] => return Ok(out),
                [0xFF] => out.push(0),
                _ => return Err(CodecError::Key),
            }
        }
    }
}

/// Sorts the other way round: newest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Desc<T>(pub T);

impl<T: Key> Key for Desc<T> {
    fn write(&self, out: &mut Vec<u8>) {
        let start = out.len();
        self.0.write(out);
        out.iter_mut().skip(start).for_each(|byte| *byte = !*byte);
    }

    fn read(from: &mut KeyReader<'_>) -> Result<Self, CodecError> {
        from.inverted = !from.inverted;
        let value = T::read(from);
        from.inverted = !from.inverted;
        value.map(Self)
    }
}

macro_rules! unsigned {
    ($($t:ty),*) => {$(
        impl Key for $t {
            fn write(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_be_bytes());
            }
            fn read(from: &mut KeyReader<'_>) -> Result<Self, CodecError> {
                from.array().map(Self::from_be_bytes)
            }
        }
    )*};
}
unsigned!(u8, u16, u32, u64);

impl Key for i64 {
    fn write(&self, out: &mut Vec<u8>) {
        (self.cast_unsigned() ^ (1 << 63)).write(out);
    }
    fn read(from: &mut KeyReader<'_>) -> Result<Self, CodecError> {
        u64::read(from).map(|raw| (raw ^ (1 << 63)).cast_signed())
    }
}

impl<const N: usize> Key for [u8; N] {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self);
    }
    fn read(from: &mut KeyReader<'_>) -> Result<Self, CodecError> {
        from.array()
    }
}

impl<K: IdKind> Key for Id<K> {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.as_bytes());
    }
    fn read(from: &mut KeyReader<'_>) -> Result<Self, CodecError> {
        from.array().map(Self::from_bytes)
    }
}

fn write_escaped(bytes: &[u8], out: &mut Vec<u8>) {
    for &byte in bytes {
        out.push(byte);
        if byte == 0 {
            out.push(0xFF);
        }
    }
    out.extend_from_slice(&[0, 0]);
}

impl Key for Vec<u8> {
    fn write(&self, out: &mut Vec<u8>) {
        write_escaped(self, out);
    }
    fn read(from: &mut KeyReader<'_>) -> Result<Self, CodecError> {
        from.escaped()
    }
}

impl Key for String {
    fn write(&self, out: &mut Vec<u8>) {
        write_escaped(self.as_bytes(), out);
    }
    fn read(from: &mut KeyReader<'_>) -> Result<Self, CodecError> {
        Self::from_utf8(from.escaped()?).map_err(|_| CodecError::Key)
    }
}

impl Key for FhirId {
    fn write(&self, out: &mut Vec<u8>) {
        write_escaped(self.as_str().as_bytes(), out);
    }
    fn read(from: &mut KeyReader<'_>) -> Result<Self, CodecError> {
        String::read(from).and_then(|text| Self::parse(&text).map_err(|_| CodecError::Key))
    }
}

impl<T: Key> Key for Option<T> {
    fn write(&self, out: &mut Vec<u8>) {
        match self {
            None => out.push(0),
            Some(value) => {
                out.push(1);
                value.write(out);
            }
        }
    }
    fn read(from: &mut KeyReader<'_>) -> Result<Self, CodecError> {
        match from.array()? {
            [0] => Ok(None),
            [1] => T::read(from).map(Some),
            _ => Err(CodecError::Key),
        }
    }
}

macro_rules! tuples {
    ($(($($name:ident),*);)*) => {$(
        #[allow(non_snake_case)]
        impl<$($name: Key),*> Key for ($($name,)*) {
            fn write(&self, out: &mut Vec<u8>) {
                let ($($name,)*) = self;
                $($name.write(out);)*
            }
            fn read(from: &mut KeyReader<'_>) -> Result<Self, CodecError> {
                Ok(($($name::read(from)?,)*))
            }
        }
    )*};
}
tuples! { (A); (A, B); (A, B, C); (A, B, C, D); (A, B, C, D, E); (A, B, C, D, E, F); (A, B, C, D, E, F, G); }

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn bytes_sort_as_values_do_and_read_back(
            a in any::<(i64, String, u16, Option<Vec<u8>>)>(),
            b in any::<(i64, String, u16, Option<Vec<u8>>)>(),
            same_head in any::<bool>(),
        ) {
            let b = if same_head { (a.0, a.1.clone(), b.2, b.3) } else { b };
            prop_assert_eq!(a.to_bytes().cmp(&b.to_bytes()), a.cmp(&b));
            prop_assert_eq!(<(i64, String, u16, Option<Vec<u8>>)>::from_bytes(&a.to_bytes()).unwrap(), a.clone());
            let down = |x: &(i64, String, u16, Option<Vec<u8>>)| (Desc(x.0), Desc(x.1.clone())).to_bytes();
            prop_assert_eq!(down(&a).cmp(&down(&b)), (b.0, b.1.clone()).cmp(&(a.0, a.1.clone())));
            let read = <(Desc<i64>, Desc<String>)>::from_bytes(&down(&a)).unwrap();
            prop_assert_eq!((read.0.0, read.1.0), (a.0, a.1));
        }

        #[test]
        fn any_bytes_are_a_key_or_an_error(bytes in any::<Vec<u8>>()) {
            let _ = <(u8, String, Desc<Option<Vec<u8>>>, i64)>::from_bytes(&bytes);
        }
    }
}
