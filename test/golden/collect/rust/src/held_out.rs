//! The held-out set.

use crate::failing::{AUTH, FULL, INVALID, NET, SHORT, TIME, UNKNOWN, WEB, WRONG};
use crate::failing::{Failing, Outcome, blocking, cases, parse};
use crate::peers::{address, port, url};
use fred::prelude::{ClientLike, KeysInterface};
use mysql_async::prelude::Queryable;
use sea_orm::{ConnectionTrait, EntityTrait};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

mod orders {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "orders")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

async fn connect_sea(peer: &str, user: &str) -> Result<sea_orm::DatabaseConnection, sea_orm::DbErr> {
    let where_to = format!("postgres://{user}:x@{}/shop?sslmode=disable", address(peer));
    let mut options = sea_orm::ConnectOptions::new(where_to);
    options
        .max_connections(1)
        .min_connections(0)
        .acquire_timeout(Duration::from_secs(1));
    sea_orm::Database::connect(options.sqlx_logging(false).to_owned()).await
}

async fn by_sea(peer: &'static str, user: &'static str, sql: &'static str) -> Outcome {
    connect_sea(peer, user).await?.execute_unprepared(sql).await?;
    Ok(())
}

async fn full_sea() -> Outcome {
    let database = connect_sea("postgres", "app").await?;
    let _first = database.get_postgres_connection_pool().acquire().await?;
    database.execute_unprepared("SELECT 1").await?;
    Ok(())
}

async fn nothing_updated() -> Outcome {
    let database = connect_sea("postgres", "app").await?;
    let order = orders::ActiveModel {
        id: sea_orm::ActiveValue::Unchanged(17),
    };
    orders::Entity::update(order).exec(&database).await?;
    Ok(())
}

async fn by_mysql(peer: &'static str, user: &'static str, sql: &'static str) -> Outcome {
    let options = mysql_async::OptsBuilder::default()
        .ip_or_hostname("127.0.0.1")
        .tcp_port(port(peer))
        .user(Some(user))
        .pass(Some("x"))
        .prefer_socket(false)
        .max_allowed_packet(Some(1 << 20))
        .wait_timeout(Some(60));
    let mut connection = mysql_async::Conn::new(options).await?;
    connection.query_drop(sql).await?;
    Ok(())
}

async fn by_fred(peer: &'static str, password: Option<&'static str>) -> Outcome {
    let config = fred::prelude::Config {
        server: fred::prelude::ServerConfig::new_centralized("127.0.0.1", port(peer)),
        password: password.map(Into::into),
        fail_fast: true,
        ..Default::default()
    };
    let client = fred::prelude::Builder::from_config(config)
        .with_performance_config(|limits| limits.default_command_timeout = SHORT)
        .with_connection_config(|limits| {
            limits.connection_timeout = SHORT;
            limits.internal_command_timeout = SHORT;
        })
        .build()?;
    client.init().await?;
    client.set::<(), _, _>("a", "1", None, None, false).await?;
    Ok(())
}

async fn by_lapin(peer: &'static str, user: &'static str, queue: &'static str) -> Outcome {
    let where_to = format!("amqp://{user}:x@{}/%2f", address(peer));
    let connection = lapin::Connection::connect(&where_to, lapin::ConnectionProperties::default()).await?;
    let channel = connection.create_channel().await?;
    let options = lapin::options::QueueDeclareOptions::default();
    channel.queue_declare(queue, options, Default::default()).await?;
    Ok(())
}

async fn by_nats(peer: &'static str, token: &'static str, subject: &'static str) -> Outcome {
    let options = async_nats::ConnectOptions::with_token(token.into())
        .connection_timeout(SHORT)
        .request_timeout(Some(SHORT));
    let client = options.connect(address(peer)).await?;
    client.request(subject, "1".into()).await?;
    Ok(())
}

async fn by_sqs(peer: &'static str, error: &'static str) -> Outcome {
    use aws_sdk_sqs::config::{Credentials, Region, retry::RetryConfig, timeout::TimeoutConfig};
    let limit = if peer == "silent" {
        SHORT
    } else {
        Duration::from_secs(5)
    };
    let config = aws_sdk_sqs::Config::builder()
        .region(Region::new("eu-central-1"))
        .endpoint_url(url(peer, "/"))
        .credentials_provider(Credentials::new("id", "secret", None, None, "golden"))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .retry_config(RetryConfig::disabled())
        .timeout_config(TimeoutConfig::builder().operation_timeout(limit).build())
        .build();
    let client = aws_sdk_sqs::Client::from_conf(config);
    let queue = url(peer, &format!("/1/{error}"));
    client
        .send_message()
        .queue_url(queue)
        .message_body("1")
        .send()
        .await?;
    Ok(())
}

async fn by_imap(peer: &'static str) -> Outcome {
    blocking(move || {
        let stream = std::net::TcpStream::connect(address(peer))?;
        stream.set_read_timeout(Some(SHORT))?;
        let mut client = imap::Client::new(stream);
        client.read_greeting()?;
        client.login("app", "x").map_err(|(error, _)| error)?;
        Ok(())
    })
    .await
}

async fn by_dns(name: &'static str, peer: &'static str) -> Outcome {
    use hickory_resolver::config::{NameServerConfig, ResolverConfig};
    use hickory_resolver::name_server::TokioConnectionProvider;
    use hickory_resolver::proto::xfer::Protocol;
    let mut config = ResolverConfig::new();
    config.add_name_server(NameServerConfig::new(address(peer).parse()?, Protocol::Udp));
    let mut builder =
        hickory_resolver::Resolver::builder_with_config(config, TokioConnectionProvider::default());
    builder.options_mut().timeout = SHORT;
    builder.options_mut().attempts = 0;
    builder.build().lookup_ip(name).await?;
    Ok(())
}

fn jwt(seconds_left: i64, key: &[u8]) -> Result<(), jsonwebtoken::errors::Error> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() as i64;
    let claims = serde_json::json!({ "exp": now + seconds_left });
    let signing = jsonwebtoken::EncodingKey::from_secret(b"right");
    let token = jsonwebtoken::encode(&Default::default(), &claims, &signing)?;
    let checking = jsonwebtoken::DecodingKey::from_secret(key);
    jsonwebtoken::decode::<serde_json::Value>(&token, &checking, &Default::default())?;
    Ok(())
}

async fn full_channel() -> Outcome {
    let (sender, _receiver) = async_channel::bounded(1);
    sender.try_send(1)?;
    sender.try_send(2)?;
    Ok(())
}

#[derive(Debug, serde::Deserialize)]
#[allow(dead_code)]
struct Order {
    id: u32,
}

fn from_settings(text: &str) -> Result<Order, config::ConfigError> {
    let source = config::File::from_str(text, config::FileFormat::Toml);
    config::Config::builder()
        .add_source(source)
        .build()?
        .try_deserialize()
}

fn rendered(text: &str) -> Result<String, tera::Error> {
    tera::Tera::one_off(text, &tera::Context::new(), false)
}

fn strict() -> handlebars::Handlebars<'static> {
    let mut templates = handlebars::Handlebars::new();
    templates.set_strict_mode(true);
    templates
}

fn checked(password: &str) -> argon2::password_hash::Result<()> {
    use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
    let hasher = argon2::Argon2::default();
    let salt = SaltString::encode_b64(b"eight bytes")?;
    let hash = hasher.hash_password(b"right", &salt)?.to_string();
    hasher.verify_password(password.as_bytes(), &PasswordHash::new(&hash)?)
}

fn validated() -> Result<(), jsonschema::ValidationError<'static>> {
    let schema = serde_json::json!({ "properties": { "id": { "type": "integer" } } });
    let order = serde_json::json!({ "id": "x" });
    jsonschema::validate(&schema, &order).map_err(|error| error.to_owned())
}

pub fn cases() -> Vec<Failing> {
    cases! {
        "sea-orm: refused", "sea-orm", NET, by_sea("closed", "app", "");
        "sea-orm: a wrong password", "sea-orm", AUTH, by_sea("postgres", "fail_28P01", "");
        "sea-orm: a duplicate", "sea-orm", INVALID, by_sea("postgres", "app", "fail_23505");
        "sea-orm: a missing table", "sea-orm", WRONG, by_sea("postgres", "app", "fail_42P01");
        "sea-orm: a deadlock", "sea-orm", UNKNOWN, by_sea("postgres", "app", "fail_40P01");
        "sea-orm: too slow", "sea-orm", TIME, by_sea("postgres", "app", "fail_57014");
        "sea-orm: a full pool", "sea-orm", FULL, full_sea();
        "sea-orm: no such row", "sea-orm", UNKNOWN, nothing_updated();
        "mysql_async: refused", "mysql_async", NET, by_mysql("closed", "app", "");
        "mysql_async: a wrong password", "mysql_async", AUTH, by_mysql("mysql", "fail_1045", "");
        "mysql_async: a duplicate", "mysql_async", INVALID, by_mysql("mysql", "app", "fail_1062");
        "mysql_async: a lock that lasts", "mysql_async", TIME, by_mysql("mysql", "app", "fail_1205");
        "mysql_async: invalid SQL", "mysql_async", WRONG, by_mysql("mysql", "app", "fail_1064");
        "mysql_async: too many connections", "mysql_async", FULL, by_mysql("mysql", "fail_1040", "");
        "fred: refused", "fred", NET, by_fred("closed", None);
        "fred: a wrong password", "fred", AUTH, by_fred("lockedRedis", Some("x"));
        "fred: full memory", "fred", FULL, by_fred("fullRedis", None);
        "fred: no answer", "fred", TIME, by_fred("silent", None);
        "lapin: refused", "lapin", NET, by_lapin("closed", "app", "orders");
        "lapin: hung up", "lapin", NET, by_lapin("hangsUp", "app", "orders");
        "lapin: a wrong password", "lapin", AUTH, by_lapin("amqp", "fail_403", "orders");
        "lapin: no access", "lapin", AUTH, by_lapin("amqp", "app", "fail_403");
        "lapin: a missing queue", "lapin", UNKNOWN, by_lapin("amqp", "app", "fail_404");
        "lapin: the broker stops", "lapin", NET, by_lapin("amqp", "app", "fail_320");
        "async-nats: refused", "async-nats", NET, by_nats("closed", "x", "orders");
        "async-nats: a wrong token", "async-nats", AUTH, by_nats("nats", "fail_login", "orders");
        "async-nats: nobody answers", "async-nats", NET, by_nats("nats", "x", "orders");
        "async-nats: too slow", "async-nats", TIME, by_nats("nats", "x", "orders.slow");
        "sqs: refused", "aws-sdk-sqs", NET, by_sqs("closed", "x");
        "sqs: no answer", "aws-sdk-sqs", TIME, by_sqs("silent", "x");
        "sqs: InvalidClientTokenId", "aws-sdk-sqs", AUTH, by_sqs("aws", "InvalidClientTokenId");
        "sqs: AccessDeniedException", "aws-sdk-sqs", AUTH, by_sqs("aws", "AccessDeniedException");
        "sqs: RequestThrottled", "aws-sdk-sqs", FULL, by_sqs("aws", "RequestThrottled");
        "sqs: InvalidMessageContents", "aws-sdk-sqs", INVALID, by_sqs("aws", "InvalidMessageContents");
        "sqs: InternalServerError", "aws-sdk-sqs", WEB, by_sqs("aws", "InternalServerError");
        "imap: a wrong password", "imap", AUTH, by_imap("imap");
        "imap: no greeting", "imap", TIME, by_imap("silent");
        "hickory: no such name", "hickory-resolver", NET, by_dns("fail-3.shop.example.", "dns");
        "hickory: no answer", "hickory-resolver", TIME, by_dns("hang.shop.example.", "dns");
        "jsonwebtoken: expired", "jsonwebtoken", AUTH, parse!(jwt(-3600, b"right"));
        "jsonwebtoken: a wrong signature", "jsonwebtoken", AUTH, parse!(jwt(3600, b"wrong"));
        "argon2: a wrong password", "argon2", AUTH, parse!(checked("wrong"));
        "async-channel: full", "async-channel", FULL, full_channel();
        "bincode: cut off", "bincode", INVALID, parse!(bincode::deserialize::<Order>(&[1]));
        "postcard: cut off", "postcard", INVALID, parse!(postcard::from_bytes::<Order>(&[0x80]));
        "bson: a missing field", "bson", INVALID, parse!(bson::from_slice::<Order>(&[5, 0, 0, 0, 0]));
        "simd-json: cut off", "simd-json", INVALID, parse!(simd_json::from_slice::<Order>(&mut b"{\"id\": ".to_vec()));
        "serde-xml-rs: an open tag", "serde-xml-rs", INVALID, parse!(serde_xml_rs::from_str::<Order>("<order><id>1</order>"));
        "config: a wrong type", "config", INVALID, parse!(from_settings("id = 'x'"));
        "config: a missing field", "config", INVALID, parse!(from_settings(""));
        "rust_decimal: not a number", "rust_decimal", INVALID, parse!("five".parse::<rust_decimal::Decimal>());
        "jiff: not an instant", "jiff", INVALID, parse!("soon".parse::<jiff::Timestamp>());
        "semver: not a version", "semver", INVALID, parse!("five".parse::<semver::Version>());
        "base64: not base64", "base64", INVALID, parse!(base64::Engine::decode(&base64::prelude::BASE64_STANDARD, "?"));
        "regex: an open bracket", "regex", WRONG, parse!(regex::Regex::new("(a"));
        "jsonschema: a wrong type", "jsonschema", INVALID, parse!(validated());
        "tera: an unknown name", "tera", WRONG, parse!(rendered("{{ order.id }}"));
        "tera: an open tag", "tera", WRONG, parse!(rendered("{% if a %}"));
        "minijinja: an unknown filter", "minijinja", WRONG, parse!(minijinja::Environment::new().render_str("{{ 5 | price }}", ()));
        "handlebars: an unknown name", "handlebars", WRONG, parse!(strict().render_template("{{price}}", &serde_json::json!({})));
        "zip: not a ZIP file", "zip", INVALID, parse!(zip::ZipArchive::new(std::io::Cursor::new(b"x")));
        "image: not an image", "image", INVALID, parse!(image::load_from_memory(b"<html>"));
        "calamine: not a sheet", "calamine", INVALID, parse!(calamine::open_workbook_auto_from_rs(std::io::Cursor::new(b"x")));
    }
}
