//! What this process keeps for the service, and what it has adopted.

use crate::builder::SpoolOptions;
use crate::durations::instant_to_wire;
use crate::send::letter::Letter;
use crate::spool::Placed;
use crate::spool::folder;
use crate::spool::owner::{ORPHAN_AFTER, is_orphan, own};
use crate::spool::record::{self, LETTER, MOST_BODY_BYTES};
use crate::spool::spool_file::{SpoolFile, Trouble, first_owner};
use crate::stubs::dlq::spool::v1::{self as wire, Owner};
use crate::v1::SendToDlqRequest;
use prost::Message;
use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// A shorter one holds no record.
const LEAST_FILE_BYTES: u64 = 25;
/// Then another one is begun, so that what is delivered makes room.
const MOST_FILE_BYTES: u64 = 16 * 1024 * 1024;
// What one call takes.
const MOST_LETTERS: usize = 100;
const MOST_BYTES: usize = 3 * 1024 * 1024;

/// Where a letter is kept. Files sort by their names, and so by their age.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Place {
    File(PathBuf, u64),
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
    memory: BTreeMap<u64, SendToDlqRequest>,
    memory_bytes: u64,
    next_in_memory: u64,
    /// Of files in the folder that are others'.
    others_bytes: u64,
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
            memory: BTreeMap::new(),
            memory_bytes: 0,
            next_in_memory: 0,
            others_bytes: 0,
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
        if body.len() > MOST_BODY_BYTES || self.bytes() + record.len() as u64 > self.options.max_bytes {
            return Placed::Full;
        }
        if let Some(folder) = self.folder.clone() {
            match self.append(&folder, &record) {
                Ok(()) => return Placed::Disk,
                Err(error) => self.say_memory_only(&error),
            }
        }
        self.memory.insert(self.next_in_memory, letter.request.clone());
        self.next_in_memory += 1;
        self.memory_bytes += letter.bytes as u64;
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
        let mut found: Vec<Kept> = Vec::new();
        let mut bytes = 0;
        for (path, file) in &mut self.files {
            let offsets: Vec<u64> = file.open_offsets().collect();
            for offset in offsets {
                let place = Place::File(path.clone(), offset);
                if skipped.contains(&place) {
                    continue;
                }
                let request = match file.letter(offset) {
                    Ok(letter) => letter.request.unwrap_or_default(),
                    Err(error) => {
                        tracing::warn!(file = %path.display(), "a letter can't be read: {error}");
                        file.give_up(offset);
                        continue;
                    }
                };
                bytes += request.encoded_len() + 8;
                if found.len() == MOST_LETTERS || (!found.is_empty() && bytes > MOST_BYTES) {
                    return found;
                }
                found.push(Kept { place, request });
            }
        }
        for (&number, request) in &self.memory {
            let place = Place::Memory(number);
            bytes += request.encoded_len() + 8;
            if found.len() == MOST_LETTERS || (!found.is_empty() && bytes > MOST_BYTES) {
                break;
            }
            if !skipped.contains(&place) {
                found.push(Kept {
                    place,
                    request: request.clone(),
                });
            }
        }
        found
    }

    /// They need not be delivered any more.
    pub(crate) fn done(&mut self, places: &[Place]) {
        let mut offsets: BTreeMap<&PathBuf, Vec<u64>> = BTreeMap::new();
        for place in places {
            match place {
                Place::File(path, offset) => offsets.entry(path).or_default().push(*offset),
                Place::Memory(number) => {
                    if let Some(request) = self.memory.remove(number) {
                        self.memory_bytes =
                            self.memory_bytes.saturating_sub(request.encoded_len() as u64 + 8);
                    }
                }
            }
        }
        for (path, offsets) in offsets {
            let Some(file) = self.files.get_mut(path) else {
                continue;
            };
            match file.done(&offsets) {
                Ok(()) if file.is_done() => {
                    file.remove();
                    self.files.remove(path);
                }
                Ok(()) => {}
                Err(Trouble::NotOurs) => {
                    self.files.remove(path);
                }
                // They come again after this process, and are known there.
                Err(Trouble::Io(error)) => {
                    tracing::warn!(file = %path.display(), "can't be written: {error}");
                }
            }
        }
    }

    /// Takes over files of processes that are gone. Whether there were any.
    pub(crate) fn adopt(&mut self) -> bool {
        let Some(folder) = self.folder.clone() else {
            return false;
        };
        let before = self.files.len();
        self.others_bytes = 0;
        for path in folder::list(&folder) {
            if self.files.contains_key(&path) {
                continue;
            }
            // Somebody else's, or gone meanwhile: what can't be looked at is left alone.
            let _ = self.look_at(&path);
        }
        self.files.len() > before
    }

    fn look_at(&mut self, path: &Path) -> io::Result<()> {
        let about = fs::metadata(path)?;
        let touched_at = about.modified()?;
        if about.len() < LEAST_FILE_BYTES {
            if SystemTime::now()
                .duration_since(touched_at)
                .is_ok_and(|age| age > ORPHAN_AFTER)
            {
                fs::remove_file(path)?;
            }
            return Ok(());
        }
        let name = path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default();
        if let (Some((_, holder)), Some(owner)) = (folder::parts_of(&name), first_owner(path)?) {
            let is_for_us = owner.target == self.own.target && owner.service == self.own.service;
            if is_for_us && is_orphan(&owner, &self.own, holder, touched_at) {
                let Some(file) = SpoolFile::adopt(path, &self.own, self.options.sync)? else {
                    return Ok(());
                };
                if file.is_done() {
                    file.remove();
                } else {
                    self.files.insert(file.path().to_owned(), file);
                }
                return Ok(());
            }
        }
        self.others_bytes += about.len();
        Ok(())
    }

    /// Shows that this process lives.
    pub(crate) fn touch(&self) {
        self.files.values().for_each(SpoolFile::touch);
    }

    /// What is left stays in its files, for another process. How many were in memory only.
    pub(crate) fn close(&mut self) -> usize {
        self.files.values().for_each(SpoolFile::leave);
        self.files.clear();
        std::mem::take(&mut self.memory).len()
    }

    fn bytes(&self) -> u64 {
        self.memory_bytes + self.others_bytes + self.files.values().map(SpoolFile::size).sum::<u64>()
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
