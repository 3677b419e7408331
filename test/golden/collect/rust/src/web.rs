//! HTTP clients.

use crate::failing::{Failing, Outcome, case};
use crate::peers::url;
use std::time::Duration;

const SHORT: Duration = Duration::from_millis(100);

async fn by_reqwest(where_to: String, limit: Duration) -> Outcome {
    let client = reqwest::Client::builder().timeout(limit).build()?;
    let response = client.get(where_to).send().await?.error_for_status()?;
    response.json::<Vec<i32>>().await?;
    Ok(())
}

async fn by_ureq(where_to: String, limit: Duration) -> Outcome {
    let config = ureq::Agent::config_builder().timeout_global(Some(limit)).build();
    let agent = ureq::Agent::new_with_config(config);
    tokio::task::spawn_blocking(move || -> Outcome {
        agent.get(where_to).call()?.body_mut().read_to_string()?;
        Ok(())
    })
    .await?
}

pub fn cases() -> Vec<Failing> {
    let long = Duration::from_secs(5);
    let paths: [(&str, &str, &str, &str, Duration); 16] = [
        ("refused", "NETWORK_ERROR", "closed", "/", long),
        ("hung up", "NETWORK_ERROR", "http", "/close", long),
        ("reset", "NETWORK_ERROR", "http", "/reset", long),
        ("another protocol", "NETWORK_ERROR", "foreign", "/", long),
        ("a body that was cut", "NETWORK_ERROR", "http", "/cut", long),
        ("no answer in time", "TIMEOUT", "http", "/hang", SHORT),
        ("a body too late", "TIMEOUT", "http", "/slow-body", SHORT),
        ("connecting too slow", "TIMEOUT", "stalled", "/", SHORT),
        ("redirected in a circle", "WEBHOOK_FAILED", "http", "/loop", long),
        ("400", "VALIDATION_FAILED", "http", "/status/400", long),
        ("401", "AUTHENTICATION_ERROR", "http", "/status/401", long),
        ("404", "WEBHOOK_FAILED", "http", "/status/404", long),
        ("408", "TIMEOUT", "http", "/status/408", long),
        ("429", "RESOURCE_EXHAUSTED", "http", "/status/429", long),
        ("503", "WEBHOOK_FAILED", "http", "/status/503", long),
        ("504", "TIMEOUT", "http", "/status/504", long),
    ];
    let mut all = Vec::new();
    for (what, reason, peer, path, limit) in paths {
        let by = (
            by_reqwest(url(peer, path), limit),
            by_ureq(url(peer, path), limit),
        );
        all.push(case(format!("reqwest: {what}"), "reqwest", reason, by.0));
        all.push(case(format!("ureq: {what}"), "ureq", reason, by.1));
    }
    all.extend([
        case(
            "reqwest: HTML instead of JSON",
            "reqwest",
            "VALIDATION_FAILED",
            async move { by_reqwest(url("http", "/html"), long).await },
        ),
        case("reqwest: not a URL", "reqwest", "VALIDATION_FAILED", async move {
            by_reqwest("shop/orders".into(), long).await
        }),
        case("reqwest: no such name", "reqwest", "NETWORK_ERROR", async move {
            by_reqwest("http://shop.invalid/".into(), long).await
        }),
        case("ureq: no such name", "ureq", "NETWORK_ERROR", async move {
            by_ureq("http://shop.invalid/".into(), long).await
        }),
        case("ureq: not a URL", "ureq", "VALIDATION_FAILED", async move {
            by_ureq("shop orders".into(), long).await
        }),
    ]);
    all
}
