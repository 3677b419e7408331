//! The address of the service.

#[cfg(feature = "tls")]
use crate::cause_chain::{error_chain, join_messages};
use crate::error::Error;
#[cfg(feature = "tls")]
use crate::options::TlsOptions;
use std::net::IpAddr;
use tonic::transport::{Endpoint, Uri};

#[cfg(feature = "tls")]
const PEM_BEGIN: &[u8] = b"-----BEGIN CERTIFICATE-----";

/// The address of the service, with its TLS options.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    uri: Uri,
    #[cfg(feature = "tls")]
    tls: Option<TlsOptions>,
}

impl Target {
    pub(crate) fn new(text: &str, #[cfg(feature = "tls")] tls: Option<TlsOptions>) -> Result<Self, Error> {
        #[cfg(feature = "tls")]
        let has_tls = tls.is_some();
        #[cfg(not(feature = "tls"))]
        let has_tls = false;
        let uri = parse(text, has_tls).ok_or_else(|| {
            Error::invalid(format!(
                "the target is \"{text}\"; give one such as http://127.0.0.1:50051, or 127.0.0.1:50051"
            ))
        })?;
        Ok(Self {
            uri,
            #[cfg(feature = "tls")]
            tls,
        })
    }

    fn is_tls(&self) -> bool {
        self.uri.scheme_str() == Some("https")
    }

    /// Returns `host:port`, as in spool files.
    pub(crate) fn address(&self) -> String {
        let port = self
            .uri
            .port_u16()
            .unwrap_or(if self.is_tls() { 443 } else { 80 });
        format!("{}:{port}", self.uri.host().unwrap_or_default())
    }

    /// Reports whether a token would leave this machine unencrypted.
    pub(crate) fn exposes_token(&self) -> bool {
        let host = self.uri.host().unwrap_or_default();
        let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
        !self.is_tls() && host != "localhost" && !address.is_ok_and(|address| address.is_loopback())
    }

    #[cfg(feature = "tls")]
    pub(crate) fn endpoint(&self) -> Result<Endpoint, Error> {
        use tonic::transport::{Certificate, ClientTlsConfig, Identity};
        let endpoint = Endpoint::from(self.uri.clone());
        if !self.is_tls() {
            // Otherwise a token would be sent unencrypted against the user's intention.
            return match &self.tls {
                Some(_) => Err(Error::invalid(
                    "TlsOptions need a target host:port or https://host:port",
                )),
                None => Ok(endpoint),
            };
        }
        let tls = self.tls.clone().unwrap_or_default();
        let is_pem = |ca: &Vec<u8>| ca.windows(PEM_BEGIN.len()).any(|part| part == PEM_BEGIN);
        if tls.ca.as_ref().is_some_and(|ca| !is_pem(ca)) {
            let message = "TlsOptions::ca has no certificate; give the PEM text, not a path";
            return Err(Error::invalid(message));
        }
        let mut config = match &tls.ca {
            Some(ca) => ClientTlsConfig::new().ca_certificate(Certificate::from_pem(ca)),
            None => ClientTlsConfig::new().with_native_roots(),
        };
        if let Some((certificate, key)) = &tls.identity {
            config = config.identity(Identity::from_pem(certificate, key));
        }
        if let Some(name) = &tls.server_name {
            config = config.domain_name(name);
        }
        endpoint.tls_config(config).map_err(|error| {
            Error::invalid(join_messages("TLS".to_owned(), error_chain(&error))).with_source(error)
        })
    }

    #[cfg(not(feature = "tls"))]
    pub(crate) fn endpoint(&self) -> Result<Endpoint, Error> {
        if self.is_tls() {
            return Err(Error::invalid(
                "an https: target needs the feature `tls` of dlq-client",
            ));
        }
        Ok(Endpoint::from(self.uri.clone()))
    }
}

/// Returns `None` if `text` is neither `host:port` nor an http: or https: URL without a path.
fn parse(text: &str, has_tls: bool) -> Option<Uri> {
    let is_url = text.contains("://");
    let scheme = if has_tls { "https" } else { "http" };
    let full = if is_url {
        text.to_owned()
    } else {
        format!("{scheme}://{text}")
    };
    let uri = full.parse::<Uri>().ok()?;
    let authority = uri.authority()?;
    let has_port = authority
        .port_u16()
        .is_some_and(|port| authority.as_str() == format!("{}:{port}", authority.host()));
    let is_host =
        !authority.host().is_empty() && (has_port || is_url && authority.as_str() == authority.host());
    let is_bare = uri.path() == "/" && uri.query().is_none() && !text.contains('#');
    let is_http = matches!(uri.scheme_str(), Some("http" | "https"));
    (is_host && is_bare && is_http).then_some(uri)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(text: &str) -> Result<Target, Error> {
        Target::new(
            text,
            #[cfg(feature = "tls")]
            None,
        )
    }

    #[test]
    fn a_target_is_host_and_port_or_a_url() {
        for (text, address) in [
            ("shop.example:1", "shop.example:1"),
            ("[::1]:50051", "[::1]:50051"),
            ("http://127.0.0.1:50051", "127.0.0.1:50051"),
            ("http://127.0.0.1:50051/", "127.0.0.1:50051"),
            ("https://shop.example", "shop.example:443"),
        ] {
            assert_eq!(target(text).unwrap().address(), address);
        }
        for text in [
            "",
            "shop.example",
            "http://",
            "http://:1",
            "ftp://a:1",
            "http://a:1/dlq",
            "a:1/dlq",
            "a:1?b",
            "a:1#b",
            "me@a:1",
            "a:b",
            "a:99999",
        ] {
            let error = target(text).unwrap_err().to_string();
            let advice = format!("the target is \"{text}\"; give one such as http://127.0.0.1:50051, or");
            assert!(error.starts_with(&advice), "{error}");
        }
    }

    #[test]
    fn a_token_is_exposed_in_plaintext_to_another_host() {
        for text in ["a:1", "http://10.0.0.1:1", "127.evil.example:1"] {
            assert!(target(text).unwrap().exposes_token(), "{text}");
        }
        for text in ["localhost:1", "127.0.0.1:1", "[::1]:1", "https://a:1"] {
            assert!(!target(text).unwrap().exposes_token(), "{text}");
        }
    }

    #[cfg(feature = "tls")]
    #[test]
    fn tls_options_make_host_and_port_tls() {
        let target = Target::new("a:1", Some(TlsOptions::default())).unwrap();
        assert!(target.is_tls());
        assert_eq!(target.address(), "a:1");
    }
}
