//! A bounded queue of log lines and the thread that writes them.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;
use tracing_subscriber::fmt::MakeWriter;

/// The sending side; cheap to clone.
#[derive(Clone)]
pub(super) struct Lines {
    queue: SyncSender<Message>,
    dropped: Arc<AtomicU64>,
}

enum Message {
    Line(Vec<u8>),
    Flush(SyncSender<()>),
}

impl Lines {
    pub(super) fn start(to: impl Write + Send + 'static) -> Lines {
        let (queue, lines) = sync_channel(QUEUE);
        // Without the thread all lines are dropped and counted: logging must not stop the gateway.
        let _ =
            std::thread::Builder::new().name("yingbi-logs".to_owned()).spawn(move || write_all(&lines, to));
        Lines { queue, dropped: Arc::default() }
    }

    pub(super) fn flush(&self, at_most: Duration) {
        let (done, written) = sync_channel(1);
        if self.queue.try_send(Message::Flush(done)).is_ok() {
            let _ = written.recv_timeout(at_most);
        }
    }

    pub(super) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }
}

fn write_all(lines: &Receiver<Message>, mut to: impl Write) {
    for message in lines {
        match message {
            Message::Line(line) => {
                let _ = to.write_all(&line);
            }
            Message::Flush(done) => {
                let _ = to.flush();
                let _ = done.try_send(());
            }
        }
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Line;

    fn make_writer(&'a self) -> Line {
        Line { lines: self.clone(), text: Vec::with_capacity(256) }
    }
}

/// One line being formatted; queued when dropped.
pub(super) struct Line {
    lines: Lines,
    text: Vec<u8>,
}

impl Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.text.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        let text = std::mem::take(&mut self.text);
        if !text.is_empty() && self.lines.queue.try_send(Message::Line(text)).is_err() {
            self.lines.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// A burst of lines; at 200 bytes each under a MiB.
const QUEUE: usize = 4096;
