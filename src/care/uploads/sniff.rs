//! What a file is, by its bytes. What it says of itself (its name, the type that the browser names) counts for nothing.

use super::{MOST_BYTES, jpeg, picture};

/// The types that are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    Pdf,
    Jpeg,
    Png,
}

impl Type {
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
        }
    }
}

/// A file that may be kept.
#[derive(Debug)]
pub struct Looked {
    pub kind: Type,
    /// A small picture of it, PNG of our own making; none of a PDF, and none of a picture that would take too much room
    /// to be opened.
    pub preview: Option<Vec<u8>>,
}

/// Why a file is not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotTaken {
    #[error("there is nothing in the file")]
    Empty,
    #[error("the file has {0} bytes, which is more than the box takes")]
    TooLarge(u64),
    /// A picture in the form that telephones of one maker use by themselves.
    #[error("the picture is a HEIC file")]
    Heic,
    #[error("the file is a web page, or holds a program")]
    WebPage,
    #[error("the file is not a PDF, JPEG or PNG")]
    OtherType,
    #[error("the file ends before it is whole")]
    CutOff,
    #[error("the file is broken")]
    Broken,
    #[error("the picture has {0} million points, which is more than the box takes")]
    TooManyPixels(u32),
}

/// The bytes by which a PDF begins (ISO 32000-1, 7.5.2) and ends (7.5.5).
const PDF: &[u8] = b"%PDF-";
const PDF_END: &[u8] = b"%%EOF";
/// What says where the table of its objects stands, close before the end (7.5.5).
const PDF_TABLE: &[u8] = b"startxref";
/// By which a web page is told, whatever stands before it.
const PAGE: [&[u8]; 3] = [b"<!doctype", b"<html", b"<script"];
/// So near its end a PDF says that it is over (ISO 32000-1, Annex H.3, note 18).
const PDF_TAIL: usize = 1024;
/// By which a PNG begins (PNG, third edition, 5.2), and its last chunk (11.2.5) with its check value.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";
const PNG_END: &[u8] = b"\0\0\0\0IEND\xAE\x42\x60\x82";
/// Brands of HEIF and its kin (ISO/IEC 23008-12, and the makers' own).
const HEIF: [&[u8]; 10] = [b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1", b"avif", b"avis"];

/// Looks at a file. Takes as long as opening a picture does: not for an asynchronous thread.
pub fn look(bytes: &[u8]) -> Result<Looked, NotTaken> {
    if bytes.is_empty() {
        return Err(NotTaken::Empty);
    }
    if bytes.len() > MOST_BYTES {
        return Err(NotTaken::TooLarge(bytes.len() as u64));
    }
    if bytes.starts_with(PDF) {
        return pdf(bytes).map(|()| Looked { kind: Type::Pdf, preview: None });
    }
    if bytes.starts_with(&jpeg::START) {
        let shape = jpeg::walk(bytes)?;
        return Ok(Looked { kind: Type::Jpeg, preview: picture::of_jpeg(bytes, shape)? });
    }
    if bytes.starts_with(PNG) {
        if !bytes.ends_with(PNG_END) {
            return Err(NotTaken::CutOff);
        }
        return Ok(Looked { kind: Type::Png, preview: picture::of_png(bytes)? });
    }
    Err(what_else(bytes))
}

/// Whether what begins like a PDF is one, as far as that is seen without reading it.
fn pdf(bytes: &[u8]) -> Result<(), NotTaken> {
    let head = beginning(bytes);
    if PAGE.iter().any(|mark| holds(&head, mark)) {
        return Err(NotTaken::WebPage);
    }
    let [Some(major), Some(b'.'), Some(minor)] = [0, 1, 2].map(|at| bytes.get(PDF.len() + at)) else {
        return Err(NotTaken::OtherType);
    };
    if !major.is_ascii_digit() || !minor.is_ascii_digit() {
        return Err(NotTaken::OtherType);
    }
    let tail = bytes.get(bytes.len().saturating_sub(PDF_TAIL)..).unwrap_or_default();
    if holds(tail, PDF_TABLE) && holds(tail, PDF_END) { Ok(()) } else { Err(NotTaken::CutOff) }
}

fn beginning(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().take(1024).map(u8::to_ascii_lowercase).collect()
}

/// The refusal that helps most.
fn what_else(bytes: &[u8]) -> NotTaken {
    if bytes.get(4..8) == Some(b"ftyp") && bytes.get(8..12).is_some_and(|brand| HEIF.contains(&brand)) {
        return NotTaken::Heic;
    }
    let head = beginning(bytes);
    let marks: [&[u8]; 3] = [b"<svg", b"<?xml", b"<?php"];
    match PAGE.iter().chain(&marks).any(|mark| holds(&head, mark)) {
        true => NotTaken::WebPage,
        false => NotTaken::OtherType,
    }
}

fn holds(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|part| part == wanted)
}
