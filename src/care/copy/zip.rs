//! A ZIP archive that is written while it is sent: nothing of it is held but what was not taken yet. PKWARE's APPNOTE 6.3.10,
//! without its 64-bit forms: an archive is smaller than 4 GiB.
//!
//! Sizes stand behind each file (a data descriptor, 4.3.9), because they are not known before it. Names are UTF-8 (general
//! purpose bit 11).

use std::io::Write as _;

use flate2::write::DeflateEncoder;
use flate2::{Compression, Crc};
use jiff::civil::DateTime;

/// An archive or a file in it would be 4 GiB or more, or there would be more than 65,535 files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the copy is larger than one archive holds (4 GiB)")]
pub struct TooLarge;

/// Signatures (4.3.7, 4.3.9, 4.3.12, 4.3.16), and the version that is needed to extract: 2.0, for deflate.
const LOCAL: u32 = 0x0403_4B50;
const DESCRIPTOR: u32 = 0x0807_4B50;
const CENTRAL: u32 = 0x0201_4B50;
const END: u32 = 0x0605_4B50;
const VERSION: u16 = 20;
/// Sizes behind the data, and names in UTF-8.
const FLAGS: u16 = 1 << 3 | 1 << 11;
const DEFLATED: u16 = 8;

struct Entry {
    name: String,
    at: u32,
    crc: u32,
    packed: u32,
    plain: u32,
}

struct Open {
    name: String,
    at: u32,
    crc: Crc,
    packer: DeflateEncoder<Vec<u8>>,
    packed: u64,
    plain: u64,
}

/// The archive.
pub struct Zip {
    out: Vec<u8>,
    /// How many bytes were written in all, those that wait in `out` among them.
    written: u64,
    /// MS-DOS time and date (4.4.6).
    stamp: (u16, u16),
    entries: Vec<Entry>,
    open: Option<Open>,
}

impl Zip {
    /// `now` is on the clinic's clock.
    pub fn new(now: DateTime) -> Self {
        let number = |value: i8| u16::try_from(value).unwrap_or(0);
        let time = number(now.hour()) << 11 | number(now.minute()) << 5 | (number(now.second()) / 2);
        let year = u16::try_from(now.year().clamp(1980, 2107) - 1980).unwrap_or(0);
        let date = year << 9 | number(now.month()) << 5 | number(now.day());
        Self { out: Vec::new(), written: 0, stamp: (time, date), entries: Vec::new(), open: None }
    }

    /// What was written and not taken yet.
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.out)
    }

    /// Begins a file; the one before ends.
    pub fn begin(&mut self, name: &str) -> Result<(), TooLarge> {
        self.end()?;
        let at = u32::try_from(self.written).map_err(|_| TooLarge)?;
        let length = u16::try_from(name.len()).map_err(|_| TooLarge)?;
        let (time, date) = self.stamp;
        self.fours(&[LOCAL]);
        self.twos(&[VERSION, FLAGS, DEFLATED, time, date]);
        // Check value and sizes come behind the data.
        self.fours(&[0, 0, 0]);
        self.twos(&[length, 0]);
        self.raw(name.as_bytes());
        let packer = DeflateEncoder::new(Vec::new(), Compression::fast());
        self.open = Some(Open { name: name.to_owned(), at, crc: Crc::new(), packer, packed: 0, plain: 0 });
        Ok(())
    }

    /// More of the file that was begun.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), TooLarge> {
        let Some(open) = &mut self.open else { return Ok(()) };
        open.crc.update(bytes);
        open.plain += bytes.len() as u64;
        // Writing to memory does not fail.
        open.packer.write_all(bytes).map_err(|_| TooLarge)?;
        let packed = std::mem::take(open.packer.get_mut());
        open.packed += packed.len() as u64;
        self.raw(&packed);
        if self.written > u64::from(u32::MAX) { Err(TooLarge) } else { Ok(()) }
    }

    /// A file at once.
    pub fn file(&mut self, name: &str, bytes: &[u8]) -> Result<(), TooLarge> {
        self.begin(name)?;
        self.write(bytes)?;
        self.end()
    }

    fn end(&mut self) -> Result<(), TooLarge> {
        let Some(Open { name, at, crc, packer, packed, plain }) = self.open.take() else { return Ok(()) };
        let rest = packer.finish().map_err(|_| TooLarge)?;
        let packed = u32::try_from(packed + rest.len() as u64).map_err(|_| TooLarge)?;
        let plain = u32::try_from(plain).map_err(|_| TooLarge)?;
        self.raw(&rest);
        let crc = crc.sum();
        self.fours(&[DESCRIPTOR, crc, packed, plain]);
        self.entries.push(Entry { name, at, crc, packed, plain });
        Ok(())
    }

    /// The directory at the end.
    pub fn finish(&mut self) -> Result<(), TooLarge> {
        self.end()?;
        let begin = u32::try_from(self.written).map_err(|_| TooLarge)?;
        let count = u16::try_from(self.entries.len()).map_err(|_| TooLarge)?;
        let (time, date) = self.stamp;
        for Entry { name, at, crc, packed, plain } in std::mem::take(&mut self.entries) {
            let length = u16::try_from(name.len()).map_err(|_| TooLarge)?;
            self.fours(&[CENTRAL]);
            self.twos(&[VERSION, VERSION, FLAGS, DEFLATED, time, date]);
            self.fours(&[crc, packed, plain]);
            // Extra field, comment, disk, attributes: none.
            self.twos(&[length, 0, 0, 0, 0]);
            self.fours(&[0, at]);
            self.raw(name.as_bytes());
        }
        let size = u32::try_from(self.written).map_err(|_| TooLarge)? - begin;
        self.fours(&[END]);
        self.twos(&[0, 0, count, count]);
        self.fours(&[size, begin]);
        self.twos(&[0]);
        Ok(())
    }

    fn raw(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
        self.written += bytes.len() as u64;
    }

    fn twos(&mut self, values: &[u16]) {
        values.iter().for_each(|value| self.raw(&value.to_le_bytes()));
    }

    fn fours(&mut self, values: &[u32]) {
        values.iter().for_each(|value| self.raw(&value.to_le_bytes()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_is_what_another_program_unpacks() {
        let mut zip = Zip::new("2026-03-03T09:40:58".parse().unwrap());
        let long: Vec<u8> = (0..300_000_u32).flat_map(|n| (n % 977).to_le_bytes()).collect();
        let mut whole = Vec::new();
        zip.file("read me.txt", b"hello").unwrap();
        zip.begin("fhir/Observation.ndjson").unwrap();
        for part in long.chunks(70_001) {
            zip.write(part).unwrap();
            whole.extend(zip.take());
        }
        zip.file("files/радиография.pdf", b"").unwrap();
        zip.finish().unwrap();
        whole.extend(zip.take());
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.zip");
        std::fs::write(&path, &whole).unwrap();
        let script = "import zipfile,sys,json; z=zipfile.ZipFile(sys.argv[1]); assert z.testzip() is None; \
            print(json.dumps([[i.filename,len(z.read(i)),list(i.date_time)] for i in z.infolist()]))";
        let out = std::process::Command::new("python3").args(["-c", script]).arg(&path).output().unwrap();
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        let listed: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
        let time = serde_json::json!([2026, 3, 3, 9, 40, 58]);
        assert_eq!(
            listed,
            serde_json::json!([
                ["read me.txt", 5, time],
                ["fhir/Observation.ndjson", 1_200_000, time],
                ["files/радиография.pdf", 0, time]
            ])
        );
    }
}
