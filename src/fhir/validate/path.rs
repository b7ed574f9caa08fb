//! Where in a resource the walk stands: links on the stack, spelled out only when something is wrong.

use std::fmt::Write;

#[derive(Clone, Copy)]
pub(in crate::fhir) struct Path<'p> {
    parent: Option<&'p Path<'p>>,
    step: Step<'p>,
}

#[derive(Clone, Copy)]
enum Step<'p> {
    Name(&'p str),
    Index(usize),
}

impl<'p> Path<'p> {
    pub const fn root(kind: &'p str) -> Self {
        Self { parent: None, step: Step::Name(kind) }
    }

    pub const fn name(&'p self, name: &'p str) -> Path<'p> {
        Path { parent: Some(self), step: Step::Name(name) }
    }

    pub const fn index(&'p self, at: usize) -> Path<'p> {
        Path { parent: Some(self), step: Step::Index(at) }
    }

    /// As FHIRPath: `Patient.name[0].given[1]`.
    pub fn expression(&self) -> String {
        let mut text = String::new();
        self.write(&mut text);
        text
    }

    fn write(&self, text: &mut String) {
        if let Some(parent) = self.parent {
            parent.write(text);
        }
        match self.step {
            Step::Name(name) => {
                if self.parent.is_some() {
                    text.push('.');
                }
                text.push_str(shape(name));
            }
            Step::Index(at) => {
                let _ = write!(text, "[{at}]");
            }
        }
    }
}

/// A name that is not FHIR's shape might be anything, a person's name too: it is not repeated.
pub(super) fn shape(name: &str) -> &str {
    let fits = (1..=64).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if fits { name } else { "…" }
}
