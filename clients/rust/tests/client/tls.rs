//! TLS to a real server with a test certificate.

use crate::{server, timed_out};
use dlq_client::testing::LocalServer;
use dlq_client::v1::StatsRequest;
use dlq_client::{Client, ClientBuilder, ErrorKind, Receipt, SpoolOptions, TlsOptions};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use std::collections::HashMap;
use std::error::Error;
use std::fs;
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::TcpListener;

fn client(server: &LocalServer, tls: TlsOptions) -> Client {
    let target = server.target().replace("http:", "https:");
    let builder: ClientBuilder = Client::builder(target).without_spool().tls(tls);
    builder.build().unwrap()
}

/// Starts a server with a certificate for `dlq.example`. Returns it with its certificate, and their folder.
fn secure_server() -> (LocalServer, Vec<u8>, TempDir) {
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["dlq.example".to_owned()]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let [cert_file, key_file] = ["tls.crt", "tls.key"].map(|name| folder.path().join(name));
    fs::write(&cert_file, cert.pem()).unwrap();
    fs::write(&key_file, signing_key.serialize_pem()).unwrap();
    let settings = HashMap::from([
        (
            "DLQ_TLS_CERT".to_owned(),
            cert_file.to_string_lossy().into_owned(),
        ),
        ("DLQ_TLS_KEY".to_owned(), key_file.to_string_lossy().into_owned()),
    ]);
    let server = LocalServer::start_with(settings).unwrap();
    (server, cert.pem().into_bytes(), folder)
}

#[tokio::test]
async fn a_server_is_trusted_by_its_authority_and_name() {
    let (server, certificate, _folder) = secure_server();
    let trusted = TlsOptions {
        ca: Some(certificate),
        server_name: Some("dlq.example".to_owned()),
        ..TlsOptions::default()
    };
    let trusting = client(&server, trusted.clone());
    let sent = trusting.send("tls", "a", &timed_out()).await;
    assert!(matches!(sent, Ok(Receipt::Sent(_))), "{sent:?}");
    let plain = Client::builder(server.target()).without_spool().build().unwrap();
    let error = plain.ping().await.unwrap_err().to_string();
    assert!(
        error.contains("; if the server has TLS, use https://;"),
        "{error}"
    );
    let wrong_name = TlsOptions {
        server_name: None,
        ..trusted
    };
    for refused in [wrong_name, TlsOptions::default()] {
        let client = client(&server, refused);
        let status = client.stubs().stats(StatsRequest::default()).await.unwrap_err();
        let causes = std::iter::successors(status.source(), |&cause| cause.source());
        let messages = causes.map(ToString::to_string).collect::<Vec<_>>();
        assert!(
            messages.iter().any(|message| message.contains("certificate")),
            "{messages:?}"
        );
    }
}

/// Nothing is sent without a connection: a retry would only delay the caller.
#[tokio::test]
async fn a_send_is_spooled_at_once_if_its_handshake_fails() {
    let (secure, certificate, _folder) = secure_server();
    let (plain, closing) = (server(), TcpListener::bind("127.0.0.1:0").await.unwrap());
    let closing_target = closing.local_addr().unwrap().to_string();
    tokio::spawn(async move { while closing.accept().await.is_ok() {} });
    let wrong_name = TlsOptions {
        ca: Some(certificate),
        ..TlsOptions::default()
    };
    let folder = tempfile::tempdir().unwrap();
    for (target, tls) in [
        (plain.target(), TlsOptions::default()),
        (closing_target.as_str(), TlsOptions::default()),
        (secure.target(), TlsOptions::default()),
        (secure.target(), wrong_name),
    ] {
        let target = format!("https://{}", target.trim_start_matches("http://"));
        let spool = SpoolOptions {
            folder: Some(folder.path().to_owned()),
            ..SpoolOptions::default()
        };
        let builder = Client::builder(target).tls(tls).spool(spool);
        let client = builder.timeout(Duration::from_secs(590)).build().unwrap();
        let send = client.send_request("tls", "a").into_future();
        let sent = tokio::time::timeout(Duration::from_secs(20), send).await;
        assert_eq!(sent.unwrap().unwrap(), Receipt::Spooled { durable: true });
    }
}

#[tokio::test]
async fn tls_to_a_server_without_it_gives_advice() {
    let error = client(&server(), TlsOptions::default()).ping().await.unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("; if the server has no TLS, use http://;"),
        "{text}"
    );
}

#[tokio::test]
async fn a_path_instead_of_a_certificate_is_invalid() {
    let tls = TlsOptions {
        ca: Some(b"/etc/dlq/ca.pem".to_vec()),
        ..TlsOptions::default()
    };
    let builder = Client::builder("https://dlq.example").without_spool();
    assert_eq!(builder.tls(tls).build().unwrap_err().kind(), ErrorKind::Invalid);
}

#[tokio::test]
async fn a_wrong_key_or_a_plain_target_is_invalid() {
    let identity = Some((b"no certificate".to_vec(), b"no key".to_vec()));
    let tls = TlsOptions {
        identity,
        ..TlsOptions::default()
    };
    let builder = Client::builder("https://dlq.example").without_spool();
    let error = builder.tls(tls).build().unwrap_err();
    assert!(error.to_string().contains("private key"), "{error}");
    let builder = Client::builder("http://dlq.example:50051").tls(TlsOptions::default());
    let error = builder.without_spool().build().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
}
