//! The numbers that stand in entries, and the word that a person reads for each. Numbers are for ever: a
//! word may be improved, a number is never used again for something else.

use serde::{Deserialize, Serialize};

macro_rules! numbered {
    ($(#[$doc:meta])* $name:ident($int:ty) { $($number:literal $variant:ident $code:literal $word:literal;)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[non_exhaustive]
        pub enum $name { $(#[doc = $word] #[serde(rename = $code)] $variant),* }

        impl $name {
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The number that stands in the entry.
            pub const fn number(self) -> $int {
                match self { $(Self::$variant => $number),* }
            }

            pub const fn from_number(number: $int) -> Option<Self> {
                match number { $($number => Some(Self::$variant),)* _ => None }
            }

            /// The stable code: in JSON, on the command line, in filters.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code),* }
            }

            pub fn from_code(code: &str) -> Option<Self> {
                match code { $($code => Some(Self::$variant),)* _ => None }
            }

            /// What a person reads.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.word())
            }
        }
    };
}

numbered! {
    /// What was done, or tried. Records are 100 to 199, care 200 to 299, people and sign-in 300 to 399,
    /// the log itself 400 to 499, the box 500 to 599.
    Action(u16) {
        100 Read "read" "opened";
        101 VersionRead "vread" "opened an earlier version";
        102 History "history" "looked at the history";
        103 Search "search" "searched";
        104 Listed "list" "saw in a list";
        105 Count "count" "counted";
        110 Create "create" "added";
        111 Update "update" "changed";
        112 Patch "patch" "changed in part";
        113 Delete "delete" "deleted";
        114 Batch "batch" "sent a batch";
        115 Transaction "transaction" "sent a transaction";
        116 Validate "validate" "checked a resource";
        120 Everything "everything" "took a whole copy";
        121 Export "export" "exported";
        122 Print "print" "printed";
        123 Download "download" "downloaded a document";
        124 View "view" "looked at a document";
        125 Import "import" "imported";
        126 Upload "upload" "uploaded a document";
        128 Summary "summary" "took a patient summary";
        127 Operation "operation" "ran an operation";
        200 BreakGlass "break-glass" "opened in an emergency";
        201 BreakGlassReview "break-glass-review" "reviewed an emergency opening";
        202 BreakGlassEnd "break-glass-end" "ended an emergency opening";
        210 ConsentGive "consent-give" "gave a consent";
        211 ConsentWithdraw "consent-withdraw" "withdrew a consent";
        212 ProxyGrant "proxy-grant" "let somebody act for them";
        213 ProxyRevoke "proxy-revoke" "ended that somebody acts for them";
        214 Seal "seal" "sealed";
        215 Unseal "unseal" "unsealed";
        216 Release "release" "released a result";
        220 Message "message" "sent a message";
        221 Prescribe "prescribe" "prescribed";
        222 Sign "sign" "signed";
        223 Book "book" "booked";
        224 Cancel "cancel" "cancelled";
        225 CheckIn "check-in" "checked in";
        226 Register "register" "registered a patient";
        227 Merge "merge" "joined two records";
        228 MessageRead "message-read" "read a message";
        229 Withdraw "withdraw" "withdrew what they had added";
        230 RequestMade "request-made" "made a request";
        231 RequestAnswered "request-answered" "answered a request";
        240 ShareMade "share-made" "made a share link";
        241 ShareRevoked "share-revoked" "ended a share link";
        242 ShareOpened "share-opened" "opened a share link";
        243 Disclosure "disclosure" "released information to an outside party";
        300 SignIn "sign-in" "signed in";
        301 SignOut "sign-out" "signed out";
        302 SessionEnd "session-end" "ended a session";
        303 StepUp "step-up" "confirmed who they are";
        304 Authenticate "authenticate" "showed a token or session";
        305 Throttled "throttled" "tried too often";
        310 PasswordChange "password-change" "changed a password";
        311 PasswordReset "password-reset" "reset a password";
        312 SecondFactorAdd "second-factor-add" "added a second factor";
        313 SecondFactorRemove "second-factor-remove" "removed a second factor";
        314 PasskeyAdd "passkey-add" "added a passkey";
        315 PasskeyRemove "passkey-remove" "removed a passkey";
        320 AccountCreate "account-create" "made an account";
        321 AccountChange "account-change" "changed an account";
        322 RoleChange "role-change" "changed a role";
        323 AccountDisable "account-disable" "disabled an account";
        324 AccountEnable "account-enable" "enabled an account";
        325 Invite "invite" "sent an invitation";
        326 AccountsRead "accounts-read" "looked at accounts";
        330 TokenCreate "token-create" "made a token";
        331 TokenRevoke "token-revoke" "revoked a token";
        340 Setup "setup" "set the box up";
        341 ApprovalMade "approval-made" "approved an export";
        342 ApprovalUsed "approval-used" "used an approval";
        350 Refused "refused" "was refused";
        400 AuditRead "audit-read" "read the access log";
        401 AuditVerify "audit-verify" "verified the access log";
        402 AuditExport "audit-export" "exported the access log";
        403 Checkpoint "checkpoint" "signed a checkpoint of the access log";
        404 DetailErase "detail-erase" "erased the detail of an entry";
        405 EpochOpen "epoch-open" "went on with the log after a restore";
        500 Start "start" "started the box";
        501 Stop "stop" "stopped the box";
        502 Unlock "unlock" "unlocked the box";
        503 Init "init" "made this box";
        504 Command "command" "ran a command";
        505 Job "job" "ran a job";
        510 Settings "settings" "changed the settings";
        511 Certificate "certificate" "changed a certificate";
        512 Network "network" "changed the network settings";
        513 Status "status" "looked at the health of the box";
        520 Backup "backup" "made a backup";
        521 BackupVerify "backup-verify" "verified a backup";
        522 BackupDrill "backup-drill" "tried to restore a backup";
        523 BackupPrune "backup-prune" "removed old backups";
        524 Restore "restore" "restored a backup";
        530 KeySlotAdd "key-slot-add" "added a way to unlock";
        531 KeySlotRemove "key-slot-remove" "removed a way to unlock";
        532 KeyRotate "key-rotate" "changed the key of the store";
        533 SheetPrint "sheet-print" "printed a recovery sheet";
        540 Formulary "formulary" "imported medicines";
    }
}

numbered! {
    /// How it ended. Codes in the sense of FHIR R4 `AuditEvent.outcome`.
    Outcome(u8) {
        0 Success "success" "done";
        1 Denied "denied" "not allowed";
        2 Failed "failed" "failed";
        3 Started "started" "begun";
    }
}

impl Action {
    /// What such an act is to the patient whose data it touched, where nothing more exact is known.
    pub const fn usual_kind(self) -> TouchKind {
        match self {
            Self::Search | Self::Listed | Self::Count => TouchKind::Listed,
            Self::Read | Self::VersionRead | Self::History | Self::View | Self::BreakGlass => TouchKind::Opened,
            Self::Everything
            | Self::Export
            | Self::Summary
            | Self::Print
            | Self::Download
            | Self::ShareMade
            | Self::ShareOpened
            | Self::Disclosure => TouchKind::SentOut,
            Self::Refused | Self::Throttled => TouchKind::Denied,
            _ => match self.number() {
                110..=299 => TouchKind::Changed,
                _ => TouchKind::System,
            },
        }
    }
}

numbered! {
    /// Why: codes of HL7 v3 `PurposeOfUse` (code system `http://terminology.hl7.org/CodeSystem/v3-ActReason`).
    Purpose(u8) {
        1 Treat "TREAT" "care";
        2 Etreat "ETREAT" "emergency care";
        3 Btg "BTG" "break-glass";
        4 CareMgt "CAREMGT" "coordination of care";
        5 HOperat "HOPERAT" "running the clinic";
        6 HPaymt "HPAYMT" "payment";
        7 PatAdmin "PATADMIN" "registration and appointments";
        8 PatRqt "PATRQT" "the patient's own request";
        9 FamRqt "FAMRQT" "the family's request";
        10 PwAtrny "PWATRNY" "for somebody they may act for";
        11 SysAdmin "SYSADMIN" "looking after the system";
        12 HComplAcctPrv "HCOMPL" "rules and accountability";
        13 HQualImp "HQUALIMP" "improving quality";
        14 PubHlth "PUBHLTH" "public health";
        15 HResch "HRESCH" "research";
        16 HLegal "HLEGAL" "a legal duty";
        17 Coverage "COVERAGE" "insurance";
        18 SupNwk "SUPNWK" "support for the patient";
    }
}

numbered! {
    /// What an act was to the patient whose data it touched.
    TouchKind(u8) {
        1 Listed "listed" "a name or a row in a list";
        2 Opened "opened" "opened";
        3 Changed "changed" "changed";
        4 SentOut "sent-out" "printed, exported, shared or sent out";
        5 Denied "denied" "tried, and not allowed";
        6 System "system" "done by the box itself";
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_number_and_code_is_used_once_and_reads_back() {
        for &action in Action::ALL {
            assert_eq!(Action::from_number(action.number()), Some(action));
            assert_eq!(Action::from_code(action.code()), Some(action));
        }
        let numbers: BTreeSet<u16> = Action::ALL.iter().map(|a| a.number()).collect();
        let codes: BTreeSet<&str> = Action::ALL.iter().map(|a| a.code()).collect();
        assert_eq!((numbers.len(), codes.len()), (Action::ALL.len(), Action::ALL.len()));
        assert_eq!(Purpose::from_code("TREAT"), Some(Purpose::Treat));
        assert_eq!(TouchKind::ALL.len(), 6);
    }

    #[test]
    fn some_numbers_that_stand_in_stores_already() {
        assert_eq!((Action::Read.number(), Action::SignIn.number(), Action::DetailErase.number()), (100, 300, 404));
        assert_eq!((Purpose::Treat.number(), Purpose::SysAdmin.number()), (1, 11));
        assert_eq!((Outcome::Success.number(), TouchKind::System.number()), (0, 6));
    }
}
