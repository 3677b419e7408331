//! Hides the values of secrets in the query of a request, by the rule of all clients.

use percent_encoding::percent_decode_str;

/// Parts of plain names of secret parameters.
const SECRETS: [&str; 15] = [
    "token",
    "passw",
    "passphrase",
    "pwd",
    "secret",
    "credential",
    "apikey",
    "accesskey",
    "privatekey",
    "subscriptionkey",
    "signature",
    "assertion",
    "authorization",
    "bearer",
    "session",
];

/// Whole plain names of secret parameters.
const SHORT_SECRETS: [&str; 9] = ["auth", "code", "jwt", "key", "otp", "pin", "sid", "sig", "state"];

/// Returns the query with the values of secrets hidden. `secrets` are more names.
pub(super) fn shown_query(query: &str, secrets: &[String]) -> String {
    query
        .split_inclusive(['&', ';'])
        .map(|part| shown(part, secrets))
        .collect()
}

fn shown(part: &str, secrets: &[String]) -> String {
    let parameter = part.trim_end_matches(['&', ';']);
    match parameter.split_once('=') {
        Some((name, value)) if is_secret_name(name, secrets) || is_web_token(value) => {
            format!("{name}=[hidden]{}", &part[parameter.len()..])
        }
        _ => part.to_owned(),
    }
}

fn is_secret_name(encoded: &str, secrets: &[String]) -> bool {
    let name = plain(percent_decode_str(encoded));
    SECRETS.iter().any(|part| name.contains(part))
        || SHORT_SECRETS.contains(&name.as_str())
        || secrets.iter().any(|secret| plain(secret.bytes()) == name)
}

/// Returns the ASCII letters and digits of a name in lower case.
fn plain(name: impl Iterator<Item = u8>) -> String {
    name.filter(u8::is_ascii_alphanumeric)
        .map(|byte| char::from(byte.to_ascii_lowercase()))
        .collect()
}

/// Reports a JSON Web Token, whatever its name is.
fn is_web_token(value: &str) -> bool {
    value
        .find("eyJ")
        .is_some_and(|start| value[start..].matches('.').count() >= 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The cases are those of all clients.
    #[test]
    fn secrets_are_hidden() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../scenarios/queries.json");
        let cases = std::fs::read_to_string(path).unwrap();
        let cases: Vec<serde_json::Value> = serde_json::from_str(&cases).unwrap();
        for case in &cases {
            let names = case["names"].as_array().into_iter().flatten();
            let names: Vec<String> = names.map(|name| name.as_str().unwrap().to_owned()).collect();
            let query = case["query"].as_str().unwrap();
            assert_eq!(
                shown_query(query, &names),
                case["shown"].as_str().unwrap(),
                "{query}"
            );
        }
    }
}
