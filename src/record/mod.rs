//! Stored resources: read, write, search, history; and disclosure, which needs the audit entry on disk.
