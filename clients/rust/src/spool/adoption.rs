//! Takes over what processes have left that are gone.

use crate::spool::folder;
use crate::spool::keeper::Keeper;
use crate::spool::orphans::{Found, look_at};
use crate::spool::spool_file::SpoolFile;
use std::fs;
use std::path::Path;

/// Each is open: what many short-lived processes have left must not take all that this one may open, else
/// it could not even connect.
const MOST_FILES: usize = 64;
impl Keeper {
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
}
