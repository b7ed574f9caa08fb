//! A visit for a calendar (RFC 5545): when and where, and nothing of why.

use crate::base::Timestamp;

/// What a calendar is told.
pub fn calendar(
    uid: &str,
    sequence: u32,
    summary: &str,
    place: &str,
    (start, end): (Timestamp, Timestamp),
    now: Timestamp,
) -> String {
    let time = |moment: Timestamp| moment.strftime("%Y%m%dT%H%M%SZ").to_string();
    let lines = [
        "BEGIN:VCALENDAR".to_owned(),
        "VERSION:2.0".to_owned(),
        "PRODID:-//Chartbox//Visit//EN".to_owned(),
        "METHOD:PUBLISH".to_owned(),
        "BEGIN:VEVENT".to_owned(),
        format!("UID:{}", escaped(uid)),
        format!("DTSTAMP:{}", time(now)),
        format!("DTSTART:{}", time(start)),
        format!("DTEND:{}", time(end)),
        format!("SEQUENCE:{sequence}"),
        format!("SUMMARY:{}", escaped(summary)),
        format!("LOCATION:{}", escaped(place)),
        "CLASS:PRIVATE".to_owned(),
        "END:VEVENT".to_owned(),
        "END:VCALENDAR".to_owned(),
    ];
    lines.iter().map(|line| folded(line) + "\r\n").collect()
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | ';' | ',' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

/// Lines of at most 75 octets, never cut inside a letter (RFC 5545 §3.1).
fn folded(line: &str) -> String {
    let (mut out, mut long) = (String::with_capacity(line.len()), 0);
    for c in line.chars() {
        if long + c.len_utf8() > 74 {
            out.push_str("\r\n ");
            long = 1;
        }
        out.push(c);
        long += c.len_utf8();
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_calendar_reads_it_whatever_stands_in_it() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let times = (at("2026-03-03T09:00:00Z"), at("2026-03-03T09:20:00Z"));
        let text = calendar("a@b", 2, "Visit, first; \u{1F600}\r\nBEGIN:X", &"é".repeat(80), times, times.0);
        assert!(text.contains("SUMMARY:Visit\\, first\\; \u{1F600}\\nBEGIN:X\r\n"));
        assert!(text.contains("DTSTART:20260303T090000Z\r\n") && text.contains("SEQUENCE:2\r\n"));
        assert!(text.split("\r\n").all(|line| line.len() <= 75));
        assert_eq!(text.matches("BEGIN:VEVENT").count(), 1);
    }
}
