//! Starting the program and talking to it.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use crate::client::Client;

/// Runs a command and waits for it.
pub fn chartbox(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_chartbox")).args(arguments).stdin(Stdio::null()).output().unwrap()
}

/// What a command printed; it must have succeeded.
pub fn printed(arguments: &[&str]) -> String {
    let output = chartbox(arguments);
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "chartbox {arguments:?}: {error}");
    String::from_utf8(output.stdout).unwrap()
}

/// A command's exit code, and the sentence on standard error.
pub fn refused(arguments: &[&str]) -> (i32, String) {
    let output = chartbox(arguments);
    (output.status.code().unwrap(), String::from_utf8_lossy(&output.stderr).into_owned())
}

/// A folder with a box in it, and what was shown once when it was made.
pub struct Place {
    home: tempfile::TempDir,
    pub dir: PathBuf,
    pub printed: String,
}

impl Place {
    /// `chartbox init`, with more arguments.
    pub fn made(more: &[&str]) -> Self {
        let home = tempfile::tempdir().unwrap();
        let dir = home.path().join("box");
        Self::made_in(home, dir, more)
    }

    /// [`Place::made`] in a folder that somebody else takes away.
    pub fn made_at(dir: PathBuf, more: &[&str]) -> Self {
        Self::made_in(tempfile::tempdir().unwrap(), dir, more)
    }

    fn made_in(home: tempfile::TempDir, dir: PathBuf, more: &[&str]) -> Self {
        let mut arguments = vec!["init", "--clinic", "Hill Street Surgery", "--dir", dir.to_str().unwrap()];
        arguments.extend(more);
        let printed = printed(&arguments);
        Self { home, dir, printed }
    }

    pub fn dir(&self) -> &str {
        self.dir.to_str().unwrap()
    }

    /// A folder for what a test needs besides.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    pub fn setup_code(&self) -> String {
        self.printed.lines().find_map(|line| line.strip_prefix("Setup code: ")).unwrap().to_owned()
    }

    /// `chartbox serve` on free ports of the loopback.
    pub fn serve(&self) -> Running {
        self.serve_with(&["--portal-listen", "127.0.0.1:0"])
    }

    pub fn serve_with(&self, more: &[&str]) -> Running {
        self.serve_by(Command::new(env!("CARGO_BIN_EXE_chartbox")), more)
    }

    /// `chartbox serve` with its own folder for temporary files.
    pub fn serve_in(&self, temporary: &Path) -> Running {
        let mut command = Command::new(env!("CARGO_BIN_EXE_chartbox"));
        command.env("TMPDIR", temporary).current_dir(temporary);
        self.serve_by(command, &["--portal-listen", "127.0.0.1:0"])
    }

    fn serve_by(&self, mut command: Command, more: &[&str]) -> Running {
        let mut child = command
            .args(["serve", "--dir", self.dir()])
            .args(["--clinic-listen", "127.0.0.1:0", "--welcome-listen", "127.0.0.1:0", "--ops-listen", "127.0.0.1:0"])
            .args(more)
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let mut said = String::new();
        // The last listener is told last: then all of them answer.
        while !said.contains("listener=\"ops\"") {
            if log.read_line(&mut said).unwrap() == 0 {
                panic!("the box did not start: {said}");
            }
        }
        let rest = std::thread::spawn(move || {
            let mut rest = String::new();
            std::io::Read::read_to_string(&mut log, &mut rest).map(|_| rest).unwrap_or_default()
        });
        Running { child, said, rest: Some(rest), authority: self.dir.join("tls/authority.pem") }
    }
}

/// A box that runs until it is dropped.
pub struct Running {
    child: Child,
    pub said: String,
    rest: Option<std::thread::JoinHandle<String>>,
    authority: PathBuf,
}

impl Running {
    pub fn url(&self, listener: &str) -> String {
        let line = self.said.lines().find(|line| line.contains(&format!("listener=\"{listener}\""))).unwrap();
        line.split("url=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
    }

    pub fn client(&self, listener: &str) -> Client {
        Client::new(&self.url(listener), &self.authority)
    }

    pub fn pid(&self) -> i32 {
        i32::try_from(self.child.id()).unwrap()
    }

    /// SIGTERM; answers with whether it ended well, and all that it logged.
    pub fn stop(mut self) -> (bool, String) {
        rustix::process::kill_process(
            rustix::process::Pid::from_raw(self.pid()).unwrap(),
            rustix::process::Signal::TERM,
        )
        .unwrap();
        let status = self.child.wait().unwrap();
        let rest = self.rest.take().unwrap().join().unwrap();
        (status.success(), format!("{}{rest}", self.said))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Already stopped by a test that asked it to.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A file with this text.
pub fn file(dir: &Path, name: &str, text: &str) -> String {
    let path = dir.join(name);
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

/// A folder, as it is, in place of what was there.
pub fn copied(from: &Path, to: &Path) {
    let _ = std::fs::remove_dir_all(to);
    // The space that a box keeps free is many times what it holds: it is copied as none.
    let done = Command::new("cp").args(["-a", "--reflink=auto", "--sparse=always"]).args([from, to]).status().unwrap();
    assert!(done.success());
}
