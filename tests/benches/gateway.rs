//! What protecting costs: CPU of the gateway for one request (masked, durably recorded), beside Pingora's own
//! `ProxyHttp` passing the same bytes unread, both with one thread on one core, one after the other in the same run.
//!
//! `cargo bench -p yingbi-tests --bench gateway [-- --smoke]`; needs the release binary (`cargo build --release`).

use std::net::{SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use yingbi_tests::load::{self, cpu_ns, rss_kib};
use yingbi_tests::{Gateway, credentials, payload};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const CONNECTIONS: u64 = 16;
/// The server under test has a core of its own; load and origin share the other.
const SERVER_CORE: &str = "0";
const LOAD_CORE: &str = "1";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let smoke = std::env::args().any(|argument| argument == "--smoke" || argument == "--test");
    let (rounds, requests, soak) = if smoke { (1, 320, 1_600) } else { (7, 16_000, 100_000) };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        pin(std::process::id(), LOAD_CORE);
        let sizes = [("4 KB", "/customers/4", 4 << 10), ("64 KB", "/customers/64", 64 << 10)];
        let bodies = sizes.iter().map(|(_, path, bytes)| ((*path).to_owned(), payload::customers(*bytes))).collect();
        let origin = load::origin(bodies).await?;

        let reference = PassThrough::start(origin)?;
        let gateway = tokio::task::spawn_blocking(move || Gateway::before(origin).config("threads: 1").start()).await?;
        pin(reference.child.id(), SERVER_CORE);
        pin(gateway.pid(), SERVER_CORE);

        println!("CPU per request, one core, {CONNECTIONS} connections, {rounds} rounds of {requests} requests each");
        println!("{:>6}  {:>14}  {:>14}  {:>6}", "body", "pass-through", "protected", "ratio");
        for (name, path, _) in sizes {
            let plain = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n");
            let protected = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n{}\r\n", credentials("teller"));
            let mut costs = [Vec::new(), Vec::new()];
            for round in 0..=rounds {
                let servers = [
                    (reference.child.id(), reference.address, &plain),
                    (gateway.pid(), gateway.address, &protected),
                ];
                for ((pid, address, request), costs) in servers.into_iter().zip(&mut costs) {
                    let before = cpu_ns(pid)?;
                    let seen = load::load(address, request, CONNECTIONS, requests).await?;
                    assert_eq!(seen.other, 0, "every answer must be 200");
                    // The first round warms both up.
                    if round > 0 {
                        costs.push((cpu_ns(pid)? - before) as f64 / seen.good as f64 / 1000.0);
                    }
                }
            }
            let [pass, protected] = costs.map(median);
            println!("{name:>6}  {pass:>11.1} µs  {protected:>11.1} µs  {:>6.2}", protected / pass);
        }

        let request = format!("GET /customers/4 HTTP/1.1\r\nhost: localhost\r\n{}\r\n", credentials("teller"));
        let seen = load::load(gateway.address, &request, CONNECTIONS, soak).await?;
        println!("resident after {} more requests: {} KiB", seen.good, rss_kib(gateway.pid())?);
        Ok(())
    })
}

fn median(mut costs: Vec<f64>) -> f64 {
    costs.sort_by(f64::total_cmp);
    costs.get(costs.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Ties all threads of a process to a core; on a machine with one core nothing changes.
fn pin(pid: u32, core: &str) {
    let arguments = ["-apc", core, &pid.to_string()];
    let _ = Command::new("taskset").args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status();
}

struct PassThrough {
    address: SocketAddr,
    child: Child,
}

impl PassThrough {
    fn start(origin: SocketAddr) -> std::io::Result<PassThrough> {
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let arguments = [address.to_string(), origin.to_string(), "1".to_owned()];
        let child = Command::new(env!("CARGO_BIN_EXE_pass-through")).args(arguments).spawn()?;
        let deadline = std::time::Instant::now() + Duration::from_secs(10);
        while std::net::TcpStream::connect(address).is_err() {
            if std::time::Instant::now() > deadline {
                return Err(std::io::Error::other("the pass-through did not start"));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(PassThrough { address, child })
    }
}

impl Drop for PassThrough {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
