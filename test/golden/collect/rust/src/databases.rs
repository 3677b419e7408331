//! Clients of Redis and of SQL databases.

use crate::failing::{Failing, Outcome, case};
use crate::peers::{address, port};
use sqlx::Connection;
use std::time::Duration;
use tokio_postgres::NoTls;

const SHORT: Duration = Duration::from_millis(200);

async fn by_redis(peer: &'static str, login: &'static str, command: &'static [&'static str]) -> Outcome {
    let client = redis::Client::open(format!("redis://{login}{}", address(peer)))?;
    tokio::task::spawn_blocking(move || -> Outcome {
        let mut connection = client.get_connection_with_timeout(SHORT)?;
        connection.set_read_timeout(Some(SHORT))?;
        let (first, rest) = command.split_first().unwrap();
        redis::cmd("DEL").arg("list").exec(&mut connection).ok();
        redis::cmd("RPUSH").arg("list").arg(1).exec(&mut connection).ok();
        redis::cmd(first)
            .arg(rest)
            .query::<Option<i32>>(&mut connection)?;
        Ok(())
    })
    .await?
}

async fn by_tokio_postgres(peer: &'static str, user: &'static str, sql: String) -> Outcome {
    let mut config = tokio_postgres::Config::new();
    config
        .host("127.0.0.1")
        .port(port(peer))
        .user(user)
        .password("x")
        .dbname("shop");
    config.connect_timeout(SHORT);
    let (client, connection) = config.connect(NoTls).await?;
    tokio::spawn(connection);
    client.batch_execute(&sql).await?;
    Ok(())
}

async fn by_sqlx_pg(peer: &'static str, user: &'static str, sql: String) -> Outcome {
    let where_to = format!("postgres://{user}:x@{}/shop?sslmode=disable", address(peer));
    let mut connection = sqlx::PgConnection::connect(&where_to).await?;
    sqlx::raw_sql(&sql).execute(&mut connection).await?;
    Ok(())
}

async fn by_sqlx_mysql(peer: &'static str, user: &'static str, sql: String) -> Outcome {
    let where_to = format!("mysql://{user}:x@{}/shop?ssl-mode=DISABLED", address(peer));
    let mut connection = sqlx::MySqlConnection::connect(&where_to).await?;
    sqlx::raw_sql(&sql).execute(&mut connection).await?;
    Ok(())
}

async fn full_pool() -> Outcome {
    let where_to = format!("postgres://app:x@{}/shop?sslmode=disable", address("postgres"));
    let options = sqlx::pool::PoolOptions::<sqlx::Postgres>::new();
    let pool = options
        .max_connections(1)
        .acquire_timeout(SHORT)
        .connect(&where_to)
        .await?;
    let held = pool.acquire().await?;
    pool.acquire().await?;
    drop(held);
    Ok(())
}

fn fail(code: &str) -> String {
    format!("SELECT 'fail_{code}'")
}

pub fn cases() -> Vec<Failing> {
    let redis = |name: &str, reason, peer, login, command| {
        case(
            format!("redis: {name}"),
            "redis",
            reason,
            by_redis(peer, login, command),
        )
    };
    const GET: &[&str] = &["GET", "a"];
    const SET: &[&str] = &["SET", "a", "1"];
    let mut all = vec![
        redis("refused", "NETWORK_ERROR", "closed", "", GET),
        redis("hung up", "NETWORK_ERROR", "hangsUp", "", GET),
        redis("no answer", "TIMEOUT", "silent", "", GET),
        redis("connecting too slow", "TIMEOUT", "stalled", "", GET),
        redis("another protocol", "NETWORK_ERROR", "foreign", "", GET),
        redis("no password", "AUTHENTICATION_ERROR", "lockedRedis", "", GET),
        redis(
            "a wrong password",
            "AUTHENTICATION_ERROR",
            "lockedRedis",
            ":wrong@",
            GET,
        ),
        redis(
            "not permitted",
            "AUTHENTICATION_ERROR",
            "lockedRedis",
            "reader:secret@",
            SET,
        ),
        redis("out of memory", "RESOURCE_EXHAUSTED", "fullRedis", "", SET),
        redis(
            "a wrong kind of key",
            "EXECUTION_FAILED",
            "openRedis",
            "",
            &["GET", "list"],
        ),
        redis(
            "no such command",
            "EXECUTION_FAILED",
            "openRedis",
            "",
            &["FROBNICATE"],
        ),
        redis(
            "a replica asked to write",
            "UNKNOWN_ERROR",
            "replicaRedis",
            "",
            SET,
        ),
        redis(
            "a replica whose primary is down",
            "NETWORK_ERROR",
            "replicaRedis",
            "",
            GET,
        ),
        case("sqlx: a full pool", "sqlx", "RESOURCE_EXHAUSTED", full_pool()),
    ];
    let states = [
        ("22P02", "VALIDATION_FAILED"),
        ("23502", "VALIDATION_FAILED"),
        ("23505", "VALIDATION_FAILED"),
        ("40001", "UNKNOWN_ERROR"),
        ("40P01", "UNKNOWN_ERROR"),
        ("42501", "AUTHENTICATION_ERROR"),
        ("42P01", "EXECUTION_FAILED"),
        ("53100", "RESOURCE_EXHAUSTED"),
        ("55P03", "TIMEOUT"),
        ("57014", "TIMEOUT"),
        ("57P01", "NETWORK_ERROR"),
    ];
    for (state, reason) in states {
        let act = by_tokio_postgres("postgres", "app", fail(state));
        all.push(case(
            format!("tokio-postgres: error {state}"),
            "tokio-postgres",
            reason,
            act,
        ));
        let act = by_sqlx_pg("postgres", "app", fail(state));
        all.push(case(format!("sqlx pg: error {state}"), "sqlx", reason, act));
    }
    let codes = [
        ("1048", "VALIDATION_FAILED"),
        ("1062", "VALIDATION_FAILED"),
        ("1064", "EXECUTION_FAILED"),
        ("1146", "EXECUTION_FAILED"),
        ("1205", "TIMEOUT"),
        ("1213", "UNKNOWN_ERROR"),
    ];
    for (code, reason) in codes {
        let act = by_sqlx_mysql("mysql", "app", fail(code));
        all.push(case(format!("sqlx mysql: error {code}"), "sqlx", reason, act));
    }
    let connecting = [
        ("refused", "NETWORK_ERROR", "closed", "app"),
        ("hung up", "NETWORK_ERROR", "hangsUp", "app"),
        (
            "a wrong password",
            "AUTHENTICATION_ERROR",
            "postgres",
            "fail_28P01",
        ),
        ("too many clients", "RESOURCE_EXHAUSTED", "postgres", "fail_53300"),
        ("no such database", "EXECUTION_FAILED", "postgres", "fail_3D000"),
        ("starting up", "NETWORK_ERROR", "postgres", "fail_57P03"),
    ];
    for (name, reason, peer, user) in connecting {
        let act = by_tokio_postgres(peer, user, String::new());
        all.push(case(
            format!("tokio-postgres: {name}"),
            "tokio-postgres",
            reason,
            act,
        ));
        let act = by_sqlx_pg(peer, user, String::new());
        all.push(case(format!("sqlx pg: {name}"), "sqlx", reason, act));
    }
    let act = by_tokio_postgres("stalled", "app", String::new());
    all.push(case(
        "tokio-postgres: connecting too slow",
        "tokio-postgres",
        "TIMEOUT",
        act,
    ));
    let act = by_sqlx_mysql("mysql", "fail_1045", String::new());
    all.push(case(
        "sqlx mysql: a wrong password",
        "sqlx",
        "AUTHENTICATION_ERROR",
        act,
    ));
    let act = by_sqlx_mysql("mysql", "fail_1040", String::new());
    all.push(case(
        "sqlx mysql: too many connections",
        "sqlx",
        "RESOURCE_EXHAUSTED",
        act,
    ));
    all
}
