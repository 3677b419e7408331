//! Looks at files in the folder that this process does not have.

use crate::spool::folder;
use crate::spool::owner::{ORPHAN_AFTER, is_orphan, may_have_successor};
use crate::spool::spool_file::{first_owner, last_owner};
use crate::stubs::dlq::spool::v1::Owner;
use std::fs;
use std::io;
use std::path::Path;
use std::time::SystemTime;

/// A shorter one holds no record.
const LEAST_FILE_BYTES: u64 = 25;

/// What a file is to this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// Its owner is gone, and it is of the same service and target.
    Orphan,
    /// Somebody has it, or it is none of ours to take.
    Others { bytes: u64 },
    /// It holds nothing, and was removed if nobody writes it.
    Stump,
}

pub(crate) fn look_at(path: &Path, own: &Owner) -> io::Result<Found> {
    let about = fs::metadata(path)?;
    let touched_at = about.modified()?;
    if about.len() < LEAST_FILE_BYTES {
        let age = SystemTime::now().duration_since(touched_at);
        if age.is_ok_and(|age| age > ORPHAN_AFTER) {
            fs::remove_file(path)?;
        }
        return Ok(Found::Stump);
    }
    let others = Found::Others { bytes: about.len() };
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let (Some((_, holder)), Some(owner)) = (folder::parts_of(&name), first_owner(path)?) else {
        return Ok(others);
    };
    let is_for_us = owner.target == own.target && owner.service == own.service;
    if !is_for_us || !is_orphan(&owner, own, holder, touched_at) {
        return Ok(others);
    }
    if may_have_successor(&owner, holder) {
        let last = last_owner(path)?.unwrap_or(owner);
        if !is_orphan(&last, own, holder, touched_at) {
            return Ok(others);
        }
    }
    Ok(Found::Orphan)
}
