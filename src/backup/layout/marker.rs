//! The one file of a repository that says what it is: to programs in its first lines, to people below.

use data_encoding::HEXLOWER;

/// The newest form of a repository that this program writes and reads.
pub const FORM: u64 = 1;

const FIRST: &str = "Chartbox backup, form ";

/// What a repository says of itself. Nobody vouches for it: it keeps honest people from mixing folders up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Marker {
    /// Random, made with the repository.
    pub repository: [u8; 16],
    /// Which box: the name of its access log's chain, which a restored box keeps.
    pub of_box: [u8; 16],
}

/// Why a file is no marker that this program can use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MarkerError {
    NotAMarker,
    Newer(u64),
}

impl Marker {
    /// The file's name.
    pub const FILE: &'static str = "chartbox-backup.txt";
    /// It is never longer.
    pub const MOST: u64 = 64 << 10;

    pub fn to_text(self) -> String {
        format!(
            "{FIRST}{FORM}\nrepository {}\nbox {}\n\n\
             This folder holds the backups of a Chartbox. They are encrypted: nothing in it can be read without the box's\n\
             recovery sheet or passphrase. Keep the folder whole, and change nothing in it.\n\n\
             To restore on a new computer: install Chartbox, have the recovery sheet as a text file at hand, and run\n\n\
             \x20   chartbox backup restore latest --from FOLDER --to /var/lib/chartbox --sheet FILE\n\n\
             where FOLDER is this folder. `chartbox backup list --from FOLDER` says which snapshots there are.\n",
            HEXLOWER.encode(&self.repository),
            HEXLOWER.encode(&self.of_box),
        )
    }

    pub fn parse(text: &str) -> Result<Self, MarkerError> {
        let mut lines = text.lines();
        let form: u64 = lines
            .next()
            .and_then(|line| line.strip_prefix(FIRST)?.trim().parse().ok())
            .ok_or(MarkerError::NotAMarker)?;
        if form != FORM {
            return Err(MarkerError::Newer(form));
        }
        let mut id = |name: &str| {
            let hex = lines.next()?.strip_prefix(name)?.trim();
            HEXLOWER.decode(hex.as_bytes()).ok()?.try_into().ok()
        };
        let ids = id("repository ").and_then(|repository| Some(Self { repository, of_box: id("box ")? }));
        ids.ok_or(MarkerError::NotAMarker)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marker_reads_back_and_a_newer_one_is_said_to_be() {
        let marker = Marker { repository: [1; 16], of_box: [0xAB; 16] };
        let text = marker.to_text();
        let head = "Chartbox backup, form 1\nrepository 01010101010101010101010101010101\n\
                    box abababababababababababababababab\n\n";
        assert!(text.starts_with(head), "{text}");
        assert_eq!(Marker::parse(&text), Ok(marker));
        assert_eq!(Marker::parse(&text.replace('\n', "\r\n")), Ok(marker));
        assert_eq!(Marker::parse(&text.replace("form 1", "form 2")), Err(MarkerError::Newer(2)));
        for bad in ["", "Chartbox backup, form x", "Chartbox backup, form 1\nbox 00\n", &text[..60], "PK\u{3}\u{4}"] {
            assert_eq!(Marker::parse(bad), Err(MarkerError::NotAMarker), "{bad}");
        }
    }
}
