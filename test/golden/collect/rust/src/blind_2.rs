//! More of the blind set, until a newer set was collected the held-out set.

use crate::failing::{AUTH, FULL, INVALID, NET, SHORT, TIME, UNKNOWN, WEB, WRONG};
use crate::failing::{Failing, Outcome, blocking, cases, parse};
use crate::peers::{address, port, url};
use std::time::Duration;
use validator::Validate;

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

pub fn cases() -> Vec<Failing> {
    let invalid_order = Order {
        id: 1,
        email: "x".into(),
    };
    cases! {
        "postgres: refused", "postgres", NET, by_postgres("closed", "app", "");
        "postgres: a wrong password", "postgres", AUTH, by_postgres("postgres", "fail_28P01", "");
        "postgres: a duplicate", "postgres", INVALID, by_postgres("postgres", "app", "fail_23505");
        "postgres: a missing table", "postgres", WRONG, by_postgres("postgres", "app", "fail_42P01");
        "postgres: a deadlock", "postgres", UNKNOWN, by_postgres("postgres", "app", "fail_40P01");
        "postgres: too many clients", "postgres", FULL, by_postgres("postgres", "fail_53300", "");
        "postgres: too slow", "postgres", TIME, by_postgres("postgres", "app", "fail_57014");
        "tokio-tungstenite: refused", "tokio-tungstenite", NET, by_websocket("closed", "/");
        "tokio-tungstenite: 403", "tokio-tungstenite", AUTH, by_websocket("http", "/status/403");
        "tokio-tungstenite: 502", "tokio-tungstenite", WEB, by_websocket("http", "/status/502");
        "tokio-tungstenite: hung up", "tokio-tungstenite", NET, by_websocket("http", "/close");
        "suppaftp: refused", "suppaftp", NET, by_ftp("closed");
        "suppaftp: connecting too slow", "suppaftp", TIME, by_ftp("stalled");
        "flume: full", "flume", FULL, full_flume();
        "flume: too slow", "flume", TIME, late_flume();
        "crossbeam: full", "crossbeam-channel", FULL, full_crossbeam();
        "crossbeam: too slow", "crossbeam-channel", TIME, late_crossbeam();
        "serde_yaml_ng: a wrong type", "serde_yaml_ng", INVALID, parse!(serde_yaml_ng::from_str::<Order>("id: x"));
        "ciborium: cut off", "ciborium", INVALID, parse!(ciborium::from_reader::<Order, _>(&[0xa1u8, 0x62][..]));
        "rmp-serde: cut off", "rmp-serde", INVALID, parse!(rmp_serde::from_slice::<Order>(&[0x82, 0xa2]));
        "json5: a wrong type", "json5", INVALID, parse!(json5::from_str::<Order>("{id: 'x', email: ''}"));
        "serde_urlencoded: a wrong type", "serde_urlencoded", INVALID, parse!(serde_urlencoded::from_str::<Order>("id=x&email="));
        "serde_qs: a missing field", "serde_qs", INVALID, parse!(serde_qs::from_str::<Order>("id=1"));
        "validator: not an address", "validator", INVALID, async move {
            invalid_order.validate()?;
            Ok(())
        };
        "hex: an odd length", "hex", INVALID, parse!(hex::decode("abc"));
        "humantime: not a duration", "humantime", INVALID, parse!(humantime::parse_duration("soon"));
    }
}
