//! One spool file that is this process's own, made or adopted.

use crate::spool::folder::{self, new_name, now_ms, parts_of};
use crate::spool::record::{self, DONE, HEAD_BYTES, HEADER, LETTER, OWNER};
use crate::stubs::dlq::spool::v1::{Done, Owner, SpooledMessage};
use prost::Message;
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// What can happen to a write.
pub(crate) enum Trouble {
    /// Somebody has adopted the file, and may have read it before the write.
    NotOurs,
    Io(io::Error),
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Names a file within this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct FileNumber(u64);

impl FileNumber {
    fn next() -> Self {
        static LAST: AtomicU64 = AtomicU64::new(0);
        Self(LAST.fetch_add(1, Ordering::Relaxed))
    }
}

/// One spool file that is this process's own.
pub(crate) struct SpoolFile {
    number: FileNumber,
    path: PathBuf,
    file: File,
    size: u64,
    sync: bool,
    /// Letters that are not done: where they begin, and how long their bodies are.
    open: BTreeMap<u64, usize>,
}

impl SpoolFile {
    /// With its Owner; the caller appends the first letter.
    pub(crate) fn create(folder: &Path, owner: &Owner, sync: bool) -> io::Result<Self> {
        folder::make(folder)?; // somebody may have tidied up
        let path = folder.join(new_name(now_ms()));
        let mut options = OpenOptions::new();
        options.read(true).append(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&path)?;
        let mut made = Self {
            number: FileNumber::next(),
            path,
            file,
            size: 0,
            sync,
            open: BTreeMap::new(),
        };
        let mut start = HEADER.to_vec();
        start.extend(record::encode(OWNER, &owner.encode_to_vec()));
        let begun = made.write(&start).and_then(|()| {
            if sync {
                sync_folder(folder)?;
            }
            Ok(())
        });
        if let Err(error) = begun {
            made.remove(); // else each letter would leave one while the disk is full
            return Err(error);
        }
        Ok(made)
    }

    /// Takes over an orphan, with the letters that are open in it. None: somebody else was faster.
    pub(crate) fn adopt(orphan: &Path, owner: &Owner, sync: bool) -> io::Result<Option<Self>> {
        let created_at_ms = orphan
            .file_name()
            .and_then(|name| parts_of(&name.to_string_lossy()))
            .map_or_else(now_ms, |(created_at_ms, _)| created_at_ms);
        let path = orphan.with_file_name(new_name(created_at_ms));
        let file = OpenOptions::new().read(true).append(true).open(orphan)?;
        // First, so that nobody takes it while its Owner is not written.
        file.set_modified(SystemTime::now())?;
        if std::fs::rename(orphan, &path).is_err() {
            return Ok(None);
        }
        let size = file.metadata()?.len();
        let mut adopted = Self {
            number: FileNumber::next(),
            path,
            file,
            size,
            sync,
            open: BTreeMap::new(),
        };
        // On a full disk its name says whose it is, and what is delivered makes room.
        let _ = adopted.write(&record::encode(OWNER, &owner.encode_to_vec()));
        if !adopted.is_ours() {
            return Ok(None);
        }
        adopted.read_open()?;
        Ok(Some(adopted))
    }

    pub(crate) const fn number(&self) -> FileNumber {
        self.number
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) const fn size(&self) -> u64 {
        self.size
    }

    pub(crate) fn open_offsets(&self) -> impl Iterator<Item = u64> {
        self.open.keys().copied()
    }

    pub(crate) fn is_done(&self) -> bool {
        self.open.is_empty()
    }

    /// A SpooledMessage's record.
    pub(crate) fn append(&mut self, record: &[u8]) -> Result<(), Trouble> {
        let offset = self.size;
        self.write(record)?;
        if !self.is_ours() {
            return Err(Trouble::NotOurs);
        }
        self.open.insert(offset, record.len() - HEAD_BYTES);
        Ok(())
    }

    /// `InvalidData`: it is lost. Any other error may pass.
    pub(crate) fn letter(&mut self, offset: u64) -> io::Result<SpooledMessage> {
        let length = self.open.get(&offset).copied().unwrap_or(0) + HEAD_BYTES;
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

    /// It can't be read any more.
    pub(crate) fn give_up(&mut self, offset: u64) {
        self.open.remove(&offset);
    }

    /// These need not be delivered any more.
    pub(crate) fn done(&mut self, offsets: &[u64]) -> Result<(), Trouble> {
        for offset in offsets {
            self.open.remove(offset);
        }
        if self.open.is_empty() && self.is_ours() {
            return Ok(()); // the file is removed
        }
        let body = Done {
            offsets: offsets.to_vec(),
        }
        .encode_to_vec();
        self.write(&record::encode(DONE, &body))?;
        if self.is_ours() {
            Ok(())
        } else {
            Err(Trouble::NotOurs)
        }
    }

    /// Shows that this process lives. Whether the file is still its own.
    pub(crate) fn touch(&self) -> bool {
        let is_ours = self.is_ours();
        if is_ours {
            let _ = self.file.set_modified(SystemTime::now());
        }
        is_ours
    }

    /// The next process takes it at once. What somebody else has adopted is his.
    pub(crate) fn leave(&self) {
        if self.is_ours() {
            let _ = self.file.set_modified(UNIX_EPOCH);
        }
    }

    pub(crate) fn remove(&self) {
        if self.is_ours() {
            let _ = std::fs::remove_file(&self.path);
        }
    }

    /// Whole records only: what is cut off, as on a full disk, is taken back.
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

    fn read_open(&mut self) -> io::Result<()> {
        let mut data = Vec::new();
        self.file.seek(SeekFrom::Start(0))?;
        self.file.read_to_end(&mut data)?;
        let Some((records, damaged)) = record::read_all(&data) else {
            return Ok(());
        };
        if damaged > 0 {
            tracing::warn!(file = %self.path.display(), "passed over {damaged} bytes of a spool file that are damaged");
        }
        for found in records {
            match found.kind {
                LETTER => {
                    self.open.insert(found.offset as u64, found.body.len());
                }
                DONE => {
                    for offset in Done::decode(found.body).unwrap_or_default().offsets {
                        self.open.remove(&offset);
                    }
                }
                _ => {}
            }
        }
        self.size = data.len() as u64;
        Ok(())
    }

    /// Whether its name still leads to it.
    #[cfg(unix)]
    fn is_ours(&self) -> bool {
        use std::os::unix::fs::MetadataExt;
        let Ok(own) = self.file.metadata() else {
            return false;
        };
        std::fs::metadata(&self.path).is_ok_and(|there| (there.dev(), there.ino()) == (own.dev(), own.ino()))
    }

    #[cfg(not(unix))]
    fn is_ours(&self) -> bool {
        self.path.exists()
    }
}

/// Of whose file it says that it is. None: it is none that can be read.
pub(crate) fn first_owner(path: &Path) -> io::Result<Option<Owner>> {
    const MOST_OWNER_BYTES: u64 = 64 * 1024;
    let mut data = Vec::new();
    File::open(path)?.take(MOST_OWNER_BYTES).read_to_end(&mut data)?;
    if !data.starts_with(HEADER) {
        return Ok(None);
    }
    let first = record::decode(&data, HEADER.len()).filter(|record| record.kind == OWNER);
    Ok(first.and_then(|record| Owner::decode(record.body).ok()))
}

/// Whose file it is: an adopter says that it is his, behind all that was there.
pub(crate) fn last_owner(path: &Path) -> io::Result<Option<Owner>> {
    let data = std::fs::read(path)?;
    let (records, _) = record::read_all(&data).unwrap_or_default();
    let mut owners = records.iter().rev().filter(|record| record.kind == OWNER);
    Ok(owners.find_map(|record| Owner::decode(record.body).ok()))
}

/// So that the file's name survives the machine, too.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}
