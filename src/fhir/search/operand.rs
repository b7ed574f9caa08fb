//! The values of a search parameter as asked, by its type: what stands after the `=`.

use jiff::Timestamp;

use super::encoding::{split, unescape};
use super::extract::{UCUM, canonical, fold_code, local};
use super::query::{
    DateTest, NumberTest, Prefix, QuantityTest, QueryError, ReferenceTest, SystemTest, Test, TokenTest,
    TypedIdentifierTest, UnitTest,
};
use super::ucum::Converter;
use super::value::{DateRange, ReferenceTarget};
use crate::base::FhirId;
use crate::fhir::bundle::OwnAddresses;
use crate::fhir::fhirpath::{Decimal, parse_time};
use crate::fhir::{Definitions, ResourceType};

/// The most alternatives of one parameter.
const MOST: usize = 1000;

/// What the values are read with.
pub(super) struct Reader<'a> {
    /// The parameter's name as asked, for errors.
    pub(super) name: &'a str,
    pub(super) now: Option<Timestamp>,
    /// Where the server itself answers: what lies there is here.
    pub(super) own: Option<&'a OwnAddresses>,
}

impl Reader<'_> {
    pub(super) fn wrong(&self, expected: &'static str) -> QueryError {
        QueryError::Value { name: shorten(self.name), expected }
    }

    /// Reads each alternative by `read`.
    pub(super) fn any<T>(
        &self,
        text: &str,
        read: impl Fn(&str) -> Result<T, QueryError>,
    ) -> Result<Vec<T>, QueryError> {
        let parts = split(text, ',');
        if parts.len() > MOST {
            return Err(QueryError::TooMuch { what: "more than 1,000 alternatives of one parameter" });
        }
        let parts: Vec<&str> = parts.into_iter().filter(|part| !part.trim().is_empty()).collect();
        if parts.is_empty() { Err(self.wrong("given")) } else { parts.into_iter().map(read).collect() }
    }

    pub(super) fn token(&self, text: &str) -> Result<TokenTest, QueryError> {
        let folded = |code: &str| Some(fold_code(&unescape(code))).filter(|code| !code.is_empty());
        match *split(text, '|') {
            [code] => Ok(TokenTest { system: SystemTest::Any, code: folded(code) }),
            ["", code] if folded(code).is_some() => Ok(TokenTest { system: SystemTest::None, code: folded(code) }),
            [system, code] if !system.is_empty() => {
                Ok(TokenTest { system: SystemTest::Is(unescape(system)), code: folded(code) })
            }
            _ => Err(self.wrong("a code, or a system and a code with “|” between")),
        }
    }

    /// `system|code`, both given, the code with its case.
    pub(super) fn system_and_code(&self, text: &str) -> Option<(String, String)> {
        let [system, code] = *split(text, '|') else { return None };
        (!system.is_empty() && !code.is_empty()).then(|| (unescape(system), unescape(code)))
    }

    pub(super) fn typed_identifier(&self, text: &str) -> Result<TypedIdentifierTest, QueryError> {
        let [system, code, value] = *split(text, '|') else {
            return Err(self.wrong("a type's system, its code and a value with “|” between"));
        };
        let type_system = if system.is_empty() { SystemTest::Any } else { SystemTest::Is(unescape(system)) };
        let (type_code, value) = (fold_code(&unescape(code)), fold_code(&unescape(value)));
        if type_code.is_empty() || value.is_empty() {
            return Err(self.wrong("a type's system, its code and a value with “|” between"));
        }
        Ok(TypedIdentifierTest { type_system, type_code, value })
    }

    pub(super) fn date(&self, text: &str) -> Result<DateTest, QueryError> {
        let (prefix, text) = prefixed(text);
        // A `+` before the zone that was not encoded has become a space.
        let range =
            parse_time(&text.replace(' ', "+")).ok_or_else(|| self.wrong("a date or time, such as 2026-03-14"))?;
        let mut range = DateRange::from(range);
        if prefix == Prefix::Approximately {
            // A tenth of the way from now (search.html#prefix).
            let margin = match self.now {
                Some(now) => (now.as_millisecond() - range.start).abs() / 10,
                None => range.end - range.start,
            };
            range = DateRange { start: range.start.saturating_sub(margin), end: range.end.saturating_add(margin) };
        }
        Ok(DateTest { prefix, range })
    }

    pub(super) fn number(&self, text: &str) -> Result<NumberTest, QueryError> {
        let (prefix, asked) = self.asked_number(text)?;
        asked.test(prefix, |number| Some(number.to_f64())).ok_or_else(|| self.wrong("a number"))
    }

    fn asked_number(&self, text: &str) -> Result<(Prefix, AskedNumber), QueryError> {
        let (prefix, text) = prefixed(text);
        let value = Decimal::parse(text.trim()).ok_or_else(|| self.wrong("a number, such as 5.40"))?;
        Ok((prefix, AskedNumber { value, half: value.half_unit() }))
    }

    pub(super) fn quantity(&self, text: &str) -> Result<QuantityTest, QueryError> {
        let wrong = || self.wrong("a number, or a number, a unit's system and its code with “|” between");
        let (number, system, code) = match *split(text, '|') {
            [number] => (number, "", None),
            [number, system, code] => (number, system, Some(unescape(code)).filter(|code| !code.is_empty())),
            _ => return Err(wrong()),
        };
        let (prefix, asked) = self.asked_number(number)?;
        let number = asked.test(prefix, |number| Some(number.to_f64())).ok_or_else(wrong)?;
        let unit = match code {
            None if system.is_empty() => None,
            None => return Err(wrong()),
            Some(code) => {
                // Without a system the code is not known to be one of UCUM's: it is a code or the unit's words as they are
                // written (search.html#quantity).
                let converter = if system == UCUM { Converter::of(&code) } else { None };
                let canonical = converter.and_then(|converter| {
                    let test = asked.test(prefix, |number| converter.convert(number))?;
                    Some((converter.unit, test))
                });
                let system = if system.is_empty() { None } else { Some(unescape(system)) };
                Some(UnitTest { system, code, canonical })
            }
        };
        Ok(QuantityTest { number, unit })
    }

    /// References to one of `kinds`.
    pub(super) fn references(&self, text: &str, kinds: &[ResourceType]) -> Result<Vec<ReferenceTest>, QueryError> {
        let all = self.any(text, |part| {
            let test = self.reference(part, kinds)?;
            let canonicals = self.by_own_canonicals(part, &test);
            Ok(std::iter::once(test).chain(canonicals).collect::<Vec<_>>())
        })?;
        Ok(all.into_iter().flatten().collect())
    }

    /// What has a canonical address at the server itself is also referred to by that, which stays as it was sent.
    fn by_own_canonicals(&self, text: &str, test: &ReferenceTest) -> Vec<ReferenceTest> {
        let (Some(own), ReferenceTest::Target(ReferenceTarget::Local { kind, id })) = (self.own, test) else {
            return Vec::new();
        };
        if Definitions::r4().search_param(*kind, "url").is_none() {
            return Vec::new();
        }
        let mut addresses: Vec<String> = own.all_of(&format!("{kind}/{id}")).collect();
        let asked = Some(unescape(text)).filter(|text| own.behind(text).is_some() && !addresses.contains(text));
        addresses.extend(asked);
        addresses.into_iter().map(|address| ReferenceTest::Target(ReferenceTarget::Absolute(address))).collect()
    }

    /// A reference to one of `kinds`.
    pub(super) fn reference(&self, text: &str, kinds: &[ResourceType]) -> Result<ReferenceTest, QueryError> {
        let text = unescape(text);
        let path = self.own.and_then(|own| own.behind(&text));
        if let Some(target) = local(path.unwrap_or(&text)) {
            let allowed = matches!(&target, ReferenceTarget::Local { kind, .. } if kinds.contains(kind));
            return if allowed {
                Ok(ReferenceTest::Target(target))
            } else {
                Err(self.wrong("of a type it can refer to"))
            };
        }
        if let Ok(id) = FhirId::parse(&text) {
            return Ok(match kinds {
                [kind] => ReferenceTest::Target(ReferenceTarget::Local { kind: *kind, id }),
                _ => ReferenceTest::Id { kinds: kinds.to_vec(), id },
            });
        }
        if !text.contains(':') {
            return Err(self.wrong("an id, or a type and an id with “/” between, or a URL"));
        }
        Ok(ReferenceTest::Target(match text.contains('|') {
            true => canonical(&text),
            false => ReferenceTarget::Absolute(text),
        }))
    }

    /// One alternative of a composite, its parts already read by `part`.
    pub(super) fn composite(
        &self,
        text: &str,
        count: usize,
        part: impl Fn(usize, &str) -> Result<Test, QueryError>,
    ) -> Result<Vec<Test>, QueryError> {
        let parts = split(text, '$');
        if parts.len() != count || parts.iter().any(|part| part.is_empty()) {
            return Err(self.wrong("one value for each part, with “$” between"));
        }
        parts.into_iter().enumerate().map(|(at, text)| part(at, text)).collect()
    }
}

/// A number and half of its last digit.
struct AskedNumber {
    value: Decimal,
    half: Decimal,
}

impl AskedNumber {
    /// The test in the unit that `convert` leads to.
    fn test(&self, prefix: Prefix, convert: impl Fn(Decimal) -> Option<f64>) -> Option<NumberTest> {
        let margin = match prefix {
            Prefix::Approximately => self.value.checked_mul(Decimal::new(1, -1))?.magnitude(),
            _ => self.half,
        };
        let low = convert(self.value.checked_sub(margin)?)?;
        let high = convert(self.value.checked_add(margin)?)?;
        // What is compared are doubles; beyond them all numbers would be one.
        let value = convert(self.value).filter(|value| value.is_finite())?;
        Some(NumberTest { prefix, value, low, high })
    }
}

fn prefixed(text: &str) -> (Prefix, &str) {
    let prefix = match text.get(..2) {
        Some("eq") => Prefix::Eq,
        Some("ne") => Prefix::Ne,
        Some("gt") => Prefix::Gt,
        Some("lt") => Prefix::Lt,
        Some("ge") => Prefix::Ge,
        Some("le") => Prefix::Le,
        Some("sa") => Prefix::StartsAfter,
        Some("eb") => Prefix::EndsBefore,
        Some("ap") => Prefix::Approximately,
        _ => return (Prefix::Eq, text),
    };
    (prefix, text.get(2..).unwrap_or_default())
}

/// A name fit to stand in an error.
pub fn shorten(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(64).collect()
}
