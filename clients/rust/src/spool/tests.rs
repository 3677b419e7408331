//! Spool files on a real disk, as several processes have them.

use crate::builder::SpoolOptions;
use crate::send::letter::Letter;
use crate::spool::Placed;
use crate::spool::folder::{list, new_name};
use crate::spool::keeper::Keeper;
use crate::spool::orphans::{Found, look_at};
use crate::spool::outgoing::{Kept, Place};
use crate::spool::owner::own;
use crate::spool::record::{HEADER, LETTER, OWNER, encode};
use crate::stubs::dlq::spool::v1::{self as wire, Owner};
use crate::v1::SendToDlqRequest;
use prost::Message;
use std::collections::HashSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tempfile::TempDir;

const TARGET: &str = "localhost:1";

/// A folder, and the part of it that is the service's.
fn folder() -> (TempDir, PathBuf) {
    let root = tempfile::tempdir().unwrap();
    let shop = root.path().join("shop");
    fs::create_dir(&shop).unwrap();
    (root, shop)
}

fn keeper(root: &TempDir) -> Keeper {
    let options = SpoolOptions {
        folder: Some(root.path().to_owned()),
        ..SpoolOptions::default()
    };
    Keeper::new(options, TARGET, "shop")
}

fn request(queue: &str) -> SendToDlqRequest {
    SendToDlqRequest {
        queue: queue.to_owned(),
        ..SendToDlqRequest::default()
    }
}

fn letter(queue: &str) -> Letter {
    Letter::new(request(queue))
}

fn letter_record(queue: &str) -> Vec<u8> {
    let letter = wire::SpooledMessage {
        request: Some(request(queue)),
        spool_time: None,
    };
    encode(LETTER, &letter.encode_to_vec())
}

/// This process, as one of the same id that has died.
fn dead() -> Owner {
    let own = own(TARGET, "shop");
    Owner {
        process_start: own.process_start + 1,
        ..own
    }
}

fn write_file(folder: &Path, created_at_ms: u128, records: &[Vec<u8>]) -> PathBuf {
    let path = folder.join(new_name(created_at_ms));
    fs::write(&path, [HEADER.to_vec(), records.concat()].concat()).unwrap();
    path
}

fn owner_record(owner: &Owner) -> Vec<u8> {
    encode(OWNER, &owner.encode_to_vec())
}

fn queues(letters: &[Kept]) -> Vec<&str> {
    letters.iter().map(|kept| kept.request.queue.as_str()).collect()
}

fn touched_at(path: &Path) -> SystemTime {
    fs::metadata(path).unwrap().modified().unwrap()
}

#[test]
#[cfg(target_os = "linux")]
fn a_process_of_the_same_id_may_have_adopted_a_file() {
    let (_root, folder) = folder();
    let own = own(TARGET, "shop");
    let left = write_file(&folder, 1, &[owner_record(&dead()), letter_record("a")]);
    assert_eq!(look_at(&left, &own).unwrap(), Found::Orphan);
    let adopted = [owner_record(&dead()), letter_record("a"), owner_record(&own)];
    let adopted = write_file(&folder, 2, &adopted);
    assert!(matches!(look_at(&adopted, &own).unwrap(), Found::Others { .. }));
}

#[test]
fn what_was_left_is_touched_as_soon_as_it_is_taken() {
    let (root, folder) = folder();
    let left = write_file(&folder, 1, &[owner_record(&dead()), letter_record("a")]);
    File::open(&left).unwrap().set_modified(UNIX_EPOCH).unwrap();
    let mut first = keeper(&root);
    assert!(first.adopt());
    let [taken] = &list(&folder)[..] else {
        panic!("one file")
    };
    assert_ne!(taken, &left);
    assert!(touched_at(taken).elapsed().unwrap() < Duration::from_secs(60));
    assert!(!keeper(&root).adopt());
    assert_eq!(queues(&first.oldest(usize::MAX, &HashSet::new())), ["a"]);
}

/// As many short-lived processes leave, each of which found the service away.
#[test]
fn what_many_have_left_is_taken_by_and_by() {
    let (root, folder) = folder();
    for number in 0..150 {
        write_file(&folder, number, &[owner_record(&dead()), letter_record("a")]);
    }
    let left = list(&folder);
    let mut keeper = keeper(&root);
    let mut delivered = 0;
    while delivered < 150 {
        assert!(keeper.adopt());
        let open = left.iter().filter(|path| !path.exists()).count() - delivered;
        assert!(open <= 64, "{open} files are open");
        let letters = keeper.oldest(usize::MAX, &HashSet::new());
        delivered += letters.len();
        keeper.done(&letters.iter().map(|kept| kept.place).collect::<Vec<_>>());
        assert_eq!(keeper.wants_more(), delivered < 150);
    }
    assert!(list(&folder).is_empty());
}

#[test]
fn a_file_of_another_format_is_left_alone() {
    let (root, folder) = folder();
    let path = folder.join(new_name(1));
    let records = [owner_record(&dead()), letter_record("a")].concat();
    fs::write(&path, [b"DLQ-SPOOL 2\n".to_vec(), records].concat()).unwrap();
    File::open(&path).unwrap().set_modified(UNIX_EPOCH).unwrap();
    assert!(!keeper(&root).adopt());
    assert!(path.exists());
}

#[test]
fn whoever_was_slow_does_not_release_what_is_anothers() {
    let (root, folder) = folder();
    let mut slow = keeper(&root);
    assert_eq!(slow.keep(&letter("a")), Placed::Disk);
    let [path] = &list(&folder)[..] else {
        panic!("one file")
    };
    let adopted = folder.join(new_name(1));
    fs::rename(path, &adopted).unwrap();
    slow.close();
    assert!(touched_at(&adopted) > UNIX_EPOCH);
}

#[test]
fn a_file_that_somebody_has_adopted_is_let_go_of() {
    let (root, folder) = folder();
    let mut slow = keeper(&root);
    slow.keep(&letter("a"));
    let [path] = &list(&folder)[..] else {
        panic!("one file")
    };
    fs::rename(path, folder.join(new_name(1))).unwrap();
    slow.touch();
    assert!(slow.oldest(usize::MAX, &HashSet::new()).is_empty());
    assert_eq!(slow.keep(&letter("b")), Placed::Disk);
    assert_eq!(queues(&slow.oldest(usize::MAX, &HashSet::new())), ["b"]);
}

#[test]
fn a_damaged_letter_holds_up_no_other_one() {
    let (root, folder) = folder();
    let mut keeper = keeper(&root);
    for queue in ["lost", "kept"] {
        keeper.keep(&letter(queue));
    }
    let [path] = &list(&folder)[..] else {
        panic!("one file")
    };
    let mut data = fs::read(path).unwrap();
    let at = data.windows(4).position(|found| found == b"lost").unwrap();
    data[at] = b'L';
    fs::write(path, data).unwrap();
    let letters = keeper.oldest(usize::MAX, &HashSet::new());
    assert_eq!(queues(&letters), ["kept"]);
    let done: Vec<Place> = letters.into_iter().map(|kept| kept.place).collect();
    keeper.done(&done);
    assert!(list(&folder).is_empty());
}

#[test]
fn a_folder_that_was_removed_is_made_again() {
    let (root, folder) = folder();
    let mut keeper = keeper(&root);
    fs::remove_dir_all(&folder).unwrap();
    assert_eq!(keeper.keep(&letter("a")), Placed::Disk);
    assert_eq!(list(&folder).len(), 1);
}

#[test]
fn a_letter_longer_than_a_record_is_refused() {
    let (root, _) = folder();
    let mut keeper = keeper(&root);
    let long = "a".repeat(9 * 1024 * 1024);
    assert_eq!(keeper.keep(&letter(&long)), Placed::TooLong);
}
