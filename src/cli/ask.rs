//! Questions at a terminal. Where there is none, they are not asked: a script gives its answers by flags.

use std::io::{BufRead, IsTerminal, Write};

use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
use zeroize::Zeroizing;

use super::Failure;
use crate::base::Secret;
use crate::crypto::Sheet;
use crate::crypto::sheet::{ROWS, SheetError};

/// Whether somebody can be asked.
pub fn can() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// One line, shown as it is typed.
pub fn line(question: &str) -> Result<Zeroizing<String>, Failure> {
    say(question)?;
    let mut answer = Zeroizing::new(String::with_capacity(1024));
    let read = std::io::stdin().lock().read_line(&mut answer).map_err(anyhow::Error::from)?;
    if read == 0 {
        return Err(Failure::failed("nothing was typed, and nothing was changed"));
    }
    let end = answer.trim_end_matches(['\r', '\n']).len();
    answer.truncate(end);
    Ok(answer)
}

/// One line that is not shown.
pub fn hidden(question: &str) -> Result<Secret<String>, Failure> {
    let stdin = std::io::stdin();
    let before = tcgetattr(&stdin).map_err(|error| anyhow::Error::from(std::io::Error::from(error)))?;
    let mut quiet = before.clone();
    quiet.local_modes.remove(LocalModes::ECHO);
    tcsetattr(&stdin, OptionalActions::Flush, &quiet)
        .map_err(|error| anyhow::Error::from(std::io::Error::from(error)))?;
    let answer = line(question);
    let shown = tcsetattr(&stdin, OptionalActions::Flush, &before);
    let _ = writeln!(std::io::stderr());
    shown.map_err(|error| anyhow::Error::from(std::io::Error::from(error)))?;
    answer.map(|mut answer| Secret::new(std::mem::take(&mut *answer)))
}

/// A new passphrase, typed twice.
pub fn new_passphrase() -> Result<Secret<String>, Failure> {
    let one = hidden("New passphrase (four unrelated words are easy to remember): ")?;
    let two = hidden("The same once more: ")?;
    if one.expose() == two.expose() {
        Ok(one)
    } else {
        Err(Failure::failed("the two are not the same, and nothing was changed; run the command again"))
    }
}

/// A whole recovery sheet, row by row. A row with a mistake is asked again at once.
pub fn sheet(which: &str) -> Result<Sheet, Failure> {
    say(&format!("The six rows of {which}, four words each. Four letters of a word are enough.\n"))?;
    let mut rows: [Zeroizing<String>; ROWS] = std::array::from_fn(|_| Zeroizing::new(String::new()));
    for (at, row) in rows.iter_mut().enumerate() {
        *row = line(&format!("Row {}: ", at + 1))?;
    }
    loop {
        let faults = match Sheet::read_rows(std::array::from_fn(|at| rows.get(at).map_or("", |row| row.as_str()))) {
            Ok(sheet) => return Ok(sheet),
            Err(SheetError::Rows(faults)) => faults,
            Err(other) => return Err(Failure::failed(other.to_string())),
        };
        for fault in faults {
            say(&format!("{fault}\n"))?;
            if let Some(row) = fault.row().checked_sub(1).and_then(|at| rows.get_mut(at)) {
                *row = line(&format!("Row {} again: ", fault.row()))?;
            }
        }
    }
}

/// Whether they agree; anything but a yes is a no.
pub fn agrees(question: &str) -> Result<bool, Failure> {
    let answer = line(&format!("{question} Type yes to go on: "))?;
    Ok(answer.trim().eq_ignore_ascii_case("yes"))
}

fn say(text: &str) -> Result<(), Failure> {
    let mut to = std::io::stderr();
    to.write_all(text.as_bytes()).and_then(|()| to.flush()).map_err(|error| anyhow::Error::from(error).into())
}
