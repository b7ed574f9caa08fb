//! A patient's pages.

use chartbox::access::ProxyExtent;
use chartbox::http::portal::medicine_pages::{MyMedicineRow, MyMedicines, Standing};
use chartbox::http::portal::pages::*;
use chartbox::http::portal::todo::{Todo, Urgency};
use chartbox::http::ui::account::{PatientAccount, SessionLine};
use chartbox::http::ui::record::*;
use chartbox::http::ui::{Faults, Flag};
use chartbox::record::Lookers;

use super::chart::{frame, medicines, vitals};
use super::*;

pub fn pages() -> Vec<(&'static str, String)> {
    let mut all = vec![
        ("my-home", render(&home())),
        ("my-home-empty", render(&empty_home())),
        ("my-results", render(&results())),
        ("my-result", render(&result())),
        ("my-result-worded", render(&worded_result())),
        ("my-who-looked", render(&who_looked())),
        ("my-who-looked-empty", render(&WhoLooked { days: vec![], own: 0, checked: None, ..who_looked() })),
        ("my-account", render(&account())),
    ];
    all.extend(lists());
    all.extend(empty_lists());
    all.extend(acting());
    all
}

/// Her medicines, each with another answer to a request.
fn mine() -> Vec<MyMedicineRow> {
    let mut standings = [
        Some(Standing::Waits("You asked for a refill yesterday 18:04. The clinic has not answered yet.".into())),
        Some(Standing::Asked { question: "How many tablets are left?".into(), of: "t1".into() }),
        Some(Standing::Refused("Your last request was refused: come and see me first.".into())),
    ]
    .into_iter();
    medicines()
        .into_iter()
        .map(|row| MyMedicineRow {
            name: row.name,
            how: row.how.map(|words| How { words: Some(words), ..How::default() }),
            reason: row.reason.as_deref().map(Said::from),
            since: row.since,
            until: row.until,
            prescribed: None,
            ended_on: None,
            due: row.due,
            doubts: row.doubts,
            by: row.by,
            ended: None,
            state: row.state,
            standing: standings.next().flatten(),
            is_current: true,
            href: Some("/my/medicines/m1".into()),
            id: Some("m1".into()),
        })
        .collect()
}

/// One whose time is another.
fn mine_on(due: Due) -> Vec<MyMedicineRow> {
    mine().into_iter().take(1).map(|row| MyMedicineRow { due, standing: None, ..row }).collect()
}

fn coming() -> Vec<Coming> {
    vec![
        Coming {
            when: time("2026-03-06T11:20"),
            title: "phone call".into(),
            text: Some("With Dr Adeyemi-Strand.".into()),
            href: "/my/visits/a1".into(),
            today: false,
            for_several: false,
            unseen: false,
            form: true,
            offered: None,
        },
        Coming {
            when: time("2026-04-14T09:00"),
            title: "Fjordvik Hospital".into(),
            text: Some("Orthopaedics, about your right knee.".into()),
            href: "/my/visits/a1".into(),
            today: false,
            for_several: false,
            unseen: false,
            form: false,
            offered: Some("Offered, and not booked yet. It is held until 4 March 2026, 09:00.".into()),
        },
    ]
}

fn todo(icon: &'static str, title: &str, line: &str, urgency: Urgency) -> Todo {
    let when = time("2026-03-06T11:20");
    Todo { icon, title: title.into(), line: Some(line.into()), href: "/my/visits/a1".into(), urgency, when }
}

fn home() -> Home {
    let allergies = frame().allergies;
    Home {
        cx: Cx { done: Some("Your new password is saved.".into()), ..halina() },
        given: "Halina".into(),
        todos: vec![
            todo("calendar", "The clinic offers you a time: answer it", "6 March 2026, 11:20", Urgency::Answer),
            todo("mail", "New message from the clinic", "From Dr R. Adeyemi-Strand, today 08:12", Urgency::New),
            todo("results", "Long-term blood sugar: 57 mmol/mol", "above the usual range", Urgency::New),
            todo("calendar", "Visit with Dr R. Adeyemi-Strand", "Friday 6 March, 11:20", Urgency::Coming),
        ],
        looked: LookedSum {
            today: 3,
            month: 6,
            last: Some(("Dr Ruth Adeyemi-Strand".into(), "doctor".into(), time("2026-03-03T09:38"))),
        },
        sums: RecordSums { allergies, medicines: 6, problems: 5 },
        reaches_nobody: false,
    }
}

/// Halina, who looks at another record.
fn for_tobias() -> Cx {
    let cx = halina();
    let viewer = cx.viewer.clone().map(|viewer| Viewer {
        for_whom: Some("Tobias Brandvold".into()),
        role: Role::Proxy,
        ..viewer
    });
    Cx { viewer, ..cx }
}

/// What somebody reads who acts for another.
fn acting() -> Vec<(&'static str, String)> {
    let cx = for_tobias;
    let none = AllergyStatus::NoneKnown {
        asked: Some(day("2026-01-14")),
        by: Some("Dr R. Adeyemi-Strand".into()),
        id: "a1".into(),
    };
    let so_far = |extent| {
        let mut cx = for_tobias();
        if let Some(viewer) = &mut cx.viewer {
            viewer.extent = Some(extent);
        }
        cx
    };
    let visits = |extent| Visits {
        cancelled: Vec::new(),
        missed: Vec::new(),
        planned: Vec::new(),
        cx: so_far(extent),
        coming: coming(),
        asked: vec![],
        ordered: vec![],
        rows: vec![],
        pages: Pages::default(),
    };
    vec![
        ("visits-only-home", render(&Home { cx: so_far(ProxyExtent::Appointments), given: String::new(), ..home() })),
        ("visits-only-visits", render(&visits(ProxyExtent::Appointments))),
        ("see-only-home", render(&Home { cx: so_far(ProxyExtent::View), given: String::new(), ..home() })),
        ("see-only-visits", render(&visits(ProxyExtent::View))),
        ("acting-home", render(&Home { cx: cx(), given: String::new(), todos: vec![], ..home() })),
        ("acting-results", render(&Results { cx: cx(), ..results() })),
        ("my-report", render(&my_report())),
        ("acting-result", render(&OneResult { cx: cx(), ..result() })),
        ("acting-medicines", render(&MyMedicines { cx: cx(), ..no_medicines() })),
        ("acting-allergies", render(&allergies(cx(), AllergyStatus::NeverAsked, vec![]))),
        ("acting-allergies-none", render(&allergies(cx(), none, vec![]))),
        ("acting-problems", render(&Problems { cx: cx(), active: vec![], past: vec![], reaches_nobody: false })),
        ("acting-immunizations", render(&Immunizations { cx: cx(), rows: vec![], reaches_nobody: false })),
        (
            "acting-who-looked",
            render(&WhoLooked {
                cx: cx(),
                days: who_looked().days.into_iter().filter(|day| day.looks.is_empty()).collect(),
                ..who_looked()
            }),
        ),
        ("acting-documents", render(&Documents { cx: cx(), rows: vec![], pages: Pages::default() })),
    ]
}

fn empty_home() -> Home {
    Home {
        cx: demo(for_tobias()),
        given: String::new(),
        todos: vec![],
        looked: LookedSum::default(),
        sums: RecordSums::default(),
        reaches_nobody: false,
    }
}

fn results() -> Results {
    Results {
        reaches_nobody: false,
        cx: halina(),
        groups: vec![
            PlainGroup {
                title: "Blood and urine tests".into(),
                series: vec![
                    halves("4548-4", "HbA1c", "mmol/mol", Some(20.0), Some(41.0), &[68.0, 63.0, 58.0, 55.0, 57.0]),
                    halves("33914-3", "eGFR", "mL/min/1.73 m²", Some(60.0), None, &[58.0, 56.0, 55.0, 53.0, 52.0]),
                    halves("6298-4", "Potassium", "mmol/L", Some(3.5), Some(5.3), &[4.4, 4.6, 4.5, 4.7, 4.9]),
                    worded(
                        "630-4",
                        "Urine culture",
                        "Escherichia coli, more than 100,000 per mL",
                        Some(Flag::Abnormal),
                    ),
                ],
            },
            PlainGroup { title: "Measurements".into(), series: vitals() },
        ],
        reports: vec![my_report_row()],
        taken_back: vec![("Urine culture".into(), Some(day("2026-02-24")))],
        off: vec![CalledOff { name: "Zinc".into(), when: day("2026-02-24"), said: "cancelled".into() }],
    }
}

fn result() -> OneResult {
    OneResult {
        reaches_nobody: false,
        cx: halina(),
        series: halves("4548-4", "HbA1c", "mmol/mol", Some(20.0), Some(41.0), &[68.0, 63.0, 58.0, 55.0, 57.0]),
        facts: vec![
            ("Measured by".into(), "Northmoor Laboratory".into()),
            ("Blood taken".into(), "24 February 2026, 08:15".into()),
        ],
        said_of: vec![SaidOf { row: my_report_row(), said: report_said() }],
    }
}

fn report_said() -> ReportSaid {
    ReportSaid {
        words: None,
        about: Vec::new(),
        conclusion: Some("No fracture. Nothing that needs treatment.".into()),
        codes: vec!["Normal chest".into()],
        comments: vec![ReportComment {
            text: "Good news: the rib is whole.".into(),
            line: "Dr R Adeyemi-Strand, 25 Feb 2026, 09:10".into(),
        }],
        files: vec![
            ReportFile {
                title: "Letter".into(),
                size: Some("120 kB".into()),
                href: Some("/my/results/reports/r1/files/0".into()),
                elsewhere: None,
            },
            ReportFile {
                title: "Pictures".into(),
                size: None,
                href: None,
                elsewhere: Some("https://pictures.example/1".into()),
            },
        ],
        lang: None,
    }
}

fn my_report_row() -> ReportRow {
    ReportRow {
        href: "/my/results/reports/r1".into(),
        title: "Chest X-ray".into(),
        line: "24 Feb 2026, Northmoor Radiology".into(),
    }
}

fn my_report() -> MyReport {
    let hba1c = halves("4548-4", "HbA1c", "mmol/mol", Some(20.0), Some(41.0), &[57.0]);
    MyReport {
        reaches_nobody: false,
        cx: halina(),
        title: "Chest X-ray".into(),
        line: "24 Feb 2026, Northmoor Radiology".into(),
        said: report_said(),
        values: vec![(hba1c, Some("/my/results/4548-4".into()))],
    }
}

fn worded_result() -> OneResult {
    OneResult {
        reaches_nobody: false,
        cx: halina(),
        series: worded("630-4", "Urine culture", "Escherichia coli", Some(Flag::Abnormal)),
        facts: vec![],
        said_of: vec![],
    }
}

fn look(who: &str, role: &str, kind: LookKind, from: &str, why: &str, what: &str) -> LookRow {
    LookRow {
        entry: 7,
        who: who.into(),
        role: role.into(),
        kind,
        from: time(from),
        until: None,
        place: None,
        why: why.into(),
        what: what.into(),
        note: None,
    }
}

fn who_looked() -> WhoLooked {
    let today = LookDay {
        day: day("2026-03-03"),
        looks: vec![
            LookRow {
                entry: 7,
                until: Some(time("2026-03-03T10:06")),
                place: Some("Room 2".into()),
                ..look(
                    "Dr Ruth Adeyemi-Strand",
                    "Doctor",
                    LookKind::Person,
                    "2026-03-03T09:38",
                    "Your care",
                    "Opened 31 results or measurements, 6 medicines, 1 document",
                )
            },
            look(
                "Quay Pharmacy",
                "Outside the clinic",
                LookKind::SentOut,
                "2026-03-03T10:02",
                "You asked for it",
                "Sent 1 medicine",
            ),
            look(
                "Milo Tessaro",
                "Reception",
                LookKind::Person,
                "2026-03-03T09:22",
                "Your registration or an appointment",
                "Opened name, birth date and how to reach them",
            ),
        ],
        listings: vec![ListingRow {
            who: "Milo Tessaro".into(),
            role: "Reception".into(),
            count: 4,
            first: time("2026-03-03T08:02"),
            last: time("2026-03-03T09:21"),
        }],
    };
    let earlier = LookDay {
        day: day("2026-02-21"),
        looks: vec![
            LookRow {
                entry: 7,
                note: Some(("Emergency access.".into(), "You were told on 21 February.".into())),
                ..look(
                    "Dr Piers Halloran",
                    "Doctor, not one of your doctors",
                    LookKind::Emergency,
                    "2026-02-21T22:47",
                    "“Night pharmacy called about her blood pressure tablets.” These are his words.",
                    "Opened 6 medicines, 3 allergies",
                )
            },
            LookRow {
                entry: 7,
                note: Some(("Refused.".into(), "Nothing was shown.".into())),
                ..look(
                    "Milo Tessaro",
                    "Reception",
                    LookKind::Refused,
                    "2026-02-21T16:03",
                    "None given",
                    "Tried to open results",
                )
            },
            look(
                "Northmoor Laboratory",
                "Computer, outside the clinic",
                LookKind::Computer,
                "2026-02-21T14:12",
                "Your care",
                "Added 9 results or measurements",
            ),
        ],
        listings: vec![],
    };
    let listed = LookDay {
        day: day("2025-12-10"),
        looks: vec![],
        listings: vec![
            ListingRow {
                who: "Lena Corvin".into(),
                role: "Nurse".into(),
                count: 1,
                first: time("2025-12-10T08:02"),
                last: time("2025-12-10T08:02"),
            },
            ListingRow {
                who: "Dr Ruth Adeyemi-Strand".into(),
                role: "Doctor".into(),
                count: 12,
                first: time("2025-12-10T08:02"),
                last: time("2025-12-10T18:02"),
            },
        ],
    };
    WhoLooked {
        cx: halina(),
        who: Lookers::Others,
        span: LookSpan::Month,
        checked: Some(time("2026-03-03T02:15")),
        days: vec![today, earlier, listed],
        own: 9,
        pages: Pages { newer: None, older: Some("/my/who-looked?before=9".into()) },
    }
}

fn account() -> PatientAccount {
    let session = |id: &str, device: &str, current| SessionLine {
        id: id.into(),
        device: device.into(),
        origin: Some("192.168.1.23".into()),
        since: time("2026-03-03T08:00"),
        last_used: time("2026-03-03T09:30"),
        current,
    };
    let mut faults = Faults::none();
    faults.add("current", "This is not your password now. Nothing was changed.");
    PatientAccount {
        cx: halina(),
        user: "halina".into(),
        sessions: vec![session("a", "Safari on iPhone", true), session("b", "Firefox on Windows", false)],
        faults,
    }
}

fn allergies(cx: Cx, status: AllergyStatus, rows: Vec<AllergyRow>) -> Allergies {
    Allergies { cx, status, rows, seen_by_all: true, reaches_nobody: false }
}

fn lists() -> Vec<(&'static str, String)> {
    let AllergyStatus::Known { list, .. } = frame().allergies else { unreachable!() };
    let rows = list
        .into_iter()
        .map(|line| AllergyRow {
            id: "r1".into(),
            line,
            kind: Some("medicine".into()),
            recorded: Some(day("2016-02-02")),
            by: None,
            state: None,
            note: None,
        })
        .collect::<Vec<_>>();
    let problem = ProblemRow {
        id: "r1".into(),
        name: "Type 2 diabetes".into(),
        code: None,
        since: Some(day("2016-04")),
        since_said: None,
        ended: None,
        details: Vec::new(),
        doubt: None,
        note: None,
    };
    let past = ProblemRow { ended: Some(day("2021-06-01")), name: "Fracture of the wrist".into(), ..problem.clone() };
    let visit = VisitRow {
        when: Some(time("2025-12-10T10:00")),
        until: None,
        kind: "Visit".into(),
        reason: Some("Blood pressure review".into()),
        by: Some("Dr Ruth Adeyemi-Strand".into()),
        place: None,
        detail: None,
        open: false,
        state: None,
        planned: false,
        id: "e1".into(),
        ordered: vec!["Blood count".into()],
    };
    let shot = ImmunizationRow {
        id: "r1".into(),
        name: "Influenza".into(),
        when: Some(day("2025-10-19")),
        when_said: None,
        detail: None,
        caveat: None,
        by: Some("Lena Corvin".into()),
        not_given: None,
    };
    let document = DocumentRow {
        title: "Letter from orthopaedics".into(),
        kind: Some("Letter".into()),
        when: Some(day("2026-02-27")),
        by: Some("Fjordvik Hospital".into()),
        bytes: Some(184_320),
        href: Some("/my/documents/d1".into()),
        reported: false,
        to_see: false,
    };
    vec![
        (
            "my-medicines",
            render(&MyMedicines {
                not_to_take: not_to_take(),
                not_taken: not_to_take(),
                current: mine(),
                over: mine_on(Due::Over(day("2026-01-17"))),
                later: mine_on(Due::Later(Some(day("2027-02-01")))),
                past: mine(),
                ..no_medicines()
            }),
        ),
        (
            "my-allergies-sealed",
            render(&Allergies {
                seen_by_all: false,
                reaches_nobody: true,
                ..allergies(halina(), AllergyStatus::NeverAsked, Vec::clone(&rows))
            }),
        ),
        ("my-allergies", render(&allergies(halina(), AllergyStatus::NeverAsked, rows))),
        (
            "my-problems",
            render(&Problems { cx: halina(), active: vec![problem], past: vec![past], reaches_nobody: true }),
        ),
        (
            "my-visits",
            render(&Visits {
                cancelled: Vec::new(),
                missed: Vec::new(),
                planned: Vec::new(),
                cx: halina(),
                coming: coming(),
                asked: vec![Asked {
                    href: "/my/visits/a3".into(),
                    kind: "First visit".into(),
                    said: Some("The clinic could not offer a time".into()),
                    unseen: false,
                }],
                ordered: vec![ordered()],
                rows: vec![visit],
                pages: Pages::default(),
            }),
        ),
        ("my-immunizations", render(&Immunizations { cx: halina(), rows: vec![shot], reaches_nobody: true })),
        ("my-documents", render(&Documents { cx: halina(), rows: vec![document], pages: Pages::default() })),
    ]
}

fn not_to_take() -> Vec<MedicineRow> {
    vec![MedicineRow {
        name: "Amoxicillin".into(),
        how: Some("because of: liver failure in 2019".into()),
        since: Some(day("2019-02-03")),
        until: None,
        state: MedicineState::NotToGive,
        due: Due::Now,
        doubts: vec![],
        reason: None,
        by: Some("Dr R. Adeyemi-Strand".into()),
    }]
}

fn no_medicines() -> MyMedicines {
    MyMedicines {
        cx: halina(),
        reaches_nobody: false,
        who: Identity { family: "Brandvold".into(), given: "Halina".into(), ..Identity::default() },
        allergies: AllergyStatus::NeverAsked,
        not_to_take: vec![],
        not_taken: vec![],
        later: vec![],
        over: vec![],
        current: vec![],
        paused: vec![],
        past: vec![],
    }
}

fn empty_lists() -> Vec<(&'static str, String)> {
    let cx = halina();
    vec![
        (
            "my-results-empty",
            render(&Results {
                cx: cx.clone(),
                groups: vec![],
                reports: vec![],
                taken_back: vec![],
                off: vec![],
                reaches_nobody: false,
            }),
        ),
        ("my-medicines-empty", render(&no_medicines())),
        ("my-allergies-empty", render(&allergies(cx.clone(), AllergyStatus::NeverAsked, vec![]))),
        (
            "my-allergies-none",
            render(&allergies(
                cx.clone(),
                AllergyStatus::NoneKnown {
                    asked: Some(day("2026-01-14")),
                    by: Some("Dr R. Adeyemi-Strand".into()),
                    id: "a1".into(),
                },
                vec![],
            )),
        ),
        (
            "my-problems-empty",
            render(&Problems { cx: cx.clone(), active: vec![], past: vec![], reaches_nobody: false }),
        ),
        (
            "my-visits-empty",
            render(&Visits {
                cancelled: Vec::new(),
                missed: Vec::new(),
                planned: Vec::new(),
                cx: cx.clone(),
                coming: vec![],
                asked: vec![],
                ordered: vec![],
                rows: vec![],
                pages: Pages::default(),
            }),
        ),
        ("my-immunizations-empty", render(&Immunizations { cx: cx.clone(), rows: vec![], reaches_nobody: false })),
        ("my-documents-empty", render(&Documents { cx, rows: vec![], pages: Pages::default() })),
    ]
}
