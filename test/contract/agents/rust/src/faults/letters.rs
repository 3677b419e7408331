//! Messages that a producer of the fault suite sends.

use rand::distr::weighted::WeightedIndex;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

const FILLER_CHARS: usize = 400;

// As history/lanes.ts has them.
const HOSTS: u64 = 8;
const ORDER_EVERY: u64 = 3;
const ORDERS: u64 = 150;

// As history/routes.ts has them: of every 50, from and to.
const ROUTE_EVERY: u64 = 50;
const ROUTES: [(&str, std::ops::Range<u64>); 5] = [
    ("drop", 7..8),
    ("divert", 13..15),
    ("away", 20..28),
    ("swap", 30..38),
    ("rule", 40..42),
];

pub struct Letter {
    pub request_id: String,
    pub source_id: String,
    pub queue: String,
    pub plan: String,
    pub payload: String,
    pub host: String,
    /// Empty: none.
    pub ordering_key: String,
    pub priority: i32,
}

/// Makes messages, the same ones for the same seed but for their request ids.
pub struct Letters {
    name: String,
    queues: Vec<String>,
    plans: Vec<String>,
    weights: WeightedIndex<f64>,
    chance: StdRng,
    pub made: u64,
}

impl Letters {
    /// `plans`: their weights.
    pub fn new(name: &str, queues: &[String], plans: &Map<String, Value>, seed: u64) -> Self {
        let weights = plans.values().map(|weight| weight.as_f64().unwrap_or_default());
        Self {
            name: name.to_owned(),
            queues: queues.to_vec(),
            plans: plans.keys().cloned().collect(),
            weights: WeightedIndex::new(weights).expect("plans have weights"),
            chance: StdRng::seed_from_u64(seed),
            made: 0,
        }
    }

    pub fn next(&mut self) -> Letter {
        self.made += 1;
        let number = self.made;
        let host = format!("h{}", number % HOSTS);
        let ordering_key = match number % ORDER_EVERY {
            0 => format!("o{}", number % (ORDER_EVERY * ORDERS)),
            _ => String::new(),
        };
        let first = format!("{}-{number}", self.name);
        let parts = [&first, route_at(number), &host, &ordering_key];
        let source_id = parts
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join(".");
        let plan = self.plans[self.chance.sample(&self.weights)].clone();
        let length = self.chance.random_range(0..=FILLER_CHARS);
        let filler: String = (0..length)
            .map(|_| char::from(self.chance.random_range(b'a'..=b'z')))
            .collect();
        Letter {
            request_id: format!("{:032x}", rand::random::<u128>()),
            queue: self.queues[self.chance.random_range(0..self.queues.len())].clone(),
            payload: json!({ "source": source_id, "plan": plan, "filler": filler }).to_string(),
            source_id,
            plan,
            host,
            ordering_key,
            priority: match number % 10 {
                0 => 5,
                1 => -5,
                _ => 0,
            },
        }
    }
}

/// What rules do to a producer's message, from 1; empty: nothing.
fn route_at(number: u64) -> &'static str {
    let place = number % ROUTE_EVERY;
    ROUTES
        .iter()
        .find(|(_, places)| places.contains(&place))
        .map_or("", |(name, _)| name)
}

/// Of a payload, as histories name it.
pub fn sum_of(bytes: &[u8]) -> String {
    let sum = Sha256::digest(bytes);
    sum.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// The payload with all that edits of the run do to it, as rig/guarded.yaml has them.
pub fn edited_text(text: &str) -> String {
    let mut content: Value = serde_json::from_str(text).expect("a payload is JSON");
    content["edit"] = json!({ "by": "queue", "whole": true });
    content.to_string()
}

pub fn plan_of(payload: &[u8]) -> String {
    let content: Value = serde_json::from_slice(payload).expect("a payload is JSON");
    content["plan"].as_str().unwrap_or_default().to_owned()
}
