//! What this process keeps for the service, and what it has adopted.

use crate::builder::SpoolOptions;
use crate::durations::instant_to_wire;
use crate::send::letter::Letter;
use crate::spool::Placed;
use crate::spool::folder;
use crate::spool::memory::Memory;
use crate::spool::owner::own;
use crate::spool::record::{self, LETTER, MOST_BODY_BYTES};
use crate::spool::spool_file::{SpoolFile, Trouble};
use crate::stubs::dlq::spool::v1::{self as wire, Owner};
use crate::v1::SendToDlqRequest;
use prost::Message;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Then another one is begun, so that what is delivered makes room.
const MOST_FILE_BYTES: u64 = 16 * 1024 * 1024;

/// Used by one thread at a time; each method does what it does at once, on the disk.
pub(crate) struct Keeper {
    pub(super) options: SpoolOptions,
    pub(super) own: Owner,
    pub(super) folder: Option<PathBuf>,
    pub(super) files: BTreeMap<PathBuf, SpoolFile>,
    /// Which of them is appended to.
    current: Option<PathBuf>,
    pub(super) memory: Memory,
    /// Of files in the folder that are others'.
    pub(super) others_bytes: u64,
    /// There may be orphans for which there was no room.
    pub(super) has_more: bool,
    /// A file could not be read, which may pass.
    pub(super) has_unread: bool,
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
        let body = wire::SpooledMessage {
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
