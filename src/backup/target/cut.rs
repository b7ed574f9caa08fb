//! A wire to a server that can be cut, for tests.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// A wire to a server, which is cut after so many bytes.
pub struct Wire {
    pub port: u16,
    /// Bytes that the next connections together carry to the server until they break.
    left: Arc<AtomicU64>,
    pub cuts: Arc<AtomicUsize>,
}

impl Wire {
    pub fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let own = listener.local_addr().unwrap().port();
        let (left, cuts) = (Arc::new(AtomicU64::new(u64::MAX)), Arc::new(AtomicUsize::new(0)));
        let (carried, cut) = (left.clone(), cuts.clone());
        std::thread::spawn(move || {
            for near in listener.incoming() {
                let (Ok(near), Ok(far)) = (near, TcpStream::connect(("127.0.0.1", port))) else { continue };
                let back = (far.try_clone().unwrap(), near.try_clone().unwrap());
                std::thread::spawn(move || carry(back.0, back.1, None));
                let (carried, cut) = (carried.clone(), cut.clone());
                std::thread::spawn(move || carry(near, far, Some((&carried, &cut))));
            }
        });
        Self { port: own, left, cuts }
    }

    /// Breaks after so many bytes more, and holds again for those that come then.
    pub fn cut_after(&self, bytes: u64) {
        self.left.store(bytes, Ordering::SeqCst);
    }
}

fn carry(mut from: TcpStream, mut to: TcpStream, budget: Option<(&AtomicU64, &AtomicUsize)>) {
    let mut piece = vec![0; 16 << 10];
    while let Ok(read @ 1..) = from.read(&mut piece) {
        if let Some((left, cuts)) = budget {
            let before = left.load(Ordering::SeqCst);
            if before < read as u64 {
                let _ = to.write_all(&piece[..before as usize]);
                left.store(u64::MAX, Ordering::SeqCst);
                cuts.fetch_add(1, Ordering::SeqCst);
                break;
            }
            if before != u64::MAX {
                left.fetch_sub(read as u64, Ordering::SeqCst);
            }
        }
        if to.write_all(&piece[..read]).is_err() {
            break;
        }
    }
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}
