//! Whose a spool file is, and whether that process still runs.

use crate::durations::instant_to_wire;
use crate::stubs::dlq::spool::v1::Owner;
use std::fs;
use std::time::{Duration, SystemTime};

/// A file that nothing has touched for so long is an orphan.
pub(crate) const ORPHAN_AFTER: Duration = Duration::from_secs(120);

pub(crate) fn host_name() -> String {
    gethostname::gethostname().to_string_lossy().into_owned()
}

/// This process, now.
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
        process_start: start_of(pid.into()).unwrap_or_default(),
        create_time: Some(instant_to_wire(SystemTime::now())),
    }
}

/// `holder` is the process in the file's name, which tells before the Owner does who has adopted it.
pub(crate) fn is_orphan(owner: &Owner, own: &Owner, holder: u32, touched_at: SystemTime) -> bool {
    if SystemTime::now()
        .duration_since(touched_at)
        .is_ok_and(|age| age > ORPHAN_AFTER)
    {
        return true;
    }
    let place = |of: &Owner| (of.host.clone(), of.boot_id.clone(), of.pid_namespace.clone());
    if own.boot_id.is_empty() || own.pid_namespace.is_empty() || place(owner) != place(own) {
        return false;
    }
    match start_of(holder.into()) {
        None => true,
        Some(start) => {
            i64::from(holder) == owner.pid && owner.process_start != 0 && start != owner.process_start
        }
    }
}

/// Whether a process of the same id runs, and may have adopted the file: its last Owner tells. In a
/// container that is started again each process is 1.
pub(crate) fn may_have_successor(owner: &Owner, holder: u32) -> bool {
    i64::from(holder) == owner.pid && start_of(owner.pid).is_some()
}

/// In clock ticks since the machine's start; None where there is no such process. One that waits to be
/// reaped is none.
fn start_of(pid: i64) -> Option<i64> {
    let stat = read(&format!("/proc/{pid}/stat"));
    // The second field is the program's name, in which anything may stand.
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
    fn this_process_runs_and_another_one_does_not() {
        let own = own("localhost:1", "shop");
        let now = SystemTime::now();
        assert!(!is_orphan(&own, &own, std::process::id(), now));
        let gone = Owner {
            pid: 4_194_305,
            ..own.clone()
        };
        assert!(is_orphan(&gone, &own, 4_194_305, now));
        let reused = Owner {
            process_start: own.process_start + 1,
            ..own.clone()
        };
        assert!(is_orphan(&reused, &own, std::process::id(), now));
        let far = Owner {
            host: "elsewhere.example".to_owned(),
            ..gone
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
