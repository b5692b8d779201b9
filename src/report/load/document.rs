//! JSON: one document, with a list for each kind of record. It is read twice: for what stands behind the findings, and
//! for the findings, one at a time.

use std::fmt;

use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor,
};

use super::order::{Merge, Rest};
use super::wire::{Sharer, Wire};
use super::{Emit, Findings, Saved};
use crate::error::Error;
use crate::event::Event;

pub(super) fn read(saved: &Saved, findings: Findings, emit: &mut Emit<'_>) -> Result<(), Error> {
    let mut reader = serde_json::Deserializer::from_reader(saved.reader()?);
    let mut rest = Rest::deserialize(&mut reader)
        .and_then(|rest| reader.end().map(|()| rest))
        .map_err(|error| saved.wrong_json(&error, 1))?;
    let Some(scan) = rest.scan.take() else {
        return Err(saved.wrong("it holds no scan"));
    };
    saved.check(&scan)?;
    if rest.summary.is_none() {
        return Err(saved.wrong("it holds no summary, so it is not whole; scan again"));
    }
    emit(&Event::Scan(scan))?;
    let mut merge = Merge::new(rest);
    if findings == Findings::Read {
        let mut failed = None;
        let mut sharer = Sharer::default();
        let seed = FindingsOf(&mut |wire| {
            let Some(finding) = sharer.finding(wire) else {
                return Err("missing field: a fingerprint of 16 or 32 hexadecimal digits");
            };
            merge.finding(finding, emit).map_err(|error| {
                failed = Some(error);
                "a report can't be written"
            })
        });
        let mut reader = serde_json::Deserializer::from_reader(saved.reader()?);
        let result = seed.deserialize(&mut reader);
        if let Some(error) = failed {
            return Err(error.into());
        }
        result.map_err(|error| saved.wrong_json(&error, 1))?;
    }
    merge.finish(emit)?;
    Ok(())
}

impl<'de> Deserialize<'de> for Rest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Document;
        impl<'de> Visitor<'de> for Document {
            type Value = Rest;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a result")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Rest, A::Error> {
                let mut rest = Rest::default();
                while let Some(key) = map.next_key::<String>()? {
                    match key.as_str() {
                        "scan" => rest.scan = map.next_value()?,
                        "columns" => rest.columns = map.next_value()?,
                        "files" => rest.files = map.next_value()?,
                        "policies" => rest.policies = map.next_value()?,
                        "decisions" => rest.decisions = map.next_value()?,
                        "pseudonyms" => rest.pseudonyms = map.next_value()?,
                        "summary" => rest.summary = map.next_value()?,
                        _ => drop(map.next_value::<IgnoredAny>()?),
                    }
                }
                Ok(rest)
            }
        }
        deserializer.deserialize_map(Document)
    }
}

/// Gives out each finding of a document.
struct FindingsOf<'f>(&'f mut dyn FnMut(Wire<'_>) -> Result<(), &'static str>);

impl<'de> DeserializeSeed<'de> for FindingsOf<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for FindingsOf<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a result")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            if key == "findings" {
                map.next_value_seed(Each(&mut *self.0))?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

struct Each<'f>(&'f mut dyn FnMut(Wire<'_>) -> Result<(), &'static str>);

impl<'de> DeserializeSeed<'de> for Each<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Each<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of findings")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while let Some(wire) = list.next_element::<Wire<'de>>()? {
            (self.0)(wire).map_err(serde::de::Error::custom)?;
        }
        Ok(())
    }
}
