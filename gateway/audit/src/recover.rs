//! Opening a log that another process, or a power cut, left behind.

use crate::disk::Disk;
use crate::format::{self, Begun, FrameKind, Header};
use crate::log::Recovery;
use crate::record::{self, Record};
use crate::slice;
use crate::slices::Growing;
use crate::tree::Frontier;
use crate::walk::{self, Step, Walk};
use crate::writer::{Place, Reason, Segment, Sizes, Writer};
use std::collections::BTreeMap;
use std::io;
use std::time::Instant;
use yingbi_crypto::{hex, sm3};

/// A writer behind the last whole record, what was found, and the records that say so, still to be written.
pub(crate) fn recover(disk: Box<dyn Disk>, sizes: Sizes) -> io::Result<(Writer, Recovery, Vec<Record>)> {
    let names = disk.names()?;
    for name in names.iter().filter(|name| is_leftover(name)) {
        disk.remove(name)?;
    }
    let mut numbers: Vec<u64> = names.iter().filter_map(|name| format::number(name)).collect();
    numbers.sort_unstable();
    let mut writer = Writer::new(disk, random()?, sizes);
    let mut recovery = Recovery::default();
    let mut events = Vec::new();
    if let Some((last, before)) = numbers.split_last() {
        writer.next_number = last.saturating_add(1);
        let name = format::name(*last);
        let bytes = writer.disk.read(&name)?;
        let mut open = None;
        match Header::decode(&bytes) {
            Ok((header, hash)) if header.number == *last => {
                writer.stream = header.stream;
                let walk = Walk::new(&bytes, hash, header.first);
                open = resume(&mut writer, &mut recovery, &mut events, &header, &bytes, walk)?;
            }
            Ok(_) => {
                abandon_unread(&mut writer, before, &bytes)?;
                damage(&mut writer, &mut recovery, &name, 0, "its header is of another segment");
            }
            Err(bad) => {
                abandon_unread(&mut writer, before, &bytes)?;
                damage(&mut writer, &mut recovery, &name, 0, &bad.to_string());
            }
        }
        writer.slices.resume(writer.stream, open);
        // Nothing found here may be lost by a later power cut once something is built upon it.
        writer.disk.open(&name)?.sync()?;
        writer.disk.sync()?;
        recovery.records = writer.next;
    }
    let mut detail = BTreeMap::new();
    detail.insert("stream".to_owned(), hex::encode(&writer.stream));
    detail.insert("version".to_owned(), env!("CARGO_PKG_VERSION").to_owned());
    events.push(record::event("opened", detail));
    Ok((writer, recovery, events))
}

/// Walks the last segment to its end and puts the writer there; gives the slice that goes on.
fn resume(
    writer: &mut Writer,
    recovery: &mut Recovery,
    events: &mut Vec<Record>,
    header: &Header,
    bytes: &[u8],
    mut walk: Walk<'_>,
) -> io::Result<Option<Growing>> {
    let name = &format::name(header.number);
    let mut open = Growing {
        number: header.number,
        first: header.first,
        created: header.created,
        frontier: Frontier::default(),
        chain: header.previous,
    };
    let mut sealed = false;
    let mut torn: &[u8] = &[];
    let end = loop {
        match walk.step() {
            Step::Frame(frame) if frame.head.kind == FrameKind::Seal => {
                sealed = true;
                break walk.at;
            }
            Step::Frame(frame) => {
                open.frontier.push(slice::record_leaf(&frame.hash));
                open.chain = frame.hash;
            }
            Step::End => break walk.at,
            Step::Flaw(_) => {
                if let Some(bytes) = walk.torn() {
                    torn = bytes;
                    break walk.at;
                }
                writer.chain = walk.chain;
                let beyond = walk::heads(walk.rest()).map(|(_, head)| head.sequence).max();
                // At least the damaged record had a sequence.
                writer.next = walk.next.max(beyond.unwrap_or(0)).saturating_add(1);
                damage(writer, recovery, name, walk.at, "no whole record stands there");
                return Ok(None);
            }
        }
    };
    writer.chain = walk.chain;
    writer.next = walk.next;
    if sealed {
        writer.place = Place::New(Begun::Continued, None);
        if walk.is_at_reserve() {
            let mut file = writer.disk.open(name)?;
            file.truncate(end as u64)?;
            file.sync()?;
        } else if end != bytes.len() {
            damage(writer, recovery, name, end, "something follows the seal");
        }
        return Ok(None);
    }
    let mut file = writer.disk.open(name)?;
    let mut reserved = bytes.len();
    if !torn.is_empty() {
        recovery.torn_bytes = torn.len() as u64;
        reserved = end;
        file.truncate(end as u64)?;
        file.sync()?;
        let mut detail = BTreeMap::new();
        detail.insert("segment".to_owned(), name.clone());
        detail.insert("offset".to_owned(), end.to_string());
        detail.insert("torn_bytes".to_owned(), recovery.torn_bytes.to_string());
        detail.insert("torn_sm3".to_owned(), hex::encode(&sm3(&[torn])));
        events.push(record::event("recovered", detail));
    }
    let identity = file.identity()?;
    let name = name.clone();
    writer.place = Place::Open(Segment {
        file,
        name,
        identity,
        length: end as u64,
        reserved: reserved as u64,
        first: header.first,
        checked: Instant::now(),
        is_outdated: format::version(bytes) != format::VERSION,
    });
    Ok(Some(open))
}

/// The last segment's header can't be read: what the log is called and how far it went, from all else there is.
fn abandon_unread(writer: &mut Writer, before: &[u64], bytes: &[u8]) -> io::Result<()> {
    let mut next = 0;
    for number in before.iter().rev() {
        let content = writer.disk.read(&format::name(*number))?;
        let Ok((header, hash)) = Header::decode(&content) else { continue };
        writer.stream = header.stream;
        let mut walk = Walk::new(&content, hash, header.first);
        while let Step::Frame(_) = walk.step() {}
        writer.chain = walk.chain;
        next = walk.next;
        break;
    }
    let found = walk::heads(bytes).map(|(_, head)| head.sequence.saturating_add(1)).max();
    writer.next = next.max(found.unwrap_or(0));
    Ok(())
}

/// Failure F8: the segment isn't extended.
fn damage(writer: &mut Writer, recovery: &mut Recovery, name: &str, at: usize, text: &str) {
    let reason = Reason { segment: name.to_owned(), text: format!("damaged at byte {at}: {text}") };
    recovery.damaged = Some(format!("{name}: {}", reason.text));
    writer.place = Place::New(Begun::Damage, Some(reason));
}

fn is_leftover(name: &str) -> bool {
    name.strip_suffix(format::NEW_SUFFIX).and_then(format::number).is_some()
}

fn random() -> io::Result<[u8; 16]> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(bytes)
}
