//! Listeners, sessions on requests, and one folder per audience.
