//! Spool files on a real disk, used by several processes.

use crate::options::SpoolOptions;
use crate::send::calls::SizedRequest;
use crate::spool::SpoolResult;
use crate::spool::folder::{list, new_name, now_ms};
use crate::spool::orphan_recovery::{FileStatus, inspect};
use crate::spool::owner::own;
use crate::spool::record::{HEADER, OWNER, SPOOLED_MESSAGE, encode};
use crate::spool::store::{Place, SpoolStore, SpooledMessage};
use crate::spool::usage::Usage;
use crate::stubs::dlq::spool::v1::{self as wire, Owner};
use crate::v1::SendToDlqRequest;
use prost::Message;
use std::collections::HashSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tempfile::TempDir;

const TARGET: &str = "localhost:1";

/// A spool folder, and the folder of the service in it.
fn folder() -> (TempDir, PathBuf) {
    let root = tempfile::tempdir().unwrap();
    let shop = root.path().join("shop");
    fs::create_dir(&shop).unwrap();
    (root, shop)
}

fn store_in(root: &TempDir) -> SpoolStore {
    let options = SpoolOptions {
        folder: Some(root.path().to_owned()),
        ..SpoolOptions::default()
    };
    SpoolStore::new(options, TARGET, "shop")
}

fn request(queue: &str) -> SendToDlqRequest {
    SendToDlqRequest {
        queue: queue.to_owned(),
        ..SendToDlqRequest::default()
    }
}

fn sized(queue: &str) -> SizedRequest {
    SizedRequest::new(request(queue))
}

fn message_record(queue: &str) -> Vec<u8> {
    let message = wire::SpooledMessage {
        request: Some(request(queue)),
        spool_time: None,
    };
    encode(SPOOLED_MESSAGE, &message.encode_to_vec())
}

/// An ended process with the id of this process.
fn ended_process() -> Owner {
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

fn all_messages(store: &mut SpoolStore) -> Vec<SpooledMessage> {
    store.next_messages(usize::MAX, &HashSet::new())
}

fn queues(messages: &[SpooledMessage]) -> Vec<&str> {
    let requests = messages.iter().map(|message| &message.request);
    requests.map(|request| request.queue.as_str()).collect()
}

fn places(messages: &[SpooledMessage]) -> Vec<Place> {
    messages.iter().map(|message| message.place).collect()
}

fn only_file(folder: &Path) -> PathBuf {
    let [path] = &list(folder)[..] else {
        panic!("one file")
    };
    path.clone()
}

fn modified_at(path: &Path) -> SystemTime {
    fs::metadata(path).unwrap().modified().unwrap()
}

#[test]
fn the_usage_is_that_of_own_files_and_of_memory() {
    let (root, folder) = folder();
    let mut store = store_in(&root);
    assert_eq!(store.usage(), Usage::default());
    let an_hour_ago = now_ms() - 3_600_000;
    write_file(
        &folder,
        an_hour_ago,
        &[owner_record(&ended_process()), message_record("a")],
    );
    assert!(store.recover_orphans());
    let recovered = store.usage();
    assert_eq!(recovered.messages, 1);
    assert_eq!(recovered.bytes, fs::metadata(only_file(&folder)).unwrap().len());
    let age = recovered.oldest_age().as_secs();
    assert!((3_600..3_660).contains(&age), "{age}");
    let done = places(&all_messages(&mut store));
    store.mark_done(&done);
    store.folder = None;
    assert_eq!(store.add(&sized("b")), SpoolResult::Memory);
    let kept = store.usage();
    assert_eq!(
        (kept.messages, kept.bytes),
        (1, request("b").encoded_len() as u64)
    );
    assert!(kept.oldest_age().as_secs() < 60);
}

#[test]
#[cfg(target_os = "linux")]
fn a_file_claimed_by_a_process_with_the_same_id_is_no_orphan() {
    let (_root, folder) = folder();
    let own = own(TARGET, "shop");
    let orphan = write_file(&folder, 1, &[owner_record(&ended_process()), message_record("a")]);
    assert_eq!(inspect(&orphan, &own).unwrap(), FileStatus::Orphan);
    let records = [
        owner_record(&ended_process()),
        message_record("a"),
        owner_record(&own),
    ];
    let taken = write_file(&folder, 2, &records);
    assert!(matches!(inspect(&taken, &own).unwrap(), FileStatus::InUse { .. }));
}

#[test]
fn a_recovered_file_is_renamed_and_touched_at_once() {
    let (root, folder) = folder();
    let orphan = write_file(&folder, 1, &[owner_record(&ended_process()), message_record("a")]);
    File::open(&orphan).unwrap().set_modified(UNIX_EPOCH).unwrap();
    let mut store = store_in(&root);
    assert!(store.recover_orphans());
    let taken = only_file(&folder);
    assert_ne!(taken, orphan);
    assert!(modified_at(&taken).elapsed().unwrap() < Duration::from_secs(60));
    assert!(!store_in(&root).recover_orphans());
    assert_eq!(queues(&all_messages(&mut store)), ["a"]);
}

/// Short programs may run thousands of times while the service is unavailable.
#[test]
fn a_file_does_not_grow_with_each_recovery() {
    let (root, folder) = folder();
    write_file(&folder, 1, &[owner_record(&ended_process()), message_record("a")]);
    let mut sizes = Vec::new();
    for _ in 0..5 {
        let mut store = store_in(&root);
        assert!(store.recover_orphans());
        sizes.push(fs::metadata(only_file(&folder)).unwrap().len());
        assert_eq!(queues(&all_messages(&mut store)), ["a"]);
        store.close();
    }
    let growth = sizes[4].abs_diff(sizes[0]);
    assert!(growth < 10, "{sizes:?}"); // the time takes more or fewer bytes
}

/// Many short-lived processes may each have left a file.
#[test]
fn at_most_64_orphans_are_open_at_a_time() {
    let (root, folder) = folder();
    for number in 0..150 {
        let records = [owner_record(&ended_process()), message_record("a")];
        write_file(&folder, number, &records);
    }
    let orphans = list(&folder);
    let mut store = store_in(&root);
    let mut sent = 0;
    while sent < 150 {
        assert!(store.recover_orphans());
        let open = orphans.iter().filter(|path| !path.exists()).count() - sent;
        assert!(open <= 64, "{open} files are open");
        let messages = all_messages(&mut store);
        sent += messages.len();
        store.mark_done(&places(&messages));
        assert_eq!(store.can_recover_more(), sent < 150);
    }
    assert!(list(&folder).is_empty());
}

#[test]
fn a_slow_process_does_not_release_a_file_that_another_one_claimed() {
    let (root, folder) = folder();
    let mut slow = store_in(&root);
    assert_eq!(slow.add(&sized("a")), SpoolResult::Disk);
    let taken = folder.join(new_name(1));
    fs::rename(only_file(&folder), &taken).unwrap();
    slow.close();
    assert!(modified_at(&taken) > UNIX_EPOCH);
}

#[test]
fn a_slow_process_writes_a_new_file_after_another_one_claimed_its_file() {
    let (root, folder) = folder();
    let mut slow = store_in(&root);
    slow.add(&sized("a"));
    fs::rename(only_file(&folder), folder.join(new_name(1))).unwrap();
    slow.touch();
    assert!(all_messages(&mut slow).is_empty());
    assert_eq!(slow.add(&sized("b")), SpoolResult::Disk);
    assert_eq!(queues(&all_messages(&mut slow)), ["b"]);
}

#[test]
fn a_damaged_message_is_skipped_and_its_file_removed() {
    let (root, folder) = folder();
    let mut store = store_in(&root);
    for queue in ["lost", "kept"] {
        store.add(&sized(queue));
    }
    let path = only_file(&folder);
    let mut data = fs::read(&path).unwrap();
    let at = data.windows(4).position(|found| found == b"lost").unwrap();
    data[at] = b'L';
    fs::write(&path, data).unwrap();
    let messages = all_messages(&mut store);
    assert_eq!(queues(&messages), ["kept"]);
    store.mark_done(&places(&messages));
    assert!(list(&folder).is_empty());
}

#[test]
fn a_removed_folder_is_created_again() {
    let (root, folder) = folder();
    let mut store = store_in(&root);
    fs::remove_dir_all(&folder).unwrap();
    assert_eq!(store.add(&sized("a")), SpoolResult::Disk);
    assert_eq!(list(&folder).len(), 1);
}

#[test]
fn skipped_messages_in_memory_take_no_bytes_of_a_call() {
    let (root, _) = folder();
    let mut store = store_in(&root);
    for queue in ["q".repeat(2_000).as_str(), "a", "b"] {
        store.memory.add(request(queue));
    }
    let first = store.next_messages(1_000, &HashSet::new());
    assert_eq!(first.len(), 1);
    let next = store.next_messages(1_000, &places(&first).into_iter().collect());
    assert_eq!(queues(&next), ["a", "b"]);
}
