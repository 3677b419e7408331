//! Which send of its client each one is.

use crate::v1::{SendNumber, SendToDlqRequest};
use std::collections::HashMap;
use std::sync::Mutex;

/// Numbers the sends of one client to each queue, so that the service knows a late repeat.
pub(crate) struct SendNumbers {
    client_id: [u8; 16],
    latest: Mutex<HashMap<String, u64>>,
}

impl SendNumbers {
    pub(crate) fn new() -> Self {
        Self {
            client_id: rand::random(),
            latest: Mutex::default(),
        }
    }

    pub(crate) fn count(&self, request: &mut SendToDlqRequest) {
        let mut latest = self.latest.lock().unwrap();
        let number = latest.entry(request.queue.clone()).or_default();
        *number += 1;
        request.send_number = Some(SendNumber {
            client_id: self.client_id.to_vec(),
            number: *number,
        });
    }
}
