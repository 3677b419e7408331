//! Invalid options.

use dlq_client::{Client, ErrorKind};
use std::io;

#[tokio::test]
async fn invalid_options_fail_when_they_are_used() {
    for target in ["", "ftp://localhost", "http://"] {
        let error = Client::builder(target).build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid, "{target}");
    }
    let client = Client::builder("http://127.0.0.1:1")
        .without_spool()
        .build()
        .unwrap();
    let error = client
        .worker([""; 0])
        .run(|_| async { Ok::<(), io::Error>(()) })
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
}

#[cfg(feature = "tls")]
#[test]
fn the_debug_text_of_tls_options_has_no_key() {
    let options = dlq_client::TlsOptions {
        identity: Some((b"certificate".to_vec(), b"key".to_vec())),
        ..dlq_client::TlsOptions::default()
    };
    let shown = format!("{options:?}");
    assert!(!shown.contains(&format!("{:?}", b"key")), "{shown}");
}
