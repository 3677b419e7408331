//! The blind set.

use crate::failing::{AUTH, FULL, INVALID, NET, SHORT, TIME, UNKNOWN, WEB, WRONG};
use crate::failing::{Failing, Failure, Outcome, blocking, case, cases};
use crate::peers::{address, port, url};
use amqprs::channel::QueueDeclareArguments;
use amqprs::connection::{Connection, OpenConnectionArguments};
use garde::Validate;
use lettre::transport::smtp::authentication::Credentials;
use lettre::{SmtpTransport, Transport};
use std::time::Duration;
use tower::{Service, ServiceExt};

async fn by_attohttpc(where_to: String) -> Outcome {
    blocking(move || {
        let response = attohttpc::get(where_to)
            .timeout(SHORT)
            .send()?
            .error_for_status()?;
        response.text()?;
        Ok(())
    })
    .await
}

async fn by_minreq(where_to: String) -> Outcome {
    blocking(move || {
        minreq::get(where_to).with_timeout(1).send()?.as_str()?;
        Ok(())
    })
    .await
}

async fn by_hyper(where_to: String) -> Outcome {
    use hyper_util::client::legacy::Client;
    use hyper_util::rt::TokioExecutor;
    let client = Client::builder(TokioExecutor::new()).build_http::<String>();
    tokio::time::timeout(SHORT, client.get(where_to.parse()?)).await??;
    Ok(())
}

async fn by_amqp(peer: &'static str, user: &'static str, queue: &'static str) -> Outcome {
    let arguments = OpenConnectionArguments::new("127.0.0.1", port(peer), user, "x");
    let connection = tokio::time::timeout(SHORT, Connection::open(&arguments)).await??;
    let channel = connection.open_channel(None).await?;
    let declare = QueueDeclareArguments::new(queue);
    tokio::time::timeout(SHORT, channel.queue_declare(declare)).await??;
    Ok(())
}

async fn by_mqtt(peer: &'static str, user: &'static str) -> Outcome {
    let mut options = rumqttc::MqttOptions::new("golden", "127.0.0.1", port(peer));
    options.set_credentials(user, "x");
    let (_client, mut events) = rumqttc::AsyncClient::new(options, 10);
    let mut limit = rumqttc::NetworkOptions::new();
    limit.set_connection_timeout(1);
    events.set_network_options(limit);
    loop {
        events.poll().await?;
    }
}

async fn by_kafka(peer: &'static str) -> Outcome {
    let client =
        rskafka::client::ClientBuilder::new(vec![address(peer)]).backoff_config(rskafka::BackoffConfig {
            deadline: Some(SHORT),
            ..Default::default()
        });
    client.build().await?.list_topics().await?;
    Ok(())
}

async fn by_mail(peer: &'static str, to: &'static str, login: bool) -> Outcome {
    blocking(move || {
        let mut builder = SmtpTransport::builder_dangerous("127.0.0.1")
            .port(port(peer))
            .timeout(Some(SHORT));
        if login {
            builder = builder.credentials(Credentials::new("app".into(), "x".into()));
        }
        let message = lettre::Message::builder()
            .from("a@example.com".parse()?)
            .to(to.parse()?)
            .body("x".to_string())?;
        builder.build().send(&message)?;
        Ok(())
    })
    .await
}

async fn by_websocket(where_to: String) -> Outcome {
    blocking(move || {
        tungstenite::connect(where_to)?;
        Ok(())
    })
    .await
}

async fn by_sqlite(sql: &'static str) -> Outcome {
    let database = rusqlite::Connection::open_in_memory()?;
    database.execute_batch("CREATE TABLE orders(id INTEGER PRIMARY KEY, name TEXT NOT NULL)")?;
    database.execute_batch("INSERT INTO orders VALUES (1, 'a')")?;
    database.query_row(sql, [], |row| row.get::<_, i32>(0))?;
    Ok(())
}

async fn locked_sqlite() -> Outcome {
    let file = std::env::temp_dir().join(format!("golden-{}.db", std::process::id()));
    let first = rusqlite::Connection::open(&file)?;
    first.execute_batch("BEGIN EXCLUSIVE")?;
    let second = rusqlite::Connection::open(&file)?;
    second.busy_timeout(Duration::from_millis(50))?;
    let outcome = second.execute_batch("BEGIN EXCLUSIVE");
    std::fs::remove_file(&file)?;
    Ok(outcome?)
}

struct Redis(&'static str);

impl r2d2::ManageConnection for Redis {
    type Connection = std::net::TcpStream;
    type Error = std::io::Error;
    fn connect(&self) -> std::io::Result<Self::Connection> {
        std::net::TcpStream::connect(address(self.0))
    }
    fn is_valid(&self, _: &mut Self::Connection) -> std::io::Result<()> {
        Ok(())
    }
    fn has_broken(&self, _: &mut Self::Connection) -> bool {
        false
    }
}

impl bb8::ManageConnection for Redis {
    type Connection = std::net::TcpStream;
    type Error = std::io::Error;
    async fn connect(&self) -> std::io::Result<Self::Connection> {
        std::net::TcpStream::connect(address(self.0))
    }
    async fn is_valid(&self, _: &mut Self::Connection) -> std::io::Result<()> {
        Ok(())
    }
    fn has_broken(&self, _: &mut Self::Connection) -> bool {
        false
    }
}

impl deadpool::managed::Manager for Redis {
    type Type = std::net::TcpStream;
    type Error = std::io::Error;
    async fn create(&self) -> std::io::Result<Self::Type> {
        std::net::TcpStream::connect(address(self.0))
    }
    async fn recycle(
        &self,
        _: &mut Self::Type,
        _: &deadpool::managed::Metrics,
    ) -> deadpool::managed::RecycleResult<std::io::Error> {
        Ok(())
    }
}

async fn by_r2d2(peer: &'static str) -> Outcome {
    blocking(move || {
        let builder = r2d2::Pool::builder().max_size(1).connection_timeout(SHORT);
        let pool = builder.build(Redis(peer))?;
        let _first = pool.get()?;
        pool.get()?;
        Ok(())
    })
    .await
}

async fn by_bb8(peer: &'static str) -> Outcome {
    let builder = bb8::Pool::builder().max_size(1).connection_timeout(SHORT);
    let pool = builder.build(Redis(peer)).await?;
    let _first = pool.get().await?;
    pool.get().await?;
    Ok(())
}

async fn by_deadpool(peer: &'static str) -> Outcome {
    let builder = deadpool::managed::Pool::<Redis>::builder(Redis(peer)).max_size(1);
    let waiting = builder
        .wait_timeout(Some(SHORT))
        .runtime(deadpool::Runtime::Tokio1);
    let pool = waiting.build()?;
    let _first = pool.get().await?;
    let _second = pool.get().await?;
    Ok(())
}

async fn never(_: ()) -> Result<(), std::io::Error> {
    std::future::pending().await
}

async fn too_slow() -> Outcome {
    let mut service = tower::timeout::Timeout::new(tower::service_fn(never), SHORT);
    service
        .ready()
        .await
        .map_err(Failure::boxed)?
        .call(())
        .await
        .map_err(Failure::boxed)?;
    Ok(())
}

async fn overloaded() -> Outcome {
    let limited = tower::limit::ConcurrencyLimit::new(tower::service_fn(never), 1);
    let mut service = tower::load_shed::LoadShed::new(limited);
    let _first = service.ready().await.map_err(Failure::boxed)?.call(());
    service
        .ready()
        .await
        .map_err(Failure::boxed)?
        .call(())
        .await
        .map_err(Failure::boxed)?;
    Ok(())
}

async fn open_breaker() -> Outcome {
    use failsafe::CircuitBreaker;
    let policy = failsafe::failure_policy::consecutive_failures(1, failsafe::backoff::constant(SHORT));
    let breaker = failsafe::Config::new().failure_policy(policy).build();
    let fail = || std::net::TcpStream::connect(address("closed"));
    let _ = breaker.call(fail);
    breaker.call(fail)?;
    Ok(())
}

#[derive(Debug, serde::Deserialize, garde::Validate)]
struct Order {
    #[garde(skip)]
    #[allow(dead_code)]
    id: u32,
    #[garde(email)]
    email: String,
}

async fn by_csv(text: &'static str) -> Outcome {
    for order in csv::Reader::from_reader(text.as_bytes()).deserialize::<Order>() {
        order?;
    }
    Ok(())
}

async fn by_xml(text: &'static str) -> Outcome {
    quick_xml::de::from_str::<Order>(text)?;
    Ok(())
}

async fn by_ron(text: &'static str) -> Outcome {
    ron::from_str::<Order>(text)?;
    Ok(())
}

async fn by_garde() -> Outcome {
    Order {
        id: 1,
        email: "x".into(),
    }
    .validate()?;
    Ok(())
}

async fn by_bytes(bytes: &'static [u8]) -> Outcome {
    use tonic_prost::prost::Message;
    String::decode(bytes)?;
    Ok(())
}

pub fn cases() -> Vec<Failing> {
    let mut all = Vec::new();
    for (path, reason) in [
        ("/status/400", INVALID),
        ("/status/401", AUTH),
        ("/status/429", FULL),
        ("/status/503", WEB),
        ("/hang", TIME),
        ("/slow-body", TIME),
        ("/close", NET),
        ("/loop", WEB),
    ] {
        all.push(case(
            format!("attohttpc: {path}"),
            "attohttpc",
            reason,
            by_attohttpc(url("http", path)),
        ));
        // minreq returns a response for every status, and for no answer.
        if !path.starts_with("/status") && path != "/close" {
            all.push(case(
                format!("minreq: {path}"),
                "minreq",
                reason,
                by_minreq(url("http", path)),
            ));
        }
    }
    all.extend(cases! {
        "attohttpc: refused", "attohttpc", NET, by_attohttpc(url("closed", "/"));
        "minreq: refused", "minreq", NET, by_minreq(url("closed", "/"));
        "minreq: no such name", "minreq", NET, by_minreq("http://shop.invalid/".into());
        "hyper-util: refused", "hyper-util", NET, by_hyper(url("closed", "/"));
        "hyper-util: hung up", "hyper-util", NET, by_hyper(url("http", "/close"));
        "hyper-util: too slow", "hyper-util", TIME, by_hyper(url("http", "/hang"));
        "hyper-util: another protocol", "hyper-util", NET, by_hyper(url("foreign", "/"));
        "amqprs: refused", "amqprs", NET, by_amqp("closed", "app", "orders");
        "amqprs: hung up", "amqprs", NET, by_amqp("hangsUp", "app", "orders");
        "amqprs: no answer", "amqprs", TIME, by_amqp("silent", "app", "orders");
        "amqprs: a wrong password", "amqprs", AUTH, by_amqp("amqp", "fail_403", "orders");
        "amqprs: no access", "amqprs", AUTH, by_amqp("amqp", "app", "fail_403");
        "amqprs: no answer to a method", "amqprs", TIME, by_amqp("amqp", "app", "fail_0");
        "rumqttc: refused", "rumqttc", NET, by_mqtt("closed", "app");
        "rumqttc: hung up", "rumqttc", NET, by_mqtt("hangsUp", "app");
        "rumqttc: no answer", "rumqttc", TIME, by_mqtt("silent", "app");
        "rumqttc: the broker is unavailable", "rumqttc", NET, by_mqtt("mqtt", "fail_3");
        "rumqttc: a wrong password", "rumqttc", AUTH, by_mqtt("mqtt", "fail_4");
        "rumqttc: not authorized", "rumqttc", AUTH, by_mqtt("mqtt", "fail_5");
        "rskafka: refused", "rskafka", NET, by_kafka("closed");
        "lettre: refused", "lettre", NET, by_mail("closed", "b@example.com", false);
        "lettre: no greeting", "lettre", TIME, by_mail("silent", "b@example.com", false);
        "lettre: a wrong password", "lettre", AUTH, by_mail("smtp", "b@example.com", true);
        "lettre: not an address", "lettre", INVALID, by_mail("smtp", "b@", false);
        "lettre: another protocol", "lettre", NET, by_mail("foreign", "b@example.com", false);
        "tungstenite: refused", "tungstenite", NET, by_websocket(url("closed", "/").replace("http", "ws"));
        "tungstenite: 401", "tungstenite", AUTH, by_websocket(url("http", "/status/401").replace("http:", "ws:"));
        "tungstenite: 503", "tungstenite", WEB, by_websocket(url("http", "/status/503").replace("http:", "ws:"));
        "tungstenite: hung up", "tungstenite", NET, by_websocket(url("http", "/close").replace("http:", "ws:"));
        "tungstenite: another scheme", "tungstenite", INVALID, by_websocket(url("http", "/"));
        "rusqlite: a duplicate", "rusqlite", INVALID, by_sqlite("INSERT INTO orders VALUES (1, 'b') RETURNING id");
        "rusqlite: a null", "rusqlite", INVALID, by_sqlite("INSERT INTO orders VALUES (2, NULL) RETURNING id");
        "rusqlite: a missing table", "rusqlite", WRONG, by_sqlite("SELECT * FROM customers");
        "rusqlite: invalid SQL", "rusqlite", WRONG, by_sqlite("SELCT 1");
        "rusqlite: locked", "rusqlite", UNKNOWN, locked_sqlite();
        "r2d2: full", "r2d2", FULL, by_r2d2("openRedis");
        "bb8: full", "bb8", FULL, by_bb8("openRedis");
        "deadpool: full", "deadpool", FULL, by_deadpool("openRedis");
        "deadpool: refused", "deadpool", NET, by_deadpool("closed");
        "tower: too slow", "tower", TIME, too_slow();
        "tower: overloaded", "tower", FULL, overloaded();
        "failsafe: open", "failsafe", UNKNOWN, open_breaker();
        "csv: a wrong type", "csv", INVALID, by_csv("id,email\nx,a@example.com\n");
        "csv: a missing column", "csv", INVALID, by_csv("id,email\n1\n");
        "quick-xml: an open tag", "quick-xml", INVALID, by_xml("<order><id>1</order>");
        "quick-xml: a missing field", "quick-xml", INVALID, by_xml("<order><id>1</id></order>");
        "ron: a wrong type", "ron", INVALID, by_ron("(id: \"x\", email: \"\")");
        "ron: cut off", "ron", INVALID, by_ron("(id: 1,");
        "garde: not an address", "garde", INVALID, by_garde();
        "prost: cut off", "prost", INVALID, by_bytes(&[10, 9, 65]);
    });
    all
}
