//! Servers that other people wrote, for the targets of backups: OpenSSH's `sshd`, and moto's S3.
//!
//! `scripts/test` installs them and sets `CHARTBOX_SERVERS=required`. Without that, a test whose server is not there says so and
//! passes.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, OnceLock};

const SSHD: &str = "/usr/sbin/sshd";

fn absent(what: &str) {
    assert!(std::env::var_os("CHARTBOX_SERVERS").is_none(), "{what} is not there, and scripts/test has it installed");
    eprintln!("not tried: {what} is not there");
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn done(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// `sshd` as this user's own process, until it is dropped.
pub struct Sshd {
    home: tempfile::TempDir,
    pub port: u16,
    child: Option<Child>,
}

impl Sshd {
    pub fn start() -> Option<Self> {
        if !Path::new(SSHD).exists() || Command::new("ssh").arg("-V").output().is_err() {
            absent("OpenSSH's server or client");
            return None;
        }
        let home = tempfile::tempdir().unwrap();
        for key in ["host", "other-host", "user", "stranger"] {
            let path = home.path().join(key);
            done(Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(path));
        }
        let port = free_port();
        let at = |name: &str| home.path().join(name).display().to_string();
        std::fs::copy(home.path().join("user.pub"), home.path().join("authorized")).unwrap();
        let text = format!(
            "Port {port}\nListenAddress 127.0.0.1\nHostKey {}\nAuthorizedKeysFile {}\nStrictModes no\nUsePAM no\n\
             PasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin yes\nPidFile none\n\
             Subsystem sftp internal-sftp\nLogLevel ERROR\nMaxStartups 100\nMaxSessions 100\n",
            at("host"),
            at("authorized")
        );
        std::fs::write(home.path().join("config"), text).unwrap();
        let public = |key: &str| std::fs::read_to_string(home.path().join(format!("{key}.pub"))).unwrap();
        // Behind a wire it has another port.
        std::fs::write(home.path().join("known"), format!("* {}", public("host"))).unwrap();
        std::fs::write(home.path().join("changed"), format!("* {}", public("other-host"))).unwrap();
        std::fs::write(home.path().join("empty"), "").unwrap();
        // Where sshd parts with its rights, when root starts it.
        let _ = std::fs::create_dir("/run/sshd");
        let mut server = Self { home, port, child: None };
        server.run();
        Some(server)
    }

    /// Starts it, again after [`Sshd::kill`].
    pub fn run(&mut self) {
        let mut command = Command::new(SSHD);
        command.args(["-D", "-e", "-f"]).arg(self.home.path().join("config"));
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert!(child.try_wait().unwrap().is_none(), "sshd did not start: sshd -t -f says why");
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        self.child = Some(child);
    }

    /// Kills it, and with it every connection.
    pub fn kill(&mut self) {
        let Some(mut child) = self.child.take() else { return };
        for one in children(child.id()) {
            kill(one);
        }
        let _ = child.kill();
        let _ = child.wait();
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// A folder's place on it, by a key and what is known of it.
    pub fn place_by(&self, port: u16, folder: &Path, key: &str, known: &str) -> String {
        let user = String::from_utf8(Command::new("id").arg("-un").output().unwrap().stdout).unwrap();
        format!(
            "sftp://{}@127.0.0.1:{port}{}?key_file={}&known_hosts={}",
            user.trim(),
            folder.display(),
            self.file(key).display(),
            self.file(known).display()
        )
    }

    pub fn place(&self, folder: &Path) -> String {
        self.place_by(self.port, folder, "user", "known")
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        self.kill();
    }
}

fn kill(pid: u32) {
    for one in children(pid) {
        kill(one);
    }
    if let Some(pid) = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw) {
        // One that ended by itself is as good.
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
    }
}

fn children(of: u32) -> Vec<u32> {
    let text = std::fs::read_to_string(format!("/proc/{of}/task/{of}/children")).unwrap_or_default();
    text.split_whitespace().filter_map(|pid| pid.parse().ok()).collect()
}

/// An S3 server that checks signatures and permissions. One for all tests of a program; it ends with it.
pub struct S3 {
    pub port: u16,
    tls_port: u16,
    home: tempfile::TempDir,
    _child: Mutex<Child>,
}

static THE_S3: OnceLock<Option<S3>> = OnceLock::new();

impl S3 {
    pub fn start() -> Option<&'static Self> {
        THE_S3.get_or_init(Self::started).as_ref()
    }

    fn started() -> Option<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let own = root.join("target/clients/bin/python");
        let python = std::env::var_os("CHARTBOX_PYTHON").map(PathBuf::from).unwrap_or(own);
        let python = if python.exists() { python } else { "python3".into() };
        let has = Command::new(&python).args(["-c", "import moto.server"]).output();
        if !has.is_ok_and(|has| has.status.success()) {
            absent("moto's S3 server");
            return None;
        }
        let home = tempfile::tempdir().unwrap();
        certificates(home.path());
        let mut command = Command::new(python);
        command
            .arg(root.join("tests/box/s3_server.py"))
            .args(["server.pem", "server-key.pem"].map(|name| home.path().join(name)));
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.stderr(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let told: serde_json::Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
        assert_eq!(lines.next().unwrap().unwrap(), "checks");
        let text = |key: &serde_json::Value, at: usize| key[at].as_str().unwrap().to_owned();
        let write = |name: &str, id: &str, secret: &str| {
            use std::os::unix::fs::OpenOptionsExt;
            let file =
                std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(home.path().join(name));
            let text = format!("[default]\naws_access_key_id = {id}\naws_secret_access_key = {secret}\n");
            file.unwrap().write_all(text.as_bytes()).unwrap();
        };
        for account in ["all", "reads"] {
            write(account, &text(&told[account], 0), &text(&told[account], 1));
        }
        write("wrong-secret", &text(&told["all"], 0), "x");
        write("stranger", "AKIAAAAAAAAAAAAAAAAA", "x");
        let port = |name: &str| told[name].as_u64().unwrap() as u16;
        Some(Self { port: port("port"), tls_port: port("tlsPort"), home, _child: Mutex::new(child) })
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// A place in a bucket, by credentials.
    pub fn place_by(&self, port: u16, bucket_and_folder: &str, credentials: &str) -> String {
        let credentials = self.file(credentials);
        format!("s3://{bucket_and_folder}?endpoint=http://127.0.0.1:{port}&credentials={}", credentials.display())
    }

    pub fn place(&self, bucket_and_folder: &str) -> String {
        self.place_by(self.port, bucket_and_folder, "all")
    }
    /// A place in a bucket over TLS, by a name of the server's, with what more it takes: `&ca_file=…`.
    pub fn place_over_tls(&self, bucket_and_folder: &str, server: &str, more: &str) -> String {
        let credentials = self.file("all");
        let credentials = credentials.display();
        format!("s3://{bucket_and_folder}?endpoint=https://{server}:{}&credentials={credentials}{more}", self.tls_port)
    }

    /// The certificate of the authority that vouches for the server.
    pub fn authority(&self) -> String {
        self.file("authority.pem").display().to_string()
    }
}

/// What a private authority gives a server, and another authority, which does not know it.
fn certificates(home: &Path) {
    use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
    let write = |name: &str, text: String| std::fs::write(home.join(name), text).unwrap();
    let authority = |file: &str| {
        let mut params = CertificateParams::default();
        // The same for both: what tells them apart is the key.
        params.distinguished_name.push(DnType::CommonName, "An authority of the clinic's");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        write(file, params.self_signed(&key).unwrap().pem());
        Issuer::new(params, key)
    };
    let ours = authority("authority.pem");
    authority("other-authority.pem");
    // Buckets before the server's name are a level below it.
    let names = ["localhost", "s3.clinic.test", "*.s3.clinic.test"].map(str::to_owned);
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(names).unwrap().signed_by(&key, &ours).unwrap();
    write("server.pem", certificate.pem());
    write("server-key.pem", key.serialize_pem());
}
