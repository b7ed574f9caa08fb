//! 256 random bits that something other than a person keeps: systemd as a credential, or a file.

use data_encoding::BASE64;
use zeroize::Zeroizing;

use crate::base::{Ambient, Secret};

const LABEL: &str = "chartbox-key-1";

/// A random secret of 32 bytes. As text it is one line, `chartbox-key-1 ` and 44 characters of base64: the content of a
/// credential, of a key file, of a demo's `demo.key`.
#[derive(Clone, Debug)]
pub struct KeyMaterial(Secret<[u8; 32]>);

impl KeyMaterial {
    pub fn generate(ambient: &Ambient) -> Self {
        Self(Secret::new(ambient.bytes()))
    }

    /// Reads the text form. Spaces and line ends around it do not matter.
    pub fn read(text: &[u8]) -> Result<Self, NotKeyMaterial> {
        let text = std::str::from_utf8(text).map_err(|_| NotKeyMaterial)?;
        let encoded = text.trim().strip_prefix(LABEL).and_then(|rest| rest.strip_prefix(' ')).ok_or(NotKeyMaterial)?;
        let bytes = Zeroizing::new(BASE64.decode(encoded.trim().as_bytes()).map_err(|_| NotKeyMaterial)?);
        bytes.as_slice().try_into().map(|bytes| Self(Secret::new(bytes))).map_err(|_| NotKeyMaterial)
    }

    /// The text form, with a line end.
    pub fn text(&self) -> Secret<String> {
        let encoded = Zeroizing::new(BASE64.encode(self.expose()));
        Secret::new(format!("{LABEL} {}\n", *encoded))
    }

    pub(super) const fn expose(&self) -> &[u8; 32] {
        self.0.expose()
    }
}

/// Bytes that are not what [`KeyMaterial::text`] writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not a Chartbox key file: it holds one line that begins with {LABEL}")]
pub struct NotKeyMaterial;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_reads_back_and_refuses_what_is_not_it() {
        let material = KeyMaterial(Secret::new([0xa5; 32]));
        let text = material.text();
        assert_eq!(text.expose(), "chartbox-key-1 paWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaU=\n");
        assert_eq!(KeyMaterial::read(text.expose().as_bytes()).unwrap().expose(), material.expose());
        assert_eq!(
            KeyMaterial::read(format!("  {}\r\n", text.expose().trim()).as_bytes()).unwrap().expose(),
            &[0xa5; 32]
        );
        let short = text.expose().replace("paWl", "");
        for bad in ["", "chartbox-key-1", "chartbox-key-2 AAAA", &short, &text.expose()[15..]] {
            assert!(KeyMaterial::read(bad.as_bytes()).is_err(), "{bad}");
        }
        assert_eq!(format!("{material:?}"), "KeyMaterial(Secret)");
    }
}
