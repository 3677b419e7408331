//! The address of the service.

#[cfg(feature = "tls")]
use crate::builder::TlsOptions;
#[cfg(feature = "tls")]
use crate::cause_chain::{error_chain, join_messages};
use crate::error::Error;
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
        Ok(Self {
            uri: Self::parse(text)?,
            #[cfg(feature = "tls")]
            tls,
        })
    }

    fn parse(text: &str) -> Result<Uri, Error> {
        let invalid = || {
            Error::invalid(format!(
                "invalid target \"{text}\"; give one such as http://127.0.0.1:50051"
            ))
        };
        let full = if text.contains("://") {
            text.to_owned()
        } else {
            format!("http://{text}")
        };
        let uri = full
            .parse::<Uri>()
            .map_err(|error| invalid().with_source(error))?;
        match (uri.scheme_str(), uri.host()) {
            (Some("http" | "https"), Some(_)) => Ok(uri),
            _ => Err(invalid()),
        }
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

    #[cfg(feature = "tls")]
    pub(crate) fn endpoint(&self) -> Result<Endpoint, Error> {
        use tonic::transport::{Certificate, ClientTlsConfig, Identity};
        let endpoint = Endpoint::from(self.uri.clone());
        if !self.is_tls() {
            // Otherwise a token would be sent unencrypted against the user's intention.
            return match &self.tls {
                Some(_) => Err(Error::invalid("TlsOptions need an https: target")),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_has_a_host_and_a_port() {
        let address = |text| {
            let target = Target::new(
                text,
                #[cfg(feature = "tls")]
                None,
            );
            target.map(|target| target.address()).ok()
        };
        assert_eq!(
            address("http://127.0.0.1:50051").as_deref(),
            Some("127.0.0.1:50051")
        );
        assert_eq!(address("shop.example:1").as_deref(), Some("shop.example:1"));
        assert_eq!(
            address("https://shop.example").as_deref(),
            Some("shop.example:443")
        );
        assert_eq!(address("ftp://shop.example"), None);
    }
}
