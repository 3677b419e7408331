//! Recovers the spool files of processes that ended.

use crate::spool::folder;
use crate::spool::owner::{ORPHAN_AFTER, is_orphan, pid_may_be_reused};
use crate::spool::record::{self, HEADER, OWNER};
use crate::spool::spool_file::SpoolFile;
use crate::spool::store::SpoolStore;
use crate::stubs::dlq::spool::v1::Owner;
use prost::Message;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;
use std::time::SystemTime;

/// Open files at a time. Many short-lived processes may leave more files than this process may open.
const MAX_FILES: usize = 64;
/// A shorter file holds no record.
const MIN_FILE_BYTES: u64 = 25;

impl SpoolStore {
    /// Claims orphans. Returns whether there may be new messages to send.
    pub(crate) fn recover_orphans(&mut self) -> bool {
        let Some(folder) = self.folder.clone() else {
            return false;
        };
        let files_before = self.files.len();
        self.other_files_bytes = 0;
        self.has_more_orphans = false;
        for path in folder::list(&folder) {
            if self.files.contains_key(&path) {
                continue;
            }
            if self.files.len() >= MAX_FILES {
                self.has_more_orphans = true;
                self.other_files_bytes += fs::metadata(&path).map_or(0, |metadata| metadata.len());
                continue;
            }
            match inspect(&path, &self.own) {
                Ok(FileStatus::Orphan) => self.claim(&path),
                Ok(FileStatus::InUse { bytes }) => self.other_files_bytes += bytes,
                // An error: the file is gone, or this process may not read it.
                Ok(FileStatus::Empty) | Err(_) => {}
            }
        }
        std::mem::take(&mut self.has_unreadable_file) || self.files.len() > files_before
    }

    /// Reports whether the last recovery left orphans for which there is room now.
    pub(crate) fn can_recover_more(&self) -> bool {
        self.has_more_orphans && self.files.len() <= MAX_FILES / 2
    }

    fn claim(&mut self, orphan: &Path) {
        let Ok(Some(file)) = SpoolFile::claim(orphan, &self.own, self.options.sync) else {
            return; // another process was faster
        };
        if file.is_done() {
            file.remove();
        } else {
            self.files.insert(file.path().to_owned(), file);
        }
    }
}

/// What a file in the folder is to this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FileStatus {
    /// Its process ended, and it has the same service and target.
    Orphan,
    /// Another process uses it, it has another service or target, or it may be of another user.
    InUse { bytes: u64 },
    /// It holds no record. It was removed if it is old.
    Empty,
}

pub(crate) fn inspect(path: &Path, own: &Owner) -> io::Result<FileStatus> {
    let metadata = fs::symlink_metadata(path)?;
    let in_use = FileStatus::InUse {
        bytes: metadata.len(),
    };
    if !is_own(&metadata) {
        return Ok(in_use);
    }
    let modified_at = metadata.modified()?;
    if metadata.len() < MIN_FILE_BYTES {
        let age = SystemTime::now().duration_since(modified_at);
        if age.is_ok_and(|age| age > ORPHAN_AFTER) {
            fs::remove_file(path)?;
        }
        return Ok(FileStatus::Empty);
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let (Some((_, pid)), Some(owner)) = (folder::parse_name(&name), first_owner(path)?) else {
        return Ok(in_use);
    };
    let is_same_spool = owner.target == own.target && owner.service == own.service;
    if !is_same_spool || !is_orphan(&owner, own, pid, modified_at) {
        return Ok(in_use);
    }
    if pid_may_be_reused(&owner, pid) {
        let last = last_owner(path)?.unwrap_or(owner);
        if !is_orphan(&last, own, pid, modified_at) {
            return Ok(in_use);
        }
    }
    Ok(FileStatus::Orphan)
}

/// Returns the first Owner record, or `None` for a file of another format.
fn first_owner(path: &Path) -> io::Result<Option<Owner>> {
    const MAX_OWNER_BYTES: u64 = 64 * 1024;
    let mut data = Vec::new();
    File::open(path)?.take(MAX_OWNER_BYTES).read_to_end(&mut data)?;
    if !data.starts_with(HEADER) {
        return Ok(None);
    }
    let first = record::decode(&data, HEADER.len()).filter(|record| record.kind == OWNER);
    Ok(first.and_then(|record| Owner::decode(record.body).ok()))
}

/// Returns the last Owner record. A process that claims a file appends one.
fn last_owner(path: &Path) -> io::Result<Option<Owner>> {
    let data = fs::read(path)?;
    let (records, _) = record::read_all(&data).unwrap_or_default();
    let mut owners = records.iter().rev().filter(|record| record.kind == OWNER);
    Ok(owners.find_map(|record| Owner::decode(record.body).ok()))
}

/// Reports whether it is a regular file of this user that others can't write to. Another user may have made other files,
/// to have them sent, or a file of this user changed.
#[cfg(unix)]
fn is_own(metadata: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    // Without /proc the user is unknown.
    let user = fs::metadata("/proc/self").ok().map(|own| own.uid());
    let is_of_user = user.is_none_or(|user| user == metadata.uid());
    metadata.is_file() && is_of_user && metadata.mode() & 0o022 == 0
}

/// Each user has a folder of their own.
#[cfg(not(unix))]
fn is_own(metadata: &fs::Metadata) -> bool {
    metadata.is_file()
}
