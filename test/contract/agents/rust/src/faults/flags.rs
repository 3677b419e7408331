//! The flags of every actor.

use pico_args::{Arguments, Error};
use std::convert::Infallible;
use std::path::PathBuf;

pub struct Flags {
    /// A target of the client.
    pub target: String,
    /// File of the history, appended to.
    pub out: PathBuf,
    /// Unique in a run.
    pub name: String,
    pub queues: Vec<String>,
    pub seed: u64,
}

impl Flags {
    pub fn read(args: &mut Arguments) -> Result<Self, Error> {
        let address: String = args.value_from_str("--addresses")?;
        Ok(Self {
            target: format!("http://{address}"),
            out: args.value_from_str("--out")?,
            name: args.value_from_str("--name")?,
            queues: args.value_from_fn("--queues", words)?,
            seed: args.opt_value_from_str("--seed")?.unwrap_or(1),
        })
    }
}

fn words(text: &str) -> Result<Vec<String>, Infallible> {
    Ok(text
        .split(',')
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect())
}
