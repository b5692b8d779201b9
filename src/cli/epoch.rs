//! `SOURCE_DATE_EPOCH`: with it, results of the same data are the same bytes, as reproducible builds want it
//! (<https://reproducible-builds.org/specs/source-date-epoch/>).

use crate::event::{Event, ScanRecord, Summary};

/// The time that a result is to bear, if one is set: seconds since 1970, in UTC.
pub(super) fn fixed() -> Option<String> {
    let seconds = std::env::var("SOURCE_DATE_EPOCH").ok()?;
    let time = jiff::Timestamp::from_second(seconds.trim().parse().ok()?).ok()?;
    Some(time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
}

/// The event with that time, and without how long the scan took; none where it says nothing of time.
pub(super) fn at(event: &Event, time: &str) -> Option<Event> {
    match event {
        Event::Scan(scan) => Some(Event::Scan(ScanRecord {
            started: time.to_owned(),
            ..scan.clone()
        })),
        Event::Summary(summary) => Some(Event::Summary(Summary {
            seconds: 0.0,
            ..summary.clone()
        })),
        _ => None,
    }
}
