//! Accounts, credentials, sessions, tokens and throttles: who somebody is, never what they may do.
