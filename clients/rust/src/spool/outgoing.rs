//! What of the kept letters is delivered next, and what is done.

use crate::spool::keeper::Keeper;
use crate::spool::spool_file::{FileNumber, Trouble};
use crate::v1::SendToDlqRequest;
use prost::Message;
use std::collections::{HashMap, HashSet};
use std::io;

// What one call takes.
const MOST_LETTERS: usize = 100;

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

impl Keeper {
    /// The letters to deliver next, as many as fit into a call.
    pub(crate) fn oldest(&mut self, most_bytes: usize, skipped: &HashSet<Place>) -> Vec<Kept> {
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
                if found.len() == MOST_LETTERS || (!found.is_empty() && bytes > most_bytes) {
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
            if found.len() == MOST_LETTERS || (!found.is_empty() && bytes > most_bytes) {
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builder::SpoolOptions;

    #[test]
    fn letters_in_memory_that_are_skipped_take_no_room_in_a_call() {
        let root = tempfile::tempdir().unwrap();
        let options = SpoolOptions {
            folder: Some(root.path().to_owned()),
            ..SpoolOptions::default()
        };
        let mut keeper = Keeper::new(options, "localhost:1", "shop");
        for queue in ["q".repeat(2_000), "a".to_owned(), "b".to_owned()] {
            keeper.memory.add(SendToDlqRequest {
                queue,
                ..SendToDlqRequest::default()
            });
        }
        let first = keeper.oldest(1_000, &HashSet::new());
        assert_eq!(first.len(), 1);
        let next = keeper.oldest(1_000, &first.iter().map(|kept| kept.place).collect());
        let queues: Vec<&str> = next.iter().map(|kept| &kept.request.queue[..]).collect();
        assert_eq!(queues, ["a", "b"]);
    }
}
