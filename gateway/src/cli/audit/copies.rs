//! Several logs as one: the copies that `yingbi audit collect` keeps, searched together in order of time.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, sync_channel};
use yingbi_audit::search::{Entry, Filter, Order, Searched, search};

/// Gives every access in these logs that the filter wants, at most `limit`, in order of their times; of one log in order of
/// its sequences. Of several, each names its log before its segment.
///
/// # Errors
/// A log can't be read, or `each` fails.
pub(super) fn search_all(
    dirs: &[PathBuf],
    filter: &Filter,
    order: Order,
    limit: Option<u64>,
    each: &mut dyn FnMut(Entry) -> io::Result<()>,
) -> io::Result<Searched> {
    if let [dir] = dirs {
        return search(dir, filter, order, limit, each);
    }
    std::thread::scope(|scope| {
        // Each is read by a thread of its own, a few accesses ahead: memory doesn't grow with what is found.
        let start = |dir: &PathBuf| {
            let (sender, receiver) = sync_channel(AHEAD);
            let (dir, filter) = (dir.clone(), filter.clone());
            // One more than is wanted tells whether there are more.
            let limit = limit.map(|limit| limit.saturating_add(1));
            let reader = scope.spawn(move || {
                search(&dir, &filter, order, limit, &mut |mut entry| {
                    entry.segment = format!("{}/{}", log(&dir), entry.segment);
                    sender.send(entry).map_err(|_| io::ErrorKind::Interrupted.into())
                })
            });
            (reader, Source { next: None, receiver })
        };
        let (readers, mut sources): (Vec<_>, Vec<_>) = dirs.iter().map(start).unzip();
        let mut searched = Searched::default();
        while let Some(entry) = next(&mut sources, order) {
            if limit == Some(searched.found) {
                searched.more = true;
                break;
            }
            searched.found += 1;
            searched.last = Some(entry.sequence);
            each(entry)?;
        }
        drop(sources);
        for reader in readers {
            match reader.join() {
                Ok(Ok(read)) => searched.unreadable += read.unreadable,
                // Nobody wanted what it found.
                Ok(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(Err(error)) => return Err(error),
                Err(_) => return Err(io::Error::other("a log could not be searched")),
            }
        }
        Ok(searched)
    })
}

/// Name of a log: its directory's, which is its stream id.
pub(super) fn log(dir: &Path) -> String {
    dir.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

struct Source {
    next: Option<Entry>,
    receiver: Receiver<Entry>,
}

/// Of the accesses that are next in their logs, the first in order of time.
fn next(sources: &mut [Source], order: Order) -> Option<Entry> {
    let mut first: Option<(&mut Source, i64)> = None;
    for source in sources {
        if source.next.is_none() {
            source.next = source.receiver.recv().ok();
        }
        let Some(time) = source.next.as_ref().map(time) else { continue };
        let is_first = first.as_ref().is_none_or(|(_, least)| match order {
            Order::Oldest => time < *least,
            Order::Newest => time > *least,
        });
        if is_first {
            first = Some((source, time));
        }
    }
    first?.0.next.take()
}

fn time(entry: &Entry) -> i64 {
    // A time that can't be read comes first: it is not to be missed.
    entry.intent.time.parse::<jiff::Timestamp>().map_or(i64::MIN, jiff::Timestamp::as_microsecond)
}

/// Accesses that a reader is ahead.
const AHEAD: usize = 64;
