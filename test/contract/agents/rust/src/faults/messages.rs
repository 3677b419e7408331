//! The messages of a producer of the fault suite.

use rand::distr::weighted::WeightedIndex;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

const FILLER_CHARS: usize = 400;

// As in test/faults/history.
const HOSTS: u64 = 8;
const ORDER_EVERY: u64 = 3;
const ORDERS: u64 = 150;

/// Numbers within every 50 messages that take a route. As in test/faults/history.
const ROUTE_EVERY: u64 = 50;
const ROUTES: [(&str, std::ops::Range<u64>); 5] = [
    ("drop", 7..8),
    ("divert", 13..15),
    ("moved", 20..28),
    ("swap", 30..38),
    ("rule", 40..42),
];

pub struct TestMessage {
    pub request_id: String,
    pub source_id: String,
    pub queue: String,
    pub plan: String,
    pub payload: String,
    pub host: String,
    /// Empty for none.
    pub ordering_key: String,
    pub priority: i32,
}

/// Generates messages. The same seed gives the same messages, except for their request ids.
pub struct MessageGenerator {
    name: String,
    queues: Vec<String>,
    plans: Vec<String>,
    weights: WeightedIndex<f64>,
    random: StdRng,
    pub count: u64,
}

impl MessageGenerator {
    /// `plans` maps each plan to its weight.
    pub fn new(name: &str, queues: &[String], plans: &Map<String, Value>, seed: u64) -> Self {
        let weights = plans.values().map(|weight| weight.as_f64().unwrap_or_default());
        Self {
            name: name.to_owned(),
            queues: queues.to_vec(),
            plans: plans.keys().cloned().collect(),
            weights: WeightedIndex::new(weights).expect("plans have weights"),
            random: StdRng::seed_from_u64(seed),
            count: 0,
        }
    }

    pub fn next(&mut self) -> TestMessage {
        self.count += 1;
        let number = self.count;
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
        let plan = self.plans[self.random.sample(&self.weights)].clone();
        let length = self.random.random_range(0..=FILLER_CHARS);
        let filler: String = (0..length)
            .map(|_| char::from(self.random.random_range(b'a'..=b'z')))
            .collect();
        TestMessage {
            request_id: format!("{:032x}", rand::random::<u128>()),
            queue: self.queues[self.random.random_range(0..self.queues.len())].clone(),
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

/// Returns the route of a message, by its number from 1. Empty for none.
fn route_at(number: u64) -> &'static str {
    let place = number % ROUTE_EVERY;
    ROUTES
        .iter()
        .find(|(_, places)| places.contains(&place))
        .map_or("", |(name, _)| name)
}

/// Returns the checksum of a payload, as in histories.
pub fn checksum_of(bytes: &[u8]) -> String {
    let sum = Sha256::digest(bytes);
    sum.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// Returns the payload after all edits of the run, as in test/faults/rig.
pub fn edited_text(text: &str) -> String {
    let mut content: Value = serde_json::from_str(text).expect("a payload is JSON");
    content["edit"] = json!({ "by": "queue", "whole": true });
    content.to_string()
}

pub fn plan_of(payload: &[u8]) -> String {
    let content: Value = serde_json::from_slice(payload).expect("a payload is JSON");
    content["plan"].as_str().unwrap_or_default().to_owned()
}
