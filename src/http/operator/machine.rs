//! What the machine tells of itself: disk, memory, clock.

use std::path::Path;

use super::pages::{ClockHealth, Disk, Memory};

/// The file system that holds the store. Zeros where it does not tell.
pub(super) fn disk(folder: &Path, store: &Path) -> Disk {
    let store = std::fs::metadata(store).map_or(0, |about| about.len());
    let Ok(about) = rustix::fs::statvfs(folder) else { return Disk { used: 0, total: 0, store } };
    let total = about.f_blocks.saturating_mul(about.f_frsize);
    // What only the superuser may still fill counts as used: the box cannot write there.
    let free = about.f_bavail.saturating_mul(about.f_frsize);
    Disk { used: total.saturating_sub(free), total, store }
}

/// This process's memory, and the machine's.
pub(super) fn memory() -> Memory {
    let own = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let machine = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    Memory {
        used: kib(&own, "VmRSS:").unwrap_or(0),
        peak: kib(&own, "VmHWM:"),
        total: kib(&machine, "MemTotal:").unwrap_or(0),
    }
}

/// A line such as `VmRSS:     5312 kB`, in bytes.
fn kib(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse::<u64>().ok()?.checked_mul(1024)
}

/// As far as systemd-timesyncd tells; other time services leave no such mark, so that nothing is known then.
pub(super) fn clock() -> ClockHealth {
    if Path::new("/run/systemd/timesync/synchronized").exists() {
        ClockHealth::Synchronized
    } else if Path::new("/run/systemd/timesync").exists() {
        ClockHealth::Alone
    } else {
        ClockHealth::Unknown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_from_the_kernels_lines() {
        let text = "Name:\tchartbox\nVmHWM:\t   70000 kB\nVmRSS:\t    5312 kB\n";
        assert_eq!(
            (kib(text, "VmRSS:"), kib(text, "VmHWM:"), kib(text, "VmSwap:")),
            (Some(5_439_488), Some(71_680_000), None)
        );
        let now = memory();
        assert!(now.used > 0 && now.total > now.used, "{now:?}");
    }

    #[test]
    fn a_disk_has_room_and_a_store_its_size() {
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join("s");
        std::fs::write(&store, [0; 10]).unwrap();
        let disk = disk(folder.path(), &store);
        assert!(disk.total > 0 && disk.used <= disk.total && disk.store == 10, "{disk:?}");
    }
}
