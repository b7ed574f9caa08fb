//! What patients book, bring, share and ask for, and what whoever was invited sees.

use chartbox::base::{FhirId, Secret};
use chartbox::care::consents::Seen;
use chartbox::care::requests::{Kind, Request, State as Standing};
use chartbox::http::notices::{NoticeRow, PatientNotices};
use chartbox::http::open::app_pages::{Offline, WithoutNetwork};
use chartbox::http::open::invitation_pages::Invitation;
use chartbox::http::open::join_pages::{Join, JoinChoose};
use chartbox::http::open::shared_pages::SharedForm;
use chartbox::http::portal::acting_pages::{Acting, Choice};
use chartbox::http::portal::app_pages::AppPage;
use chartbox::http::portal::booking_pages::*;
use chartbox::http::portal::form_pages::{Asked, AskedKind, SentForm, VisitForm};
use chartbox::http::portal::measurements_pages::{HistoryNew, MeasureKinds, MeasureNew, Sure};
use chartbox::http::portal::own_pages::{Standing as Stands, UploadAbout};
use chartbox::http::portal::people_pages::*;
use chartbox::http::portal::requests_pages::*;
use chartbox::http::portal::share_pages::*;
use chartbox::http::ui::record::{DocumentRow, Identity};
use chartbox::http::ui::{Faults, Field, t};

use super::*;

pub fn pages() -> Vec<(&'static str, String)> {
    let mut all = booking();
    all.extend(visits());
    all.extend(sharing());
    all.extend(requests());
    all.extend(own());
    all.extend(invited());
    all
}

fn text(name: &'static str, label: &'static str, value: &str) -> Field {
    Field::text(name, t(label), value, &Faults::none())
}

fn wrong(field: &'static str, sentence: &str) -> Faults {
    let mut faults = Faults::none();
    faults.add(field, sentence);
    faults
}

fn booking() -> Vec<(&'static str, String)> {
    let kind = |name: &str, minutes, how: &str, href: Option<&str>| KindRow {
        href: href.map(Into::into),
        name: name.into(),
        minutes,
        how: how.into(),
    };
    let kinds = |rows| BookKinds { cx: halina(), rows, phone: Some("01632 960 100".into()) };
    let at =
        |clock: &str, with: &str| TimeLink { href: "/my/visits/book".into(), clock: clock.into(), with: with.into() };
    let days = vec![
        DayTimes {
            day: day("2026-03-05"),
            times: vec![
                at("08:40", "Dr R Adeyemi-Strand"),
                at("09:20", "Dr P Halloran"),
                at("11:40", "Dr I Sanabria-Wolfeschlegelstein"),
            ],
        },
        DayTimes { day: day("2026-03-06"), times: vec![] },
        DayTimes { day: day("2026-03-09"), times: vec![at("16:40", "Dr R Adeyemi-Strand")] },
    ];
    let times = |days| BookTimes {
        instead: None,
        cx: halina(),
        kind: "Visit".into(),
        minutes: 20,
        people: vec![
            ("/my/visits/book".into(), "Anyone".into(), true),
            ("/my/visits/book".into(), "Dr R Adeyemi-Strand".into(), false),
            ("/my/visits/book".into(), "Dr P Halloran".into(), false),
        ],
        days,
        wait: Some("/my/visits/wait".into()),
        before: None,
        after: Some("/my/visits/book".into()),
    };
    let check = BookConfirm {
        instead: None,
        cx: halina(),
        title: "Visit with Dr R Adeyemi-Strand".into(),
        when: "Thursday 5 March 2026".into(),
        clock: "08:40".into(),
        minutes: 20,
        kind: "k1".into(),
        with: "p1".into(),
        start: "2026-03-05T08:40:00Z".into(),
        reason: Some(
            Field::area("reason", t("book-reason"), "", &Faults::none()).hint(t("book-reason-hint")).optional(),
        ),
        late: Some(24),
        phone: Some("01632 960 100".into()),
        version: None,
        action: "/my/visits/book".into(),
        back: "/my/visits/book".into(),
    };
    let fault = wrong("from", "Choose a day from today to 1 June 2026.");
    let request = BookRequest {
        cx: halina(),
        kind: "k2".into(),
        name: "First visit".into(),
        minutes: 40,
        fields: vec![
            Field::text("from", t("book-from"), "2020-01-01", &fault).of_kind("date"),
            text("until", "book-until", "2026-03-20").of_kind("date"),
        ],
        faults: fault,
    };
    let wait = Wait {
        cx: halina(),
        kind: "k1".into(),
        name: "Visit".into(),
        hold: 12,
        fields: vec![text("from", "book-from", "2026-03-05").of_kind("date")],
        faults: Faults::none(),
    };
    vec![
        (
            "my-book-kinds",
            render(&kinds(vec![
                kind("Visit", 20, "Choose a time.", Some("/my/visits/book")),
                kind("First visit", 40, "Tell us when you can; we offer a time.", Some("/my/visits/book")),
                kind("Minor surgery", 60, "We book it with you.", None),
            ])),
        ),
        ("my-book-kinds-none", render(&kinds(vec![]))),
        ("my-book-times", render(&times(days))),
        ("my-book-times-full", render(&times(vec![]))),
        ("my-book-check", render(&check)),
        ("my-book-request-wrong", render(&request)),
        ("my-book-wait", render(&wait)),
    ]
}

fn visit() -> MyVisit {
    MyVisit {
        cancelled: false,
        cx: halina(),
        title: "Visit with Dr R Adeyemi-Strand".into(),
        when: Some("Thursday 5 March 2026, 08:40".into()),
        wanted: None,
        reason: Some("Cough and fever".into()),
        state: "Booked".into(),
        unseen: false,
        shut_to: None,
        over: false,
        offered: false,
        late: None,
        held: None,
        listed: false,
        waits: false,
        asked: false,
        not_offered: None,
        again: None,
        form: FormState::Open,
        reads: true,
        calendar: true,
        can_cancel: true,
        can_move: true,
        until: Some("4 March 2026, 08:40".into()),
        too_late: false,
        for_several: false,
        offered_to_several: false,
        phone: Some("01632 960 100".into()),
        id: "a1".into(),
        version: 1,
    }
}

fn visits() -> Vec<(&'static str, String)> {
    let offered = MyVisit {
        state: "The clinic offers you this time".into(),
        offered: true,
        late: Some(24),
        held: Some("today at 21:38".into()),
        listed: true,
        form: FormState::None,
        calendar: false,
        can_move: false,
        ..visit()
    };
    let waits = MyVisit {
        when: None,
        wanted: Some("5 to 20 March 2026, in the morning".into()),
        state: "You wait for a time".into(),
        waits: true,
        form: FormState::None,
        calendar: false,
        can_move: false,
        until: None,
        ..visit()
    };
    let none = MyVisit {
        when: None,
        state: "The clinic could not offer a time".into(),
        not_offered: Some(Some("Dr Adeyemi-Strand is away until 20 March.".into())),
        again: Some("/my/visits/book?kind=k2".into()),
        form: FormState::None,
        calendar: false,
        can_cancel: false,
        can_move: false,
        until: None,
        ..visit()
    };
    let late =
        MyVisit { can_cancel: false, can_move: false, too_late: true, form: FormState::Sent, until: None, ..visit() };
    let form = VisitForm {
        cx: halina(),
        id: "a1".into(),
        title: "Before your visit".into(),
        when: Some("Thursday 5 March 2026, 08:40".into()),
        questions: vec![
            Asked {
                name: "q1".into(),
                text: "What would you like to talk about?".into(),
                value: "My knee, and the new tablets".into(),
                fault: None,
                kind: AskedKind::Lines,
            },
            Asked {
                name: "q2".into(),
                text: "Have your medicines changed?".into(),
                value: "no".into(),
                fault: None,
                kind: AskedKind::One(vec![("yes".into(), "Yes".into()), ("no".into(), "No".into())]),
            },
        ],
        returned: false,
        unseen: false,
        shut_to: None,
        version: 1,
    };
    let unseen = MyVisit { unseen: true, form: FormState::None, calendar: false, can_move: false, ..visit() };
    let offered_unseen = MyVisit {
        state: "A time was offered".into(),
        held: Some("1 December 2026, 08:40".into()),
        until: None,
        ..unseen.clone()
    };
    let shut = MyVisit { shut_to: Some("Dr R Adeyemi-Strand".into()), ..visit() };
    let sent = SentForm {
        cx: halina(),
        id: "a1".into(),
        when: Some("Thursday 5 March 2026, 08:40".into()),
        sent: Some("Tuesday 3 March 2026, 21:04".into()),
        answers: vec![("What would you like to talk about?".into(), "My knee, and the new tablets".into())],
    };
    vec![
        ("my-visit", render(&MyVisit { cx: Cx { done: Some("It is booked.".into()), ..halina() }, ..visit() })),
        ("my-visit-unseen", render(&unseen)),
        ("my-visit-offered-unseen", render(&offered_unseen)),
        ("my-visit-shut", render(&shut)),
        ("my-visit-offered", render(&offered)),
        ("my-visit-waits", render(&waits)),
        ("my-visit-too-late", render(&late)),
        ("my-visit-not-offered", render(&none)),
        ("my-visit-form", render(&form)),
        ("my-visit-form-sent", render(&sent)),
    ]
}

fn share_row(label: &str, live: bool) -> ShareRow {
    ShareRow {
        id: "s1".into(),
        label: label.into(),
        until: time("2026-03-10T18:05"),
        opened: u32::from(live),
        last: live.then(|| time("2026-03-03T09:12")),
        wrong: u8::from(live),
        live,
        ended: (!live).then(|| time("2026-02-20T11:00")),
    }
}

fn sharing() -> Vec<(&'static str, String)> {
    let days = || {
        let choices = vec![("1".into(), "1 day".into()), ("7".into(), "7 days".into())];
        Field::choice("days", t("share-how-long"), "7", choices, &Faults::none())
    };
    let shares = |open, over| Shares {
        cx: halina(),
        label: text("label", "share-label", ""),
        days: days(),
        reaches: Some(Reaches::Portal),
        open,
        over,
        faults: Faults::none(),
    };
    let made = MadeShare {
        cx: halina(),
        row: ShareRow { opened: 0, last: None, wrong: 0, ..share_row("Bayview Physiotherapy", true) },
        place: "https://records.alderstreet.example/shared".into(),
        code: "7Kf2pQ9xLm4wT8vR1nB6yH3cZ5jD0sGaEuXoIkMtPqY".into(),
        pin: "481 906".into(),
        reaches: Reaches::ClinicOnly,
    };
    let person = |name: &str, extent: &str, active: bool| PersonRow {
        id: "r1".into(),
        name: name.into(),
        relation: Some("Daughter".into()),
        extent: extent.into(),
        until: active.then(|| day("2026-12-31")),
        active,
        by_consent: active,
    };
    let people = |rows| People { cx: halina(), rows };
    let new = PersonNew {
        cx: halina(),
        name: text("name", "people-name", ""),
        relation: text("relation", "people-relation", "").optional(),
        until: text("until", "people-until", "").of_kind("date").optional(),
        extent: "view".into(),
        faults: Faults::none(),
    };
    let acting = |some: bool| {
        let cx = halina();
        let viewer = cx.viewer.clone().map(|viewer| Viewer {
            for_whom: some.then(|| "Tobias Brandvold".into()),
            acting: some.then(|| "r1".into()),
            chooses: false,
            extent: None,
            ..viewer
        });
        let choice = |value: &str, given: &str, born: &str, current: bool| Choice {
            value: value.into(),
            who: Identity {
                given: given.into(),
                family: "Brandvold".into(),
                born: Some(day(born)),
                ..Identity::default()
            },
            own: value == "own",
            current,
        };
        let choices = vec![
            choice("own", "Halina", "1967-05-09", false),
            choice("r1", "Tobias", "2016-02-11", true),
            choice("r2", "Signe", "2019-08-30", false),
        ];
        let mut faults = Faults::none();
        if !some {
            faults.add("code", "Type the code that you were given.");
        }
        Acting { cx: Cx { viewer, ..cx }, choices: if some { choices } else { vec![] }, code: String::new(), faults }
    };
    let invited = Invited {
        cx: halina(),
        name: "Signe Brandvold".into(),
        code: "K7MQ 2XRT 9PLW".into(),
        place: "https://records.alderstreet.example/proxy-invitation".into(),
        portal: true,
        until: time("2026-03-10T09:38"),
    };
    let seal = |code, word: &str, on, seen| SealRow {
        code,
        word: word.into(),
        more: "What is recorded about it is closed to everybody but you, until you open it.".into(),
        on,
        seen,
    };
    let other = OtherRow {
        id: "c".into(),
        version: 1,
        given: Some(When::Day(jiff::civil::date(2026, 11, 1))),
        lines: vec!["Lets the people at the clinic see: Violence and abuse. Until 31 December 2026".into()],
        refuses: false,
    };
    let consents = Consents {
        cx: halina(),
        rows: vec![
            seal("mental-health", "Mental health", true, Seen::ByClinic),
            seal("sexual-health", "Sexual health", false, Seen::ByNobody),
            seal("violence", "Violence and abuse", false, Seen::ByClinic),
            seal("infection", "HIV", true, Seen::BySome),
        ],
        others: vec![other],
    };
    vec![
        (
            "my-share",
            render(&shares(vec![share_row("Fjordvik Hospital, orthopaedics", true)], vec![share_row("Travel", false)])),
        ),
        ("my-share-empty", render(&shares(vec![], vec![]))),
        ("my-share-made", render(&made)),
        (
            "my-people",
            render(&people(vec![
                person("Signe Brandvold", "Sees everything that is not sealed", true),
                person("Piotr Brandvold", "", false),
            ])),
        ),
        ("my-acting", render(&acting(true))),
        ("my-acting-none", render(&acting(false))),
        ("my-people-empty", render(&people(vec![]))),
        ("my-people-new", render(&new)),
        ("my-people-invited", render(&invited)),
        ("my-consents", render(&consents)),
    ]
}

pub fn request_row(kind: Kind, state: Standing, overdue: bool) -> RequestRow {
    RequestRow {
        href: "/my/requests/t1".into(),
        kind,
        state,
        asked: time("2026-02-18T20:14"),
        due: day("2026-03-18"),
        overdue,
        answered: (state != Standing::Open).then(|| time("2026-02-26T10:31")),
    }
}

pub fn request(kind: Kind, state: Standing) -> Request {
    let answered = state != Standing::Open;
    Request {
        id: "t1".into(),
        version: 1,
        kind,
        state,
        patient: FhirId::parse("p1").unwrap(),
        words: "In my documents of 2014 it says that I smoke.\nI never have.".into(),
        about: (kind == Kind::Question).then(|| {
            "Dr Piers Halloran (Doctor), 21 February 2026, 22:47. Opened 6 medicines. Given reason: Your care".into()
        }),
        entries: if kind == Kind::Question { vec![1204] } else { vec![] },
        by: Some("Halina Brandvold".into()),
        acting: None,
        asked: "2026-02-18T20:14:00Z".parse().unwrap(),
        due: "2026-03-18".parse().unwrap(),
        extended: None,
        answer: answered.then(|| "The entry is corrected. The old text stays readable as history.".into()),
        answered: answered.then(|| "2026-02-26T10:31:00Z".parse().unwrap()),
        answered_by: answered.then(|| "Johanna Pryce-Quill".into()),
    }
}

fn requests() -> Vec<(&'static str, String)> {
    let list = |rows| MyRequests { cx: halina(), rows };
    let one = |kind, state, title: &str| MyRequest {
        cx: halina(),
        title: title.into(),
        row: request_row(kind, state, false),
        request: request(kind, state),
        open: state == Standing::Open,
        copy: kind == Kind::Copy,
        accounting: false,
    };
    let ask = AskPage {
        cx: halina(),
        kind: Kind::Question,
        about: request(Kind::Question, Standing::Open).about.map(|words| About {
            entry: 1204,
            words,
            parts: vec![
                AboutPart { entry: 1204, words: "14:05: Opened 3 medicines".into(), chosen: true },
                AboutPart { entry: 1201, words: "13:58: Opened 12 results or measurements".into(), chosen: false },
            ],
        }),
        words: Field::area("words", t("ask-question-what"), "", &Faults::none()).hint(t("ask-question-what-hint")),
        days: 30,
        faults: Faults::none(),
    };
    vec![
        (
            "my-requests",
            render(&list(vec![
                request_row(Kind::Question, Standing::Open, false),
                request_row(Kind::Copy, Standing::Open, true),
                request_row(Kind::Correction, Standing::Answered, false),
                request_row(Kind::Restriction, Standing::Declined, false),
            ])),
        ),
        ("my-requests-empty", render(&list(vec![]))),
        ("my-request-open", render(&one(Kind::Question, Standing::Open, "Why somebody looked"))),
        ("my-request-answered", render(&one(Kind::Correction, Standing::Answered, "A correction"))),
        ("my-request-copy", render(&one(Kind::Copy, Standing::Answered, "A copy of everything"))),
        ("my-request-new", render(&ask)),
    ]
}

fn own() -> Vec<(&'static str, String)> {
    let fault = wrong("value", "This value cannot be: look whether a digit is too many.");
    let measure = |sure: Option<&str>, faults: Faults| MeasureNew {
        cx: halina(),
        kind: "pressure",
        title: "Blood pressure".into(),
        unit: Some("mmHg".into()),
        fields: vec![
            Field::text("value", t("entry-systolic"), "212", &faults),
            text("second", "entry-diastolic", "141"),
        ],
        sure: sure.map(|exactly| Sure { exactly: exactly.into(), seldom: true, old: true }),
        faults,
    };
    let about = UploadAbout {
        cx: halina(),
        id: "d1".into(),
        query: String::new(),
        row: DocumentRow {
            title: "Exercises from physiotherapy".into(),
            kind: Some("Letter".into()),
            when: Some(day("2026-02-19")),
            by: Some("Halina Brandvold".into()),
            bytes: Some(184_320),
            href: Some("/my/documents/d1".into()),
            reported: true,
            to_see: true,
        },
        preview: None,
        words: Some("Three times a day:\n- ten squats".into()),
        seen: None,
        note: Some("The second page is the one that matters.".into()),
        state: Stands::Own { version: 1 },
    };
    let history = HistoryNew {
        cx: halina(),
        kind: Field::choice("kind", t("col-kind"), "", vec![("illness".into(), "An illness".into())], &Faults::none()),
        words: Field::area("words", t("ask-your-words"), "", &Faults::none()),
        faults: Faults::none(),
    };
    let notice = |number, sentence: &str, is_read| NoticeRow {
        number,
        sentence: sentence.into(),
        when: time("2026-03-03T08:12"),
        is_read,
    };
    let notices = |rows| PatientNotices { cx: halina(), rows };
    vec![
        (
            "my-measure-kinds",
            render(&MeasureKinds {
                cx: halina(),
                rows: vec![("pressure", "Blood pressure".into()), ("weight", "Weight".into())],
            }),
        ),
        ("my-measure-wrong", render(&measure(None, fault))),
        ("my-measure-seldom", render(&measure(Some("212"), Faults::none()))),
        ("my-history-new", render(&history)),
        ("my-document", render(&about)),
        ("my-app", render(&AppPage { cx: halina() })),
        (
            "my-notices",
            render(&notices(vec![
                notice(2, "You have a new message from the clinic.", false),
                notice(1, "Your visit was cancelled by the clinic.", true),
            ])),
        ),
        ("my-notices-empty", render(&notices(vec![]))),
    ]
}

fn invited() -> Vec<(&'static str, String)> {
    let join = |faults| Join { cx: nobody(), code: "K7MQ2-XRT9P-LW4VB".into(), born: "9 5 1967".into(), faults };
    let choose = JoinChoose {
        cx: nobody(),
        code: "K7MQ2-XRT9P-LW4VB".into(),
        born: "1967-05-09".into(),
        user: "halina".into(),
        faults: wrong("password", "This is too short: 12 characters are the least."),
    };
    let shared = |trouble: Option<&str>| SharedForm {
        cx: nobody(),
        trouble: trouble.map(Into::into),
        code: Secret::new("A".repeat(43)),
        knows: trouble.is_some(),
    };
    let proxy = Invitation { cx: nobody(), code: String::new(), user: String::new(), faults: Faults::none() };
    vec![
        ("join", render(&join(Faults::none()))),
        ("join-wrong", render(&join(wrong("code", "Code and birth date do not belong together.")))),
        ("join-choose-wrong", render(&choose)),
        ("shared", render(&shared(None))),
        ("shared-wrong", render(&shared(Some("This is not the PIN. 9 tries are left.")))),
        ("proxy-invitation", render(&proxy)),
        ("offline", render(&Offline { cx: nobody(), of: WithoutNetwork::Asked })),
        ("offline-sign-out", render(&Offline { cx: nobody(), of: WithoutNetwork::Leaving })),
    ]
}
