//! A prescription on paper: one A4 page as PDF, with a font that lies in the program.
//!
//! The font (DejaVu Sans) has Latin, Greek, Cyrillic, Hebrew, Arabic, Armenian and Georgian letters. A name in another script
//! is refused in words, never printed as boxes; the page of the same content prints it with the browser's own fonts.

use std::sync::LazyLock;

use krilla::Document;
use krilla::geom::{PathBuilder, Point, Rect};
use krilla::metadata::Metadata;
use krilla::num::NormalizedF32;
use krilla::page::PageSettings;
use krilla::paint::{Fill, FillRule, Stroke};
use krilla::surface::Surface;
use krilla::text::{Font, TextDirection};

static FONT: &[u8] = include_bytes!("../../../web/fonts/DejaVuSans.ttf");

/// A4 in points.
const WIDTH: f32 = 595.0;
const HEIGHT: f32 = 842.0;
const MARGIN: f32 = 56.0;
/// Where the column beside the labels begins.
const VALUES: f32 = MARGIN + 120.0;
/// The side of the QR code.
const QR: f32 = 104.0;

/// What stands on it, in words.
#[derive(Debug, Clone)]
pub struct Paper {
    pub title: String,
    pub clinic: Vec<String>,
    pub patient_word: String,
    pub patient: Vec<String>,
    pub medicine: String,
    /// Label and value.
    pub lines: Vec<(String, String)>,
    pub written: String,
    pub prescriber: String,
    pub signature: String,
    /// What the QR code is for.
    pub verify: String,
    pub url: String,
    /// What became of it, where it does not count any more.
    pub state: Option<String>,
    pub demo: Option<String>,
}

/// Why there is no PDF.
#[derive(Debug, thiserror::Error)]
pub enum PaperError {
    #[error("the font has no letter for some of the text")]
    Letters(String),
    #[error("the page could not be drawn: {0}")]
    Drawing(String),
}

/// The font's letters and their widths.
struct Letters {
    face: ttf_parser::Face<'static>,
}

static LETTERS: LazyLock<Option<Letters>> =
    LazyLock::new(|| ttf_parser::Face::parse(FONT, 0).ok().map(|face| Letters { face }));

impl Letters {
    /// In points at this size. Close enough to break lines by; what is drawn is shaped.
    fn width(&self, text: &str, size: f32) -> f32 {
        let units: u32 = text
            .chars()
            .filter_map(|letter| self.face.glyph_index(letter))
            .filter_map(|glyph| self.face.glyph_hor_advance(glyph))
            .map(u32::from)
            .sum();
        units as f32 * size / f32::from(self.face.units_per_em())
    }

    fn lacks(&self, letter: char) -> bool {
        !letter.is_whitespace() && !letter.is_control() && self.face.glyph_index(letter).is_none()
    }
}

impl Paper {
    fn texts(&self) -> impl Iterator<Item = &str> {
        [&self.title, &self.patient_word, &self.medicine, &self.written, &self.prescriber, &self.signature]
            .into_iter()
            .chain([&self.verify, &self.url])
            .chain(&self.clinic)
            .chain(&self.patient)
            .chain(self.lines.iter().flat_map(|(label, value)| [label, value]))
            .chain(&self.state)
            .chain(&self.demo)
            .map(String::as_str)
    }

    /// The page. It names nobody in its metadata.
    pub fn pdf(&self) -> Result<Vec<u8>, PaperError> {
        let broken = || PaperError::Drawing("the font cannot be read".to_owned());
        let letters = LETTERS.as_ref().ok_or_else(broken)?;
        let mut missing: Vec<char> = self.texts().flat_map(str::chars).filter(|c| letters.lacks(*c)).collect();
        missing.sort_unstable();
        missing.dedup();
        if !missing.is_empty() {
            return Err(PaperError::Letters(missing.into_iter().take(20).collect()));
        }
        let font = Font::new(FONT.to_vec().into(), 0).ok_or_else(broken)?;
        let mut document = Document::new();
        document.set_metadata(Metadata::new().title(self.title.clone()).creator("Chartbox".to_owned()));
        let settings = PageSettings::from_wh(WIDTH, HEIGHT).ok_or_else(broken)?;
        let mut page = document.start_page_with(settings);
        let mut surface = page.surface();
        let mut pen = Pen { surface: &mut surface, font, letters, y: MARGIN };
        self.draw(&mut pen);
        surface.finish();
        page.finish();
        document.finish().map_err(|error| PaperError::Drawing(format!("{error:?}")))
    }

    fn draw(&self, pen: &mut Pen<'_, '_>) {
        let whole = WIDTH - 2.0 * MARGIN;
        if let Some(demo) = &self.demo {
            pen.paragraph(MARGIN, whole, 11.0, demo);
            pen.space(6.0);
        }
        for (line, size) in self.clinic.iter().zip([15.0, 10.0, 10.0]) {
            pen.paragraph(MARGIN, whole, size, line);
        }
        pen.space(4.0);
        pen.rule();
        pen.space(10.0);
        pen.paragraph(MARGIN, whole, 20.0, &self.title);
        if let Some(state) = &self.state {
            pen.paragraph(MARGIN, whole, 14.0, state);
        }
        pen.space(10.0);
        for (at, line) in self.patient.iter().enumerate() {
            if at == 0 {
                pen.beside(&self.patient_word, line, 13.0);
            } else {
                pen.beside("", line, 10.0);
            }
        }
        pen.space(10.0);
        pen.rule();
        pen.space(12.0);
        pen.paragraph(MARGIN, whole, 15.0, &self.medicine);
        pen.space(8.0);
        for (label, value) in &self.lines {
            pen.beside(label, value, 11.0);
            pen.space(3.0);
        }
        pen.space(10.0);
        pen.rule();
        pen.space(12.0);
        pen.paragraph(MARGIN, whole, 11.0, &self.written);
        pen.paragraph(MARGIN, whole, 11.0, &self.prescriber);
        // The signature and the code stand at the foot, or below what is long.
        pen.y = pen.y.max(HEIGHT - MARGIN - QR - 80.0) + 34.0;
        let top = pen.y;
        pen.line(MARGIN, top, 260.0);
        pen.y = top + 4.0;
        pen.paragraph(MARGIN, 260.0, 9.0, &self.signature);
        pen.qr(&self.url, WIDTH - MARGIN - QR, top - 30.0);
        pen.y = top + QR - 24.0;
        pen.paragraph(MARGIN + 180.0, whole - 180.0, 8.0, &self.verify);
        pen.paragraph(MARGIN + 180.0, whole - 180.0, 8.0, &self.url);
    }
}

/// Writes from the top downwards.
struct Pen<'a, 'b> {
    surface: &'a mut Surface<'b>,
    font: Font,
    letters: &'static Letters,
    y: f32,
}

impl Pen<'_, '_> {
    fn space(&mut self, points: f32) {
        self.y += points;
    }

    fn paragraph(&mut self, x: f32, width: f32, size: f32, text: &str) {
        for line in self.broken(text, width, size) {
            self.y += size * 1.3;
            let line = line.trim();
            self.surface.draw_text(
                Point::from_xy(x, self.y - size * 0.3),
                self.font.clone(),
                size,
                line,
                false,
                TextDirection::Auto,
            );
        }
    }

    fn beside(&mut self, label: &str, value: &str, size: f32) {
        let top = self.y;
        self.paragraph(MARGIN, VALUES - MARGIN - 8.0, 9.0, label);
        let under = self.y;
        self.y = top;
        self.paragraph(VALUES, WIDTH - MARGIN - VALUES, size, value);
        self.y = self.y.max(under);
    }

    /// Lines that fit; a word that is longer than a line is broken where it must be.
    fn broken(&self, text: &str, width: f32, size: f32) -> Vec<String> {
        let mut lines = vec![String::new()];
        for word in text.split_whitespace() {
            let Some(line) = lines.last_mut() else { break };
            let longer = format!("{line} {word}");
            if line.is_empty() || self.letters.width(&longer, size) <= width {
                *line = longer.trim_start().to_owned();
            } else {
                lines.push(word.to_owned());
            }
            while let Some(rest) = lines.last_mut().and_then(|line| self.cut(line, width, size)) {
                lines.push(rest);
            }
        }
        lines
    }

    fn cut(&self, line: &mut String, width: f32, size: f32) -> Option<String> {
        if self.letters.width(line, size) <= width {
            return None;
        }
        let at = line.char_indices().map(|(at, _)| at).skip(1);
        let fits = at.take_while(|at| line.get(..*at).is_some_and(|part| self.letters.width(part, size) <= width));
        let at = fits.last()?;
        let rest = line.split_off(at);
        (!rest.is_empty()).then_some(rest)
    }

    fn rule(&mut self) {
        self.line(MARGIN, self.y, WIDTH - MARGIN);
    }

    fn line(&mut self, from: f32, y: f32, to: f32) {
        let mut path = PathBuilder::new();
        path.move_to(from, y);
        path.line_to(to, y);
        let Some(path) = path.finish() else { return };
        self.surface.set_fill(None);
        self.surface.set_stroke(Some(Stroke { width: 0.6, ..Stroke::default() }));
        self.surface.draw_path(&path);
        self.surface.set_stroke(None);
        self.surface.set_fill(Some(black()));
    }

    fn qr(&mut self, text: &str, x: f32, y: f32) {
        let Ok(code) = fast_qr::QRBuilder::new(text).ecl(fast_qr::ECL::M).build() else { return };
        let module = QR / code.size as f32;
        let mut path = PathBuilder::new();
        for row in 0..code.size {
            for column in 0..code.size {
                let dark = code.data.get(row * code.size + column).is_some_and(|module| (*module).value());
                let (left, top) = (x + column as f32 * module, y + row as f32 * module);
                if let Some(rect) = Rect::from_xywh(left, top, module, module).filter(|_| dark) {
                    path.push_rect(rect);
                }
            }
        }
        let Some(path) = path.finish() else { return };
        self.surface.set_fill(Some(black()));
        self.surface.draw_path(&path);
    }
}

fn black() -> Fill {
    Fill { paint: krilla::color::luma::Color::black().into(), opacity: NormalizedF32::ONE, rule: FillRule::NonZero }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paper(name: &str, instructions: &str) -> Paper {
        Paper {
            title: "Prescription".into(),
            clinic: vec!["Alder Street Clinic".into(), "01632 960 140".into()],
            patient_word: "Patient".into(),
            patient: vec![name.into(), "Born 9 May 1967".into()],
            medicine: "Clarithromycin 500 mg tablet".into(),
            lines: vec![("How to take it".into(), instructions.into())],
            written: "Written on 3 March 2026".into(),
            prescriber: "Dr R Adeyemi-Strand".into(),
            signature: "Signature".into(),
            verify: "Scan to see whether it still counts.".into(),
            url: "https://box.local/verify/abcdefghijklmnopqrstuvwxyz".into(),
            state: None,
            demo: None,
        }
    }

    #[test]
    fn a_page_is_a_pdf_whatever_script_of_the_font_a_name_is_in() {
        for name in ["Halina Brandvold", "Žofie Nguyễn", "Μαρία", "Ольга", "فاطمة", "שרה", "Նարե", "ნინო"]
        {
            let pdf = paper(name, "One tablet").pdf().unwrap();
            assert!(pdf.starts_with(b"%PDF-") && pdf.len() < 200_000, "{name}: {} bytes", pdf.len());
        }
    }

    #[test]
    fn letters_that_the_font_lacks_are_named_and_nothing_is_printed_in_their_place() {
        let Err(PaperError::Letters(letters)) = paper("李小龍 🩺", "One").pdf() else { panic!() };
        assert!(letters.contains('李'), "{letters}");
    }

    #[test]
    fn a_long_text_is_broken_and_nothing_of_it_is_lost() {
        let letters = LETTERS.as_ref().unwrap();
        let mut document = Document::new();
        let mut page = document.start_page_with(PageSettings::from_wh(WIDTH, HEIGHT).unwrap());
        let mut surface = page.surface();
        let font = Font::new(FONT.to_vec().into(), 0).unwrap();
        let pen = Pen { surface: &mut surface, font, letters, y: 0.0 };
        let text = format!("{} {}", "one two ".repeat(60), "x".repeat(300));
        let lines = pen.broken(&text, 200.0, 11.0);
        assert!(lines.len() > 10 && lines.iter().all(|line| letters.width(line, 11.0) <= 200.0));
        let bare = |text: &str| text.split_whitespace().collect::<String>();
        assert_eq!(bare(&lines.concat()), bare(&text));
    }
}
