//! A running box from outside: the program as it is installed, its data folder, its addresses, its commands, its API, and what each
//! role gets of it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod access;
mod api;
mod approvals;
mod backup;
mod begun;
mod canary;
mod client;
mod commands;
mod crowd;
mod damage;
mod demo;
mod disk;
mod formulary;
mod health;
mod keys;
mod locked;
mod operations;
mod process;
mod rotation;
mod servers;
mod sessions;
mod setup;
mod stopped;
mod targets;
mod tpm;
mod unit;
mod wire;
