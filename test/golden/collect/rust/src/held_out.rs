//! The held-out set.

use crate::blind::blocking;
use crate::failing::{Failing, Outcome, case};
use crate::peers::{address, port, url};
use std::time::Duration;
use validator::Validate;

const SHORT: Duration = Duration::from_millis(300);

async fn by_postgres(peer: &'static str, user: &'static str, sql: &'static str) -> Outcome {
    blocking(move || {
        let mut config = postgres::Config::new();
        config.host("127.0.0.1").port(port(peer)).user(user).password("x");
        config.connect(postgres::NoTls)?.batch_execute(sql)?;
        Ok(())
    })
    .await
}

async fn by_websocket(peer: &'static str, path: &'static str) -> Outcome {
    let (_socket, _) = tokio_tungstenite::connect_async(url(peer, path).replacen("http", "ws", 1)).await?;
    Ok(())
}

async fn by_ftp(peer: &'static str) -> Outcome {
    blocking(move || {
        let mut stream = suppaftp::FtpStream::connect_timeout(address(peer).parse()?, SHORT)?;
        stream.login("app", "x")?;
        Ok(())
    })
    .await
}

async fn full_flume() -> Outcome {
    let (sender, _receiver) = flume::bounded(1);
    sender.try_send(1)?;
    sender.try_send(2)?;
    Ok(())
}

async fn late_flume() -> Outcome {
    let (_sender, receiver) = flume::bounded::<i32>(1);
    receiver.recv_timeout(Duration::from_millis(50))?;
    Ok(())
}

async fn full_crossbeam() -> Outcome {
    let (sender, _receiver) = crossbeam_channel::bounded(1);
    sender.try_send(1)?;
    sender.try_send(2)?;
    Ok(())
}

async fn late_crossbeam() -> Outcome {
    let (_sender, receiver) = crossbeam_channel::bounded::<i32>(1);
    receiver.recv_timeout(Duration::from_millis(50))?;
    Ok(())
}

#[derive(Debug, serde::Deserialize, Validate)]
struct Order {
    #[allow(dead_code)]
    id: u32,
    #[validate(email)]
    email: String,
}

/// Parses a value and drops it.
macro_rules! parse {
    ($act:expr) => {
        async {
            $act?;
            Ok(())
        }
    };
}

pub fn cases() -> Vec<Failing> {
    const NET: &str = "NETWORK_ERROR";
    const TIME: &str = "TIMEOUT";
    const AUTH: &str = "AUTHENTICATION_ERROR";
    const FULL: &str = "RESOURCE_EXHAUSTED";
    const INVALID: &str = "VALIDATION_FAILED";
    const WRONG: &str = "EXECUTION_FAILED";
    const WEB: &str = "WEBHOOK_FAILED";
    const UNKNOWN: &str = "UNKNOWN_ERROR";
    let invalid_order = Order {
        id: 1,
        email: "x".into(),
    };
    vec![
        case(
            "postgres: refused",
            "postgres",
            NET,
            by_postgres("closed", "app", ""),
        ),
        case(
            "postgres: a wrong password",
            "postgres",
            AUTH,
            by_postgres("postgres", "fail_28P01", ""),
        ),
        case(
            "postgres: a duplicate",
            "postgres",
            INVALID,
            by_postgres("postgres", "app", "fail_23505"),
        ),
        case(
            "postgres: a missing table",
            "postgres",
            WRONG,
            by_postgres("postgres", "app", "fail_42P01"),
        ),
        case(
            "postgres: a deadlock",
            "postgres",
            UNKNOWN,
            by_postgres("postgres", "app", "fail_40P01"),
        ),
        case(
            "postgres: too many clients",
            "postgres",
            FULL,
            by_postgres("postgres", "fail_53300", ""),
        ),
        case(
            "postgres: too slow",
            "postgres",
            TIME,
            by_postgres("postgres", "app", "fail_57014"),
        ),
        case(
            "tokio-tungstenite: refused",
            "tokio-tungstenite",
            NET,
            by_websocket("closed", "/"),
        ),
        case(
            "tokio-tungstenite: 403",
            "tokio-tungstenite",
            AUTH,
            by_websocket("http", "/status/403"),
        ),
        case(
            "tokio-tungstenite: 502",
            "tokio-tungstenite",
            WEB,
            by_websocket("http", "/status/502"),
        ),
        case(
            "tokio-tungstenite: hung up",
            "tokio-tungstenite",
            NET,
            by_websocket("http", "/close"),
        ),
        case("suppaftp: refused", "suppaftp", NET, by_ftp("closed")),
        case(
            "suppaftp: connecting too slow",
            "suppaftp",
            TIME,
            by_ftp("stalled"),
        ),
        case("flume: full", "flume", FULL, full_flume()),
        case("flume: too slow", "flume", TIME, late_flume()),
        case("crossbeam: full", "crossbeam-channel", FULL, full_crossbeam()),
        case("crossbeam: too slow", "crossbeam-channel", TIME, late_crossbeam()),
        case(
            "serde_yaml_ng: a wrong type",
            "serde_yaml_ng",
            INVALID,
            parse!(serde_yaml_ng::from_str::<Order>("id: x")),
        ),
        case(
            "ciborium: cut off",
            "ciborium",
            INVALID,
            parse!(ciborium::from_reader::<Order, _>(&[0xa1u8, 0x62][..])),
        ),
        case(
            "rmp-serde: cut off",
            "rmp-serde",
            INVALID,
            parse!(rmp_serde::from_slice::<Order>(&[0x82, 0xa2])),
        ),
        case(
            "json5: a wrong type",
            "json5",
            INVALID,
            parse!(json5::from_str::<Order>("{id: 'x', email: ''}")),
        ),
        case(
            "serde_urlencoded: a wrong type",
            "serde_urlencoded",
            INVALID,
            parse!(serde_urlencoded::from_str::<Order>("id=x&email=")),
        ),
        case(
            "serde_qs: a missing field",
            "serde_qs",
            INVALID,
            parse!(serde_qs::from_str::<Order>("id=1")),
        ),
        case("validator: not an address", "validator", INVALID, async move {
            invalid_order.validate()?;
            Ok(())
        }),
        case("hex: an odd length", "hex", INVALID, parse!(hex::decode("abc"))),
        case(
            "humantime: not a duration",
            "humantime",
            INVALID,
            parse!(humantime::parse_duration("soon")),
        ),
    ]
}
