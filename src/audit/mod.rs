//! The tamper-evident chain of who did what, and the transaction that cannot end without an entry in it.
