//! What the box does by itself: checkpoints, verifying its access log, clearing what has ended, renewing its certificate, telling systemd
//! that it lives.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jiff::tz::TimeZone;
use tokio::time::{MissedTickBehavior, interval};

use super::error::AppError;
use super::opened::Opened;
use crate::audit::{Action, Audit, Event, VerifyInput, last_check, last_checkpoint};
use crate::backup::{BackupError, Watch};
use crate::base::Timestamp;
use crate::care::export::Exports;
use crate::discovery::{Announcement, Presence, is_reachable};
use crate::http::{House, Stop};
use crate::record::{Indexed, Records};
use crate::tls::Certificates;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

/// Runs `job` now and then every `period` until the box stops. A run that fails is logged, and the next one comes.
async fn every<F, Fut>(period: Duration, stop: Stop, name: &'static str, job: F)
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<(), AppError>>,
{
    every_or_called(period, stop, name, std::future::pending, job).await;
}

/// [`every`], and besides as soon as it is called.
async fn every_or_called<F, Fut, C>(
    period: Duration,
    stop: Stop,
    name: &'static str,
    called: impl Fn() -> C,
    mut job: F,
) where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<(), AppError>>,
    C: Future<Output = ()>,
{
    let mut ticks = interval(period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.stopped() => return,
            _ = ticks.tick() => {}
            () = called() => {}
        }
        if let Err(error) = job().await {
            tracing::error!(target: "jobs", job = name, %error, "a job of the box failed");
        }
    }
}

/// Signs a checkpoint of the access log when the last one is older than the configuration allows.
pub(super) async fn checkpoints(opened: Arc<Opened>, stop: Stop) {
    every(10 * MINUTE, stop, "checkpoint", || async {
        let hours = i64::from(opened.config.audit.checkpoint_hours.get());
        let last = last_checkpoint(&opened.store.read()?)?;
        let age = last.map(|last| opened.ambient.now().as_second() - last.time.as_second());
        if age.is_none_or(|age| age >= hours * 3600) {
            let event = Event::system("job:checkpoint", Action::Checkpoint);
            let _ = opened.audit.checkpoint(opened.signer(), event).await?;
        }
        Ok(())
    })
    .await;
}

/// Verifies the whole access log once a day.
pub(super) async fn verification(opened: Arc<Opened>, stop: Stop) {
    let zone = opened.config.house.time_zone.get();
    let hour = i8::try_from(opened.config.audit.verify_hour.get()).unwrap_or_default();
    every(10 * MINUTE, stop, "verification", || async {
        let last = last_check(&opened.store.read()?)?.map_or(opened.settings.made, |last| last.at);
        if !is_due(last, opened.ambient.now(), hour, &zone) {
            return Ok(());
        }
        let input = VerifyInput { own_key: Some(opened.signer().public()), ..VerifyInput::default() };
        let report = opened.audit.check(input, Event::system("job:verify", Action::AuditVerify)).await?;
        if report.is_whole() {
            tracing::info!(target: "jobs", entries = report.entries, "the access log was verified and is whole");
        } else {
            let findings = report.findings.len() as u64 + report.more_findings;
            tracing::error!(
                target: "jobs",
                findings,
                "the access log is not as it was written: keep the box as it is and tell the health administrator"
            );
        }
        Ok(())
    })
    .await;
}

/// Whether the hour has come since the last time. A box that was off then makes up for it.
fn is_due(last: Timestamp, now: Timestamp, hour: i8, zone: &TimeZone) -> bool {
    let today = now.to_zoned(zone.clone()).date();
    let at = |day: jiff::civil::Date| day.at(hour, 0, 0, 0).to_zoned(zone.clone()).ok().map(|at| at.timestamp());
    let came = [Some(today), today.yesterday().ok()].into_iter().flatten().filter_map(at).find(|at| *at <= now);
    came.is_some_and(|came| last < came)
}

/// Takes away what has ended, and writes down failures that were counted.
pub(super) async fn housekeeping(opened: Arc<Opened>, stop: Stop) {
    let hours = every(HOUR, stop.clone(), "clearing", || async {
        opened.identity.sweep().await?;
        opened.exports.sweep().await?;
        crate::http::forms::sweep(&opened.store, &opened.ambient).await?;
        crate::care::proxies::sweep(&opened.store, &opened.ambient).await?;
        let now = opened.ambient.now();
        opened.store.write(move |tx| crate::care::notify::swept(tx, now)).await?;
        let store = opened.store.clone();
        // Taking space waits for the disk.
        let _ = tokio::task::spawn_blocking(move || store.keep_reserve()).await;
        Ok(())
    });
    tokio::join!(counted_failures(&opened.audit, MINUTE, stop), hours);
}

/// Ends offers that nobody answered, and offers times that are free to who waits for one.
pub(super) async fn waiting_list(opened: Arc<Opened>, stop: Stop) {
    let zone = opened.config.house.time_zone.get();
    every(MINUTE, stop, "waiting list", || async {
        let _ = crate::care::schedule::round(&opened.records, &zone).await?;
        Ok(())
    })
    .await;
}

/// Lets go results that were held until now, and tells their patients.
pub(super) async fn releases(opened: Arc<Opened>, stop: Stop) {
    every(MINUTE, stop, "releases", || async {
        let gone = crate::care::results::release_due(&opened.records).await?;
        if gone > 0 {
            tracing::info!(target: "jobs", gone, "results were let go on their day");
        }
        Ok(())
    })
    .await;
}

/// Counts bulk exports: at once when one is asked for, and after a start those that were not finished.
pub(super) async fn exports(exports: Exports, stop: Stop) {
    let one = exports.clone();
    let work = move || one.work().map(|more| if more { Next::Stretch } else { Next::Rest(HOUR) });
    by_stretches("exports", stop, || exports.called(), work).await;
}

/// Completes the indexes of a store that an older program wrote.
pub(super) async fn indexes(records: Records, stop: Stop) {
    let work = move || {
        records.complete_indexes().map(|indexed| match indexed {
            Indexed::NotYet => Next::Stretch,
            Indexed::Whole => Next::Nothing,
        })
    };
    by_stretches("indexes", stop, std::future::pending, work).await;
}

/// Settles by and by what follows something that was sealed, held or moved. Others write between two stretches.
pub(super) async fn followers(records: Records, stop: Stop) {
    let work = move || {
        records.settle_followers().map(|settled| match settled {
            Indexed::NotYet => Next::Rest(Duration::from_millis(200)),
            Indexed::Whole => Next::Rest(Duration::from_secs(5)),
        })
    };
    by_stretches("followers", stop, std::future::pending, work).await;
}

/// What a job that works by stretches has before it.
enum Next {
    Stretch,
    Rest(Duration),
    Nothing,
}

/// Works on a thread that may wait for the disk, until there is nothing more. A rest ends early when the job is called.
async fn by_stretches<F, W, E>(job: &'static str, stop: Stop, called: impl Fn() -> F, work: W)
where
    F: Future<Output = ()>,
    W: Fn() -> Result<Next, E> + Clone + Send + 'static,
    E: std::fmt::Display + Send + 'static,
{
    let mut wait = Duration::ZERO;
    loop {
        tokio::select! {
            biased;
            () = stop.stopped() => return,
            () = tokio::time::sleep(wait) => {}
            () = called() => {}
        }
        wait = match tokio::task::spawn_blocking(work.clone()).await {
            Ok(Ok(Next::Nothing)) => return,
            Ok(Ok(Next::Stretch)) => Duration::ZERO,
            Ok(Ok(Next::Rest(rest))) => rest,
            Ok(Err(error)) => {
                tracing::error!(target: "jobs", job, %error, "a job of the box failed");
                MINUTE
            }
            // It was logged.
            Err(_) => MINUTE,
        };
    }
}

/// Reminds of visits, and sends notices by e-mail. A letter waits no longer than a round.
pub(super) async fn notices(house: House, stop: Stop) {
    let reminders = every(MINUTE, stop.clone(), "reminders", || async {
        crate::care::notify::remind(&house.records).await?;
        Ok(())
    });
    let letters = every(Duration::from_secs(10), stop, "e-mail", || async {
        crate::http::mails::send_due(&house).await?;
        Ok(())
    });
    tokio::join!(reminders, letters);
}

async fn counted_failures(audit: &Audit, period: Duration, stop: Stop) {
    every(period, stop, "counted failures", || async {
        audit.flush_failures().await?;
        Ok(())
    })
    .await;
}

/// Renews the leaf when it is due, without a restart.
pub(super) async fn renewal(opened: Arc<Opened>, certificates: Arc<Certificates>, stop: Stop) {
    every(24 * HOUR, stop, "certificate", || async {
        let renewal = opened.authority.leaf(&opened.folder, &opened.audit).await?;
        if renewal.renewed {
            certificates.replace(&renewal.leaf).map_err(super::authority::wrong)?;
        }
        Ok(())
    })
    .await;
}

/// Makes the backups that are due, and tries to restore them; at once when the ways to unlock were changed, so that a backup
/// opens by those that there are. What is running when the box stops is broken off.
pub(super) async fn backups(opened: Arc<Opened>, stop: Stop) {
    every_or_called(
        5 * MINUTE,
        stop.clone(),
        "backup",
        || opened.keys.changed(),
        || async {
            let stopped = Arc::new(AtomicBool::new(false));
            let (backups, watch) = (opened.backups.clone(), Stopped(stopped.clone()));
            let mut work = tokio::task::spawn_blocking(move || backups.run_due(&watch));
            let done = tokio::select! {
                done = &mut work => done,
                () = stop.stopped() => {
                    stopped.store(true, Ordering::Relaxed);
                    work.await
                }
            };
            match done {
                Ok(Ok(()) | Err(BackupError::Stopped)) => Ok(()),
                Ok(Err(error)) => Err(error.into()),
                Err(_) => Err(AppError::Wrong("the backup ended unexpectedly".into())),
            }
        },
    )
    .await;
}

struct Stopped(Arc<AtomicBool>);

impl Watch for Stopped {
    fn is_stopped(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Announces the box's name on the clinic's network. That it cannot be announced is said, and keeps nothing else
/// from working.
pub(super) async fn announcement(opened: Arc<Opened>, address: SocketAddr, stop: Stop) {
    // A demo is this machine's own: nobody else's certificate store knows it.
    if opened.settings.is_demo() || !is_reachable(address) {
        opened.presence.send_replace(Presence::OwnMachine);
        return;
    }
    let announcement = match Announcement::start(&opened.settings.box_name, address) {
        Ok(announcement) => announcement,
        Err(error) => {
            opened.presence.send_replace(Presence::Stopped);
            return tracing::warn!(target: "discovery", %error, "the name is not announced");
        }
    };
    let mut presence = announcement.presence();
    loop {
        tokio::select! {
            () = stop.stopped() => break,
            changed = presence.changed() => {
                let now = *presence.borrow_and_update();
                opened.presence.send_replace(now);
                tracing::info!(target: "discovery", "{}", now.said());
                if changed.is_err() {
                    break;
                }
            }
        }
    }
    // Saying goodbye to the network blocks for up to a second; a panic of it was logged.
    let _ = tokio::task::spawn_blocking(move || announcement.stop()).await;
}

/// Tells systemd's watchdog that the box lives, as long as `alive` says so.
pub(super) async fn watchdog(stop: Stop, alive: impl Fn() -> bool) {
    let Some(within) = sd_notify::watchdog_enabled() else { return };
    every(within / 2, stop, "watchdog", || async {
        if alive() {
            let _ = sd_notify::notify(&[sd_notify::NotifyState::Watchdog]);
        }
        Ok(())
    })
    .await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::{AuditError, Filter, entries};
    use crate::base::{Ambient, ManualClock, SeededRandom};
    use crate::store::Store;

    async fn fail(audit: &Audit) {
        let origin = Some("192.0.2.7".parse().unwrap());
        let counted = audit.write(move |tx| tx.count_failure(origin, Action::Authenticate));
        let ((), _) = counted.await.unwrap_or_else(|error: AuditError| panic!("{error}"));
    }

    fn written(audit: &Audit) -> Vec<u32> {
        let lines = entries(&audit.read().unwrap(), &Filter::default(), 10).unwrap().lines;
        lines.iter().rev().map(|line| line.entry.count).collect()
    }

    /// Waits for so many entries; that it ends is for the job that never writes them.
    async fn until(audit: &Audit, entries: usize) {
        let there = async {
            while written(audit).len() < entries {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(MINUTE, there).await.expect("they are never written");
    }

    #[test]
    fn the_log_is_verified_once_after_its_hour_has_come_also_when_the_box_was_off() {
        let zone = TimeZone::get("Europe/Lisbon").unwrap();
        let due = |last: &str, now: &str| is_due(last.parse().unwrap(), now.parse().unwrap(), 3, &zone);
        assert!(!due("2026-03-02T03:00:01Z", "2026-03-03T02:59:59Z"));
        assert!(due("2026-03-02T03:00:01Z", "2026-03-03T03:00:00Z"));
        assert!(!due("2026-03-03T03:00:00Z", "2026-03-03T23:00:00Z"));
        assert!(due("2026-02-01T03:00:00Z", "2026-03-03T01:00:00Z"), "it was off for weeks");
        // In summer the clinic's three o'clock is two by UTC.
        assert!(
            due("2026-07-02T12:00:00Z", "2026-07-03T02:00:00Z") && !due("2026-07-02T12:00:00Z", "2026-07-03T01:59:59Z")
        );
        // A clock that was set back makes no difference to what was done.
        assert!(!due("2026-03-05T00:00:00Z", "2026-03-03T04:00:00Z"));
    }

    #[tokio::test]
    async fn counted_failures_are_written_at_the_start_and_then_again_and_again() {
        let clock = ManualClock::at("2026-03-03T09:00:00Z".parse().unwrap());
        let audit = Audit::new(Store::in_memory(), Ambient::new(clock.clone(), SeededRandom::new(3)));
        fail(&audit).await;
        fail(&audit).await;
        clock.advance(MINUTE);
        let stop = Stop::default();
        let job = tokio::spawn({
            let (audit, stop) = (audit.clone(), stop.clone());
            async move { counted_failures(&audit, Duration::from_millis(1), stop).await }
        });
        until(&audit, 1).await;
        fail(&audit).await;
        clock.advance(MINUTE);
        until(&audit, 2).await;
        assert_eq!(written(&audit), [2, 1]);
        stop.stop();
        job.await.unwrap();
    }
}
