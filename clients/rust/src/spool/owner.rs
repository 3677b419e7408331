//! The process that owns a spool file, and whether it still runs.

use crate::stubs::dlq::spool::v1::Owner;
use crate::wire_time::timestamp_to_wire;
use std::fs;
use std::time::{Duration, SystemTime};

/// A file that was not modified for this long is an orphan.
pub(crate) const ORPHAN_AFTER: Duration = Duration::from_secs(120);

pub(crate) fn host_name() -> String {
    gethostname::gethostname().to_string_lossy().into_owned()
}

/// Returns this process as an owner.
pub(crate) fn own(target: &str, service: &str) -> Owner {
    let pid = std::process::id();
    Owner {
        target: target.to_owned(),
        service: service.to_owned(),
        host: host_name(),
        boot_id: read("/proc/sys/kernel/random/boot_id"),
        pid_namespace: fs::read_link("/proc/self/ns/pid")
            .map(|link| link.to_string_lossy().into_owned())
            .unwrap_or_default(),
        pid: pid.into(),
        process_start: process_start(pid.into()).unwrap_or_default(),
        create_time: Some(timestamp_to_wire(SystemTime::now())),
    }
}

/// Reports whether the process of a file has ended. `pid` is the process id in the file's name: a process
/// that claims a file renames it before it appends its Owner record.
pub(crate) fn is_orphan(owner: &Owner, own: &Owner, pid: u32, modified_at: SystemTime) -> bool {
    if SystemTime::now()
        .duration_since(modified_at)
        .is_ok_and(|age| age > ORPHAN_AFTER)
    {
        return true;
    }
    let machine = |owner: &Owner| {
        (
            owner.host.clone(),
            owner.boot_id.clone(),
            owner.pid_namespace.clone(),
        )
    };
    if own.boot_id.is_empty() || own.pid_namespace.is_empty() || machine(owner) != machine(own) {
        return false;
    }
    match process_start(pid.into()) {
        None => true,
        Some(start) => {
            i64::from(pid) == owner.pid && owner.process_start != 0 && start != owner.process_start
        }
    }
}

/// Reports whether a process with the owner's id runs. It may be another process that has claimed the
/// file, as in a restarted container, where each process has id 1. Then the last Owner record decides.
pub(crate) fn pid_may_be_reused(owner: &Owner, pid: u32) -> bool {
    i64::from(pid) == owner.pid && process_start(owner.pid).is_some()
}

/// Returns the start of a process in clock ticks since the machine's start, or `None` if no such process
/// runs. A zombie does not run.
fn process_start(pid: i64) -> Option<i64> {
    let stat = read(&format!("/proc/{pid}/stat"));
    // The second field is the program's name, which may contain any character.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    let state = fields.next()?;
    if matches!(state, "Z" | "X") {
        return None;
    }
    fields.nth(18)?.parse().ok()
}

fn read(path: &str) -> String {
    fs::read(path)
        .map(|text| String::from_utf8_lossy(&text).trim().to_owned())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn a_file_of_an_ended_process_is_an_orphan() {
        let own = own("localhost:1", "shop");
        let now = SystemTime::now();
        assert!(!is_orphan(&own, &own, std::process::id(), now));
        let ended = Owner {
            pid: 4_194_305,
            ..own.clone()
        };
        assert!(is_orphan(&ended, &own, 4_194_305, now));
        let reused = Owner {
            process_start: own.process_start + 1,
            ..own.clone()
        };
        assert!(is_orphan(&reused, &own, std::process::id(), now));
        let far = Owner {
            host: "elsewhere.example".to_owned(),
            ..ended
        };
        assert!(!is_orphan(&far, &own, 4_194_305, now));
        assert!(is_orphan(
            &far,
            &own,
            4_194_305,
            now - ORPHAN_AFTER - Duration::from_secs(1)
        ));
    }
}
