//! Parsers.

use crate::failing::{Failing, Outcome, case};
use serde::Deserialize;

#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
#[allow(dead_code)]
struct Order {
    id: i32,
    kind: Option<Kind>,
}

#[derive(Deserialize, Debug)]
enum Kind {
    Paid,
}

fn from_json(text: &str) -> Outcome {
    serde_json::from_str::<Order>(text)?;
    Ok(())
}

pub fn cases() -> Vec<Failing> {
    let mut all: Vec<_> = [
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
    .into();
    all.extend([
        case("toml: cut off", "toml", "VALIDATION_FAILED", async {
            toml::from_str::<Order>("id = ")?;
            Ok(())
        }),
        case("toml: a wrong type", "toml", "VALIDATION_FAILED", async {
            toml::from_str::<Order>("id = 'five'")?;
            Ok(())
        }),
        case("url: not a URL", "url", "VALIDATION_FAILED", async {
            url::Url::parse("shop/orders")?;
            Ok(())
        }),
        case("uuid: not a UUID", "uuid", "VALIDATION_FAILED", async {
            uuid::Uuid::parse_str("17")?;
            Ok(())
        }),
        case("chrono: not a date", "chrono", "VALIDATION_FAILED", async {
            chrono::NaiveDate::parse_from_str("soon", "%Y-%m-%d")?;
            Ok(())
        }),
        case(
            "chrono: no such day",
            "chrono",
            "VALIDATION_FAILED",
            async {
                chrono::NaiveDate::parse_from_str("2026-02-30", "%Y-%m-%d")?;
                Ok(())
            },
        ),
    ]);
    all
}
