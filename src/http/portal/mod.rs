//! Pages of patients and of those who act for them.

pub(super) mod booking;
pub mod booking_pages;
pub(super) mod copy;
pub mod copy_pages;
pub(super) mod documents;
pub(super) mod form;
pub mod form_pages;
pub(super) mod home;
pub(super) mod looked;
mod look_list;
mod looks;
pub mod message_pages;
pub(super) mod messages;
pub(super) mod own;
pub mod own_pages;
pub mod medicine_pages;
pub(super) mod medicines;
pub mod pages;
pub(super) mod record;
pub(super) mod requests;
pub mod requests_pages;
pub(super) mod uploads;
pub mod todo;
pub(super) mod wait;
