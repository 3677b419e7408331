//! Counts operations, and records the times of the first and last one and their durations.

use serde_json::{Value, json};
use std::sync::Mutex;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

#[derive(Default)]
pub struct Tally(Mutex<State>);

#[derive(Default)]
struct State {
    count: usize,
    first_at_ms: f64,
    last_at_ms: f64,
    took: Vec<Duration>,
}

impl Tally {
    /// Records an operation that has just ended.
    pub fn add(&self, took: Option<Duration>) {
        let now_ms = now_ms();
        let mut state = self.0.lock().unwrap();
        if state.count == 0 {
            state.first_at_ms = now_ms;
        }
        state.last_at_ms = now_ms;
        state.count += 1;
        state.took.extend(took);
    }

    pub fn count(&self) -> usize {
        self.0.lock().unwrap().count
    }

    pub fn result(&self) -> Value {
        let mut state = self.0.lock().unwrap();
        let mut result = json!({
            "count": state.count,
            "firstCount": state.count.min(1),
            "firstAtMs": state.first_at_ms,
            "lastAtMs": state.last_at_ms,
        });
        state.took.sort_unstable();
        if !state.took.is_empty() {
            let at = |percent: usize| state.took[state.took.len() * percent / 100].as_secs_f64() * 1_000.0;
            result["p50Ms"] = at(50).into();
            result["p99Ms"] = at(99).into();
        }
        result
    }
}

/// Returns the wall clock, which the processes of a machine share.
fn now_ms() -> f64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs_f64()
        * 1_000.0
}
