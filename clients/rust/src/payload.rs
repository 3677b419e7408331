//! The payload of a message.

use crate::error::Error;
use crate::panics::catch_panic;
use crate::v1;
use crate::v1::payload::Body;
use crate::worker::lease::Lease;
use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, Weak};

const JSON_TYPE: &str = "application/json";

/// A value that can be sent: text, bytes, a [`serde_json::Value`], [`Json`] of any serializable value, or the
/// payload of a delivery.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no payload",
    note = "give text, bytes, or `Json(&value)` of a value that implements `serde::Serialize`"
)]
pub trait IntoPayload {
    /// Converts the value.
    ///
    /// # Errors
    ///
    /// Returns [`ErrorKind::Invalid`](crate::ErrorKind::Invalid) if it can't be encoded.
    fn into_payload(self) -> Result<Payload, Error>;
}

/// A payload, byte for byte as it was sent.
#[derive(Clone, Default)]
pub struct Payload {
    wire: v1::Payload,
    /// The delivery that has it.
    delivery: Weak<Lease>,
}

impl Payload {
    fn new(body: Body, content_type: &str) -> Self {
        Self::from_wire(v1::Payload {
            body: Some(body),
            content_type: content_type.to_owned(),
        })
    }

    pub(crate) const fn from_wire(wire: v1::Payload) -> Self {
        Self::of_delivery(wire, Weak::new())
    }

    pub(crate) const fn of_delivery(wire: v1::Payload, delivery: Weak<Lease>) -> Self {
        Self { wire, delivery }
    }

    /// Also returns the delivery that has it.
    pub(crate) fn into_parts(self) -> (v1::Payload, Option<Arc<Lease>>) {
        (self.wire, self.delivery.upgrade())
    }

    pub(crate) const fn as_wire(&self) -> &v1::Payload {
        &self.wire
    }

    /// Returns the media type, empty if the sender gave none.
    pub fn content_type(&self) -> &str {
        &self.wire.content_type
    }

    /// Returns the bytes, of text in UTF-8.
    pub fn bytes(&self) -> &[u8] {
        payload_bytes(&self.wire)
    }

    /// Returns the text. Invalid UTF-8 becomes `U+FFFD`.
    pub fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(self.bytes())
    }

    /// Decodes the payload as JSON.
    ///
    /// # Errors
    ///
    /// Returns an error if it is not JSON, or not of this type.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_slice(self.bytes())
    }
}

impl PartialEq for Payload {
    fn eq(&self, other: &Self) -> bool {
        self.wire == other.wire
    }
}

impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.wire, f)
    }
}

pub(crate) fn payload_bytes(payload: &v1::Payload) -> &[u8] {
    match &payload.body {
        Some(Body::Text(text)) => text.as_bytes(),
        Some(Body::Data(data)) => data,
        None => &[],
    }
}

/// Reports whether both hold the same bytes, or the same JSON if `other` is JSON: other languages write it with
/// other spaces and escapes.
pub(crate) fn is_same_payload(one: &v1::Payload, other: &v1::Payload) -> bool {
    if payload_bytes(one) == payload_bytes(other) {
        return true;
    }
    let read = |payload| serde_json::from_slice::<serde_json::Value>(payload_bytes(payload)).ok();
    other.content_type == JSON_TYPE && read(one).is_some_and(|value| Some(value) == read(other))
}

/// Sends a value as JSON: `Json(&order)`.
#[derive(Clone, Copy, Debug)]
pub struct Json<T>(pub T);

impl<T: Serialize> IntoPayload for Json<T> {
    fn into_payload(self) -> Result<Payload, Error> {
        let text = serde_json::to_string(&self.0).map_err(|error| {
            Error::invalid(format!("cannot encode the payload as JSON: {error}")).with_source(error)
        })?;
        Ok(Payload::new(Body::Text(text), JSON_TYPE))
    }
}

impl IntoPayload for serde_json::Value {
    fn into_payload(self) -> Result<Payload, Error> {
        Json(self).into_payload()
    }
}

impl IntoPayload for &serde_json::Value {
    fn into_payload(self) -> Result<Payload, Error> {
        Json(self).into_payload()
    }
}

impl IntoPayload for Payload {
    fn into_payload(self) -> Result<Payload, Error> {
        Ok(self)
    }
}

impl IntoPayload for &Payload {
    fn into_payload(self) -> Result<Payload, Error> {
        Ok(self.clone())
    }
}

macro_rules! is_text {
    ($($text:ty),*) => {$(
        impl IntoPayload for $text {
            fn into_payload(self) -> Result<Payload, Error> {
                Ok(Payload::new(Body::Text(self.into()), ""))
            }
        }
    )*};
}
is_text!(&str, String, &String, Cow<'_, str>);

macro_rules! is_data {
    ($($data:ty),*) => {$(
        impl IntoPayload for $data {
            fn into_payload(self) -> Result<Payload, Error> {
                Ok(Payload::new(Body::Data(self.to_vec()), ""))
            }
        }
    )*};
}
is_data!(&[u8], Bytes, &Bytes, &Vec<u8>);

impl IntoPayload for Vec<u8> {
    fn into_payload(self) -> Result<Payload, Error> {
        Ok(Payload::new(Body::Data(self), ""))
    }
}

impl<const N: usize> IntoPayload for &[u8; N] {
    fn into_payload(self) -> Result<Payload, Error> {
        self.as_slice().into_payload()
    }
}

/// Converts a user's value. A panic of its code becomes an error.
pub(crate) fn build_payload<P: IntoPayload>(make: impl FnOnce() -> P) -> Result<Payload, Error> {
    catch_panic(|| make().into_payload())
        .unwrap_or_else(|| Err(Error::invalid("the code that builds the payload panicked")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_bytes_and_json_keep_their_kind() {
        assert_eq!("a".into_payload().unwrap().content_type(), "");
        assert_eq!(b"\xff\x00".into_payload().unwrap().bytes(), b"\xff\x00");
        let json = Json([1, 2]).into_payload().unwrap();
        assert_eq!((json.text().as_ref(), json.content_type()), ("[1,2]", JSON_TYPE));
        assert_eq!(json.json::<Vec<u8>>().unwrap(), [1, 2]);
    }

    #[test]
    fn json_with_other_spaces_is_the_same_payload() {
        let sent = r#"{"order": 42}"#.into_payload().unwrap();
        let same = Json(serde_json::json!({"order": 42})).into_payload().unwrap();
        let other = Json(serde_json::json!({"order": 43})).into_payload().unwrap();
        assert!(is_same_payload(sent.as_wire(), same.as_wire()));
        assert!(!is_same_payload(sent.as_wire(), other.as_wire()));
    }
}
