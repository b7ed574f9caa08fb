//! An SFTP server, through this system's own OpenSSH: its keys, its ciphers, its checks.
//!
//! A file is written as `.name.part`, brought to the server's disk where it knows `fsync@openssh.com`, measured, and given its name.
//! That goes by plain rename, which does not replace a file that is there; `posix-rename@openssh.com`, which does, stands in only on a
//! server that has no other and after nothing was found under the name. A folder of the server is not synced: SFTP has no way to.
//!
//! A connection that breaks is made again, a few times, and what was half written goes on from where it is the same as it should be.
//! Links are not followed below the folder that was named.

mod place;
mod session;
mod wire;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::{Listed, Missing, Name, Put, Shelf, Target, TargetError, is_part_of_ours};
use session::{Fault, NO_SSH, NOT_STARTED, Session};
use wire::{Attrs, Packet, Reply, flag, kind, read_statvfs, status};

pub use place::SftpPlace;

/// What a file is called while it is written: its name, behind a point, with this at its end.
const PART: &str = ".part";
/// Bytes in one request: every server takes so many.
const PIECE: usize = 32 << 10;
/// More lines than this has no folder of ours.
const MOST_FILES: usize = 1 << 20;
/// How often a connection that worked is made again. The wait before doubles each time, to half a minute in all.
const TRIES: u32 = 6;
const FIRST_WAIT: Duration = if cfg!(test) { Duration::from_millis(10) } else { Duration::from_millis(500) };

const FSYNC: &str = "fsync@openssh.com";
const STATVFS: &str = "statvfs@openssh.com";
const POSIX_RENAME: &str = "posix-rename@openssh.com";

/// A folder on a server.
pub struct SftpTarget {
    place: SftpPlace,
    said: String,
    session: Mutex<Option<Arc<Session>>>,
    /// Whether it was ever reached: then it is worth waiting for.
    worked: AtomicBool,
    /// Shelves that are known to be folders.
    shelves: Mutex<BTreeSet<Shelf>>,
}

/// Why something was not done: by the connection, or by what was found.
enum Wrong {
    Fault(Fault),
    Target(TargetError),
}

impl From<Fault> for Wrong {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<TargetError> for Wrong {
    fn from(error: TargetError) -> Self {
        Self::Target(error)
    }
}

type Done<T> = Result<T, Wrong>;

impl SftpTarget {
    /// Connects, and sees that the folder is there. Its parent must be.
    pub fn open(place: &SftpPlace, missing: Missing) -> Result<Self, TargetError> {
        let target = Self {
            place: place.clone(),
            said: place.to_string(),
            session: Mutex::new(None),
            worked: AtomicBool::new(false),
            shelves: Mutex::new(BTreeSet::new()),
        };
        target.with(|session| {
            let stat = || session.ask(Packet::new(kind::STAT).text(place.path().as_bytes()));
            let found = match stat() {
                Err(Fault::Status { code: status::NO_SUCH_FILE, .. }) if missing == Missing::Make => {
                    session.tell(Packet::new(kind::MKDIR).text(place.path().as_bytes()).mode(0o700))?;
                    stat()?
                }
                other => other?,
            };
            match found {
                Reply::Attrs(attrs) if attrs.is_folder() => Ok(()),
                _ => Err(target.gone("it is no folder").into()),
            }
        })?;
        Ok(target)
    }

    fn gone(&self, why: impl Into<String>) -> TargetError {
        TargetError::Gone { place: self.said.clone(), why: why.into() }
    }

    /// Does something over the connection, which is made where there is none, and made again when it breaks.
    fn with<T>(&self, mut work: impl FnMut(&Session) -> Done<T>) -> Result<T, TargetError> {
        let mut tried = 0;
        loop {
            let lost = match self.session() {
                Ok(session) => match work(&session) {
                    Ok(done) => {
                        self.worked.store(true, Ordering::Relaxed);
                        return Ok(done);
                    }
                    Err(Wrong::Fault(Fault::Lost(said))) => {
                        self.forget(&session);
                        said
                    }
                    Err(Wrong::Fault(fault)) => return Err(self.wrong("", &fault)),
                    Err(Wrong::Target(error)) => return Err(error),
                },
                Err(error) => match error {
                    TargetError::Gone { why, .. } => why,
                    definite => return Err(definite),
                },
            };
            let worked = self.worked.load(Ordering::Relaxed);
            if tried >= TRIES || !worked {
                let why = cause(&lost);
                return Err(match worked {
                    true => TargetError::Cut { place: self.said.clone(), why },
                    false => self.gone(why),
                });
            }
            std::thread::sleep(FIRST_WAIT * (1 << tried));
            tried += 1;
        }
    }

    fn session(&self) -> Result<Arc<Session>, TargetError> {
        let mut kept = lock(&self.session);
        if let Some(session) = &*kept {
            return Ok(session.clone());
        }
        let not_set_up = |why| TargetError::NotSetUp { place: self.said.clone(), why };
        let mut command = self.place.command().map_err(not_set_up)?;
        let session = Session::start(&mut command).map_err(|fault| self.not_started(&fault))?;
        let session = Arc::new(session);
        *kept = Some(session.clone());
        Ok(session)
    }

    fn forget(&self, ended: &Arc<Session>) {
        let mut kept = lock(&self.session);
        if kept.as_ref().is_some_and(|session| Arc::ptr_eq(session, ended)) {
            *kept = None;
        }
    }

    /// Why there is no connection.
    fn not_started(&self, fault: &Fault) -> TargetError {
        let said = match fault {
            Fault::Lost(said) => said.as_str(),
            _ => "the server does not speak SFTP",
        };
        by_what_ssh_said(self.said.clone(), said)
    }

    /// What a server's no means for a file.
    fn wrong(&self, name: &str, fault: &Fault) -> TargetError {
        let (place, name) = (self.said.clone(), name.to_owned());
        match fault {
            Fault::Lost(said) => TargetError::Cut { place, why: cause(said) },
            Fault::Strange => TargetError::Io { place, name, why: "the server's answer makes no sense".into() },
            Fault::Status { code: status::NO_SUCH_FILE, .. } if name.is_empty() => {
                TargetError::Gone { place, why: "there is no such folder".into() }
            }
            Fault::Status { code: status::PERMISSION_DENIED, .. } => {
                TargetError::Denied { place, why: "the server does not permit it".into() }
            }
            Fault::Status { code, message } => {
                let why = if message.is_empty() { format!("status {code}") } else { message.clone() };
                TargetError::Io { place, name, why }
            }
        }
    }

    /// The same for a write, where SFTP has no word for a full disk.
    fn wrong_write(&self, session: &Session, name: &str, fault: Fault, bytes: usize) -> Wrong {
        if !matches!(fault, Fault::Status { .. }) {
            return fault.into();
        }
        let place = self.said.clone();
        match self.room(session) {
            Ok(Some((_, true))) => TargetError::Denied { place, why: "it can only be read".into() }.into(),
            Ok(Some((free, false))) if free < (bytes as u64).saturating_add(64 << 10) => {
                TargetError::Full { place }.into()
            }
            Err(Wrong::Fault(lost @ Fault::Lost(_))) => lost.into(),
            _ => self.wrong(name, &fault).into(),
        }
    }

    /// Free bytes, and whether it can only be read.
    fn room(&self, session: &Session) -> Done<Option<(u64, bool)>> {
        if !session.knows(STATVFS) {
            return Ok(None);
        }
        match session.ask(Packet::extended(STATVFS).text(self.place.path().as_bytes()))? {
            Reply::Extended(body) => Ok(read_statvfs(&body)),
            _ => Ok(None),
        }
    }

    fn path(&self, shelf: Shelf, file: &str) -> Vec<u8> {
        let folder = self.place.path().trim_end_matches('/');
        let steps = [shelf.path(), file];
        let steps = steps.into_iter().filter(|step| !step.is_empty());
        std::iter::once(folder).chain(steps).collect::<Vec<_>>().join("/").into_bytes()
    }

    fn lstat(&self, session: &Session, path: &[u8]) -> Done<Option<Attrs>> {
        match session.ask(Packet::new(kind::LSTAT).text(path)) {
            Ok(Reply::Attrs(attrs)) => Ok(Some(attrs)),
            Ok(_) => Err(Fault::Strange.into()),
            Err(Fault::Status { code: status::NO_SUCH_FILE, .. }) => Ok(None),
            Err(fault) => Err(fault.into()),
        }
    }

    fn not_plain(&self, name: impl ToString) -> Wrong {
        TargetError::NotPlain { place: self.said.clone(), name: name.to_string() }.into()
    }

    /// Whether a shelf is there: as a folder, and no link.
    fn has_shelf(&self, session: &Session, shelf: Shelf) -> Done<bool> {
        if shelf == Shelf::Top || lock(&self.shelves).contains(&shelf) {
            return Ok(true);
        }
        match self.lstat(session, &self.path(shelf, ""))? {
            None => Ok(false),
            Some(attrs) if attrs.is_folder() => {
                lock(&self.shelves).insert(shelf);
                Ok(true)
            }
            Some(_) => Err(self.not_plain(shelf.path())),
        }
    }

    fn make_shelf(&self, session: &Session, shelf: Shelf) -> Done<()> {
        if self.has_shelf(session, shelf)? {
            return Ok(());
        }
        let made = session.tell(Packet::new(kind::MKDIR).text(&self.path(shelf, "")).mode(0o700));
        if self.has_shelf(session, shelf)? {
            return Ok(());
        }
        match made {
            Err(fault) => Err(self.wrong_write(session, shelf.path(), fault, 0)),
            Ok(()) => Err(self.gone("a folder that was made there is not there").into()),
        }
    }

    fn missing(&self, name: &Name) -> Wrong {
        TargetError::Missing { place: self.said.clone(), name: name.clone() }.into()
    }

    fn length(&self, name: &Name) -> Wrong {
        TargetError::Length { place: self.said.clone(), name: name.clone() }.into()
    }

    fn try_put(&self, session: &Session, name: &Name, bytes: &[u8], before: &mut Before) -> Done<Put> {
        self.make_shelf(session, name.shelf())?;
        let path = self.path(name.shelf(), name.file());
        if let Some(there) = self.lstat(session, &path)? {
            // A rename whose answer was lost with the connection.
            let ours = *before == Before::Named
                && there.is_file()
                && self.try_get(session, name, bytes.len() as u64).is_ok_and(|read| read == bytes);
            return Ok(if ours { Put::New } else { Put::There });
        }
        let part = self.path(name.shelf(), &format!(".{}{PART}", name.file()));
        let written = self.write_part(session, &part, bytes, *before).map_err(|wrong| match wrong {
            Wrong::Fault(fault) => self.wrong_write(session, &name.to_string(), fault, bytes.len()),
            other => other,
        });
        if let Err(wrong) = written {
            if *before == Before::Nothing {
                *before = Before::Part;
            }
            // What could not be finished only takes up space. After a broken connection it is gone on with.
            if !matches!(wrong, Wrong::Fault(_)) {
                let _ = session.tell(Packet::new(kind::REMOVE).text(&part));
            }
            return Err(wrong);
        }
        *before = Before::Named;
        self.give_name(session, name, &part, &path)
    }

    fn give_name(&self, session: &Session, name: &Name, part: &[u8], path: &[u8]) -> Done<Put> {
        let refused = match session.tell(Packet::new(kind::RENAME).text(part).text(path)) {
            Ok(()) => return Ok(Put::New),
            Err(lost @ Fault::Lost(_)) => return Err(lost.into()),
            Err(refused) => refused,
        };
        if self.lstat(session, path)?.is_some() {
            let _ = session.tell(Packet::new(kind::REMOVE).text(part));
            return Ok(Put::There);
        }
        if session.knows(POSIX_RENAME) {
            session.tell(Packet::extended(POSIX_RENAME).text(part).text(path))?;
            return Ok(Put::New);
        }
        Err(self.wrong(&name.to_string(), &refused).into())
    }

    /// Writes what a part lacks, brings it to the disk, and measures it.
    fn write_part(&self, session: &Session, part: &[u8], bytes: &[u8], before: Before) -> Done<()> {
        let there = self.lstat(session, part)?;
        let goes_on = before == Before::Part
            && there.is_some_and(|there| there.is_file() && there.size.is_some_and(|size| size <= bytes.len() as u64));
        if there.is_some() && !goes_on {
            session.tell(Packet::new(kind::REMOVE).text(part))?;
        }
        // Exclusive, so that a link that is put there meanwhile is not followed.
        let how = flag::READ | flag::WRITE | if goes_on { 0 } else { flag::CREATE | flag::EXCLUSIVE };
        let handle = self.handle(session, Packet::new(kind::OPEN).text(part).number(how).mode(0o600))?;
        let written = self.write_handle(session, &handle, bytes, goes_on);
        // The connection may be gone, and the handle with it.
        let closed = session.tell(Packet::new(kind::CLOSE).text(&handle));
        written?;
        Ok(closed?)
    }

    fn write_handle(&self, session: &Session, handle: &[u8], bytes: &[u8], goes_on: bool) -> Done<()> {
        let from = if goes_on { self.same_until(session, handle, bytes)? } else { 0 };
        let rest = bytes.get(from..).unwrap_or_default();
        let pieces = rest.chunks(PIECE).enumerate().map(|(at, piece)| {
            let offset = (from + at * PIECE) as u64;
            Packet::new(kind::WRITE).text(handle).long(offset).text(piece)
        });
        session.ask_all(pieces, |_, reply| match reply {
            Reply::Status { code: status::OK, .. } => Ok(None),
            Reply::Status { code, message } => Err(Fault::Status { code, message }),
            _ => Err(Fault::Strange),
        })?;
        if session.knows(FSYNC) {
            session.tell(Packet::extended(FSYNC).text(handle))?;
        }
        match session.ask(Packet::new(kind::FSTAT).text(handle))? {
            Reply::Attrs(attrs) if attrs.size == Some(bytes.len() as u64) => Ok(()),
            Reply::Attrs(_) => Err(TargetError::NotKept { place: self.said.clone() }.into()),
            _ => Err(Fault::Strange.into()),
        }
    }

    /// Until where a part holds what it should.
    fn same_until(&self, session: &Session, handle: &[u8], bytes: &[u8]) -> Done<usize> {
        let size = match session.ask(Packet::new(kind::FSTAT).text(handle))? {
            Reply::Attrs(Attrs { size: Some(size), .. }) => (size as usize).min(bytes.len()),
            _ => return Ok(0),
        };
        let read = self.read_handle(session, handle, 0, size)?;
        let same = read.map_or(0, |read| read.iter().zip(bytes).take_while(|(one, other)| one == other).count());
        Ok(same / PIECE * PIECE)
    }

    fn handle(&self, session: &Session, packet: Packet) -> Done<Vec<u8>> {
        match session.ask(packet)? {
            Reply::Handle(handle) => Ok(handle),
            _ => Err(Fault::Strange.into()),
        }
    }

    /// `None` when the file ends before.
    fn read_handle(&self, session: &Session, handle: &[u8], offset: u64, len: usize) -> Done<Option<Vec<u8>>> {
        let mut bytes = vec![0; len];
        let mut pieces: Vec<(usize, usize)> = (0..len).step_by(PIECE).map(|at| (at, PIECE.min(len - at))).collect();
        let ask = |(at, want): (usize, usize)| {
            Packet::new(kind::READ).text(handle).long(offset + at as u64).number(want as u32)
        };
        let first = pieces.clone().into_iter().map(ask);
        let mut ended = false;
        session.ask_all(first, |nth, reply| {
            let (at, want) = pieces.get(nth).copied().ok_or(Fault::Strange)?;
            match reply {
                Reply::Data(data) if !data.is_empty() && data.len() <= want => {
                    let room = bytes.get_mut(at..at + data.len()).ok_or(Fault::Strange)?;
                    room.copy_from_slice(&data);
                    if data.len() == want {
                        return Ok(None);
                    }
                    // A server may give less than was asked for.
                    let rest = (at + data.len(), want - data.len());
                    pieces.push(rest);
                    Ok(Some(ask(rest)))
                }
                Reply::Status { code: status::EOF, .. } => {
                    ended = true;
                    Ok(None)
                }
                Reply::Status { code, message } => Err(Fault::Status { code, message }),
                _ => Err(Fault::Strange),
            }
        })?;
        Ok((!ended).then_some(bytes))
    }

    fn open_file(&self, session: &Session, name: &Name) -> Done<(Vec<u8>, u64)> {
        if !self.has_shelf(session, name.shelf())? {
            return Err(self.missing(name));
        }
        let path = self.path(name.shelf(), name.file());
        let there = self.lstat(session, &path)?.ok_or_else(|| self.missing(name))?;
        if !there.is_file() {
            return Err(self.not_plain(name));
        }
        let size = there.size.ok_or(Fault::Strange)?;
        let handle = self.handle(session, Packet::new(kind::OPEN).text(&path).number(flag::READ).number(0))?;
        Ok((handle, size))
    }

    fn try_get(&self, session: &Session, name: &Name, most: u64) -> Done<Vec<u8>> {
        let (handle, size) = self.open_file(session, name)?;
        let read = if size > most { Ok(None) } else { self.read_handle(session, &handle, 0, size as usize) };
        let _ = session.tell(Packet::new(kind::CLOSE).text(&handle));
        read?.ok_or_else(|| self.length(name))
    }

    fn try_get_range(&self, session: &Session, name: &Name, offset: u64, len: usize) -> Done<Vec<u8>> {
        let (handle, size) = self.open_file(session, name)?;
        let inside = offset.checked_add(len as u64).is_some_and(|end| end <= size);
        let read = if inside { self.read_handle(session, &handle, offset, len) } else { Ok(None) };
        let _ = session.tell(Packet::new(kind::CLOSE).text(&handle));
        read?.ok_or_else(|| self.length(name))
    }

    /// Every line of a shelf. One that is not there has none.
    fn lines(&self, session: &Session, shelf: Shelf) -> Done<Vec<(String, Attrs)>> {
        if !self.has_shelf(session, shelf)? {
            return Ok(Vec::new());
        }
        let handle = self.handle(session, Packet::new(kind::OPENDIR).text(&self.path(shelf, "")))?;
        let mut all = Vec::new();
        let read = loop {
            match session.ask(Packet::new(kind::READDIR).text(&handle)) {
                Ok(Reply::Names(names)) if all.len() < MOST_FILES => {
                    all.extend(
                        names.into_iter().filter_map(|one| Some((String::from_utf8(one.file).ok()?, one.attrs))),
                    );
                }
                Err(Fault::Status { code: status::EOF, .. }) => break Ok(all),
                Err(fault) => break Err(fault.into()),
                Ok(_) => break Err(Fault::Strange.into()),
            }
        };
        let _ = session.tell(Packet::new(kind::CLOSE).text(&handle));
        read
    }

    /// Does something with a file; a no of the server is told of it.
    fn with_file<T>(&self, name: &Name, mut work: impl FnMut(&Session) -> Done<T>) -> Result<T, TargetError> {
        self.with(|session| {
            work(session).map_err(|wrong| match wrong {
                Wrong::Fault(fault @ Fault::Status { .. }) => self.wrong(&name.to_string(), &fault).into(),
                other => other,
            })
        })
    }
}

/// How far an earlier try of the same write came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Before {
    Nothing,
    /// A part of it is there.
    Part,
    /// It was to get its name.
    Named,
}

/// Why there is no connection, by what `ssh` said. It speaks of a key that it cannot use before the server's no, and says both.
fn by_what_ssh_said(place: String, said: &str) -> TargetError {
    let has = |part: &str| said.contains(part);
    let why = cause(said);
    if has(NO_SSH) || has(NOT_STARTED) {
        TargetError::NotSetUp { place, why }
    } else if has("IDENTIFICATION HAS CHANGED") || has("Offending") {
        TargetError::Stranger { place, why: "its host key is another than the one in known_hosts".into() }
    } else if has("host key is known") || has("Host key verification failed") {
        TargetError::Stranger { place, why: "its host key is not in known_hosts".into() }
    } else if has("UNPROTECTED PRIVATE KEY") || has("bad permissions") {
        TargetError::NotSetUp { place, why: "others may read its key_file: run chmod 600 on it".into() }
    } else if has("Load key") || has("invalid format") {
        TargetError::NotSetUp { place, why: format!("its key_file cannot be used ({why})") }
    } else if has("Permission denied") || has("Too many authentication failures") {
        TargetError::Refused { place, why: format!("it does not take the key ({why})") }
    } else if has("subsystem request failed") {
        TargetError::Refused { place, why: "it offers no SFTP to this account".into() }
    } else {
        TargetError::Gone { place, why }
    }
}

/// The first thing that `ssh` said, which names the cause.
fn cause(said: &str) -> String {
    let line = said.lines().find(|line| !line.starts_with("Warning:")).unwrap_or_default();
    match line.trim_end_matches(['.', '\r']) {
        "" => "the connection ended".into(),
        line => line.to_owned(),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Target for SftpTarget {
    fn place(&self) -> &str {
        &self.said
    }

    fn put(&self, name: &Name, bytes: &[u8]) -> Result<Put, TargetError> {
        let mut before = Before::Nothing;
        self.with_file(name, |session| self.try_put(session, name, bytes, &mut before))
    }

    fn get(&self, name: &Name, most: u64) -> Result<Vec<u8>, TargetError> {
        self.with_file(name, |session| self.try_get(session, name, most)).map_err(|error| error.of_reading(name))
    }

    fn get_range(&self, name: &Name, offset: u64, len: usize) -> Result<Vec<u8>, TargetError> {
        let read = self.with_file(name, |session| self.try_get_range(session, name, offset, len));
        read.map_err(|error| error.of_reading(name))
    }

    fn list(&self, shelf: Shelf) -> Result<Vec<Listed>, TargetError> {
        let read = self.with(|session| {
            let listed = self.lines(session, shelf)?.into_iter().filter(|(_, attrs)| attrs.is_file());
            Ok(listed
                .filter_map(|(file, attrs)| Some(Listed { name: Name::new(shelf, &file)?, bytes: attrs.size }))
                .collect())
        });
        read.map_err(|error| error.of_reading(&shelf.said()))
    }

    fn delete(&self, name: &Name) -> Result<(), TargetError> {
        self.with_file(name, |session| {
            if !self.has_shelf(session, name.shelf())? {
                return Ok(());
            }
            match session.tell(Packet::new(kind::REMOVE).text(&self.path(name.shelf(), name.file()))) {
                Ok(()) | Err(Fault::Status { code: status::NO_SUCH_FILE, .. }) => Ok(()),
                Err(fault) => Err(self.wrong_write(session, &name.to_string(), fault, 0)),
            }
        })
    }

    fn sync(&self) -> Result<(), TargetError> {
        // Every file was synced as it was put, where the server can.
        Ok(())
    }

    fn tidy(&self) -> Result<(), TargetError> {
        for shelf in Shelf::ALL {
            self.with(|session| {
                for (file, _) in self.lines(session, shelf)? {
                    if is_part_of_ours(shelf, &file) {
                        // It is tried again at the next time.
                        let _ = session.tell(Packet::new(kind::REMOVE).text(&self.path(shelf, &file)));
                    }
                }
                Ok(())
            })?;
        }
        Ok(())
    }

    fn free(&self) -> Option<u64> {
        self.with(|session| self.room(session)).ok().flatten().map(|(free, _)| free)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ssh_says_is_told_by_its_cause() {
        let open = "@         WARNING: UNPROTECTED PRIVATE KEY FILE!          @\nPermissions 0644 for '/k' are too open.\n\
                    Load key \"/k\": bad permissions\nbox@nas: Permission denied (publickey).";
        let spoilt = "Load key \"/k\": error in libcrypto\nbox@nas: Permission denied (publickey).";
        let said = [
            (open, "chmod 600"),
            (spoilt, "its key_file cannot be used"),
            ("box@nas: Permission denied (publickey).", "it does not take the key"),
            ("ssh cannot be started: Permission denied (os error 13)", "ssh cannot be started"),
            ("No ED25519 host key is known for nas.\nHost key verification failed.", "not in known_hosts"),
            ("ssh: connect to host nas port 22: Connection refused", "Connection refused"),
        ];
        for (said, told) in said {
            let told_is = by_what_ssh_said("sftp://nas/box".into(), said).to_string();
            assert!(told_is.contains(told), "{told_is}");
            assert_eq!(told_is.contains("take the key"), told.contains("take the key"), "{told_is}");
        }
    }
}
