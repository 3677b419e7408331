//! The history that an actor writes: one JSON object a line, as test/faults/history/event.ts says.

use serde_json::{Map, Value};
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::sync::Mutex;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A line is written before the act that it announces, and at once, so that a process that is killed
/// loses its last line at most.
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

    /// Panics where it can't: an actor without a history is none.
    pub fn write(&self, event: &str, fields: Value) {
        let mut file = self.0.lock().unwrap();
        // Within, so that lines are in the order of their times.
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

/// 0 where there is none.
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
