//! Reads and checks orders.

use crate::case;
use crate::draw::{Cases, Draw};
use serde::Deserialize;
use validator::Validate;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code)]
struct Order {
    total: f64,
    currency: String,
    #[serde(default)]
    items: Vec<Item>,
    state: Option<State>,
}

#[derive(Debug, Deserialize)]
#[allow(dead_code)]
struct Item {
    sku: String,
    count: u32,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Open,
    Paid,
}

#[derive(Validate)]
struct Customer {
    #[validate(email)]
    email: String,
    #[validate(length(max = 20))]
    name: String,
    #[validate(range(min = 18))]
    age: i64,
}

#[derive(Debug, Deserialize)]
#[allow(dead_code)]
struct Config {
    rate: u32,
    names: Vec<String>,
}

#[derive(Debug, thiserror::Error)]
enum OrderError {
    #[error("item {hash} is out of stock: {left} left, {wanted} wanted")]
    OutOfStock { hash: String, left: usize, wanted: i64 },
    #[error("event {token} for order {order} has no topic")]
    NoTopic { token: String, order: i64 },
    #[error("order {order} needs approval by {name:?}")]
    NotApproved { order: i64, name: String },
}

fn read(text: String) -> Result<Order, serde_json::Error> {
    serde_json::from_str(&text)
}

fn config(text: String) -> Result<Config, toml::de::Error> {
    toml::from_str(&text)
}

fn check(email: &str, name: &str, age: i64) -> Result<(), validator::ValidationErrors> {
    Customer {
        email: email.to_owned(),
        name: name.to_owned(),
        age,
    }
    .validate()
}

fn reserve(d: &Draw) -> Result<(), OrderError> {
    Err(OrderError::OutOfStock {
        hash: d.hash.clone(),
        left: d.index,
        wanted: d.order,
    })
}

fn publish(d: &Draw) -> Result<(), OrderError> {
    Err(OrderError::NoTopic {
        token: d.token.clone(),
        order: d.order,
    })
}

fn approve(d: &Draw) -> Result<(), OrderError> {
    Err(OrderError::NotApproved {
        order: d.order,
        name: d.name.clone(),
    })
}

pub fn cases(d: &Draw) -> Cases {
    let items = "{\"sku\": \"a\", \"count\": 1},".repeat(d.index);
    vec![
        case!("read-total-type", read(format!(r#"{{"total": "{}", "currency": "EUR"}}"#, d.word))),
        case!("read-currency-type", read(format!(r#"{{"total": {}, "currency": {}}}"#, d.order, d.customer))),
        case!("read-total-missing", read(format!(r#"{{"currency": "{}"}}"#, d.name))),
        case!("read-currency-missing", read(format!(r#"{{"total": {}}}"#, d.order))),
        case!("read-unknown-name", read(format!(r#"{{"total": {}, "name": "{}"}}"#, d.order, d.name))),
        case!("read-unknown-region", read(format!(r#"{{"total": {}, "region": 1}}"#, d.order))),
        case!("read-state", read(format!(r#"{{"total": 1, "currency": "EUR", "state": "{}"}}"#, d.status))),
        case!("read-count", read(format!(r#"{{"total": 1, "currency": "EUR", "items": [{items}{{"sku": "b", "count": -{}}}]}}"#, d.order))),
        case!("read-sku", read(format!(r#"{{"total": 1, "currency": "EUR", "items": [{items}{{"count": {}}}]}}"#, d.order))),
        case!("read-empty", read(String::new())),
        case!("read-cut", read(format!(r#"{{"total": {}, "currency"#, d.order))),
        case!("read-syntax", read(format!(r#"{{"total": {}}}"#, d.word))),
        case!("config-rate", config(format!("rate = \"{}\"\nnames = []", d.word))),
        case!("config-names", config(format!("rate = {}\nnames = {}", d.customer, d.order))),
        case!("config-syntax", config(format!("rate = {}\nnames = {}", d.customer, d.name))),
        case!("check-email", check(&d.name, "A", 20)),
        case!("check-name", check(&d.email, &d.uuid, 20)),
        case!("check-age", check(&d.email, "A", d.customer)),
        case!("total-no-number", format!("x{}", d.word).parse::<i64>()),
        case!("total-empty", "".parse::<i64>()),
        case!("total-range", format!("{}000000000000000000000", d.order).parse::<i64>()),
        case!("price-no-number", format!("x{}", d.word).parse::<f64>()),
        case!("count-negative", u32::try_from(-d.order)),
        case!("uuid", uuid::Uuid::parse_str(&d.token)),
        case!("uuid-short", uuid::Uuid::parse_str(&d.uuid[..20 + d.index])),
        case!("due-date", chrono::NaiveDate::parse_from_str(&format!("x{}", d.bad_date), "%Y-%m-%d")),
        case!("utf8", String::from_utf8([vec![b'x'; d.index], vec![0xff]].concat())),
        case!("reserve", reserve(d)),
        case!("publish", publish(d)),
        case!("approve", approve(d)),
    ]
}
