//! Keeps what is in this process's memory, keys above all, in memory.
//!
//! All of it by the kernel, none for one buffer alone: a secret passes through many (a form, a page of the store, the stretched
//! passphrase), and those are wiped when they are dropped ([`crate::base::Secret`]), not found again.
//!
//! - No core dump, and no other process of this user may look into the memory (`PR_SET_DUMPABLE` 0; `ptrace(2)`). Root may.
//! - No core file by its limit either, for a kernel that hands dumps to a program.
//! - Nothing of it is swapped. On a machine without swap, and under the unit's `MemorySwapMax=0`, nothing has to be done. Elsewhere
//!   the whole process is locked as its pages are first used (`mlockall(2)`), when the limit on locked memory allows for all of
//!   it; that costs memory, since what was used once is not given back. Where none of this holds, the log says so at the start.

use rustix::mm::MlockAllFlags;
use rustix::process::{DumpableBehavior, Resource, Rlimit};

/// Does all of it. What the machine does not allow is said in the log and stops nothing.
pub fn harden() {
    // Lowering one's own limit is always allowed.
    let _ = rustix::process::setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    if let Err(error) = rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable) {
        tracing::warn!(target: "keys", %error, "this process's memory could not be closed to others of its user");
    }
    if !machine_swaps() || group_never_swaps() {
        return;
    }
    // With a limit, the first allocation beyond it would fail, and that ends the process.
    let unlimited = rustix::process::getrlimit(Resource::Memlock).current.is_none();
    let all = MlockAllFlags::CURRENT | MlockAllFlags::FUTURE | MlockAllFlags::ONFAULT;
    if !(unlimited && rustix::mm::mlockall(all).is_ok()) {
        tracing::warn!(
            target: "keys",
            "this machine may swap what is in memory to its disk, keys included: the limit on locked memory is too low. \
             Under systemd the unit sees to it; elsewhere switch swap off, or encrypt it"
        );
    }
}

/// Whether there is anywhere to swap to. A machine that does not say is taken at its worst.
fn machine_swaps() -> bool {
    std::fs::read_to_string("/proc/swaps").map_or(true, |swaps| swaps.lines().count() > 1)
}

/// Whether this process's control group may not use any swap, as systemd's `MemorySwapMax=0` has it.
fn group_never_swaps() -> bool {
    let groups = std::fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let Some(group) = groups.lines().find_map(|line| line.strip_prefix("0::")) else { return false };
    let limit = std::fs::read_to_string(format!("/sys/fs/cgroup{group}/memory.swap.max"));
    limit.is_ok_and(|limit| limit.trim() == "0")
}
