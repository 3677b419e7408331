//! What this process keeps for the service, and what it has adopted.

use crate::builder::SpoolOptions;
use crate::durations::instant_to_wire;
use crate::send::letter::Letter;
use crate::spool::Placed;
use crate::spool::folder;
use crate::spool::memory::Memory;
use crate::spool::orphans::{Found, look_at};
use crate::spool::owner::own;
use crate::spool::record::{self, LETTER, MOST_BODY_BYTES};
use crate::spool::spool_file::{FileNumber, SpoolFile, Trouble};
use crate::stubs::dlq::spool::v1::{self as wire, Owner};
use crate::v1::SendToDlqRequest;
use prost::Message;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Then another one is begun, so that what is delivered makes room.
const MOST_FILE_BYTES: u64 = 16 * 1024 * 1024;
/// Each is open: what many short-lived processes have left must not take all that this one may open, else
/// it could not even connect.
const MOST_FILES: usize = 64;
// What one call takes.
const MOST_LETTERS: usize = 100;
const MOST_BYTES: usize = 3 * 1024 * 1024;

/// Where a letter is kept: the number of its file here, and where it begins in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Place {
    File(FileNumber, u64),
    Memory(u64),
}

/// A letter that is to be delivered.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    pub(crate) place: Place,
    pub(crate) request: SendToDlqRequest,
}

/// Used by one thread at a time; each method does what it does at once, on the disk.
pub(crate) struct Keeper {
    options: SpoolOptions,
    own: Owner,
    folder: Option<PathBuf>,
    files: BTreeMap<PathBuf, SpoolFile>,
    /// Which of them is appended to.
    current: Option<PathBuf>,
    memory: Memory,
    /// Of files in the folder that are others'.
    others_bytes: u64,
    /// There may be orphans for which there was no room.
    has_more: bool,
    /// A file could not be read, which may pass.
    has_unread: bool,
    has_said: bool,
}

impl Keeper {
    pub(crate) fn new(options: SpoolOptions, target: &str, service: &str) -> Self {
        let folder = folder::open(options.folder.as_deref(), service);
        let mut keeper = Self {
            options,
            own: own(target, service),
            folder: None,
            files: BTreeMap::new(),
            current: None,
            memory: Memory::default(),
            others_bytes: 0,
            has_more: false,
            has_unread: false,
            has_said: false,
        };
        match folder {
            Ok(folder) => keeper.folder = Some(folder),
            Err(error) => keeper.say_memory_only(&error),
        }
        keeper
    }

    pub(crate) fn keep(&mut self, letter: &Letter) -> Placed {
        let body = wire::Letter {
            request: Some(letter.request.clone()),
            spool_time: Some(instant_to_wire(SystemTime::now())),
        }
        .encode_to_vec();
        let record = record::encode(LETTER, &body);
        if body.len() > MOST_BODY_BYTES {
            return Placed::TooLong;
        }
        if self.bytes() + record.len() as u64 > self.options.max_bytes {
            return Placed::Full;
        }
        if let Some(folder) = self.folder.clone() {
            match self.append(&folder, &record) {
                Ok(()) => return Placed::Disk,
                Err(error) => self.say_memory_only(&error),
            }
        }
        self.memory.add(letter.request.clone());
        Placed::Memory
    }

    /// A file that was adopted by somebody else may have been read before the letter was appended: it
    /// goes to a new one.
    fn append(&mut self, folder: &Path, record: &[u8]) -> io::Result<()> {
        for _ in 0..3 {
            let path = match self.current.take() {
                Some(path)
                    if self
                        .files
                        .get(&path)
                        .is_some_and(|file| file.size() < MOST_FILE_BYTES) =>
                {
                    path
                }
                _ => {
                    let file = SpoolFile::create(folder, &self.own, self.options.sync)?;
                    let path = file.path().to_owned();
                    self.files.insert(path.clone(), file);
                    path
                }
            };
            let Some(file) = self.files.get_mut(&path) else {
                continue;
            };
            match file.append(record) {
                Ok(()) => {
                    self.current = Some(path);
                    return Ok(());
                }
                Err(Trouble::NotOurs) => {
                    self.files.remove(&path);
                }
                Err(Trouble::Io(error)) => {
                    if file.is_done() {
                        file.remove();
                        self.files.remove(&path);
                    } else {
                        self.current = Some(path);
                    }
                    return Err(error);
                }
            }
        }
        Err(io::Error::other("each new file was adopted by somebody else"))
    }

    /// The letters to deliver next, as many as fit into a call.
    pub(crate) fn oldest(&mut self, skipped: &HashSet<Place>) -> Vec<Kept> {
        self.remove_done();
        let mut found: Vec<Kept> = Vec::new();
        let mut bytes = 0;
        for (path, file) in &mut self.files {
            let offsets: Vec<u64> = file.open_offsets().collect();
            for offset in offsets {
                let place = Place::File(file.number(), offset);
                if skipped.contains(&place) {
                    continue;
                }
                let request = match file.letter(offset) {
                    Ok(letter) => letter.request.unwrap_or_default(),
                    Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                        tracing::warn!(file = %path.display(), "a letter is lost: {error}");
                        file.give_up(offset);
                        continue;
                    }
                    Err(error) => {
                        tracing::warn!(file = %path.display(), "can't be read: {error}");
                        self.has_unread = true;
                        break; // of this file; the others may be read
                    }
                };
                bytes += request.encoded_len() + 8;
                if found.len() == MOST_LETTERS || (!found.is_empty() && bytes > MOST_BYTES) {
                    return found;
                }
                found.push(Kept { place, request });
            }
        }
        for (number, request) in self.memory.iter() {
            let place = Place::Memory(number);
            if skipped.contains(&place) {
                continue;
            }
            bytes += request.encoded_len() + 8;
            if found.len() == MOST_LETTERS || (!found.is_empty() && bytes > MOST_BYTES) {
                break;
            }
            found.push(Kept {
                place,
                request: request.clone(),
            });
        }
        found
    }

    /// Those whose last letters turned out to be lost.
    fn remove_done(&mut self) {
        self.files.retain(|_, file| {
            if file.is_done() {
                file.remove();
            }
            !file.is_done()
        });
    }

    /// They need not be delivered any more.
    pub(crate) fn done(&mut self, places: &[Place]) {
        let mut offsets: HashMap<FileNumber, Vec<u64>> = HashMap::new();
        for &place in places {
            match place {
                Place::File(file, offset) => offsets.entry(file).or_default().push(offset),
                Place::Memory(number) => self.memory.remove(number),
            }
        }
        self.files.retain(|path, file| {
            let Some(offsets) = offsets.get(&file.number()) else {
                return true;
            };
            match file.done(offsets) {
                Ok(()) if file.is_done() => {
                    file.remove();
                    false
                }
                Ok(()) => true,
                Err(Trouble::NotOurs) => false,
                // They come again after this process, and are known there.
                Err(Trouble::Io(error)) => {
                    tracing::warn!(file = %path.display(), "can't be written: {error}");
                    true
                }
            }
        });
    }

    /// Takes over files of processes that are gone. Whether there is anything new to deliver.
    pub(crate) fn adopt(&mut self) -> bool {
        let Some(folder) = self.folder.clone() else {
            return false;
        };
        let before = self.files.len();
        self.others_bytes = 0;
        self.has_more = false;
        for path in folder::list(&folder) {
            if self.files.contains_key(&path) {
                continue;
            }
            if self.files.len() >= MOST_FILES {
                self.has_more = true;
                self.others_bytes += fs::metadata(&path).map_or(0, |about| about.len());
                continue;
            }
            match look_at(&path, &self.own) {
                Ok(Found::Orphan) => self.take_over(&path),
                Ok(Found::Others { bytes }) => self.others_bytes += bytes,
                // Gone meanwhile, or none that may be looked at.
                Ok(Found::Stump) | Err(_) => {}
            }
        }
        std::mem::take(&mut self.has_unread) || self.files.len() > before
    }

    /// There is room for orphans that are known of.
    pub(crate) fn wants_more(&self) -> bool {
        self.has_more && self.files.len() <= MOST_FILES / 2
    }

    fn take_over(&mut self, orphan: &Path) {
        let Ok(Some(file)) = SpoolFile::adopt(orphan, &self.own, self.options.sync) else {
            return; // somebody else's by now
        };
        if file.is_done() {
            file.remove();
        } else {
            self.files.insert(file.path().to_owned(), file);
        }
    }

    /// Shows that this process lives.
    pub(crate) fn touch(&mut self) {
        self.files.retain(|_, file| file.touch());
    }

    /// What is left stays in its files, for another process. Gives what was in memory only.
    pub(crate) fn close(&mut self) -> Vec<SendToDlqRequest> {
        self.files.values().for_each(SpoolFile::leave);
        self.files.clear();
        self.memory.clear()
    }

    fn bytes(&self) -> u64 {
        self.memory.bytes() + self.others_bytes + self.files.values().map(SpoolFile::size).sum::<u64>()
    }

    /// Once.
    fn say_memory_only(&mut self, error: &io::Error) {
        if !std::mem::replace(&mut self.has_said, true) {
            tracing::warn!(
                "the spool can't write its files ({error}): what can't be sent is kept in memory, and lost with the process"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_in_memory_that_are_skipped_take_no_room_in_a_call() {
        let root = tempfile::tempdir().unwrap();
        let options = SpoolOptions {
            folder: Some(root.path().to_owned()),
            ..SpoolOptions::default()
        };
        let mut keeper = Keeper::new(options, "localhost:1", "shop");
        for queue in ["q".repeat(2 * MOST_BYTES), "a".to_owned(), "b".to_owned()] {
            keeper.memory.add(SendToDlqRequest {
                queue,
                ..SendToDlqRequest::default()
            });
        }
        let first = keeper.oldest(&HashSet::new());
        assert_eq!(first.len(), 1);
        let next = keeper.oldest(&first.iter().map(|kept| kept.place).collect());
        let queues: Vec<&str> = next.iter().map(|kept| &kept.request.queue[..]).collect();
        assert_eq!(queues, ["a", "b"]);
    }
}
