//! The resources of a laboratory's file, and what each is called there.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::care::within::{list, text};

/// What lies in the file, and what in a resource of it.
pub(super) struct File<'a> {
    all: Vec<One<'a>>,
    /// By what a reference says, within which resource (none: anywhere). None of what two are called.
    names: BTreeMap<(Option<usize>, String), Option<usize>>,
}

struct One<'a> {
    value: &'a Value,
    within: Option<usize>,
}

impl<'a> File<'a> {
    /// Of a bundle, a list, or the one. None where nothing is in it.
    pub(super) fn read(parsed: &'a Value) -> Option<Self> {
        let mut file = Self { all: Vec::new(), names: BTreeMap::new() };
        match (text(parsed, "/resourceType"), parsed) {
            ("Bundle", _) => list(parsed, "entry").iter().for_each(|entry| file.take(entry)),
            (_, Value::Array(all)) => all.iter().for_each(|one| file.take(one)),
            _ => file.take(parsed),
        }
        if file.all.is_empty() { None } else { Some(file) }
    }

    /// An entry of a bundle, or a resource, with all that lies in it.
    fn take(&mut self, entry: &'a Value) {
        let value = entry.get("resource").unwrap_or(entry);
        let kind = text(value, "/resourceType");
        if kind.is_empty() {
            return;
        }
        let at = self.all.len();
        self.all.push(One { value, within: None });
        let own = Some(text(value, "/id")).filter(|id| !id.is_empty()).map(|id| format!("{kind}/{id}"));
        let url = Some(text(entry, "/fullUrl")).filter(|url| !url.is_empty()).map(str::to_owned);
        for name in own.into_iter().chain(url) {
            self.call(None, name, at);
        }
        for one in list(value, "contained").iter().filter(|one| !text(one, "/resourceType").is_empty()) {
            let inner = self.all.len();
            self.all.push(One { value: one, within: Some(at) });
            self.call(Some(at), format!("#{}", text(one, "/id")), inner);
        }
    }

    fn call(&mut self, within: Option<usize>, name: String, at: usize) {
        let place = self.names.entry((within, name)).or_insert(Some(at));
        if *place != Some(at) {
            *place = None;
        }
    }

    pub(super) fn get(&self, at: usize) -> Option<&'a Value> {
        self.all.get(at).map(|one| one.value)
    }

    /// Where a resource of this file stands.
    pub(super) fn place(&self, of: &Value) -> Option<usize> {
        self.all.iter().position(|one| std::ptr::eq(one.value, of))
    }

    /// What a resource refers to by these words.
    pub(super) fn find(&self, from: usize, reference: &str) -> Option<usize> {
        let outer = self.all.get(from)?.within.unwrap_or(from);
        let within = reference.starts_with('#').then_some(outer);
        self.names.get(&(within, reference.to_owned())).copied().flatten()
    }

    /// Of one type, with where each stands.
    pub(super) fn of(&self, kind: &'static str) -> impl Iterator<Item = (usize, &'a Value)> {
        let all = self.all.iter().map(|one| one.value).enumerate();
        all.filter(move |(_, one)| text(one, "/resourceType") == kind)
    }

    pub(super) fn kinds(&self) -> impl Iterator<Item = &'a str> {
        self.all.iter().map(|one| text(one.value, "/resourceType"))
    }
}
