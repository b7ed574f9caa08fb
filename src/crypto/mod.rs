//! The key hierarchy, key slots, sealing and signing. Pure: no file, socket or clock is touched here.

pub mod page;
