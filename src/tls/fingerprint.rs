//! A certificate's SHA-256 fingerprint: what a person compares before trusting it.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

use super::TlsError;

/// SHA-256 of a certificate's DER bytes, as every operating system shows it. Prints as 16 groups of four upper-case
/// hexadecimal digits; reads any case and grouping.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct CertFingerprint([u8; 32]);

impl CertFingerprint {
    pub fn of(der: &[u8]) -> Self {
        Self(Sha256::digest(der).into())
    }

    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for CertFingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, byte) in self.0.iter().enumerate() {
            let space = if at > 0 && at % 2 == 0 { " " } else { "" };
            write!(f, "{space}{byte:02X}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for CertFingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for CertFingerprint {
    type Err = TlsError;
    fn from_str(text: &str) -> Result<Self, TlsError> {
        let digits: String = text.chars().filter(|c| !c.is_whitespace() && *c != ':' && *c != '-').collect();
        let bytes = data_encoding::HEXLOWER_PERMISSIVE.decode(digits.as_bytes());
        bytes.ok().and_then(|bytes| bytes.try_into().ok()).map(Self).ok_or(TlsError::NotAFingerprint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_prints_in_groups_and_reads_what_others_print() {
        // FIPS 180-4, example "abc".
        let fingerprint = CertFingerprint::of(b"abc");
        let text = "BA78 16BF 8F01 CFEA 4141 40DE 5DAE 2223 B003 61A3 9617 7A9C B410 FF61 F200 15AD";
        assert_eq!(fingerprint.to_string(), text);
        for form in [text.to_lowercase(), text.replace(' ', ""), text.replace(' ', ":"), format!(" {text}\n")] {
            assert_eq!(form.parse(), Ok(fingerprint));
        }
        for bad in ["", "BA78", &text[2..], &text.replace('B', "G")] {
            assert_eq!(bad.parse::<CertFingerprint>(), Err(TlsError::NotAFingerprint));
        }
    }
}
