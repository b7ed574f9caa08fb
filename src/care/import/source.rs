//! What an import reads: files, folders of them, and a stream; compressed or not; bundles and NDJSON told
//! apart by what stands in them, never by their names.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use super::ImportError;

/// Where resources come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    File(PathBuf),
    StandardInput,
}

impl Source {
    /// How messages name it.
    pub fn name(&self) -> String {
        match self {
            Self::File(path) => {
                path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into())
            }
            Self::StandardInput => "standard input".to_owned(),
        }
    }

    /// Bytes as they lie there, for the progress bar.
    pub fn bytes(&self) -> u64 {
        match self {
            Self::File(path) => std::fs::metadata(path).map_or(0, |meta| meta.len()),
            Self::StandardInput => 0,
        }
    }
}

/// The most bytes that one bundle or one line may have once unpacked: it is held in memory whole.
pub(super) const LARGEST: usize = 96 << 20;

/// All files below the given paths, in the order of their names. A folder's other files are left out.
pub fn expand(paths: &[PathBuf]) -> Result<Vec<Source>, ImportError> {
    let mut sources = Vec::new();
    for path in paths {
        if path.as_os_str() == "-" {
            sources.push(Source::StandardInput);
        } else if path.is_dir() {
            let before = sources.len();
            walk(path, &mut sources)?;
            if sources.len() == before {
                return Err(ImportError::EmptyFolder(path.clone()));
            }
        } else if path.is_file() {
            sources.push(Source::File(path.clone()));
        } else {
            return Err(ImportError::NotThere(path.clone()));
        }
    }
    Ok(sources)
}

fn walk(folder: &Path, into: &mut Vec<Source>) -> Result<(), ImportError> {
    let unreadable = |error: std::io::Error| ImportError::Unreadable {
        name: folder.display().to_string(),
        cause: error.to_string(),
    };
    let mut paths = std::fs::read_dir(folder)
        .map_err(unreadable)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<Vec<_>, _>>()
        .map_err(unreadable)?;
    paths.sort();
    for path in paths {
        if path.is_dir() {
            walk(&path, into)?;
        } else if is_wanted(&path) {
            into.push(Source::File(path));
        }
    }
    Ok(())
}

fn is_wanted(path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
    let bare = name.strip_suffix(".gz").or_else(|| name.strip_suffix(".bz2")).unwrap_or(&name);
    bare.ends_with(".json") || bare.ends_with(".ndjson")
}

/// One piece of a source: a whole JSON document, or one line of NDJSON.
pub(super) enum Piece {
    /// A document and what it takes to name its entries.
    Document(Vec<u8>),
    Line(usize, Vec<u8>),
}

/// Reads a source piece by piece; `each` says whether to go on.
pub(super) fn pieces(
    source: &Source,
    mut each: impl FnMut(Piece) -> Result<(), ImportError>,
) -> Result<(), ImportError> {
    let unreadable = |error: std::io::Error| ImportError::Unreadable { name: source.name(), cause: error.to_string() };
    let raw: Box<dyn Read> = match source {
        Source::File(path) => Box::new(std::fs::File::open(path).map_err(unreadable)?),
        Source::StandardInput => Box::new(std::io::stdin().lock()),
    };
    let mut reader = unpacked(BufReader::with_capacity(1 << 16, raw)).map_err(unreadable)?;
    let mut first = Vec::new();
    let mut number = 0;
    while first.iter().all(u8::is_ascii_whitespace) {
        first.clear();
        number += 1;
        if read_line(&mut reader, &mut first, source)? == 0 {
            return Ok(());
        }
    }
    if !is_line_of_ndjson(&first) {
        read_rest(&mut reader, &mut first, source)?;
        return each(Piece::Document(first));
    }
    loop {
        if !first.iter().all(u8::is_ascii_whitespace) {
            each(Piece::Line(number, std::mem::take(&mut first)))?;
        }
        first.clear();
        number += 1;
        if read_line(&mut reader, &mut first, source)? == 0 {
            return Ok(());
        }
    }
}

fn unpacked(mut reader: BufReader<Box<dyn Read>>) -> std::io::Result<Box<dyn BufRead>> {
    let head = reader.fill_buf()?;
    Ok(if head.starts_with(&[0x1f, 0x8b]) {
        Box::new(BufReader::new(flate2::bufread::MultiGzDecoder::new(reader)))
    } else if head.starts_with(b"BZh") {
        Box::new(BufReader::new(bzip2::bufread::MultiBzDecoder::new(reader)))
    } else {
        Box::new(reader)
    })
}

/// A line that is one whole JSON object which is no bundle: then every line is.
fn is_line_of_ndjson(line: &[u8]) -> bool {
    #[derive(serde::Deserialize)]
    struct Kind<'a> {
        #[serde(rename = "resourceType", borrow)]
        kind: Option<std::borrow::Cow<'a, str>>,
    }
    serde_json::from_slice::<Kind<'_>>(line).is_ok_and(|one| one.kind.as_deref() != Some("Bundle"))
}

fn read_line(reader: &mut dyn BufRead, into: &mut Vec<u8>, source: &Source) -> Result<usize, ImportError> {
    let unreadable = |error: std::io::Error| ImportError::Unreadable { name: source.name(), cause: error.to_string() };
    let read = reader.take(LARGEST as u64 + 1).read_until(b'\n', into).map_err(unreadable)?;
    if into.len() > LARGEST { Err(ImportError::TooLarge { name: source.name() }) } else { Ok(read) }
}

fn read_rest(reader: &mut dyn BufRead, into: &mut Vec<u8>, source: &Source) -> Result<(), ImportError> {
    let unreadable = |error: std::io::Error| ImportError::Unreadable { name: source.name(), cause: error.to_string() };
    let room = LARGEST.saturating_sub(into.len());
    reader.take(room as u64 + 1).read_to_end(into).map_err(unreadable)?;
    if into.len() > LARGEST { Err(ImportError::TooLarge { name: source.name() }) } else { Ok(()) }
}
