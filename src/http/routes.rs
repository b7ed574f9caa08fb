//! The one table of every address that the box answers: method, path, listeners, who, and the handler.
//!
//! The routers are built from this table and from nothing else, so no address can be answered without a
//! row that says for whom. An address without sign-in says [`Audience::Anyone`] in words. What a row lets
//! in is the first check only; what of a record one may see is `access`'s to say, in the handler.

use std::pin::Pin;
use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::extract::Request;
use axum::http::Uri;
use axum::response::Response;
use axum::routing::on;

use super::House;
use super::gate::{self, Door};
use super::respond::{Format, Refusal};
use crate::access::Listener;
use crate::base::Role;

/// Which listener a connection came in by (DESIGN §7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Entrance {
    /// HTTPS on the clinic's network: staff, patients, FHIR.
    Clinic,
    /// HTTPS that may be exposed: patients and proxies only.
    Portal,
    /// Plain HTTP: how to trust this box.
    Welcome,
    /// Loopback: metrics and health.
    Ops,
}

impl Entrance {
    pub const ALL: [Self; 4] = [Self::Clinic, Self::Portal, Self::Welcome, Self::Ops];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Clinic => "clinic",
            Self::Portal => "portal",
            Self::Welcome => "welcome",
            Self::Ops => "ops",
        }
    }

    pub const fn is_https(self) -> bool {
        matches!(self, Self::Clinic | Self::Portal)
    }

    /// The listener as sessions know it: only those where people sign in have one.
    pub const fn listener(self) -> Listener {
        match self {
            Self::Clinic => Listener::Clinic,
            Self::Portal => Listener::Portal,
            Self::Welcome | Self::Ops => Listener::None,
        }
    }
}

/// Only on the clinic's network.
pub const CLINIC: &[Entrance] = &[Entrance::Clinic];
/// Only at the portal.
pub const PORTAL: &[Entrance] = &[Entrance::Portal];
/// Wherever people sign in.
pub const BOTH: &[Entrance] = &[Entrance::Clinic, Entrance::Portal];
/// Only the plain welcome listener.
pub const WELCOME: &[Entrance] = &[Entrance::Welcome];
/// Only the loopback listener.
pub const OPS: &[Entrance] = &[Entrance::Ops];

/// Who may come in by a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Audience {
    /// Everybody, signed in or not.
    Anyone,
    /// Whoever is signed in, person or service.
    SignedIn,
    /// Signed in with one of these roles.
    Roles(&'static [Role]),
}

/// How sure the box has to be of who is asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Least {
    /// A password, or a token.
    Password,
    TwoFactors,
    /// A second factor shown within the last ten minutes.
    SteppedUp,
}

/// How much a route reads of a request's body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum BodyLimit {
    /// A form: 64 KiB.
    Form,
    /// One resource, or a form with long texts, of which each letter may be twelve bytes on the way: `limits.body_mib`.
    Resource,
    /// A bundle or a document: `limits.bundle_mib`.
    Bundle,
    /// A form with a file.
    Upload,
}

/// The methods that the box knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Verb {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

impl Verb {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// A handler at work.
type Handling = Pin<Box<dyn Future<Output = Response> + Send>>;

/// One row.
pub struct Route {
    pub verb: Verb,
    /// In axum's form, as in `/fhir/{kind}/{id}`. Logs and metrics carry this and never the path as asked.
    pub path: &'static str,
    pub on: &'static [Entrance],
    pub audience: Audience,
    pub least: Least,
    pub format: Format,
    pub body: BodyLimit,
    /// Asked for by a page, not by a person: it does not keep a session alive.
    pub by_itself: bool,
    handler: fn(Request, House) -> Handling,
}

impl Route {
    /// Use [`row!`](crate::http::routes) instead: it keeps the verb and the handler together.
    const fn new(
        verb: Verb,
        path: &'static str,
        on: &'static [Entrance],
        audience: Audience,
        format: Format,
        handler: fn(Request, House) -> Handling,
    ) -> Self {
        let body = match format {
            Format::Fhir => BodyLimit::Resource,
            _ => BodyLimit::Form,
        };
        Self { verb, path, on, audience, least: Least::Password, format, body, by_itself: false, handler }
    }

    /// Whether an address is one of this row's: any text stands for what is in braces.
    pub(super) fn fits(&self, address: &str) -> bool {
        let mut address = address.split('/');
        let goes_along =
            self.path.split('/').all(|one| address.next().is_some_and(|other| one == other || one.starts_with('{')));
        goes_along && address.next().is_none()
    }

    /// Takes larger bodies.
    pub const fn takes(mut self, body: BodyLimit) -> Self {
        self.body = body;
        self
    }

    /// Asked for by pages that wait.
    pub const fn by_itself(mut self) -> Self {
        self.by_itself = true;
        self
    }

    pub fn is_on(&self, entrance: Entrance) -> bool {
        self.on.contains(&entrance)
    }

    /// The handler's answer, for the gate.
    pub(super) fn handled(&self, request: Request, house: House) -> Handling {
        (self.handler)(request, house)
    }
}

/// `row!(Get "/path", BOTH, Audience::SignedIn, Format::Page => handler)`.
macro_rules! row {
    ($verb:ident $path:literal, $on:expr, $audience:expr, $format:expr => $handler:path) => {
        Route::new(Verb::$verb, $path, $on, $audience, $format, |request, house| {
            axum::handler::Handler::call($handler, request, house)
        })
    };
}

const fn filter(verb: Verb) -> axum::routing::MethodFilter {
    use axum::routing::MethodFilter;
    match verb {
        // HEAD is answered by the GET handler, without the body.
        Verb::Get => MethodFilter::GET.or(MethodFilter::HEAD),
        Verb::Post => MethodFilter::POST,
        Verb::Put => MethodFilter::PUT,
        Verb::Patch => MethodFilter::PATCH,
        Verb::Delete => MethodFilter::DELETE,
    }
}

/// Who sees charts.
const CARERS: Audience = Audience::Roles(&[Role::Clinician, Role::Nurse]);
/// Who prescribes, and answers who asks for it.
const PRESCRIBERS: Audience = Audience::Roles(&[Role::Clinician]);
/// Who sees which formulary is loaded.
const FORMULARY: Audience = Audience::Roles(&[Role::HealthAdmin, Role::Operator]);
/// Who works with patients: those who see charts, and reception.
const STAFF: Audience = Audience::Roles(&[Role::Clinician, Role::Nurse, Role::Reception]);
/// A record's own person, and who acts for them.
const MY: Audience = Audience::Roles(&[Role::Patient, Role::Proxy]);
/// A record's own person alone.
const SELF: Audience = Audience::Roles(&[Role::Patient]);
/// Who sits at the desk.
const DESK: Audience = Audience::Roles(&[Role::Reception]);
/// Who registers patients, and who looks after what they ask to have corrected.
const REGISTRARS: Audience = Audience::Roles(&[Role::Clinician, Role::Nurse, Role::Reception, Role::HealthAdmin]);
/// Who keeps what the clinic settles about itself.
const KEEPERS: Audience = Audience::Roles(&[Role::Reception, Role::HealthAdmin]);
/// Who answers for the access log.
const AUDIT: Audience = Audience::Roles(&[Role::HealthAdmin]);
/// Who looks after the box.
const OPERATOR: Audience = Audience::Roles(&[Role::Operator]);

/// The table.
pub static TABLE: &[Route] = &[
    row!(Get "/", WELCOME, Audience::Anyone, Format::Page => super::welcome::welcome),
    row!(Get "/ca.crt", WELCOME, Audience::Anyone, Format::Page => super::welcome::certificate),
    row!(Get "/box.mobileconfig", WELCOME, Audience::Anyone, Format::Page => super::welcome::profile),
    row!(Get "/static/{hash}/{*name}", WELCOME, Audience::Anyone, Format::Plain => super::files::file),
    row!(Get "/static/{hash}/{*name}", BOTH, Audience::Anyone, Format::Plain => super::files::file),
    row!(Get "/", BOTH, Audience::Anyone, Format::Page => super::sign_in::start),
    row!(Get "/sign-in", BOTH, Audience::Anyone, Format::Page => super::sign_in::form),
    row!(Post "/sign-in", BOTH, Audience::Anyone, Format::Page => super::sign_in::sign_in),
    row!(Post "/sign-out", BOTH, Audience::SignedIn, Format::Page => super::sign_in::sign_out),
    row!(Get "/signed-out", BOTH, Audience::Anyone, Format::Page => super::sign_in::signed_out),
    row!(Get "/today", CLINIC, STAFF, Format::Page => super::clinic::today::today),
    row!(Get "/inbox", CLINIC, STAFF, Format::Page => super::clinic::inbox::inbox),
    row!(Get "/messages/{id}", CLINIC, STAFF, Format::Page => super::clinic::messages::show),
    row!(Post "/messages/{id}", CLINIC, STAFF, Format::Page => super::clinic::messages::answer),
    row!(Post "/messages/{id}/file", CLINIC, CARERS, Format::Page => super::clinic::messages::attach)
        .takes(BodyLimit::Upload),
    row!(Post "/messages/{id}/take", CLINIC, STAFF, Format::Page => super::clinic::messages::take),
    row!(Post "/messages/{id}/close", CLINIC, STAFF, Format::Page => super::clinic::messages::close),
    row!(Get "/patients/{id}/messages", CLINIC, STAFF, Format::Page => super::clinic::messages::of_patient),
    row!(Get "/patients/{id}/messages/new", CLINIC, STAFF, Format::Page => super::clinic::messages::blank),
    row!(Post "/patients/{id}/messages/new", CLINIC, STAFF, Format::Page => super::clinic::messages::begin),
    row!(Get "/patients", CLINIC, STAFF, Format::Page => super::clinic::find::patients),
    row!(Get "/patients/find", CLINIC, STAFF, Format::Page => super::clinic::find::found),
    row!(Get "/patients/new", CLINIC, STAFF, Format::Page => super::clinic::register::form),
    row!(Post "/patients/new", CLINIC, STAFF, Format::Page => super::clinic::register::register),
    row!(Get "/patients/{id}", CLINIC, STAFF, Format::Page => super::clinic::chart::summary),
    row!(Get "/patients/{id}/correct", CLINIC, REGISTRARS, Format::Page => super::clinic::correct::form),
    row!(Post "/patients/{id}/correct", CLINIC, REGISTRARS, Format::Page => super::clinic::correct::correct),
    row!(Get "/patients/{id}/numbers", CLINIC, REGISTRARS, Format::Page => super::clinic::numbers::form),
    row!(Post "/patients/{id}/numbers", CLINIC, REGISTRARS, Format::Page => super::clinic::numbers::change),
    row!(Get "/patients/{id}/timeline", CLINIC, CARERS, Format::Page => super::clinic::chart::timeline),
    row!(Get "/patients/{id}/results", CLINIC, CARERS, Format::Page => super::clinic::chart::results),
    row!(Get "/patients/{id}/medicines", CLINIC, CARERS, Format::Page => super::clinic::medicines::show),
    row!(Get "/patients/{id}/prescribe", CLINIC, PRESCRIBERS, Format::Page => super::clinic::prescribe::form),
    row!(Post "/patients/{id}/prescribe", CLINIC, PRESCRIBERS, Format::Page => super::clinic::prescribe::send),
    row!(Get "/patients/{id}/prescribe/find", CLINIC, PRESCRIBERS, Format::Page => super::clinic::prescribe::found),
    row!(Get "/patients/{id}/prescriptions/{prescription}", CLINIC, CARERS, Format::Page => super::clinic::prescriptions::show),
    row!(Post "/patients/{id}/prescriptions/{prescription}/stop", CLINIC, PRESCRIBERS, Format::Page => super::clinic::prescriptions::stop),
    row!(Get "/patients/{id}/prescriptions/{prescription}/prescription.pdf", CLINIC, CARERS, Format::Page => super::clinic::prescriptions::pdf),
    row!(Get "/patients/{id}/prescriptions/{prescription}/sheet", CLINIC, CARERS, Format::Page => super::clinic::prescriptions::sheet),
    row!(Post "/patients/{id}/prescriptions/{prescription}/not-taken", CLINIC, CARERS, Format::Page => super::clinic::prescriptions::seen_not_taken),
    row!(Get "/refills/{id}", CLINIC, PRESCRIBERS, Format::Page => super::clinic::refills::show),
    row!(Post "/refills/{id}", CLINIC, PRESCRIBERS, Format::Page => super::clinic::refills::answer),
    row!(Get "/patients/{id}/problems", CLINIC, CARERS, Format::Page => super::clinic::chart::problems),
    row!(Get "/patients/{id}/allergies", CLINIC, CARERS, Format::Page => super::clinic::chart::allergies),
    row!(Get "/patients/{id}/measurements", CLINIC, CARERS, Format::Page => super::clinic::chart::measurements),
    row!(Get "/patients/{id}/immunizations", CLINIC, CARERS, Format::Page => super::clinic::chart::immunizations),
    row!(Get "/patients/{id}/visits", CLINIC, CARERS, Format::Page => super::clinic::chart::visits),
    row!(Get "/patients/{id}/forms", CLINIC, CARERS, Format::Page => super::clinic::returned::forms),
    row!(Post "/patients/{id}/forms/{form}/seen", CLINIC, CARERS, Format::Page => super::clinic::returned::seen),
    row!(Get "/patients/{id}/medicines/{statement}", CLINIC, CARERS, Format::Page => super::clinic::reported::show),
    row!(Post "/patients/{id}/medicines/{statement}", CLINIC, CARERS, Format::Page => super::clinic::reported::end),
    row!(Get "/patients/{id}/orders", CLINIC, CARERS, Format::Page => super::clinic::chart::orders),
    row!(Get "/patients/{id}/orders/{order}", CLINIC, CARERS, Format::Page => super::clinic::orders::show),
    row!(Post "/patients/{id}/orders/{order}", CLINIC, CARERS, Format::Page => super::clinic::orders::close),
    row!(Get "/patients/{id}/documents", CLINIC, CARERS, Format::Page => super::clinic::chart::documents),
    row!(Get "/patients/{id}/documents/{document}", CLINIC, CARERS, Format::Page => super::clinic::document::document),
    row!(Get "/patients/{id}/reported", CLINIC, CARERS, Format::Page => super::clinic::chart::reported),
    row!(Get "/patients/{id}/documents/{document}/file", CLINIC, CARERS, Format::Page => super::clinic::document::kept),
    row!(Post "/patients/{id}/documents/{document}/seen", CLINIC, CARERS, Format::Page => super::clinic::document::seen),
    row!(Get "/codes/{list}/find", CLINIC, CARERS, Format::Page => super::clinic::codes::found),
    row!(Get "/patients/{id}/problems/new", CLINIC, CARERS, Format::Page => super::clinic::entries::problem_blank),
    row!(Post "/patients/{id}/problems/new", CLINIC, CARERS, Format::Page => super::clinic::entries::problem_add),
    row!(Get "/patients/{id}/problems/{problem}", CLINIC, CARERS, Format::Page => super::clinic::entries::problem_show),
    row!(Post "/patients/{id}/problems/{problem}", CLINIC, CARERS, Format::Page => super::clinic::entries::problem_change),
    row!(Get "/patients/{id}/problems/{problem}/remove", CLINIC, CARERS, Format::Page => super::clinic::entries::problem_removal),
    row!(Post "/patients/{id}/problems/{problem}/remove", CLINIC, CARERS, Format::Page => super::clinic::entries::problem_remove),
    row!(Get "/patients/{id}/allergies/new", CLINIC, CARERS, Format::Page => super::clinic::entries::allergy_blank),
    row!(Post "/patients/{id}/allergies/new", CLINIC, CARERS, Format::Page => super::clinic::entries::allergy_add),
    row!(Get "/patients/{id}/allergies/{allergy}", CLINIC, CARERS, Format::Page => super::clinic::entries::allergy_show),
    row!(Post "/patients/{id}/allergies/{allergy}", CLINIC, CARERS, Format::Page => super::clinic::entries::allergy_remove),
    row!(Get "/patients/{id}/immunizations/new", CLINIC, CARERS, Format::Page => super::clinic::entries::immunization_blank),
    row!(Post "/patients/{id}/immunizations/new", CLINIC, CARERS, Format::Page => super::clinic::entries::immunization_add),
    row!(Get "/patients/{id}/immunizations/{immunization}", CLINIC, CARERS, Format::Page => super::clinic::entries::immunization_show),
    row!(Post "/patients/{id}/immunizations/{immunization}", CLINIC, CARERS, Format::Page => super::clinic::entries::immunization_remove),
    row!(Get "/patients/{id}/measurements/new", CLINIC, CARERS, Format::Page => super::clinic::entries::measurements_blank),
    row!(Post "/patients/{id}/measurements/new", CLINIC, CARERS, Format::Page => super::clinic::entries::measurements_add),
    row!(Get "/patients/{id}/measurements/{measurement}", CLINIC, CARERS, Format::Page => super::clinic::taken_back::measurement),
    row!(Post "/patients/{id}/measurements/{measurement}", CLINIC, CARERS, Format::Page => super::clinic::taken_back::measurement_back),
    row!(Get "/patients/{id}/notes", CLINIC, CARERS, Format::Page => super::clinic::notes::list),
    row!(Post "/patients/{id}/notes", CLINIC, CARERS, Format::Page => super::clinic::notes::begin),
    row!(Get "/patients/{id}/notes/{note}", CLINIC, CARERS, Format::Page => super::clinic::notes::show),
    row!(Post "/patients/{id}/notes/{note}", CLINIC, CARERS, Format::Page => super::clinic::notes::write)
        .takes(BodyLimit::Resource),
    row!(Post "/patients/{id}/notes/{note}/addenda", CLINIC, CARERS, Format::Page => super::clinic::notes::add)
        .takes(BodyLimit::Resource),
    row!(Get "/phrases", CLINIC, CARERS, Format::Page => super::clinic::phrases::list),
    row!(Post "/phrases", CLINIC, CARERS, Format::Page => super::clinic::phrases::change),
    row!(Get "/patients/{id}/results/new", CLINIC, CARERS, Format::Page => super::clinic::results::blank),
    row!(Post "/patients/{id}/results/new", CLINIC, CARERS, Format::Page => super::clinic::results::enter),
    row!(Get "/patients/{id}/results/import", CLINIC, CARERS, Format::Page => super::clinic::results::import_blank),
    row!(Post "/patients/{id}/results/import", CLINIC, CARERS, Format::Page => super::clinic::results::import)
        .takes(BodyLimit::Resource),
    row!(Get "/patients/{id}/results/reports/{report}", CLINIC, CARERS, Format::Page => super::clinic::results::show),
    row!(Post "/patients/{id}/results/reports/{report}", CLINIC, CARERS, Format::Page => super::clinic::results::settle),
    row!(Get "/patients/{id}/results/reports/{report}/files/{file}", CLINIC, CARERS, Format::Page => super::clinic::results::file),
    row!(Get "/patients/{id}/results/reports/{report}/remove", CLINIC, CARERS, Format::Page => super::clinic::taken_back::report),
    row!(Post "/patients/{id}/results/reports/{report}/remove", CLINIC, CARERS, Format::Page => super::clinic::taken_back::report_back),
    row!(Get "/patients/{id}/search", CLINIC, CARERS, Format::Page => super::clinic::search::search),
    row!(Get "/patients/{id}/trends", CLINIC, CARERS, Format::Page => super::clinic::search::trends),
    row!(Get "/patients/{id}/emergency", CLINIC, CARERS, Format::Page => super::clinic::emergency::ask),
    row!(Post "/patients/{id}/emergency", CLINIC, CARERS, Format::Page => super::clinic::emergency::declare),
    row!(Post "/patients/{id}/emergency/end", CLINIC, CARERS, Format::Page => super::clinic::emergency::end),
    row!(Get "/fhir/metadata", BOTH, Audience::Anyone, Format::Fhir => super::api::metadata),
    row!(Post "/fhir", BOTH, Audience::SignedIn, Format::Fhir => super::api::batch_or_transaction)
        .takes(BodyLimit::Bundle),
    row!(Get "/fhir", BOTH, Audience::SignedIn, Format::Fhir => super::api::look),
    row!(Get "/fhir/_history", BOTH, Audience::SignedIn, Format::Fhir => super::api::look),
    row!(Post "/fhir/_search", BOTH, Audience::SignedIn, Format::Fhir => super::api::search_all_by_form),
    row!(Get "/fhir/$export", CLINIC, Audience::SignedIn, Format::Fhir => super::api::export::system),
    row!(Post "/fhir/$export", CLINIC, Audience::SignedIn, Format::Fhir => super::api::export::system),
    row!(Get "/fhir/{kind}/$export", CLINIC, Audience::SignedIn, Format::Fhir => super::api::export::patients),
    row!(Post "/fhir/{kind}/$export", CLINIC, Audience::SignedIn, Format::Fhir => super::api::export::patients),
    row!(Get "/fhir/{kind}/{id}/$export", CLINIC, Audience::SignedIn, Format::Fhir => super::api::export::group),
    row!(Post "/fhir/{kind}/{id}/$export", CLINIC, Audience::SignedIn, Format::Fhir => super::api::export::group),
    row!(Get "/fhir/$export-status/{job}", CLINIC, Audience::SignedIn, Format::Fhir => super::api::export::status),
    row!(Delete "/fhir/$export-status/{job}", CLINIC, Audience::SignedIn, Format::Fhir => super::api::export::end),
    row!(Get "/fhir/$export-file/{job}/{file}", CLINIC, Audience::SignedIn, Format::Fhir => super::api::export::file),
    row!(Get "/fhir/{kind}", BOTH, Audience::SignedIn, Format::Fhir => super::api::look),
    row!(Post "/fhir/{kind}", BOTH, Audience::SignedIn, Format::Fhir => super::api::create),
    row!(Put "/fhir/{kind}", BOTH, Audience::SignedIn, Format::Fhir => super::api::update_found),
    row!(Patch "/fhir/{kind}", BOTH, Audience::SignedIn, Format::Fhir => super::api::patch_found),
    row!(Delete "/fhir/{kind}", BOTH, Audience::SignedIn, Format::Fhir => super::api::delete_found),
    row!(Post "/fhir/{kind}/_search", BOTH, Audience::SignedIn, Format::Fhir => super::api::search_by_form),
    row!(Get "/fhir/{kind}/_history", BOTH, Audience::SignedIn, Format::Fhir => super::api::look),
    row!(Get "/fhir/{kind}/{id}", BOTH, Audience::SignedIn, Format::Fhir => super::api::look),
    row!(Put "/fhir/{kind}/{id}", BOTH, Audience::SignedIn, Format::Fhir => super::api::update),
    row!(Patch "/fhir/{kind}/{id}", BOTH, Audience::SignedIn, Format::Fhir => super::api::patch),
    row!(Delete "/fhir/{kind}/{id}", BOTH, Audience::SignedIn, Format::Fhir => super::api::delete),
    row!(Get "/fhir/{kind}/{id}/_history", BOTH, Audience::SignedIn, Format::Fhir => super::api::look),
    row!(Get "/fhir/{kind}/{id}/_history/{version}", BOTH, Audience::SignedIn, Format::Fhir => super::api::look),
    row!(Post "/fhir/{kind}/$validate", BOTH, Audience::SignedIn, Format::Fhir => super::api::operation_of_type),
    row!(Get "/fhir/{kind}/{id}/$validate", BOTH, Audience::SignedIn, Format::Fhir => super::api::operation_of_instance),
    row!(Post "/fhir/{kind}/{id}/$validate", BOTH, Audience::SignedIn, Format::Fhir => super::api::operation_of_instance),
    row!(Get "/fhir/{kind}/{id}/$meta", BOTH, Audience::SignedIn, Format::Fhir => super::api::operation_of_instance),
    row!(Post "/fhir/{kind}/{id}/$meta", BOTH, Audience::SignedIn, Format::Fhir => super::api::operation_of_instance),
    row!(Post "/fhir/{kind}/{id}/$meta-add", BOTH, Audience::SignedIn, Format::Fhir => super::api::operation_of_instance),
    row!(Post "/fhir/{kind}/{id}/$meta-delete", BOTH, Audience::SignedIn, Format::Fhir => super::api::operation_of_instance),
    row!(Get "/fhir/{kind}/$everything", BOTH, Audience::SignedIn, Format::Fhir => super::api::look),
    row!(Post "/fhir/{kind}/$everything", BOTH, Audience::SignedIn, Format::Fhir => super::api::look_by_parameters),
    row!(Get "/fhir/{kind}/{id}/$everything", BOTH, Audience::SignedIn, Format::Fhir => super::api::look),
    row!(Post "/fhir/{kind}/{id}/$everything", BOTH, Audience::SignedIn, Format::Fhir => super::api::look_by_parameters),
    row!(Get "/fhir/{kind}/$lastn", BOTH, Audience::SignedIn, Format::Fhir => super::api::look),
    row!(Post "/fhir/{kind}/$lastn", BOTH, Audience::SignedIn, Format::Fhir => super::api::look_by_parameters),
    row!(Get "/fhir/{kind}/$summary", BOTH, Audience::SignedIn, Format::Fhir => super::api::operation_of_type),
    row!(Post "/fhir/{kind}/$summary", BOTH, Audience::SignedIn, Format::Fhir => super::api::operation_of_type),
    row!(Get "/fhir/{kind}/{id}/$summary", BOTH, Audience::SignedIn, Format::Fhir => super::api::operation_of_instance),
    row!(Post "/fhir/{kind}/{id}/$summary", BOTH, Audience::SignedIn, Format::Fhir => super::api::operation_of_instance),
    row!(Get "/fhir/{kind}/$expand", BOTH, Audience::SignedIn, Format::Fhir => super::api::operation_of_type),
    row!(Post "/fhir/{kind}/$expand", BOTH, Audience::SignedIn, Format::Fhir => super::api::operation_of_type),
    row!(Get "/fhir/{kind}/{id}/$expand", BOTH, Audience::SignedIn, Format::Fhir => super::api::operation_of_instance),
    row!(Post "/fhir/{kind}/{id}/$expand", BOTH, Audience::SignedIn, Format::Fhir => super::api::operation_of_instance),
    row!(Get "/fhir/{kind}/$validate-code", BOTH, Audience::SignedIn, Format::Fhir => super::api::operation_of_type),
    row!(Post "/fhir/{kind}/$validate-code", BOTH, Audience::SignedIn, Format::Fhir => super::api::operation_of_type),
    row!(Get "/fhir/{kind}/{id}/$validate-code", BOTH, Audience::SignedIn, Format::Fhir => super::api::operation_of_instance),
    row!(Post "/fhir/{kind}/{id}/$validate-code", BOTH, Audience::SignedIn, Format::Fhir => super::api::operation_of_instance),
    row!(Get "/fhir/{kind}/{id}/{inner}", BOTH, Audience::SignedIn, Format::Fhir => super::api::look),
    row!(Post "/fhir/{kind}/{id}/{inner}/_search", BOTH, Audience::SignedIn, Format::Fhir => super::api::search_compartment_by_form),
    row!(Get "/setup", CLINIC, Audience::Anyone, Format::Page => super::setup::code),
    row!(Post "/setup", CLINIC, Audience::Anyone, Format::Page => super::setup::check_code),
    row!(Get "/setup/accounts", CLINIC, Audience::Anyone, Format::Page => super::setup::accounts),
    row!(Post "/setup/accounts", CLINIC, Audience::Anyone, Format::Page => super::setup::check_accounts),
    row!(Get "/setup/check", CLINIC, Audience::Anyone, Format::Page => super::setup::check),
    row!(Post "/setup/check", CLINIC, Audience::Anyone, Format::Page => super::setup::make),
    row!(Get "/account", BOTH, Audience::SignedIn, Format::Page => super::account::account),
    row!(Post "/account/password", BOTH, Audience::SignedIn, Format::Page => super::account::password),
    row!(Post "/account/sessions/end-others", BOTH, Audience::SignedIn, Format::Page => super::account::end_others),
    row!(Post "/account/sessions/{id}/end", BOTH, Audience::SignedIn, Format::Page => super::account::end_session),
    row!(Post "/account/language", BOTH, MY, Format::Page => super::account::language),
    row!(Post "/drafts", BOTH, Audience::SignedIn, Format::Page => super::forms::keep)
        .by_itself()
        .takes(BodyLimit::Resource),
    row!(Get "/account/mail", BOTH, MY, Format::Page => super::mail_wishes::show),
    row!(Post "/account/mail", BOTH, MY, Format::Page => super::mail_wishes::save),
    row!(Post "/drafts/discard", BOTH, Audience::SignedIn, Format::Page => super::forms::discard),
    row!(Get "/notices", BOTH, Audience::SignedIn, Format::Page => super::notices::list),
    row!(Post "/notices/read", BOTH, Audience::SignedIn, Format::Page => super::notices::read_all),
    row!(Get "/notices/{number}", BOTH, Audience::SignedIn, Format::Page => super::notices::open),
    row!(Get "/live", BOTH, Audience::SignedIn, Format::Plain => super::live::live).by_itself(),
    // A session that waits for its new password is nobody's yet; the handlers look at it themselves.
    row!(Get "/new-password", BOTH, Audience::Anyone, Format::Page => super::account::new_password),
    row!(Post "/new-password", BOTH, Audience::Anyone, Format::Page => super::account::choose),
    row!(Get "/my", BOTH, MY, Format::Page => super::portal::home::home),
    row!(Get "/my/results", BOTH, MY, Format::Page => super::portal::record::results),
    row!(Get "/my/results/{key}", BOTH, MY, Format::Page => super::portal::record::result),
    row!(Get "/my/results/reports/{id}", BOTH, MY, Format::Page => super::portal::reports::report),
    row!(Get "/my/results/reports/{id}/files/{file}", BOTH, MY, Format::Page => super::portal::reports::file),
    row!(Get "/my/medicines", BOTH, MY, Format::Page => super::portal::medicines::list),
    row!(Get "/my/medicines/{id}", BOTH, MY, Format::Page => super::portal::medicines::show),
    row!(Post "/my/medicines/{id}/refill", BOTH, MY, Format::Page => super::portal::medicines::refill),
    row!(Post "/my/medicines/{id}/taking", BOTH, MY, Format::Page => super::portal::medicines::taking),
    row!(Get "/verify/{token}", BOTH, Audience::Anyone, Format::Page => super::verify::verify),
    row!(Get "/my/allergies", BOTH, MY, Format::Page => super::portal::record::allergies),
    row!(Get "/my/problems", BOTH, MY, Format::Page => super::portal::record::problems),
    row!(Get "/my/visits", BOTH, MY, Format::Page => super::portal::record::visits),
    row!(Get "/my/visits/book", BOTH, MY, Format::Page => super::portal::booking::book),
    row!(Post "/my/visits/book", BOTH, MY, Format::Page => super::portal::booking::make),
    row!(Get "/my/visits/{id}/form", BOTH, MY, Format::Page => super::portal::form::show),
    row!(Post "/my/visits/{id}/form", BOTH, MY, Format::Page => super::portal::form::send).takes(BodyLimit::Resource),
    row!(Get "/my/visits/{id}/form/sent", BOTH, MY, Format::Page => super::portal::form::read),
    row!(Get "/my/visits/wait", BOTH, MY, Format::Page => super::portal::wait::form),
    row!(Post "/my/visits/wait", BOTH, MY, Format::Page => super::portal::wait::join),
    row!(Post "/my/visits/{id}/decline", BOTH, MY, Format::Page => super::portal::wait::decline),
    row!(Get "/my/visits/{id}", BOTH, MY, Format::Page => super::portal::booking::show),
    row!(Post "/my/visits/{id}/cancel", BOTH, MY, Format::Page => super::portal::booking::cancel),
    row!(Post "/my/visits/{id}/accept", BOTH, MY, Format::Page => super::portal::booking::accept),
    row!(Get "/my/visits/{id}/change", BOTH, MY, Format::Page => super::portal::booking::choose_change),
    row!(Post "/my/visits/{id}/change", BOTH, MY, Format::Page => super::portal::booking::change),
    row!(Get "/my/visits/{id}/visit.ics", BOTH, MY, Format::Page => super::portal::booking::calendar),
    row!(Get "/my/messages", BOTH, MY, Format::Page => super::portal::messages::list),
    row!(Get "/my/messages/new", BOTH, MY, Format::Page => super::portal::message_new::blank),
    row!(Post "/my/messages/new", BOTH, MY, Format::Page => super::portal::message_new::send).takes(BodyLimit::Upload),
    row!(Get "/my/messages/{id}", BOTH, MY, Format::Page => super::portal::messages::show),
    row!(Post "/my/messages/{id}", BOTH, MY, Format::Page => super::portal::messages::reply),
    row!(Post "/my/messages/{id}/file", BOTH, MY, Format::Page => super::portal::message_files::attach)
        .takes(BodyLimit::Upload),
    row!(Get "/my/immunizations", BOTH, MY, Format::Page => super::portal::record::immunizations),
    row!(Get "/my/documents", BOTH, MY, Format::Page => super::portal::documents::documents),
    row!(Get "/my/documents/new", BOTH, MY, Format::Page => super::portal::uploads::blank),
    row!(Post "/my/documents/new", BOTH, MY, Format::Page => super::portal::uploads::take).takes(BodyLimit::Upload),
    row!(Post "/my/documents/{id}/withdraw", BOTH, MY, Format::Page => super::portal::uploads::withdraw),
    row!(Get "/my/measurements", BOTH, MY, Format::Page => super::portal::measurements::list),
    row!(Post "/my/measurements/{id}/withdraw", BOTH, MY, Format::Page => super::portal::measurements::withdraw),
    row!(Post "/my/requests/{id}/withdraw", BOTH, MY, Format::Page => super::portal::requests::withdraw),
    row!(Get "/my/documents/{id}/about", BOTH, MY, Format::Page => super::portal::uploads::about),
    row!(Get "/my/documents/{id}", BOTH, MY, Format::Page => super::portal::documents::document),
    row!(Get "/my/measurements/new", BOTH, MY, Format::Page => super::portal::measurements::blank),
    row!(Post "/my/measurements/new", BOTH, MY, Format::Page => super::portal::measurements::take),
    row!(Get "/my/history/new", BOTH, MY, Format::Page => super::portal::measurements::blank_history),
    row!(Post "/my/history/new", BOTH, MY, Format::Page => super::portal::measurements::take_history)
        .takes(BodyLimit::Resource),
    row!(Get "/my/summary", BOTH, MY, Format::Page => super::portal::share::summary),
    row!(Get "/my/share", BOTH, SELF, Format::Page => super::portal::share::list),
    row!(Post "/my/share", BOTH, SELF, Format::Page => super::portal::share::make),
    row!(Post "/my/share/{id}/end", BOTH, SELF, Format::Page => super::portal::share::end),
    row!(Get "/my/people", BOTH, SELF, Format::Page => super::portal::people::list),
    row!(Get "/my/people/new", BOTH, SELF, Format::Page => super::portal::people::blank),
    row!(Post "/my/people/new", BOTH, SELF, Format::Page => super::portal::people::grant),
    row!(Post "/my/people/{id}/end", BOTH, SELF, Format::Page => super::portal::people::revoke),
    row!(Get "/my/consents", BOTH, SELF, Format::Page => super::portal::people::consents),
    row!(Post "/my/consents/{seal}", BOTH, SELF, Format::Page => super::portal::people::turn),
    row!(Post "/my/consents/other/{id}/end", BOTH, SELF, Format::Page => super::portal::people::end_other),
    row!(Get "/my/acting", BOTH, MY, Format::Page => super::portal::acting::show),
    row!(Post "/my/acting", BOTH, MY, Format::Page => super::portal::acting::choose),
    row!(Post "/my/acting/end", BOTH, MY, Format::Page => super::portal::acting::end),
    row!(Post "/my/acting/code", BOTH, MY, Format::Page => super::portal::acting::add),
    row!(Get "/my/app", BOTH, MY, Format::Page => super::app::switch),
    row!(Get "/shared", BOTH, Audience::Anyone, Format::Page => super::shared::form),
    row!(Get "/shared/summary", BOTH, Audience::Anyone, Format::Page => super::shared::again),
    row!(Post "/shared/summary", BOTH, Audience::Anyone, Format::Page => super::shared::open),
    row!(Get "/proxy-invitation", BOTH, Audience::Anyone, Format::Page => super::invitation::form),
    row!(Post "/proxy-invitation", BOTH, Audience::Anyone, Format::Page => super::invitation::accept),
    row!(Get "/app.webmanifest", BOTH, Audience::Anyone, Format::Plain => super::app::manifest),
    row!(Get "/sw.js", BOTH, Audience::Anyone, Format::Plain => super::app::worker),
    row!(Get "/offline", BOTH, Audience::Anyone, Format::Page => super::app::offline),
    row!(Get "/my/requests", BOTH, MY, Format::Page => super::portal::requests::list),
    row!(Get "/my/requests/new", BOTH, MY, Format::Page => super::portal::requests::blank),
    row!(Post "/my/requests/new", BOTH, MY, Format::Page => super::portal::requests::make),
    row!(Get "/my/requests/{id}", BOTH, MY, Format::Page => super::portal::requests::show),
    row!(Get "/my/requests/{id}/accounting.csv", BOTH, MY, Format::Page => super::portal::requests::accounting),
    row!(Get "/my/requests/{id}/copy.zip", BOTH, MY, Format::Page => super::portal::copy::download),
    row!(Get "/my/who-looked", BOTH, MY, Format::Page => super::portal::looked::who_looked),
    row!(Get "/my/who-looked.csv", BOTH, MY, Format::Page => super::portal::looked::list),
    row!(Get "/bookings/new", CLINIC, DESK, Format::Page => super::clinic::bookings::blank),
    row!(Post "/bookings/new", CLINIC, DESK, Format::Page => super::clinic::bookings::make),
    row!(Get "/bookings/{id}", CLINIC, DESK, Format::Page => super::clinic::bookings::show),
    row!(Post "/bookings/{id}/state", CLINIC, DESK, Format::Page => super::clinic::bookings::set_state),
    row!(Post "/bookings/{id}/move", CLINIC, DESK, Format::Page => super::clinic::bookings::move_it),
    row!(Get "/join", BOTH, Audience::Anyone, Format::Page => super::open::join::form),
    row!(Post "/join", BOTH, Audience::Anyone, Format::Page => super::open::join::check),
    row!(Post "/join/account", BOTH, Audience::Anyone, Format::Page => super::open::join::make),
    row!(Get "/patients/{id}/invitation", CLINIC, DESK, Format::Page => super::clinic::invitation::show),
    row!(Post "/patients/{id}/invitation", CLINIC, DESK, Format::Page => super::clinic::invitation::make),
    row!(Post "/patients/{id}/invitation/revoke", CLINIC, DESK, Format::Page => super::clinic::invitation::revoke),
    row!(Get "/visits/{id}/check-in", CLINIC, DESK, Format::Page => super::clinic::check_in::form),
    row!(Post "/visits/{id}/check-in", CLINIC, DESK, Format::Page => super::clinic::check_in::check_in),
    row!(Get "/schedule", CLINIC, DESK, Format::Page => super::clinic::schedule::schedule),
    row!(Get "/schedule/blocks", CLINIC, DESK, Format::Page => super::clinic::schedule::blocks),
    row!(Post "/schedule/blocks", CLINIC, DESK, Format::Page => super::clinic::schedule::make_block),
    row!(Post "/schedule/blocks/{id}/remove", CLINIC, DESK, Format::Page => super::clinic::schedule::remove_block),
    row!(Get "/booking-requests", CLINIC, DESK, Format::Page => super::clinic::bookings::requests),
    row!(Get "/waiting-list", CLINIC, DESK, Format::Page => super::clinic::waiting_list::list),
    row!(Get "/booking-requests/{id}", CLINIC, DESK, Format::Page => super::clinic::bookings::request),
    row!(Post "/booking-requests/{id}", CLINIC, DESK, Format::Page => super::clinic::bookings::answer),
    row!(Get "/settings", CLINIC, KEEPERS, Format::Page => super::clinic::settings::settings),
    row!(Get "/settings/clinic", CLINIC, KEEPERS, Format::Page => super::clinic::settings::clinic),
    row!(Post "/settings/clinic", CLINIC, KEEPERS, Format::Page => super::clinic::settings::save_clinic),
    row!(Get "/settings/visit-types/{id}", CLINIC, KEEPERS, Format::Page => super::clinic::settings::visit_type),
    row!(Post "/settings/visit-types/{id}", CLINIC, KEEPERS, Format::Page => super::clinic::settings::save_visit_type),
    row!(Get "/settings/topics/{id}", CLINIC, KEEPERS, Format::Page => super::clinic::settings::topic),
    row!(Post "/settings/topics/{id}", CLINIC, KEEPERS, Format::Page => super::clinic::settings::save_topic),
    row!(Get "/settings/hours/{id}", CLINIC, KEEPERS, Format::Page => super::clinic::settings::hours),
    row!(Post "/settings/hours/{id}", CLINIC, KEEPERS, Format::Page => super::clinic::settings::save_hours),
    row!(Get "/settings/away/{id}", CLINIC, KEEPERS, Format::Page => super::clinic::settings::away),
    row!(Post "/settings/away/{id}", CLINIC, KEEPERS, Format::Page => super::clinic::settings::save_away),
    row!(Get "/requests", CLINIC, AUDIT, Format::Page => super::admin::requests::list),
    row!(Get "/requests/{id}", CLINIC, AUDIT, Format::Page => super::admin::requests::show),
    row!(Post "/requests/{id}", CLINIC, AUDIT, Format::Page => super::admin::requests::step),
    row!(Get "/requests/{id}/copy.zip", CLINIC, AUDIT, Format::Page => super::admin::requests::copy),
    row!(Get "/audit", CLINIC, AUDIT, Format::Page => super::admin::explorer::explorer),
    row!(Post "/audit/verify", CLINIC, AUDIT, Format::Page => super::admin::verification::verify),
    row!(Get "/duplicates", CLINIC, AUDIT, Format::Page => super::admin::duplicates::show),
    row!(Post "/duplicates/merge", CLINIC, AUDIT, Format::Page => super::admin::duplicates::join),
    row!(Get "/duplicates/suspected", CLINIC, AUDIT, Format::Page => super::admin::suspects::list),
    row!(Post "/duplicates/suspected/apart", CLINIC, AUDIT, Format::Page => super::admin::suspects::apart),
    row!(Post "/duplicates/suspected/back", CLINIC, AUDIT, Format::Page => super::admin::suspects::back),
    row!(Post "/duplicates/{id}/undo", CLINIC, AUDIT, Format::Page => super::admin::duplicates::undo),
    row!(Get "/emergency-access", CLINIC, AUDIT, Format::Page => super::admin::emergencies::emergencies),
    row!(Post "/emergency-access/{id}", CLINIC, AUDIT, Format::Page => super::admin::emergencies::judge),
    row!(Get "/approvals", CLINIC, AUDIT, Format::Page => super::admin::approvals::list),
    row!(Post "/approvals", CLINIC, AUDIT, Format::Page => super::admin::approvals::make),
    row!(Post "/approvals/exports/{id}/approve", CLINIC, AUDIT, Format::Page => super::admin::approvals::approve),
    row!(Post "/approvals/exports/{id}/refuse", CLINIC, AUDIT, Format::Page => super::admin::approvals::refuse),
    row!(Get "/formulary", CLINIC, FORMULARY, Format::Page => super::operator::formulary::show),
    row!(Get "/box", CLINIC, OPERATOR, Format::Page => super::operator::health::health),
    row!(Get "/box/backups", CLINIC, OPERATOR, Format::Page => super::operator::backups::show),
    row!(Post "/box/backups/run", CLINIC, OPERATOR, Format::Page => super::operator::backups::run),
    row!(Post "/box/backups/try", CLINIC, OPERATOR, Format::Page => super::operator::backups::try_out),
    row!(Post "/box/backups/drill", CLINIC, OPERATOR, Format::Page => super::operator::backups::drill),
    row!(Get "/box/mail", CLINIC, OPERATOR, Format::Page => super::operator::mail::show),
    row!(Post "/box/mail/test", CLINIC, OPERATOR, Format::Page => super::operator::mail::test),
    row!(Get "/box/keys", CLINIC, OPERATOR, Format::Page => super::operator::keys::list),
    row!(Get "/box/keys/passphrase", CLINIC, OPERATOR, Format::Page => super::operator::keys::passphrase_form),
    row!(Post "/box/keys/passphrase", CLINIC, OPERATOR, Format::Page => super::operator::keys::add_passphrase),
    row!(Get "/box/keys/sheet", CLINIC, OPERATOR, Format::Page => super::operator::keys::sheet_form),
    row!(Post "/box/keys/sheet", CLINIC, OPERATOR, Format::Page => super::operator::keys::new_sheet),
    row!(Get "/box/keys/{slot}", CLINIC, OPERATOR, Format::Page => super::operator::keys::show),
    row!(Post "/box/keys/{slot}/confirm", CLINIC, OPERATOR, Format::Page => super::operator::keys::confirm),
    row!(Post "/box/keys/{slot}/remove", CLINIC, OPERATOR, Format::Page => super::operator::keys::remove),
    row!(Get "/box/accounts", CLINIC, OPERATOR, Format::Page => super::operator::accounts::list),
    row!(Get "/box/accounts/new", CLINIC, OPERATOR, Format::Page => super::operator::accounts::blank),
    row!(Post "/box/accounts/new", CLINIC, OPERATOR, Format::Page => super::operator::accounts::add),
    row!(Get "/box/accounts/{id}", CLINIC, OPERATOR, Format::Page => super::operator::accounts::show),
    row!(Post "/box/accounts/{id}/reset", CLINIC, OPERATOR, Format::Page => super::operator::accounts::reset),
    row!(Post "/box/accounts/{id}/end-sessions", CLINIC, OPERATOR, Format::Page => super::operator::accounts::end_sessions),
    row!(Post "/box/accounts/{id}/disable", CLINIC, OPERATOR, Format::Page => super::operator::accounts::disable),
    row!(Post "/box/accounts/{id}/enable", CLINIC, OPERATOR, Format::Page => super::operator::accounts::enable),
    row!(Get "/healthz", CLINIC, Audience::Anyone, Format::Plain => super::ops::healthz),
    row!(Get "/healthz", OPS, Audience::Anyone, Format::Plain => super::ops::healthz),
    row!(Get "/readyz", OPS, Audience::Anyone, Format::Plain => super::ops::readyz),
    row!(Get "/metrics", OPS, Audience::Anyone, Format::Plain => super::ops::metrics),
];

/// The rows of one listener.
pub fn of(entrance: Entrance) -> impl Iterator<Item = &'static Route> {
    TABLE.iter().filter(move |route| route.is_on(entrance))
}

/// The rows that take a form with a file: few, and asked for with every form.
static UPLOADS: LazyLock<Vec<&Route>> =
    LazyLock::new(|| TABLE.iter().filter(|route| route.body == BodyLimit::Upload).collect());

/// Whether forms with a file are sent to this path.
pub(super) fn takes_files(path: &str) -> bool {
    UPLOADS.iter().any(|route| route.fits(path))
}

/// One listener's router, with every row behind its gate.
pub fn router(house: &House, entrance: Entrance) -> Router {
    let mut router = Router::new();
    for route in of(entrance) {
        let door = Arc::new(Door { house: house.clone(), route, entrance });
        router = router.route(route.path, on(filter(route.verb), move |request| gate::pass(door, request)));
    }
    router
        .fallback(|uri: Uri| async move { super::api::nothing_at(uri.path()) })
        .method_not_allowed_fallback(async || Refusal::method_not_allowed())
}

#[cfg(test)]
mod tests {
    use super::takes_files;

    #[test]
    fn an_address_with_a_number_in_it_is_known_to_take_files() {
        assert!(takes_files("/my/documents/new") && takes_files("/my/messages/abc/file"));
        assert!(takes_files("/messages/abc/file"));
        for other in ["/my/messages/abc", "/my/messages/abc/file/more", "/fhir/Binary", ""] {
            assert!(!takes_files(other), "{other}");
        }
    }
}
