//! Where an SFTP server is, and how `ssh` is told to reach it.

use std::fmt;
use std::process::Command;

use super::super::place::{SecretFile, host_and_port};
use crate::base::said;

/// `sftp://user@host:port/folder`, and the files that it takes.
///
/// A folder is a whole path on the server; one that begins with `/~/` begins in the account's own folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SftpPlace {
    user: Option<String>,
    host: String,
    port: Option<u16>,
    /// With `/` before it.
    folder: String,
    /// The private key. Without one, `ssh` goes by its own configuration of the user who runs this.
    key_file: Option<SecretFile>,
    /// The host keys that are known. Without one, those that the user who runs this knows.
    known_hosts: Option<SecretFile>,
}

impl SftpPlace {
    pub fn parse(rest: &str) -> Result<Self, String> {
        let (server, folder) = rest.split_once('/').unwrap_or((rest, ""));
        let folder = folder.trim_end_matches('/');
        if folder.is_empty() {
            return Err("it lacks a folder: sftp://user@server/folder".into());
        }
        if folder.chars().any(char::is_control) || folder.split('/').any(|step| step == "..") {
            return Err("its folder has \"..\" or an unprintable letter in it".into());
        }
        let (user, server) = match server.rsplit_once('@') {
            Some((user, server)) => (Some(account(user)?), server),
            None => (None, server),
        };
        let (host, port) = host_and_port(server)?;
        Ok(Self { user, host, port, folder: format!("/{folder}"), key_file: None, known_hosts: None })
    }

    pub fn set(&mut self, option: &str, value: &str) -> Result<(), String> {
        match option {
            "key_file" => self.key_file = Some(SecretFile::parse(value)?),
            "known_hosts" => self.known_hosts = Some(SecretFile::parse(value)?),
            other => return Err(format!("an SFTP server takes key_file and known_hosts, not {other}")),
        }
        Ok(())
    }

    pub fn options(&self) -> Vec<(&'static str, String)> {
        let all = [("key_file", &self.key_file), ("known_hosts", &self.known_hosts)];
        all.into_iter().filter_map(|(name, file)| Some((name, file.as_ref()?.as_str().to_owned()))).collect()
    }

    /// The folder as the server is asked for it.
    pub fn path(&self) -> &str {
        match self.folder.strip_prefix("/~") {
            Some("") => ".",
            Some(path) if path.starts_with('/') => path.trim_start_matches('/'),
            _ => &self.folder,
        }
    }

    /// `ssh` with SFTP on its pipes. It asks nobody, checks the server's key, and notices a connection that is dead.
    /// What is wrong with the files is a clause.
    pub fn command(&self) -> Result<Command, String> {
        let mut ssh = Command::new("ssh");
        let mut option = |text: &str| {
            ssh.args(["-o", text]);
        };
        for fixed in [
            "BatchMode=yes",
            "StrictHostKeyChecking=yes",
            "ConnectTimeout=20",
            "ServerAliveInterval=15",
            "ServerAliveCountMax=4",
            "ClearAllForwardings=yes",
            "PermitLocalCommand=no",
            "RequestTTY=no",
            "ControlMaster=no",
            "Compression=no",
            "LogLevel=ERROR",
        ] {
            option(fixed);
        }
        if let Some(file) = &self.known_hosts {
            let path = readable(file, "its known_hosts")?;
            // Quoted: a path may have a space in it.
            option(&format!("UserKnownHostsFile=\"{path}\""));
            option("GlobalKnownHostsFile=/dev/null");
        }
        if let Some(file) = &self.key_file {
            let path = readable(file, "its key_file")?;
            option("IdentitiesOnly=yes");
            option("IdentityAgent=none");
            option("PreferredAuthentications=publickey");
            ssh.args(["-F", "none", "-i", &path]);
        }
        if let Some(user) = &self.user {
            ssh.args(["-l", user]);
        }
        if let Some(port) = self.port {
            ssh.args(["-p", &port.to_string()]);
        }
        ssh.args(["-s", "--", &self.host, "sftp"]);
        ssh.env_remove("SSH_ASKPASS").env("LC_ALL", "C");
        Ok(ssh)
    }
}

fn readable(file: &SecretFile, what: &str) -> Result<String, String> {
    let path = file.path()?;
    std::fs::File::open(&path)
        .map_err(|error| format!("{what} {} cannot be read ({})", path.display(), said(&error)))?;
    let path = path.to_str().filter(|path| !path.contains(['"', '%', '\n']));
    Ok(path.ok_or_else(|| format!("the path of {what} has letters in it that ssh does not take"))?.to_owned())
}

fn account(text: &str) -> Result<String, String> {
    if text.contains(':') {
        return Err("it holds a password: use a key instead, by key_file".into());
    }
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '+' | '@' | '\\' | '$');
    if text.is_empty() || text.len() > 64 || text.starts_with('-') || !text.chars().all(legal) {
        return Err(format!("\"{text}\" is no account's name"));
    }
    Ok(text.to_owned())
}

impl fmt::Display for SftpPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("sftp://")?;
        if let Some(user) = &self.user {
            write!(f, "{user}@")?;
        }
        match self.host.contains(':') {
            true => write!(f, "[{}]", self.host)?,
            false => f.write_str(&self.host)?,
        }
        if let Some(port) = self.port {
            write!(f, ":{port}")?;
        }
        f.write_str(&self.folder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ssh_is_told_everything_and_nothing_is_taken_for_an_option() {
        let files = tempfile::tempdir().unwrap();
        let (key, known) = (files.path().join("k"), files.path().join("h"));
        let mut place = SftpPlace::parse("backup@nas.example:2222/srv/box").unwrap();
        place.set("key_file", key.to_str().unwrap()).unwrap();
        place.set("known_hosts", known.to_str().unwrap()).unwrap();
        assert!(place.command().unwrap_err().contains("known_hosts"));
        std::fs::write(&known, "").unwrap();
        assert!(place.command().unwrap_err().contains("key_file"));
        std::fs::write(&key, "").unwrap();
        let command = place.command().unwrap();
        let said: Vec<String> = command.get_args().map(|word| word.to_string_lossy().into_owned()).collect();
        for option in ["BatchMode=yes", "StrictHostKeyChecking=yes", "IdentitiesOnly=yes"] {
            assert!(said.iter().any(|word| word == option), "{option}");
        }
        assert_eq!(said[said.len() - 4..], ["-s", "--", "nas.example", "sftp"]);
        assert_eq!((place.path(), SftpPlace::parse("h/~/box").unwrap().path()), ("/srv/box", "box"));
        assert_eq!((SftpPlace::parse("h/~").unwrap().path(), SftpPlace::parse("h/~x").unwrap().path()), (".", "/~x"));
    }
}
