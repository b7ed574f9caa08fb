//! Running a box: from its data folder to listeners that answer, and back down in order.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;

use super::config::{Address, Config, Listen};
use super::error::AppError;
use super::folder::Folder;
use super::keys::{self, Kind, Slots};
use super::locked::{self, LockedBox, UnlockedBy};
use super::making::refuse_unfinished;
use super::opened::Opened;
use super::{authority, jobs, memory};
use crate::cli::control;
use crate::crypto::Protection;
use crate::fhir::bundle::OwnAddresses;
use crate::http::pages::Face;
use crate::http::routes::{self, Entrance};
use crate::http::{About, Bound, Front, Hosts, House, Live, Locked, Metrics, Parts, Serving, Stop};
use crate::tls::{Certificates, Leaf, Names, server_config};

/// A box that answers: what is told once it does.
pub struct Running {
    pub clinic: Option<String>,
    pub portal: Option<String>,
    pub welcome: Option<String>,
    pub ops: Option<String>,
    /// `None` while it is locked.
    pub opened: Option<Arc<Opened>>,
}

/// Runs the box in `folder` until it is told to stop. `ready` is called once every listener answers.
pub async fn run(
    folder: Folder,
    config: Config,
    kind: Kind,
    ready: impl FnOnce(&Running) -> Result<(), AppError>,
) -> Result<(), AppError> {
    memory::harden();
    refuse_unfinished(&folder)?;
    let slots = keys::read_slots(&folder)?;
    if let Some(said) = slots.helped {
        tracing::warn!(target: "keys", "{said}");
    }
    folder.check_owner()?;
    match keys::unlock_with_what_lies_ready(&folder, &slots, kind)? {
        Some(key) => {
            let opening = tokio::task::spawn_blocking(move || locked::open(folder, key, config));
            let opened = opening.await.map_err(|_| AppError::Wrong("the box could not be opened".into()))??;
            let sockets = Sockets::open(&opened.config)?;
            run_opened(opened, sockets, ready).await
        }
        None => run_locked(folder, slots, config, ready).await,
    }
}

/// Runs a box that is open already: a demo that was just made.
pub async fn run_opened(
    opened: Opened,
    sockets: Sockets,
    ready: impl FnOnce(&Running) -> Result<(), AppError>,
) -> Result<(), AppError> {
    memory::harden();
    take_files();
    let mut signals = Signals::listen()?;
    let opened = Arc::new(opened);
    let renewal = opened.authority.leaf(&opened.folder, &opened.audit).await?;
    let mut listeners = Listeners::over(sockets, &opened.config, &renewal.leaf)?;
    let stop = Stop::default();
    let house = house(&opened, &listeners, &stop);
    listeners.answer(|entrance| (house.front.clone(), routes::router(&house, entrance)), &stop)?;
    let socket = control::listen(&opened.folder.control_socket())?;
    let console = tokio::spawn(control::serve(socket, opened.clone(), stop.clone()));
    let rest = rest(&opened, &listeners, &house, &stop, console);
    let running = listeners.running(Some(opened.clone()));
    started(&opened).await?;
    ready(&running)?;
    tell_systemd(&[sd_notify::NotifyState::Ready]);
    signals.told_to_stop().await;
    down(listeners, rest, Some(opened), &stop, signals).await
}

/// Runs a box without its key until somebody gives it one, at its page or at the console; then as any other.
async fn run_locked(
    folder: Folder,
    slots: Slots,
    config: Config,
    ready: impl FnOnce(&Running) -> Result<(), AppError>,
) -> Result<(), AppError> {
    let mut signals = Signals::listen()?;
    let leaf = authority::stored_leaf(&folder)?;
    let mut listeners = Listeners::over(Sockets::open(&config)?, &config, &leaf)?;
    let stop = Stop::default();
    let (unlocked, mut waiting) = mpsc::channel(1);
    let face = listeners.face(&config, "Chartbox", slots.current.is_demo());
    let front = listeners.front(face.clone());
    let why = keys::why_locked(&slots.current);
    let socket_path = folder.control_socket();
    let socket = control::listen(&socket_path)?;
    let door = Arc::new(LockedBox::new(folder, slots, config.clone(), unlocked));
    let locked = Locked::new(face, door.clone());
    listeners.answer(|entrance| (front.clone(), locked.clone().router(entrance)), &stop)?;
    let desk = Arc::new(control::InTurn::new(door.clone()));
    let console = tokio::spawn(control::serve(socket, desk.clone(), stop.clone()));
    ready(&listeners.running(None))?;
    tracing::warn!(target: "keys", "the box is locked ({why}): open its page on the clinic's network, or run `chartbox key unlock`");
    tell_systemd(&[sd_notify::NotifyState::Ready, sd_notify::NotifyState::Status("locked: waits for its passphrase")]);
    let watchdog = tokio::spawn(jobs::watchdog(stop.clone(), || true));
    let opened = tokio::select! {
        () = signals.told_to_stop() => None,
        opened = waiting.recv() => opened,
    };
    watchdog.abort();
    let Some(UnlockedBy { opened, from, answers }) = opened else {
        let ended = down(listeners, vec![console], None, &stop, signals).await;
        // The next start replaces it anyway.
        let _ = std::fs::remove_file(socket_path);
        return ended;
    };
    let _ = opened.audit.commit(door.entries(opened.opened_by, from)).await?;
    door.written();
    opened.sheet_was_shown().await;
    let opened: Arc<Opened> = Arc::new(opened);
    let renewal = opened.authority.leaf(&opened.folder, &opened.audit).await?;
    listeners.certificates.replace(&renewal.leaf).map_err(authority::wrong)?;
    let house = house(&opened, &listeners, &stop);
    listeners.replace(|entrance| (house.front.clone(), routes::router(&house, entrance)));
    desk.give_to(opened.clone());
    // Nobody waits any more when the browser has gone; the box is open all the same.
    let _ = answers.send(());
    let rest = rest(&opened, &listeners, &house, &stop, console);
    started(&opened).await?;
    tell_systemd(&[sd_notify::NotifyState::Status("open")]);
    signals.told_to_stop().await;
    down(listeners, rest, Some(opened), &stop, signals).await
}

/// The addresses of the listeners, taken and not yet answered at.
pub struct Sockets(Vec<Bound>);

impl Sockets {
    /// Takes them. Must be called within a tokio runtime.
    pub fn open(config: &Config) -> Result<Self, AppError> {
        let mut bound = Vec::new();
        for (entrance, address) in wanted(&config.listen) {
            if let Address(Some(address)) = address {
                bound.push(Bound::open(entrance, address)?);
            }
        }
        Ok(Self(bound))
    }
}

/// The four listeners, and what they answer with.
struct Listeners {
    bound: Vec<Bound>,
    serving: Vec<Serving>,
    live: Vec<(Entrance, Live)>,
    addresses: Vec<(Entrance, SocketAddr)>,
    certificates: Arc<Certificates>,
    tls: Arc<rustls::ServerConfig>,
    host: String,
    hosts: Arc<Hosts>,
    limits: crate::http::Limits,
    metrics: Metrics,
}

impl Listeners {
    fn over(Sockets(bound): Sockets, config: &Config, leaf: &Leaf) -> Result<Self, AppError> {
        let certificates = Certificates::new(leaf).map_err(authority::wrong)?;
        let tls = server_config(certificates.clone()).map_err(authority::wrong)?;
        let addresses = bound.iter().map(|one| (one.entrance(), one.address())).collect();
        let host = leaf.hosts().first().cloned().unwrap_or_default();
        let hosts = Hosts::new(leaf.hosts().iter().cloned().chain(leaf.addresses().iter().map(ToString::to_string)));
        let limits = config.limits();
        let hosts = Arc::new(hosts);
        let metrics = Metrics::default();
        Ok(Self { bound, serving: vec![], live: vec![], addresses, certificates, tls, host, hosts, limits, metrics })
    }

    fn front(&self, face: Face) -> Front {
        Front { limits: self.limits, metrics: self.metrics.clone(), hosts: self.hosts.clone(), face }
    }

    fn face(&self, config: &Config, clinic: &str, demo: bool) -> Face {
        Face { clinic: clinic.to_owned(), host: self.host.clone(), zone: config.house.time_zone.get(), demo }
    }

    /// Begins to answer.
    fn answer(&mut self, with: impl Fn(Entrance) -> (Front, axum::Router), stop: &Stop) -> Result<(), AppError> {
        for bound in std::mem::take(&mut self.bound) {
            let entrance = bound.entrance();
            let (front, router) = with(entrance);
            let live = Live::new(front, router);
            self.live.push((entrance, live.clone()));
            let tls = entrance.is_https().then(|| self.tls.clone());
            self.serving.push(Serving::start(bound, live, tls, self.limits, stop.clone()));
        }
        Ok(())
    }

    /// Answers with something else from the next request on.
    fn replace(&self, with: impl Fn(Entrance) -> (Front, axum::Router)) {
        for (entrance, live) in &self.live {
            let (front, router) = with(*entrance);
            live.replace(front, router);
        }
    }

    /// An origin without a trailing slash; the host is in the certificate.
    fn url(&self, entrance: Entrance) -> Option<String> {
        let address = self.address(entrance)?;
        let host = if entrance == Entrance::Ops { local(address) } else { self.host.clone() };
        Some(origin(entrance, address.port(), &host))
    }

    /// Every name and address that the box's certificate may bear, with the ports of those who answer FHIR.
    fn own_addresses(&self, names: &Names) -> OwnAddresses {
        let named = names.hosts().into_iter().map(str::to_owned);
        let hosts: Vec<String> =
            named.chain(names.addresses().into_iter().map(host_of)).chain([self.host.clone()]).collect();
        let served = [Entrance::Clinic, Entrance::Portal].into_iter().filter_map(|one| Some((one, self.address(one)?)));
        let hosts = &hosts;
        OwnAddresses::new(
            served.flat_map(|(entrance, address)| {
                hosts.iter().map(move |host| authority(entrance, address.port(), host))
            }),
        )
    }

    fn address(&self, entrance: Entrance) -> Option<SocketAddr> {
        self.addresses.iter().find(|(one, _)| *one == entrance).map(|(_, address)| *address)
    }

    fn running(&self, opened: Option<Arc<Opened>>) -> Running {
        Running {
            clinic: self.url(Entrance::Clinic),
            portal: self.url(Entrance::Portal),
            welcome: self.url(Entrance::Welcome),
            ops: self.url(Entrance::Ops),
            opened,
        }
    }
}

const fn wanted(listen: &Listen) -> [(Entrance, Address); 4] {
    [
        (Entrance::Clinic, listen.clinic),
        (Entrance::Portal, listen.portal),
        (Entrance::Welcome, listen.welcome),
        (Entrance::Ops, listen.ops),
    ]
}

/// Where a listener answers, without a trailing slash.
pub fn origin(entrance: Entrance, port: u16, host: &str) -> String {
    let scheme = if entrance.is_https() { "https" } else { "http" };
    format!("{scheme}://{}", authority(entrance, port, host))
}

/// A host with its port, where that is not the usual one.
fn authority(entrance: Entrance, port: u16, host: &str) -> String {
    let usual = if entrance.is_https() { 443 } else { 80 };
    if port == usual { host.to_owned() } else { format!("{host}:{port}") }
}

/// An address as it stands in a URL.
fn host_of(address: IpAddr) -> String {
    match address {
        IpAddr::V4(v4) => v4.to_string(),
        IpAddr::V6(v6) => format!("[{v6}]"),
    }
}

/// How this machine reaches an address of its own.
fn local(address: SocketAddr) -> String {
    if address.ip().is_unspecified() { "127.0.0.1".into() } else { host_of(address.ip()) }
}

fn house(opened: &Opened, listeners: &Listeners, stop: &Stop) -> House {
    let about = About {
        opened_by: opened.opened_by,
        ca: opened.authority.ca.clone(),
        certificates: listeners.certificates.clone(),
        listeners: listeners.addresses.clone(),
        presence: opened.presence.subscribe(),
        own: listeners.own_addresses(opened.authority.ca.names()),
        clinic_url: listeners.url(Entrance::Clinic),
        portal_url: listeners.url(Entrance::Portal),
        welcome_url: listeners.url(Entrance::Welcome),
        started: opened.ambient.now(),
        checkpoint_hours: opened.config.audit.checkpoint_hours.get(),
        staff_idle_minutes: opened.config.session.staff_idle_minutes.get(),
        patient_idle_minutes: opened.config.session.patient_idle_minutes.get(),
    };
    House::new(Parts {
        uploads: crate::http::uploaded::Room::new(),
        bodies: crate::http::arriving::Bodies::default(),
        reading: crate::http::reading_transactions(),
        unread: crate::http::unread::Unread::default(),
        statements: crate::http::Statements::default(),
        front: listeners.front(listeners.face(&opened.config, &opened.settings.clinic, opened.settings.is_demo())),
        store: opened.store.clone(),
        audit: opened.audit.clone(),
        identity: opened.identity.clone(),
        records: opened.records.clone(),
        backups: opened.backups.clone(),
        exports: opened.exports.clone(),
        mailing: super::mail::mailing(&opened.config.mail, listeners.url(Entrance::Portal), &opened.ambient),
        ambient: opened.ambient.clone(),
        keys: opened.keys.clone(),
        about,
        stop: stop.clone(),
    })
}

/// What runs beside the listeners.
fn rest(
    opened: &Arc<Opened>,
    listeners: &Listeners,
    house: &House,
    stop: &Stop,
    console: tokio::task::JoinHandle<()>,
) -> Vec<tokio::task::JoinHandle<()>> {
    let store = opened.store.clone();
    house.front.metrics.set_ready(true);
    let mut rest = vec![
        console,
        tokio::spawn(jobs::checkpoints(opened.clone(), stop.clone())),
        tokio::spawn(jobs::verification(opened.clone(), stop.clone())),
        tokio::spawn(jobs::backups(opened.clone(), stop.clone())),
        tokio::spawn(jobs::housekeeping(opened.clone(), stop.clone())),
        tokio::spawn(jobs::waiting_list(opened.clone(), stop.clone())),
        tokio::spawn(jobs::indexes(opened.records.clone(), stop.clone())),
        tokio::spawn(jobs::followers(opened.records.clone(), stop.clone())),
        tokio::spawn(jobs::exports(opened.exports.clone(), stop.clone())),
        tokio::spawn(jobs::releases(opened.clone(), stop.clone())),
        tokio::spawn(jobs::notices(house.clone(), stop.clone())),
        tokio::spawn(jobs::renewal(opened.clone(), listeners.certificates.clone(), stop.clone())),
        tokio::spawn(jobs::watchdog(stop.clone(), move || store.read().is_ok())),
    ];
    if let Some(address) = listeners.address(Entrance::Clinic) {
        rest.push(tokio::spawn(jobs::announcement(opened.clone(), address, stop.clone())));
    }
    rest
}

async fn started(opened: &Opened) -> Result<(), AppError> {
    use crate::audit::{Action, Detail, Event};
    let event = Event::system("serve", Action::Start).detail(Detail::note(format!(
        "version {}; opened by the {}",
        env!("CARGO_PKG_VERSION"),
        opened.opened_by
    )));
    let _ = opened.audit.commit(vec![event]).await?;
    tracing::info!(target: "box", opened_by = opened.opened_by.name(), "the box is open");
    match opened.keys.facts()?.protection {
        Protection::KeyFile | Protection::HostKey => {
            tracing::warn!(target: "keys", "the key lies on the disk that holds the store: not protected against a stolen disk");
        }
        _ => {}
    }
    Ok(())
}

/// SIGTERM and SIGINT, heard from the moment this is made: one that comes while nobody waits is not lost.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn listen() -> Result<Self, AppError> {
        let hear = |kind| signal(kind).map_err(|error| AppError::Wrong(format!("signals cannot be heard: {error}")));
        Ok(Self { terminate: hear(SignalKind::terminate())?, interrupt: hear(SignalKind::interrupt())? })
    }

    /// Returns when the box is told to stop.
    async fn told_to_stop(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// Stops in order: no new requests, those that run finish, then the rest, then the store.
async fn down(
    listeners: Listeners,
    rest: Vec<tokio::task::JoinHandle<()>>,
    opened: Option<Arc<Opened>>,
    stop: &Stop,
    mut signals: Signals,
) -> Result<(), AppError> {
    tell_systemd(&[sd_notify::NotifyState::Stopping]);
    tracing::info!(target: "box", "the box stops");
    stop.stop();
    let drained = async {
        for serving in listeners.serving {
            serving.finished().await;
        }
        for task in rest {
            // A task that panicked has been logged.
            let _ = task.await;
        }
    };
    tokio::select! {
        () = drained => {}
        // A second signal: whoever sent it does not want to wait.
        () = signals.told_to_stop() => tracing::warn!(target: "box", "told to stop at once"),
    }
    if let Some(opened) = opened {
        use crate::audit::{Action, Event};
        let event = Event::system("serve", Action::Stop);
        if let Err(error) = opened.audit.commit(vec![event]).await.map(drop) {
            tracing::error!(target: "box", %error, "the stop could not be written into the access log");
        }
        opened.close().await;
        // The next start replaces it anyway.
        let _ = std::fs::remove_file(opened.folder.control_socket());
    }
    Ok(())
}

fn tell_systemd(states: &[sd_notify::NotifyState<'_>]) {
    // Without systemd there is nobody to tell.
    let _ = sd_notify::notify(states);
}

/// Takes as many files as it may: each connection is one.
fn take_files() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let files = getrlimit(Resource::Nofile);
    // Raising one's own limit to what is allowed is always allowed.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: files.maximum, maximum: files.maximum });
}
