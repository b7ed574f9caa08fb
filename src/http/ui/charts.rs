//! Pictures of measured values: a line in a row, a trend, one value against its ranges, a used share, a QR code.
//!
//! x is in percent and y in pixels, so that a chart is as wide as its place without script or inline style, and its
//! text and strokes never scale. A picture always stands beside the same values in words or a table.

use jiff::civil::DateTime;

use super::format::{When, number};
use super::series::{Bounds, Reading, Series};
use super::svg::{Draw, Svg, n};
use super::text::t;

/// How many points a trend labels with their value; of more, only the last one.
const LABELLED: usize = 8;
/// The least distance between two labels of a trend's axis, in percent of its width: a year at 320 px.
const APART: f64 = 13.0;
/// A value's words stand so far above its point, and take so much height, in px.
const ABOVE: f64 = 12.0;
const LINE: f64 = 14.0;
/// The least width of a gauge's zone that has room for its word, in percent.
const LEAST_WORD: f64 = 18.0;
/// The least height of a range's band, in px.
const SLIVER: f64 = 4.0;

/// A series' pictures and short words, for tables.
impl Series {
    pub fn spark(&self) -> Option<Svg> {
        spark(self, 88)
    }

    pub fn small_spark(&self) -> Option<Svg> {
        spark(self, 72)
    }

    pub fn trend(&self) -> Option<Svg> {
        trend(self, 208)
    }

    pub fn tall_trend(&self) -> Option<Svg> {
        trend(self, 264)
    }

    /// A trend over the same time as those of others beside it.
    pub fn trend_between(&self, first: DateTime, last: DateTime) -> Option<Svg> {
        trend_over(self, 168, Some((first, last)))
    }

    pub fn gauge(&self) -> Option<Svg> {
        gauge(self)
    }

    /// 24 Feb 2026: when the newest was made.
    pub fn when_words(&self) -> String {
        self.latest().map(|reading| reading.when.short()).unwrap_or_default()
    }

    /// "136/82 on 10 Dec 2025"; without the year when it is the newest reading's own, and by its time where the day is.
    pub fn before_words(&self) -> Option<String> {
        let before = self.before()?;
        if !before.when.is_known() {
            return Some(t("vital-before-undated").with("value", &before.text).to_string());
        }
        let same_day = self.latest().is_some_and(|latest| latest.when.without_time() == before.when.without_time());
        if let Some(clock) = before.when.clock().filter(|_| same_day) {
            return Some(t("vital-before-same-day").with("value", &before.text).with("time", clock).to_string());
        }
        let same_year = self.latest().is_some_and(|latest| latest.when.year() == before.when.year());
        let date = if same_year { before.when.in_its_year() } else { before.when.short() };
        Some(t("vital-before").with("value", &before.text).with("date", date).to_string())
    }
}

/// A line of `width` by 20 px for a table's row: the range's band, the line, the last point (a diamond when it lies
/// outside). Nothing when fewer than two values are numbers.
pub fn spark(series: &Series, width: u32) -> Option<Svg> {
    let readings: Vec<&Reading> = series.numbers().collect();
    // More than forty points in eighty pixels are noise; the newest tell the story.
    let readings = readings.get(readings.len().saturating_sub(40)..)?;
    let values: Vec<f64> = readings.iter().filter_map(|reading| reading.number).collect();
    let seconds: Vec<f64> = readings.iter().filter_map(|reading| reading.second).collect();
    if values.len() < 2 {
        return None;
    }
    let (width, height, pad) = (f64::from(width), 20.0, 4.0);
    let (low, high) = reach(&values, &seconds, &series.bounds);
    let x = |i: usize| pad + (width - 2.0 * pad) * i as f64 / (values.len() - 1) as f64;
    let y = |value: f64| pad + (height - 2.0 * pad) * (1.0 - (value - low) / (high - low));
    let mut draw = Draw::open(
        "spark",
        format_args!(r#"width="{0}" height="{1}" viewBox="0 0 {0} {1}" role="img""#, n(width), n(height)),
    );
    draw.title(&series.spoken());
    if series.bounds.is_known() {
        // A range out of sight still shows as a sliver at its edge.
        let top = series.bounds.high.map_or(0.0, y).clamp(0.0, height - 3.0);
        let bottom = series.bounds.low.map_or(height, y).clamp(3.0, height);
        draw.shape(format_args!(
            r#"<rect class="band" x="0" y="{}" width="{}" height="{}"/>"#,
            n(top),
            n(width),
            n((bottom - top).max(3.0))
        ));
    }
    for (class, line) in [("line", &values), ("line second", &seconds)] {
        // A second line only where every reading has both numbers.
        if line.len() == values.len() {
            let points: Vec<_> = line.iter().enumerate().map(|(i, v)| format!("{},{}", n(x(i)), n(y(*v)))).collect();
            draw.shape(format_args!(r#"<polyline class="{class}" points="{}"/>"#, points.join(" ")));
        }
    }
    let last = readings.last()?;
    let (px, py) = (x(values.len() - 1), y(last.number?));
    if last.flag.is_some() {
        draw.shape(format_args!(r#"<path class="pt out" d="M{} {}l4 4-4 4-4-4Z"/>"#, n(px), n(py - 4.0)));
    } else {
        draw.shape(format_args!(r#"<circle class="pt" cx="{}" cy="{}" r="3"/>"#, n(px), n(py)));
    }
    Some(draw.finish())
}

/// The values that a small line reaches over: its own, and the range's nearer edge when that is close.
fn reach(values: &[f64], seconds: &[f64], bounds: &Bounds) -> (f64, f64) {
    let all = || values.iter().chain(seconds).copied();
    let (mut low, mut high) = (all().fold(f64::INFINITY, f64::min), all().fold(f64::NEG_INFINITY, f64::max));
    let spread = (high - low) * 0.5;
    let room = if spread > 0.0 { spread } else { (high.abs() * 0.05).max(f64::MIN_POSITIVE) };
    if let Some(edge) = bounds.high.filter(|edge| high < *edge) {
        high = edge.min(high + room);
    }
    if let Some(edge) = bounds.low.filter(|edge| low > *edge) {
        low = edge.max(low - room);
    }
    if high - low > f64::EPSILON { (low, high) } else { (low - 1.0, high + 1.0) }
}

/// A trend as wide as its place and `height` px high, or nothing when fewer than two values are numbers.
pub fn trend(series: &Series, height: u32) -> Option<Svg> {
    trend_over(series, height, None)
}

fn trend_over(series: &Series, height: u32, span: Option<(DateTime, DateTime)>) -> Option<Svg> {
    let points: Vec<Point> = series.numbers().filter_map(Point::of).collect();
    if points.len() < 2 {
        return None;
    }
    let mut frame = Frame::of(&points, &series.bounds, f64::from(height));
    if let Some((first, last)) = span {
        frame.first = first;
        frame.hours = hours(first, last);
    }
    let mut draw = Draw::open("trend", format_args!(r#"width="100%" height="{height}" role="img""#));
    draw.title(&t("chart-title").with("name", &series.name).with("values", series.spoken()).to_string());
    band(&mut draw, &series.bounds, &frame, &points);
    draw.shape(format_args!(r#"<line class="axis" x1="0" x2="100%" y1="{0}" y2="{0}"/>"#, n(frame.axis)));
    for pair in points.windows(2) {
        if let [a, b] = pair {
            for (class, ya, yb) in [("line", Some(a.value), Some(b.value)), ("line second", a.second, b.second)] {
                if let (Some(ya), Some(yb)) = (ya, yb) {
                    draw.shape(format_args!(
                        r#"<line class="{class}" x1="{}%" y1="{}" x2="{}%" y2="{}"/>"#,
                        n(frame.x(a.at)),
                        n(frame.y(ya)),
                        n(frame.x(b.at)),
                        n(frame.y(yb))
                    ));
                }
            }
        }
    }
    marks(&mut draw, &points, &frame);
    dates(&mut draw, &points, &frame);
    Some(draw.finish())
}

/// One point of a trend.
struct Point {
    at: DateTime,
    value: f64,
    second: Option<f64>,
    outside: bool,
    when: When,
}

impl Point {
    fn of(reading: &Reading) -> Option<Self> {
        Some(Self {
            at: reading.when.moment(),
            value: reading.number?,
            second: reading.second,
            outside: reading.flag.is_some(),
            when: reading.when,
        })
    }
}

/// How many hours lie between two moments; of two at once a minute.
fn hours(first: DateTime, last: DateTime) -> f64 {
    (last.duration_since(first).as_secs_f64() / 3600.0).max(1.0 / 60.0)
}

/// Where things lie in a trend.
struct Frame {
    first: DateTime,
    hours: f64,
    low: f64,
    high: f64,
    top: f64,
    bottom: f64,
    axis: f64,
}

impl Frame {
    const LEFT: f64 = 9.0;
    const RIGHT: f64 = 90.0;

    fn of(points: &[Point], bounds: &Bounds, height: f64) -> Self {
        let first = points.first().map_or(DateTime::ZERO, |point| point.at);
        let last = points.last().map_or(first, |point| point.at);
        let values = || points.iter().flat_map(|point| [Some(point.value), point.second]).flatten();
        let (mut low, mut high) = (values().fold(f64::INFINITY, f64::min), values().fold(f64::NEG_INFINITY, f64::max));
        let spread = if high > low { high - low } else { high.abs().max(1.0) * 0.1 };
        // An edge of the range is drawn when it is near enough not to flatten the line; a little beyond it, so that
        // its band is seen.
        let (least, most) = (low, high);
        for edge in [bounds.low, bounds.high].into_iter().flatten() {
            let beyond = spread * 0.25;
            if edge > most && edge - most <= spread * 1.5 {
                high = high.max(edge + if bounds.low == Some(edge) { beyond } else { 0.0 });
            }
            if edge < least && least - edge <= spread * 1.5 {
                low = low.min(edge - if bounds.high == Some(edge) { beyond } else { 0.0 });
            }
        }
        if high - low < spread {
            (low, high) = (low - spread / 2.0, high + spread / 2.0);
        }
        let axis = height - 40.0;
        Self { first, hours: hours(first, last), low, high, top: 34.0, bottom: axis - 16.0, axis }
    }

    fn x(&self, at: DateTime) -> f64 {
        let since = at.duration_since(self.first).as_secs_f64() / 3600.0;
        Self::LEFT + (Self::RIGHT - Self::LEFT) * since / self.hours
    }

    fn y(&self, value: f64) -> f64 {
        self.top + (self.bottom - self.top) * (1.0 - (value - self.low) / (self.high - self.low))
    }
}

fn band(draw: &mut Draw, bounds: &Bounds, frame: &Frame, points: &[Point]) {
    if !bounds.is_known() {
        return;
    }
    let ceiling = frame.top - 18.0;
    let top = bounds.high.map_or(ceiling, |edge| frame.y(edge)).clamp(ceiling, frame.axis);
    let bottom = bounds.low.map_or(frame.axis, |edge| frame.y(edge)).clamp(ceiling, frame.axis);
    // A range out of sight still shows as a sliver at its edge.
    let (top, bottom) = if bottom - top < SLIVER {
        let top = top.min(frame.axis - SLIVER);
        (top, top + SLIVER)
    } else {
        (top, bottom)
    };
    draw.shape(format_args!(r#"<rect class="band" x="0" y="{}" width="100%" height="{}"/>"#, n(top), n(bottom - top)));
    let words = t("chart-band").with("range", bounds.words()).to_string();
    if bottom - top < 14.0 {
        return;
    }
    // The words lie at the band's foot; in a thin band in its middle; at its other end where a value would lie over them.
    let at = if bottom - top < 22.0 { bottom - (bottom - top) / 2.0 + 4.0 } else { bottom - 8.0 };
    let covered = |side: std::ops::Range<f64>| {
        let beside = points.iter().filter(|point| side.contains(&frame.x(point.at)));
        beside.map(|point| frame.y(point.value) - ABOVE).any(|value| (value - at).abs() < LINE)
    };
    let place = if covered(0.0..40.0) && !covered(60.0..100.0) { r#"x="99%" text-anchor="end""# } else { r#"x="8""# };
    draw.text("text", format_args!(r#"class="note" {place} y="{}""#, n(at)), &words);
}

fn marks(draw: &mut Draw, points: &[Point], frame: &Frame) {
    let last = points.len() - 1;
    let spaced = points.windows(2).all(|pair| match pair {
        [a, b] => frame.x(b.at) - frame.x(a.at) >= APART * 0.75,
        _ => true,
    });
    let label_all = points.len() <= LABELLED && spaced;
    for (i, point) in points.iter().enumerate() {
        let (x, y) = (n(frame.x(point.at)), frame.y(point.value));
        let many = points.len() > 16;
        let shape = match (point.outside, many && i != last) {
            (true, false) => r#"<path class="pt out" d="M0-6 6 0 0 6-6 0Z"/>"#,
            (true, true) => r#"<path class="pt out" d="M0-4 4 0 0 4-4 0Z"/>"#,
            (false, false) => r#"<circle class="pt" r="4.5"/>"#,
            (false, true) => r#"<circle class="pt" r="3"/>"#,
        };
        draw.shape(format_args!(r#"<svg x="{x}%" y="{}" overflow="visible">{shape}</svg>"#, n(y)));
        if let Some(second) = point.second {
            draw.shape(format_args!(
                r#"<svg x="{x}%" y="{}" overflow="visible"><circle class="pt second" r="2.5"/></svg>"#,
                n(frame.y(second))
            ));
        }
        if label_all || i == last {
            let class = if i == last { "value last" } else { "value" };
            let words = match point.second {
                Some(second) => format!("{}/{}", number(point.value), number(second)),
                None => number(point.value),
            };
            draw.text(
                "text",
                format_args!(r#"class="{class}" x="{x}%" y="{}" text-anchor="middle""#, n(y - ABOVE)),
                &words,
            );
        }
    }
}

/// A trend that is no longer than this has the time of day at its axis, in hours.
const OF_HOURS: f64 = 72.0;

/// One that is no longer than this, in hours, has its days there: of a quarter of a year.
const OF_DAYS: f64 = 92.0 * 24.0;

/// What an axis says of a moment, and below it what that is part of.
fn at_the_axis(when: When, hours: f64) -> (String, String) {
    let clock = when.clock().filter(|_| hours <= OF_HOURS);
    match (clock, when) {
        (Some(clock), _) => (clock, when.in_its_year()),
        (None, When::Year(year)) => (String::new(), year.to_string()),
        (None, _) if hours <= OF_HOURS => (String::new(), when.in_its_year()),
        (None, When::Day(_) | When::Time(_)) if hours <= OF_DAYS => (when.in_its_year(), when.year().to_string()),
        (None, _) => (when.month_short(), when.year().to_string()),
    }
}

/// The axis: months or days, and the year where it changes, or the time of day and the day; only as many as have room, the last
/// always.
fn dates(draw: &mut Draw, points: &[Point], frame: &Frame) {
    let end = points.last().map_or(Frame::RIGHT, |point| frame.x(point.at));
    let mut labelled: Vec<&Point> = Vec::new();
    let last = points.len() - 1;
    for (i, point) in points.iter().enumerate() {
        let x = frame.x(point.at);
        let clear_before = labelled.last().is_none_or(|before| x - frame.x(before.at) >= APART);
        let clear_after = i == last || end - x >= APART;
        if i == last || (clear_before && clear_after) {
            labelled.push(point);
        }
    }
    let mut said = None;
    for point in labelled {
        let x = n(frame.x(point.at));
        draw.shape(format_args!(
            r#"<line class="axis" x1="{x}%" x2="{x}%" y1="{}" y2="{}"/>"#,
            n(frame.axis),
            n(frame.axis + 4.0)
        ));
        let (word, within) = at_the_axis(point.when, frame.hours);
        draw.text(
            "text",
            format_args!(r#"class="date" x="{x}%" y="{}" text-anchor="middle""#, n(frame.axis + 18.0)),
            &word,
        );
        if said.as_ref() != Some(&within) {
            draw.text(
                "text",
                format_args!(r#"class="date" x="{x}%" y="{}" text-anchor="middle""#, n(frame.axis + 34.0)),
                &within,
            );
            said = Some(within);
        }
    }
}

/// One value against its range, for patients: below, in and above as three words over one bar. Nothing when the value
/// is no number or no range is known.
pub fn gauge(series: &Series) -> Option<Svg> {
    let value = series.latest()?.number?;
    let Bounds { low, high, .. } = series.bounds;
    let (from, to) = match (low, high) {
        (Some(low), Some(high)) if high > low => (low - (high - low) * 0.5, high + (high - low) * 0.5),
        (None, Some(high)) if high > 0.0 => (0.0, high * 1.6),
        (Some(low), None) if low > 0.0 => (low * 0.5, low * 1.4),
        _ => return None,
    };
    // A value far outside stretches its side, so that the diamond never leaves the bar.
    let margin = (to - from) * 0.08;
    let (from, to) = (from.min(value - margin), to.max(value + margin));
    let x = |v: f64| 100.0 * (v - from) / (to - from);
    let mut zones = Vec::new();
    if let Some(low) = low {
        zones.push((from, low, "outside", "gauge-below"));
    }
    zones.push((low.unwrap_or(from), high.unwrap_or(to), "usual", "gauge-usual"));
    if let Some(high) = high {
        zones.push((high, to, "outside", "gauge-above"));
    }
    // Beside a usual zone without its word "it" would stand for nothing.
    let width = |from: f64, to: f64| x(to) - x(from);
    if width(low.unwrap_or(from), high.unwrap_or(to)) < LEAST_WORD {
        for (a, b, _, word) in zones.iter_mut().filter(|(_, _, class, _)| *class == "outside") {
            *word = match *word {
                // The whole words need more room.
                _ if width(*a, *b) < 2.0 * LEAST_WORD => "",
                "gauge-below" => "gauge-below-usual",
                _ => "gauge-above-usual",
            };
        }
    }
    let mut draw = Draw::open("gauge", format_args!(r#"width="100%" height="88" role="img""#));
    draw.title(&series.say_latest().to_string());
    for (a, b, class, word) in &zones {
        draw.shape(format_args!(
            r#"<rect class="zone {class}" x="{}%" width="{}%" y="40" height="12"/>"#,
            n(x(*a)),
            n(x(*b) - x(*a))
        ));
        // A zone too small for its word goes without: the same words stand in the verdict above the picture.
        if !word.is_empty() && width(*a, *b) >= LEAST_WORD {
            draw.text(
                "text",
                format_args!(r#"class="note" x="{}%" y="84" text-anchor="middle""#, n(x((a + b) / 2.0))),
                &t(word).to_string(),
            );
        }
    }
    for edge in [low, high].into_iter().flatten() {
        let at = n(x(edge));
        draw.shape(format_args!(r#"<line class="tick" x1="{at}%" x2="{at}%" y1="36" y2="56"/>"#));
        draw.text("text", format_args!(r#"class="note" x="{at}%" y="68" text-anchor="middle""#), &number(edge));
    }
    let class = if series.latest()?.flag.is_some() { "pt out" } else { "pt in" };
    let anchor = match x(value) {
        at if at < 14.0 => "start",
        at if at > 86.0 => "end",
        _ => "middle",
    };
    draw.shape(format_args!(
        r#"<svg x="{}%" y="46" overflow="visible"><path class="{class}" d="M0-9 9 0 0 9-9 0Z"/></svg>"#,
        n(x(value))
    ));
    let you = t("gauge-you").with("value", number(value)).to_string();
    draw.text("text", format_args!(r#"class="value last" x="{}%" y="26" text-anchor="{anchor}""#, n(x(value))), &you);
    Some(draw.finish())
}

/// How much of something is used, in percent, with what it says aloud.
pub fn bar(percent: u8, spoken: &str) -> Svg {
    let percent = percent.min(100);
    let mut draw = Draw::open("bar", format_args!(r#"width="100%" height="8" role="img""#));
    draw.title(spoken);
    draw.shape(format_args!(
        r#"<rect class="rest" width="100%" height="8" rx="4"/><rect class="used" width="{percent}%" height="8" rx="4"/>"#
    ));
    draw.finish()
}

/// A QR code of `text`, `size` px wide, black on white in both colour schemes. Nothing when the text is too long for one.
pub fn qr(text: &str, spoken: &str, size: u32) -> Option<Svg> {
    let code = fast_qr::QRBuilder::new(text).ecl(fast_qr::ECL::M).build().ok()?;
    let quiet = 4;
    let side = code.size + 2 * quiet;
    let mut path = String::new();
    for y in 0..code.size {
        for x in 0..code.size {
            let dark = code.data.get(y * code.size + x).is_some_and(|module| (*module).value());
            if dark {
                path.push_str(&format!("M{} {}h1v1h-1z", x + quiet, y + quiet));
            }
        }
    }
    let mut draw = Draw::open(
        "qr",
        format_args!(
            r#"width="{size}" height="{size}" viewBox="0 0 {side} {side}" shape-rendering="crispEdges" role="img""#
        ),
    );
    draw.title(spoken);
    draw.shape(format_args!(r#"<rect class="paper" width="{side}" height="{side}"/><path class="ink" d="{path}"/>"#));
    Some(draw.finish())
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::Date;

    fn series(values: &[f64], low: Option<f64>, high: Option<f64>) -> Series {
        let bounds = Bounds { low, high, ..Bounds::default() };
        let reading = |(i, value): (usize, &f64)| Reading {
            number: Some(*value),
            flag: bounds.flag(*value),
            compared: true,
            ..Reading::of(When::Day(Date::new(2019 + i as i16 / 12, (i % 12) as i8 + 1, 9).unwrap()), number(*value))
        };
        let readings = values.iter().enumerate().map(reading).collect();
        Series { name: "<Glucose>".into(), unit: "mg/dL".into(), bounds, readings, ..Series::default() }
    }

    /// Every number of an attribute, in the order drawn.
    fn attributes(svg: &str, name: &str) -> Vec<f64> {
        svg.split(&format!(" {name}=\""))
            .skip(1)
            .filter_map(|rest| rest.split(['%', '"']).next()?.parse().ok())
            .collect()
    }

    #[test]
    fn a_value_of_the_same_day_is_said_to_be_of_that_day_by_its_time() {
        let said = |before: &str, latest: &str| {
            let reading =
                |when: &str| Reading::of(When::parse(when, &jiff::tz::TimeZone::UTC).unwrap(), "38.1".to_owned());
            Series { readings: vec![reading(before), reading(latest)], ..Series::default() }.before_words().unwrap()
        };
        assert_eq!(said("2026-11-30T07:05:00Z", "2026-11-30T13:35:00Z"), "38.1 at 07:05 that day");
        assert_eq!(said("2026-11-29T07:05:00Z", "2026-11-30T13:35:00Z"), "38.1 on 29 Nov");
        assert_eq!(said("2026-11-30", "2026-11-30T13:35:00Z"), "38.1 on 30 Nov", "no time is known");
    }

    #[test]
    fn one_value_is_no_line() {
        assert!(spark(&series(&[5.0], None, Some(6.0)), 88).is_none());
        assert!(trend(&series(&[5.0], None, None), 208).is_none());
        assert!(spark(&series(&[5.0, 5.0], None, None), 88).is_some());
    }

    #[test]
    fn the_words_of_the_range_make_room_for_a_value() {
        let under = trend(&series(&[58.0, 56.0, 55.0, 53.0, 52.0], Some(60.0), None), 128).unwrap().to_string();
        assert!(under.contains(r#"class="note" x="99%" text-anchor="end""#), "{under}");
        let over = trend(&series(&[96.0, 99.0, 101.0, 104.0, 107.0], Some(45.0), Some(84.0)), 208).unwrap().to_string();
        assert!(over.contains(r#"class="note" x="8""#), "{over}");
    }

    #[test]
    fn a_range_out_of_sight_is_a_sliver_at_its_edge() {
        let svg = trend(&series(&[52.0, 55.0, 53.0, 58.0], Some(20.0), Some(30.0)), 208).unwrap().to_string();
        let band = svg.split(r#"class="band""#).nth(1).unwrap();
        assert!(band.starts_with(r#" x="0" y="164" width="100%" height="4"/>"#), "{band}");
    }

    #[test]
    fn values_of_one_day_lie_at_their_hours() {
        let at = |text: &str| When::Time(text.parse().unwrap());
        let with = |whens: &[When]| {
            let mut one = series(&vec![5.0; whens.len()], None, None);
            whens.iter().zip(&mut one.readings).for_each(|(when, reading)| reading.when = *when);
            trend(&one, 208).unwrap().to_string()
        };
        let day = with(&[at("2026-11-29T20:00"), at("2026-11-29T23:00"), at("2026-11-30T05:00")]);
        assert_eq!(attributes(&day, "x1")[1..3], [9.0, 36.0], "{day}");
        for word in [">20:00<", ">23:00<", ">05:00<", ">29 Nov<", ">30 Nov<"] {
            assert_eq!(day.matches(word).count(), 1, "{word} {day}");
        }
        let years = with(&[at("2024-11-29T20:00"), When::Day(Date::constant(2026, 3, 3))]);
        assert!(years.contains(">Nov<") && years.contains(">2026<") && !years.contains("20:00"), "{years}");
        let month = with(&[When::Day(Date::constant(2026, 11, 2)), When::Day(Date::constant(2026, 11, 27))]);
        assert!(month.contains(">2 Nov<") && month.contains(">27 Nov<") && month.contains(">2026<"), "{month}");
        let mut short = series(&[8.0, 40.0], None, None);
        for (reading, when) in short.readings.iter_mut().zip([at("2026-11-29T08:00"), at("2026-11-29T14:00")]) {
            reading.when = when;
        }
        let all = [Date::constant(2024, 1, 1), Date::constant(2026, 11, 29)].map(|day| day.at(14, 0, 0, 0));
        let beside = short.trend_between(all[0], all[1]).unwrap().to_string();
        assert_eq!(beside.matches(">Nov<").count(), 1, "one name of a month lies over another: {beside}");
        assert!(with(&[at("2026-11-29T20:00"), at("2026-11-29T20:00")]).contains(r#"x1="9%""#), "at once");
    }

    #[test]
    fn names_enter_a_picture_escaped() {
        let svg = trend(&series(&[5.0, 6.0], None, None), 208).unwrap().to_string();
        assert!(svg.contains("&lt;Glucose&gt;") && !svg.contains("<Glucose>"));
    }

    #[test]
    fn what_lies_outside_is_a_diamond_and_the_line_stays_in_the_picture() {
        let svg = spark(&series(&[5.0, 9.0, 400.0], Some(4.0), Some(10.0)), 88).unwrap().to_string();
        assert!(svg.contains(r#"class="pt out""#) && svg.contains(r#"class="band""#));
        let points = svg.split("points=\"").nth(1).unwrap().split('"').next().unwrap();
        for point in points.split(' ') {
            let (x, y) = point.split_once(',').unwrap();
            assert!(
                (0.0..=88.0).contains(&x.parse().unwrap()) && (0.0..=20.0).contains(&y.parse().unwrap()),
                "{point}"
            );
        }
    }

    #[test]
    fn a_long_course_labels_only_what_has_room() {
        let values: Vec<f64> = (0..80).map(|i| 90.0 + f64::from(i % 7)).collect();
        let svg = trend(&series(&values, None, None), 208).unwrap().to_string();
        assert_eq!(svg.matches(r#"class="value"#).count(), 1, "only the last value");
        let mut months: Vec<f64> = svg
            .split(r#"class="date" x=""#)
            .skip(1)
            .filter(|rest| rest.split('>').nth(1).unwrap().starts_with(char::is_alphabetic))
            .map(|rest| rest.split('%').next().unwrap().parse().unwrap())
            .collect();
        months.sort_by(f64::total_cmp);
        assert!(months.len() >= 5 && months.windows(2).all(|pair| pair[1] - pair[0] >= APART - 0.01), "{months:?}");
    }

    #[test]
    fn a_gauge_holds_its_value_however_far_outside_it_is() {
        for value in [-30.0, 3.0, 30.0, 57.0, 900.0] {
            let svg = gauge(&series(&[value], Some(20.0), Some(41.0))).unwrap().to_string();
            let x = attributes(&svg, "x");
            assert!(x.iter().all(|x| (0.0..=100.0).contains(x)), "{value}: {x:?}");
        }
        assert!(gauge(&series(&[5.0], None, None)).is_none());
    }

    #[test]
    fn a_gauge_without_room_for_the_usual_says_what_lies_above_what() {
        let words = |value| gauge(&series(&[value], None, Some(5.0))).unwrap().to_string();
        assert!(words(4.0).contains(">Usual range<") && words(4.0).contains(">Above it<"));
        let far = words(90.0);
        assert!(far.contains(">Above the usual<") && !far.contains(">Above it<"), "{far}");
    }

    #[test]
    fn a_bar_is_never_more_than_full_and_a_code_has_its_corners() {
        assert!(bar(250, "x").to_string().contains(r#"width="100%" height="8" rx="4"/></svg>"#));
        let code = qr("http://chartbox-k7m2.local/", "x", 176).unwrap().to_string();
        // The finder pattern's top row of seven, inside the quiet zone of four.
        for x in 4..11 {
            assert!(code.contains(&format!("M{x} 4h1v1h-1z")), "{x}");
        }
        assert!(!code.contains("M11 4h1") && !code.contains("M3 4h1"));
    }
}
