//! The values of one run.

use serde::Deserialize;
use std::collections::HashMap;
use std::time::Duration;

#[derive(Deserialize, Clone)]
pub struct Draw {
    pub order: i64,
    pub customer: i64,
    pub name: String,
    pub word: String,
    pub code: String,
    pub email: String,
    pub email_taken: String,
    pub uuid: String,
    pub token: String,
    pub hash: String,
    pub file: String,
    pub amount: f64,
    pub index: usize,
    pub bad_date: String,
    pub wait_s: f64,
    pub status: String,
}

impl Draw {
    pub fn read() -> Self {
        let text = std::fs::read_to_string("draws.json").unwrap();
        let mut all: HashMap<String, Self> = serde_json::from_str(&text).unwrap();
        all.remove(&std::env::var("DRAW").unwrap()).unwrap()
    }

    pub fn wait(&self) -> Duration {
        Duration::from_secs_f64(self.wait_s)
    }
}

pub fn port(name: &str) -> String {
    std::env::var(format!("PORT_{name}")).unwrap()
}

/// Sends the failure of a case with the client.
pub type Sender = Box<dyn FnOnce(&dlq_client::Client) -> dlq_client::Sending + Send>;
pub type Cases = Vec<(&'static str, Sender)>;

/// A case: its name, and the error, which the client takes where this macro stands.
#[macro_export]
macro_rules! case {
    ($name:literal, $run:expr) => {
        ($name, {
            let error = $run.err().expect($name);
            Box::new(move |client: &dlq_client::Client| client.send("orders", "1", &error).into_future())
                as $crate::draw::Sender
        })
    };
}
