//! Keeps orders.

use crate::case;
use crate::draw::{Cases, Draw, port};
use postgres::types::ToSql;
use redis::Commands;
use std::time::Duration;

fn execute(sql: &str, values: &[&(dyn ToSql + Sync)]) -> Result<u64, postgres::Error> {
    connect(port("POSTGRES"), "postgres", "")?.execute(sql, values)
}

fn connect(port: String, database: &str, options: &str) -> Result<postgres::Client, postgres::Error> {
    let text = format!("host=127.0.0.1 port={port} user=app dbname={database} {options}");
    postgres::Client::connect(&text, postgres::NoTls)
}

/// `total` and `currency` are SQL.
fn insert_order(id: i64, customer: i64, total: &str, currency: &str) -> Result<u64, postgres::Error> {
    let sql = format!(
        "insert into orders (id, customer_id, total, currency) values ($1, $2, {total}, {currency})"
    );
    execute(&sql, &[&(id as i32), &(customer as i32)])
}

fn insert_customer(d: &Draw, email: &str, name: &str) -> Result<u64, postgres::Error> {
    let id = d.order as i32 + 100;
    execute("insert into customers values ($1, $2, $3)", &[&id, &email, &name])
}

fn find(table: &str, d: &Draw) -> Result<u64, postgres::Error> {
    let id = d.order as i32;
    execute(&format!("select * from {table} where id = $1"), &[&id])
}

fn slow(d: &Draw) -> Result<u64, postgres::Error> {
    let options = format!("options='-c statement_timeout={}'", (d.wait_s * 200.0) as i64);
    connect(port("POSTGRES"), "postgres", &options)?.execute("select pg_sleep(2)", &[])
}

fn by_sqlite(sql: &str, d: &Draw) -> rusqlite::Result<usize> {
    let db = rusqlite::Connection::open_in_memory()?;
    db.execute("create table items (id int primary key, sku text not null)", [])?;
    db.execute("insert into items values (?1, 'a')", [d.order])?;
    db.execute(sql, [d.order])
}

fn cache(d: &Draw, port: String) -> redis::RedisResult<redis::Connection> {
    let cache = redis::Client::open(format!("redis://127.0.0.1:{port}/"))?;
    let wait = Duration::from_secs_f64(d.wait_s);
    let connection = cache.get_connection_with_timeout(wait)?;
    connection.set_read_timeout(Some(wait))?;
    Ok(connection)
}

fn push(d: &Draw, port: String) -> redis::RedisResult<()> {
    let mut cache = cache(d, port)?;
    let key = format!("cart:{}", d.order);
    let () = cache.set(&key, "x")?;
    cache.lpush(&key, 1)
}

fn count(d: &Draw, port: String) -> redis::RedisResult<()> {
    let mut cache = cache(d, port)?;
    let key = format!("visits:{}", d.uuid);
    let () = cache.set(&key, &d.word)?;
    cache.incr(&key, 1)
}

pub fn cases(d: &Draw) -> Cases {
    let new = d.order + 100_000;
    vec![
        case!("order-taken", insert_order(d.order, 1, "10", "'EUR'")),
        case!("order-no-customer", insert_order(new, d.order + 50, "10", "'EUR'")),
        case!("order-total-null", insert_order(new, 1, "null", "'EUR'")),
        case!("order-currency-null", insert_order(new, 1, "10", "null")),
        case!("order-total-check", insert_order(new, 1, &d.amount.to_string(), "'EUR'")),
        case!("order-currency-long", insert_order(new, 1, "10", &format!("'{}'", d.code))),
        case!("order-total-text", insert_order(new, 1, &format!("'{}'", d.word), "'EUR'")),
        case!("customer-taken", insert_customer(d, &d.email_taken, "A")),
        case!("customer-name-long", insert_customer(d, &d.email, &d.uuid)),
        case!("table-invoices", find("invoices", d)),
        case!("table-payments", find("payments", d)),
        case!("slow", slow(d)),
        case!("postgres-refused", connect(port("CLOSED"), "shop", "").map(|_| ())),
        case!("sqlite-taken", by_sqlite("insert into items values (?1, 'b')", d)),
        case!("sqlite-null", by_sqlite("insert into items values (?1 + 1, null)", d)),
        case!("sqlite-no-column", by_sqlite("select price from items where id = ?1", d)),
        case!("redis-type", push(d, port("REDIS"))),
        case!("redis-integer", count(d, port("REDIS"))),
        case!("redis-refused", push(d, port("CLOSED"))),
        case!("redis-timeout", count(d, port("HANG"))),
        case!("upload", std::fs::read(format!("/data/in/{}", d.file))),
        case!("config", std::fs::read("/etc/billing/tax.toml")),
    ]
}
