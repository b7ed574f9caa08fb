//! When backups and drills are due, and how the box stands: what the operator, `status` and watchers are told.

use jiff::tz::TimeZone;

use crate::base::{ActorRef, Timestamp};

use super::attempt::TriedRow;
use super::concern::Concern;
use super::create::{Done, Wish, first_of};
use super::error::BackupError;
use super::index::lock;
use super::lease::Doing;
use super::pace::apart;
use super::prune::{How, Removal};
use super::remembered::Remembered;
use super::repository::Repository;
use super::retention::Keep;
use super::rows::{DrillRow, OpensBy, TargetRow};
use super::service::{Backups, TargetSpec};
use super::target::TargetError;
use super::watch::{Watch, go_on};

/// Seconds until a backup or a drill that did not work is tried again.
const AGAIN: i64 = 3600;

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

/// When backups are made and tried.
#[derive(Debug, Clone, PartialEq)]
pub struct Schedule {
    /// Divides 24.
    pub every_hours: u32,
    /// The hour of the day's first.
    pub hour: u32,
    pub drill_days: u32,
    pub keep: Keep,
}

impl Schedule {
    fn zone(&self) -> &TimeZone {
        &self.keep.zone
    }

    /// Whether the time of a backup has come since the last one. One that was missed is made up for.
    pub fn is_due(&self, last: Option<Timestamp>, now: Timestamp) -> bool {
        let Some(last) = last else { return true };
        // One from a clock that was far ahead is none of last night.
        if last.as_second() - now.as_second() >= i64::from(self.every_hours) * HOUR {
            return true;
        }
        let today = now.to_zoned(self.zone().clone()).date();
        let every = self.every_hours.clamp(1, 24);
        let hours = (0..24 / every).filter_map(|nth| i8::try_from((self.hour + nth * every) % 24).ok());
        let days = [Some(today), today.yesterday().ok()];
        let times = hours.flat_map(|hour| days.into_iter().flatten().map(move |day| day.at(hour, 0, 0, 0)));
        let times = times.filter_map(|at| at.to_zoned(self.zone().clone()).ok().map(|at| at.timestamp()));
        times.filter(|at| *at <= now).max().is_some_and(|came| last < came)
    }

    fn is_drill_due(&self, last: Option<Timestamp>, now: Timestamp) -> bool {
        last.is_none_or(|last| now.as_second() - last.as_second() >= i64::from(self.drill_days) * DAY)
    }

    /// How old the last backup may be before somebody should look, and before it is bad.
    fn bounds(&self) -> (i64, i64) {
        let every = i64::from(self.every_hours) * HOUR;
        (every + every / 2 + HOUR, (3 * every).max(2 * DAY))
    }
}

/// How well something stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    Good,
    /// Somebody should look at it.
    Late,
    /// Red: it did not work, or is old.
    Bad,
}

impl Standing {
    /// The word for programs.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Late => "late",
            Self::Bad => "bad",
        }
    }
}

/// One target, as it stands.
#[derive(Debug, Clone)]
pub struct TargetStanding {
    pub spec: TargetSpec,
    /// What is known of it; none when nothing was ever written there.
    pub known: Option<TargetRow>,
    /// The last drill, passed or not, and when one last passed.
    pub drill: Option<DrillRow>,
    pub drill_passed: Option<Timestamp>,
    pub backup_stands: Standing,
    pub drill_stands: Standing,
    /// Why it stands so: none where it is good.
    pub(super) concerns: Vec<Concern>,
    /// What is being done there now, and since when.
    pub busy: Option<(String, Timestamp)>,
    /// Snapshots that were made there, and that neither are there nor were removed by this box.
    pub gone: Vec<String>,
    /// Those there that are of another run of this box, as far as was looked.
    pub beside: Vec<String>,
    /// What came of trying it, if that was after the last backup.
    pub tried: Option<TriedRow>,
    /// Why it is no place of its own, where it is another target's by another name.
    pub double: Option<String>,
    /// Whether its disk says nothing now.
    silent: bool,
}

impl TargetStanding {
    /// When the last backup was made.
    pub fn last(&self) -> Option<Timestamp> {
        self.known.as_ref()?.last.as_ref().map(|last| last.at)
    }

    /// What is wrong with it, or why the last attempt did not work.
    pub fn error(&self) -> Option<&str> {
        if let Some(double) = &self.double {
            return Some(double);
        }
        match self.known.as_ref().and_then(|row| row.attempt.as_ref()) {
            Some(attempt) => attempt.error.as_deref(),
            None => self.tried.as_ref()?.error.as_deref(),
        }
    }
}

impl Backups {
    /// [`Backups::standing`], for who has others to answer meanwhile.
    pub async fn stands(&self) -> Result<Vec<TargetStanding>, BackupError> {
        let all = self.clone();
        let looked = tokio::task::spawn_blocking(move || all.standing()).await;
        looked.unwrap_or_else(|error| Err(BackupError::Failed(format!("how backups stand was not looked at: {error}"))))
    }

    /// Every target of the configuration, as it stands now. Blocks for a moment where one does not answer.
    pub fn standing(&self) -> Result<Vec<TargetStanding>, BackupError> {
        let (now, known, drills) = (self.ambient.now(), self.known()?, self.drills(usize::MAX)?);
        let tried = self.tried()?;
        let silent = self.disks.ask(self.configured().iter().map(|spec| &spec.place), self.patience.glance);
        // Drills run under a clock that was ahead say nothing of how it stands now.
        let drills: Vec<DrillRow> =
            drills.into_iter().filter(|drill| drill.at.as_second() - now.as_second() < DAY).collect();
        let one = |spec: &TargetSpec| {
            // What the name meant before says nothing of this place.
            let place = spec.place.to_string();
            let row = known.iter().find(|(name, row)| *name == spec.name && row.place == place);
            let row = row.map(|(_, row)| row.clone());
            let repository = row.as_ref().map_or(Repository::UNKNOWN, |row| row.repository);
            let of_target = || drills.iter().filter(|drill| drill.is_of(repository, &spec.name));
            let drill = of_target().next().cloned();
            let passed = of_target().find(|drill| drill.passed()).map(|drill| drill.at);
            let last = row.as_ref().and_then(|row| Some(row.last.as_ref()?.at));
            let tried = tried
                .iter()
                .find(|(name, row)| *name == spec.name && row.place == place && last.is_none_or(|last| last <= row.at));
            let remembered = match &row {
                Some(row) => self.remembered(row.repository)?,
                None => Remembered::default(),
            };
            let mut standing = TargetStanding {
                // What a place holds is seen when it is written to.
                double: self.double_of(spec, None)?.map(|double| double.to_string()),
                spec: spec.clone(),
                gone: remembered.gone.iter().cloned().collect(),
                beside: remembered.beside.iter().cloned().collect(),
                known: row,
                drill,
                drill_passed: passed,
                backup_stands: Standing::Good,
                drill_stands: Standing::Good,
                concerns: Vec::new(),
                tried: tried.map(|(_, row)| row.clone()),
                silent: silent.contains(&place),
                busy: self.busy(spec)?,
            };
            let of_backup = self.of_backup(&standing, &remembered, now);
            let of_drill = self.of_drill(&standing, now);
            standing.backup_stands = worst(&of_backup);
            standing.drill_stands = of_drill.as_ref().map_or(Standing::Good, Concern::standing);
            standing.concerns = of_backup.into_iter().chain(of_drill).collect();
            Ok(standing)
        };
        self.configured().iter().map(one).collect()
    }

    fn of_backup(&self, target: &TargetStanding, remembered: &Remembered, now: Timestamp) -> Vec<Concern> {
        if let Some(double) = &target.double {
            return vec![Concern::Double(double.clone())];
        }
        let failing = target.error().map(|error| Concern::Failing(error.to_owned()));
        let failing =
            target.silent.then_some(Concern::Silent).into_iter().chain(self.stuck(target, now)).chain(failing);
        let Some(row) = &target.known else { return [Concern::Never].into_iter().chain(failing).collect() };
        let Some(last) = &row.last else { return [Concern::Never].into_iter().chain(failing).collect() };
        let mut concerns = Vec::new();
        let gone = &remembered.gone;
        match () {
            () if !gone.is_empty() && remembered.held.is_empty() => concerns.push(Concern::AllGone),
            () if gone.contains(&last.name) => concerns.push(Concern::NewestGone),
            () if !gone.is_empty() => concerns.push(Concern::OlderGone(gone.len())),
            () => {}
        }
        // What a look found that only misses what is gone was said above.
        let faults = row.verified.as_ref().is_some_and(|verified| verified.faults > 0);
        match () {
            () if remembered.bad.contains(&last.name) => concerns.push(Concern::NewestDamaged),
            () if faults && (!remembered.bad.is_empty() || gone.is_empty()) => concerns.push(Concern::OlderDamaged),
            () => {}
        }
        if let (Some(then), Some(now)) = (&last.opens, self.opens_now())
            && !then.shares(&now)
        {
            concerns.push(Concern::OldKeys);
        }
        let (late, old) = self.schedule.bounds();
        match now.as_second() - last.at.as_second() {
            age if age > old => concerns.push(Concern::TooOld(age)),
            age if age > late => concerns.push(Concern::Aged(age)),
            age if age < -late => concerns.push(Concern::Ahead),
            _ => {}
        }
        concerns.extend(failing);
        concerns
    }

    /// That a removal takes so long that it may hang, while a backup waits for it.
    fn stuck(&self, target: &TargetStanding, now: Timestamp) -> Option<Concern> {
        let (doing, since) = target.busy.as_ref()?;
        let age = now.as_second() - since.as_second();
        let is_long = u64::try_from(age).is_ok_and(|age| age > self.patience.silence.as_secs());
        let waits = doing == Doing::Prune.said() && is_long && self.is_wanted(target, self.opens_now().as_ref(), now);
        waits.then_some(Concern::Stuck(age))
    }

    /// Whether a target is to get a backup now.
    fn is_wanted(&self, target: &TargetStanding, opens: Option<&OpensBy>, now: Timestamp) -> bool {
        let then = target.known.as_ref().and_then(|row| row.last.as_ref()?.opens.as_ref());
        // Until then a new sheet opens no backup, and nobody may throw the old one away.
        let locks_out = then.zip(opens).is_some_and(|(then, now)| then.slots != now.slots);
        self.schedule.is_due(target.last(), now) || locks_out
    }

    /// Says once an hour that a target gets no backup because it is taken.
    fn say_stuck(&self, target: &TargetStanding, now: Timestamp) {
        let Some(Concern::Stuck(_)) = self.stuck(target, now) else { return };
        let mut said = lock(&self.said_stuck);
        let before = said.get(&target.spec.name).map(|at| now.as_second() - at.as_second());
        if before.is_some_and(|age| (0..AGAIN).contains(&age)) {
            return;
        }
        said.insert(target.spec.name.clone(), now);
        let since = target.busy.as_ref().map(|(_, since)| since.to_string()).unwrap_or_default();
        tracing::error!(
            target: "backup", to = target.spec.name, since,
            "a target gets no backup while old ones are being removed there, which may hang"
        );
    }

    /// By what the box opens now.
    fn opens_now(&self) -> Option<OpensBy> {
        let slots = self.home.keyslots().and_then(|slots| Ok(OpensBy::of(&slots)?));
        // What is wrong with the slots is said elsewhere, and nothing here is worse for it.
        slots.ok()
    }

    fn of_drill(&self, target: &TargetStanding, now: Timestamp) -> Option<Concern> {
        let days = i64::from(self.schedule.drill_days) * DAY;
        let age = target.drill_passed.map(|at| now.as_second() - at.as_second());
        let said = |drill: &DrillRow| drill.faults.first().cloned().unwrap_or_default();
        match (age, &target.drill) {
            (_, Some(drill)) if !drill.passed() && !drill.untried => Some(Concern::DrillFailed(said(drill))),
            (Some(age), _) if age > 3 * days => Some(Concern::DrillTooOld(age)),
            (_, Some(drill)) if drill.untried => Some(Concern::DrillUntried(said(drill))),
            (Some(age), Some(_)) if age <= days + DAY => None,
            (Some(age), _) => Some(Concern::DrillOld(age)),
            // None yet is no fault of a target that was set up today.
            (None, _) => Some(Concern::DrillNever),
        }
    }

    /// Makes the backups whose time has come, removes old ones once a day, and runs the drill that is due. Blocks.
    pub fn run_due(&self, watch: &dyn Watch) -> Result<(), BackupError> {
        let now = self.ambient.now();
        let standing = self.standing()?;
        let waits = |target: &TargetStanding| {
            let attempt =
                target.known.as_ref().and_then(|row| row.attempt.as_ref()).filter(|tried| tried.error.is_some());
            let tried = target.tried.as_ref().filter(|tried| tried.error.is_some());
            let failed = attempt.map(|row| row.at).into_iter().chain(tried.map(|row| row.at));
            failed.max().is_some_and(|at| (0..AGAIN).contains(&(now.as_second() - at.as_second())))
        };
        let opens = self.opens_now();
        // What is backed up by another name is not backed up by this one besides.
        let due = |target: &&TargetStanding| {
            // One that is written to now, or hangs in that, has its turn later.
            let free = target.double.is_none() && !self.is_written_to(&target.spec);
            free && self.is_wanted(target, opens.as_ref(), now) && !waits(target)
        };
        standing.iter().for_each(|target| self.say_stuck(target, now));
        let due: Vec<&TargetStanding> = standing.iter().filter(due).collect();
        let made = self.make_due(due, now, watch);
        go_on(watch)?;
        // That no place could be reached says nothing against trying what another holds.
        self.run_drill_due(watch).and(made)
    }

    fn make_due(&self, due: Vec<&TargetStanding>, now: Timestamp, watch: &dyn Watch) -> Result<(), BackupError> {
        if !due.is_empty() {
            let specs: Vec<TargetSpec> = due.iter().map(|target| target.spec.clone()).collect();
            let created = self.create_each(&specs, Wish::USUAL, &ActorRef::system("job:backup"), watch)?;
            let (made, mut targets) = match created {
                Ok(created) => (true, created.targets),
                Err(targets) => (false, targets),
            };
            for done in &targets {
                if let Err(error) = &done.result {
                    tracing::error!(target: "backup", to = done.target.name, %error, "a target got no backup");
                }
            }
            for done in &mut targets {
                if !matches!(done.result, Err(BackupError::Slow { .. })) {
                    continue;
                }
                go_on(watch)?;
                let one = std::slice::from_ref(&done.target);
                match self.create(one, Wish::USUAL, &ActorRef::system("job:backup"), watch) {
                    Ok(created) => created.targets.into_iter().for_each(|alone| *done = alone),
                    Err(error) => {
                        tracing::error!(target: "backup", to = done.target.name, %error, "a target got no backup by itself");
                        done.result = Err(error);
                    }
                }
            }
            for target in due {
                go_on(watch)?;
                // A backup that somebody made by hand on this day is no removal.
                let today = now.to_zoned(self.schedule.zone().clone()).date();
                // Where there is no room for another, what is old makes some.
                let got =
                    |done: &Done| matches!(done.result, Ok(_) | Err(BackupError::Target(TargetError::Full { .. })));
                if targets.iter().any(|done| done.target == target.spec && got(done))
                    && lock(&self.cleared).insert(target.spec.name.clone(), today) != Some(today)
                    && let Err(error) = self.remove_old(&target.spec, watch)
                {
                    go_on(watch)?;
                    tracing::error!(target: "backup", from = target.spec.name, %error, "old backups could not be removed");
                }
            }
            if !made {
                return Err(first_of(targets));
            }
        }
        Ok(())
    }

    fn remove_old(&self, spec: &TargetSpec, watch: &dyn Watch) -> Result<(), BackupError> {
        let removal = Removal { keep: self.schedule.keep.clone(), forget: vec![], how: How::Later };
        let (all, of) = (self.clone(), spec.clone());
        let pruned = apart(spec, &self.patience, watch, move |watch| {
            all.prune(&of, &removal, &ActorRef::system("job:backup-prune"), watch)
        })?;
        if let Some(why) = pruned.held_back {
            tracing::warn!(target: "backup", from = spec.name, "{why}");
        }
        Ok(())
    }

    fn run_drill_due(&self, watch: &dyn Watch) -> Result<(), BackupError> {
        let now = self.ambient.now();
        for target in self.standing()? {
            let failed = target.drill.as_ref().filter(|drill| !drill.passed());
            let again = failed.is_some_and(|drill| now.as_second() - drill.at.as_second() >= DAY);
            let last = target.drill.as_ref().map(|drill| drill.at);
            // One that hangs in something keeps the others from no drill.
            let free = target.double.is_none() && target.busy.is_none() && !target.silent;
            if !free || target.last().is_none() || !(again || self.schedule.is_drill_due(last, now)) {
                continue;
            }
            let (all, of) = (self.clone(), target.spec.clone());
            let drill = apart(&target.spec, &self.patience, watch, move |watch| {
                all.drill(&of, Repository::LATEST, &ActorRef::system("job:backup-drill"), watch)
            })?;
            if !drill.passed() {
                let faults = drill.faults.len();
                tracing::error!(target: "backup", from = target.spec.name, faults, "a backup could not be restored as it should");
            }
            // One at a time: the rest of the box has work to do, too.
            return Ok(());
        }
        Ok(())
    }
}

fn worst(concerns: &[Concern]) -> Standing {
    concerns.iter().map(Concern::standing).max().unwrap_or(Standing::Good)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backup::fixture::TestBox;

    fn schedule(every_hours: u32) -> Schedule {
        let zone = TimeZone::get("Europe/Lisbon").unwrap();
        let keep = Keep { hourly: 1, daily: 1, weekly: 1, monthly: 1, yearly: 1, zone };
        Schedule { every_hours, hour: 1, drill_days: 7, keep }
    }

    #[test]
    fn a_backup_is_due_once_its_time_has_come_also_when_the_box_was_off() {
        let due =
            |every, last: &str, now: &str| schedule(every).is_due(Some(last.parse().unwrap()), now.parse().unwrap());
        assert!(schedule(24).is_due(None, Timestamp::UNIX_EPOCH));
        assert!(!due(24, "2026-03-02T01:00:05Z", "2026-03-03T00:59:59Z"));
        assert!(due(24, "2026-03-02T01:00:05Z", "2026-03-03T01:00:00Z"));
        assert!(due(24, "2026-02-02T01:00:05Z", "2026-03-03T00:30:00Z"), "the box was off for a month");
        // In summer the clinic's one o'clock is midnight by UTC.
        assert!(due(24, "2026-07-02T12:00:00Z", "2026-07-03T00:00:00Z"));
        assert!(!due(6, "2026-03-03T07:00:01Z", "2026-03-03T12:59:59Z"));
        assert!(due(6, "2026-03-03T07:00:01Z", "2026-03-03T13:00:00Z"));
        assert!(due(1, "2026-03-03T07:00:01Z", "2026-03-03T08:00:00Z"));
        // A clock that was set back a little makes no difference to what was done; one that was far ahead does.
        assert!(!due(24, "2026-03-05T00:00:00Z", "2026-03-04T04:00:00Z"));
        assert!(due(24, "2027-03-05T00:00:00Z", "2026-03-04T04:00:00Z"));
    }

    #[test]
    fn the_box_backs_up_tries_and_says_how_it_stands() {
        let made = TestBox::new(31);
        made.put((0..300).map(|at| (at, vec![1; 300])));
        let standing = |made: &TestBox| {
            let all = made.backups.standing().unwrap();
            all.iter().map(|one| (one.backup_stands, one.drill_stands)).collect::<Vec<_>>()
        };
        assert_eq!(standing(&made), [(Standing::Bad, Standing::Late); 2]);
        made.backups.run_due(&crate::backup::Unwatched).unwrap();
        made.backups.run_due(&crate::backup::Unwatched).unwrap();
        assert_eq!(standing(&made), [(Standing::Good, Standing::Good); 2]);
        assert_eq!(made.backups.last_number().unwrap(), 1, "the second run had nothing to do but a drill");
        made.clock.advance(std::time::Duration::from_secs(30 * 3600));
        std::fs::rename(made.path("two"), made.path("away")).unwrap();
        made.backups.run_due(&crate::backup::Unwatched).unwrap();
        assert_eq!(made.backups.last_number().unwrap(), 2);
        made.clock.advance(std::time::Duration::from_secs(20 * 3600));
        made.backups.run_due(&crate::backup::Unwatched).unwrap();
        let all = made.backups.standing().unwrap();
        assert_eq!((all[0].backup_stands, all[1].backup_stands), (Standing::Good, Standing::Late));
        assert!(all[1].error().unwrap().contains("is not there"), "{:?}", all[1].error());
        made.clock.advance(std::time::Duration::from_secs(30 * 24 * 3600));
        assert!(standing(&made).iter().all(|one| *one == (Standing::Bad, Standing::Bad)));
    }

    #[test]
    fn old_backups_go_once_a_day_also_where_another_was_made_by_hand_on_that_day() {
        let made = TestBox::new(41);
        let backups = made.backups.with_targets(vec![made.spec("one")]);
        // Half past midnight by hand, one o'clock by the schedule: the retention keeps one of each day.
        made.clock.set("2026-03-04T00:30:00Z".parse().unwrap());
        for day in 1..=3 {
            made.snapshot("one");
            made.clock.advance(std::time::Duration::from_secs(1800));
            backups.run_due(&crate::backup::Unwatched).unwrap();
            assert_eq!(backups.list(Some("one")).unwrap()[0].snapshots.len(), day);
            made.clock.advance(std::time::Duration::from_secs(84_600));
        }
    }

    #[test]
    fn what_does_not_stand_well_is_said_and_an_older_backup_is_not_taken_for_the_newest() {
        use crate::backup::Depth;
        use crate::backup::fixture::by;
        let made = TestBox::new(38);
        let spec = made.spec("one");
        let names: Vec<String> = (0..3).map(|_| made.snapshot("one").name.to_string()).collect();
        let codes = |made: &TestBox| {
            let standing = made.backups.standing().unwrap().remove(0);
            let codes: Vec<_> = standing.concerns().iter().map(|one| one.code()).collect();
            (standing.backup_stands, codes)
        };
        let look = || made.backups.verify(&spec, Depth::Structure, &by(), &crate::backup::Unwatched);
        assert_eq!(codes(&made), (Standing::Good, vec!["drill-never"]));
        let file = |name: &String| made.path("one/snapshots").join(name);
        std::fs::remove_file(file(&names[0])).unwrap();
        look().unwrap();
        assert_eq!(codes(&made), (Standing::Late, vec!["older-gone", "drill-never"]));
        let bytes = std::fs::read(file(&names[1])).unwrap();
        std::fs::write(file(&names[1]), b"").unwrap();
        look().unwrap();
        assert_eq!(codes(&made), (Standing::Bad, vec!["older-damaged", "older-gone", "drill-never"]));
        std::fs::write(file(&names[1]), bytes).unwrap();
        std::fs::write(file(&names[2]), b"").unwrap();
        look().unwrap();
        assert_eq!(codes(&made).1[0], "newest-damaged");
        std::fs::remove_file(file(&names[2])).unwrap();
        look().unwrap();
        assert_eq!(codes(&made), (Standing::Bad, vec!["newest-gone", "drill-never"]));
        let said = made.backups.standing().unwrap().remove(0).concerns()[0].to_string();
        assert_eq!(said, "the newest backup that was made there is gone, and this box did not remove it.");
        assert_eq!(codes(&TestBox::new(39)).1, ["never", "drill-never"]);
    }

    #[test]
    fn once_the_slots_were_changed_a_backup_is_due_and_one_that_only_the_old_sheet_opens_is_not_good() {
        use crate::backup::{Depth, Unwatched};
        let made = TestBox::new(37);
        made.backups.run_due(&Unwatched).unwrap();
        made.backups.run_due(&Unwatched).unwrap();
        let stands = |backups: &Backups| {
            let all = backups.standing().unwrap();
            all.iter().map(|one| (one.backup_stands, one.concerns().first().map(|one| one.code()))).collect::<Vec<_>>()
        };
        assert_eq!(stands(&made.backups), [(Standing::Good, None); 2]);
        // A second sheet, and then that one alone.
        let (both, renewed) = made.renewed();
        assert_eq!(stands(&both), [(Standing::Good, None); 2]);
        assert_eq!(stands(&renewed), [(Standing::Late, Some("old-keys")); 2]);
        both.run_due(&Unwatched).unwrap();
        assert_eq!(made.backups.last_number().unwrap(), 2, "it was made at once");
        assert_eq!(stands(&renewed), [(Standing::Good, None); 2]);
        renewed.run_due(&Unwatched).unwrap();
        renewed.run_due(&Unwatched).unwrap();
        assert_eq!(made.backups.last_number().unwrap(), 3, "and once");
        let looked = renewed.verify(&made.spec("one"), Depth::All, &crate::backup::fixture::by(), &Unwatched).unwrap();
        assert_eq!(looked.good.len(), renewed.list(Some("one")).unwrap()[0].snapshots.len());
    }

    #[test]
    fn a_place_whose_backups_are_all_gone_is_damaged_until_they_are_seen_again() {
        use crate::backup::fixture::by;
        let made = TestBox::new(40);
        made.snapshot("one");
        std::fs::rename(made.path("one"), made.path("away")).unwrap();
        std::fs::create_dir(made.path("one")).unwrap();
        let spec = made.spec("one");
        let look = || made.backups.verify(&spec, crate::backup::Depth::Structure, &by(), &crate::backup::Unwatched);
        let stands = || made.backups.standing().unwrap().remove(0);
        assert!(look().unwrap_err().is_damage() && made.try_snapshot("one").unwrap_err().is_damage());
        assert!(made.backups.list(Some("one")).unwrap()[0].is_damaged());
        assert_eq!((stands().backup_stands, stands().concerns()[0].code()), (Standing::Bad, "all-gone"));
        std::fs::remove_dir(made.path("one")).unwrap();
        std::fs::rename(made.path("away"), made.path("one")).unwrap();
        made.snapshot("one");
        look().unwrap();
        assert_eq!(stands().backup_stands, Standing::Good);
    }

    #[test]
    fn a_name_that_means_another_place_now_has_nothing_there_yet_and_a_backup_is_due() {
        use crate::backup::Unwatched;
        let made = TestBox::new(42);
        let backups = made.backups.with_targets(vec![made.spec("one")]);
        backups.run_due(&Unwatched).unwrap();
        backups.run_due(&Unwatched).unwrap();
        assert_eq!(backups.standing().unwrap()[0].backup_stands, Standing::Good);
        let moved = TargetSpec { name: "one".into(), ..made.spec("elsewhere") };
        let backups = made.backups.with_targets(vec![moved]);
        let stands = || {
            let one = backups.standing().unwrap().remove(0);
            let codes: Vec<_> = one.concerns().iter().map(|one| one.code()).collect();
            (one.known.is_some(), one.backup_stands, codes)
        };
        assert_eq!(stands(), (false, Standing::Bad, vec!["never", "drill-never"]));
        backups.run_due(&Unwatched).unwrap();
        assert_eq!(made.backups.last_number().unwrap(), 2, "it was made at once");
        assert_eq!(stands(), (true, Standing::Good, vec![]));
        // Nor does what came of trying the first place say anything of this one.
        std::fs::write(made.path("file"), "x").unwrap();
        let moved = TargetSpec { name: "two".into(), ..made.spec("file") };
        made.backups.try_out(&moved, &ActorRef::system("test")).unwrap();
        let two = made.backups.with_targets(vec![made.spec("two")]);
        assert_eq!(two.standing().unwrap()[0].error(), None);
        two.run_due(&Unwatched).unwrap();
        assert_eq!(two.standing().unwrap()[0].backup_stands, Standing::Good);
    }

    #[test]
    fn a_place_that_is_written_to_or_hangs_in_that_is_not_tried_again_each_time() {
        use crate::backup::lease::Doing;
        let made = TestBox::new(43);
        let backups = made.backups.with_targets(vec![made.spec("one")]);
        let lease = made.backups.lease(&made.spec("one"), Doing::Backup).unwrap();
        backups.run_due(&crate::backup::Unwatched).unwrap();
        assert_eq!(made.backups.last_number().unwrap(), 0);
        drop(lease);
        backups.run_due(&crate::backup::Unwatched).unwrap();
        assert_eq!(made.backups.last_number().unwrap(), 1);
    }

    #[test]
    fn a_place_where_a_removal_hangs_gets_no_backup_and_says_so() {
        use crate::backup::lease::Doing;
        let made = TestBox::new(47);
        let backups = made.backups.with_targets(vec![made.spec("one")]);
        made.snapshot("one");
        made.backups.drill(&made.spec("one"), "latest", &ActorRef::system("test"), &crate::backup::Unwatched).unwrap();
        let lease = made.backups.lease(&made.spec("one"), Doing::Prune).unwrap();
        let stands = || {
            let one = backups.standing().unwrap().remove(0);
            let codes: Vec<_> = one.concerns().iter().map(|one| one.code()).collect();
            (one.backup_stands, codes)
        };
        made.clock.advance(std::time::Duration::from_secs(3600));
        assert_eq!(stands(), (Standing::Good, vec![]), "nothing waits for it");
        made.clock.advance(std::time::Duration::from_secs(24 * 3600));
        assert_eq!(stands(), (Standing::Late, vec!["in-use"]));
        backups.run_due(&crate::backup::Unwatched).unwrap();
        assert!(lock(&backups.said_stuck).contains_key("one"));
        drop(lease);
        backups.run_due(&crate::backup::Unwatched).unwrap();
        assert_eq!(stands(), (Standing::Good, vec![]));
        // One that has not lasted long is none.
        made.clock.advance(std::time::Duration::from_secs(24 * 3600));
        let _lease = made.backups.lease(&made.spec("one"), Doing::Prune).unwrap();
        assert_eq!(stands(), (Standing::Good, vec![]));
    }

    #[test]
    fn a_place_that_was_never_reached_keeps_no_other_from_being_tried_and_is_asked_once_an_hour() {
        let made = TestBox::new(32);
        let nowhere = TargetSpec { name: "nowhere".into(), ..made.spec("no/such") };
        let backups = made.backups.with_targets(vec![made.spec("one"), nowhere]);
        made.snapshot("one");
        backups.run_due(&crate::backup::Unwatched).unwrap_err();
        assert_eq!(backups.drills(10).unwrap().len(), 1);
        backups.run_due(&crate::backup::Unwatched).unwrap();
        made.clock.advance(std::time::Duration::from_secs(3601));
        backups.run_due(&crate::backup::Unwatched).unwrap_err();
    }
}
