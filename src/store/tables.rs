//! Every table there is. A room owns its tables: it alone declares [`Table`](super::Table)s over them.
//!
//! A number is a table's for ever; a dropped table stays here as a tombstone.

use super::TableId;

macro_rules! tables {
    ($($number:literal $ident:ident $name:literal $owner:literal $what:literal;)*) => {
        $(#[doc = concat!($what, " Owned by `", $owner, "`.")] pub const $ident: TableId = TableId::new($number, $name, $owner);)*
        /// All of them, in the order of their numbers.
        pub const ALL: &[TableId] = &[$($ident),*];
    };
}

/// The table with this number.
pub fn numbered(number: u8) -> Option<TableId> {
    ALL.iter().copied().find(|table| table.number() == number)
}

tables! {
    0  META            "meta"            "store"    "Schema version and the store's own facts.";
    1  TEST            "test"            "store"    "Rows of the store's own tests.";
    10 AUDIT_ENTRIES   "audit_entries"   "audit"    "The chain's fixed parts, by sequence.";
    11 AUDIT_DETAILS   "audit_details"   "audit"    "Details and their salts, by sequence.";
    12 AUDIT_LISTS     "audit_lists"     "audit"    "Side lists of resources, by sequence.";
    13 AUDIT_BY_PATIENT "audit_by_patient" "audit"  "One row per patient touched: patient, time descending, sequence.";
    14 AUDIT_BY_ACCOUNT "audit_by_account" "audit"  "One row per entry with an account: account, time descending, sequence.";
    15 AUDIT_HEAD      "audit_head"      "audit"    "Size, head and epoch of the chain.";
    16 AUDIT_CHECKPOINTS "audit_checkpoints" "audit" "Signed checkpoints, by size.";
    17 AUDIT_FOLDED    "audit_folded"    "audit"    "Failures being counted instead of written one by one.";
    18 AUDIT_CHECKS    "audit_checks"    "audit"    "What the last verification of the log found.";
    20 ACCOUNTS        "accounts"        "identity" "Accounts, by id.";
    21 ACCOUNTS_BY_NAME "accounts_by_name" "identity" "Account id by user name, case folded.";
    22 ACCOUNTS_BY_PERSON "accounts_by_person" "identity" "Account id by the resource it is linked to.";
    23 CREDENTIALS     "credentials"     "identity" "Password hashes and second factors, by account.";
    24 SESSIONS        "sessions"        "identity" "Server-side sessions, by hash of their secret.";
    25 SESSIONS_BY_ACCOUNT "sessions_by_account" "identity" "Session hashes by account.";
    26 TOKENS          "tokens"          "identity" "Bearer tokens, by hash of their secret.";
    27 TOKENS_BY_ACCOUNT "tokens_by_account" "identity" "Token hashes by account.";
    28 THROTTLES       "throttles"       "identity" "Sign-in attempts, by account and by address.";
    29 SETUP           "setup"           "identity" "The setup code's hash and whether it was used.";
    30 SETUP_DRAFTS    "setup_drafts"    "identity" "What is typed into the wizard of a new box, by hash of the draft's secret.";
    31 APPROVALS       "approvals"       "identity" "One-time codes for exports, by hash of the code.";
    32 ACCOUNT_LINKS   "account_links"   "identity" "As whom else an account acts: account and RelatedPerson.";
    40 RESOURCES       "resources"       "record"   "Current resources: header and response-ready JSON, by row number.";
    41 RESOURCE_IDS    "resource_ids"    "record"   "Row number by type and logical id; kept after deletion.";
    42 VERSIONS        "versions"        "record"   "Superseded and deleted versions, by row number and version descending.";
    43 COMPARTMENT     "compartment"     "record"   "Patient row, type, date descending, row: one patient's X, newest first.";
    44 TYPE_INDEX      "type_index"      "record"   "Type, last update descending, row.";
    45 TOKEN_INDEX     "token_index"     "record"   "Parameter, code, system hash, row.";
    46 STRING_INDEX    "string_index"    "record"   "Parameter, folded text, row.";
    47 DATE_INDEX      "date_index"      "record"   "Parameter, start, end, row.";
    48 NUMBER_INDEX    "number_index"    "record"   "Parameter, canonical unit, value, row: numbers and quantities.";
    49 REFERENCE_INDEX "reference_index" "record"   "Parameter, target, row.";
    50 URI_INDEX       "uri_index"       "record"   "Parameter, uri, row.";
    51 HISTORY         "history"         "record"   "Every change in order: time descending, row, version.";
    52 COUNTERS        "counters"        "record"   "The next row number, counts by type, the next clinic number.";
    53 CHUNKS          "chunks"          "record"   "Document bytes in 64 KiB chunks, by content.";
    54 DIRECTORY       "directory"       "record"   "The patient directory: name, birth date, identifiers, by patient row.";
    55 DIRECTORY_KEYS  "directory_keys"  "record"   "The directory's search keys.";
    56 PAGING          "paging"          "record"   "The key that seals the markers of pages.";
    57 UNSETTLED       "unsettled"       "record"   "What has followers that do not stand yet as it does: row and parameter, how far they are settled.";
    58 PROXIES         "proxies"         "record"   "Whom a Consent let act for its patient that was superseded or taken away.";
    59 WRITTEN_ABOUT   "written_about"   "record"   "What a workflow of the house wrote about a resource: row of the resource, row of what was written.";
    60 LEASES          "leases"          "care"     "Background jobs: who runs one until when.";
    61 IMPORT_WAITING  "import_waiting"  "care"     "Pieces of an import that wait for what they refer to.";
    62 EXPORTS         "exports"         "care"     "Bulk exports asked for: of what, for whom, how far.";
    63 EXPORT_FILES    "export_files"    "care"     "Where each file of a bulk export begins and ends, and what it counts.";
    65 BROUGHT         "brought"         "record"   "What the patient's side brought: rows of files, and of what names files.";
    70 TLS             "tls"             "app"      "The certificate authority's key and certificate.";
    71 SETTINGS        "settings"        "app"      "The clinic's settings: name, time zone, box name.";
    72 BACKUPS         "backups"         "backup"   "Snapshots made, by number: what they hold, as the live store had it.";
    73 BACKUP_KEYS     "backup_keys"     "backup"   "The keys that snapshots are sealed under, by id.";
    74 BACKUP_TARGETS  "backup_targets"  "backup"   "What is known of each target, by name.";
    75 BACKUP_DRILLS   "backup_drills"   "backup"   "Drills run, newest first.";
    76 BACKUP_LEASES   "backup_leases"   "backup"   "Who writes to a target, until when, by target.";
    77 KEY_SHEETS      "key_sheets"      "app"      "Recovery sheets by slot: when they were made, and whether they were found to be kept.";
    78 KEY_CARRIED     "key_carried"     "app"      "The secret that a changed root key would have changed, and must not.";
    79 KEY_SEALS       "key_seals"       "app"      "What seals the systemd credential of a slot.";
    80 FORM_OUTCOMES   "form_outcomes"   "care"     "What a form that was sent led to, by account and the form's key.";
    81 FORM_DRAFTS     "form_drafts"     "care"     "What was typed into a form and not sent, by account and address.";
    82 NOTICES         "notices"         "record"   "How often something changed, by patient and type.";
    83 PREFERENCES     "preferences"     "care"     "What an account chose for its own screens, such as the language.";
    90 INVITATIONS     "invitations"     "identity" "Invitations of patients to the portal, by hash of the code.";
    91 MERGES          "merges"          "care"     "Records that were joined: which two, when, by whom, and whether that was undone.";
    92 MERGE_MOVED     "merge_moved"     "care"     "What a merge pointed over to the record that was kept, by merge and place.";
    93 NOT_SAME        "not_same"        "care"     "Pairs of patients of whom somebody said that they are two people.";
    95 TOLD            "told"            "care"     "Notices to people, by reader, newest first: their kind and what they are about.";
    96 TOLD_READ       "told_read"       "care"     "Which notices an account has read.";
    97 MAILS           "mails"           "care"     "E-mail that waits to be sent, was sent, or could not be.";
    98 MAIL_WISHES     "mail_wishes"     "care"     "Which notices an account wants by e-mail.";
    99 MARKS           "marks"           "care"     "When a visit was reminded of, and how far a conversation was read.";
    100 FORMULARY      "formulary"       "care"     "Which formulary is loaded: its hash, since when, and how many pieces its text has.";
    101 FORMULARY_TEXT "formulary_text"  "care"     "The text of the formulary, in pieces of 64 KiB.";
    110 SHARES         "shares"          "record"   "Share links: what each opens, until when, how often it was opened; by hash of its secret.";
    111 SHARES_OF      "shares_of"       "record"   "Share links by patient.";
    112 PROXY_INVITES  "proxy_invites"   "care"     "Invitations to act for somebody, by hash of the code.";
    120 BACKUP_TRIED   "backup_tried"    "backup"   "What came of trying each target the last time, by name.";
    121 BACKUP_REMEMBERED "backup_remembered" "backup" "What has to be in each repository, and what in it is not to be relied on, by id.";
    122 BACKUP_PLACES  "backup_places"   "backup"   "Which repository each place held the last time, by the place.";
    105 EMERGENCIES    "emergencies"     "record"   "Emergencies declared to open a record: by account, newest first.";
    106 PHRASES        "phrases"         "care"     "Smart phrases and templates of notes: the clinic's, and each account's own.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names_are_each_used_once() {
        let mut numbers: Vec<_> = ALL.iter().map(|t| t.number()).collect();
        let mut names: Vec<_> = ALL.iter().map(|t| t.name()).collect();
        numbers.sort_unstable();
        names.sort_unstable();
        numbers.dedup();
        names.dedup();
        assert_eq!((numbers.len(), names.len()), (ALL.len(), ALL.len()));
    }
}
