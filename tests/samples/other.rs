//! Pages without a session, the staff's lists, the health administrator's and the operator's.

use chartbox::access::ProxyExtent;
use chartbox::audit::{Action, Outcome};
use chartbox::backup::{Concern, OldBackups, Standing};
use chartbox::base::Secret;
use chartbox::discovery::Presence;
use chartbox::http::admin::pages::{
    ApprovalForm, ApprovalGiven, ApprovalRow, Approvals, Audit, AuditFilter, ChainState, EntryGroup, EntryRow,
    ExportRow, Found, Verify,
};
use chartbox::http::clinic::inbox_pages::Sum;
use chartbox::http::clinic::pages as clinic_pages;
use chartbox::http::clinic::pages::*;
use chartbox::http::keys::{AskedWord, SheetState};
use chartbox::http::open::pages::*;
use chartbox::http::operator::backup_pages::{Backups, DrillPart, LastPart, TargetPart, TriedPart};
use chartbox::http::operator::key_pages::{BeforeSheet, Keys, NewPassphrase, OneKey, PrintedSheet, SlotRow};
use chartbox::http::operator::pages::*;
use chartbox::http::ui::account::{NewPassword, SessionLine, StaffAccount};
use chartbox::http::ui::record::*;
use chartbox::http::ui::{Faults, words};
use chartbox::record::Rest;
use chartbox::store::DiskRoom;

use super::*;

pub fn pages() -> Vec<(&'static str, String)> {
    let mut all = open();
    all.extend(staff());
    all.extend(admin());
    all.extend(operator());
    all.extend(keys(|| cx("Abel Rondo", Role::Operator)));
    all
}

fn fault(field: &'static str, sentence: &str) -> Faults {
    let mut faults = Faults::none();
    faults.add(field, sentence);
    faults
}

fn locked(given: Given, faults: Faults) -> Locked {
    Locked { cx: nobody(), state: LockedState::Waits, passphrase: true, sheet: true, given, faults }
}

fn asked() -> Vec<AskedWord> {
    [(1, 3), (2, 1), (4, 2), (6, 1)].map(|(row, word)| AskedWord { row, word }).into()
}

/// The operator's pages about keys.
fn keys(cx: impl Fn() -> Cx) -> Vec<(&'static str, String)> {
    use chartbox::crypto::keyslots::{Seal, SlotId, SlotKind};
    let row = |id, kind, seal, sheet| SlotRow {
        id: SlotId(id),
        kind,
        seal,
        kept: matches!(sheet, Some(SheetState::Kept { .. })).then(|| time("2026-01-12T09:00")),
        sheet,
        made: time("2026-01-10T09:00"),
        stays: id != 2,
    };
    let kept = Some(SheetState::Kept { when: "2026-01-12T09:00:00Z".parse().unwrap() });
    let unproven = || row(3, SlotKind::RecoverySheet, None, Some(SheetState::Unproven { asked: asked() }));
    let page = |unlock, rotating| Keys {
        cx: cx(),
        unlock,
        slots: vec![
            row(1, SlotKind::RecoverySheet, None, kept.clone()),
            row(2, SlotKind::KeyFile, None, None),
            unproven(),
            row(4, SlotKind::Credential, Some(Seal::TpmBound), None),
            row(5, SlotKind::Credential, Some(Seal::HostKey), None),
            row(6, SlotKind::Passphrase, None, None),
        ],
        epoch: 1,
        rotating,
        old: OldBackups::Until(jiff::civil::date(2036, 1, 1)),
        locked: if rotating { vec!["clinic-nas".into()] } else { vec![] },
    };
    let old = row(1, SlotKind::RecoverySheet, None, Some(SheetState::Unproven { asked: vec![] }));
    let words = ["parent", "fabric", "pardon", "nurse"];
    vec![
        ("keys", render(&page(Unlock::KeyFile, false))),
        ("keys-rotating", render(&page(Unlock::Tpm, true))),
        ("keys-host", render(&page(Unlock::HostKey, false))),
        ("keys-tpm-unbound", render(&page(Unlock::TpmUnbound, false))),
        (
            "key-sheet",
            render(&OneKey { cx: cx(), row: unproven(), faults: fault("word2", "This is not word 1 of row 2.") }),
        ),
        ("key-sheet-old", render(&OneKey { cx: cx(), row: old, faults: Faults::none() })),
        (
            "key-credential",
            render(&OneKey {
                cx: cx(),
                row: row(4, SlotKind::Credential, Some(Seal::TpmUnbound), None),
                faults: fault("password", "This is not your password. Nothing was changed."),
            }),
        ),
        ("key-passphrase", render(&NewPassphrase { cx: cx(), faults: fault("again", "The two are not the same.") })),
        ("key-before-sheet", render(&BeforeSheet { cx: cx(), faults: Faults::none() })),
        (
            "key-printed-sheet",
            render(&PrintedSheet {
                cx: cx(),
                id: SlotId(3),
                words: [words; 6],
                asked: asked(),
                made: time("2026-03-03T09:00"),
                host: "chartbox-k7m2.local".into(),
                log_key: "aepy-h95s-gj7k-cgja-x9c1-6m16".into(),
                authority: welcome().fingerprint,
            }),
        ),
    ]
}

fn open() -> Vec<(&'static str, String)> {
    let sign_in =
        |refused| SignIn { cx: nobody(), user: "halina".into(), refused, next: Some("/my".into()), late: None };
    let wrong = SignInRefusal::DoNotMatch { tries_left: Some(2), wait_minutes: 15 };
    let wait = SignInRefusal::Wait { until: time("2026-03-03T10:20") };
    let first = || {
        FirstAccount::empty()
            .into_iter()
            .map(|one| FirstAccount { name: "Ruth Adeyemi-Strand".into(), ..one })
            .collect()
    };
    let mut faults = Faults::none();
    faults.add("operator_password", "This password is too easy to guess. Add two unusual words.");
    let problem = |kind| render(&Problem { cx: nobody(), kind, again: None, kept: false });
    vec![
        ("sign-in", render(&SignIn { user: String::new(), ..sign_in(None) })),
        ("sign-in-demo", render(&SignIn { cx: demo(nobody()), ..sign_in(None) })),
        ("sign-in-wrong", render(&sign_in(Some(wrong)))),
        ("sign-in-wait", render(&sign_in(Some(wait)))),
        ("sign-in-stale", render(&sign_in(Some(SignInRefusal::Stale)))),
        ("signed-out", render(&SignedOut { cx: nobody(), why: SignedOutWhy::Asked })),
        ("signed-out-idle", render(&SignedOut { cx: nobody(), why: SignedOutWhy::Idle { minutes: 15 } })),
        ("signed-out-ended", render(&SignedOut { cx: nobody(), why: SignedOutWhy::Ended })),
        ("new-password", render(&NewPassword { cx: nobody(), faults: Faults::none() })),
        (
            "setup-code",
            render(&SetupCode {
                cx: nobody(),
                fault: Some("This is not the code of this box. Compare it with the console, sign by sign.".into()),
            }),
        ),
        (
            "setup-accounts",
            render(&SetupAccounts {
                cx: nobody(),
                zone: "Europe/London".into(),
                accounts: FirstAccount::empty(),
                faults,
            }),
        ),
        (
            "setup-check",
            render(&SetupCheck {
                cx: nobody(),
                zone: "Europe/London".into(),
                accounts: first(),
                asked: asked(),
                faults: Faults::none(),
            }),
        ),
        (
            "setup-done",
            render(&SetupDone {
                cx: nobody(),
                accounts: first(),
                welcome: "http://chartbox-k7m2.local/".into(),
                sheet_waits: true,
            }),
        ),
        ("welcome", render(&welcome())),
        ("locked", render(&locked(Given::Nothing, Faults::none()))),
        (
            "locked-wrong",
            render(&locked(Given::Passphrase, fault("passphrase", "This passphrase does not open this box."))),
        ),
        (
            "locked-sheet",
            render(&locked(Given::Sheet, fault("row3", "Row 3: its words do not fit together; one is wrong."))),
        ),
        ("locked-sheet-only", render(&Locked { passphrase: false, ..locked(Given::Nothing, Faults::none()) })),
        ("locked-opening", render(&Locked { state: LockedState::Opening, ..locked(Given::Nothing, Faults::none()) })),
        ("problem-404", render(&Problem { cx: doctor(), kind: ProblemKind::NothingHere, again: None, kept: false })),
        (
            "problem-stale-kept",
            render(&Problem {
                cx: doctor(),
                kind: ProblemKind::StaleForm,
                again: Some("/patients/a1/notes/b2".into()),
                kept: true,
            }),
        ),
        (
            "sent-already",
            render(&SentAlready {
                cx: doctor(),
                when: time("2026-03-03T09:31"),
                place: "/messages/a1".into(),
                action: "/messages/a1".into(),
                multipart: false,
                fields: vec![("text".into(), "Iron is fine.".into())],
            }),
        ),
        ("problem-403", problem(ProblemKind::NotForRole)),
        ("problem-not-granted", problem(ProblemKind::NotGranted(ProxyExtent::View))),
        ("problem-not-granted-visits", problem(ProblemKind::NotGranted(ProxyExtent::Appointments))),
        ("problem-stale", problem(ProblemKind::StaleForm)),
        ("problem-other-record", problem(ProblemKind::OtherRecord)),
        ("problem-400", problem(ProblemKind::NotUnderstood)),
        ("problem-422", problem(ProblemKind::TooMuchAtOnce)),
        ("problem-401", problem(ProblemKind::NotSignedIn)),
        ("problem-405", problem(ProblemKind::NotThisWay)),
        ("problem-409", problem(ProblemKind::ChangedMeanwhile)),
        ("problem-410", problem(ProblemKind::Gone)),
        ("problem-proof", problem(ProblemKind::ProofNeeded)),
        ("problem-413", problem(ProblemKind::TooLarge { most: 20_000_000 })),
        ("problem-413-text", problem(ProblemKind::LongText)),
        ("problem-421", problem(ProblemKind::OtherName)),
        ("problem-429", problem(ProblemKind::TooMany { until: Some(time("2026-03-03T10:20")) })),
        ("problem-429-plain", problem(ProblemKind::TooMany { until: None })),
        ("problem-500", problem(ProblemKind::Unexpected { reference: Some("k7m2-20260303-0938".into()) })),
        ("problem-503", problem(ProblemKind::AuditUnwritable)),
        ("problem-503-starting", problem(ProblemKind::NotReady)),
        ("problem-503-slow", problem(ProblemKind::TookTooLong)),
        ("problem-507", problem(ProblemKind::DiskAlmostFull)),
        ("problem-507-full", problem(ProblemKind::DiskFull)),
    ]
}

fn welcome() -> Welcome {
    Welcome {
        cx: nobody(),
        fingerprint: "6F:2A:91:C4:0E:77:B3:58:1D:AA:40:9C:E2:35:F8:06:5B:C1:7E:92:34:DF:08:6A:B7:13:E9:4C:20:8D:F5:61"
            .into(),
        secure: "https://chartbox-k7m2.local".into(),
        here: "http://chartbox-k7m2.local/".into(),
        authority: "Record box k7m2".into(),
        authority_until: day("2036-03-01"),
    }
}

fn identity(id: &str, family: &str, given: &str, born: &str, number: &str) -> Identity {
    Identity {
        id: id.into(),
        family: family.into(),
        given: given.into(),
        born: Some(day(born)),
        died: None,
        deceased: false,
        sex: Sex::Female,
        number: Some(number.into()),
    }
}

fn people() -> Vec<PatientRow> {
    let row = |who, lives: &str| PatientRow { who, lives: Some(lives.into()), joined: false };
    vec![
        row(identity("p1", "Brandvold", "Halina", "1967-05-09", "004 127"), "Quay Lane 4, Fjordvik"),
        row(identity("p2", "Brandvold", "Signe", "1994-11-21", "009 310"), "Quay Lane 4, Fjordvik"),
        row(
            Identity {
                died: Some(day("2019-01-30")),
                deceased: true,
                sex: Sex::Male,
                ..identity("p3", "Brandwald-Oyelowo", "Maximilian José", "1931-02-02", "000 012")
            },
            "Old Harbour Road 118, Northmoor",
        ),
        row(
            identity(
                "p4",
                "Sanabria-Wolfeschlegelsteinhausen999",
                "Guillermo498 Eduardo",
                "2026-02-20",
                "3b9f2a40-77e1-4a64",
            ),
            "Springfield",
        ),
        PatientRow { who: Identity { id: "p5".into(), ..Identity::default() }, lives: None, joined: true },
    ]
}

fn appointments() -> Vec<DayRow> {
    use AppointmentState::*;
    [
        ("08:40", "Osric Pellam", "71 years", "Dizzy when standing up", None, Done),
        ("09:00", "Tamsin Oduya-Reed", "34 years", "Migraine, follow-up", None, DidNotCome),
        ("09:20", "Bruno Castelnau", "46 years", "Low back pain", None, Done),
        ("09:40", "Halina Brandvold", "58 years", "Cough and fever for 6 days", None, Arrived),
        ("10:00", "Idris Fennimore", "9 years", "Earache", Some("with his mother"), Arrived),
        ("10:40", "Wilma Tarkington-Lowe", "82 years", "Swollen legs", None, Expected),
        ("11:00", "Joren Vasquill", "27 years", "Sick note", Some("phone call"), Expected),
        ("11:40", "Leopold Quist", "53 years", "Skin check", None, Cancelled),
        ("13:00", "Anneke Rosdahl", "31 years", "First visit, pregnancy", None, NotConfirmed),
    ]
    .map(|(clock, patient, age, reason, kind, state)| DayRow {
        when: time(&format!("2026-03-03T{clock}")),
        minutes: Some(20),
        patient: patient.into(),
        age: Some(age.into()),
        href: "/patients/p1".into(),
        reason: Some(reason.into()),
        kind: kind.map(String::from),
        with: Some("Dr R. Adeyemi-Strand".into()),
        state,
        form: (clock == "09:40").then(|| "/patients/p1/forms#form-f1".into()),
    })
    .into()
}

fn staff() -> Vec<(&'static str, String)> {
    let today = |cx, rows| Today {
        cx,
        day: day("2026-03-03"),
        rows,
        others: vec![],
        inbox: vec![Sum {
            href: "/inbox#messages".into(),
            title: chartbox::http::ui::t("inbox-messages"),
            count: 3,
            late: 1,
            rest: Rest::More,
        }],
        before: "/today?day=2026-03-02".into(),
        after: "/today?day=2026-03-04".into(),
    };
    let desk = || cx("Milo Tessaro", Role::Reception);
    let no_reason = || {
        appointments()
            .into_iter()
            .map(|row| DayRow { reason: None, kind: Some("Visit".into()), ..row })
            .collect::<Vec<_>>()
    };
    let mut faults = Faults::none();
    faults.add("born", "This date lies in the future. We have 9 5 2067.");
    faults.add("sex", "Choose one. “Not known” is an answer too.");
    let form = RegisterForm {
        family: "Brandvold".into(),
        given: "Halina".into(),
        born: "9 5 2067".into(),
        ..RegisterForm::default()
    };
    let search =
        |query: &str, rows: Vec<PatientRow>, more| render(&Patients { cx: doctor(), query: query.into(), rows, more });
    let session = |id: &str, device: &str, current| SessionLine {
        id: id.into(),
        device: device.into(),
        origin: None,
        since: time("2026-03-02T08:00"),
        last_used: time("2026-03-03T09:30"),
        current,
    };
    vec![
        ("today", render(&today(doctor(), appointments()))),
        ("today-reception", render(&today(demo(desk()), no_reason()))),
        ("today-empty", render(&Today { day: day("2026-03-08"), ..today(doctor(), vec![]) })),
        ("patients", search("brandv", people(), true)),
        ("patients-none", search("brandwold 1967", vec![], false)),
        ("patients-start", search("", vec![], false)),
        ("patients-recent", search("", people(), false)),
        ("found", render(&clinic_pages::Found { cx: doctor(), query: "bra".into(), rows: people(), more: true })),
        ("found-none", render(&clinic_pages::Found { cx: doctor(), query: "<b>x".into(), rows: vec![], more: false })),
        (
            "register",
            render(&Register { cx: desk(), form: RegisterForm::default(), faults: Faults::none(), doubles: vec![] }),
        ),
        ("register-wrong", render(&Register { cx: desk(), form: form.clone(), faults, doubles: vec![] })),
        (
            "register-double",
            render(&Register {
                cx: desk(),
                form: RegisterForm { sex: "female".into(), ..form },
                faults: Faults::none(),
                doubles: people().into_iter().take(1).collect(),
            }),
        ),
        (
            "details",
            render(&Details {
                cx: Cx {
                    done: Some("Halina Brandvold is registered with the clinic number 004 127.".into()),
                    ..desk()
                },
                who: identity("p1", "Brandvold", "Halina", "1967-05-09", "004 127"),
                reach: vec![
                    ("Phone".into(), "01632 960 142".into()),
                    ("Address".into(), "Quay Lane 4, 1180 Fjordvik".into()),
                ],
                appointments: no_reason().into_iter().skip(3).take(2).collect(),
                open: true,
            }),
        ),
        (
            "details-empty",
            render(&Details {
                cx: desk(),
                who: people().remove(4).who,
                reach: vec![],
                appointments: vec![],
                open: false,
            }),
        ),
        (
            "account",
            render(&StaffAccount {
                cx: doctor(),
                user: "radeyemi".into(),
                sessions: vec![session("a", "Firefox on Linux", true), session("b", "Safari on iPad", false)],
                faults: Faults::none(),
            }),
        ),
    ]
}

fn admin() -> Vec<(&'static str, String)> {
    let cx = || cx("Johanna Pryce-Quill", Role::HealthAdmin);
    let row = |sequence, clock: &str, who: &str, role: &str, what: &str, why: &str, outcome| EntryRow {
        sequence,
        when: time(&format!("2026-03-03T{clock}")),
        who: who.into(),
        role: role.into(),
        what: what.into(),
        detail: None,
        patient: Some("Halina Brandvold".into()),
        why: why.into(),
        outcome: words::ended(outcome),
    };
    let groups = vec![
        EntryGroup::unsealed(vec![
            row(
                487_102,
                "10:04",
                "R. Adeyemi-Strand",
                "Doctor",
                "opened 31 results or measurements, 6 medicines",
                "Care",
                Outcome::Success,
            ),
            row(
                487_098,
                "09:31",
                "Lena Corvin",
                "Nurse",
                &words::did(Action::Create).to_string(),
                "Care",
                Outcome::Success,
            ),
        ]),
        EntryGroup::sealed(vec![
            EntryRow {
                detail: Some("“Night pharmacy called about her blood pressure tablets”".into()),
                ..row(
                    471_077,
                    "08:47",
                    "Piers Halloran",
                    "Doctor",
                    "opened in an emergency",
                    "Emergency access",
                    Outcome::Success,
                )
            },
            row(
                468_655,
                "08:03",
                "Milo Tessaro",
                "Reception",
                "searched",
                "Registration and appointments",
                Outcome::Denied,
            ),
            EntryRow {
                patient: None,
                ..row(
                    468_001,
                    "07:00",
                    "backup",
                    "Program",
                    "made a backup",
                    "Looking after the system",
                    Outcome::Failed,
                )
            },
        ]),
    ];
    let chain = |verified| ChainState {
        entries: 487_493,
        since: Some(day("2024-05-12")),
        verified,
        checkpoint: Some((486_112, time("2026-03-03T02:15"))),
        next_checkpoint: Some(time("2026-03-03T14:15")),
    };
    let audit = |chain, groups| Audit {
        cx: cx(),
        chain,
        filter: AuditFilter { patient: "Halina Brandvold".into(), from: "2026-02-01".into(), ..AuditFilter::default() },
        fault: None,
        groups,
        pages: Pages { newer: None, older: Some("/audit?before=468001".into()) },
        own_entry: Some(487_494),
    };
    let whole = Some((time("2026-03-03T02:15"), Found::Whole));
    let broken = Some((time("2026-03-03T02:15"), Found::Tampered));
    let facts = || {
        vec![
            ("Entries".to_owned(), "487,493".to_owned()),
            ("Under the last checkpoint".to_owned(), "486,112".to_owned()),
        ]
    };
    let blind = || {
        vec![
            "The end of the log, written anew after the last checkpoint that is kept outside the box: 1,381 entries."
                .to_owned(),
            "What was done without this program, and so was never written.".to_owned(),
        ]
    };
    let open = || ApprovalRow {
        what: "The whole access log".into(),
        by: "Ada Quill-Featherstonehaugh".into(),
        until: time("2026-03-03T09:53"),
    };
    let given = ApprovalGiven { code: Secret::new("K7M2P-9QXTB".into()), until: time("2026-03-03T09:53") };
    let mut no_reason = Faults::none();
    no_reason.add("reason", "Say why: it stands in the access log.");
    let approvals = |faults, given, open| Approvals {
        cx: cx(),
        form: ApprovalForm::default(),
        faults,
        given,
        open,
        exports: vec![],
    };
    let export = |whose: &str, kinds, since| ExportRow {
        id: "0198a3f2-0000-7000-8000-00000000abcd".into(),
        name: "Research warehouse of the county".into(),
        whose: whose.into(),
        kinds,
        since,
        asked: time("2026-03-03T09:12"),
    };
    let exports = vec![
        export("Everything in the box", vec![], None),
        export(
            "The records of a group of patients",
            vec!["Patient", "Observation", "MedicationRequest"],
            Some(time("2026-02-03T02:00")),
        ),
    ];
    vec![
        ("approvals", render(&approvals(Faults::none(), None, vec![]))),
        ("approvals-given", render(&approvals(Faults::none(), Some(given), vec![open(), open()]))),
        ("approvals-exports", render(&Approvals { exports, ..approvals(Faults::none(), None, vec![open()]) })),
        ("approvals-fault", render(&approvals(no_reason, None, vec![]))),
        ("audit", render(&audit(chain(whole), groups.clone()))),
        ("audit-broken", render(&audit(chain(broken), groups))),
        (
            "audit-new",
            render(&Audit {
                fault: Some("There is no day 31 February.".into()),
                own_entry: None,
                chain: ChainState { checkpoint: None, next_checkpoint: None, since: None, ..chain(None) },
                ..audit(chain(None), vec![])
            }),
        ),
        (
            "verify",
            render(&Verify {
                cx: cx(),
                found: Found::Whole,
                checked: time("2026-03-03T09:38"),
                entries: 487_493,
                facts: facts(),
                findings: vec![],
                blind: blind(),
            }),
        ),
        (
            "verify-broken",
            render(&Verify {
                cx: cx(),
                found: Found::Tampered,
                checked: time("2026-03-03T09:38"),
                entries: 487_493,
                facts: facts(),
                findings: vec!["Entry 471,077 was changed.".into(), "Entries 471,080 to 471,091 are missing.".into()],
                blind: blind(),
            }),
        ),
    ]
}

fn backups() -> Vec<TargetPart> {
    let last = |when: &str| LastPart { when: time(when), new: 11_400_000, holds: 41_800_000_000, seconds: 31 };
    let drill = |when: &str| DrillPart {
        when: time(when),
        rows: 1_823_110,
        entries: 487_493,
        samples: 182,
        seconds: 252,
        faults: Vec::new(),
        untried: false,
    };
    let nas = TargetPart {
        name: "clinic-nas".into(),
        place: "sftp://chartbox@nas.hill-street.example/backups".into(),
        kind: "sftp",
        last: Some(last("2026-03-03T02:20")),
        error: None,
        snapshots: 61,
        gone: 0,
        beside: 0,
        backup_stands: Standing::Good,
        drill: Some(drill("2026-03-01T03:10")),
        drill_stands: Standing::Good,
        concerns: Vec::new(),
        busy: Some(("a drill".into(), time("2026-03-03T09:36"))),
        tried: Some(TriedPart {
            when: time("2026-03-03T09:30"),
            error: None,
            millis: 412,
            free: Some(1_240_000_000_000),
        }),
        double: None,
    };
    let usb = TargetPart {
        name: "safe".into(),
        place: "/media/safe/chartbox".into(),
        kind: "folder",
        last: Some(last("2026-02-22T18:00")),
        error: Some((
            time("2026-03-03T02:20"),
            "/media/safe/chartbox is not there (No such file or directory). Connect it, or name another place; nothing \
             was changed."
                .into(),
        )),
        snapshots: 1,
        gone: 0,
        beside: 0,
        backup_stands: Standing::Late,
        drill: None,
        drill_stands: Standing::Late,
        concerns: vec![Concern::Failing("/media/safe/chartbox is not there".into()), Concern::DrillNever],
        busy: None,
        tried: Some(TriedPart {
            when: time("2026-03-03T09:31"),
            error: Some(
                "/media/safe/chartbox is not there (No such file or directory). Connect it, or name another place; nothing \
                 was changed."
                    .into(),
            ),
            millis: 1,
            free: None,
        }),
        double: None,
    };
    vec![nas, usb]
}

fn spoiled() -> TargetPart {
    let mut spoiled = backups().remove(0);
    spoiled.backup_stands = Standing::Bad;
    spoiled.drill_stands = Standing::Bad;
    spoiled.gone = 3;
    spoiled.beside = 2;
    spoiled.concerns = vec![Concern::NewestDamaged, Concern::OlderDamaged, Concern::OlderGone(3), Concern::OldKeys];
    spoiled.double = Some(
        "clinic-nas and safe are two names of one place: what is backed up there is one backup, not two. Give one of them a \
         place of its own, or take it out of the configuration."
            .into(),
    );
    if let Some(drill) = &mut spoiled.drill {
        drill.faults = vec!["packs/16591e631249 was changed: the snapshots 58, 59 and 61 cannot be restored".into()];
    }
    spoiled
}

fn operator() -> Vec<(&'static str, String)> {
    let cx = || cx("Abel Rondo", Role::Operator);
    let listening = |kind, address: &str, state| Listening {
        presence: (kind == ListenerKind::Clinic).then_some(Presence::Announced),
        kind,
        address: address.into(),
        state,
    };
    let health = Health {
        cx: cx(),
        unlock: Unlock::Passphrase,
        sheet: SheetHealth::Kept(time("2026-01-12T09:00")),
        disk: Disk { used: 146_000_000_000, total: 477_000_000_000, store: 41_800_000_000, room: DiskRoom::Plenty },
        memory: Memory { used: 58_000_000, peak: Some(141_000_000), total: 8_000_000_000 },
        version: "0.1.0".into(),
        running_since: time("2026-01-31T06:12"),
        certificate: Certificate {
            until: day("2026-05-22"),
            days_left: 80,
            renews: Some(day("2026-04-22")),
            authority_until: day("2036-03-01"),
            fingerprint: welcome().fingerprint,
        },
        listeners: vec![
            listening(ListenerKind::Clinic, "[::]:443", ListenerState::Answers),
            listening(ListenerKind::Portal, "[::]:8444", ListenerState::Off),
            listening(ListenerKind::Welcome, "[::]:80", ListenerState::Answers),
            listening(ListenerKind::Ops, "127.0.0.1:9464", ListenerState::Answers),
        ],
        backups: backups(),
        log: LogHealth {
            entries: 487_493,
            verified: Some((time("2026-03-03T02:15"), Whole::Yes)),
            checkpoint: Some(time("2026-03-03T02:15")),
        },
        records: chartbox::record::Totals { patients: 3_212, resources: 1_204_511 },
        clock: ClockHealth::Synchronized,
        mail: chartbox::http::operator::mail::MailStanding {
            way: chartbox::http::operator::mail::MailWay::Off,
            queue: chartbox::care::notify::mails::Queue::default(),
            last: None,
            oldest: None,
        },
        signed_in: 14,
    };
    let mut bad = health.clone();
    bad.cx = demo(cx());
    bad.unlock = Unlock::Credential;
    bad.disk.used = 470_000_000_000;
    bad.disk.room = DiskRoom::KeptForReading;
    bad.certificate.days_left = -2;
    bad.certificate.until = day("2026-03-01");
    bad.listeners[0].state = ListenerState::Broken;
    bad.log.verified = Some((time("2026-03-03T02:15"), Whole::No));
    bad.log.checkpoint = None;
    bad.backups = vec![spoiled()];
    bad.clock = ClockHealth::Alone;
    bad.signed_in = 0;
    let mut care = health.clone();
    care.unlock = Unlock::Demo;
    care.disk.used = 440_000_000_000;
    care.disk.room = DiskRoom::Short;
    care.log.verified = None;
    care.backups = Vec::new();
    care.clock = ClockHealth::Unknown;
    let file = Health { unlock: Unlock::KeyFile, sheet: SheetHealth::Unproven, ..health.clone() };
    let typed = Health { unlock: Unlock::Passphrase, sheet: SheetHealth::None, ..health.clone() };
    let row = |id: &str, name: &str, role, state, last: Option<&str>| AccountRow {
        id: id.into(),
        name: name.into(),
        user: id.into(),
        role,
        state,
        last_used: last.map(time),
    };
    let rows = || {
        vec![
            row(
                "radeyemi",
                "Dr Ruth Adeyemi-Strand",
                Some(Role::Clinician),
                AccountState::Enabled,
                Some("2026-03-03T09:30"),
            ),
            row("lcorvin", "Lena Corvin", Some(Role::Nurse), AccountState::FirstPassword, None),
            row(
                "phalloran",
                "Dr Piers Halloran",
                Some(Role::Clinician),
                AccountState::Disabled,
                Some("2026-02-21T22:51"),
            ),
            row(
                "northmoor-lab",
                "Northmoor Laboratory, results interface, Fjordvik",
                None,
                AccountState::Enabled,
                Some("2026-03-02T14:12"),
            ),
        ]
    };
    let mut faults = Faults::none();
    faults.add("user", "This user name is taken. Choose another one.");
    let one = |index: usize, password: Option<&str>, fault: Option<&str>| OneAccount {
        cx: cx(),
        row: rows().remove(index),
        made: time("2024-05-12T09:00"),
        sessions: 2,
        password: password.map(|text| Secret::new(text.to_owned())),
        fault: fault.map(String::from),
    };
    vec![
        ("health", render(&health)),
        ("backups", render(&Backups { cx: cx(), targets: backups() })),
        ("backups-bad", render(&Backups { cx: cx(), targets: vec![spoiled()] })),
        ("backups-none", render(&Backups { cx: demo(cx()), targets: Vec::new() })),
        ("health-key-file", render(&file)),
        ("health-no-sheet", render(&typed)),
        ("health-care", render(&care)),
        ("health-bad", render(&bad)),
        ("accounts", render(&Accounts { cx: cx(), rows: rows() })),
        (
            "account-new",
            render(&NewAccount {
                cx: cx(),
                form: NewAccountForm { name: "Lena Corvin".into(), user: "lcorvin".into(), role: "nurse".into() },
                faults,
            }),
        ),
        ("account-one", render(&one(0, None, None))),
        ("account-reset", render(&one(1, Some("meadow-copper-violin-nine"), None))),
        (
            "account-off",
            render(&one(2, None, Some("This is the last account with this role that is on. Make another one first."))),
        ),
    ]
}
