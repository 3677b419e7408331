//! Errors of parsers.

use super::{Case, Outcome, case};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only parsing matters")]
struct Order {
    id: i32,
    kind: Option<Kind>,
}

#[derive(Deserialize)]
enum Kind {
    Paid,
}

fn from_json(text: &str) -> Outcome {
    serde_json::from_str::<Order>(text)?;
    Ok(())
}

const DOCUMENTS: [(&str, &str); 8] = [
    ("empty", ""),
    ("HTML", "<html>"),
    ("cut off", "{\"id\": 5"),
    ("a trailing comma", "{\"id\": 5,}"),
    ("a wrong type", "{\"id\": \"five\"}"),
    ("a missing field", "{}"),
    ("an unknown field", "{\"nr\": 5}"),
    ("an unknown variant", "{\"id\": 5, \"kind\": \"Lost\"}"),
];

pub fn cases() -> Vec<Case> {
    let documents =
        DOCUMENTS.map(|(what, text)| case(format!("serde_json: {what}"), async { from_json(text) }));
    let values = [
        case("parse: not an integer", async {
            "five".parse::<i32>()?;
            Ok(())
        }),
        case("parse: an integer too large", async {
            "300".parse::<u8>()?;
            Ok(())
        }),
        case("parse: not a float", async {
            "five".parse::<f64>()?;
            Ok(())
        }),
        case("parse: not a bool", async {
            "maybe".parse::<bool>()?;
            Ok(())
        }),
        case("parse: not UTF-8", async {
            std::str::from_utf8(std::hint::black_box(&[0xff]))?;
            Ok(())
        }),
        case("parse: not an address", async {
            "localhost".parse::<std::net::SocketAddr>()?;
            Ok(())
        }),
        case("convert: a negative number", async {
            u8::try_from(-1)?;
            Ok(())
        }),
    ];
    documents.into_iter().chain(values).collect()
}
