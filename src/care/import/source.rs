//! What an import reads: files, folders of them, and a stream; compressed or not; bundles and NDJSON told
//! apart by what stands in them, never by their names.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use super::{ImportError, Piece, What};

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

/// How many NDJSON lines make one transaction.
const GROUP: usize = 1_000;
/// A group of lines with so many bytes takes no further line.
const GROUP_BYTES: usize = 2 << 20;

/// The pieces of a source, read as they are asked for.
pub fn pieces(source: &Source) -> impl Iterator<Item = Result<Piece, ImportError>> + Send + use<> {
    let mut reader = Reader { source: source.clone(), state: State::New };
    std::iter::from_fn(move || reader.next().transpose())
}

struct Reader {
    source: Source,
    state: State,
}

enum State {
    New,
    /// In the middle of NDJSON; the number of the line that was read last.
    Lines(Box<dyn BufRead + Send>, u64, Option<String>),
    Done,
}

impl Reader {
    fn next(&mut self) -> Result<Option<Piece>, ImportError> {
        match std::mem::replace(&mut self.state, State::Done) {
            State::Done => Ok(None),
            State::New => self.first(),
            State::Lines(reader, number, first) => self.lines(reader, number, first),
        }
    }

    fn first(&mut self) -> Result<Option<Piece>, ImportError> {
        let raw: Box<dyn Read + Send> = match &self.source {
            Source::File(path) => Box::new(std::fs::File::open(path).map_err(|error| self.unreadable(&error))?),
            Source::StandardInput => Box::new(std::io::stdin()),
        };
        let mut reader = unpacked(BufReader::with_capacity(1 << 16, raw)).map_err(|error| self.unreadable(&error))?;
        let mut first = Vec::new();
        let mut number = 0;
        while first.iter().all(u8::is_ascii_whitespace) {
            first.clear();
            number += 1;
            if self.read_line(&mut *reader, &mut first)? == 0 {
                return Ok(None);
            }
        }
        if is_line_of_ndjson(&first) {
            return self.lines(reader, number, Some(text(first)));
        }
        self.read_rest(&mut *reader, &mut first)?;
        Ok(Some(Piece { source: self.source.name(), what: What::Document(text(first)) }))
    }

    fn lines(
        &mut self,
        mut reader: Box<dyn BufRead + Send>,
        mut number: u64,
        first: Option<String>,
    ) -> Result<Option<Piece>, ImportError> {
        let mut lines: Vec<(u64, String)> = first.map(|first| (number, first)).into_iter().collect();
        let mut bytes = 0;
        while lines.len() < GROUP && bytes < GROUP_BYTES {
            let mut line = Vec::new();
            number += 1;
            if self.read_line(&mut *reader, &mut line)? == 0 {
                return Ok((!lines.is_empty()).then(|| Piece { source: self.source.name(), what: What::Lines(lines) }));
            }
            bytes += line.len();
            if !line.iter().all(u8::is_ascii_whitespace) {
                lines.push((number, text(line)));
            }
        }
        self.state = State::Lines(reader, number, None);
        Ok(Some(Piece { source: self.source.name(), what: What::Lines(lines) }))
    }

    fn unreadable(&self, error: &std::io::Error) -> ImportError {
        ImportError::Unreadable { name: self.source.name(), cause: error.to_string() }
    }

    fn read_line(&self, mut reader: &mut dyn BufRead, into: &mut Vec<u8>) -> Result<usize, ImportError> {
        let read = (&mut reader).take(LARGEST as u64 + 1).read_until(b'\n', into);
        let read = read.map_err(|error| self.unreadable(&error))?;
        if into.len() > LARGEST { Err(ImportError::TooLarge { name: self.source.name() }) } else { Ok(read) }
    }

    fn read_rest(&self, mut reader: &mut dyn BufRead, into: &mut Vec<u8>) -> Result<(), ImportError> {
        let room = LARGEST.saturating_sub(into.len());
        let read = (&mut reader).take(room as u64 + 1).read_to_end(into);
        read.map_err(|error| self.unreadable(&error))?;
        if into.len() > LARGEST { Err(ImportError::TooLarge { name: self.source.name() }) } else { Ok(()) }
    }
}

/// Bytes that are not UTF-8 become marks that no JSON name or code has: the strict parser then names the place.
fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| {
        let mut text = String::from_utf8_lossy(error.as_bytes()).into_owned();
        text.push('\u{0}');
        text
    })
}

fn unpacked(mut reader: BufReader<Box<dyn Read + Send>>) -> std::io::Result<Box<dyn BufRead + Send>> {
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
