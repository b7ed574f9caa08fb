//! The one place that puts the parts together: a data folder becomes an open box, and an open box answers.

mod authority;
mod backups;
pub mod config;
pub mod demo;
mod error;
mod folder;
mod jobs;
pub mod keys;
mod locked;
mod mail;
pub mod logging;
mod make;
mod making;
mod memory;
mod opened;
mod replace;
pub mod restore;
mod run;
mod settings;
pub mod take_back;

pub use authority::{Authority, Renewal, stored_leaf};
pub use error::AppError;
pub use folder::{Folder, Mode};
pub use keys::{Keyring, Kind};
pub use make::{Made, Recipe, Way, make};
pub use making::{Making, refuse_unfinished};
pub use opened::Opened;
pub use run::{Running, Sockets, origin, run, run_opened};
pub use settings::{Purpose, Settings};
