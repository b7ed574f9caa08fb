//! A real box from outside: the program as it is installed, its data folder, its addresses, its commands.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod approvals;
mod backup;
mod begun;
mod canary;
mod client;
mod commands;
mod crowd;
mod damage;
mod disk;
mod formulary;
mod health;
mod keys;
mod locked;
mod process;
mod rotation;
mod servers;
mod sessions;
mod setup;
mod targets;
mod tpm;
mod stopped;
mod unit;
mod wire;
