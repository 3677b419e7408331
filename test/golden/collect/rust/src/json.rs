//! JSON.

use super::failing::{Failing, Outcome, case};
use serde::Deserialize;

#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
#[allow(dead_code)]
pub struct Order {
    id: i32,
    kind: Option<Kind>,
}

#[derive(Deserialize, Debug)]
pub enum Kind {
    Paid,
}

fn from_json(text: &str) -> Outcome {
    serde_json::from_str::<Order>(text)?;
    Ok(())
}

pub fn cases() -> Vec<Failing> {
    [
        ("empty", ""),
        ("HTML", "<html>"),
        ("cut off", "{\"id\": 5"),
        ("a trailing comma", "{\"id\": 5,}"),
        ("a wrong type", "{\"id\": \"five\"}"),
        ("a missing field", "{}"),
        ("an unknown field", "{\"nr\": 5}"),
        ("an unknown variant", "{\"id\": 5, \"kind\": \"Lost\"}"),
    ]
    .map(|(what, text)| {
        let act = async move { from_json(text) };
        case(
            format!("serde_json: {what}"),
            "serde_json",
            "VALIDATION_FAILED",
            act,
        )
    })
    .into()
}
