//! Laboratory tests: codes, units, ranges and how values run.

/// A laboratory test. Ranges are those of adults, in the words of Northmoor Laboratory.
#[derive(Clone, Copy)]
pub(super) struct Test {
    pub name: &'static str,
    pub loinc: &'static str,
    pub unit: &'static str,
    pub ucum: &'static str,
    pub places: i32,
    /// Lower and upper bound for women, then for men.
    pub female: (Option<f64>, Option<f64>),
    pub male: (Option<f64>, Option<f64>),
    /// A healthy value, and how far it wanders.
    pub usual: f64,
    pub spread: f64,
}

const fn both(
    name: &'static str,
    loinc: &'static str,
    (unit, ucum): (&'static str, &'static str),
    places: i32,
    range: (Option<f64>, Option<f64>),
    (usual, spread): (f64, f64),
) -> Test {
    Test { name, loinc, unit, ucum, places, female: range, male: range, usual, spread }
}

const fn under(high: f64) -> (Option<f64>, Option<f64>) {
    (None, Some(high))
}

const fn within(low: f64, high: f64) -> (Option<f64>, Option<f64>) {
    (Some(low), Some(high))
}

const MMOL: (&str, &str) = ("mmol/L", "mmol/L");
const CELLS: (&str, &str) = ("10\u{2079}/L", "10*9/L");

pub(super) const HBA1C: Test = both("HbA1c", "59261-8", ("mmol/mol", "mmol/mol"), 0, within(20.0, 41.0), (36.0, 3.0));
pub(super) const EGFR: Test =
    both("eGFR", "62238-1", ("mL/min/1.73 m\u{b2}", "mL/min/{1.73_m2}"), 0, (Some(60.0), None), (88.0, 8.0));
pub(super) const CREATININE: Test = Test {
    male: within(59.0, 104.0),
    ..both("Creatinine", "14682-9", ("\u{b5}mol/L", "umol/L"), 0, within(45.0, 84.0), (70.0, 8.0))
};
pub(super) const URINE_ALBUMIN: Test =
    both("Urine albumin/creatinine", "32294-1", ("mg/mmol", "mg/mmol"), 1, under(3.0), (1.1, 0.6));
pub(super) const LDL: Test = both("LDL cholesterol", "22748-8", MMOL, 1, under(3.0), (2.6, 0.5));
pub(super) const HDL: Test = both("HDL cholesterol", "14646-4", MMOL, 1, (Some(1.0), None), (1.4, 0.25));
pub(super) const CHOLESTEROL: Test = both("Cholesterol", "14647-2", MMOL, 1, under(5.0), (4.6, 0.6));
pub(super) const TRIGLYCERIDES: Test = both("Triglycerides", "14927-8", MMOL, 1, under(1.7), (1.2, 0.35));
pub(super) const HAEMOGLOBIN: Test = Test {
    male: within(130.0, 175.0),
    ..both("Haemoglobin", "718-7", ("g/L", "g/L"), 0, within(115.0, 165.0), (139.0, 7.0))
};
pub(super) const POTASSIUM: Test = both("Potassium", "2823-3", MMOL, 1, within(3.5, 5.3), (4.3, 0.3));
pub(super) const SODIUM: Test = both("Sodium", "2951-2", MMOL, 0, within(135.0, 145.0), (140.0, 2.0));
pub(super) const ALT: Test = both("ALT", "1742-6", ("U/L", "U/L"), 0, under(35.0), (22.0, 7.0));
pub(super) const CRP: Test = both("C-reactive protein", "1988-5", ("mg/L", "mg/L"), 0, under(5.0), (2.0, 1.0));
pub(super) const TSH: Test = both("TSH", "3016-3", ("mIU/L", "m[IU]/L"), 1, within(0.4, 4.0), (1.9, 0.7));
pub(super) const FERRITIN: Test =
    both("Ferritin", "2276-4", ("\u{b5}g/L", "ug/L"), 0, within(15.0, 200.0), (75.0, 30.0));
pub(super) const WHITE_CELLS: Test = both("White blood cells", "6690-2", CELLS, 1, within(4.0, 11.0), (6.6, 1.4));
pub(super) const PLATELETS: Test = both("Platelets", "777-3", CELLS, 0, within(150.0, 400.0), (255.0, 40.0));
pub(super) const URATE: Test =
    both("Urate", "14933-6", ("\u{b5}mol/L", "umol/L"), 0, within(140.0, 400.0), (300.0, 40.0));
pub(super) const NT_PROBNP: Test = both("NT-proBNP", "33762-6", ("ng/L", "ng/L"), 0, under(125.0), (70.0, 30.0));
pub(super) const VITAMIN_D: Test =
    both("Vitamin D", "14635-7", ("nmol/L", "nmol/L"), 0, (Some(50.0), None), (68.0, 14.0));

/// What a healthy adult has taken now and then.
pub(super) const ROUTINE: &[Test] = &[HAEMOGLOBIN, WHITE_CELLS, PLATELETS, CREATININE, EGFR, POTASSIUM, SODIUM, ALT];
pub(super) const HEART: &[Test] = &[CHOLESTEROL, LDL, HDL, TRIGLYCERIDES];
