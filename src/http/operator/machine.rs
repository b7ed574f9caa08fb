//! What the machine tells of itself: disk, memory, clock.

use std::path::Path;

use super::pages::{ClockHealth, Disk, Memory};
use crate::store::StoreStats;

/// The file system that holds the store. Zeros where it does not tell.
pub(super) fn disk(store: &StoreStats) -> Disk {
    // What only the superuser may still fill counts as used: the box cannot write there.
    let (used, total) = store.disk.map_or((0, 0), |disk| (disk.total.saturating_sub(disk.free), disk.total));
    Disk { used, total, store: store.file_bytes, room: store.room }
}

/// This process's memory, and the machine's.
pub(super) fn memory() -> Memory {
    let own = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    // The service's unit hides what of `/proc` is not a process: the kernel is asked itself.
    let machine = rustix::system::sysinfo();
    Memory {
        used: kib(&own, "VmRSS:").unwrap_or(0),
        peak: kib(&own, "VmHWM:"),
        total: (machine.totalram as u64).saturating_mul(u64::from(machine.mem_unit)),
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
    fn what_the_box_may_not_fill_counts_as_used() {
        let space = crate::store::DiskSpace { free: 30, total: 100 };
        let disk = disk(&StoreStats { file_bytes: 10, disk: Some(space), ..StoreStats::default() });
        assert_eq!((disk.used, disk.total, disk.store), (70, 100, 10));
    }
}
