//! Sends parcels.

use crate::case;
use crate::draw::{Cases, Draw, port};
use serde::Deserialize;
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::num::NonZeroU8;
use std::time::{Duration, SystemTime};

#[derive(Debug, Deserialize)]
#[allow(dead_code)]
struct Parcel {
    id: String,
    weight: u8,
    size: Size,
    to: (String, String),
}

#[derive(Debug, Deserialize)]
enum Size {
    Small,
}

#[derive(Debug, thiserror::Error)]
enum CarrierError {
    #[error("carrier refused parcel {parcel}: HTTP {status}")]
    Refused { parcel: String, status: u16 },
    #[error("track parcel {order} of {email}")]
    Track {
        order: i64,
        email: String,
        #[source]
        cause: ureq::Error,
    },
    #[error("parcel {token} for {email} weighs {weight} kg, over the limit")]
    Heavy { token: String, email: String, weight: f64 },
    #[error("no route to warehouse {warehouse} for {name:?}")]
    NoRoute { warehouse: i64, name: String },
}

fn track(d: &Draw, port: String) -> Result<(), CarrierError> {
    let config = ureq::Agent::config_builder()
        .timeout_global(Some(d.wait()))
        .http_status_as_error(false)
        .build();
    let url = format!("http://track.internal:{port}/parcels/{}", d.order);
    let answer = ureq::Agent::from(config).get(url).call();
    let answer = answer.map_err(|cause| CarrierError::Track {
        order: d.order,
        email: d.email.clone(),
        cause,
    })?;
    Err(CarrierError::Refused {
        parcel: d.uuid.clone(),
        status: answer.status().as_u16(),
    })
}

fn print(port: String) -> std::io::Result<()> {
    let to: SocketAddr = format!("127.0.0.1:{port}").parse().unwrap();
    TcpStream::connect_timeout(&to, Duration::from_secs(1)).map(|_| ())
}

fn parcel(text: String) -> Result<Parcel, serde_json::Error> {
    serde_json::from_str(&text)
}

fn query(sql: &str, values: &[&(dyn postgres::types::ToSql + Sync)]) -> Result<i32, postgres::Error> {
    let text = format!("host=127.0.0.1 port={} user=app dbname=postgres", port("POSTGRES"));
    let mut db = postgres::Client::connect(&text, postgres::NoTls)?;
    db.query_one(sql, values)?.try_get(0)
}

fn by_sqlite(sql: &str, d: &Draw) -> rusqlite::Result<i64> {
    let db = rusqlite::Connection::open_in_memory()?;
    db.execute("create table parcels (id int, label text)", [])?;
    db.execute("insert into parcels values (?1, ?2)", rusqlite::params![d.order, d.name])?;
    db.query_row(sql, [d.order], |row| row.get(0))
}

fn pack(d: &Draw) -> Result<(), CarrierError> {
    Err(CarrierError::Heavy {
        token: d.token.clone(),
        email: d.email.clone(),
        weight: -d.amount,
    })
}

fn route(d: &Draw) -> Result<(), CarrierError> {
    Err(CarrierError::NoRoute {
        warehouse: d.customer,
        name: d.name.clone(),
    })
}

pub fn cases(d: &Draw) -> Cases {
    let id = &d.uuid;
    vec![
        case!("track-500", track(d, port("500"))),
        case!("track-401", track(d, port("401"))),
        case!("track-timeout", track(d, port("HANG"))),
        case!("track-refused", track(d, port("CLOSED"))),
        case!("print-refused", print(port("CLOSED"))),
        case!("parcel-id", parcel(format!(r#"{{"id": {}}}"#, d.order))),
        case!("parcel-weight-missing", parcel(format!(r#"{{"id": "{id}", "size": "Small", "to": ["a", "b"]}}"#))),
        case!("parcel-weight-range", parcel(format!(r#"{{"id": "{id}", "weight": {}}}"#, 300 + d.order))),
        case!("parcel-size", parcel(format!(r#"{{"id": "{id}", "weight": 3, "size": "{}"}}"#, d.status))),
        case!("parcel-to", parcel(format!(r#"{{"id": "{id}", "weight": 3, "to": ["{}"]}}"#, d.file))),
        case!("query-no-rows", query("select id from orders where id = $1", &[&(-d.order as i32)])),
        case!("query-no-column", query("select weight from orders where id = $1", &[&(d.order as i32)])),
        case!("query-by-zero", query("select $1::int / 0", &[&(d.order as i32)])),
        case!("query-parameters", query("select $1::int", &[&(d.order as i32), &d.name])),
        case!("query-type", query("select $1::int", &[&d.name])),
        case!("sqlite-type", by_sqlite("select label from parcels where id = ?1", d)),
        case!("sqlite-no-rows", by_sqlite("select id from parcels where id = -?1", d)),
        case!("sqlite-no-table", by_sqlite("select id from labels where id = ?1", d)),
        case!("bool", d.word.parse::<bool>()),
        case!("char", format!("{}{}", d.name, d.word).parse::<char>()),
        case!("address", d.uuid.parse::<IpAddr>()),
        case!("nonzero", "0".parse::<NonZeroU8>()),
        case!("url", reqwest::Url::parse(&format!("/parcels/{}", d.order))),
        case!("url-port", reqwest::Url::parse(&format!("http://shop.example:{}00000/", d.order))),
        case!("variable", std::env::var("CARRIER_TOKEN")),
        case!("nul", std::ffi::CString::new(format!("{}\0", d.name))),
        case!("clock", SystemTime::UNIX_EPOCH.duration_since(SystemTime::now() + d.wait())),
        case!("process", std::process::Command::new("/opt/labels/print").arg(&d.uuid).output()),
        case!("pack", pack(d)),
        case!("route", route(d)),
    ]
}
