//! What the reception, the carers and the health administrator work through.

use chartbox::care::requests::{Kind, State as Standing};
use chartbox::http::admin::duplicate_pages::{CompareRow, Compared, Duplicates, MergeRow};
use chartbox::http::admin::requests_pages::{AskedRow, OneRequest, Queue};
use chartbox::http::admin::suspects_pages::{SaidRow, SuspectRow, Suspects};
use chartbox::http::clinic::check_in_pages::{CheckIn, FormLine, OtherDay};
use chartbox::http::clinic::correct_pages::{AlikeRow, Correct};
use chartbox::http::clinic::desk_pages::*;
use chartbox::http::clinic::inbox_pages::{Inbox, Part, Row, Urgency};
use chartbox::http::clinic::invitation_pages::{InvitationPage, InvitationRow, InvitationSheet};
use chartbox::http::clinic::numbers_pages::{NumberRow, Numbers};
use chartbox::http::clinic::pages::{PatientRow, WhoPart, WhoTyped};
use chartbox::http::clinic::schedule_pages::{BlockRow, Blocks};
use chartbox::http::clinic::settings_pages::{
    AwayRow, HoursRow, Offered, Settings, SettingsForm, TopicRow, VisitTypeRow,
};
use chartbox::http::notices::{NoticeRow, StaffNotices};
use chartbox::http::ui::record::{AppointmentState, BornKnown, Identity, Sex};
use chartbox::http::ui::{Faults, Field, Meanwhile, State, Tone, t};
use chartbox::record::Rest;

use super::asked::{request, request_row};
use super::*;

pub fn pages() -> Vec<(&'static str, String)> {
    let mut all = day_grid();
    all.extend(desk());
    all.extend(inbox());
    all.extend(admin());
    all
}

fn reception() -> Cx {
    cx("Milo Tessaro", Role::Reception)
}

fn text(name: &'static str, label: &'static str, value: &str) -> Field {
    Field::text(name, t(label), value, &Faults::none())
}

fn who(id: &str, family: &str, given: &str) -> Identity {
    Identity {
        id: id.into(),
        family: family.into(),
        given: given.into(),
        born: Some(day("1967-05-09")),
        died: None,
        deceased: false,
        sex: Sex::Female,
        number: Some("004 127".into()),
    }
}

fn entry(name: &str, clock: &str, state: AppointmentState) -> Entry {
    Entry {
        id: "a1".into(),
        version: 1,
        href: "/bookings/a1".into(),
        name: name.into(),
        clock: clock.into(),
        moves: state == AppointmentState::Expected,
        kind: "Visit".into(),
        over: None,
        state,
    }
}

fn day_grid() -> Vec<(&'static str, String)> {
    use AppointmentState::{Arrived, Done, Expected};
    let booked = |entries| Cell::Booked { entries, span: 1 };
    let free = |clock: &str| Cell::Free { href: "/bookings/new".into(), slot: clock.into(), clock: clock.into() };
    let off = |word: &str| Cell::Off { word: word.into(), span: 1 };
    let row = |time: &str, now, cells: Vec<Cell>| GridRow {
        time: time.into(),
        now,
        cells: cells.into_iter().map(|cell| (cell, now)).collect(),
    };
    let columns = ["Dr R Adeyemi-Strand", "Dr P Halloran", "Lena Corvin"]
        .map(|name| Column { name: name.into(), href: None, pieces: vec![] })
        .to_vec();
    let rows = vec![
        row(
            "09:20",
            false,
            vec![booked(vec![entry("PELLAM, Osric", "09:20", Done)]), off("Home visits"), free("09:20")],
        ),
        row(
            "09:40",
            true,
            vec![
                booked(vec![entry("BRANDVOLD, Halina", "09:40", Arrived)]),
                booked(vec![
                    entry("LINDGREN-ACHEBE, Cosmo", "09:40", Arrived),
                    entry("ASHBY, Corentin", "09:40", Expected),
                ]),
                free("09:40"),
            ],
        ),
        row(
            "10:00",
            false,
            vec![free("10:00"), booked(vec![entry("OKORO, Delphine", "10:00", Expected)]), off("No hours")],
        ),
    ];
    let at = |name: &str, line: &str, minutes| BoardRow {
        id: "a1".into(),
        version: 1,
        name: name.into(),
        line: line.into(),
        minutes,
    };
    let grid = |columns, rows, board, requests| DayGrid {
        cx: reception(),
        day: "2026-03-03".into(),
        heading: "Tuesday 3 March".into(),
        is_today: true,
        columns,
        rows,
        board,
        requests,
        before: "/today".into(),
        after: "/today".into(),
    };
    let board = Board {
        waiting: vec![
            at("ASHBY, Corentin", "09:10, Lena Corvin", 28),
            at("BRANDVOLD, Halina", "09:40, Dr R Adeyemi-Strand", 5),
        ],
        in_room: vec![at("BRANDT-NWOSU, Odalys", "09:20, Dr P Halloran", 0)],
        expected: vec![at("OKORO, Delphine", "10:00, Dr P Halloran", 0)],
        missed: vec![at("FALK, Ingrid", "08:20, Lena Corvin. Did not come", 0)],
    };
    vec![
        ("day-grid", render(&grid(columns, rows, board, vec![asks()]))),
        ("day-grid-empty", render(&grid(vec![], vec![], Board::default(), vec![]))),
    ]
}

fn asks() -> RequestRow {
    RequestRow {
        href: "/booking-requests/a2".into(),
        name: "ROSDAHL, Anneke".into(),
        kind: "First visit".into(),
        days: "5 to 20 March, in the morning".into(),
        asked: "2 March".into(),
        declined: Some("Said no to 6 Mar 2026, 09:20".into()),
    }
}

fn booking() -> BookingPage {
    BookingPage {
        cx: reception(),
        id: "a1".into(),
        version: 1,
        patient: "BRANDVOLD, Halina".into(),
        patients: vec![("/patients/p1".into(), "BRANDVOLD, Halina".into())],
        when: "Thursday 5 March, 08:40".into(),
        what: "Visit, Dr R Adeyemi-Strand".into(),
        over: Some("Over another appointment: Two of one family".into()),
        state: AppointmentState::Expected,
        next: vec![("arrived", "Arrived".into()), ("noshow", "Did not come".into()), ("cancelled", "Cancel".into())],
        times: Some(Field::choice(
            "time",
            t("booking-other-time"),
            "",
            vec![("a".into(), "6 Mar 09:20, Dr R Adeyemi-Strand".into())],
            &Faults::none(),
        )),
        schedule: Some("/schedule".into()),
        beside: Some("/bookings/new".into()),
        any_time: vec![text("day", "booking-day-of", "2026-03-05").of_kind("date").narrow()],
        anyway: None,
        other_day: None,
    }
}

fn correct(alike: bool) -> Correct {
    let typed = WhoTyped { family: "Zawadzki", given: "Bogdan", born: "05.1955", born_unknown: "", sex: "male" };
    let alike = alike.then(|| AlikeRow { href: "/patients/p2".into(), who: who("p2", "Sawadzki", "Bogdan") });
    Correct {
        cx: reception(),
        who: who("p1", "Zawadzki", "Bogdan"),
        version: 2,
        part: WhoPart::of(typed, &Faults::none()).asking_of_the_old_name(""),
        reach: vec![text("phone", "patient-phone", "01632 960 142")],
        reason: text("reason", "correct-reason", "").hint(t("correct-reason-hint")),
        leave: "/patients/p1".into(),
        alike: alike.into_iter().collect(),
        faults: Faults::none(),
    }
}

fn numbers() -> Numbers {
    let mut faults = Faults::none();
    faults.add("reason", "Say why and how you know, such as “Insurance card shown”.");
    let row = |kind: &str, value: &str, from: Option<&str>, state: &str| NumberRow {
        kind: kind.into(),
        value: value.into(),
        from: from.map(str::to_owned),
        state: state.into(),
    };
    let which = vec![
        ("a".into(), "Insurance number 12-34, Northern Mutual".into()),
        ("b".into(), "Passport C01X00T47 (of before)".into()),
    ];
    Numbers {
        cx: reception(),
        who: who("p1", "Zawadzki", "Bogdan"),
        rows: vec![
            row("Clinic number", "004 127", None, "given by this clinic; it stays"),
            row("Insurance number", "12-34", Some("Northern Mutual"), ""),
            row("Passport", "C01X00T47", None, "until 3 Mar 2025"),
        ],
        fields: vec![
            Field::choice("which", t("numbers-which"), "a", which, &faults).asked(),
            Field::text("value", t("numbers-value"), "12-43", &faults).hint(t("numbers-value-hint")).optional().bare(),
            Field::text("reason", t("correct-reason"), "", &faults).hint(t("numbers-reason-hint")),
        ],
        has_open: true,
        has_ended: true,
        version: 2,
        faults,
    }
}

fn check_in(asked_fault: Option<&str>) -> CheckIn {
    let mut faults = Faults::none();
    if let Some(fault) = asked_fault {
        faults.add("asked", fault);
    }
    CheckIn {
        cx: reception(),
        id: "a1".into(),
        version: 1,
        patient_version: 1,
        coverage: String::new(),
        coverage_version: 0,
        name: "Halina Brandvold".into(),
        patient: "p1".into(),
        born: "9 May 1967".into(),
        known: BornKnown::ToTheDay,
        number: Some("004 127".into()),
        line: "Today, 09:40, Dr R Adeyemi-Strand".into(),
        others: asked_fault
            .map(|_| vec![("Mr Dane Corvin, 3 May 1980".into(), "/patients/p2".into())])
            .unwrap_or_default(),
        other_day: asked_fault.map(|_| OtherDay {
            day: "2026-03-05".into(),
            sentence: "This appointment is on 5 March 2026, not today.".into(),
            sure: false,
        }),
        other_day_fault: asked_fault.map(|_| "Look whether it is the right appointment.".into()),
        asked: false,
        asked_fault: asked_fault.map(Into::into),
        reach: vec![text("phone", "patient-phone", "01632 960 142")],
        insurance: vec![text("payer", "check-in-payer", "Northern Mutual").hint(t("check-in-payer-hint"))],
        forms: vec![
            FormLine { title: "Before your visit".into(), returned: true, some: None },
            FormLine { title: "New patients".into(), returned: false, some: None },
        ],
        faults,
    }
}

fn desk() -> Vec<(&'static str, String)> {
    let waiting = |offer: Option<(&str, &str)>| WaitingRow {
        href: "/booking-requests/a3".into(),
        name: "SANTANGELO, Mirabel".into(),
        kind: "Visit".into(),
        with: offer.is_none().then(|| "Dr P Halloran".into()),
        days: "5 to 20 March".into(),
        asked: "2 March".into(),
        offer: offer.map(|(time, until)| (time.into(), until.into())),
    };
    let list = |rows| WaitingList { cx: reception(), rows };
    let requests = |rows| BookingRequests { cx: reception(), rows };
    let invited = |state: State| InvitationRow { made: "3 Mar 2026".into(), ends: "17 March 2026".into(), state };
    let invitation = |rows: Vec<InvitationRow>, born| InvitationPage {
        cx: reception(),
        who: who("p1", "Quintero", "Ximena"),
        has_account: false,
        is_open: !rows.is_empty(),
        born,
        rows,
    };
    let sheet = InvitationSheet {
        cx: reception(),
        who: who("p1", "Quintero", "Ximena"),
        address: "https://records.alderstreet.example".into(),
        at_portal: true,
        code: "K7MQ2-XRT9P-LW4VB".into(),
        ends: "17 March 2026".into(),
    };
    let blocks = |rows, visits| Blocks {
        cx: reception(),
        rows,
        fields: vec![text("what", "block-what", "").hint(t("block-what-hint"))],
        visits,
        faults: Faults::none(),
    };
    let block = BlockRow {
        id: "b1".into(),
        what: "Home visits".into(),
        with: "Dr P Halloran".into(),
        when: "Tuesday 10 March, 08:40 to 10:00".into(),
        series: Some("s1".into()),
    };
    let other = MergeRow {
        id: "m1".into(),
        kept: "ZAWADZKI, Bogdan".into(),
        joined: "ZAWADZKI, Bogdann".into(),
        when: "3 March 2026, 09:12".into(),
        by: "Johanna Pryce-Quill".into(),
        reason: "He said so at the desk".into(),
        moved: 4,
        undone: None,
    };
    let compared = |id: &str, entries, account| Compared {
        id: id.into(),
        version: 1,
        who: who(id, "Zawadzki", "Bogdan"),
        entries,
        account,
    };
    let suspects = |some: bool| {
        let row = |id: &str, family: &str| PatientRow {
            who: who(id, family, "Bogdan"),
            lives: Some("Alder Street".into()),
            joined: false,
        };
        let suspect = |same_number, same_born| SuspectRow {
            href: "/duplicates?one=p1&other=p2".into(),
            same_number,
            same_born,
            both: [row("p1", "Zawadzki"), row("p2", "Sawadzki")],
        };
        let said = SaidRow {
            one: "p1".into(),
            other: "p2".into(),
            names: ["Ana Lund, 004 127".into(), "Eva Lund, 004 128".into()],
            when: "2 March 14:05".into(),
            by: "Johanna Pryce-Quill".into(),
        };
        let rows = vec![suspect(true, true), suspect(false, true), suspect(false, false)];
        Suspects {
            cx: cx("Johanna Pryce-Quill", Role::HealthAdmin),
            rows: if some { rows } else { vec![] },
            more: some,
            said: if some { vec![said] } else { vec![] },
        }
    };
    let duplicates = |one, other, merges| Duplicates {
        cx: cx("Johanna Pryce-Quill", Role::HealthAdmin),
        query: String::new(),
        searched: false,
        found: vec![],
        one,
        other,
        rows: vec![
            CompareRow {
                label: "Phone number".into(),
                one: vec!["01632 960 111".into()],
                other: vec!["01632 960 222".into(), "07700 900 846".into()],
                if_one: vec!["01632 960 111".into(), "01632 960 222 (former)".into(), "07700 900 846".into()],
                if_other: vec!["01632 960 222".into(), "07700 900 846".into(), "01632 960 111 (former)".into()],
            },
            CompareRow {
                label: "E-mail".into(),
                one: vec![],
                other: vec!["b@zawadzki.example".into()],
                if_one: vec!["b@zawadzki.example".into()],
                if_other: vec!["b@zawadzki.example".into()],
            },
        ],
        keep: String::new(),
        keep_fault: None,
        reason: text("reason", "merge-reason", "").hint(t("merge-reason-hint")),
        merges,
        faults: Faults::none(),
    };
    let closed = Anyway {
        time: "2026-03-08T09:00:00Z|d1".into(),
        words: "8 Mar 2026, 09:00, Dr R Adeyemi-Strand".into(),
        despite: "hours",
        reason: text("over", "booking-closed", "").hint(t("booking-over-hint")),
    };
    vec![
        ("booking", render(&booking())),
        (
            "booking-other-day",
            render(&BookingPage {
                other_day: Some(("2026-03-05".into(), "This appointment is on 5 March 2026, not today.".into())),
                ..booking()
            }),
        ),
        ("booking-closed", render(&BookingPage { anyway: Some(closed), ..booking() })),
        ("booking-requests", render(&requests(vec![asks()]))),
        ("booking-requests-empty", render(&requests(vec![]))),
        ("waiting-list", render(&list(vec![waiting(None), waiting(Some(("5 March, 08:40", "21:38")))]))),
        ("waiting-list-empty", render(&list(vec![]))),
        ("check-in", render(&check_in(None))),
        ("check-in-born-partly", render(&CheckIn { born: "1967".into(), known: BornKnown::Partly, ..check_in(None) })),
        ("correct", render(&correct(false))),
        ("correct-alike", render(&correct(true))),
        ("numbers", render(&numbers())),
        ("check-in-wrong", render(&check_in(Some("Ask for name and birth date, and say that they fit.")))),
        (
            "invitation",
            render(&invitation(
                vec![invited(State::new("full", Tone::Good, t("invitation-open")))],
                BornKnown::ToTheDay,
            )),
        ),
        ("invitation-no-born", render(&invitation(vec![], BornKnown::NotAtAll))),
        ("invitation-sheet", render(&sheet)),
        ("blocks", render(&blocks(vec![block], Some(3)))),
        ("blocks-empty", render(&blocks(vec![], None))),
        ("suspects", render(&suspects(true))),
        ("suspects-none", render(&suspects(false))),
        ("duplicates", render(&duplicates(None, None, vec![other]))),
        (
            "duplicates-compare",
            render(&duplicates(Some(compared("p1", 126, true)), Some(compared("p2", 3, false)), vec![])),
        ),
        ("settings", render(&settings())),
    ]
}

fn settings() -> Settings {
    let kind = |name: &str, minutes, active: bool| VisitTypeRow {
        id: "k1".into(),
        name: name.into(),
        spanish: active.then(|| "Consulta".into()),
        minutes,
        booking: "At once".into(),
        active,
    };
    Settings {
        cx: reception(),
        visit_types: vec![kind("Visit", 20, true), kind("Minor surgery", 60, false)],
        topics: vec![TopicRow {
            id: "t1".into(),
            name: "A question about my health".into(),
            pool: "Doctors".into(),
            days: 2,
            active: true,
        }],
        hours: vec![HoursRow {
            id: "h1".into(),
            name: "Dr R Adeyemi-Strand".into(),
            week: vec![("Monday".into(), "08:40 to 12:00, 13:00 to 17:00".into())],
            away: vec![AwayRow { why: "Holiday".into(), first: day("2026-04-06"), last: Some(day("2026-04-17")) }],
        }],
        notice: 24,
        horizon: 60,
        hold: 12,
        reminder: 24,
        phone: "01632 960 100".into(),
    }
}

fn inbox() -> Vec<(&'static str, String)> {
    let row = |who: &str, what: &str, more: Option<&str>, urgency| Row {
        href: "/messages/m1".into(),
        who: who.into(),
        what: what.into(),
        more: more.map(Into::into),
        since: "2026-02-19T10:00:00Z".parse().unwrap(),
        when: time("2026-02-19T10:00"),
        due: Some(day("2026-02-23")),
        urgency,
        is_mine: false,
    };
    let part = |name, title, rows| Part { name, title: t(title), rows, rest: Rest::Nothing, left_out: None };
    let page = |parts| Inbox { cx: doctor(), parts, own: 1, only_own: false };
    let notices = StaffNotices {
        cx: doctor(),
        rows: vec![NoticeRow {
            number: 1,
            sentence: "A patient asks for a refill.".into(),
            when: time("2026-03-03T08:12"),
            is_read: false,
        }],
    };
    vec![
        (
            "inbox",
            render(&page(vec![
                part(
                    "results",
                    "inbox-results",
                    vec![
                        row("PELLAM, Osric", "Potassium 6.4", None, Urgency::Critical),
                        row("BRANDVOLD, Halina", "Blood and urine tests", None, Urgency::Usual),
                    ],
                ),
                part(
                    "messages",
                    "inbox-messages",
                    vec![row(
                        "BRANDVOLD, Halina",
                        "A medicine: may I take ibuprofen for my knee?",
                        Some("Taken by Lena Corvin"),
                        Urgency::Late,
                    )],
                ),
                part("refills", "inbox-refills", vec![]),
                part(
                    "not-taken",
                    "inbox-not-taken",
                    vec![row("BRANDVOLD, Halina", "Ramipril 10 mg", Some("Dry cough at night"), Urgency::Usual)],
                ),
            ])),
        ),
        ("settings-meanwhile", render(&changed_meanwhile())),
        ("staff-notices", render(&notices)),
        ("staff-notices-empty", render(&StaffNotices { rows: vec![], ..notices })),
    ]
}

/// Somebody else changed the same kind of visit: what was typed, and beside it what stands.
fn changed_meanwhile() -> SettingsForm {
    let stands = [("name", "Blood test"), ("minutes", "15"), ("offered", "")];
    let faults = Faults::beside(stands.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec());
    SettingsForm {
        cx: Cx { kept: Some(time("2026-03-03T09:40")), meanwhile: Some(Meanwhile::default()), ..reception() },
        title: "Change a kind of visit".into(),
        action: "/settings/visit-types/1".into(),
        fields: vec![
            Field::text("name", t("visit-type-name"), "Blood and urine test", &faults),
            Field::text("minutes", t("visit-type-minutes"), "15", &faults).narrow(),
        ],
        offered: Some(Offered::of("yes", &faults)),
        version: "3".into(),
        faults,
    }
}

fn admin() -> Vec<(&'static str, String)> {
    let cx = || cx("Johanna Pryce-Quill", Role::HealthAdmin);
    let row = |kind, state, days_left: i64| AskedRow {
        row: request_row(kind, state, days_left < 0),
        name: "Halina Brandvold".into(),
        days_left,
        extended: days_left > 30,
    };
    let queue = |open, closed| Queue { cx: cx(), open, closed };
    let one = |kind, state, title: &str| OneRequest {
        cx: cx(),
        title: title.into(),
        who: Some(who("p1", "Brandvold", "Halina")),
        row: row(kind, state, 15),
        request: request(kind, state),
        days: Some((day("2026-02-24"), day("2026-03-01"))),
        words: Field::area("words", t("ask-admin-words"), "", &Faults::none()).hint(t("ask-admin-words-hint")),
        hint: t("ask-admin-question").to_string(),
        rule: Some("GDPR Article 12(3)"),
        more: 60,
        may_extend: true,
        faults: Faults::none(),
    };
    vec![
        (
            "requests",
            render(&queue(
                vec![
                    row(Kind::Accounting, Standing::Open, -3),
                    row(Kind::Copy, Standing::Open, 1),
                    row(Kind::Question, Standing::Open, 15),
                    row(Kind::Restriction, Standing::Open, 57),
                ],
                vec![row(Kind::Correction, Standing::Answered, 15), row(Kind::Restriction, Standing::Declined, 15)],
            )),
        ),
        ("requests-empty", render(&queue(vec![], vec![]))),
        ("request-one", render(&one(Kind::Question, Standing::Open, "Why somebody looked"))),
        ("request-one-answered", render(&one(Kind::Correction, Standing::Answered, "A correction"))),
    ]
}
