//! The real binary in a process of its own.

use crate::postgres::Postgres;
use crate::{Origin, Scratch, binary};
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

/// A running gateway; killed when dropped.
pub struct Gateway {
    /// Data port.
    pub address: SocketAddr,
    /// Administration port.
    pub admin: SocketAddr,
    scratch: Scratch,
    child: Option<Child>,
    setup: Setup,
    /// Held while the gateway is down too, so that no other test's gateway answers in its place.
    _ports: [Port; 2],
}

/// A port of this test alone, among all tests of the machine.
struct Port {
    address: SocketAddr,
    _lock: File,
}

/// What a gateway is to be started with.
#[derive(Clone, Debug)]
pub struct Setup {
    upstream: SocketAddr,
    policies: Vec<(String, String)>,
    callers: Vec<(String, Vec<String>)>,
    identity: String,
    listen: String,
    admin: String,
    config: String,
    files: Vec<(String, String)>,
    data_dir: String,
    limits: Vec<(String, String)>,
    upstream_keys: Vec<(String, String)>,
    environment: Vec<(String, String)>,
    keys: String,
}

impl Gateway {
    /// A gateway in front of an origin: one caller, `teller`, who sees everything up to level 3 masked.
    pub fn of(origin: &Origin) -> Setup {
        Gateway::before(origin.address)
    }

    /// The same in front of any address.
    pub fn before(upstream: SocketAddr) -> Setup {
        Setup {
            upstream,
            policies: vec![("test.yaml".to_owned(), POLICY.to_owned())],
            callers: vec![("teller".to_owned(), Vec::new())],
            identity: String::new(),
            listen: String::new(),
            admin: String::new(),
            config: String::new(),
            files: Vec::new(),
            data_dir: "data".to_owned(),
            limits: Vec::new(),
            upstream_keys: Vec::new(),
            environment: Vec::new(),
            keys: String::new(),
        }
    }

    /// `GET` of a path as the teller, connection kept.
    pub fn get(&self, path: &str) -> Vec<u8> {
        self.request("GET", path, "", b"")
    }

    /// A request as the teller with further header lines; a body gets its `Content-Length`.
    pub fn request(&self, method: &str, path: &str, headers: &str, body: &[u8]) -> Vec<u8> {
        let mut request =
            format!("{method} {path} HTTP/1.1\r\nHost: {HOST}\r\n{}{headers}", credentials("teller"));
        if !body.is_empty() {
            let _ = write!(request, "Content-Length: {}\r\n", body.len());
        }
        request.push_str("\r\n");
        [request.as_bytes(), body].concat()
    }

    /// What the process has written to standard output and error.
    pub fn logs(&self) -> String {
        let read = |name: &str| fs::read_to_string(self.scratch.path().join(name)).unwrap_or_default();
        read(OUT) + &read(ERR)
    }

    /// Its directory: configuration, policies, data, logs.
    pub fn directory(&self) -> &Path {
        self.scratch.path()
    }

    /// Its configuration file.
    pub fn config(&self) -> PathBuf {
        self.scratch.path().join("yingbi.yaml")
    }

    /// Its audit log's and state's directory.
    pub fn data_dir(&self) -> PathBuf {
        self.scratch.path().join(&self.setup.data_dir)
    }

    /// Every file it has written: data and logs, not what it was given.
    pub fn written(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let given = |path: &Path| {
            let within = path.strip_prefix(self.scratch.path()).unwrap_or(path);
            within.starts_with("policies") || within == Path::new("yingbi.yaml") || within == Path::new(KEY)
        };
        self.scratch.files().into_iter().filter(|(path, _)| !given(path)).collect()
    }

    /// Replaces a policy file; the gateway isn't told.
    pub fn write_policy(&self, name: &str, text: &str) {
        self.scratch.write(&format!("policies/{name}"), text);
    }

    /// A command of the binary under this gateway's configuration and environment.
    ///
    /// # Panics
    /// The binary can't be run.
    pub fn yingbi(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(binary());
        command.args(arguments).arg("--config").arg(self.config()).current_dir(self.scratch.path());
        command.stdin(Stdio::null()).env("LC_ALL", "C");
        command.envs(self.setup.environment.iter().map(|(name, value)| (name, value)));
        command.output().expect("the binary runs")
    }

    /// The value of a metric with these labels, as it is written.
    pub fn metric(&self, series: &str) -> Option<String> {
        let (_, text) = self.admin_get("/metrics").ok()?;
        let value = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '))?;
        Some(value.to_owned())
    }

    /// Its process id.
    ///
    /// # Panics
    /// It has been stopped.
    pub fn pid(&self) -> u32 {
        self.child.as_ref().expect("running").id()
    }

    /// Sends a signal by name (`TERM`, `HUP`, `STOP`).
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([&format!("-{name}"), &self.pid().to_string()]).status();
        assert!(sent.is_ok_and(|status| status.success()), "signal {name}");
    }

    /// `kill -9`, as a crash is.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// SIGTERM, then the exit.
    ///
    /// # Panics
    /// It doesn't exit in time.
    pub fn stop(&mut self) -> ExitStatus {
        self.signal("TERM");
        let mut child = self.child.take().expect("running");
        let deadline = Instant::now() + Duration::from_secs(40);
        loop {
            if let Some(status) = child.try_wait().expect("our child") {
                return status;
            }
            if Instant::now() > deadline {
                let _ = child.kill();
                let _ = child.wait();
                panic!("the gateway did not stop\n{}", self.logs());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Starts it again on the same directory and ports.
    ///
    /// # Panics
    /// It doesn't get ready.
    pub fn start_again(&mut self) {
        self.kill();
        if let Err(problem) = self.launch() {
            panic!("{problem}\n{}", self.logs());
        }
    }

    /// `GET` of a path on the administration port: status and body.
    ///
    /// # Errors
    /// It doesn't answer.
    pub fn admin_get(&self, path: &str) -> std::io::Result<(u16, String)> {
        let mut stream = TcpStream::connect_timeout(&self.admin, Duration::from_secs(1))?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", self.admin)?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let status = answer.get(9..12).and_then(|status| status.parse().ok());
        let body = answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned());
        status.zip(body).ok_or_else(|| std::io::Error::other("no HTTP"))
    }

    /// Spawns the process and waits until it is ready.
    fn launch(&mut self) -> Result<(), String> {
        let log = |name: &str| {
            let path = self.scratch.path().join(name);
            File::options().create(true).append(true).open(path).expect("writable")
        };
        let mut command = Command::new(binary());
        command.arg("run").arg("--config").arg(self.config()).current_dir(self.scratch.path());
        command.stdin(Stdio::null()).stdout(log(OUT)).stderr(log(ERR));
        command.envs(self.setup.environment.iter().map(|(name, value)| (name, value)));
        let child = command.spawn().map_err(|error| format!("{}: {error}", binary().display()))?;
        let deadline = Instant::now() + Duration::from_secs(20);
        let child = self.child.insert(child);
        loop {
            if let Some(status) = child.try_wait().map_err(|error| error.to_string())? {
                self.child = None;
                return Err(format!("the gateway ended with {status} before it was ready"));
            }
            if is_ready(self.admin) {
                return Ok(());
            }
            if Instant::now() > deadline {
                return Err("the gateway did not get ready".to_owned());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            eprintln_logs(&self.logs());
        }
    }
}

impl Setup {
    /// One policy file in place of those before.
    pub fn policy(mut self, text: &str) -> Setup {
        self.policies = vec![("test.yaml".to_owned(), text.to_owned())];
        self
    }

    /// One more policy file.
    pub fn more_policy(mut self, name: &str, text: &str) -> Setup {
        self.policies.push((name.to_owned(), text.to_owned()));
        self
    }

    /// One more caller with an API token of this id; see [`credentials`].
    pub fn caller(self, id: &str) -> Setup {
        self.caller_owning(id, &[])
    }

    /// The same of whom these investor ids are.
    pub fn caller_owning(mut self, id: &str, subjects: &[&str]) -> Setup {
        self.callers.push((id.to_owned(), subjects.iter().map(|subject| (*subject).to_owned()).collect()));
        self
    }

    /// Further lines of `identity`, indented by two.
    pub fn identity(mut self, lines: &str) -> Setup {
        self.identity.push_str(lines);
        self
    }

    /// Further lines of the listener, indented by four.
    pub fn listen(mut self, lines: &str) -> Setup {
        self.listen.push_str(lines);
        self
    }

    /// The lines of `admin` so far.
    pub(crate) fn admin_lines(&self) -> &str {
        &self.admin
    }

    /// Further lines of `admin`, indented by two.
    pub fn admin(mut self, lines: &str) -> Setup {
        self.admin.push_str(lines);
        self
    }

    /// A file beside the configuration, closed to others.
    pub fn file(mut self, name: &str, contents: &str) -> Setup {
        self.files.push((name.to_owned(), contents.to_owned()));
        self
    }

    /// Another place for the audit log and state.
    pub fn data_dir(mut self, path: &Path) -> Setup {
        self.data_dir = path.display().to_string();
        self
    }

    /// A key of `limits`.
    pub fn limit(mut self, key: &str, value: impl ToString) -> Setup {
        self.limits.push((key.to_owned(), value.to_string()));
        self
    }

    /// Another API behind.
    pub fn toward(mut self, upstream: SocketAddr) -> Setup {
        self.upstream = upstream;
        self
    }

    /// A key of `upstream`.
    pub fn upstream(mut self, key: &str, value: impl ToString) -> Setup {
        self.upstream_keys.push((key.to_owned(), value.to_string()));
        self
    }

    /// Further lines of the configuration, at the top level.
    pub fn config(mut self, lines: &str) -> Setup {
        self.config.push_str(lines);
        self
    }

    /// An environment variable of the process.
    pub fn environment(mut self, name: &str, value: &str) -> Setup {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Further lines of `keys`, indented by two; `yingbi keys init` runs before the gateway does.
    pub fn keys(mut self, lines: &str) -> Setup {
        self.keys.push_str(lines);
        self
    }

    /// Starts it and waits until it is ready.
    ///
    /// # Panics
    /// It doesn't get ready; the message holds its logs.
    pub fn start(self) -> Gateway {
        match self.try_start() {
            Ok(gateway) => gateway,
            Err(problem) => panic!("{problem}"),
        }
    }

    /// Starts it and waits until it is ready.
    ///
    /// # Errors
    /// It doesn't get ready: why, and its logs.
    pub fn try_start(self) -> Result<Gateway, String> {
        let mut problem = String::new();
        // Another process may take a port between the choice and the listening.
        for _ in 0..3 {
            let ports = [Port::free(), Port::free()];
            let [address, admin] = [&ports[0], &ports[1]].map(|port| port.address);
            let scratch = Scratch::new();
            self.write(&scratch, address, admin);
            let setup = self.clone();
            let mut gateway = Gateway { address, admin, scratch, child: None, setup, _ports: ports };
            if !gateway.setup.keys.is_empty() {
                let made = gateway.yingbi(&["keys", "init"]);
                if !made.status.success() {
                    return Err(format!("keys init: {}", String::from_utf8_lossy(&made.stderr)));
                }
            }
            match gateway.launch() {
                Ok(()) => return Ok(gateway),
                Err(why) => problem = format!("{why}\n{}", gateway.logs()),
            }
            if !problem.to_ascii_lowercase().contains("in use") {
                break;
            }
        }
        Err(problem)
    }

    fn write(&self, scratch: &Scratch, data: SocketAddr, admin: SocketAddr) {
        let mut config = format!(
            "listen:\n  - address: {data}\n{}upstream:\n  address: {}\n{}admin:\n  listen: {admin}\n{}\
             policy_dir: policies\ndata_dir: {}\nkeys:\n  pseudonym: {KEY}\n{}",
            self.listen,
            self.upstream,
            indented(&self.upstream_keys),
            self.admin,
            self.data_dir,
            self.keys,
        );
        config.push_str("identity:\n  api_tokens:\n");
        for (caller, subjects) in &self.callers {
            let hash = yingbi::exchange::identity::token_hash(&token(caller));
            let _ = writeln!(
                config,
                "    - {{id: {caller}, hash: \"{hash}\", subjects: {subjects:?}, expires: 2099-01-01T00:00:00Z}}"
            );
        }
        config.push_str(&self.identity);
        if !self.limits.is_empty() {
            let _ = write!(config, "limits:\n{}", indented(&self.limits));
        }
        config.push_str(&self.config);
        // The same tests over the other store.
        if let Some(postgres) = Postgres::shared().filter(|_| !self.config.contains("stores:")) {
            config.push_str("stores:\n  postgres: {url: shared-store.url}\n");
            scratch.write_secret("shared-store.url", &postgres.database());
        }
        scratch.write("yingbi.yaml", &config);
        scratch.write_secret(KEY, &"5a".repeat(32));
        for (name, text) in &self.files {
            scratch.write_secret(name, text);
        }
        for (name, text) in &self.policies {
            scratch.write(&format!("policies/{name}"), text);
        }
    }
}

/// The API token of a caller.
pub fn token(caller: &str) -> String {
    // 32 bytes in base64, as real ones are, and never a real one.
    format!("yb_{:A<43}", caller.replace(|c: char| !c.is_ascii_alphanumeric(), "_"))
}

/// The header lines by which a caller proves who it is.
pub fn credentials(caller: &str) -> String {
    format!("Authorization: Bearer {}\r\n", token(caller))
}

fn is_ready(admin: SocketAddr) -> bool {
    let ask = || -> std::io::Result<bool> {
        let mut stream = TcpStream::connect_timeout(&admin, Duration::from_millis(200))?;
        stream.set_read_timeout(Some(Duration::from_secs(2)))?;
        write!(stream, "GET /readyz HTTP/1.1\r\nHost: {admin}\r\nConnection: close\r\n\r\n")?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        Ok(answer.starts_with(b"HTTP/1.1 200"))
    };
    ask().unwrap_or(false)
}

impl Port {
    /// A free port below the range from which clients' ports are taken, so that no connection of another test takes it.
    fn free() -> Port {
        static NEXT: AtomicU16 = AtomicU16::new(0);
        // Processes start in different places.
        let start = (std::process::id() % 97) as u16 * 100;
        loop {
            let port = FIRST_PORT + (start + NEXT.fetch_add(1, Ordering::SeqCst)) % PORTS;
            let address = SocketAddr::from(([127, 0, 0, 1], port));
            let lock = std::env::temp_dir().join(format!("yingbi-tests-port-{port}"));
            let Ok(lock) = File::create(lock) else { continue };
            if lock.try_lock().is_ok() && TcpListener::bind(address).is_ok() {
                return Port { address, _lock: lock };
            }
        }
    }
}

fn indented(keys: &[(String, String)]) -> String {
    keys.iter().fold(String::new(), |text, (key, value)| text + &format!("  {key}: {value}\n"))
}

#[expect(clippy::print_stderr, reason = "a failed test shows what the gateway said")]
fn eprintln_logs(logs: &str) {
    eprintln!("--- the gateway's logs\n{logs}---");
}

/// The host that requests name.
pub const HOST: &str = "crm.internal";

const KEY: &str = "pseudonym.key";
const OUT: &str = "yingbi.out";
const ERR: &str = "yingbi.err";
const FIRST_PORT: u16 = 20_000;
const PORTS: u16 = 10_000;

const POLICY: &str = r#"apiVersion: yingbi/v1
kind: Role
metadata: {id: teller, title: 柜员}
spec: {any: [{api_token: {id: teller}}]}
---
apiVersion: yingbi/v1
kind: Policy
metadata: {id: teller-sees-masked, title: 柜员只见脱敏信息, clause: ["T/TSAC001:7.5.a"]}
spec:
  mode: enforce
  match: {roles: [teller], routes: ["*/**"]}
  allow: {level: "<=3"}
  treat: mask
"#;
