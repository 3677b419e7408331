//! The history of an actor: one JSON object a line, as in test/faults/history/event.ts.

use serde_json::{Map, Value};
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::sync::Mutex;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Each line is written at once and before its action: a killed process loses at most its last line.
pub struct History(Mutex<File>);

impl History {
    pub fn open(path: &Path, actor: &str, role: &str) -> io::Result<Self> {
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        let history = Self(Mutex::new(file));
        history.write(
            "started",
            serde_json::json!({ "actor": actor, "role": role, "language": "rust" }),
        );
        Ok(history)
    }

    /// Writes a line. Panics on an error: an actor needs its history.
    pub fn write(&self, event: &str, fields: Value) {
        let mut file = self.0.lock().unwrap();
        // Under the lock, so that lines are in the order of their times.
        let mut entry = Map::new();
        entry.insert("e".to_owned(), event.into());
        entry.insert("at".to_owned(), now_ms().into());
        if let Value::Object(fields) = fields {
            entry.extend(fields);
        }
        let line = format!("{}\n", Value::Object(entry));
        file.write_all(line.as_bytes()).expect("a line of history");
    }
}

fn now_ms() -> f64 {
    ms(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default())
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

/// Returns the time in ms, or 0 for none.
pub fn ms_of(time: Option<&prost_types::Timestamp>) -> f64 {
    time.map_or(0.0, |time| {
        let seconds = u64::try_from(time.seconds).unwrap_or_default();
        ms(Duration::new(
            seconds,
            u32::try_from(time.nanos).unwrap_or_default(),
        ))
    })
}

pub fn duration_ms(time: Option<&prost_types::Duration>) -> f64 {
    time.map_or(0.0, |time| {
        let seconds = u64::try_from(time.seconds).unwrap_or_default();
        ms(Duration::new(
            seconds,
            u32::try_from(time.nanos).unwrap_or_default(),
        ))
    })
}
