//! Pages of plain bytes above, sealed pages in a file below: what the engine takes for its disk.
//!
//! | file | what |
//! |---|---|
//! | 0..4096 | the label ([`super::label`]) |
//! | 4096..12288 | page 0, twice ([`super::header`]) |
//! | 12288..16384 | zero |
//! | 16384..J | the journal's two halves ([`super::journal`]) |
//! | J + 8192 * (n - 1).. | slot of page n, from 1 on |
//!
//! | slot | what |
//! |---|---|
//! | 0..4096 | the page, XChaCha20-Poly1305 ([`crate::crypto::page`]) |
//! | 4096..4120 | nonce, random |
//! | 4120..4136 | tag |
//! | 4136..8192 | zero |
//!
//! A page that does not open is an error, always. So is one never written, a slot of zeros: the engine reads
//! only pages that it wrote whole, and a page that somebody zeroed must not pass for new. A slot is two sectors of the page's own: with slots of 4608 bytes a sector lost while a
//! page is written takes committed bytes of its neighbours with it (the crash tests show it).
//!
//! The AEAD gives no freshness: an old page put back at its own place opens. The engine's own checksums
//! find it when the whole file is checked ([`super::super::super::OpenCheck::Whole`]), because each page
//! holds the checksums of the pages below it; the newest header put back as a whole, together with every
//! page it names, is an old store, and only the audit chain's outside checkpoints tell.

use std::fmt;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::header::{Header, KEPT};
use super::layout::{Layout, PAGE};
use super::medium::Medium;
use crate::base::{Ambient, StoreId};
use crate::crypto::page::{NONCE, PageKey, Place, TAG};

/// Why the engine was told of an error. The first one counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// A write found no space. What is on disk is whole.
    Full,
    /// A page did not open, or could not be read.
    Unreadable { page: u64 },
    /// A write or a sync failed: nothing may be written any more.
    Broken,
}

/// No length that a file has.
const UNKNOWN: u64 = u64::MAX;

/// Nonces for pages to come, so that the system is not asked for each. Each is used once.
#[derive(Debug, Default)]
struct Nonces(Vec<[u8; NONCE]>);

impl Nonces {
    /// As many as are got at once.
    const AHEAD: usize = 64;

    fn take(&mut self, count: usize, ambient: &Ambient) -> Vec<[u8; NONCE]> {
        if self.0.len() < count {
            let mut random = vec![0; count.max(Self::AHEAD) * NONCE];
            ambient.fill(&mut random);
            self.0.extend(random.as_chunks().0);
        }
        self.0.split_off(self.0.len() - count)
    }
}

/// What was done to the file, counted since it was opened.
#[derive(Debug, Default)]
pub(super) struct Meter {
    pub(super) written: AtomicU64,
    pub(super) syncs: AtomicU64,
    pub(super) read: AtomicU64,
}

/// What seals the pages of one file.
#[derive(Clone)]
pub(super) struct Sealing {
    pub(super) key: Arc<PageKey>,
    pub(super) store: StoreId,
    pub(super) layout: Layout,
    pub(super) ambient: Ambient,
}

impl fmt::Debug for Sealing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealing({:?}, {:?})", self.store, self.key)
    }
}

/// What a file is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    ReadWrite,
    /// Nothing is written, not even that it was opened.
    ReadOnly,
}

/// The engine's disk. Clones are the same.
#[derive(Debug, Clone)]
pub(super) struct Pages(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    medium: Arc<dyn Medium>,
    sealing: Sealing,
    meter: Arc<Meter>,
    header: Mutex<Header>,
    /// The file's length, or [`UNKNOWN`]: nobody else changes it.
    len: AtomicU64,
    nonces: Mutex<Nonces>,
    fault: Mutex<Option<Fault>>,
    /// Nothing reaches the file: the engine opens and is read, and that is all.
    frozen: bool,
    /// Another has taken the file over; what is read after that is not ours.
    retired: AtomicBool,
}

impl Pages {
    /// The pages of a file that was just made, with a label and nothing else.
    pub(super) fn fresh(medium: Arc<dyn Medium>, sealing: Sealing, meter: Arc<Meter>) -> Self {
        Self::over(medium, sealing, meter, Header::empty(), false)
    }

    /// The pages of a file that has a header; none when neither copy of it opens.
    pub(super) fn of_file(
        medium: Arc<dyn Medium>,
        sealing: Sealing,
        meter: Arc<Meter>,
        use_as: Use,
    ) -> io::Result<Option<Self>> {
        let place = Place { store: sealing.store, page: 0 };
        let Some(header) = Header::read(&*medium, &sealing.key, place)? else { return Ok(None) };
        let frozen = use_as == Use::ReadOnly;
        if !frozen {
            // After a crash of the process alone, what was read may stand only in the page cache. The next
            // header goes over the other copy, so this one must be safe first.
            medium.sync()?;
        }
        Ok(Some(Self::over(medium, sealing, meter, header, frozen)))
    }

    fn over(medium: Arc<dyn Medium>, sealing: Sealing, meter: Arc<Meter>, header: Header, frozen: bool) -> Self {
        let (header, fault, retired) = (Mutex::new(header), Mutex::new(None), AtomicBool::new(false));
        let (len, nonces) = (AtomicU64::new(UNKNOWN), Mutex::default());
        Self(Arc::new(Inner { medium, sealing, meter, header, len, nonces, fault, frozen, retired }))
    }

    pub(super) fn fault(&self) -> Option<Fault> {
        *lock(&self.0.fault)
    }

    pub(super) fn set_fault(&self, fault: Fault) {
        lock(&self.0.fault).get_or_insert(fault);
    }

    pub(super) fn is_frozen(&self) -> bool {
        self.0.frozen
    }

    pub(super) fn retire(&self) {
        self.0.retired.store(true, Ordering::SeqCst);
    }

    pub(super) fn header_image(&self) -> [u8; KEPT] {
        *lock(&self.0.header).image()
    }

    /// The length in pages' bytes.
    pub(super) fn logical_len(&self) -> io::Result<u64> {
        let physical = self.physical_len()?;
        let odd = || io::Error::new(io::ErrorKind::InvalidData, "the file's length is not one that a store has");
        self.0.sealing.layout.logical(physical).ok_or_else(odd)
    }

    fn physical_len(&self) -> io::Result<u64> {
        let known = self.0.len.load(Ordering::SeqCst);
        if known != UNKNOWN {
            return Ok(known);
        }
        let len = self.0.medium.len()?;
        self.0.len.store(len, Ordering::SeqCst);
        Ok(len)
    }

    fn set_physical_len(&self, len: u64) -> io::Result<()> {
        self.0.len.store(UNKNOWN, Ordering::SeqCst);
        self.0.medium.set_len(len)?;
        self.0.len.store(len, Ordering::SeqCst);
        Ok(())
    }

    fn place(&self, page: u64) -> Place {
        Place { store: self.0.sealing.store, page }
    }

    /// Fills `out` with the whole pages from `first` (at least 1) on.
    fn read_pages(&self, first: u64, out: &mut [u8]) -> io::Result<()> {
        let size = self.0.sealing.layout.slot.size();
        let count = out.len() / PAGE;
        // The last slot's padding is not needed.
        let mut raw = vec![0; (count.saturating_sub(1)) * size + PAGE + NONCE + TAG];
        self.0.medium.read_at(self.0.sealing.layout.offset(first), &mut raw)?;
        self.0.meter.read.fetch_add(raw.len() as u64, Ordering::Relaxed);
        for ((number, slot), page) in (first..).zip(raw.chunks(size)).zip(out.chunks_exact_mut(PAGE)) {
            let opened = self.open_page(number, slot, page);
            opened.inspect_err(|_| self.set_fault(Fault::Unreadable { page: number }))?;
        }
        Ok(())
    }

    fn open_page(&self, number: u64, slot: &[u8], page: &mut [u8]) -> io::Result<()> {
        let (sealed, rest) = slot.split_at_checked(PAGE).ok_or(io::ErrorKind::UnexpectedEof)?;
        let (nonce, rest) = rest.split_first_chunk::<NONCE>().ok_or(io::ErrorKind::UnexpectedEof)?;
        let (tag, _) = rest.split_first_chunk::<TAG>().ok_or(io::ErrorKind::UnexpectedEof)?;
        page.copy_from_slice(sealed);
        let opened = self.0.sealing.key.open(self.place(number), nonce, tag, page);
        opened.map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
    }

    /// Seals and writes whole pages from `first` (at least 1) on.
    fn write_pages(&self, first: u64, bytes: &[u8]) -> io::Result<()> {
        let size = self.0.sealing.layout.slot.size();
        let count = bytes.len() / PAGE;
        let nonces = lock(&self.0.nonces).take(count, &self.0.sealing.ambient);
        let mut raw = vec![0; count * size];
        let pages = (first..).zip(bytes.chunks_exact(PAGE)).zip(nonces);
        for (((number, page), nonce), slot) in pages.zip(raw.chunks_exact_mut(size)) {
            let (sealed, rest) = slot.split_at_mut(PAGE);
            sealed.copy_from_slice(page);
            let tag = self.0.sealing.key.seal(self.place(number), &nonce, sealed).map_err(io::Error::other)?;
            let (nonce_at, rest) = rest.split_at_mut(NONCE);
            nonce_at.copy_from_slice(&nonce);
            rest.split_at_mut(TAG).0.copy_from_slice(&tag);
        }
        self.0.medium.write_at(self.0.sealing.layout.offset(first), &raw)?;
        self.0.meter.written.fetch_add(raw.len() as u64, Ordering::Relaxed);
        Ok(())
    }

    fn write_header(&self, at: usize, bytes: &[u8]) -> io::Result<()> {
        let mut header = lock(&self.0.header);
        header.patch(at, bytes)?;
        if self.0.frozen {
            return Ok(());
        }
        let Sealing { key, ambient, .. } = &self.0.sealing;
        header.write(&*self.0.medium, key, self.place(0), ambient)?;
        self.0.meter.written.fetch_add(super::layout::SECTOR as u64, Ordering::Relaxed);
        Ok(())
    }

    fn do_read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        for (page, at, part) in parts_mut(offset, out) {
            if page == 0 {
                let image = self.header_image();
                let zeros = std::iter::repeat(&0);
                part.iter_mut().zip(image.iter().chain(zeros).skip(at)).for_each(|(to, from)| *to = *from);
            } else if at == 0 && part.len().is_multiple_of(PAGE) {
                self.read_pages(page, part)?;
            } else {
                let mut whole = vec![0; PAGE];
                self.read_pages(page, &mut whole)?;
                part.copy_from_slice(whole.get(at..at + part.len()).ok_or(io::ErrorKind::InvalidInput)?);
            }
        }
        if self.0.retired.load(Ordering::SeqCst) {
            return Err(io::Error::other("the store was opened anew"));
        }
        Ok(())
    }

    fn do_write(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let mut from = offset;
        let mut rest = bytes;
        while !rest.is_empty() {
            let (page, at, len) = part(from, rest.len());
            let (now, later) = rest.split_at(len);
            if page == 0 {
                self.write_header(at, now)?;
            } else if at == 0 && len.is_multiple_of(PAGE) {
                self.write_pages(page, now)?;
            } else {
                // The engine writes whole pages; a part could tear what is beside it.
                return Err(io::Error::new(io::ErrorKind::InvalidInput, "a write of a part of a page"));
            }
            (from, rest) = (from + len as u64, later);
        }
        Ok(())
    }

    /// Refuses what may not be done any more.
    fn writable(&self) -> io::Result<()> {
        match (self.fault(), self.0.frozen || self.0.retired.load(Ordering::SeqCst)) {
            (None, false) => Ok(()),
            _ => Err(io::Error::other("nothing is written after an error")),
        }
    }

    fn within(&self, offset: u64, len: usize) -> io::Result<()> {
        if offset.checked_add(len as u64).is_some_and(|end| self.logical_len().is_ok_and(|len| end <= len)) {
            Ok(())
        } else {
            Err(io::Error::new(io::ErrorKind::UnexpectedEof, "outside the file"))
        }
    }

    /// Notes what a failed change means.
    fn noted<T>(&self, result: io::Result<T>) -> io::Result<T> {
        result.inspect_err(|error| self.set_fault(if is_full(error) { Fault::Full } else { Fault::Broken }))
    }
}

impl redb::StorageBackend for Pages {
    fn len(&self) -> io::Result<u64> {
        self.logical_len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let read = self.within(offset, out.len()).and_then(|()| self.do_read(offset, out));
        read.inspect_err(|_| self.set_fault(Fault::Unreadable { page: offset / PAGE as u64 }))
    }

    fn write(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let header_only = offset < PAGE as u64 && offset + (bytes.len() as u64) <= PAGE as u64;
        if !(self.0.frozen && header_only) {
            self.writable()?;
        }
        self.noted(self.within(offset, bytes.len()).and_then(|()| self.do_write(offset, bytes)))
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.writable()?;
        let physical = self.0.sealing.layout.physical(len).ok_or(io::ErrorKind::InvalidInput);
        self.noted(physical.map_err(Into::into).and_then(|physical| self.set_physical_len(physical)))
    }

    fn sync_data(&self) -> io::Result<()> {
        if self.0.frozen {
            return Ok(());
        }
        self.writable()?;
        let number = lock(&self.0.header).number();
        let synced = self.0.medium.sync();
        // Whatever the reason: after a failed sync nobody knows what is on the disk.
        synced.inspect_err(|_| self.set_fault(Fault::Broken))?;
        self.0.meter.syncs.fetch_add(1, Ordering::Relaxed);
        lock(&self.0.header).synced(number);
        Ok(())
    }
}

pub(in crate::store) fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge)
}

/// The first part of `len` bytes from `offset` that lies in page 0, in a run of whole pages, or in a part of one:
/// its page, where in it, and how long.
const fn part(offset: u64, len: usize) -> (u64, usize, usize) {
    let page = offset / PAGE as u64;
    let at = (offset % PAGE as u64) as usize;
    let run = if page > 0 && at == 0 && len >= PAGE { len - len % PAGE } else { PAGE - at };
    (page, at, if run < len { run } else { len })
}

fn parts_mut(mut offset: u64, mut out: &mut [u8]) -> impl Iterator<Item = (u64, usize, &mut [u8])> {
    std::iter::from_fn(move || {
        let rest = std::mem::take(&mut out);
        if rest.is_empty() {
            return None;
        }
        let (page, at, len) = part(offset, rest.len());
        let (now, later) = rest.split_at_mut(len);
        (offset, out) = (offset + len as u64, later);
        Some((page, at, now))
    })
}

/// What a mutex guards, whatever happened to whoever had it.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
