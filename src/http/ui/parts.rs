//! Small parts that many pages share, each with its own template.

use askama::Template;
use askama::filters::HtmlSafe;

use super::series::{Flag, Reading, Series};
use super::text::{Text, filters, t};

/// A shape and a word for progress or condition. The colour only repeats them.
#[derive(Debug, Clone, Template)]
#[template(path = "parts/state.html")]
pub struct State {
    pub shape: &'static str,
    pub word: String,
    pub tone: Tone,
}

/// What a colour may add to a shape and a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Tone {
    #[default]
    Plain,
    /// Second voice: nothing to do.
    Dim,
    Accent,
    Good,
    Caution,
    Critical,
}

impl Tone {
    pub fn class(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Dim => "dim",
            Self::Accent => "accent",
            Self::Good => "good",
            Self::Caution => "caution",
            Self::Critical => "critical",
        }
    }
}

impl State {
    pub fn new(shape: &'static str, tone: Tone, word: impl Into<String>) -> Self {
        Self { shape, word: word.into(), tone }
    }
}

/// A flag on a value: shape, word, and a filled ground only when it is critical.
#[derive(Debug, Clone, Template)]
#[template(path = "parts/flag.html")]
pub struct FlagMark {
    shape: &'static str,
    word: Text,
    critical: bool,
}

impl Flag {
    pub fn mark(self) -> FlagMark {
        FlagMark { shape: self.shape(), word: self.word(), critical: self.is_critical() }
    }
}

impl Reading {
    /// In a patient's table: "above".
    pub fn short_mark(&self) -> Option<FlagMark> {
        let (flag, word) = (self.flag?, self.short_flag()?);
        Some(FlagMark { shape: flag.shape(), word, critical: flag.is_critical() })
    }

    /// In a patient's words: "above the usual range".
    pub fn plain_mark(&self) -> Option<FlagMark> {
        let (flag, word) = (self.flag?, self.plain_flag()?);
        Some(FlagMark { shape: flag.shape(), word, critical: flag.is_critical() })
    }
}

impl Series {
    /// Of the newest.
    pub fn plain_mark(&self) -> Option<FlagMark> {
        self.latest()?.plain_mark()
    }
}

/// What is wrong in a form, by field, in the order of the form. Messages are whole sentences.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    found: Vec<(&'static str, String)>,
    /// What the record says by now, by field, where that is to stand beside what was typed.
    stands: Vec<(String, String)>,
}

impl Faults {
    pub fn none() -> Self {
        Self::default()
    }

    pub fn add(&mut self, field: &'static str, sentence: impl Into<String>) {
        self.found.push((field, sentence.into()));
    }

    /// What was typed, without the space around it. Longer than `most` characters it is a fault: what somebody writes is kept
    /// whole or not at all, and never cut.
    pub fn whole(&mut self, field: &'static str, typed: &str, most: usize) -> String {
        let text = typed.trim().replace("\r\n", "\n");
        let n = text.chars().count();
        if n > most {
            self.add(field, t("form-too-long").with("n", n).with("most", most));
        }
        text
    }

    pub fn of(&self, field: &str) -> Option<&str> {
        self.found.iter().find(|(name, _)| *name == field).map(|(_, sentence)| sentence.as_str())
    }

    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    pub fn all(&self) -> &[(&'static str, String)] {
        &self.found
    }

    /// Nothing wrong, but the record changed since the form was made: its fields say what it says now.
    pub fn beside(stands: Vec<(String, String)>) -> Self {
        Self { found: Vec::new(), stands }
    }

    /// What the record says now of a field in which something else was typed.
    pub fn now(&self, field: &str, typed: &str) -> Option<&str> {
        let stands = self.stands.iter().find(|(name, _)| name == field)?.1.trim();
        (stands != typed.trim()).then_some(stands)
    }
}

/// What stands in a field, in words where that is nothing.
pub fn stands(text: &str) -> String {
    if text.is_empty() { t("form-now-nothing").to_string() } else { text.to_owned() }
}

/// One field of a form: a label, perhaps a hint, perhaps a fault, an input.
#[derive(Debug, Clone, Template)]
#[template(path = "parts/field.html")]
pub struct Field {
    pub name: &'static str,
    pub label: Text,
    pub hint: Option<Text>,
    /// How many characters fit, where it says so.
    pub most: Option<usize>,
    pub fault: Option<String>,
    /// What the record says now, where something else was typed.
    pub now: Option<String>,
    pub value: String,
    pub kind: &'static str,
    pub autocomplete: &'static str,
    pub inputmode: &'static str,
    pub required: bool,
    pub short: bool,
    /// Among many that may stay empty, none says so.
    pub quiet: bool,
    /// For a choice from a list: value and words, in order.
    pub options: Vec<(String, String)>,
    /// Where entries of a list are found while one types.
    pub offers: &'static str,
}

impl Field {
    /// A required line of text.
    pub fn text(name: &'static str, label: Text, value: &str, faults: &Faults) -> Self {
        Self {
            name,
            label,
            hint: None,
            most: None,
            fault: faults.of(name).map(str::to_owned),
            now: faults.now(name, value).map(stands),
            value: value.to_owned(),
            kind: "text",
            autocomplete: "off",
            inputmode: "",
            required: true,
            short: false,
            quiet: false,
            options: Vec::new(),
            offers: "",
        }
    }

    /// A password; what was typed is never written back.
    pub fn password(name: &'static str, label: Text, autocomplete: &'static str, faults: &Faults) -> Self {
        Self { kind: "password", autocomplete, ..Self::text(name, label, "", faults) }
    }

    /// Several lines of text.
    pub fn area(name: &'static str, label: Text, value: &str, faults: &Faults) -> Self {
        Self { kind: "area", ..Self::text(name, label, value, faults) }
    }

    /// One of a list; `options` are values and words.
    pub fn choice(
        name: &'static str,
        label: Text,
        value: &str,
        options: Vec<(String, String)>,
        faults: &Faults,
    ) -> Self {
        let said = |code: &str| options.iter().find(|(one, _)| one == code).map(|(_, words)| words.clone());
        let now = faults.now(name, value).map(|code| said(code).unwrap_or_else(|| stands(code)));
        Self { kind: "choice", now, options, ..Self::text(name, label, value, faults) }
    }

    /// A choice in which nothing is chosen until somebody does: what nobody said is no answer.
    #[must_use]
    pub fn asked(mut self) -> Self {
        self.options.insert(0, (String::new(), t("form-choose").to_string()));
        self
    }

    /// A line for which a list has entries to choose from; what is not in it may stand, too.
    #[must_use]
    pub fn offers(self, address: &'static str) -> Self {
        Self { offers: address, ..self }
    }

    /// Another kind of input that browsers know, such as `date`.
    #[must_use]
    pub fn of_kind(self, kind: &'static str) -> Self {
        Self { kind, ..self }
    }

    #[must_use]
    pub fn hint(self, hint: Text) -> Self {
        Self { hint: Some(hint), ..self }
    }

    /// With how many characters fit. A browser would cut what is pasted at a limit of its own, so it is told none.
    #[must_use]
    pub fn most(self, most: usize) -> Self {
        Self { most: Some(most), ..self }
    }

    #[must_use]
    pub fn optional(self) -> Self {
        Self { required: false, ..self }
    }

    /// One of many that may stay empty.
    #[must_use]
    pub fn bare(self) -> Self {
        Self { quiet: true, ..self }
    }

    #[must_use]
    pub fn narrow(self) -> Self {
        Self { short: true, ..self }
    }

    #[must_use]
    pub fn keyboard(self, inputmode: &'static str) -> Self {
        Self { inputmode, ..self }
    }

    #[must_use]
    pub fn completes(self, autocomplete: &'static str) -> Self {
        Self { autocomplete, ..self }
    }

    /// A keyboard then neither corrects nor capitalizes.
    fn is_secret(&self) -> bool {
        self.kind == "password" || self.autocomplete == "username"
    }

    fn is_described(&self) -> bool {
        self.fault.is_some() || self.now.is_some() || self.hint.is_some() || self.most.is_some()
    }

    fn described_by(&self) -> String {
        let mut ids = Vec::new();
        if self.fault.is_some() {
            ids.push(format!("{}-fault", self.name));
        }
        if self.now.is_some() {
            ids.push(format!("{}-now", self.name));
        }
        if self.hint.is_some() {
            ids.push(format!("{}-hint", self.name));
        }
        if self.most.is_some() {
            ids.push(format!("{}-most", self.name));
        }
        ids.join(" ")
    }
}

/// The summary of faults over a form. Beside its field a sentence needs no name; here it stands alone.
#[derive(Debug, Clone, Template)]
#[template(path = "parts/faults.html")]
pub struct FaultSummary<'a> {
    faults: &'a Faults,
    /// What fields are called.
    labels: Vec<(String, String)>,
    /// Fields that are one row, and what that is called: their faults are one line.
    rows: Vec<(String, Vec<&'static str>)>,
}

impl Faults {
    pub fn summary(&self) -> FaultSummary<'_> {
        FaultSummary { faults: self, labels: Vec::new(), rows: Vec::new() }
    }
}

impl FaultSummary<'_> {
    /// With the labels of these fields.
    #[must_use]
    pub fn naming(self, fields: impl AsRef<[Field]>) -> Self {
        fields.as_ref().iter().fold(self, |all, field| all.calling(field.name, field.label.to_string()))
    }

    /// With what one field is called.
    #[must_use]
    pub fn calling(mut self, field: impl Into<String>, label: String) -> Self {
        self.labels.push((field.into(), label));
        self
    }

    /// With these fields as one row.
    #[must_use]
    pub fn in_row(mut self, label: impl Into<String>, fields: &[&'static str]) -> Self {
        self.rows.push((label.into(), fields.to_vec()));
        self
    }

    /// Each fault with its field, as one reads it there. A sentence that names its field by itself stands as it is.
    fn lines(&self) -> Vec<(&'static str, String)> {
        let line = |(field, sentence): &(&'static str, String)| {
            let label = self.labels.iter().find(|(name, _)| name == field).map(|(_, label)| label);
            let label = label.filter(|label| !sentence.to_lowercase().contains(&label.to_lowercase()));
            let said = match label {
                Some(label) if label.ends_with(['?', '.', ':']) => format!("{label} {sentence}"),
                Some(label) => t("form-fault-of").with("field", label).with("sentence", sentence).to_string(),
                None => sentence.clone(),
            };
            (*field, said)
        };
        let row_of = |field: &str| self.rows.iter().position(|(_, fields)| fields.contains(&field));
        let mut lines: Vec<(Option<usize>, &'static str, String)> = Vec::new();
        for (field, said) in self.faults.all().iter().map(line) {
            let row = row_of(field);
            match lines.iter_mut().find(|(known, ..)| row.is_some() && *known == row) {
                Some((.., before)) => *before = format!("{before} {said}"),
                None => lines.push((row, field, said)),
            }
        }
        let called = |row: Option<usize>, said: String| match row.and_then(|row| self.rows.get(row)) {
            Some((label, _)) => t("form-fault-of").with("field", label).with("sentence", said).to_string(),
            None => said,
        };
        lines.into_iter().map(|(row, field, said)| (field, called(row, said))).collect()
    }
}

// Each is the output of an askama template with escaping on.
impl HtmlSafe for State {}
impl HtmlSafe for FlagMark {}
impl HtmlSafe for Field {}
impl HtmlSafe for FaultSummary<'_> {}

#[cfg(test)]
mod tests {
    use super::super::Locale;
    use super::*;

    #[test]
    fn what_somebody_writes_is_whole_or_refused() {
        let mut faults = Faults::none();
        assert_eq!(faults.whole("words", "  a\r\nb ", 3), "a\nb");
        assert!(faults.is_empty());
        assert_eq!(faults.whole("words", "ábcd", 3), "ábcd");
        assert_eq!(faults.of("words"), Some("This is too long: 4 characters. Up to 3 fit here."));
        let field = Field::area("words", t("ask-admin-words"), "ábcd", &faults).most(3).render().unwrap();
        assert!(field.contains(">ábcd</textarea>") && field.contains("Up to 3 characters."), "{field}");
        assert!(field.contains(r#"aria-describedby="words-fault words-most""#), "{field}");
    }

    #[test]
    fn nothing_is_chosen_for_anybody() {
        let options = vec![("here".to_owned(), "Here".to_owned()), ("not".to_owned(), "Not".to_owned())];
        let choice = |value| Field::choice("given", t("entry-given"), value, options.clone(), &Faults::none()).asked();
        let open = choice("").render().unwrap();
        assert!(open.contains(r#"<select id="given" name="given" required"#), "{open}");
        assert!(open.contains(r#"<option value="" selected>Choose</option><option value="here">"#), "{open}");
        assert!(choice("not").render().unwrap().contains(r#"<option value="not" selected>"#));
    }

    #[test]
    fn a_summary_names_the_field_of_each_fault_and_the_field_itself_does_not() {
        let mut faults = Faults::none();
        faults.add("value", t("measure-no-number"));
        faults.add("topic", t("message-topic-missing"));
        faults.add("why", "Say it in a word.");
        faults.add("stray", "This stands alone.");
        let page = || {
            let fields = [
                Field::text("value", t("measure-value"), "", &faults),
                Field::text("topic", t("message-topic"), "", &faults),
                Field::text("why", t("taking-title"), "", &faults),
            ];
            (faults.summary().naming(&fields).render().unwrap(), fields.map(|field| field.render().unwrap()))
        };
        let (summary, [value, ..]) = page();
        let lines: Vec<&str> = summary.split("<li>").skip(1).map(|line| line.split("</li>").next().unwrap()).collect();
        assert_eq!(lines[0], r##"<a href="#value">Value: Write a number, such as 81.4.</a>"##);
        assert_eq!(lines[1], r##"<a href="#topic">Choose a topic.</a>"##);
        assert_eq!(lines[2], r##"<a href="#why">Do you take it? Say it in a word.</a>"##);
        assert_eq!(lines[3], r##"<a href="#stray">This stands alone.</a>"##);
        assert!(value.contains("<span>Write a number, such as 81.4.</span>"), "{value}");
        let (spanish, _) = Locale::Es.inside(page);
        assert!(spanish.contains("#value\">Valor: "), "{spanish}");
    }

    #[test]
    fn the_faults_of_a_row_are_one_line_that_says_which_row() {
        let mut faults = Faults::none();
        for (field, said) in [("test2", "Test is missing."), ("title", "Title is missing."), ("low2", "No number.")] {
            faults.add(field, said);
        }
        let summary = faults.summary().in_row("Test 1", &["test1", "low1"]).in_row("Test 2", &["test2", "low2"]);
        let html = summary.render().unwrap();
        assert!(html.contains("#test2\">Test 2: Test is missing. No number.</a>"), "{html}");
        assert!(html.contains("#title\">Title is missing.</a>") && html.matches("<li>").count() == 2, "{html}");
        assert!(html.contains("2 things to correct"), "{html}");
    }
}
