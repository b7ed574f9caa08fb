//! The tables of exports.

use super::job::Export;
use crate::base::FhirId;
use crate::record::ExportFile;
use crate::store::{Record, Table, tables};

pub(super) const EXPORTS: Table<(FhirId,), Export> = Table::new(tables::EXPORTS);
/// Export, type, number from 1.
pub(super) const FILES: Table<(FhirId, u8, u32), ExportFile> = Table::new(tables::EXPORT_FILES);

impl Record for Export {}
impl Record for ExportFile {}
