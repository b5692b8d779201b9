//! Events of members that wait for their turn, packed.
//!
//! An archive may have a million members, and the record of each must wait until all inputs before the archive are given out.
//! What is known of a member while it is read takes kilobytes; its events take some hundred bytes, which wait together with
//! the hits: up to a bound in memory, and beyond that in the temporary file.

use std::io;
use std::sync::Arc;

use hashbrown::HashMap;

use super::hits::{Packed, Spool, Stored, Unpack, number, text};
use crate::event::{ColumnRecord, DetectorName, Event, FileRecord, Finding, Place};

/// Bytes that are put aside at once.
const BLOCK: usize = 64 << 10;

const FINDING: u64 = 0;
const COLUMN: u64 = 1;
const FILE: u64 = 2;
const FILE_UNREAD: u64 = 3;

/// Events of one or more members, in order.
#[derive(Debug, Default)]
pub(crate) struct PackedEvents {
    stored: Vec<Stored>,
    /// The last ones.
    open: Vec<u8>,
}

impl PackedEvents {
    /// Adds the events of a member.
    pub(crate) fn push(&mut self, events: &Packer, spool: &Spool) {
        self.open.extend_from_slice(&events.out);
        if self.open.len() >= BLOCK {
            self.stored
                .push(spool.store(Packed::of(std::mem::take(&mut self.open))));
        }
    }

    /// Adds the events of members behind these.
    pub(crate) fn append(&mut self, mut others: PackedEvents, spool: &Spool) {
        if !others.stored.is_empty() && !self.open.is_empty() {
            self.stored
                .push(spool.store(Packed::of(std::mem::take(&mut self.open))));
        }
        self.stored.append(&mut others.stored);
        if self.open.is_empty() {
            self.open = others.open;
        } else {
            self.push(&Packer::of(others.open), spool);
        }
    }

    /// Gives all events out, in order; with each whether the member it is about could not be read in full.
    pub(crate) fn emit(
        self,
        spool: &Spool,
        emit: &mut dyn FnMut(Event, bool) -> io::Result<()>,
    ) -> io::Result<()> {
        for stored in self.stored {
            let packed = spool.take(stored).map_err(lost)?;
            unpack(packed.unpack(), emit)?;
        }
        unpack(Packed::of(self.open).unpack(), emit)
    }
}

/// Packs the events of one member; what findings share is written once.
#[derive(Default)]
pub(crate) struct Packer {
    out: Vec<u8>,
    /// By the address of what is shared, its number. All of it lives as long as the member is packed.
    known: HashMap<usize, u64>,
}

impl Packer {
    fn of(out: Vec<u8>) -> Self {
        let known = HashMap::new();
        Self { out, known }
    }

    /// Adds an event of the member.
    pub(crate) fn event(&mut self, event: &Event, is_unread: bool) -> io::Result<()> {
        match event {
            Event::Finding(finding) => self.finding(finding)?,
            Event::Column(column) => {
                number(&mut self.out, COLUMN);
                self.json(column)?;
            }
            Event::File(file) => {
                number(&mut self.out, if is_unread { FILE_UNREAD } else { FILE });
                self.json(file)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn finding(&mut self, finding: &Finding) -> io::Result<()> {
        number(&mut self.out, FINDING);
        let name = &finding.detector;
        self.shared(Arc::as_ptr(name).addr(), &(&name.id, &name.category))?;
        self.shared(Arc::as_ptr(&finding.place).addr(), &*finding.place)?;
        self.shared(finding.evidence.as_ptr().addr(), &finding.evidence)?;
        let out = &mut self.out;
        number(out, finding.row);
        for place in [finding.line, finding.start, finding.end] {
            number(out, place.map_or(0, |place| place + 1));
        }
        out.extend_from_slice(&finding.fingerprint.to_le_bytes());
        out.extend_from_slice(&finding.confidence.to_le_bytes());
        text(out, &finding.masked);
        number(out, u64::from(finding.value.is_some()));
        if let Some(value) = &finding.value {
            text(out, value);
        }
        Ok(())
    }

    fn shared(&mut self, address: usize, content: &impl serde::Serialize) -> io::Result<()> {
        let next = self.known.len() as u64;
        let known = *self.known.entry(address).or_insert(next);
        number(&mut self.out, known);
        if known == next {
            self.json(content)?;
        }
        Ok(())
    }

    fn json(&mut self, content: &impl serde::Serialize) -> io::Result<()> {
        text(&mut self.out, &serde_json::to_string(content)?);
        Ok(())
    }
}

/// What the findings of a member share.
#[derive(Clone)]
enum Shared {
    Detector(Arc<DetectorName>),
    Place(Arc<Place>),
    Evidence(Arc<[String]>),
}

fn unpack(
    mut bytes: Unpack<'_>,
    emit: &mut dyn FnMut(Event, bool) -> io::Result<()>,
) -> io::Result<()> {
    let mut known = Vec::new();
    while !bytes.is_empty() {
        let kind = bytes.number().ok_or_else(torn)?;
        match kind {
            FINDING => emit(Event::Finding(finding(&mut bytes, &mut known)?), false)?,
            COLUMN => emit(Event::Column(json::<ColumnRecord>(&mut bytes)?), false)?,
            _ => {
                let file = json::<FileRecord>(&mut bytes)?;
                emit(Event::File(file), kind == FILE_UNREAD)?;
                known.clear();
            }
        }
    }
    Ok(())
}

fn finding(bytes: &mut Unpack<'_>, known: &mut Vec<Shared>) -> io::Result<Finding> {
    let detector = shared(bytes, known, |bytes| {
        let (id, category) = json(bytes)?;
        Ok(Shared::Detector(Arc::new(DetectorName { id, category })))
    })?;
    let place = shared(bytes, known, |bytes| Ok(Shared::Place(json(bytes)?)))?;
    let evidence = shared(bytes, known, |bytes| {
        Ok(Shared::Evidence(json::<Vec<String>>(bytes)?.into()))
    })?;
    let (Shared::Detector(detector), Shared::Place(place), Shared::Evidence(evidence)) =
        (detector, place, evidence)
    else {
        return Err(torn());
    };
    let number = |bytes: &mut Unpack<'_>| bytes.number().ok_or_else(torn);
    let string = |bytes: &mut Unpack<'_>| bytes.text().map(str::to_owned).ok_or_else(torn);
    let row = number(bytes)?;
    let [line, start, end] = [number(bytes)?, number(bytes)?, number(bytes)?];
    Ok(Finding {
        detector,
        place,
        row,
        line: line.checked_sub(1),
        start: start.checked_sub(1),
        end: end.checked_sub(1),
        fingerprint: u128::from_le_bytes(array(bytes)?),
        confidence: f64::from_le_bytes(array(bytes)?),
        masked: string(bytes)?,
        value: match number(bytes)? {
            0 => None,
            _ => Some(string(bytes)?),
        },
        evidence,
    })
}

fn shared<'b>(
    bytes: &mut Unpack<'b>,
    known: &mut Vec<Shared>,
    read: impl FnOnce(&mut Unpack<'b>) -> io::Result<Shared>,
) -> io::Result<Shared> {
    let at = bytes.number().ok_or_else(torn)? as usize;
    if at == known.len() {
        known.push(read(bytes)?);
    }
    known.get(at).cloned().ok_or_else(torn)
}

fn array<const N: usize>(bytes: &mut Unpack<'_>) -> io::Result<[u8; N]> {
    let bytes = bytes.bytes(N).ok_or_else(torn)?;
    bytes.try_into().map_err(|_| torn())
}

fn json<T: serde::de::DeserializeOwned>(bytes: &mut Unpack<'_>) -> io::Result<T> {
    let text = bytes.text().ok_or_else(torn)?;
    serde_json::from_str(text).map_err(lost)
}

fn torn() -> io::Error {
    lost("it is not as it was written")
}

fn lost(why: impl std::fmt::Display) -> io::Error {
    io::Error::other(format!(
        "results that waited in a temporary file could not be read back: {why}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Status;

    fn finding(place: &Arc<Place>, evidence: &Arc<[String]>, row: u64) -> Event {
        Event::Finding(Finding {
            detector: Arc::new(DetectorName {
                id: "email".into(),
                category: "contact".into(),
            }),
            place: place.clone(),
            row,
            line: None,
            start: Some(0),
            end: Some(u64::MAX - 1),
            masked: "a**@*".to_owned(),
            value: (row == 2).then(|| "é".to_owned()),
            fingerprint: 1 << 99,
            confidence: 0.1 + 0.2,
            evidence: evidence.clone(),
        })
    }

    fn file(place: &Place) -> Event {
        Event::File(FileRecord {
            file: place.file.clone(),
            member: place.member.clone(),
            format: None,
            bytes: 7,
            records: 2,
            findings: 2,
            status: Status::Partial,
            reason: Some("cut off".to_owned()),
            sampled: None,
        })
    }

    #[test]
    fn events_come_back_as_they_were() {
        let spool = Spool::new(100);
        let mut packed = PackedEvents::default();
        let mut expected = Vec::new();
        for member in 0..300 {
            let place = Arc::new(Place {
                file: "a.zip".into(),
                member: Some(format!("{member}.csv").into()),
                table: None,
                column: Some("mail".into()),
            });
            let evidence: Arc<[String]> = vec!["shape".to_owned()].into();
            let events = [
                finding(&place, &evidence, 1),
                finding(&place, &evidence, 2),
                file(&place),
            ];
            let mut events_of_one = Packer::default();
            for event in &events {
                events_of_one.event(event, member == 3).unwrap();
                expected.push(format!("{event:?}"));
            }
            let mut one = PackedEvents::default();
            one.push(&events_of_one, &spool);
            packed.append(one, &spool);
        }
        let mut given = Vec::new();
        let mut unread = 0;
        let mut take = |event, is_unread| {
            given.push(format!("{event:?}"));
            unread += usize::from(is_unread);
            Ok(())
        };
        packed.emit(&spool, &mut take).unwrap();
        assert!(given == expected && unread == 1);
    }
}
