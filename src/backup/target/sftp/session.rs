//! One connection: an `ssh` process that speaks SFTP through its pipes, and who waits for which answer.
//!
//! Several threads ask at once; one thread reads what comes and hands it to whoever asked. When the connection ends, everybody who
//! waits hears of it.

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use super::wire::{self, LONGEST, Packet, Reply, VERSION, kind, plain, read_reply, read_version, status};

/// Until the server is there and has let the box in.
const GREETING: Duration = Duration::from_secs(40);
/// Between two answers to what was asked. `ssh` itself gives a silent server up after a minute.
const ANSWER: Duration = Duration::from_secs(120);
/// Between two looks at a program that is ending.
const PAUSE: Duration = Duration::from_millis(5);
/// Requests that are on their way at one time: at 32 KiB each, two MiB.
const WINDOW: usize = 64;

/// Why something was not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The connection ended, or the server fell silent. What `ssh` said.
    Lost(String),
    /// The server said no.
    Status { code: u32, message: String },
    /// The server answered what makes no sense.
    Strange,
}

type Answers = Sender<Option<(u32, Reply)>>;

/// Who waits for which answer; `None` once the connection has ended.
#[derive(Default)]
struct Waiting(Mutex<Option<HashMap<u32, Answers>>>);

/// A connection that stands.
pub struct Session {
    child: Mutex<Child>,
    to: Mutex<ChildStdin>,
    waiting: Arc<Waiting>,
    next: AtomicU32,
    said: Arc<Mutex<Vec<u8>>>,
    listens: JoinHandle<()>,
    extensions: Vec<String>,
}

impl Session {
    /// Starts the program and greets the server. What `ssh` said when it could not is the error.
    pub fn start(command: &mut Command) -> Result<Self, Fault> {
        let started = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut child = started.map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => Fault::Lost(NO_SSH.to_owned()),
            _ => Fault::Lost(format!("{NOT_STARTED}: {error}")),
        })?;
        let (Some(to), Some(from), Some(words)) = (child.stdin.take(), child.stdout.take(), child.stderr.take()) else {
            return Err(Fault::Strange);
        };
        let waiting = Arc::new(Waiting(Mutex::new(Some(HashMap::new()))));
        let (greet, greeted) = channel();
        let reading = waiting.clone();
        std::thread::spawn(move || read_all(from, &greet, &reading));
        let said = Arc::new(Mutex::new(Vec::new()));
        let listener = said.clone();
        let listens = std::thread::spawn(move || listen(words, &listener));
        let mut session = Self {
            child: Mutex::new(child),
            to: Mutex::new(to),
            waiting,
            next: AtomicU32::new(0),
            said,
            listens,
            extensions: Vec::new(),
        };
        let hello = [&5_u32.to_be_bytes()[..], &[kind::INIT], &VERSION.to_be_bytes()].concat();
        let sent = lock(&session.to).write_all(&hello);
        let greeting = sent.ok().and_then(|()| greeted.recv_timeout(GREETING).ok());
        match greeting {
            Some((VERSION.., extensions)) => {
                session.extensions = extensions;
                Ok(session)
            }
            Some(_) => Err(Fault::Lost("the server speaks an older SFTP than version 3".into())),
            None => Err(session.lost()),
        }
    }

    /// Whether the server knows an extension.
    pub fn knows(&self, extension: &str) -> bool {
        self.extensions.iter().any(|known| known == extension)
    }

    /// Asks one thing.
    pub fn ask(&self, packet: Packet) -> Result<Reply, Fault> {
        let mut only = None;
        self.ask_all(std::iter::once(packet), |_, reply| {
            only = Some(reply);
            Ok(None)
        })?;
        match only {
            Some(Reply::Status { code, message }) if code != status::OK => Err(Fault::Status { code, message }),
            Some(reply) => Ok(reply),
            None => Err(Fault::Strange),
        }
    }

    /// [`Session::ask`] for what is only done.
    pub fn tell(&self, packet: Packet) -> Result<(), Fault> {
        match self.ask(packet)? {
            Reply::Status { .. } => Ok(()),
            _ => Err(Fault::Strange),
        }
    }

    /// Asks many things, several at one time. `each` hears which of them an answer is for, and may answer with one thing more to
    /// ask, which counts on after the last.
    pub fn ask_all(
        &self,
        packets: impl Iterator<Item = Packet>,
        mut each: impl FnMut(usize, Reply) -> Result<Option<Packet>, Fault>,
    ) -> Result<(), Fault> {
        let (send, answers) = channel();
        let (mut asked, mut open) = (HashMap::new(), Vec::new());
        let mut packets = packets.fuse();
        let mut count = 0;
        loop {
            while asked.len() < WINDOW {
                let Some(packet) = open.pop().or_else(|| packets.next()) else { break };
                let id = self.send(&packet, &send)?;
                asked.insert(id, count);
                count += 1;
            }
            if asked.is_empty() {
                return Ok(());
            }
            let (id, reply) = self.answer(&answers)?;
            let at = asked.remove(&id).ok_or(Fault::Strange)?;
            open.extend(each(at, reply)?);
        }
    }

    fn send(&self, packet: &Packet, answers: &Answers) -> Result<u32, Fault> {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        match lock(&self.waiting.0).as_mut() {
            Some(waiting) => drop(waiting.insert(id, answers.clone())),
            None => return Err(self.lost()),
        }
        let sent = lock(&self.to).write_all(&packet.bytes(id));
        sent.map_err(|_| self.lost())?;
        Ok(id)
    }

    fn answer(&self, answers: &Receiver<Option<(u32, Reply)>>) -> Result<(u32, Reply), Fault> {
        match answers.recv_timeout(ANSWER) {
            Ok(Some(answer)) => Ok(answer),
            _ => Err(self.lost()),
        }
    }

    /// Ends the connection, and says why it ended.
    fn lost(&self) -> Fault {
        self.end();
        // What it started may hold its words open for longer than anybody waits.
        for _ in 0..40 {
            if self.listens.is_finished() {
                break;
            }
            std::thread::sleep(PAUSE);
        }
        Fault::Lost(last_words(&lock(&self.said)))
    }

    fn end(&self) {
        let mut child = lock(&self.child);
        // One that is ending by itself has time to say why.
        for _ in 0..20 {
            if !matches!(child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(PAUSE);
        }
        let _ = child.kill();
        let _ = child.wait();
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let mut child = lock(&self.child);
        let _ = child.kill();
        let _ = child.wait();
    }
}

/// What is said where `ssh` does not run.
pub const NOT_STARTED: &str = "ssh cannot be started";
/// What is said where there is no `ssh`.
pub const NO_SSH: &str = "this machine has no OpenSSH: install the package openssh-client";

fn read_all(mut from: ChildStdout, greet: &Sender<(u32, Vec<String>)>, waiting: &Waiting) {
    let mut greeted = false;
    while let Some(packet) = next_packet(&mut from) {
        if !greeted {
            let Some(version) = read_version(&packet) else { break };
            // Nobody waits for it any more: then the connection ends, too.
            let _ = greet.send(version);
            greeted = true;
            continue;
        }
        let Some((id, reply)) = read_reply(&packet) else { break };
        let waits = lock(&waiting.0).as_mut().and_then(|waiting| waiting.remove(&id));
        if let Some(waits) = waits {
            // Whoever gave up does not hear it.
            let _ = waits.send(Some((id, reply)));
        }
    }
    for waits in lock(&waiting.0).take().into_iter().flatten() {
        let _ = waits.1.send(None);
    }
}

fn next_packet(from: &mut ChildStdout) -> Option<Vec<u8>> {
    let mut length = [0; 4];
    from.read_exact(&mut length).ok()?;
    let length = wire::take_number(&mut length.as_slice()).filter(|length| (5..=LONGEST).contains(length))?;
    let mut packet = vec![0; length as usize];
    from.read_exact(&mut packet).ok()?;
    Some(packet)
}

/// Keeps the last of what `ssh` writes.
fn listen(mut from: impl Read, kept: &Mutex<Vec<u8>>) {
    let mut piece = [0; 1024];
    while let Ok(read @ 1..) = from.read(&mut piece) {
        let mut kept = lock(kept);
        kept.extend_from_slice(piece.get(..read).unwrap_or_default());
        let more = kept.len().saturating_sub(8 << 10);
        kept.drain(..more);
    }
}

/// What `ssh` wrote, line by line, without its frames.
fn last_words(said: &[u8]) -> String {
    let text = String::from_utf8_lossy(said);
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('@'));
    lines.map(|line| plain(line.as_bytes())).collect::<Vec<_>>().join("\n")
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
