//! Calls the bank.

use crate::case;
use crate::draw::{Cases, Draw, port};
use serde_json::Value;

#[derive(Debug, thiserror::Error)]
pub enum ChargeError {
    #[error("order {order} of {email} is not settled")]
    NotSettled {
        order: i64,
        email: String,
        #[source]
        cause: reqwest::Error,
    },
    #[error("account {token} of customer {customer} is closed")]
    Closed { token: String, customer: i64 },
    #[error("limit of {limit} EUR is reached by customer {customer}")]
    Limit { limit: f64, customer: i64 },
}

fn charge(d: &Draw, port: String, host: &str) -> Result<Value, reqwest::Error> {
    let client = reqwest::blocking::Client::builder().timeout(d.wait()).build()?;
    let url = format!("http://{host}:{port}/v1/charges/{}", d.order);
    client.post(url).send()?.error_for_status()?.json()
}

fn refund(d: &Draw, port: String) -> Result<Value, ureq::Error> {
    let config = ureq::Agent::config_builder().timeout_global(Some(d.wait())).build();
    let url = format!(
        "http://bank.internal:{port}/v1/charges/{}/refunds?trace={}",
        d.order, d.uuid
    );
    ureq::Agent::from(config).get(url).call()?.body_mut().read_json()
}

fn settle(d: &Draw, port: String) -> Result<Value, ChargeError> {
    charge(d, port, "bank.internal").map_err(|cause| ChargeError::NotSettled {
        order: d.order,
        email: d.email.clone(),
        cause,
    })
}

fn open(d: &Draw) -> Result<(), ChargeError> {
    Err(ChargeError::Closed {
        token: d.token.clone(),
        customer: d.customer,
    })
}

fn limit(d: &Draw) -> Result<(), ChargeError> {
    Err(ChargeError::Limit {
        limit: -d.amount,
        customer: d.customer,
    })
}

pub fn cases(d: &Draw) -> Cases {
    vec![
        case!("charge-500", charge(d, port("500"), "bank.internal")),
        case!("charge-503", charge(d, port("503"), "bank.internal")),
        case!("charge-404", charge(d, port("404"), "bank.internal")),
        case!("charge-timeout", charge(d, port("HANG"), "bank.internal")),
        case!("charge-timeout-ledger", charge(d, port("HANG"), "ledger.internal")),
        case!("charge-refused", charge(d, port("CLOSED"), "bank.internal")),
        case!("charge-cut", charge(d, port("CUT"), "bank.internal")),
        case!("charge-broken-json", charge(d, port("BROKEN"), "bank.internal")),
        case!("charge-html", charge(d, port("HTML"), "bank.internal")),
        case!("refund-500", refund(d, port("500"))),
        case!("refund-429", refund(d, port("429"))),
        case!("refund-timeout", refund(d, port("HANG"))),
        case!("refund-refused", refund(d, port("CLOSED"))),
        case!("refund-html", refund(d, port("HTML"))),
        case!("settle-timeout", settle(d, port("HANG"))),
        case!("settle-refused", settle(d, port("CLOSED"))),
        case!("account-closed", open(d)),
        case!("limit-reached", limit(d)),
    ]
}
