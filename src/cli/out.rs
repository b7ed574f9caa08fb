//! Standard output: text for people, or JSON for programs. A reader that went away is not an error.

use std::io::{self, Write};

use serde::Serialize;

use super::Failure;

/// Where a command writes its result.
pub struct Out {
    to: Box<dyn Write + Send>,
    gone: bool,
    /// Whether anything was written.
    begun: bool,
}

impl Out {
    pub fn standard() -> Self {
        Self::to(Box::new(io::BufWriter::new(io::stdout())))
    }

    pub fn to(to: Box<dyn Write + Send>) -> Self {
        Self { to, gone: false, begun: false }
    }

    /// One line of text.
    pub fn line(&mut self, text: impl AsRef<str>) -> Result<(), Failure> {
        self.write(|to| writeln!(to, "{}", text.as_ref()))
    }

    /// Text as it is.
    pub fn text(&mut self, text: &str) -> Result<(), Failure> {
        self.write(|to| to.write_all(text.as_bytes()))
    }

    /// A value as JSON, indented, on lines of its own.
    pub fn json(&mut self, value: &impl Serialize) -> Result<(), Failure> {
        let text = serde_json::to_string_pretty(value).map_err(anyhow::Error::from)?;
        self.line(text)
    }

    /// The same of a failure that nothing was said of yet: a program that reads JSON finds the reason there.
    pub(super) fn failed(&mut self, done: Result<(), Failure>) -> Result<(), Failure> {
        if let (Err(failure), false) = (&done, self.begun) {
            self.json(&serde_json::json!({ "error": failure.to_string(), "code": failure.exit_code() }))?;
        }
        done
    }

    /// Rows under headings, each column as wide as its widest cell.
    pub fn table<const N: usize>(&mut self, head: [&str; N], rows: &[[String; N]]) -> Result<(), Failure> {
        let mut widths = head.map(|cell| cell.chars().count());
        for row in rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.chars().count());
            }
        }
        self.line(aligned(&head, &widths))?;
        rows.iter().try_for_each(|row| self.line(aligned(row, &widths)))
    }

    /// What was written is now out.
    pub fn flush(&mut self) -> Result<(), Failure> {
        self.write(|to| to.flush())
    }

    pub(super) fn finish(&mut self) -> Result<(), Failure> {
        self.flush()
    }

    fn write(&mut self, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Failure> {
        if self.gone {
            return Ok(());
        }
        self.begun = true;
        match write(&mut *self.to) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.gone = true;
                Ok(())
            }
            Err(error) => Err(Failure::failed(format!("the result could not be written: {error}"))),
            Ok(()) => Ok(()),
        }
    }
}

fn aligned(cells: &[impl AsRef<str>], widths: &[usize]) -> String {
    let mut line = String::new();
    for (cell, width) in cells.iter().zip(widths) {
        line.push_str(&format!("{:width$}  ", cell.as_ref()));
    }
    line.truncate(line.trim_end().len());
    line
}

/// One sentence on standard error.
pub(super) fn complain(text: &str) {
    let text = text.trim_end();
    let stop = if text.ends_with(['.', '!', '?', ':']) { "" } else { "." };
    // Standard error may be closed; then there is nobody to tell.
    let _ = writeln!(io::stderr(), "chartbox: {text}{stop}");
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What was written, kept where the test can see it.
    #[derive(Clone, Default)]
    struct Kept(std::sync::Arc<std::sync::Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_failure_that_nothing_was_said_of_is_json_too() {
        let kept = Kept::default();
        let mut out = Out::to(Box::new(kept.clone()));
        let failed = out.failed(Err(Failure::Locked("no key".into()))).unwrap_err();
        assert_eq!(failed.exit_code(), 4);
        let said = || String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
        let value: serde_json::Value = serde_json::from_str(&said()).unwrap();
        assert_eq!(value, serde_json::json!({ "error": "no key", "code": 4 }));
        // What was said already is not said twice.
        let before = said();
        out.failed(Err(Failure::failed("again"))).unwrap_err();
        assert_eq!(said(), before);
    }

    #[test]
    fn a_table_is_aligned_and_has_no_space_at_its_ends() {
        let widths = [3, 5];
        assert_eq!(aligned(&["a", "b"], &widths), "a    b");
        assert_eq!(aligned(&["abc", "de"], &widths), "abc  de");
    }
}
