//! What a watcher of the box asks: is it alive, is it ready, how much does it do. Loopback only, but for
//! `/healthz`. Never a name, an id or a path.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

use super::House;
use super::respond::Refusal;
use super::routes::Entrance;
use crate::audit;
use crate::backup::{Concern, Standing, TargetStanding};
use crate::base::Timestamp;
use crate::store::{DiskRoom, Read, StoreStats};

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answer {
    listener: &'static str,
    route: &'static str,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Door {
    listener: &'static str,
}

/// The box's counters. Clones share them.
#[derive(Clone)]
pub struct Metrics {
    registry: Arc<Registry>,
    answers: Family<Answer, Counter>,
    seconds: Family<Door, Histogram>,
    connections: Family<Door, Gauge<i64, AtomicI64>>,
    turned_away: Family<Door, Counter>,
    store: StoreGauges,
    log: LogGauges,
    backups: BackupGauges,
    ready: Arc<AtomicBool>,
}

/// What the access log says of itself, taken when a watcher asks.
#[derive(Clone, Default)]
struct LogGauges {
    entries: Gauge<i64, AtomicI64>,
    verified: Gauge<i64, AtomicI64>,
    tampered: Gauge<i64, AtomicI64>,
    checkpoint: Gauge<i64, AtomicI64>,
}

impl LogGauges {
    fn register(&self, registry: &mut Registry) {
        let mut add = |name, help, gauge: &Gauge<i64, AtomicI64>| registry.register(name, help, gauge.clone());
        add("audit_entries", "Entries of the access log", &self.entries);
        add("audit_tampered", "1 when the last verification found the log not as it was written", &self.tampered);
        let mut time = |name, help, gauge: &Gauge<i64, AtomicI64>| {
            registry.register_with_unit(name, help, Unit::Seconds, gauge.clone());
        };
        time("audit_verified_timestamp", "When the log was last verified, since 1970; 0 for never", &self.verified);
        time(
            "audit_checkpoint_timestamp",
            "When the last checkpoint was signed, since 1970; 0 for never",
            &self.checkpoint,
        );
    }

    fn take(&self, read: &impl Read) -> Result<(), Refusal> {
        let check = audit::last_check(read)?;
        self.entries.set(i64::try_from(audit::size(read)?).unwrap_or(i64::MAX));
        self.verified.set(check.map_or(0, |check| check.at.as_second()));
        self.tampered.set(i64::from(check.is_some_and(|check| check.found == audit::CheckFound::Tampered)));
        self.checkpoint.set(audit::last_checkpoint(read)?.map_or(0, |last| last.time.as_second()));
        Ok(())
    }
}

/// How backups stand, taken when a watcher asks. A target's name is the operator's word for a place.
#[derive(Clone, Default)]
struct BackupGauges {
    made: Family<Place, Gauge<i64, AtomicI64>>,
    drilled: Family<Place, Gauge<i64, AtomicI64>>,
    bad: Family<Place, Gauge<i64, AtomicI64>>,
    drill_bad: Family<Place, Gauge<i64, AtomicI64>>,
    failing: Family<Place, Gauge<i64, AtomicI64>>,
    snapshots: Family<Place, Gauge<i64, AtomicI64>>,
    old_keys: Family<Place, Gauge<i64, AtomicI64>>,
    gone: Family<Place, Gauge<i64, AtomicI64>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Place {
    target: String,
}

impl BackupGauges {
    fn register(&self, registry: &mut Registry) {
        let made = "When the last backup was made, since 1970; 0 for never";
        registry.register_with_unit("backup_timestamp", made, Unit::Seconds, self.made.clone());
        let drilled = "When a backup was last restored in a drill that passed, since 1970; 0 for never";
        registry.register_with_unit("backup_drill_timestamp", drilled, Unit::Seconds, self.drilled.clone());
        registry.register("backup_bad", "1 when the last backup is too old or damaged", self.bad.clone());
        registry.register(
            "backup_drill_bad",
            "1 when the last drill did not pass or is too old",
            self.drill_bad.clone(),
        );
        registry.register("backup_failing", "1 when the last attempt did not work", self.failing.clone());
        registry.register("backup_snapshots", "Backups that are there", self.snapshots.clone());
        let old_keys = "1 when the newest backup opens by an old sheet or passphrase only";
        registry.register("backup_old_keys", old_keys, self.old_keys.clone());
        let gone = "Backups that were made, and neither are there nor were removed by this box";
        registry.register("backup_gone", gone, self.gone.clone());
    }

    fn take(&self, backups: Vec<TargetStanding>) {
        let seconds = |at: Option<Timestamp>| at.map_or(0, |at| at.as_second());
        for target in backups {
            let place = Place { target: target.spec.name.clone() };
            self.made.get_or_create(&place).set(seconds(target.last()));
            self.drilled.get_or_create(&place).set(seconds(target.drill_passed));
            self.bad.get_or_create(&place).set(i64::from(target.backup_stands == Standing::Bad));
            self.failing.get_or_create(&place).set(i64::from(target.error().is_some()));
            let snapshots = target.known.as_ref().map_or(0, |row| row.snapshots);
            self.snapshots.get_or_create(&place).set(i64::try_from(snapshots).unwrap_or(i64::MAX));
            self.gone.get_or_create(&place).set(i64::try_from(target.gone.len()).unwrap_or(i64::MAX));
            let old_keys = target.concerns().contains(&&Concern::OldKeys);
            self.old_keys.get_or_create(&place).set(i64::from(old_keys));
            self.drill_bad.get_or_create(&place).set(i64::from(target.drill_stands == Standing::Bad));
        }
    }
}

/// What the store says of itself, taken when a watcher asks.
#[derive(Clone, Default)]
struct StoreGauges {
    file: Gauge<i64, AtomicI64>,
    disk_free: Gauge<i64, AtomicI64>,
    disk_total: Gauge<i64, AtomicI64>,
    disk_short: Gauge<i64, AtomicI64>,
    writes_refused: Gauge<i64, AtomicI64>,
    commits: Counter,
    syncs: Counter,
    written: Counter,
    read: Counter,
}

impl StoreGauges {
    fn register(&self, registry: &mut Registry) {
        let mut bytes = |name, help, gauge: &Gauge<i64, AtomicI64>| {
            registry.register_with_unit(name, help, Unit::Bytes, gauge.clone());
        };
        bytes("store", "The store's file", &self.file);
        bytes("disk_free", "Free on the disk that holds the store", &self.disk_free);
        bytes("disk_total", "The disk that holds the store", &self.disk_total);
        let mut state = |name, help, gauge: &Gauge<i64, AtomicI64>| registry.register(name, help, gauge.clone());
        state("disk_short", "1 when space is running out: free some before writes are refused", &self.disk_short);
        state("writes_refused", "1 when what is left on the disk is kept for reading", &self.writes_refused);
        let count = |registry: &mut Registry, name, help, counter: &Counter| {
            registry.register(name, help, counter.clone());
        };
        count(registry, "store_commits", "Groups of writes committed since the start", &self.commits);
        count(registry, "store_syncs", "Times that the disk was waited for since the start", &self.syncs);
        registry.register_with_unit("store_written", "Given to the disk", Unit::Bytes, self.written.clone());
        registry.register_with_unit("store_read", "Taken from the disk", Unit::Bytes, self.read.clone());
    }

    fn take(&self, stats: &StoreStats) {
        let signed = |bytes: u64| i64::try_from(bytes).unwrap_or(i64::MAX);
        self.file.set(signed(stats.file_bytes));
        self.disk_free.set(stats.disk.map_or(0, |disk| signed(disk.free)));
        self.disk_total.set(stats.disk.map_or(0, |disk| signed(disk.total)));
        self.disk_short.set(i64::from(stats.room > DiskRoom::Plenty));
        self.writes_refused.set(i64::from(!stats.room.takes_writes()));
        for (counter, value) in [
            (&self.commits, stats.commits),
            (&self.syncs, stats.syncs),
            (&self.written, stats.bytes_written),
            (&self.read, stats.bytes_read),
        ] {
            counter.inner().store(value, Ordering::Relaxed);
        }
    }
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("chartbox");
        let answers = Family::default();
        let seconds: Family<Door, Histogram> = Family::new_with_constructor(buckets);
        let (connections, turned_away) = (Family::default(), Family::default());
        registry.register("http_answers", "Answers by listener, route and status", answers.clone());
        registry.register_with_unit("http_answer", "Time until an answer begins", Unit::Seconds, seconds.clone());
        registry.register("http_connections", "Open connections", connections.clone());
        let full = "Connections that found no place";
        registry.register("http_connections_turned_away", full, Family::clone(&turned_away));
        let store = StoreGauges::default();
        store.register(&mut registry);
        let log = LogGauges::default();
        log.register(&mut registry);
        let backups = BackupGauges::default();
        backups.register(&mut registry);
        Self {
            registry: Arc::new(registry),
            answers,
            seconds,
            connections,
            turned_away,
            store,
            log,
            backups,
            ready: Arc::default(),
        }
    }
}

fn buckets() -> Histogram {
    Histogram::new(exponential_buckets(0.0005, 2.0, 14))
}

impl Metrics {
    pub(super) fn request(&self, entrance: Entrance, route: &'static str, status: u16, took: Duration) {
        self.answers.get_or_create(&Answer { listener: entrance.name(), route, status }).inc();
        self.seconds.get_or_create(&Door { listener: entrance.name() }).observe(took.as_secs_f64());
    }

    /// Counts a connection until the guard is dropped.
    pub(super) fn connection(&self, entrance: Entrance) -> Connected {
        let gauge = self.connections.get_or_create(&Door { listener: entrance.name() }).clone();
        gauge.inc();
        Connected(gauge)
    }

    /// Counts a connection that found no place.
    pub(super) fn turned_away(&self, entrance: Entrance) {
        self.turned_away.get_or_create(&Door { listener: entrance.name() }).inc();
    }

    /// Says whether `/readyz` answers 200: from when every listener answers until the box begins to stop.
    pub fn set_ready(&self, ready: bool) {
        self.ready.store(ready, Ordering::Release);
    }
}

pub(super) struct Connected(Gauge<i64, AtomicI64>);

impl Drop for Connected {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// `GET /healthz`: 200 as long as the process answers and can read its store.
pub(super) async fn healthz(State(house): State<House>) -> Result<&'static str, Refusal> {
    house.store.read()?;
    Ok("ok\n")
}

/// `GET /readyz`: 200 while the box takes requests, 503 while it starts, stops or is locked.
pub(super) async fn readyz(State(house): State<House>) -> Response {
    if house.front.metrics.ready.load(Ordering::Acquire) {
        (StatusCode::OK, "ready\n").into_response()
    } else {
        let mut response = (StatusCode::SERVICE_UNAVAILABLE, "not ready\n").into_response();
        response.extensions_mut().insert(super::respond::Finished);
        response
    }
}

/// `GET /metrics`, in the OpenMetrics text form.
pub(super) async fn metrics(State(house): State<House>) -> Result<Response, Refusal> {
    house.front.metrics.store.take(&house.store.stats());
    house.front.metrics.log.take(&house.store.read()?)?;
    house.front.metrics.backups.take(house.backups.stands().await.map_err(Refusal::internal)?);
    let mut text = String::new();
    encode(&mut text, &house.front.metrics.registry).map_err(Refusal::internal)?;
    let content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, content_type)], text).into_response())
}
