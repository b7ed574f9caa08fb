//! A demo box on free ports, with three patients.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::client::{Answer, Client};

/// A demo that runs until it is dropped.
pub struct Demo {
    child: Child,
    home: tempfile::TempDir,
    file: Value,
}

impl Demo {
    pub fn start() -> Self {
        let home = tempfile::tempdir().unwrap();
        let log = std::fs::File::create(home.path().join("log")).unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_chartbox"))
            .args(["demo", "--patients", "3", "--dir"])
            .arg(home.path().join("box"))
            .args(["--clinic-listen", "127.0.0.1:0", "--portal-listen", "127.0.0.1:0"])
            .args(["--welcome-listen", "127.0.0.1:0", "--ops-listen", "127.0.0.1:0"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let ready = lines.any(|line| line.is_ok_and(|line| line.starts_with("ready")));
        let log = || std::fs::read_to_string(home.path().join("log")).unwrap_or_default();
        assert!(ready, "the demo did not start: {}", log());
        let file = std::fs::read_to_string(home.path().join("box/demo.json")).unwrap();
        Self { child, file: serde_json::from_str(&file).unwrap(), home }
    }

    pub fn dir(&self) -> PathBuf {
        self.home.path().join("box")
    }

    /// The most memory that the box had resident so far, in KiB.
    pub fn most_memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }

    /// What a command printed; it must have succeeded.
    pub fn command(&self, arguments: &[&str]) -> String {
        let output = Command::new(env!("CARGO_BIN_EXE_chartbox"))
            .args(arguments)
            .arg("--dir")
            .arg(self.dir())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "chartbox {arguments:?}: {error}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// A new service account's token.
    pub fn service(&self, user: &str, scope: &str) -> Caller {
        self.command(&["user", "add", user, "--name", user, "--service"]);
        let token = self.command(&["token", "create", "--user", user, "--scope", scope]);
        Caller { client: self.client("clinic"), proof: Proof::Bearer(token) }
    }

    /// The id that an account has in the access log.
    pub fn account(&self, user: &str) -> String {
        let shown: Value = serde_json::from_str(&self.command(&["user", "show", user, "--json"])).unwrap();
        let id = shown.get("id").or_else(|| shown.pointer("/account/id")).and_then(Value::as_str);
        id.unwrap_or_else(|| panic!("no id: {shown}")).to_owned()
    }

    pub fn client(&self, listener: &str) -> Client {
        let origin = self.file[listener].as_str().unwrap();
        Client::new(origin, self.file["ca"].as_str().unwrap().as_ref())
    }

    /// Whoever has this token.
    pub fn bearer(&self, listener: &str, token: &str) -> Caller {
        Caller { client: self.client(listener), proof: Proof::Bearer(token.to_owned()) }
    }

    pub fn anonymous(&self, listener: &str) -> Caller {
        Caller { client: self.client(listener), proof: Proof::None }
    }

    pub fn origin(&self, listener: &str) -> &str {
        self.file[listener].as_str().unwrap()
    }

    fn demo_account(&self, role: &str) -> &Value {
        self.file["accounts"].as_array().unwrap().iter().find(|account| account["role"] == role).unwrap()
    }

    /// The patient that a role's account is, or acts for.
    pub fn patient_of(&self, role: &str) -> String {
        self.demo_account(role)["patient"].as_str().unwrap().to_owned()
    }

    /// The role's account, signed in.
    pub fn signed_in(&self, listener: &str, role: &str) -> Caller {
        let account = self.demo_account(role);
        self.signed_in_as(listener, account["user"].as_str().unwrap(), account["password"].as_str().unwrap())
    }

    /// An account that a test made, signed in.
    pub fn signed_in_as(&self, listener: &str, user: &str, password: &str) -> Caller {
        let client = self.client(listener);
        let answer = client.post("/sign-in", &[("user", user), ("password", password)]);
        assert_eq!(answer.status, 303, "{user} signs in at the {listener}: {}", answer.body);
        let page = client.get("/account").body;
        let token = page.split("name=\"csrf\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
        let token = token.unwrap_or_else(|| panic!("no form token on the page: {page}")).to_owned();
        Caller { client, proof: Proof::Session(token) }
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

enum Proof {
    None,
    /// The form token beside the cookie.
    Session(String),
    Bearer(String),
}

/// Somebody at a listener.
pub struct Caller {
    pub client: Client,
    proof: Proof,
}

impl Caller {
    pub fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[], "")
    }

    /// FHIR JSON.
    pub fn json(&self, method: &str, path: &str, body: &Value) -> Answer {
        self.ask(method, path, &[("content-type", "application/fhir+json")], &body.to_string())
    }

    pub fn form(&self, path: &str, body: &str) -> Answer {
        self.ask("POST", path, &[("content-type", "application/x-www-form-urlencoded")], body)
    }

    /// A request with whatever proves who asks.
    pub fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let proof = self.proof();
        let mut all: Vec<(&str, &str)> = headers.to_vec();
        all.extend(proof.iter().map(|(name, value)| (*name, value.as_str())));
        self.client.send(method, path, &all, body)
    }

    pub fn proof(&self) -> Vec<(&'static str, String)> {
        match &self.proof {
            Proof::None => vec![],
            Proof::Session(token) => {
                vec![("x-csrf-token", token.clone()), ("sec-fetch-site", "same-origin".to_owned())]
            }
            Proof::Bearer(token) => vec![("authorization", format!("Bearer {token}"))],
        }
    }
}
