//! Units of measure: quantities in different units of one kind become comparable.
//!
//! A small reader of UCUM's case-sensitive codes (The Unified Code for Units of Measure, 2.1, §§6–46): units with
//! metric prefixes, exponents, `.` and `/`, annotations in braces, and the table below, which holds what clinical
//! records use. The canonical unit is the product of base units, so that `mg/dL` and `g/L` both become `g.m-3`.
//! Units that are not in the table, and logarithmic ones, are not converted: they compare as given.

use crate::fhir::fhirpath::Decimal;

/// A number in the canonical unit of its kind.
pub struct Converter {
    /// The canonical unit, such as `g.m-3`; `1` for plain numbers.
    pub unit: String,
    scale: Scale,
    /// Added before scaling: temperatures.
    offset: Decimal,
}

impl Converter {
    /// How to convert from the unit `code`; `None` when it is not known here.
    pub fn of(code: &str) -> Option<Self> {
        if code.len() > 64 {
            return None;
        }
        let zero = Decimal::integer(0);
        // The two units whose zero is not the base unit's (UCUM §22).
        let special = |offset, numerator, denominator| Self {
            unit: "K".to_owned(),
            scale: Scale { numerator: Decimal::integer(numerator), denominator: Decimal::integer(denominator) },
            offset,
        };
        match code {
            "Cel" => return Some(special(Decimal::new(27_315, -2), 1, 1)),
            "[degF]" => return Some(special(Decimal::new(45_967, -2), 5, 9)),
            _ => {}
        }
        let unit = parse(code)?;
        Some(Self { unit: unit.dimension.to_string(), scale: unit.scale, offset: zero })
    }

    fn factor(&self) -> f64 {
        self.scale.numerator.to_f64() / self.scale.denominator.to_f64()
    }

    pub fn convert(&self, value: Decimal) -> Option<f64> {
        let scaled = value.checked_add(self.offset)?.checked_mul(self.scale.numerator)?.to_f64();
        let converted = scaled / self.scale.denominator.to_f64();
        converted.is_finite().then_some(converted)
    }
}

/// A value in another unit, where that is certainly the same fact; `None` where one of them is not known here or they are of
/// two kinds. UCUM alone makes more units equal than that, and is asked for searches only: what is a share of what (NGSP's %
/// of HbA1c is not ten times IFCC's mmol/mol), how many charges an equivalent is of, and what is counted, the dimension does
/// not say.
pub fn between(value: f64, from: &str, to: &str) -> Option<f64> {
    if from == to {
        return Some(value);
    }
    if annotations(from) != annotations(to) || kinds(from)? != kinds(to)? {
        return None;
    }
    let (from, to) = (Converter::of(from)?, Converter::of(to)?);
    if from.unit != to.unit || from.unit == Dimension::default().to_string() {
        return None;
    }
    let canonical = (value + from.offset.to_f64()) * from.factor();
    let converted = canonical / to.factor() - to.offset.to_f64();
    converted.is_finite().then_some(converted)
}

/// What stands in braces in a unit, in its order: UCUM gives it no meaning (§12), and people do.
pub fn annotations(code: &str) -> Vec<&str> {
    let inside = |part: &'_ str| part.find('}');
    code.split('{').skip(1).filter_map(|part| part.get(..inside(part)?)).collect()
}

/// Units of one dimension that are no measure of the same: amounts of substance, of charge and of particles; what decays and
/// what repeats; energy taken up, and what it does.
const APART: [&str; 6] = ["eq", "osm", "Bq", "Hz", "Gy", "Sv"];

/// Which of those a unit is made of.
fn kinds(code: &str) -> Option<Vec<&'static str>> {
    let is = |name: &str, kind: &str| {
        let prefix = name.strip_suffix(kind);
        prefix.is_some_and(|prefix| prefix.is_empty() || PREFIXES.iter().any(|(known, _)| *known == prefix))
    };
    let mut found: Vec<&str> = Vec::new();
    for (_, term) in terms(code)? {
        let name = term.split('{').next()?.trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+'));
        found.extend(APART.into_iter().filter(|kind| is(name, kind)));
    }
    found.sort_unstable();
    Some(found)
}

/// A factor, kept as a fraction so that `/min` stays exact.
#[derive(Clone, Copy)]
struct Scale {
    numerator: Decimal,
    denominator: Decimal,
}

/// The base units, in the order of their exponents. Beside UCUM's own (§28) those arbitrary units that are
/// comparable only with themselves.
const BASES: [&str; 13] = ["m", "s", "g", "K", "C", "cd", "mol", "[iU]", "[arb'U]", "[pH]", "[HPF]", "[LPF]", "[CFU]"];

#[derive(Clone, Copy, PartialEq, Eq, Default)]
struct Dimension([i8; BASES.len()]);

impl std::fmt::Display for Dimension {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut first = true;
        for (base, exponent) in BASES.iter().zip(self.0).filter(|(_, exponent)| *exponent != 0) {
            let point = if first { "" } else { "." };
            first = false;
            match exponent {
                1 => write!(f, "{point}{base}")?,
                _ => write!(f, "{point}{base}{exponent}")?,
            }
        }
        if first { f.write_str("1") } else { Ok(()) }
    }
}

#[derive(Clone, Copy)]
struct Unit {
    scale: Scale,
    dimension: Dimension,
}

const ONE: Unit = Unit {
    scale: Scale { numerator: Decimal::integer(1), denominator: Decimal::integer(1) },
    dimension: Dimension([0; BASES.len()]),
};

impl Unit {
    fn power(self, exponent: i8) -> Option<Self> {
        let mut result = ONE;
        for _ in 0..exponent.unsigned_abs() {
            result = result.times(self)?;
        }
        if exponent < 0 { result.inverse() } else { Some(result) }
    }

    fn times(self, other: Self) -> Option<Self> {
        let mut dimension = self.dimension;
        for (into, add) in dimension.0.iter_mut().zip(other.dimension.0) {
            *into = into.checked_add(add)?;
        }
        let numerator = self.scale.numerator.checked_mul(other.scale.numerator)?;
        let denominator = self.scale.denominator.checked_mul(other.scale.denominator)?;
        Some(Self { scale: Scale { numerator, denominator }, dimension })
    }

    fn inverse(self) -> Option<Self> {
        let mut dimension = self.dimension;
        for exponent in &mut dimension.0 {
            *exponent = exponent.checked_neg()?;
        }
        let Scale { numerator, denominator } = self.scale;
        // A power of ten turns over exactly.
        let scale = match numerator.power_of_ten() {
            Some(power) => Scale {
                numerator: denominator.checked_mul(Decimal::new(1, power.checked_neg()?))?,
                denominator: Decimal::integer(1),
            },
            None => Scale { numerator: denominator, denominator: numerator },
        };
        Some(Self { scale, dimension })
    }
}

/// Terms joined by `.` and `/`, read from the left.
fn parse(code: &str) -> Option<Unit> {
    terms(code)?.into_iter().try_fold(ONE, |result, (divide, text)| {
        let unit = term(text)?;
        result.times(if divide { unit.inverse()? } else { unit })
    })
}

/// The terms of a unit, and whether each divides what stands before it.
fn terms(code: &str) -> Option<Vec<(bool, &str)>> {
    let mut found = Vec::new();
    let mut divide = false;
    let mut rest = code;
    if let Some(after) = rest.strip_prefix('/') {
        divide = true;
        rest = after;
    }
    loop {
        let end = term_end(rest)?;
        found.push((divide, rest.get(..end)?));
        match rest.get(end..)?.chars().next() {
            None => return Some(found),
            Some(joint) => divide = joint == '/',
        }
        rest = rest.get(end + 1..)?;
    }
}

/// Where a term ends: at the next `.` or `/` outside brackets and braces.
fn term_end(text: &str) -> Option<usize> {
    let mut inside = None;
    for (at, c) in text.char_indices() {
        match (inside, c) {
            (None, '[') => inside = Some(']'),
            (None, '{') => inside = Some('}'),
            (Some(close), c) if c == close => inside = None,
            (None, '.' | '/') => return Some(at),
            _ => {}
        }
    }
    inside.is_none().then_some(text.len())
}

/// One unit with its exponent and annotation: `m2`, `10*3`, `{score}`, `mg{creat}`.
fn term(text: &str) -> Option<Unit> {
    let (text, annotated) = match text.split_once('{') {
        Some((text, note)) if note.ends_with('}') && note.len() == note.find('}')? + 1 => (text, true),
        Some(_) => return None,
        None => (text, false),
    };
    if text.is_empty() {
        return annotated.then_some(ONE);
    }
    if text.bytes().all(|b| b.is_ascii_digit()) {
        let factor = Decimal::parse(text)?;
        return (factor != Decimal::integer(0))
            .then_some(Unit { scale: Scale { numerator: factor, ..ONE.scale }, ..ONE });
    }
    for ten in ["10*", "10^"] {
        if let Some(exponent) = text.strip_prefix(ten) {
            let exponent: i32 = if exponent.is_empty() { 1 } else { exponent.parse().ok()? };
            let within = (-30..=30).contains(&exponent);
            return within
                .then_some(Unit { scale: Scale { numerator: Decimal::new(1, exponent), ..ONE.scale }, ..ONE });
        }
    }
    // In brackets digits belong to the name; elsewhere they are the exponent.
    let tail = text.rfind(']').map_or(0, |at| at + 1);
    let split = text
        .get(tail..)?
        .find(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+'))
        .map_or(text.len(), |at| tail + at);
    let (name, exponent) = text.split_at_checked(split)?;
    let exponent: i8 = if exponent.is_empty() { 1 } else { exponent.parse().ok()? };
    (-9..=9).contains(&exponent).then_some(())?;
    named(name)?.power(exponent)
}

/// A unit by its code, with or without a prefix.
fn named(name: &str) -> Option<Unit> {
    if let Some((unit, _)) = find(name) {
        return Some(unit);
    }
    PREFIXES.iter().find_map(|(prefix, power)| {
        let (unit, metric) = find(name.strip_prefix(prefix)?)?;
        let numerator = unit.scale.numerator.checked_mul(Decimal::new(1, *power))?;
        metric.then_some(Unit { scale: Scale { numerator, ..unit.scale }, ..unit })
    })
}

/// UCUM §27. Two letters first.
const PREFIXES: &[(&str, i32)] = &[
    ("da", 1),
    ("T", 12),
    ("G", 9),
    ("M", 6),
    ("k", 3),
    ("h", 2),
    ("d", -1),
    ("c", -2),
    ("m", -3),
    ("u", -6),
    ("n", -9),
    ("p", -12),
    ("f", -15),
];

/// Is a unit taken with prefixes?
const METRIC: bool = true;
const PLAIN: bool = false;

/// Code, mantissa and power of ten of the factor, exponents of metre, second, gram and then another base, metric.
type Row = (&'static str, i64, i32, [i8; 3], Option<(&'static str, i8)>, bool);

/// UCUM §§28–46: base units, derived ones, and those of clinical use.
const UNITS: &[Row] = &[
    ("m", 1, 0, [1, 0, 0], None, METRIC),
    ("s", 1, 0, [0, 1, 0], None, METRIC),
    ("g", 1, 0, [0, 0, 1], None, METRIC),
    ("K", 1, 0, [0, 0, 0], Some(("K", 1)), METRIC),
    ("C", 1, 0, [0, 0, 0], Some(("C", 1)), METRIC),
    ("cd", 1, 0, [0, 0, 0], Some(("cd", 1)), METRIC),
    ("mol", 1, 0, [0, 0, 0], Some(("mol", 1)), METRIC),
    ("eq", 1, 0, [0, 0, 0], Some(("mol", 1)), METRIC),
    ("osm", 1, 0, [0, 0, 0], Some(("mol", 1)), METRIC),
    ("kat", 1, 0, [0, -1, 0], Some(("mol", 1)), METRIC),
    ("L", 1, -3, [3, 0, 0], None, METRIC),
    ("l", 1, -3, [3, 0, 0], None, METRIC),
    ("t", 1, 6, [0, 0, 1], None, METRIC),
    ("u", 16_605_402, -31, [0, 0, 1], None, METRIC),
    ("min", 60, 0, [0, 1, 0], None, PLAIN),
    ("h", 3600, 0, [0, 1, 0], None, PLAIN),
    ("d", 86_400, 0, [0, 1, 0], None, PLAIN),
    ("wk", 604_800, 0, [0, 1, 0], None, PLAIN),
    ("mo", 2_629_800, 0, [0, 1, 0], None, PLAIN),
    ("a", 31_557_600, 0, [0, 1, 0], None, PLAIN),
    ("Hz", 1, 0, [0, -1, 0], None, METRIC),
    ("Bq", 1, 0, [0, -1, 0], None, METRIC),
    ("N", 1, 3, [1, -2, 1], None, METRIC),
    ("dyn", 1, -2, [1, -2, 1], None, METRIC),
    ("Pa", 1, 3, [-1, -2, 1], None, METRIC),
    ("bar", 1, 8, [-1, -2, 1], None, METRIC),
    ("atm", 101_325, 3, [-1, -2, 1], None, PLAIN),
    ("m[Hg]", 133_322, 3, [-1, -2, 1], None, METRIC),
    ("m[H2O]", 980_665, 1, [-1, -2, 1], None, METRIC),
    ("J", 1, 3, [2, -2, 1], None, METRIC),
    ("cal", 4184, 0, [2, -2, 1], None, METRIC),
    ("[Cal]", 4184, 3, [2, -2, 1], None, PLAIN),
    ("W", 1, 3, [2, -3, 1], None, METRIC),
    ("Gy", 1, 0, [2, -2, 0], None, METRIC),
    ("Sv", 1, 0, [2, -2, 0], None, METRIC),
    ("V", 1, 3, [2, -2, 1], Some(("C", -1)), METRIC),
    ("A", 1, 0, [0, -1, 0], Some(("C", 1)), METRIC),
    ("Ohm", 1, 3, [2, -1, 1], Some(("C", -2)), METRIC),
    ("[in_i]", 254, -4, [1, 0, 0], None, PLAIN),
    ("[in_us]", 254, -4, [1, 0, 0], None, PLAIN),
    ("[ft_i]", 3048, -4, [1, 0, 0], None, PLAIN),
    ("[mi_i]", 1_609_344, -3, [1, 0, 0], None, PLAIN),
    ("[lb_av]", 45_359_237, -5, [0, 0, 1], None, PLAIN),
    ("[oz_av]", 28_349_523_125, -9, [0, 0, 1], None, PLAIN),
    ("[stone_av]", 635_029_318, -5, [0, 0, 1], None, PLAIN),
    ("[foz_us]", 295_735_295_625, -16, [3, 0, 0], None, PLAIN),
    ("[cup_us]", 2_365_882_365, -13, [3, 0, 0], None, PLAIN),
    ("[tbs_us]", 1_478_676_478_125, -17, [3, 0, 0], None, PLAIN),
    ("[tsp_us]", 492_892_159_375, -17, [3, 0, 0], None, PLAIN),
    ("%", 1, -2, [0, 0, 0], None, PLAIN),
    ("[ppth]", 1, -3, [0, 0, 0], None, PLAIN),
    ("[ppm]", 1, -6, [0, 0, 0], None, PLAIN),
    ("[ppb]", 1, -9, [0, 0, 0], None, PLAIN),
    ("[iU]", 1, 0, [0, 0, 0], Some(("[iU]", 1)), METRIC),
    ("[IU]", 1, 0, [0, 0, 0], Some(("[iU]", 1)), METRIC),
    ("[arb'U]", 1, 0, [0, 0, 0], Some(("[arb'U]", 1)), PLAIN),
    ("[pH]", 1, 0, [0, 0, 0], Some(("[pH]", 1)), PLAIN),
    ("[HPF]", 1, 0, [0, 0, 0], Some(("[HPF]", 1)), PLAIN),
    ("[LPF]", 1, 0, [0, 0, 0], Some(("[LPF]", 1)), PLAIN),
    ("[CFU]", 1, 0, [0, 0, 0], Some(("[CFU]", 1)), METRIC),
];

fn find(name: &str) -> Option<(Unit, bool)> {
    // Enzyme units are amounts over time: 1 U = 1 umol/min (UCUM §45).
    if name == "U" {
        let mut dimension = dimension([0, -1, 0]);
        raise(&mut dimension, "mol", 1);
        let scale = Scale { numerator: Decimal::new(1, -6), denominator: Decimal::integer(60) };
        return Some((Unit { scale, dimension }, METRIC));
    }
    let (_, mantissa, power, head, other, metric) = UNITS.iter().find(|(code, ..)| *code == name)?;
    let mut dimension = dimension(*head);
    if let Some((base, exponent)) = other {
        raise(&mut dimension, base, *exponent);
    }
    let scale = Scale { numerator: Decimal::new(*mantissa, *power), ..ONE.scale };
    Some((Unit { scale, dimension }, *metric))
}

fn dimension(head: [i8; 3]) -> Dimension {
    let mut dimension = Dimension::default();
    for (into, exponent) in dimension.0.iter_mut().zip(head) {
        *into = exponent;
    }
    dimension
}

fn raise(dimension: &mut Dimension, base: &str, by: i8) {
    for (_, exponent) in BASES.iter().zip(&mut dimension.0).filter(|(name, _)| **name == base) {
        *exponent = by;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_the_same_in_another_unit_of_its_kind_and_in_none_of_another() {
        let near = |value: f64, from, to, is: f64| (between(value, from, to).unwrap() - is).abs() < 0.005;
        assert!(near(179.5, "[lb_av]", "kg", 81.42) && near(81.42, "kg", "[lb_av]", 179.5));
        assert!(near(101.3, "[degF]", "Cel", 38.5) && near(38.5, "Cel", "[degF]", 101.3));
        assert!(near(65.0, "[in_i]", "cm", 165.1));
        assert!(near(7.5, "10*3/uL", "10*9/L", 7.5) && near(60.0, "U/L", "ukat/L", 1.0));
        // Which substance it is, no unit says.
        assert_eq!(between(97.0, "mg/dL", "mmol/L"), None);
        for (from, to) in [
            ("%", "mmol/mol"),
            ("%", "1"),
            ("mg/g", "%"),
            ("meq/L", "mmol/L"),
            ("mosm/kg", "mmol/kg"),
            ("mSv", "mGy"),
            ("ng/mL{FEU}", "ng/mL{DDU}"),
            ("ng/mL{FEU}", "ug/L"),
            ("mL/min/{1.73_m2}", "mL/min"),
        ] {
            assert_eq!((between(5.0, from, to), between(5.0, to, from)), (None, None), "{from} {to}");
        }
        assert!(near(500.0, "ng/mL{FEU}", "ug/mL{FEU}", 0.5) && near(5.0, "meq/L", "eq/L", 0.005));
        assert_eq!(between(97.0, "furlong", "cm"), None);
    }

    use proptest::prelude::*;

    fn canonical(value: &str, code: &str) -> (f64, String) {
        let converter = Converter::of(code).unwrap_or_else(|| panic!("{code}"));
        (converter.convert(Decimal::parse(value).unwrap()).unwrap(), converter.unit)
    }

    #[test]
    fn one_quantity_in_two_units_is_one() {
        for ((a, unit_a), (b, unit_b)) in [
            (("5.4", "mg"), ("0.0054", "g")),
            (("100", "mg/dL"), ("1", "g/L")),
            (("120", "mm[Hg]"), ("15998.64", "Pa")),
            (("1", "[lb_av]"), ("453.59237", "g")),
            (("72", "/min"), ("1.2", "Hz")),
            (("7.5", "10*3/uL"), ("7.5", "10*9/L")),
            (("60", "U/L"), ("1", "ukat/L")),
            (("37", "Cel"), ("98.6", "[degF]")),
            (("2", "a"), ("24", "mo")),
            (("5", "%"), ("0.05", "1")),
            (("3", "{score}"), ("3", "1")),
            (("25", "kg/m2"), ("2.5", "g/cm2")),
            (("1.73", "mL/min/{1.73_m2}"), ("1.73", "mL/min")),
            (("140", "mmol/L"), ("140", "meq/L")),
            (("6", "[in_i]"), ("15.24", "cm")),
            (("3", "m[IU]/mL"), ("3", "[iU]/L")),
        ] {
            let ((a_value, a_unit), (b_value, b_unit)) = (canonical(a, unit_a), canonical(b, unit_b));
            assert_eq!(a_unit, b_unit, "{unit_a} {unit_b}");
            assert!((a_value - b_value).abs() <= b_value.abs() * 1e-12, "{a} {unit_a}: {a_value} {b_value}");
        }
        assert_eq!(canonical("5.4", "mg").0, canonical("0.0054", "g").0, "powers of ten are exact");
        assert_eq!(canonical("1", "mg/dL").1, "m-3.g");
    }

    #[test]
    fn what_is_not_known_is_not_converted() {
        for code in ["", "foo", "mg/", "m/s/", "{a", "mmin", "dB", "m99", "10*", "g(", "mg dL", "[lb_av", "0", "K[Hg]"]
        {
            let known = Converter::of(code).is_some();
            assert_eq!(known, code == "10*", "{code}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_unit_or_not(code in "[a-zA-Z0-9*^./{}\\[\\]'%+-]{0,20}") {
            if let Some(converter) = Converter::of(&code) {
                let _ = converter.convert(Decimal::new(15, -1));
            }
        }
    }
}
