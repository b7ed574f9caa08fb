//! How much of the input is in memory at once.

use std::sync::{Condvar, Mutex, PoisonError};

/// Bytes of input between reading and the disk. A piece that is larger is alone.
const MOST: usize = 12 << 20;

/// Counts the bytes that are on their way, and makes the reader wait for what is written.
#[derive(Default)]
pub(super) struct Room {
    taken: Mutex<Taken>,
    changed: Condvar,
}

#[derive(Default)]
struct Taken {
    bytes: usize,
    stopped: bool,
}

impl Room {
    /// Waits until there is room, or the import stopped.
    pub(super) fn take(&self, bytes: usize) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        while taken.bytes > 0 && taken.bytes + bytes > MOST && !taken.stopped {
            taken = self.changed.wait(taken).unwrap_or_else(PoisonError::into_inner);
        }
        taken.bytes += bytes;
    }

    pub(super) fn give_back(&self, bytes: usize) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.bytes = taken.bytes.saturating_sub(bytes);
        self.changed.notify_all();
    }

    pub(super) fn stop(&self) {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner).stopped = true;
        self.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_piece_waits_until_it_is_alone_and_stopping_lets_it_go() {
        let room = Room::default();
        room.take(MOST * 2);
        std::thread::scope(|scope| {
            let second = scope.spawn(|| room.take(1));
            room.give_back(MOST * 2);
            second.join().unwrap();
            let third = scope.spawn(|| room.take(MOST));
            room.stop();
            third.join().unwrap();
        });
        assert_eq!(room.taken.lock().unwrap().bytes, MOST + 1);
    }
}
