//! Who may what: every route × every role × {own, granted, other, sealed, absent}, against DESIGN §6.
//!
//! The tables here are the expectation, written down apart from the code. A route without a row fails.

use std::collections::BTreeMap;

use chartbox::http::routes::{Entrance, TABLE, Verb};
use serde_json::{Value, json};

use crate::client::Answer;
use crate::demo::{Caller, Demo};

const ABSENT: &str = "0198a3f2-0000-7000-8000-00000000abcd";

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Who {
    Anonymous,
    Patient,
    Proxy,
    Clinician,
    Nurse,
    Reception,
    HealthAdmin,
    Operator,
    /// A token with `system/*.rs`.
    Service,
}
use Who::{Anonymous, Clinician, HealthAdmin, Nurse, Operator, Patient, Proxy, Reception, Service};

impl Who {
    const ALL: [Self; 9] = [Anonymous, Patient, Proxy, Clinician, Nurse, Reception, HealthAdmin, Operator, Service];

    const fn user(self) -> &'static str {
        match self {
            Anonymous => "",
            Patient => "patient",
            Proxy => "proxy",
            Clinician => "clinician",
            Nurse => "nurse",
            Reception => "reception",
            HealthAdmin => "healthadmin",
            Operator => "operator",
            Service => "reader",
        }
    }
}

// ---- pages and small addresses ----

const ANYONE: &[Who] = &Who::ALL;
const PEOPLE: &[Who] = &[Patient, Proxy, Clinician, Nurse, Reception, HealthAdmin, Operator];
const MY: &[Who] = &[Patient, Proxy];
const STAFF: &[Who] = &[Clinician, Nurse, Reception];
const CARERS: &[Who] = &[Clinician, Nurse];
const PRESCRIBERS: &[Who] = &[Clinician];
const FORMULARY: &[Who] = &[HealthAdmin, Operator];
const SELF: &[Who] = &[Patient];
const DESK: &[Who] = &[Reception];
const REGISTRARS: &[Who] = &[Clinician, Nurse, Reception, HealthAdmin];
const KEEPERS: &[Who] = &[Reception, HealthAdmin];
const ADMIN: &[Who] = &[HealthAdmin];
const OPERATORS: &[Who] = &[Operator];

/// What stands in a path's `{id}`, and what the audience gets.
#[derive(Clone, Copy)]
enum Asks {
    /// Nothing to fill, or `filled` instead of the path: this status.
    Plain(u16),
    Filled(&'static str, u16),
    /// A patient: 200 for one that is there, 404 for one that is not.
    APatient,
    /// A patient for whom something empty is sent: this status for one that is there, 404 for one that is not.
    OfAPatient(u16),
    /// Something that is not there: 404.
    Nothing,
}
use Asks::{APatient, Filled, Nothing, OfAPatient, Plain};

/// Whether an answer to the audience leaves an entry in the chain.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Leaves {
    AnEntry,
    NoEntry,
}
use Leaves::{AnEntry, NoEntry};

const CLINIC: &[Entrance] = &[Entrance::Clinic];
const BOTH: &[Entrance] = &[Entrance::Clinic, Entrance::Portal];
const WELCOME: &[Entrance] = &[Entrance::Welcome];
const OPS: &[Entrance] = &[Entrance::Ops];

type Row = (Verb, &'static str, &'static [Entrance], &'static [Who], Asks, Leaves);

#[rustfmt::skip]
const PAGES: &[Row] = &[
    (Verb::Get,  "/",                                  WELCOME, ANYONE,    Plain(200), NoEntry),
    (Verb::Get,  "/ca.crt",                            WELCOME, ANYONE,    Plain(200), NoEntry),
    (Verb::Get,  "/box.mobileconfig",                  WELCOME, ANYONE,    Plain(200), NoEntry),
    (Verb::Get,  "/static/{hash}/{*name}",             WELCOME, ANYONE,    Filled("/static/none/none.css", 404), NoEntry),
    (Verb::Get,  "/static/{hash}/{*name}",             BOTH,    ANYONE,    Filled("/static/none/none.css", 404), NoEntry),
    (Verb::Get,  "/",                                  BOTH,    ANYONE,    Plain(303), NoEntry),
    (Verb::Get,  "/sign-in",                           BOTH,    PEOPLE,    Plain(303), NoEntry),
    (Verb::Post, "/sign-in",                           BOTH,    ANYONE,    Plain(422), NoEntry),
    (Verb::Post, "/sign-out",                          BOTH,    PEOPLE,    Plain(303), AnEntry),
    (Verb::Get,  "/signed-out",                        BOTH,    ANYONE,    Plain(200), NoEntry),
    (Verb::Get,  "/new-password",                      BOTH,    PEOPLE,    Plain(303), NoEntry),
    (Verb::Post, "/new-password",                      BOTH,    ANYONE,    Plain(422), NoEntry),
    (Verb::Get,  "/setup",                             CLINIC,  ANYONE,    Plain(303), NoEntry),
    (Verb::Post, "/setup",                             CLINIC,  ANYONE,    Plain(422), NoEntry),
    (Verb::Get,  "/setup/accounts",                    CLINIC,  ANYONE,    Plain(303), NoEntry),
    (Verb::Post, "/setup/accounts",                    CLINIC,  ANYONE,    Plain(303), NoEntry),
    (Verb::Get,  "/setup/check",                       CLINIC,  ANYONE,    Plain(303), NoEntry),
    (Verb::Post, "/setup/check",                       CLINIC,  ANYONE,    Plain(303), NoEntry),
    (Verb::Get,  "/today",                             CLINIC,  STAFF,     Plain(200), AnEntry),
    (Verb::Get,  "/inbox",                             CLINIC,  STAFF,     Plain(200), AnEntry),
    (Verb::Get,  "/messages/{id}",                     CLINIC,  STAFF,     Nothing, AnEntry),
    (Verb::Post, "/messages/{id}",                     CLINIC,  STAFF,     Nothing, AnEntry),
    (Verb::Post, "/messages/{id}/file",                CLINIC,  CARERS,    Plain(400), NoEntry),
    (Verb::Post, "/messages/{id}/take",                CLINIC,  STAFF,     Nothing, AnEntry),
    (Verb::Post, "/messages/{id}/close",               CLINIC,  STAFF,     Nothing, AnEntry),
    (Verb::Get,  "/patients/{id}/messages",            CLINIC,  STAFF,     APatient, AnEntry),
    (Verb::Get,  "/patients/{id}/messages/new",        CLINIC,  STAFF,     APatient, AnEntry),
    (Verb::Post, "/patients/{id}/messages/new",        CLINIC,  STAFF,     OfAPatient(422), AnEntry),
    (Verb::Get,  "/patients",                          CLINIC,  STAFF,     Filled("/patients?q=a", 200), AnEntry),
    (Verb::Get,  "/patients/find",                     CLINIC,  STAFF,     Filled("/patients/find?q=a", 200), AnEntry),
    (Verb::Get,  "/patients/new",                      CLINIC,  STAFF,     Plain(200), NoEntry),
    (Verb::Post, "/patients/new",                      CLINIC,  STAFF,     Plain(422), NoEntry),
    (Verb::Get,  "/patients/{id}",                     CLINIC,  STAFF,     APatient, AnEntry),
    (Verb::Get,  "/patients/{id}/correct",             CLINIC,  REGISTRARS, APatient, AnEntry),
    (Verb::Post, "/patients/{id}/correct",             CLINIC,  REGISTRARS, OfAPatient(422), AnEntry),
    (Verb::Get,  "/patients/{id}/numbers",             CLINIC,  REGISTRARS, APatient, AnEntry),
    (Verb::Post, "/patients/{id}/numbers",             CLINIC,  REGISTRARS, OfAPatient(422), AnEntry),
    (Verb::Get,  "/patients/{id}/timeline",            CLINIC,  CARERS,    APatient, AnEntry),
    (Verb::Get,  "/patients/{id}/results",             CLINIC,  CARERS,    APatient, AnEntry),
    (Verb::Get,  "/patients/{id}/medicines",           CLINIC,  CARERS,    APatient, AnEntry),
    (Verb::Get,  "/patients/{id}/prescribe",           CLINIC,  PRESCRIBERS, APatient, AnEntry),
    (Verb::Post, "/patients/{id}/prescribe",           CLINIC,  PRESCRIBERS, Filled("/patients/0198a3f2-0000-7000-8000-00000000abcd/prescribe", 404), AnEntry),
    (Verb::Get,  "/patients/{id}/prescribe/find",      CLINIC,  PRESCRIBERS, Filled("/patients/a/prescribe/find?q=a", 200), NoEntry),
    (Verb::Get,  "/patients/{id}/prescriptions/{prescription}", CLINIC, CARERS, Nothing, AnEntry),
    (Verb::Post, "/patients/{id}/prescriptions/{prescription}/stop", CLINIC, PRESCRIBERS, Nothing, AnEntry),
    (Verb::Get,  "/patients/{id}/prescriptions/{prescription}/prescription.pdf", CLINIC, CARERS, Nothing, AnEntry),
    (Verb::Get,  "/patients/{id}/prescriptions/{prescription}/sheet", CLINIC, CARERS, Nothing, AnEntry),
    (Verb::Post, "/patients/{id}/prescriptions/{prescription}/not-taken", CLINIC, CARERS, Nothing, AnEntry),
    (Verb::Get,  "/refills/{id}",                      CLINIC,  PRESCRIBERS, Nothing, AnEntry),
    (Verb::Post, "/refills/{id}",                      CLINIC,  PRESCRIBERS, Nothing, AnEntry),
    (Verb::Get,  "/patients/{id}/problems",            CLINIC,  CARERS,    APatient, AnEntry),
    (Verb::Get,  "/patients/{id}/allergies",           CLINIC,  CARERS,    APatient, AnEntry),
    (Verb::Get,  "/patients/{id}/measurements",        CLINIC,  CARERS,    APatient, AnEntry),
    (Verb::Get,  "/patients/{id}/immunizations",       CLINIC,  CARERS,    APatient, AnEntry),
    (Verb::Get,  "/patients/{id}/visits",              CLINIC,  CARERS,    APatient, AnEntry),
    (Verb::Get,  "/patients/{id}/forms",               CLINIC,  CARERS,    APatient, AnEntry),
    (Verb::Post, "/patients/{id}/forms/{form}/seen",   CLINIC,  CARERS,    Nothing, AnEntry),
    (Verb::Get,  "/patients/{id}/medicines/{statement}", CLINIC, CARERS, Nothing, AnEntry),
    (Verb::Post, "/patients/{id}/medicines/{statement}", CLINIC, CARERS, Nothing, AnEntry),
    (Verb::Get,  "/patients/{id}/orders",              CLINIC,  CARERS,    APatient, AnEntry),
    (Verb::Get,  "/patients/{id}/orders/{order}",     CLINIC,  CARERS,    Nothing, AnEntry),
    (Verb::Post, "/patients/{id}/orders/{order}",     CLINIC,  CARERS,    Nothing, AnEntry),
    (Verb::Get,  "/patients/{id}/documents",           CLINIC,  CARERS,    APatient, AnEntry),
    (Verb::Get,  "/patients/{id}/documents/{document}", CLINIC, CARERS,    Nothing, AnEntry),
    (Verb::Get,  "/patients/{id}/reported",            CLINIC,  CARERS,    APatient, AnEntry),
    (Verb::Get,  "/patients/{id}/documents/{document}/file", CLINIC, CARERS, Nothing, AnEntry),
    (Verb::Post, "/patients/{id}/documents/{document}/seen", CLINIC, CARERS, Nothing, AnEntry),
    (Verb::Get,   "/codes/{list}/find", CLINIC, CARERS, Filled("/codes/problems/find?q=a", 200), NoEntry),
    (Verb::Get,   "/patients/{id}/problems/new", CLINIC, CARERS, APatient, AnEntry),
    (Verb::Post,  "/patients/{id}/problems/new", CLINIC, CARERS, OfAPatient(422), AnEntry),
    (Verb::Get,   "/patients/{id}/problems/{problem}", CLINIC, CARERS, Nothing, AnEntry),
    (Verb::Post,  "/patients/{id}/problems/{problem}", CLINIC, CARERS, Nothing, AnEntry),
    (Verb::Get,   "/patients/{id}/problems/{problem}/remove", CLINIC, CARERS, Nothing, AnEntry),
    (Verb::Post,  "/patients/{id}/problems/{problem}/remove", CLINIC, CARERS, Nothing, AnEntry),
    (Verb::Get,   "/patients/{id}/allergies/new", CLINIC, CARERS, APatient, AnEntry),
    (Verb::Post,  "/patients/{id}/allergies/new", CLINIC, CARERS, OfAPatient(422), AnEntry),
    (Verb::Get,   "/patients/{id}/allergies/{allergy}", CLINIC, CARERS, Nothing, AnEntry),
    (Verb::Post,  "/patients/{id}/allergies/{allergy}", CLINIC, CARERS, Nothing, AnEntry),
    (Verb::Get,   "/patients/{id}/immunizations/new", CLINIC, CARERS, APatient, AnEntry),
    (Verb::Post,  "/patients/{id}/immunizations/new", CLINIC, CARERS, OfAPatient(422), AnEntry),
    (Verb::Get,   "/patients/{id}/immunizations/{immunization}", CLINIC, CARERS, Nothing, AnEntry),
    (Verb::Post,  "/patients/{id}/immunizations/{immunization}", CLINIC, CARERS, Nothing, AnEntry),
    (Verb::Get,   "/patients/{id}/measurements/{measurement}", CLINIC, CARERS, Nothing, AnEntry),
    (Verb::Post,  "/patients/{id}/measurements/{measurement}", CLINIC, CARERS, Nothing, AnEntry),
    (Verb::Get,   "/patients/{id}/results/reports/{report}/files/{file}", CLINIC, CARERS, Nothing, AnEntry),
    (Verb::Get,   "/patients/{id}/results/reports/{report}/remove", CLINIC, CARERS, Nothing, AnEntry),
    (Verb::Post,  "/patients/{id}/results/reports/{report}/remove", CLINIC, CARERS, Nothing, AnEntry),
    (Verb::Get,   "/patients/{id}/measurements/new", CLINIC, CARERS, APatient, AnEntry),
    (Verb::Post,  "/patients/{id}/measurements/new", CLINIC, CARERS, OfAPatient(422), AnEntry),
    (Verb::Get,   "/patients/{id}/notes", CLINIC, CARERS, APatient, AnEntry),
    (Verb::Post,  "/patients/{id}/notes", CLINIC, CARERS, OfAPatient(303), AnEntry),
    (Verb::Get,   "/patients/{id}/notes/{note}", CLINIC, CARERS, Nothing, AnEntry),
    (Verb::Post,  "/patients/{id}/notes/{note}", CLINIC, CARERS, Nothing, AnEntry),
    (Verb::Post,  "/patients/{id}/notes/{note}/addenda", CLINIC, CARERS, Nothing, AnEntry),
    (Verb::Get,   "/phrases", CLINIC, CARERS, Plain(200), NoEntry),
    (Verb::Post,  "/phrases", CLINIC, CARERS, Plain(422), NoEntry),
    (Verb::Get,   "/patients/{id}/results/new", CLINIC, CARERS, APatient, AnEntry),
    (Verb::Post,  "/patients/{id}/results/new", CLINIC, CARERS, OfAPatient(422), AnEntry),
    (Verb::Get,   "/patients/{id}/results/import", CLINIC, CARERS, APatient, AnEntry),
    (Verb::Post,  "/patients/{id}/results/import", CLINIC, CARERS, OfAPatient(422), AnEntry),
    (Verb::Get,   "/patients/{id}/results/reports/{report}", CLINIC, CARERS, Nothing, AnEntry),
    (Verb::Post,  "/patients/{id}/results/reports/{report}", CLINIC, CARERS, Nothing, AnEntry),
    (Verb::Get,   "/patients/{id}/search", CLINIC, CARERS, APatient, AnEntry),
    (Verb::Get,   "/patients/{id}/trends", CLINIC, CARERS, APatient, AnEntry),
    (Verb::Get,   "/patients/{id}/emergency", CLINIC, CARERS, APatient, AnEntry),
    (Verb::Post,  "/patients/{id}/emergency", CLINIC, CARERS, OfAPatient(422), AnEntry),
    (Verb::Post,  "/patients/{id}/emergency/end", CLINIC, CARERS, OfAPatient(303), AnEntry),
    (Verb::Get,  "/account",                           BOTH,    PEOPLE,    Plain(200), NoEntry),
    (Verb::Post, "/account/password",                  BOTH,    PEOPLE,    Plain(422), NoEntry),
    (Verb::Post, "/account/sessions/end-others",       BOTH,    PEOPLE,    Plain(303), NoEntry),
    (Verb::Post, "/account/sessions/{id}/end",         BOTH,    PEOPLE,    Nothing, NoEntry),
    (Verb::Post, "/account/language",                  BOTH,    MY,        Plain(303), NoEntry),
    (Verb::Get,  "/account/mail",                      BOTH,    MY,        Plain(200), AnEntry),
    (Verb::Post, "/account/mail",                      BOTH,    MY,        Plain(303), NoEntry),
    (Verb::Post, "/drafts",                            BOTH,    PEOPLE,    Plain(400), NoEntry),
    (Verb::Post, "/drafts/discard",                    BOTH,    PEOPLE,    Plain(303), NoEntry),
    (Verb::Get,  "/notices",                           BOTH,    PEOPLE,    Plain(200), NoEntry),
    (Verb::Post, "/notices/read",                      BOTH,    PEOPLE,    Plain(303), NoEntry),
    (Verb::Get,  "/notices/{number}",                  BOTH,    PEOPLE,    Filled("/notices/1", 404), NoEntry),
    (Verb::Get,  "/live",                              BOTH,    PEOPLE,    Plain(400), NoEntry),
    (Verb::Get,  "/my",                                BOTH,    MY,        Plain(200), AnEntry),
    (Verb::Get,  "/my/results",                        BOTH,    MY,        Plain(200), AnEntry),
    (Verb::Get,  "/my/results/{key}",                  BOTH,    MY,        Nothing, AnEntry),
    (Verb::Get,  "/my/results/reports/{id}",           BOTH,    MY,        Nothing, AnEntry),
    (Verb::Get,  "/my/results/reports/{id}/files/{file}", BOTH, MY,        Nothing, AnEntry),
    (Verb::Get,  "/my/medicines",                      BOTH,    MY,        Plain(200), AnEntry),
    (Verb::Get,  "/my/medicines/{id}",                 BOTH,    MY,        Nothing, AnEntry),
    (Verb::Post, "/my/medicines/{id}/refill",          BOTH,    MY,        Nothing, AnEntry),
    (Verb::Post, "/my/medicines/{id}/taking",          BOTH,    MY,        Nothing, AnEntry),
    (Verb::Get,  "/verify/{token}",                    BOTH,    ANYONE,    Filled("/verify/none", 404), NoEntry),
    (Verb::Get,  "/my/allergies",                      BOTH,    MY,        Plain(200), AnEntry),
    (Verb::Get,  "/my/problems",                       BOTH,    MY,        Plain(200), AnEntry),
    (Verb::Get,  "/my/visits",                         BOTH,    MY,        Plain(200), AnEntry),
    (Verb::Get,  "/my/visits/book",                    BOTH,    MY,        Plain(200), AnEntry),
    (Verb::Post, "/my/visits/book",                    BOTH,    MY,        Nothing, AnEntry),
    (Verb::Get,  "/my/visits/{id}/form",               BOTH,    MY,        Nothing, AnEntry),
    (Verb::Post, "/my/visits/{id}/form",               BOTH,    MY,        Nothing, AnEntry),
    (Verb::Get,  "/my/visits/{id}/form/sent",          BOTH,    MY,        Nothing, AnEntry),
    (Verb::Get,  "/my/visits/wait",                    BOTH,    MY,        Plain(303), AnEntry),
    (Verb::Post, "/my/visits/wait",                    BOTH,    MY,        Nothing, AnEntry),
    (Verb::Post, "/my/visits/{id}/decline",            BOTH,    MY,        Nothing, AnEntry),
    (Verb::Get,  "/my/visits/{id}",                    BOTH,    MY,        Nothing, AnEntry),
    (Verb::Post, "/my/visits/{id}/cancel",             BOTH,    MY,        Nothing, AnEntry),
    (Verb::Post, "/my/visits/{id}/accept",             BOTH,    MY,        Nothing, AnEntry),
    (Verb::Get,  "/my/visits/{id}/change",             BOTH,    MY,        Nothing, AnEntry),
    (Verb::Post, "/my/visits/{id}/change",             BOTH,    MY,        Nothing, AnEntry),
    (Verb::Get,  "/my/visits/{id}/visit.ics",          BOTH,    MY,        Nothing, AnEntry),
    (Verb::Get,  "/my/messages",                       BOTH,    MY,        Plain(200), AnEntry),
    (Verb::Get,  "/my/messages/new",                   BOTH,    MY,        Plain(200), AnEntry),
    (Verb::Post, "/my/messages/new",                   BOTH,    MY,        Plain(400), NoEntry),
    (Verb::Get,  "/my/messages/{id}",                  BOTH,    MY,        Nothing, AnEntry),
    (Verb::Post, "/my/messages/{id}",                  BOTH,    MY,        Nothing, AnEntry),
    (Verb::Post, "/my/messages/{id}/file",             BOTH,    MY,        Plain(400), NoEntry),
    (Verb::Get,  "/my/immunizations",                  BOTH,    MY,        Plain(200), AnEntry),
    (Verb::Get,  "/my/documents",                      BOTH,    MY,        Plain(200), AnEntry),
    (Verb::Post, "/my/documents/{id}/withdraw",        BOTH,    MY,        Nothing, AnEntry),
    (Verb::Get,  "/my/measurements",                   BOTH,    MY,        Plain(200), AnEntry),
    (Verb::Post, "/my/measurements/{id}/withdraw",     BOTH,    MY,        Nothing, AnEntry),
    (Verb::Post, "/my/requests/{id}/withdraw",         BOTH,    MY,        Nothing, AnEntry),
    (Verb::Get,  "/my/documents/new",                  BOTH,    MY,        Plain(200), NoEntry),
    (Verb::Post, "/my/documents/new",                  BOTH,    MY,        Plain(400), NoEntry),
    (Verb::Get,  "/my/documents/{id}/about",           BOTH,    MY,        Nothing, AnEntry),
    (Verb::Get,  "/my/documents/{id}",                 BOTH,    MY,        Nothing, AnEntry),
    (Verb::Get,  "/my/measurements/new",               BOTH,    MY,        Plain(200), NoEntry),
    (Verb::Post, "/my/measurements/new",               BOTH,    MY,        Nothing, NoEntry),
    (Verb::Get,  "/my/history/new",                    BOTH,    MY,        Plain(200), NoEntry),
    (Verb::Post, "/my/history/new",                    BOTH,    MY,        Plain(422), NoEntry),
    (Verb::Get,  "/my/summary",                        BOTH,    MY,        Plain(200), AnEntry),
    (Verb::Get,  "/my/share",                          BOTH,    SELF,      Plain(200), NoEntry),
    (Verb::Post, "/my/share",                          BOTH,    SELF,      Plain(422), NoEntry),
    (Verb::Post, "/my/share/{id}/end",                 BOTH,    SELF,      Nothing, NoEntry),
    (Verb::Get,  "/my/people",                         BOTH,    SELF,      Plain(200), AnEntry),
    (Verb::Get,  "/my/people/new",                     BOTH,    SELF,      Plain(200), NoEntry),
    (Verb::Post, "/my/people/new",                     BOTH,    SELF,      Plain(422), NoEntry),
    (Verb::Post, "/my/people/{id}/end",                BOTH,    SELF,      Nothing, AnEntry),
    (Verb::Get,  "/my/consents",                       BOTH,    SELF,      Plain(200), AnEntry),
    (Verb::Post, "/my/consents/{seal}",                BOTH,    SELF,      Nothing, NoEntry),
    (Verb::Post, "/my/consents/other/{id}/end",        BOTH,    SELF,      Nothing, AnEntry),
    (Verb::Get,  "/my/acting",                         BOTH,    MY,        Plain(200), AnEntry),
    (Verb::Post, "/my/acting",                         BOTH,    MY,        Nothing, NoEntry),
    (Verb::Post, "/my/acting/end",                     BOTH,    MY,        Nothing, NoEntry),
    (Verb::Post, "/my/acting/code",                    BOTH,    MY,        Plain(422), AnEntry),
    (Verb::Get,  "/my/app",                            BOTH,    MY,        Plain(200), NoEntry),
    (Verb::Get,  "/shared",                            BOTH,    ANYONE,    Plain(200), NoEntry),
    (Verb::Get,  "/shared/summary",                    BOTH,    ANYONE,    Plain(303), NoEntry),
    (Verb::Post, "/shared/summary",                    BOTH,    ANYONE,    Plain(422), NoEntry),
    (Verb::Get,  "/proxy-invitation",                  BOTH,    ANYONE,    Plain(200), NoEntry),
    (Verb::Post, "/proxy-invitation",                  BOTH,    ANYONE,    Plain(422), NoEntry),
    (Verb::Get,  "/app.webmanifest",                   BOTH,    ANYONE,    Plain(200), NoEntry),
    (Verb::Get,  "/sw.js",                             BOTH,    ANYONE,    Plain(200), NoEntry),
    (Verb::Get,  "/offline",                           BOTH,    ANYONE,    Plain(200), NoEntry),
    (Verb::Get,  "/my/requests",                       BOTH,    MY,        Plain(200), AnEntry),
    (Verb::Get,  "/my/requests/new",                   BOTH,    MY,        Filled("/my/requests/new?kind=correction", 200), NoEntry),
    (Verb::Post, "/my/requests/new",                   BOTH,    MY,        Nothing, NoEntry),
    (Verb::Get,  "/my/requests/{id}",                  BOTH,    MY,        Nothing, AnEntry),
    (Verb::Get,  "/my/requests/{id}/accounting.csv",   BOTH,    MY,        Nothing, AnEntry),
    (Verb::Get,  "/my/requests/{id}/copy.zip",         BOTH,    MY,        Nothing, AnEntry),
    (Verb::Get,  "/my/who-looked",                     BOTH,    MY,        Plain(200), AnEntry),
    (Verb::Get,  "/my/who-looked.csv",                 BOTH,    MY,        Plain(200), AnEntry),
    (Verb::Get,  "/bookings/new",                      CLINIC,  DESK,      Nothing, AnEntry),
    (Verb::Post, "/bookings/new",                      CLINIC,  DESK,      Nothing, AnEntry),
    (Verb::Get,  "/bookings/{id}",                     CLINIC,  DESK,      Nothing, AnEntry),
    (Verb::Post, "/bookings/{id}/state",               CLINIC,  DESK,      Nothing, AnEntry),
    (Verb::Post, "/bookings/{id}/move",                CLINIC,  DESK,      Nothing, AnEntry),
    (Verb::Get,  "/join",                              BOTH,    ANYONE,    Plain(200), NoEntry),
    (Verb::Post, "/join",                              BOTH,    ANYONE,    Plain(422), NoEntry),
    (Verb::Post, "/join/account",                      BOTH,    ANYONE,    Plain(422), NoEntry),
    (Verb::Get,  "/patients/{id}/invitation",          CLINIC,  DESK,      APatient, AnEntry),
    (Verb::Post, "/patients/{id}/invitation",          CLINIC,  DESK,      APatient, AnEntry),
    (Verb::Post, "/patients/{id}/invitation/revoke",   CLINIC,  DESK,      Filled("/patients/0198a3f2-0000-7000-8000-00000000abcd/invitation/revoke", 404), AnEntry),
    (Verb::Get,  "/visits/{id}/check-in",              CLINIC,  DESK,      Nothing, AnEntry),
    (Verb::Post, "/visits/{id}/check-in",              CLINIC,  DESK,      Nothing, AnEntry),
    (Verb::Get,  "/schedule",                          CLINIC,  DESK,      Plain(200), AnEntry),
    (Verb::Get,  "/schedule/blocks",                   CLINIC,  DESK,      Plain(200), AnEntry),
    (Verb::Post, "/schedule/blocks",                   CLINIC,  DESK,      Nothing, AnEntry),
    (Verb::Post, "/schedule/blocks/{id}/remove",       CLINIC,  DESK,      Nothing, AnEntry),
    (Verb::Get,  "/booking-requests",                  CLINIC,  DESK,      Plain(200), AnEntry),
    (Verb::Get,  "/waiting-list",                      CLINIC,  DESK,      Plain(200), AnEntry),
    (Verb::Get,  "/booking-requests/{id}",             CLINIC,  DESK,      Nothing, AnEntry),
    (Verb::Post, "/booking-requests/{id}",             CLINIC,  DESK,      Nothing, AnEntry),
    (Verb::Get,  "/settings",                          CLINIC,  KEEPERS,   Plain(200), AnEntry),
    (Verb::Get,  "/settings/clinic",                   CLINIC,  KEEPERS,   Plain(200), AnEntry),
    (Verb::Post, "/settings/clinic",                   CLINIC,  KEEPERS,   Plain(422), AnEntry),
    (Verb::Get,  "/settings/visit-types/{id}",         CLINIC,  KEEPERS,   Nothing, AnEntry),
    (Verb::Post, "/settings/visit-types/{id}",         CLINIC,  KEEPERS,   Nothing, AnEntry),
    (Verb::Get,  "/settings/topics/{id}",              CLINIC,  KEEPERS,   Nothing, AnEntry),
    (Verb::Post, "/settings/topics/{id}",              CLINIC,  KEEPERS,   Nothing, AnEntry),
    (Verb::Get,  "/settings/hours/{id}",               CLINIC,  KEEPERS,   Nothing, AnEntry),
    (Verb::Post, "/settings/hours/{id}",               CLINIC,  KEEPERS,   Nothing, AnEntry),
    (Verb::Get,  "/settings/away/{id}",                CLINIC,  KEEPERS,   Filled("/settings/away/clinic", 303), NoEntry),
    (Verb::Post, "/settings/away/{id}",                CLINIC,  KEEPERS,   Nothing, AnEntry),
    (Verb::Get,  "/requests",                          CLINIC,  ADMIN,     Plain(200), AnEntry),
    (Verb::Get,  "/requests/{id}",                     CLINIC,  ADMIN,     Nothing, AnEntry),
    (Verb::Post, "/requests/{id}",                     CLINIC,  ADMIN,     Nothing, AnEntry),
    (Verb::Get,  "/requests/{id}/copy.zip",            CLINIC,  ADMIN,     Nothing, AnEntry),
    (Verb::Get,  "/audit",                             CLINIC,  ADMIN,     Plain(200), AnEntry),
    (Verb::Post, "/audit/verify",                      CLINIC,  ADMIN,     Plain(200), AnEntry),
    (Verb::Get,  "/duplicates",                        CLINIC,  ADMIN,     Filled("/duplicates?q=a", 200), AnEntry),
    (Verb::Post, "/duplicates/merge",                  CLINIC,  ADMIN,     Nothing, NoEntry),
    (Verb::Get,  "/duplicates/suspected",              CLINIC,  ADMIN,     Plain(200), AnEntry),
    (Verb::Post, "/duplicates/suspected/apart",        CLINIC,  ADMIN,     Nothing, NoEntry),
    (Verb::Post, "/duplicates/suspected/back",         CLINIC,  ADMIN,     Nothing, NoEntry),
    (Verb::Post, "/duplicates/{id}/undo",              CLINIC,  ADMIN,     Nothing, NoEntry),
    (Verb::Get,   "/emergency-access", CLINIC, ADMIN, Plain(200), AnEntry),
    (Verb::Post,  "/emergency-access/{id}", CLINIC, ADMIN, Nothing, NoEntry),
    (Verb::Get,  "/approvals",                         CLINIC,  ADMIN,     Plain(200), NoEntry),
    (Verb::Post, "/approvals",                         CLINIC,  ADMIN,     Plain(422), NoEntry),
    (Verb::Post, "/approvals/exports/{id}/approve",    CLINIC,  ADMIN,     Nothing, NoEntry),
    (Verb::Post, "/approvals/exports/{id}/refuse",     CLINIC,  ADMIN,     Nothing, NoEntry),
    (Verb::Get,  "/formulary",                         CLINIC,  FORMULARY, Plain(200), NoEntry),
    (Verb::Get,  "/box",                               CLINIC,  OPERATORS, Plain(200), NoEntry),
    (Verb::Get,  "/box/keys",                          CLINIC,  OPERATORS, Plain(200), NoEntry),
    (Verb::Get,  "/box/keys/passphrase",               CLINIC,  OPERATORS, Plain(200), NoEntry),
    (Verb::Get,  "/box/mail",                          CLINIC,  OPERATORS, Plain(200), NoEntry),
    (Verb::Post, "/box/mail/test",                     CLINIC,  OPERATORS, Plain(422), NoEntry),
    (Verb::Post, "/box/keys/passphrase",               CLINIC,  OPERATORS, Plain(422), AnEntry),
    (Verb::Get,  "/box/keys/sheet",                    CLINIC,  OPERATORS, Plain(200), NoEntry),
    (Verb::Post, "/box/keys/sheet",                    CLINIC,  OPERATORS, Plain(422), AnEntry),
    (Verb::Get,  "/box/keys/{slot}",                   CLINIC,  OPERATORS, Nothing, NoEntry),
    (Verb::Post, "/box/keys/{slot}/confirm",           CLINIC,  OPERATORS, Nothing, NoEntry),
    (Verb::Post, "/box/keys/{slot}/remove",            CLINIC,  OPERATORS, Nothing, NoEntry),
    (Verb::Get,  "/box/accounts",                      CLINIC,  OPERATORS, Plain(200), AnEntry),
    (Verb::Get,  "/box/accounts/new",                  CLINIC,  OPERATORS, Plain(200), NoEntry),
    (Verb::Get,  "/box/backups",                       CLINIC,  OPERATORS, Plain(200), NoEntry),
    (Verb::Post, "/box/backups/run",                   CLINIC,  OPERATORS, Plain(422), NoEntry),
    (Verb::Post, "/box/backups/try",                   CLINIC,  OPERATORS, Plain(422), NoEntry),
    (Verb::Post, "/box/backups/drill",                 CLINIC,  OPERATORS, Plain(422), NoEntry),
    (Verb::Post, "/box/accounts/new",                  CLINIC,  OPERATORS, Plain(422), NoEntry),
    (Verb::Get,  "/box/accounts/{id}",                 CLINIC,  OPERATORS, Nothing, NoEntry),
    (Verb::Post, "/box/accounts/{id}/reset",           CLINIC,  OPERATORS, Nothing, NoEntry),
    (Verb::Post, "/box/accounts/{id}/end-sessions",    CLINIC,  OPERATORS, Nothing, NoEntry),
    (Verb::Post, "/box/accounts/{id}/disable",         CLINIC,  OPERATORS, Nothing, NoEntry),
    (Verb::Post, "/box/accounts/{id}/enable",          CLINIC,  OPERATORS, Nothing, NoEntry),
    (Verb::Get,  "/healthz",                           CLINIC,  ANYONE,    Plain(200), NoEntry),
    (Verb::Get,  "/healthz",                           OPS,     ANYONE,    Plain(200), NoEntry),
    (Verb::Get,  "/readyz",                            OPS,     ANYONE,    Plain(200), NoEntry),
    (Verb::Get,  "/metrics",                           OPS,     ANYONE,    Plain(200), NoEntry),
];

/// Addresses that are for people who are nobody yet, and send the others on: what anonymous gets.
const BEFORE_SIGN_IN: [(&str, u16); 2] = [("/sign-in", 200), ("/new-password", 303)];

// ---- FHIR ----

/// Whose the resource is. The sealed ones are the patient's and the proxy's charge's.
const TARGETS: [&str; 6] = ["own", "granted", "other", "sealed", "sealed-granted", "absent"];

/// The FHIR rows of the table, walked with an Observation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Fhir {
    /// Public.
    Metadata,
    Read,
    Update,
    Patch,
    Delete,
    Search,
    /// A search or history of everything: other types than Observation are found, too.
    Everything,
    /// `PUT`, `PATCH` or `DELETE` of what a search finds.
    Found,
    Create,
    Batch,
    /// About what came with the request or with the program, and no record: for whoever is signed in.
    OfNoRecord,
    /// Changes the labels of a resource: as an update, of what one may read.
    Meta,
    /// Reads a ValueSet of the record.
    ReadsValueSet,
    /// A whole copy of one patient's record, or what is made of the whole.
    Copy,
    /// Whole copies of everybody whom one may copy.
    Copies,
    /// What is made of a whole copy: who may have that may have this.
    Summary,
    /// The same of whom a number names that nobody has.
    SummaryOfNobody,
    /// The newest measurements of one patient.
    LastN,
    /// Begins a bulk export.
    Export,
    /// Asks about a bulk export, or ends it.
    OfAnExport,
}

impl Fhir {
    /// By [`copies`] and [`exports`].
    const fn is_walked_apart(self) -> bool {
        !matches!(
            self,
            Self::Metadata
                | Self::Read
                | Self::Update
                | Self::Patch
                | Self::Delete
                | Self::Search
                | Self::Everything
                | Self::Found
                | Self::Create
                | Self::Batch
                | Self::OfNoRecord
                | Self::ReadsValueSet
                | Self::Meta
        )
    }
}

#[rustfmt::skip]
const FHIR: &[(Verb, &str, Fhir)] = &[
    (Verb::Get,    "/fhir/metadata",                         Fhir::Metadata),
    (Verb::Post,   "/fhir",                                  Fhir::Batch),
    (Verb::Get,    "/fhir",                                  Fhir::Everything),
    (Verb::Post,   "/fhir/_search",                          Fhir::Everything),
    (Verb::Get,    "/fhir/_history",                         Fhir::Everything),
    (Verb::Get,    "/fhir/{kind}",                           Fhir::Search),
    (Verb::Post,   "/fhir/{kind}/_search",                   Fhir::Search),
    (Verb::Get,    "/fhir/{kind}/_history",                  Fhir::Search),
    (Verb::Put,    "/fhir/{kind}",                           Fhir::Found),
    (Verb::Patch,  "/fhir/{kind}",                           Fhir::Found),
    (Verb::Delete, "/fhir/{kind}",                           Fhir::Found),
    (Verb::Get,    "/fhir/{kind}/{id}/{inner}",              Fhir::Everything),
    (Verb::Post,   "/fhir/{kind}/{id}/{inner}/_search",      Fhir::Everything),
    (Verb::Post,   "/fhir/{kind}",                           Fhir::Create),
    (Verb::Get,    "/fhir/{kind}/{id}",                      Fhir::Read),
    (Verb::Get,    "/fhir/{kind}/{id}/_history",             Fhir::Read),
    (Verb::Get,    "/fhir/{kind}/{id}/_history/{version}",   Fhir::Read),
    (Verb::Put,    "/fhir/{kind}/{id}",                      Fhir::Update),
    (Verb::Patch,  "/fhir/{kind}/{id}",                      Fhir::Patch),
    (Verb::Delete, "/fhir/{kind}/{id}",                      Fhir::Delete),
    (Verb::Post,   "/fhir/{kind}/$validate",                 Fhir::OfNoRecord),
    (Verb::Get,    "/fhir/{kind}/{id}/$validate",            Fhir::Read),
    (Verb::Post,   "/fhir/{kind}/{id}/$validate",            Fhir::Read),
    (Verb::Get,    "/fhir/{kind}/{id}/$meta",                Fhir::Read),
    (Verb::Get,    "/fhir/$export",                          Fhir::Export),
    (Verb::Post,   "/fhir/$export",                          Fhir::Export),
    (Verb::Get,    "/fhir/{kind}/$export",                   Fhir::Export),
    (Verb::Post,   "/fhir/{kind}/$export",                   Fhir::Export),
    (Verb::Get,    "/fhir/{kind}/{id}/$export",              Fhir::Export),
    (Verb::Post,   "/fhir/{kind}/{id}/$export",              Fhir::Export),
    (Verb::Get,    "/fhir/$export-status/{job}",             Fhir::OfAnExport),
    (Verb::Get,    "/fhir/$export-file/{job}/{file}",        Fhir::OfAnExport),
    (Verb::Delete, "/fhir/$export-status/{job}",             Fhir::OfAnExport),
    (Verb::Post,   "/fhir/{kind}/{id}/$meta",                Fhir::Read),
    (Verb::Post,   "/fhir/{kind}/{id}/$meta-add",            Fhir::Meta),
    (Verb::Post,   "/fhir/{kind}/{id}/$meta-delete",         Fhir::Meta),
    (Verb::Get,    "/fhir/{kind}/$everything",               Fhir::Copies),
    (Verb::Post,   "/fhir/{kind}/$everything",               Fhir::Copies),
    (Verb::Get,    "/fhir/{kind}/{id}/$everything",          Fhir::Copy),
    (Verb::Post,   "/fhir/{kind}/{id}/$everything",          Fhir::Copy),
    (Verb::Get,    "/fhir/{kind}/$lastn",                    Fhir::LastN),
    (Verb::Post,   "/fhir/{kind}/$lastn",                    Fhir::LastN),
    (Verb::Get,    "/fhir/{kind}/$summary",                  Fhir::SummaryOfNobody),
    (Verb::Post,   "/fhir/{kind}/$summary",                  Fhir::SummaryOfNobody),
    (Verb::Get,    "/fhir/{kind}/{id}/$summary",             Fhir::Summary),
    (Verb::Post,   "/fhir/{kind}/{id}/$summary",             Fhir::Summary),
    (Verb::Get,    "/fhir/{kind}/$expand",                   Fhir::OfNoRecord),
    (Verb::Post,   "/fhir/{kind}/$expand",                   Fhir::OfNoRecord),
    (Verb::Get,    "/fhir/{kind}/{id}/$expand",              Fhir::ReadsValueSet),
    (Verb::Post,   "/fhir/{kind}/{id}/$expand",              Fhir::ReadsValueSet),
    (Verb::Get,    "/fhir/{kind}/$validate-code",            Fhir::OfNoRecord),
    (Verb::Post,   "/fhir/{kind}/$validate-code",            Fhir::OfNoRecord),
    (Verb::Get,    "/fhir/{kind}/{id}/$validate-code",       Fhir::ReadsValueSet),
    (Verb::Post,   "/fhir/{kind}/{id}/$validate-code",       Fhir::ReadsValueSet),
];

/// What who gets for an Observation that is own, granted, other, sealed, sealed-granted, absent.
#[rustfmt::skip]
const fn observation(act: Fhir, who: Who) -> [u16; 6] {
    match (act, who) {
        (_, Anonymous) => [401; 6],
        (_, Reception | HealthAdmin | Operator) => [403; 6],
        (Fhir::Read, Patient)                      => [200, 404, 404, 200, 404, 404],
        (Fhir::Read, Proxy)                        => [404, 200, 404, 404, 404, 404],
        (Fhir::Read, Clinician | Nurse | Service)  => [200, 200, 200, 404, 404, 404],
        // Patients add to their record; they do not write over it.
        (Fhir::Update | Fhir::Patch | Fhir::Delete, Patient | Proxy | Service) => [403; 6],
        // What one may not see is not there; what one sees and may not change is refused.
        (Fhir::Meta, Patient)                      => [403, 404, 404, 403, 404, 404],
        (Fhir::Meta, Proxy)                        => [404, 403, 404, 404, 404, 404],
        (Fhir::Meta, Service)                      => [403, 403, 403, 404, 404, 404],
        // To a person who would make one under an id of their own it is said that the server gives them, whatever is there.
        (Fhir::Update, _)                          => [200, 200, 200, 405, 405, 405],
        (Fhir::Patch | Fhir::Meta, _)              => [200, 200, 200, 404, 404, 404],
        // What is not there need not be deleted.
        (Fhir::Delete, _)                          => [204; 6],
        _ => [0; 6],
    }
}

/// What who gets for the Patient itself that is own, granted, other, absent. Nobody deletes one.
#[rustfmt::skip]
const fn person(act: Fhir, who: Who) -> [u16; 4] {
    match (act, who) {
        (_, Anonymous) => [401; 4],
        (_, Operator) | (Fhir::Delete, _) => [403; 4],
        (Fhir::Read, Patient) => [200, 404, 404, 404],
        (Fhir::Read, Proxy)   => [404, 200, 404, 404],
        _                     => [200, 200, 200, 404],
    }
}

/// What who gets for a whole copy of the own, the granted, the other and an absent patient: whoever reads the whole.
#[rustfmt::skip]
const fn copied(who: Who) -> [u16; 4] {
    match who {
        Anonymous => [401; 4],
        Reception | HealthAdmin | Operator => [403; 4],
        Patient => [200, 404, 404, 404],
        Proxy   => [404, 200, 404, 404],
        Clinician | Nurse | Service => [200, 200, 200, 404],
    }
}

/// What who gets for the copies of everybody: those whose own it is, and who may export.
const fn all_copied(who: Who) -> u16 {
    match who {
        Anonymous => 401,
        Patient | Proxy | Service => 200,
        _ => 403,
    }
}

/// What who gets for creating an Observation about the own, the granted, the other and an absent patient.
#[rustfmt::skip]
const fn created(who: Who) -> [u16; 4] {
    match who {
        Anonymous => [401; 4],
        Reception | HealthAdmin | Operator | Service => [403; 4],
        Patient => [201, 404, 404, 404],
        Proxy   => [404, 201, 404, 404],
        // The whole clinic's patients are in care; a reference to nobody is a rule broken.
        Clinician | Nurse => [201, 201, 201, 422],
    }
}

// ---- the walk ----

struct Walk {
    demo: Demo,
    callers: BTreeMap<Who, Caller>,
    accounts: BTreeMap<Who, String>,
    /// Brings the fixtures in: `system/*.cruds`.
    writer: Caller,
    /// Own, granted, other.
    patients: [String; 3],
    wrong: Vec<String>,
}

impl Walk {
    fn start() -> Self {
        let demo = Demo::start();
        let writer = demo.service("writer", "system/*.cruds");
        let mut callers = BTreeMap::new();
        let mut accounts = BTreeMap::new();
        for who in Who::ALL {
            let caller = match who {
                Anonymous => demo.anonymous("clinic"),
                Service => demo.service("reader", "system/*.rs"),
                _ => demo.signed_in("clinic", who.user()),
            };
            callers.insert(who, caller);
            if who != Anonymous {
                accounts.insert(who, demo.account(who.user()));
            }
        }
        let (own, granted) = (demo.patient_of("patient"), demo.patient_of("proxy"));
        let found = parsed(&writer.get("/fhir/Patient?_count=50"));
        let mut ids = found["entry"].as_array().unwrap().iter().map(|entry| entry["resource"]["id"].as_str().unwrap());
        let other = ids.rfind(|id| *id != own && *id != granted).unwrap().to_owned();
        Self { demo, callers, accounts, writer, patients: [own, granted, other], wrong: Vec::new() }
    }

    fn expect(&mut self, what: std::fmt::Arguments<'_>, answer: &Answer, status: u16) {
        if answer.status != status {
            self.wrong.push(format!("{what}: {} instead of {status}", answer.status));
        }
    }

    /// An Observation of each target, and an id that is nobody's.
    fn fixtures(&self) -> [String; 6] {
        let [own, granted, other] = &self.patients;
        let make = |patient: &str, sealed| {
            let answer = self.writer.json("POST", "/fhir/Observation", &observation_of(patient, sealed));
            assert_eq!(answer.status, 201, "{}", answer.body);
            parsed(&answer)["id"].as_str().unwrap().to_owned()
        };
        [
            make(own, false),
            make(granted, false),
            make(other, false),
            make(own, true),
            make(granted, true),
            ABSENT.to_owned(),
        ]
    }

    /// The entries after `from` by account, and the newest.
    fn entries_after(&self, from: u64) -> (BTreeMap<String, usize>, u64) {
        let lines = self.lines_back_to(from);
        let newest = lines.iter().map(sequence).fold(from, u64::max);
        let mut counts = BTreeMap::new();
        for line in lines.iter().filter(|line| sequence(line) > from) {
            if let Some(account) = line["actor"]["account"].as_str() {
                *counts.entry(account.to_owned()).or_default() += 1;
            }
        }
        (counts, newest)
    }

    /// The newest lines of the log, as many as reach back to `from`: to print all of it after each step takes most of the time.
    fn lines_back_to(&self, from: u64) -> Vec<Value> {
        let mut limit = 100;
        loop {
            let lines = self.newest_lines(limit);
            if lines.len() < limit || lines.iter().any(|line| sequence(line) <= from) {
                return lines;
            }
            limit *= 10;
        }
    }

    fn newest_lines(&self, limit: usize) -> Vec<Value> {
        let list = self.demo.command(&["audit", "list", "--json", "--limit", &limit.to_string()]);
        let list: Value = serde_json::from_str(&list).unwrap();
        list["lines"].as_array().unwrap().clone()
    }

    /// Where the log ends now.
    fn mark(&self) -> u64 {
        sequence(&self.newest_lines(1)[0])
    }

    /// Every act that must leave an entry left one.
    fn check_entries(&mut self, what: &str, from: u64, acts: &BTreeMap<Who, usize>) -> u64 {
        let (counts, newest) = self.entries_after(from);
        for (who, acts) in acts.iter().filter(|(who, _)| **who != Anonymous) {
            let entries = counts.get(&self.accounts[who]).copied().unwrap_or(0);
            if entries < *acts {
                self.wrong.push(format!("{what} by {who:?}: {acts} acts left {entries} entries in the chain"));
            }
        }
        newest
    }
}

fn sequence(line: &Value) -> u64 {
    line["sequence"].as_u64().unwrap()
}

fn observation_of(patient: &str, sealed: bool) -> Value {
    let mut value = json!({
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "8867-4"}], "text": "Heart rate"},
        "subject": {"reference": format!("Patient/{patient}")},
        "effectiveDateTime": "2026-03-03T09:00:00Z",
        "valueQuantity": {"value": 72, "unit": "/min", "system": "http://unitsofmeasure.org", "code": "/min"},
    });
    if sealed {
        let label = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality";
        value["meta"] = json!({"security": [{"system": label, "code": "R"}]});
    }
    value
}

fn parsed(answer: &Answer) -> Value {
    serde_json::from_str(&answer.body).unwrap_or_else(|_| panic!("{}: {}", answer.status, answer.body))
}

#[test]
fn every_route_has_its_expectation_and_every_expectation_its_route() {
    for route in TABLE {
        let pages = PAGES.iter().any(|row| row.0 == route.verb && row.1 == route.path && row.2 == route.on);
        let fhir = FHIR.iter().any(|row| row.0 == route.verb && row.1 == route.path);
        assert!(
            pages || fhir,
            "{} {}: add a row to tests/box/access.rs that says who gets what",
            route.verb.name(),
            route.path
        );
    }
    for (verb, path) in PAGES.iter().map(|row| (row.0, row.1)).chain(FHIR.iter().map(|row| (row.0, row.1))) {
        assert!(TABLE.iter().any(|route| route.verb == verb && route.path == path), "{} {path}", verb.name());
    }
}

#[test]
fn nobody_gets_more_or_less_than_the_rules_say() {
    let mut walk = Walk::start();
    fhir_instances(&mut walk);
    fhir_types(&mut walk);
    people(&mut walk);
    copies(&mut walk);
    exports(&mut walk);
    pages(&mut walk);
    portal(&mut walk);
    assert!(walk.wrong.is_empty(), "{}", walk.wrong.join("\n"));
}

/// Read, vread, history, update and delete of an Observation.
fn fhir_instances(walk: &mut Walk) {
    let mut mark = walk.mark();
    let fixtures = walk.fixtures();
    for (verb, path, act) in
        FHIR.iter().filter(|row| row.1.contains("{id}") && !row.2.is_walked_apart() && row.2 != Fhir::Everything)
    {
        let mut acts = BTreeMap::new();
        for who in Who::ALL {
            if *act == Fhir::ReadsValueSet {
                // As a read of it does.
                let caller = &walk.callers[&who];
                let address = path.replace("{kind}", "ValueSet").replace("{id}", ABSENT);
                let answer = caller.ask(verb.name(), &format!("{address}?code=a"), &[], "");
                let read = caller.get(&format!("/fhir/ValueSet/{ABSENT}"));
                let status = if who == Anonymous { 401 } else { read.status };
                walk.expect(format_args!("{} {path} by {who:?}", verb.name()), &answer, status);
                if !matches!(answer.status, 401 | 403 | 404) {
                    walk.wrong.push(format!("{} {path} by {who:?}: {}", verb.name(), answer.status));
                }
                *acts.entry(who).or_default() += 2 * usize::from(answer.status != 401);
                continue;
            }
            // Who deletes them needs new ones.
            let deletes = observation(*act, who).contains(&204);
            let ids = if deletes { walk.fixtures() } else { fixtures.clone() };
            let mut invisible: Option<(Answer, &str)> = None;
            for (place, target) in TARGETS.iter().enumerate() {
                let address = path.replace("{kind}", "Observation").replace("{id}", &ids[place]);
                let address = address.replace("{version}", "1");
                let of = &walk.patients[place % 3];
                let mut body = observation_of(of, target.starts_with("sealed"));
                body["id"] = json!(ids[place]);
                let caller = &walk.callers[&who];
                let answer = match act {
                    Fhir::Update => caller.json("PUT", &address, &body),
                    Fhir::Meta => caller.json(
                        "POST",
                        &address,
                        &json!({"resourceType": "Parameters", "parameter": [
                        {"name": "meta", "valueMeta": {"tag": [{"system": "urn:t", "code": "walked"}]}}]}),
                    ),
                    Fhir::Patch => caller.ask("PATCH", &address, &[("content-type", PATCH)], ONE_PATCH),
                    _ => caller.ask(verb.name(), &address, &[], ""),
                };
                let status = observation(*act, who)[place];
                walk.expect(format_args!("{} {path} by {who:?} of {target}", verb.name()), &answer, status);
                if answer.status != 401 {
                    *acts.entry(who).or_default() += 1;
                }
                if matches!(answer.status, 404 | 405) {
                    match &invisible {
                        Some((first, of)) if shown(first) != shown(&answer) => walk.wrong.push(format!(
                            "{} {path} by {who:?}: {target} and {of} differ: {} {}",
                            verb.name(),
                            first.body,
                            answer.body
                        )),
                        Some(_) => {}
                        None => invisible = Some((answer, target)),
                    }
                }
            }
        }
        mark = walk.check_entries(path, mark, &acts);
    }
    conditional(walk, &fixtures);
}

const PATCH: &str = "application/json-patch+json";
const ONE_PATCH: &str = r#"[{"op": "replace", "path": "/status", "value": "amended"}]"#;

/// A condition tells nothing of what one may not see: sealed and absent answer alike, whatever version is named.
fn conditional(walk: &mut Walk, fixtures: &[String; 6]) {
    for verb in ["PUT", "DELETE"] {
        let answers: Vec<Answer> = [(3, "1"), (3, "7"), (5, "1")]
            .iter()
            .map(|(place, version)| {
                let mut body = observation_of(&walk.patients[0], false);
                body["id"] = json!(fixtures[*place]);
                let headers = [("content-type", "application/fhir+json"), ("if-match", &format!("W/\"{version}\""))];
                let address = format!("/fhir/Observation/{}", fixtures[*place]);
                walk.callers[&Clinician].ask(verb, &address, &headers, &body.to_string())
            })
            .collect();
        for answer in &answers {
            if answer.status != 404 || shown(answer) != shown(&answers[2]) {
                walk.wrong.push(format!("{verb} with If-Match: {} {}", answer.status, answer.body));
            }
        }
    }
}

/// All of an answer but when it was made.
fn shown(answer: &Answer) -> (Vec<&(String, String)>, &str) {
    (answer.headers.iter().filter(|(name, _)| name != "date").collect(), &answer.body)
}

/// Search, create and batch.
fn fhir_types(walk: &mut Walk) {
    let mut mark = walk.mark();
    let fixtures = walk.fixtures();
    let query = format!("_id={}&_count=50", fixtures.join(","));
    let mut found_rows = Vec::new();
    for (verb, path, act) in
        FHIR.iter().filter(|row| !row.2.is_walked_apart() && (!row.1.contains("{id}") || row.2 == Fhir::Everything))
    {
        let mut acts = BTreeMap::new();
        for who in Who::ALL {
            let may = observation(Fhir::Read, who);
            let what = format!("{} {path} by {who:?}", verb.name());
            let caller = &walk.callers[&who];
            match act {
                Fhir::Metadata => {
                    let answer = caller.get(path);
                    walk.expect(format_args!("{what}"), &answer, 200);
                    continue;
                }
                Fhir::OfNoRecord => {
                    let address =
                        path.replace("{kind}", if path.ends_with("$validate") { "Observation" } else { "ValueSet" });
                    let set = "url=http://hl7.org/fhir/ValueSet/observation-status";
                    let answer = match (path.rsplit('$').next(), verb) {
                        (Some("validate"), _) => {
                            caller.json("POST", &address, &observation_of(&walk.patients[0], false))
                        }
                        (Some("expand"), verb) => caller.ask(verb.name(), &format!("{address}?{set}"), &[], ""),
                        (_, verb) => caller.ask(verb.name(), &format!("{address}?{set}&code=final"), &[], ""),
                    };
                    walk.expect(format_args!("{what}"), &answer, if who == Anonymous { 401 } else { 200 });
                    continue;
                }
                Fhir::Found => {
                    if who == Anonymous {
                        found_rows.push((*verb, *path));
                    }
                    continue;
                }
                Fhir::Search | Fhir::Everything => {
                    let address = path.replace("{kind}", "Observation").replace("{id}", &walk.patients[0]);
                    let address = match *path {
                        "/fhir/{kind}/{id}/{inner}" | "/fhir/{kind}/{id}/{inner}/_search" => path
                            .replace("{kind}", "Patient")
                            .replace("{id}", &walk.patients[0])
                            .replace("{inner}", "Observation"),
                        _ => address,
                    };
                    let history = path.ends_with("_history");
                    let asked = match (history, *path) {
                        (true, _) => "_count=1000".to_owned(),
                        (_, "/fhir" | "/fhir/_search") => format!("_type=Observation&{query}"),
                        _ => query.clone(),
                    };
                    let answer = match verb {
                        Verb::Get => caller.get(&format!("{address}?{asked}")),
                        _ => caller.form(&address, &asked),
                    };
                    // Everybody has some type of which they may see a history.
                    let never = may
                        .iter()
                        .find(|status| matches!(status, 401 | 403 if who == Anonymous || *path != "/fhir/_history"));
                    walk.expect(format_args!("{what}"), &answer, never.copied().unwrap_or(200));
                    if answer.status == 200 {
                        let found: Vec<bool> =
                            fixtures.iter().map(|id| answer.body.contains(&format!("Observation/{id}"))).collect();
                        // The searched ids stand in the self link; entries have the type before them.
                        let of_the_first = |place: usize| !path.contains("{inner}") || matches!(place, 0 | 3);
                        let readable: Vec<bool> = may
                            .iter()
                            .enumerate()
                            .map(|(place, status)| *status == 200 && of_the_first(place))
                            .collect();
                        if found != readable {
                            walk.wrong.push(format!("{what}: finds {found:?} where it reads {readable:?}"));
                        }
                    }
                    *acts.entry(who).or_default() += usize::from(answer.status != 401);
                }
                Fhir::Create => {
                    let absent = ABSENT.to_owned();
                    let of: Vec<String> = walk.patients.iter().chain([&absent]).cloned().collect();
                    for (place, patient) in of.iter().enumerate() {
                        let answer =
                            walk.callers[&who].json("POST", "/fhir/Observation", &observation_of(patient, false));
                        walk.expect(
                            format_args!("{what} of {}", ["own", "granted", "other", "absent"][place]),
                            &answer,
                            created(who)[place],
                        );
                        *acts.entry(who).or_default() += usize::from(answer.status != 401);
                    }
                }
                Fhir::Batch => {
                    let entries: Vec<Value> = fixtures
                        .iter()
                        .map(|id| json!({"request": {"method": "GET", "url": format!("Observation/{id}")}}))
                        .collect();
                    let bundle = json!({"resourceType": "Bundle", "type": "batch", "entry": entries});
                    let answer = caller.json("POST", "/fhir", &bundle);
                    walk.expect(format_args!("{what}"), &answer, if who == Anonymous { 401 } else { 200 });
                    if answer.status == 200 {
                        let body = parsed(&answer);
                        let statuses: Vec<u16> = (0..fixtures.len())
                            .map(|place| body["entry"][place]["response"]["status"].as_str().unwrap().parse().unwrap())
                            .collect();
                        if statuses != may {
                            walk.wrong.push(format!("{what}: {statuses:?} where a read gives {may:?}"));
                        }
                        *acts.entry(who).or_default() += fixtures.len();
                    }
                }
                _ => unreachable!("has an id"),
            }
        }
        mark = walk.check_entries(path, mark, &acts);
    }
    for (verb, path) in found_rows {
        mark = found(walk, verb, path, mark);
    }
}

/// What a search finds is changed as what is named is; what it may not find is not there.
fn found(walk: &mut Walk, verb: Verb, path: &str, mark: u64) -> u64 {
    let mut acts = BTreeMap::new();
    for who in Who::ALL {
        let ids = walk.fixtures();
        for (place, target) in TARGETS.iter().enumerate() {
            let address = format!("/fhir/Observation?_id={}", ids[place]);
            let mut body = observation_of(&walk.patients[place % 3], false);
            body["id"] = json!(ids[place]);
            let caller = &walk.callers[&who];
            let (answer, act) = match verb {
                Verb::Put => (caller.json("PUT", &address, &body), Fhir::Update),
                Verb::Patch => (caller.ask("PATCH", &address, &[("content-type", PATCH)], ONE_PATCH), Fhir::Patch),
                _ => (caller.ask("DELETE", &address, &[], ""), Fhir::Delete),
            };
            let status = observation(act, who)[place];
            walk.expect(format_args!("{} {path} by {who:?} of {target}", verb.name()), &answer, status);
            *acts.entry(who).or_default() += usize::from(answer.status != 401);
        }
        let sealed = walk.callers[&Patient].get(&format!("/fhir/Observation/{}", ids[3]));
        walk.expect(format_args!("the sealed one after {} {path} by {who:?}", verb.name()), &sealed, 200);
    }
    // The walk itself reads as the patient.
    acts.remove(&Patient);
    walk.check_entries(path, mark, &acts)
}

/// The patients themselves: the directory is the clinical staff's, reception's and the health administrator's.
fn people(walk: &mut Walk) {
    let mark = walk.mark();
    let mut acts = BTreeMap::new();
    let ids: Vec<String> = walk.patients.iter().cloned().chain([ABSENT.to_owned()]).collect();
    for who in Who::ALL {
        for (place, id) in ids.iter().enumerate() {
            for (method, act) in [("GET", Fhir::Read), ("DELETE", Fhir::Delete)] {
                let answer = walk.callers[&who].ask(method, &format!("/fhir/Patient/{id}"), &[], "");
                let status = person(act, who)[place];
                walk.expect(format_args!("{method} of Patient {place} by {who:?}"), &answer, status);
                *acts.entry(who).or_default() += usize::from(answer.status != 401);
            }
        }
    }
    walk.check_entries("/fhir/Patient/{id}", mark, &acts);
}

/// Whole copies: of nobody more than one may read, and nothing in them that one may not.
fn copies(walk: &mut Walk) {
    let mut mark = walk.mark();
    let fixtures = walk.fixtures();
    let ids: Vec<String> = walk.patients.iter().cloned().chain([ABSENT.to_owned()]).collect();
    for (verb, path, act) in FHIR.iter().filter(|row| matches!(row.2, Fhir::Copy | Fhir::Copies)) {
        let mut acts = BTreeMap::new();
        for who in Who::ALL {
            let may = observation(Fhir::Read, who);
            for (place, id) in ids.iter().enumerate().take(if *act == Fhir::Copy { 4 } else { 1 }) {
                let address = path.replace("{kind}", "Patient").replace("{id}", id);
                let address = format!("{address}?_type=Observation&_count=1000");
                let answer = walk.callers[&who].ask(verb.name(), &address, &[], "");
                let status = if *act == Fhir::Copy { copied(who)[place] } else { all_copied(who) };
                let what = format!("{} {path} of patient {place} by {who:?}", verb.name());
                walk.expect(format_args!("{what}"), &answer, status);
                *acts.entry(who).or_default() += usize::from(answer.status != 401);
                if answer.status != 200 {
                    continue;
                }
                for (fixture, id) in fixtures.iter().enumerate() {
                    let theirs = *act == Fhir::Copies || fixture % 3 == place;
                    let wanted = theirs && may[fixture] == 200;
                    if answer.body.contains(id.as_str()) != wanted {
                        walk.wrong.push(format!("{what}: {} is in it: {}", TARGETS[fixture], !wanted));
                    }
                }
            }
        }
        mark = walk.check_entries(path, mark, &acts);
    }
    summaries(walk, &fixtures);
}

/// A summary is for whoever may have the whole; the newest measurements are what a search finds.
fn summaries(walk: &mut Walk, fixtures: &[String; 6]) {
    let mut mark = walk.mark();
    let ids: Vec<String> = walk.patients.iter().cloned().chain([ABSENT.to_owned()]).collect();
    let wanted = [Fhir::Summary, Fhir::SummaryOfNobody, Fhir::LastN];
    for (verb, path, act) in FHIR.iter().filter(|row| wanted.contains(&row.2)) {
        let mut acts = BTreeMap::new();
        for who in Who::ALL {
            let places = if *act == Fhir::Summary { 4 } else { 1 };
            for (place, id) in ids.iter().enumerate().take(places) {
                let (address, status) = match act {
                    Fhir::LastN => {
                        let asked = format!("?patient={id}&code=8867-4&max=1000");
                        let status = match who {
                            Anonymous => 401,
                            Reception | HealthAdmin | Operator => 403,
                            _ => 200,
                        };
                        (format!("{}{asked}", path.replace("{kind}", "Observation")), status)
                    }
                    Fhir::Summary => (path.replace("{kind}", "Patient").replace("{id}", id), copied(who)[place]),
                    _ => {
                        let status = match who {
                            Anonymous => 401,
                            Operator => 403,
                            _ => 404,
                        };
                        (format!("{}?identifier=urn:none|none", path.replace("{kind}", "Patient")), status)
                    }
                };
                let answer = walk.callers[&who].ask(verb.name(), &address, &[], "");
                walk.expect(format_args!("{} {address} by {who:?}", verb.name()), &answer, status);
                *acts.entry(who).or_default() += usize::from(answer.status != 401);
                if *act == Fhir::LastN && answer.status == 200 {
                    let may = observation(Fhir::Read, who);
                    for (fixture, id) in fixtures.iter().enumerate() {
                        let wanted = fixture % 3 == 0 && may[fixture] == 200;
                        if answer.body.contains(id.as_str()) != wanted {
                            walk.wrong
                                .push(format!("{address} by {who:?}: {} is in it: {}", TARGETS[fixture], !wanted));
                        }
                    }
                }
            }
        }
        mark = walk.check_entries(path, mark, &acts);
    }
}

/// Exports are a service's that reads everything, and only who began one knows that it is there.
fn exports(walk: &mut Walk) {
    let mut mark = walk.mark();
    let patients: Vec<Value> =
        walk.patients.iter().map(|id| json!({"entity": {"reference": format!("Patient/{id}")}})).collect();
    let group = json!({"resourceType": "Group", "type": "person", "actual": true, "member": patients});
    let group = parsed(&walk.writer.json("POST", "/fhir/Group", &group))["id"].as_str().unwrap().to_owned();
    let mut begun = Vec::new();
    for (verb, path, _) in FHIR.iter().filter(|row| row.2 == Fhir::Export) {
        let mut acts = BTreeMap::new();
        for who in Who::ALL {
            for (id, there) in
                [(group.as_str(), 202), (ABSENT, 404)].iter().take(1 + usize::from(path.contains("{id}")))
            {
                let kind = if path.contains("{id}") { "Group" } else { "Patient" };
                let address = path.replace("{kind}", kind).replace("{id}", id);
                let answer = walk.callers[&who].ask(verb.name(), &address, &[("prefer", "respond-async")], "");
                let status = match who {
                    Anonymous => 401,
                    Service => *there,
                    _ => 403,
                };
                walk.expect(format_args!("{} {address} by {who:?}", verb.name()), &answer, status);
                *acts.entry(who).or_default() += usize::from(answer.status != 401);
                if let Some((_, job)) = answer.header("content-location").and_then(|at| at.rsplit_once('/')) {
                    begun.push(job.to_owned());
                }
            }
        }
        mark = walk.check_entries(path, mark, &acts);
        // Of one account only so many are open at a time.
        for job in &begun {
            let address = format!("/fhir/$export-status/{job}");
            while walk.callers[&Service].get(&address).status == 202 {
                std::thread::sleep(std::time::Duration::from_millis(200));
            }
        }
    }
    let job = &begun[0];
    for (verb, path, _) in FHIR.iter().filter(|row| row.2 == Fhir::OfAnExport) {
        for who in [Anonymous, Patient, Clinician, HealthAdmin, Operator, Service] {
            for (job, there) in [(job.as_str(), true), (ABSENT, false)] {
                let address = path.replace("{job}", job).replace("{file}", "Patient-1.ndjson");
                let answer = walk.callers[&who].ask(verb.name(), &address, &[], "");
                let status = match (who, there, verb) {
                    (Anonymous, ..) => 401,
                    (Service, true, Verb::Delete) => 202,
                    (Service, true, _) => 200,
                    _ => 404,
                };
                walk.expect(format_args!("{} {address} by {who:?}", verb.name()), &answer, status);
            }
            // The writer reads everything, too, and knows nothing of another's.
            let address = path.replace("{job}", job).replace("{file}", "Patient-1.ndjson");
            let answer = walk.writer.ask(verb.name(), &address, &[], "");
            walk.expect(format_args!("{} {address} by another service", verb.name()), &answer, 404);
        }
    }
}

/// Every page at its own listener.
fn pages(walk: &mut Walk) {
    let mut mark = walk.mark();
    for row in PAGES.iter().filter(|row| row.2.contains(&Entrance::Clinic) && row.1 != "/sign-out") {
        let (verb, path, _, audience, asks, leaves) = row;
        let mut acts = BTreeMap::new();
        for who in Who::ALL {
            for (address, good) in addresses(path, *asks, &walk.patients) {
                let answer = visit(&walk.callers[&who], *verb, &address);
                let status = page_status(path, audience, who, good);
                walk.expect(format_args!("{} {address} by {who:?}", verb.name()), &answer, status);
                let entry = answer.status == 403 || (*leaves == AnEntry && audience.contains(&who));
                *acts.entry(who).or_default() += usize::from(entry && who != Service);
            }
        }
        mark = walk.check_entries(path, mark, &acts);
    }
    for row in PAGES.iter().filter(|row| matches!(row.2, [Entrance::Welcome | Entrance::Ops])) {
        let caller = walk.demo.anonymous(row.2[0].name());
        for (address, good) in addresses(row.1, row.4, &walk.patients) {
            let answer = caller.get(&address);
            walk.expect(format_args!("{address} at {}", row.2[0].name()), &answer, good);
        }
    }
}

/// What is asked for a row, and the status for its audience.
fn addresses(path: &str, asks: Asks, patients: &[String; 3]) -> Vec<(String, u16)> {
    match asks {
        Plain(status) => vec![(path.to_owned(), status)],
        Filled(path, status) => vec![(path.to_owned(), status)],
        Nothing => {
            let named = [
                "document",
                "form",
                "key",
                "problem",
                "allergy",
                "immunization",
                "measurement",
                "note",
                "order",
                "report",
                "statement",
            ];
            let path = named.iter().fold(path.to_owned(), |path, name| path.replace(&format!("{{{name}}}"), ABSENT));
            let path = path.replace("{document}", ABSENT).replace("{prescription}", ABSENT).replace("{key}", ABSENT);
            let path = if path.starts_with("/patients") { path.replace("{id}", &patients[0]) } else { path };
            vec![(path.replace("{id}", ABSENT), 404)]
        }
        APatient | OfAPatient(_) => {
            let status = if let OfAPatient(status) = asks { status } else { 200 };
            let there = patients.iter().map(|id| (path.replace("{id}", id), status));
            there.chain([(path.replace("{id}", ABSENT), 404)]).collect()
        }
    }
}

fn visit(caller: &Caller, verb: Verb, address: &str) -> Answer {
    match verb {
        Verb::Get => caller.get(address),
        _ => caller.form(address, ""),
    }
}

/// A token is nobody on a page.
fn page_status(path: &str, audience: &[Who], who: Who, good: u16) -> u16 {
    let nobody = matches!(who, Anonymous | Service);
    match BEFORE_SIGN_IN.iter().find(|(before, _)| *before == path) {
        Some((_, status)) if nobody && audience == PEOPLE => *status,
        _ if audience.contains(&who) => good,
        _ if nobody => 401,
        _ => 403,
    }
}

/// The portal: the staff's addresses are not there, staff are nobody, patients have their own.
fn portal(walk: &mut Walk) {
    let patient = walk.demo.signed_in("portal", "patient");
    let stranger = walk.demo.anonymous("portal");
    let staff = walk.demo.anonymous("portal");
    staff.client.take_cookies_of(&walk.callers[&Clinician].client);
    for (verb, path, on, audience, asks, _) in PAGES.iter().filter(|row| row.2.contains(&Entrance::Clinic)) {
        if *path == "/sign-out" {
            continue;
        }
        let at_portal = on.contains(&Entrance::Portal);
        for (address, good) in addresses(path, *asks, &walk.patients) {
            for (caller, who) in [(&stranger, Anonymous), (&staff, Anonymous), (&patient, Patient)] {
                let answer = visit(caller, *verb, &address);
                let status = if at_portal { page_status(path, audience, who, good) } else { 404 };
                walk.expect(format_args!("{} {address} at the portal as {who:?}", verb.name()), &answer, status);
            }
        }
    }
    let fixtures = walk.fixtures();
    for (place, id) in fixtures.iter().enumerate() {
        let address = format!("/fhir/Observation/{id}");
        for (caller, who) in [(&stranger, Anonymous), (&staff, Anonymous), (&patient, Patient)] {
            let answer = caller.get(&address);
            walk.expect(
                format_args!("{address} at the portal as {who:?}"),
                &answer,
                observation(Fhir::Read, who)[place],
            );
        }
    }
    forms(walk, &patient);
}

/// By cookie an unsafe method needs both: our own origin, and the session's token.
fn forms(walk: &mut Walk, patient: &Caller) {
    let token = &patient.proof()[0].1;
    let json = ("content-type", "application/fhir+json");
    let body = observation_of(&walk.patients[0], false).to_string();
    for headers in [
        vec![json],
        vec![json, ("sec-fetch-site", "same-origin")],
        vec![json, ("sec-fetch-site", "cross-site"), ("x-csrf-token", token)],
        vec![json, ("origin", "https://bank.example"), ("x-csrf-token", token)],
        vec![json, ("sec-fetch-site", "same-origin"), ("x-csrf-token", "AAAA")],
    ] {
        let answer = patient.client.send("POST", "/fhir/Observation", &headers, &body);
        walk.expect(format_args!("a form with {headers:?}"), &answer, 403);
    }
    let whole = [json, ("sec-fetch-site", "same-origin"), ("x-csrf-token", token)];
    let answer = patient.client.send("POST", "/fhir/Observation", &whole, &body);
    walk.expect(format_args!("a form with everything"), &answer, 201);
    for (who, status) in [(Patient, 303), (Clinician, 303)] {
        let caller = walk.demo.signed_in("clinic", who.user());
        walk.expect(format_args!("{who:?} signs out"), &caller.form("/sign-out", ""), status);
        walk.expect(format_args!("{who:?} is out"), &caller.get("/account"), 401);
    }
}
