//! The flags of all actors.

use pico_args::{Arguments, Error};
use std::convert::Infallible;
use std::path::PathBuf;

pub struct Flags {
    /// The client's target.
    pub target: String,
    /// The history file to append to.
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
            queues: args.value_from_fn("--queues", list)?,
            seed: args.opt_value_from_str("--seed")?.unwrap_or(1),
        })
    }
}

fn list(text: &str) -> Result<Vec<String>, Infallible> {
    Ok(text
        .split(',')
        .filter(|item| !item.is_empty())
        .map(str::to_owned)
        .collect())
}
