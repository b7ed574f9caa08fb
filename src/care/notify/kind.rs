//! The kinds of notices.

use crate::fhir::ResourceType;

macro_rules! kinds {
    ($($number:literal $name:ident $code:literal;)*) => {
        /// What a notice says, by kind alone. Numbers stand in the store for ever.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Kind { $($name),* }

        impl Kind {
            pub const ALL: &[Self] = &[$(Self::$name),*];

            pub const fn number(self) -> u8 {
                match self { $(Self::$name => $number),* }
            }

            pub const fn from_number(number: u8) -> Option<Self> {
                match number { $($number => Some(Self::$name),)* _ => None }
            }

            /// The end of its message's id.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code),* }
            }

            pub fn from_code(code: &str) -> Option<Self> {
                match code { $($code => Some(Self::$name),)* _ => None }
            }
        }
    };
}

kinds! {
    // To patients. 11 was one that nobody was ever told.
    1  VisitBooked "visit-booked";
    2  VisitChanged "visit-changed";
    3  VisitCancelled "visit-cancelled";
    4  VisitReminder "visit-reminder";
    5  VisitOffered "visit-offered";
    6  WaitlistOffer "waitlist-offer";
    7  MessageNew "message-new";
    8  ResultReleased "result-released";
    9  RefillAnswered "refill-answered";
    10 RequestAnswered "request-answered";
    12 EmergencyAccess "emergency-access";
    13 ShareOpened "share-opened";
    14 ShareEnded "share-ended";
    15 RecordCorrected "record-corrected";
    16 DocumentNew "document-new";
    17 ProxyChanged "proxy-changed";
    18 MedicineChanged "medicine-changed";
    19 AccessAnswered "access-answered";
    20 VisitNotOffered "visit-not-offered";
    21 ResultTakenBack "result-taken-back";
    // To the clinic.
    60 PatientWrote "patient-wrote";
    61 BookingAsked "booking-asked";
    62 RefillAsked "refill-asked";
    63 FormReturned "form-returned";
    64 PatientUploaded "patient-uploaded";
    65 ResultToSign "result-to-sign";
    66 EmergencyToReview "emergency-to-review";
    67 AccessQuestioned "access-questioned";
    68 RequestMade "request-made";
    69 VisitCalledOff "visit-called-off";
    70 MedicineNotTaken "medicine-not-taken";
}

/// The first kind that is for the clinic.
const FIRST_OF_CLINIC: u8 = 60;

impl Kind {
    /// Whether whoever acts for a patient is told too: some of it may be about them, or leads to what they cannot open.
    pub const fn is_for_proxies(self) -> bool {
        !matches!(self, Self::ShareOpened | Self::ShareEnded | Self::ProxyChanged | Self::AccessAnswered)
    }

    /// Whether somebody is told who looks after a patient's appointments and sees nothing of their health.
    pub const fn is_of_appointments(self) -> bool {
        self.is_of_a_visit() || matches!(self, Self::MessageNew)
    }

    /// Whether a patient is told of a visit of theirs by it.
    const fn is_of_a_visit(self) -> bool {
        matches!(
            self,
            Self::VisitBooked
                | Self::VisitChanged
                | Self::VisitCancelled
                | Self::VisitNotOffered
                | Self::VisitReminder
                | Self::VisitOffered
                | Self::WaitlistOffer
        )
    }

    /// In which types lies what it is about, of what may be sealed from whoever is told: from whom it is, they do not hear that it
    /// came.
    pub const fn about(self) -> &'static [ResourceType] {
        match self {
            _ if self.is_of_a_visit() => &[ResourceType::Appointment],
            Self::MessageNew => &[ResourceType::Communication],
            Self::ResultReleased | Self::ResultTakenBack => {
                &[ResourceType::DiagnosticReport, ResourceType::Observation]
            }
            Self::ResultToSign => &[ResourceType::DiagnosticReport],
            Self::MedicineChanged => &[ResourceType::MedicationRequest],
            Self::RefillAnswered | Self::RefillAsked | Self::RequestAnswered => &[ResourceType::Task],
            Self::DocumentNew => &[ResourceType::DocumentReference],
            _ => &[],
        }
    }

    /// Whether it is told to patients; the others are told to the clinic.
    pub const fn is_for_patients(self) -> bool {
        self.number() < FIRST_OF_CLINIC
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_codes_are_each_used_once() {
        let numbers: std::collections::BTreeSet<_> = Kind::ALL.iter().map(|kind| kind.number()).collect();
        let codes: std::collections::BTreeSet<_> = Kind::ALL.iter().map(|kind| kind.code()).collect();
        assert_eq!((numbers.len(), codes.len()), (Kind::ALL.len(), Kind::ALL.len()));
        for kind in Kind::ALL {
            assert_eq!(Kind::from_number(kind.number()), Some(*kind));
            assert_eq!(Kind::from_code(kind.code()), Some(*kind));
        }
    }

    #[test]
    fn what_a_proxy_is_told_of_is_of_a_type_by_which_it_may_be_kept_from_them() {
        // These name nothing: they are about the record as a whole.
        let about_nothing = [Kind::EmergencyAccess, Kind::RecordCorrected];
        for kind in Kind::ALL.iter().filter(|kind| kind.is_for_patients() && kind.is_for_proxies()) {
            assert_eq!(kind.about().is_empty(), about_nothing.contains(kind), "{kind:?}");
        }
    }
}
