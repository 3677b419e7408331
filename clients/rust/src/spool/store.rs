//! The spooled messages of a client: its files, and the in-memory fallback.

use crate::log::log;
use crate::options::SpoolOptions;
use crate::send::calls::SizedRequest;
use crate::spool::SpoolResult;
use crate::spool::folder;
use crate::spool::memory_fallback::MemoryFallback;
use crate::spool::owner::own;
use crate::spool::record::{self, MAX_BODY_BYTES, SPOOLED_MESSAGE};
use crate::spool::spool_file::{FileNumber, SpoolFile, WriteError};
use crate::spool::usage::Usage;
use crate::stubs::dlq::spool::v1::{self as wire, Owner};
use crate::v1::SendToDlqRequest;
use crate::wire_time::timestamp_to_wire;
use prost::Message;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// A larger file gets no more messages, so that it can be removed when they are sent.
const MAX_FILE_BYTES: u64 = 16 * 1024 * 1024;
/// Messages of one call.
const MAX_CALL_MESSAGES: usize = 100;

/// Where a spooled message is: a file and an offset in it, or a number in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Place {
    File(FileNumber, u64),
    Memory(u64),
}

/// A message that is still to be sent.
#[derive(Clone, Debug)]
pub(crate) struct SpooledMessage {
    pub(crate) place: Place,
    pub(crate) request: SendToDlqRequest,
}

/// The spooled messages of a client. Its methods block on the disk; one thread uses it.
pub(crate) struct SpoolStore {
    pub(super) options: SpoolOptions,
    pub(super) own: Owner,
    /// `None`: no folder can be written.
    pub(super) folder: Option<PathBuf>,
    pub(super) files: BTreeMap<PathBuf, SpoolFile>,
    /// The file to append to.
    current: Option<PathBuf>,
    pub(super) memory: MemoryFallback,
    /// Bytes of files in the folder that belong to others.
    pub(super) other_files_bytes: u64,
    /// The last recovery reached the limit of open files.
    pub(super) has_more_orphans: bool,
    /// A file could not be read. A later try may succeed.
    pub(super) has_unreadable_file: bool,
    has_warned: bool,
}

impl SpoolStore {
    pub(crate) fn new(options: SpoolOptions, target: &str, service: &str) -> Self {
        let folder = folder::open(options.folder.as_deref(), service);
        let mut store = Self {
            options,
            own: own(target, service),
            folder: None,
            files: BTreeMap::new(),
            current: None,
            memory: MemoryFallback::default(),
            other_files_bytes: 0,
            has_more_orphans: false,
            has_unreadable_file: false,
            has_warned: false,
        };
        match folder {
            Ok(folder) => store.folder = Some(folder),
            Err(error) => store.warn_memory_only(&error),
        }
        store
    }

    pub(crate) fn add(&mut self, sized: &SizedRequest) -> SpoolResult {
        let body = wire::SpooledMessage {
            request: Some(sized.request.clone()),
            spool_time: Some(timestamp_to_wire(SystemTime::now())),
        }
        .encode_to_vec();
        let record = record::encode(SPOOLED_MESSAGE, &body);
        if body.len() > MAX_BODY_BYTES {
            return SpoolResult::TooLong;
        }
        if self.bytes() + record.len() as u64 > self.options.max_bytes {
            return SpoolResult::Full;
        }
        if let Some(folder) = self.folder.clone() {
            match self.append(&folder, &record) {
                Ok(()) => return SpoolResult::Disk,
                Err(error) => self.warn_memory_only(&error),
            }
        }
        self.memory.add(sized.request.clone());
        SpoolResult::Memory
    }

    /// Appends to the current file, or to a new one if another process has claimed the file: that process
    /// may have read it before the append.
    fn append(&mut self, folder: &Path, record: &[u8]) -> io::Result<()> {
        for _ in 0..3 {
            let has_room = |path: &PathBuf| {
                let file = self.files.get(path);
                file.is_some_and(|file| file.size() < MAX_FILE_BYTES)
            };
            let path = if let Some(path) = self.current.take().filter(has_room) {
                path
            } else {
                let file = SpoolFile::create(folder, &self.own, self.options.sync)?;
                let path = file.path().to_owned();
                self.files.insert(path.clone(), file);
                path
            };
            let Some(file) = self.files.get_mut(&path) else {
                continue;
            };
            match file.append(record) {
                Ok(()) => {
                    self.current = Some(path);
                    return Ok(());
                }
                Err(WriteError::NotOwned) => {
                    self.files.remove(&path);
                }
                Err(WriteError::Io(error)) => {
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
        Err(io::Error::other("other processes claimed each new file"))
    }

    /// Returns the oldest messages that fit into a call of `max_bytes`, without those at `skipped` places.
    pub(crate) fn next_messages(
        &mut self,
        max_bytes: usize,
        skipped: &HashSet<Place>,
    ) -> Vec<SpooledMessage> {
        self.remove_done_files();
        let mut call = NextCall {
            max_bytes,
            bytes: 0,
            messages: Vec::new(),
        };
        for file in self.files.values_mut() {
            let mut lost = 0;
            let mut is_call_full = false;
            let offsets: Vec<u64> = file.pending_offsets().collect();
            for offset in offsets {
                let place = Place::File(file.number(), offset);
                if skipped.contains(&place) {
                    continue;
                }
                let request = match file.read_message(offset) {
                    Ok(message) => message.request.unwrap_or_default(),
                    Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                        file.forget(offset);
                        lost += 1;
                        continue;
                    }
                    Err(error) => {
                        log!(
                            warn,
                            "cannot read spool file {}: {error}; retrying in 30 s",
                            file.name()
                        );
                        self.has_unreadable_file = true;
                        break; // other files may be readable
                    }
                };
                is_call_full = !call.add(place, request);
                if is_call_full {
                    break;
                }
            }
            if lost > 0 {
                let name = file.name();
                log!(
                    warn,
                    "lost {lost} spooled messages: their records in spool file {name} are damaged"
                );
            }
            if is_call_full {
                return call.messages;
            }
        }
        for (number, request) in self.memory.iter() {
            let place = Place::Memory(number);
            if !skipped.contains(&place) && !call.add(place, request.clone()) {
                break;
            }
        }
        call.messages
    }

    /// Removes the files whose last messages were lost.
    fn remove_done_files(&mut self) {
        self.files.retain(|_, file| {
            if file.is_done() {
                file.remove();
            }
            !file.is_done()
        });
    }

    /// Removes messages that need not be sent any more.
    pub(crate) fn mark_done(&mut self, places: &[Place]) {
        let mut offsets: HashMap<FileNumber, Vec<u64>> = HashMap::new();
        for &place in places {
            match place {
                Place::File(file, offset) => offsets.entry(file).or_default().push(offset),
                Place::Memory(number) => self.memory.remove(number),
            }
        }
        self.files.retain(|_, file| {
            let Some(offsets) = offsets.get(&file.number()) else {
                return true;
            };
            match file.mark_done(offsets) {
                Ok(()) if file.is_done() => {
                    file.remove();
                    false
                }
                Ok(()) => true,
                Err(WriteError::NotOwned) => false,
                // The next process sends them again, and the service recognizes them.
                Err(WriteError::Io(error)) => {
                    log!(warn, "cannot write spool file {}: {error}", file.name());
                    true
                }
            }
        });
    }

    /// Sets the modification time of the files, which shows that this process lives.
    pub(crate) fn touch(&mut self) {
        self.files.retain(|_, file| file.touch());
    }

    /// Releases the files for another process. Returns the messages in memory, which are lost.
    pub(crate) fn close(&mut self) -> Vec<SendToDlqRequest> {
        self.files.values().for_each(SpoolFile::release);
        self.files.clear();
        self.memory.take_all()
    }

    /// Returns what is still to be sent, without files of other processes.
    pub(crate) fn usage(&self) -> Usage {
        let mut usage = self.memory.usage();
        for file in self.files.values().filter(|file| !file.is_done()) {
            usage.add(file.pending_count(), file.size(), file.created_at_ms());
        }
        usage
    }

    fn bytes(&self) -> u64 {
        self.memory.bytes + self.other_files_bytes + self.files.values().map(SpoolFile::size).sum::<u64>()
    }

    /// Logs once.
    fn warn_memory_only(&mut self, error: &io::Error) {
        if !std::mem::replace(&mut self.has_warned, true) {
            log!(
                warn,
                "cannot write a spool folder ({error}); keeping messages in memory, which are lost if the process ends"
            );
        }
    }
}

/// Collects messages up to the limits of a call. A larger message goes alone.
struct NextCall {
    max_bytes: usize,
    bytes: usize,
    messages: Vec<SpooledMessage>,
}

impl NextCall {
    /// Returns false if the message does not fit.
    fn add(&mut self, place: Place, request: SendToDlqRequest) -> bool {
        self.bytes += SizedRequest::size_of(&request);
        if self.messages.len() == MAX_CALL_MESSAGES
            || (!self.messages.is_empty() && self.bytes > self.max_bytes)
        {
            return false;
        }
        self.messages.push(SpooledMessage { place, request });
        true
    }
}
