//! The shape of a JPEG (ISO/IEC 10918-1, Annex B), read from its markers before anything is decoded: how large, how many
//! scans, and whether it is whole. A progressive picture may hold thousands of scans in a few bytes each; every one of them
//! costs as much as the picture is large.

use super::NotTaken;
use super::picture::check_size;

/// By which a JPEG begins: start of image, and a marker.
pub(super) const START: [u8; 3] = [0xFF, 0xD8, 0xFF];

/// More scans than any camera or program writes.
const MOST_SCANS: usize = 64;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shape {
    pub width: u32,
    pub height: u32,
    pub progressive: bool,
    pub components: u8,
}

/// Walks along the markers to the end of the image.
pub(super) fn walk(bytes: &[u8]) -> Result<Shape, NotTaken> {
    let byte = |at: usize| bytes.get(at).copied().ok_or(NotTaken::CutOff);
    let two = |at: usize| Ok::<_, NotTaken>(u16::from_be_bytes([byte(at)?, byte(at + 1)?]));
    let (mut at, mut scans, mut shape) = (2, 0, None);
    loop {
        if byte(at)? != 0xFF {
            return Err(NotTaken::Broken);
        }
        // A marker may be preceded by any number of fill bytes (B.1.1.2).
        while byte(at)? == 0xFF {
            at += 1;
        }
        let marker = byte(at)?;
        at += 1;
        match marker {
            // End of image.
            0xD9 if scans > 0 => return shape.ok_or(NotTaken::Broken),
            0x01 | 0xD0..=0xD7 => continue,
            0x00 | 0xD8 | 0xD9 => return Err(NotTaken::Broken),
            _ => {}
        }
        let length = usize::from(two(at)?);
        if length < 2 {
            return Err(NotTaken::Broken);
        }
        // Start of frame, but for the tables that lie among their numbers.
        if matches!(marker, 0xC0..=0xCF) && !matches!(marker, 0xC4 | 0xC8 | 0xCC) {
            if shape.is_some() {
                return Err(NotTaken::Broken);
            }
            let (height, width) = (u32::from(two(at + 3)?), u32::from(two(at + 5)?));
            check_size(width, height)?;
            shape = Some(Shape { width, height, progressive: marker == 0xC2, components: byte(at + 7)? });
        }
        at += length;
        if marker == 0xDA {
            scans += 1;
            if scans > MOST_SCANS {
                return Err(NotTaken::Broken);
            }
            // Coded data goes on to the next marker that is neither a stuffed byte nor a restart (B.1.1.5).
            at = loop {
                let rest = bytes.get(at..).ok_or(NotTaken::CutOff)?;
                let next = rest.windows(2).position(|pair| pair.first() == Some(&0xFF)).ok_or(NotTaken::CutOff)?;
                match byte(at + next + 1)? {
                    0x00 | 0xD0..=0xD7 => at += next + 2,
                    _ => break at + next,
                }
            };
        }
    }
}
