//! A PostgreSQL server of a test's own: Debian's, in a scratch directory, as an unprivileged user, on a unix socket alone.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// A running server; ended when dropped, or when the tests' process ends.
pub struct Postgres {
    directory: PathBuf,
    shell: Option<Child>,
    databases: AtomicU32,
}

impl Postgres {
    /// Starts one with nothing in it.
    ///
    /// # Panics
    /// It doesn't start: `apt-get install postgresql`.
    pub fn start() -> Postgres {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("yingbi-pg-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let directory = std::env::temp_dir().join(name);
        let _ = std::fs::remove_dir_all(&directory);
        std::fs::create_dir_all(&directory).expect("the temporary directory is writable");
        if is_root() {
            run(Command::new("chown").arg(NOBODY).arg(&directory));
        }
        let data = directory.join("data");
        run(unprivileged(&program("initdb")).args(["-U", "yingbi", "-A", "trust", "-N", "-D"]).arg(&data));
        let mut server = Postgres { directory, shell: None, databases: AtomicU32::new(0) };
        server.start_again();
        server
    }

    /// One for all tests of this process, when `YINGBI_TEST_POSTGRES` is set.
    pub fn shared() -> Option<&'static Postgres> {
        static SHARED: OnceLock<Option<Postgres>> = OnceLock::new();
        SHARED.get_or_init(|| std::env::var_os("YINGBI_TEST_POSTGRES").map(|_| Postgres::start())).as_ref()
    }

    /// A new database's connection string.
    ///
    /// # Panics
    /// It can't be made.
    pub fn database(&self) -> String {
        let name = format!("d{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.sql("postgres", &format!("CREATE DATABASE {name}"));
        format!("host={} user=yingbi dbname={name}", self.directory.display())
    }

    /// What a statement answers in a database.
    ///
    /// # Panics
    /// It fails.
    pub fn sql(&self, database: &str, statement: &str) -> String {
        let mut psql = Command::new("psql");
        psql.arg("-h").arg(&self.directory).args(["-U", "yingbi", "-d", database, "-qAtc", statement]);
        let output = psql.output().expect("psql is there: apt-get install postgresql");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// Starts it again on the same data.
    ///
    /// # Panics
    /// It doesn't answer in time.
    pub fn start_again(&mut self) {
        // The shell ends the server when its own input ends: with this test, however that ends.
        let script = "\"$@\" & server=$!; read end; kill -INT $server; wait $server";
        let mut shell = unprivileged(Path::new("sh"));
        shell.args(["-c", script, "sh"]).arg(program("postgres"));
        shell.arg("-D").arg(self.directory.join("data")).arg("-k").arg(&self.directory);
        shell.args(["-c", "listen_addresses=", "-c", "fsync=off", "-c", "max_connections=200"]);
        shell.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        self.shell = Some(shell.spawn().expect("sh is there"));
        let deadline = Instant::now() + Duration::from_secs(60);
        let is_ready = || {
            let mut asks = Command::new(program("pg_isready"));
            asks.arg("-q").arg("-h").arg(&self.directory).status().is_ok_and(|status| status.success())
        };
        while !is_ready() {
            assert!(Instant::now() < deadline, "postgres did not start");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// `kill -9` of the server and all it started, as a crash is.
    ///
    /// # Panics
    /// It doesn't run.
    pub fn kill(&mut self) {
        let lock = std::fs::read_to_string(self.directory.join("data/postmaster.pid"));
        let pid = lock.ok().and_then(|lock| lock.lines().next().map(str::to_owned)).expect("it runs");
        let children =
            std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
        let all: Vec<&str> = std::iter::once(&*pid).chain(children.split_whitespace()).collect();
        let _ = Command::new("kill").arg("-9").args(&all).status();
        if let Some(mut shell) = self.shell.take() {
            drop(shell.stdin.take());
            let _ = shell.wait();
        }
        // What is left of its children must be gone before it starts on the same data.
        while all.iter().any(|pid| Path::new("/proc").join(pid).exists()) {
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Stops it.
    pub fn stop(&mut self) {
        if let Some(mut shell) = self.shell.take() {
            drop(shell.stdin.take());
            let _ = shell.wait();
        }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.stop();
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// The server refuses to run as root.
fn unprivileged(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid", NOBODY, "--regid", NOBODY, "--clear-groups"]).arg(program);
    command.current_dir("/");
    command
}

fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0)
}

/// A program of the newest version that is installed.
fn program(name: &str) -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let programs = versions.map(|version| version.path().join("bin").join(name));
    programs.filter(|program| program.is_file()).max().unwrap_or_else(|| PathBuf::from(name))
}

const NOBODY: &str = "65534";
