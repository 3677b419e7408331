//! One spool file of this process.

use crate::log::log;
use crate::spool::folder::{self, new_name, now_ms, parse_name};
use crate::spool::record::{self, DONE, HEAD_BYTES, HEADER, OWNER, SPOOLED_MESSAGE};
use crate::stubs::dlq::spool::v1::{Done, Owner, SpooledMessage};
use prost::Message;
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// Why a write failed.
pub(crate) enum WriteError {
    /// Another process has claimed the file, and may have read it before the write.
    NotOwned,
    Io(io::Error),
}

impl From<io::Error> for WriteError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Identifies a file within this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct FileNumber(u64);

impl FileNumber {
    fn next() -> Self {
        static LAST: AtomicU64 = AtomicU64::new(0);
        Self(LAST.fetch_add(1, Ordering::Relaxed))
    }
}

/// One spool file of this process, created or claimed.
pub(crate) struct SpoolFile {
    number: FileNumber,
    path: PathBuf,
    created_at_ms: u128,
    file: File,
    size: u64,
    sync: bool,
    /// Messages that are not done: offset and length of the body.
    pending: BTreeMap<u64, usize>,
}

impl SpoolFile {
    fn new(path: PathBuf, created_at_ms: u128, file: File, sync: bool) -> Self {
        Self {
            number: FileNumber::next(),
            path,
            created_at_ms,
            file,
            size: 0,
            sync,
            pending: BTreeMap::new(),
        }
    }

    /// Creates a file with its Owner record. The caller appends the first message.
    pub(crate) fn create(folder: &Path, owner: &Owner, sync: bool) -> io::Result<Self> {
        folder::create(folder)?; // it may have been removed
        let created_at_ms = now_ms();
        let path = folder.join(new_name(created_at_ms));
        let mut options = OpenOptions::new();
        options.read(true).append(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&path)?;
        let mut created = Self::new(path, created_at_ms, file, sync);
        let mut start = HEADER.to_vec();
        start.extend(record::encode(OWNER, &owner.encode_to_vec()));
        let written = created.write(&start).and_then(|()| {
            if sync {
                sync_folder(folder)?;
            }
            Ok(())
        });
        if let Err(error) = written {
            created.remove(); // on a full disk each message would leave a file
            return Err(error);
        }
        Ok(created)
    }

    /// Claims an orphan with its pending messages. Returns `None` if another process was faster.
    pub(crate) fn claim(orphan: &Path, owner: &Owner, sync: bool) -> io::Result<Option<Self>> {
        let created_at_ms = orphan
            .file_name()
            .and_then(|name| parse_name(&name.to_string_lossy()))
            .map_or_else(now_ms, |(created_at_ms, _)| created_at_ms);
        let path = orphan.with_file_name(new_name(created_at_ms));
        let file = OpenOptions::new().read(true).append(true).open(orphan)?;
        // Before the rename: no other process must take it before the Owner record is written.
        file.set_modified(SystemTime::now())?;
        if std::fs::rename(orphan, &path).is_err() {
            return Ok(None);
        }
        let mut claimed = Self::new(path, created_at_ms, file, sync);
        claimed.read_pending()?;
        // On a full disk the name names the owner, and sent messages make room.
        let _ = claimed.write(&record::encode(OWNER, &owner.encode_to_vec()));
        Ok(claimed.is_owned().then_some(claimed))
    }

    pub(crate) const fn number(&self) -> FileNumber {
        self.number
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the file's name without the folder.
    pub(crate) fn name(&self) -> String {
        let name = self.path.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }

    /// Returns when the file was created, in ms since 1970. A claim keeps it.
    pub(crate) const fn created_at_ms(&self) -> u128 {
        self.created_at_ms
    }

    pub(crate) const fn size(&self) -> u64 {
        self.size
    }

    pub(crate) fn pending_offsets(&self) -> impl Iterator<Item = u64> {
        self.pending.keys().copied()
    }

    pub(crate) fn pending_count(&self) -> usize {
        self.pending.len()
    }

    pub(crate) fn is_done(&self) -> bool {
        self.pending.is_empty()
    }

    /// Appends the record of a message.
    pub(crate) fn append(&mut self, record: &[u8]) -> Result<(), WriteError> {
        let offset = self.size;
        self.write(record)?;
        if !self.is_owned() {
            return Err(WriteError::NotOwned);
        }
        self.pending.insert(offset, record.len() - HEAD_BYTES);
        Ok(())
    }

    /// Reads a message. After an `InvalidData` error the message is lost; other errors may be temporary.
    pub(crate) fn read_message(&mut self, offset: u64) -> io::Result<SpooledMessage> {
        let length = self.pending.get(&offset).copied().unwrap_or(0) + HEAD_BYTES;
        let mut data = vec![0; length];
        self.file.seek(SeekFrom::Start(offset))?;
        let damaged = || io::Error::new(io::ErrorKind::InvalidData, "its record is damaged");
        self.file
            .read_exact(&mut data)
            .map_err(|error| match error.kind() {
                io::ErrorKind::UnexpectedEof => damaged(),
                _ => error,
            })?;
        let record = record::decode(&data, 0).ok_or_else(damaged)?;
        SpooledMessage::decode(record.body).map_err(|_| damaged())
    }

    /// Gives up a message that can't be read.
    pub(crate) fn forget(&mut self, offset: u64) {
        self.pending.remove(&offset);
    }

    /// Marks messages that need not be sent any more.
    pub(crate) fn mark_done(&mut self, offsets: &[u64]) -> Result<(), WriteError> {
        for offset in offsets {
            self.pending.remove(offset);
        }
        if self.pending.is_empty() && self.is_owned() {
            return Ok(()); // the caller removes the file
        }
        let body = Done {
            offsets: offsets.to_vec(),
        }
        .encode_to_vec();
        self.write(&record::encode(DONE, &body))?;
        if self.is_owned() {
            Ok(())
        } else {
            Err(WriteError::NotOwned)
        }
    }

    /// Shows that this process lives. Returns whether it still owns the file.
    pub(crate) fn touch(&self) -> bool {
        let is_owned = self.is_owned();
        if is_owned {
            let _ = self.file.set_modified(SystemTime::now());
        }
        is_owned
    }

    /// Lets another process claim the file at once.
    pub(crate) fn release(&self) {
        if self.is_owned() {
            let _ = self.file.set_modified(UNIX_EPOCH);
        }
    }

    pub(crate) fn remove(&self) {
        if self.is_owned() {
            let _ = std::fs::remove_file(&self.path);
        }
    }

    /// Writes whole records only: a partial write, as on a full disk, is undone.
    fn write(&mut self, data: &[u8]) -> io::Result<()> {
        let written = self
            .file
            .write_all(data)
            .and_then(|()| if self.sync { self.file.sync_data() } else { Ok(()) });
        match written {
            Ok(()) => self.size += data.len() as u64,
            Err(error) => {
                let _ = self.file.set_len(self.size);
                return Err(error);
            }
        }
        Ok(())
    }

    /// Reads which messages are pending, and removes the Owner records after the last message: otherwise each claim
    /// would make the file longer.
    fn read_pending(&mut self) -> io::Result<()> {
        let mut data = Vec::new();
        self.file.seek(SeekFrom::Start(0))?;
        self.file.read_to_end(&mut data)?;
        self.size = data.len() as u64;
        let Some((records, damaged)) = record::read_all(&data) else {
            return Ok(());
        };
        let later = records.iter().skip(1).rev(); // the first one stays
        if let Some(found) = later.take_while(|found| found.kind == OWNER).last()
            && self.is_owned()
            && self.file.set_len(found.offset as u64).is_ok()
        {
            self.size = found.offset as u64;
        }
        if damaged > 0 {
            log!(
                warn,
                "skipped {damaged} damaged bytes in spool file {}",
                self.name()
            );
        }
        for found in records {
            match found.kind {
                SPOOLED_MESSAGE => {
                    self.pending.insert(found.offset as u64, found.body.len());
                }
                DONE => {
                    for offset in Done::decode(found.body).unwrap_or_default().offsets {
                        self.pending.remove(&offset);
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Reports whether the path still leads to this file.
    #[cfg(unix)]
    fn is_owned(&self) -> bool {
        use std::os::unix::fs::MetadataExt;
        let Ok(own) = self.file.metadata() else {
            return false;
        };
        std::fs::metadata(&self.path).is_ok_and(|found| (found.dev(), found.ino()) == (own.dev(), own.ino()))
    }

    #[cfg(not(unix))]
    fn is_owned(&self) -> bool {
        self.path.exists()
    }
}

/// Makes the file's name survive a crash of the machine.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}
