//! Invented people and values for the gallery: one ordinary chart, one that is as full as a real one gets, one empty.

mod asked;
mod chart;
mod other;
mod patient;
mod work;

use askama::Template;
use chartbox::base::Role;
use chartbox::http::ui::record::{OrderRow, OrderState};
use chartbox::http::ui::{Bounds, Cx, Flag, KeptOf, Reading, Series, Viewer, When};
use jiff::Zoned;
use jiff::civil::Date;

/// File name and page.
pub fn pages() -> Vec<(&'static str, String)> {
    let mut all = Vec::new();
    all.extend(other::pages());
    all.extend(chart::pages());
    all.extend(patient::pages());
    all.extend(asked::pages());
    all.extend(work::pages());
    all
}

pub fn now() -> Zoned {
    "2026-03-03T09:38[Europe/London]".parse().unwrap()
}

pub fn cx(name: &str, role: Role) -> Cx {
    Cx {
        clinic: "Alder Street Clinic".into(),
        host: "chartbox-k7m2.local".into(),
        now: now(),
        csrf: "f3a1c09e".into(),
        demo: false,
        viewer: Some(Viewer {
            name: name.into(),
            key: "5eed".into(),
            role,
            for_whom: None,
            acting: None,
            chooses: false,
            extent: None,
        }),
        idle_seconds: Some(900),
        done: None,
        trouble: None,
        unseen: false,
        shortened: Vec::new(),
        at: "/my".into(),
        once: "c0ffee".into(),
        stood: String::new(),
        kept: None,
        kept_of: KeptOf::Text,
        meanwhile: None,
        joined: None,
        unread: Some(2),
    }
}

pub fn doctor() -> Cx {
    cx("Dr R. Adeyemi-Strand", Role::Clinician)
}

pub fn halina() -> Cx {
    cx("Halina", Role::Patient)
}

pub fn nobody() -> Cx {
    Cx { viewer: None, idle_seconds: None, ..doctor() }
}

pub fn demo(cx: Cx) -> Cx {
    Cx { demo: true, ..cx }
}

pub fn day(text: &str) -> When {
    When::parse(text, &now().time_zone().clone()).unwrap()
}

pub fn time(text: &str) -> When {
    When::Time(text.parse().unwrap())
}

pub fn render(page: &impl Template) -> String {
    page.render().unwrap()
}

/// Something that is ordered and not done yet.
pub fn ordered() -> OrderRow {
    OrderRow {
        id: "o1".into(),
        notes: vec!["left side (Dr R. Adeyemi-Strand, 3 Mar 2026)".into()],
        name: "Chest X-ray".into(),
        kind: Some("Imaging".into()),
        when: Some(day("2026-03-03")),
        by: Some("Dr R. Adeyemi-Strand".into()),
        visit: Some("e1".into()),
        state: OrderState::Open,
    }
}

/// A series from days and values, with flags by its range.
pub fn series(
    key: &str,
    name: &str,
    unit: &str,
    low: Option<f64>,
    high: Option<f64>,
    points: &[(&str, f64)],
) -> Series {
    let bounds = Bounds { low, high, ..Bounds::default() };
    let reading = |(on, value): &(&str, f64)| Reading {
        number: Some(*value),
        flag: bounds.flag(*value),
        compared: bounds.is_known(),
        ..Reading::of(day(on), chartbox::http::ui::format::number(*value))
    };
    Series {
        key: key.into(),
        name: name.into(),
        unit: unit.into(),
        bounds,
        readings: points.iter().map(reading).collect(),
        ..Series::default()
    }
}

/// Half-yearly values that end on 24 February 2026.
pub fn halves(key: &str, name: &str, unit: &str, low: Option<f64>, high: Option<f64>, values: &[f64]) -> Series {
    const DAYS: [&str; 5] = ["2024-03-12", "2024-09-17", "2025-03-11", "2025-09-16", "2026-02-24"];
    let points: Vec<_> = DAYS[5 - values.len()..].iter().copied().zip(values.iter().copied()).collect();
    series(key, name, unit, low, high, &points)
}

/// A blood pressure with both lines.
pub fn pressure(values: &[(&str, f64, f64)]) -> Series {
    let reading = |(on, upper, lower): &(&str, f64, f64)| Reading {
        number: Some(*upper),
        second: Some(*lower),
        flag: (*upper > 140.0).then_some(Flag::High),
        compared: true,
        ..Reading::of(day(on), format!("{upper}/{lower}"))
    };
    Series {
        key: "85354-9".into(),
        name: "Blood pressure".into(),
        unit: "mmHg".into(),
        parts: [139.0, 89.0].map(|high| Bounds { high: Some(high), ..Bounds::default() }),
        readings: values.iter().map(reading).collect(),
        ..Series::default()
    }
}

/// A reading in words, without a number.
pub fn worded(key: &str, name: &str, text: &str, flag: Option<Flag>) -> Series {
    let reading = Reading { flag, compared: flag.is_some(), ..Reading::of(day("2026-02-24"), text) };
    Series { key: key.into(), name: name.into(), readings: vec![reading], ..Series::default() }
}

/// Many readings, one a month, over years.
pub fn monthly(key: &str, name: &str, unit: &str, months: i32, value: impl Fn(i32) -> f64) -> Series {
    let start = Date::new(2019, 4, 9).unwrap();
    let points = (0..months).map(|month| {
        let on = start.checked_add(jiff::Span::new().months(month)).unwrap();
        let value = value(month);
        Reading {
            number: Some(value),
            compared: true,
            ..Reading::of(When::Day(on), chartbox::http::ui::format::number(value))
        }
    });
    Series { key: key.into(), name: name.into(), unit: unit.into(), readings: points.collect(), ..Series::default() }
}
