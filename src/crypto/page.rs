//! Sealing one page of the store.
