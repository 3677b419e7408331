//! The commands of the bench.

use serde::Deserialize;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Command {
    pub op: String,
    #[serde(default)]
    pub queue: String,
    /// Messages are sent to this many queues in turn.
    #[serde(default = "one")]
    pub queues: usize,
    /// The size of each payload.
    #[serde(default)]
    pub bytes: usize,
    #[serde(default = "one")]
    pub batch: usize,
    #[serde(default = "one")]
    pub in_flight: usize,
    pub count: Option<usize>,
    pub seconds: Option<f64>,
}

fn one() -> usize {
    1
}

impl Command {
    pub fn queue_names(&self) -> Vec<String> {
        let others = (1..self.queues).map(|number| format!("{}-{number}", self.queue));
        std::iter::once(self.queue.clone()).chain(others).collect()
    }

    /// Returns the number of callers, which each wait for their own message: as many as batches would carry.
    pub fn callers(&self) -> usize {
        self.in_flight * self.batch
    }

    /// Returns half of `in_flight`: the worker prefetches as many deliveries again.
    pub fn concurrency(&self) -> u32 {
        u32::try_from(self.in_flight.div_ceil(2)).unwrap_or(u32::MAX)
    }
}
