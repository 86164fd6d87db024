//! A NATS server with JetStream of a test's own: Debian's, in a scratch directory, on loopback.

use crate::Scratch;
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A running server; ended when dropped.
pub struct Nats {
    scratch: Scratch,
    port: u16,
    child: Option<Child>,
}

impl Nats {
    /// Starts one with nothing in it.
    ///
    /// # Panics
    /// It doesn't start: `apt-get install nats-server`.
    pub fn start() -> Nats {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a port");
        let port = listener.local_addr().expect("bound").port();
        drop(listener);
        let mut nats = Nats { scratch: Scratch::new(), port, child: None };
        nats.start_again();
        nats
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// Starts it again on the same data and port.
    ///
    /// # Panics
    /// It doesn't answer in time.
    pub fn start_again(&mut self) {
        let mut server = Command::new("nats-server");
        server.args(["-js", "-a", "127.0.0.1", "-p", &self.port.to_string(), "-sd"]).arg(self.scratch.path());
        server.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        self.child = Some(server.spawn().expect("nats-server is there: apt-get install nats-server"));
        let deadline = Instant::now() + Duration::from_secs(30);
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert!(Instant::now() < deadline, "nats-server did not start");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// `kill -9`, as a crash is.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        self.kill();
    }
}
