//! What people have, what they take for it, and what it does to their tests.

use super::person::Sex;
use super::tests_table::{
    ALT, CREATININE, CRP, EGFR, FERRITIN, HAEMOGLOBIN, HBA1C, LDL, NT_PROBNP, POTASSIUM, TRIGLYCERIDES, TSH, Test,
    URATE, URINE_ALBUMIN, VITAMIN_D,
};

/// A medicine as it is prescribed. RxNorm's code is that of the ingredient; the strength stands in the words.
#[derive(Clone, Copy)]
pub(super) struct Medicine {
    pub name: &'static str,
    pub rxnorm: &'static str,
    pub how: &'static str,
    /// So many times in so many of a unit (`d`, `wk`); none when it is taken as needed.
    pub timing: Option<(i64, i64, &'static str)>,
    pub unit: &'static str,
    pub count: f64,
}

impl Medicine {
    pub fn is_penicillin(&self) -> bool {
        [AMOXICILLIN.rxnorm, PENICILLIN.rxnorm].contains(&self.rxnorm)
    }
}

const fn daily(name: &'static str, rxnorm: &'static str, how: &'static str, times: i64) -> Medicine {
    Medicine { name, rxnorm, how, timing: Some((times, 1, "d")), unit: "tablet", count: 1.0 }
}

const fn needed(name: &'static str, rxnorm: &'static str, how: &'static str, unit: &'static str) -> Medicine {
    Medicine { name, rxnorm, how, timing: None, unit, count: 1.0 }
}

const fn other(medicine: Medicine, unit: &'static str, count: f64) -> Medicine {
    Medicine { unit, count, ..medicine }
}

pub(super) const METFORMIN: Medicine = daily("Metformin 1 g", "6809", "1 tablet, twice a day, with food", 2);
const METFORMIN_LOW: Medicine = daily("Metformin 500 mg", "6809", "1 tablet, twice a day, with food", 2);
pub(super) const RAMIPRIL: Medicine = daily("Ramipril 10 mg", "35296", "1 tablet, once a day", 1);
const RAMIPRIL_LOW: Medicine = daily("Ramipril 5 mg", "35296", "1 tablet, once a day", 1);
const LOSARTAN: Medicine = daily("Losartan 50 mg", "52175", "1 tablet, once a day", 1);
pub(super) const AMLODIPINE: Medicine = daily("Amlodipine 5 mg", "17767", "1 tablet, once a day", 1);
pub(super) const ATORVASTATIN: Medicine = daily("Atorvastatin 40 mg", "83367", "1 tablet, once a day, at night", 1);
const ATORVASTATIN_LOW: Medicine = daily("Atorvastatin 20 mg", "83367", "1 tablet, once a day, at night", 1);
pub(super) const SIMVASTATIN: Medicine = daily("Simvastatin 20 mg", "36567", "1 tablet, once a day, at night", 1);
pub(super) const EMPAGLIFLOZIN: Medicine =
    daily("Empagliflozin 10 mg", "1545653", "1 tablet, once a day, in the morning", 1);
pub(super) const PARACETAMOL: Medicine =
    needed("Paracetamol 1 g", "161", "1 tablet when needed, up to 4 times a day", "tablet");
pub(super) const SALBUTAMOL: Medicine =
    other(needed("Salbutamol 100 micrograms inhaler", "435", "2 puffs when needed for wheezing", "puff"), "puff", 2.0);
pub(super) const BUDESONIDE: Medicine = other(
    daily("Budesonide 200 micrograms inhaler", "19831", "1 puff twice a day; rinse the mouth after", 2),
    "puff",
    1.0,
);
const TIOTROPIUM: Medicine =
    other(daily("Tiotropium 18 micrograms", "69120", "1 capsule, once a day", 1), "capsule", 1.0);
const BISOPROLOL: Medicine = daily("Bisoprolol 2.5 mg", "19484", "1 tablet, once a day, in the morning", 1);
const APIXABAN: Medicine = daily("Apixaban 5 mg", "1364430", "1 tablet, twice a day", 2);
const ASPIRIN: Medicine = daily("Aspirin 75 mg", "1191", "1 tablet, once a day, after breakfast", 1);
const FUROSEMIDE: Medicine = daily("Furosemide 40 mg", "4603", "1 tablet, once a day, in the morning", 1);
const LEVOTHYROXINE: Medicine =
    daily("Levothyroxine 75 micrograms", "10582", "Once a day, half an hour before breakfast", 1);
const SERTRALINE: Medicine = daily("Sertraline 50 mg", "36437", "1 tablet, once a day, in the morning", 1);
const CITALOPRAM: Medicine = daily("Citalopram 20 mg", "2556", "1 tablet, once a day", 1);
const SUMATRIPTAN: Medicine =
    needed("Sumatriptan 50 mg", "37418", "1 tablet at the start of a migraine, no more than 2 in a day", "tablet");
const OMEPRAZOLE: Medicine =
    other(daily("Omeprazole 20 mg", "7646", "1 capsule, once a day, before breakfast", 1), "capsule", 1.0);
pub(super) const HYDROCORTISONE: Medicine =
    needed("Hydrocortisone 1 % cream", "5492", "Thinly on the sore skin, up to twice a day, for a week", "application");
const ALENDRONATE: Medicine = Medicine {
    name: "Alendronic acid 70 mg",
    rxnorm: "46041",
    how: "Once a week, upright, with a glass of water, before breakfast",
    timing: Some((1, 1, "wk")),
    unit: "tablet",
    count: 1.0,
};
const ALLOPURINOL: Medicine = daily("Allopurinol 100 mg", "519", "Once a day, after food", 1);
const IRON: Medicine = daily("Ferrous sulfate 200 mg", "24947", "1 tablet, once a day", 1);
const COLECALCIFEROL: Medicine = daily("Colecalciferol 800 units", "2418", "1 tablet, once a day", 1);
const CETIRIZINE: Medicine = needed("Cetirizine 10 mg", "20610", "1 tablet once a day when needed", "tablet");
const METHOTREXATE: Medicine = Medicine {
    name: "Methotrexate 2.5 mg",
    rxnorm: "6851",
    how: "6 tablets (15 mg) once a week, on Mondays",
    timing: Some((1, 1, "wk")),
    unit: "tablet",
    count: 6.0,
};
const FOLIC_ACID: Medicine = Medicine {
    name: "Folic acid 5 mg",
    rxnorm: "4511",
    how: "Once a week, on Thursdays",
    timing: Some((1, 1, "wk")),
    unit: "tablet",
    count: 1.0,
};
const LEVETIRACETAM: Medicine = daily("Levetiracetam 500 mg", "114477", "1 tablet, twice a day", 2);
const TAMSULOSIN: Medicine =
    other(daily("Tamsulosin 400 micrograms", "77492", "1 capsule, once a day, after breakfast", 1), "capsule", 1.0);
const DICLOFENAC: Medicine =
    needed("Diclofenac 1 % gel", "3355", "Rub a little into the knee when needed, up to 3 times a day", "application");

/// What a problem does to a test: so far from the usual, and so much more each year.
pub(super) type Effect = (Test, f64, f64);

/// A long-standing problem.
#[derive(Clone, Copy)]
pub(super) struct Problem {
    pub name: &'static str,
    pub snomed: &'static str,
    pub icd10: &'static str,
    /// From this age on, so many in a hundred have it, and so many more with each further ten years.
    pub from: i64,
    pub percent: i64,
    pub more: i64,
    pub only: Option<Sex>,
    /// Of each group one is prescribed.
    pub medicines: &'static [&'static [Medicine]],
    pub effects: &'static [Effect],
    /// What its regular visit is called.
    pub review: &'static str,
}

const fn problem(
    name: &'static str,
    (snomed, icd10): (&'static str, &'static str),
    (from, percent, more): (i64, i64, i64),
    review: &'static str,
) -> Problem {
    Problem { name, snomed, icd10, from, percent, more, only: None, medicines: &[], effects: &[], review }
}

pub(super) const DIABETES: Problem = Problem {
    medicines: &[&[METFORMIN, METFORMIN_LOW], &[EMPAGLIFLOZIN]],
    effects: &[(HBA1C, 17.0, 1.0), (URINE_ALBUMIN, 1.6, 0.5), (TRIGLYCERIDES, 0.6, 0.0)],
    ..problem("Type 2 diabetes", ("44054006", "E11.9"), (40, 5, 4), "Diabetes review")
};
pub(super) const HYPERTENSION: Problem = Problem {
    medicines: &[&[RAMIPRIL, RAMIPRIL_LOW, LOSARTAN, AMLODIPINE]],
    effects: &[(POTASSIUM, 0.2, 0.0)],
    ..problem("High blood pressure", ("38341003", "I10"), (35, 8, 11), "Blood pressure review")
};
pub(super) const CKD: Problem = Problem {
    effects: &[(EGFR, -35.0, -1.8), (CREATININE, 34.0, 3.0), (URINE_ALBUMIN, 4.0, 0.8), (HAEMOGLOBIN, -14.0, -1.0)],
    ..problem("Chronic kidney disease, stage 3a", ("700378005", "N18.31"), (60, 4, 6), "Kidney review")
};
pub(super) const CHOLESTEROL: Problem = Problem {
    medicines: &[&[ATORVASTATIN, ATORVASTATIN_LOW, SIMVASTATIN]],
    effects: &[(LDL, 0.3, -0.1), (TRIGLYCERIDES, 0.3, 0.0)],
    ..problem("High cholesterol", ("13644009", "E78.00"), (40, 8, 7), "Cholesterol review")
};
pub(super) const KNEE: Problem = Problem {
    medicines: &[&[PARACETAMOL, DICLOFENAC]],
    ..problem("Osteoarthritis of the knee", ("239873007", "M17.9"), (50, 6, 6), "Knee pain review")
};
pub(super) const ASTHMA: Problem = Problem {
    medicines: &[&[SALBUTAMOL], &[BUDESONIDE]],
    ..problem("Asthma", ("195967001", "J45.909"), (4, 9, 0), "Asthma review")
};
pub(super) const ECZEMA: Problem =
    Problem { medicines: &[&[HYDROCORTISONE]], ..problem("Eczema", ("24079001", "L20.9"), (1, 8, -1), "Skin review") };

/// All of them, in an order in which the first are the most telling.
pub(super) const PROBLEMS: &[Problem] = &[
    DIABETES,
    HYPERTENSION,
    CKD,
    CHOLESTEROL,
    Problem {
        medicines: &[&[APIXABAN], &[BISOPROLOL]],
        ..problem("Atrial fibrillation", ("49436004", "I48.91"), (60, 3, 5), "Heart rhythm review")
    },
    Problem {
        medicines: &[&[ASPIRIN], &[BISOPROLOL]],
        ..problem("Coronary heart disease", ("53741008", "I25.10"), (55, 4, 4), "Heart review")
    },
    Problem {
        medicines: &[&[FUROSEMIDE]],
        effects: &[(NT_PROBNP, 900.0, 120.0)],
        ..problem("Heart failure", ("84114007", "I50.9"), (70, 4, 5), "Heart failure review")
    },
    Problem {
        medicines: &[&[TIOTROPIUM], &[SALBUTAMOL]],
        ..problem("COPD", ("13645005", "J44.9"), (55, 4, 3), "Breathing review")
    },
    ASTHMA,
    Problem {
        medicines: &[&[LEVOTHYROXINE]],
        effects: &[(TSH, 1.6, -0.2)],
        ..problem("Underactive thyroid", ("40930008", "E03.9"), (35, 3, 2), "Thyroid review")
    },
    Problem {
        medicines: &[&[SERTRALINE, CITALOPRAM]],
        ..problem("Depression", ("35489007", "F32.9"), (18, 8, 0), "Mood review")
    },
    problem("Anxiety", ("197480006", "F41.9"), (16, 7, -1), "Anxiety review"),
    Problem {
        medicines: &[&[SUMATRIPTAN]],
        ..problem("Migraine", ("37796009", "G43.909"), (16, 9, -1), "Migraine review")
    },
    Problem {
        medicines: &[&[OMEPRAZOLE]],
        ..problem("Reflux disease", ("235595009", "K21.9"), (30, 6, 2), "Stomach review")
    },
    ECZEMA,
    KNEE,
    Problem {
        only: Some(Sex::Female),
        medicines: &[&[ALENDRONATE], &[COLECALCIFEROL]],
        effects: &[(VITAMIN_D, -18.0, 0.5)],
        ..problem("Osteoporosis", ("64859006", "M81.0"), (60, 8, 7), "Bone review")
    },
    Problem {
        only: Some(Sex::Male),
        medicines: &[&[ALLOPURINOL]],
        effects: &[(URATE, 130.0, -10.0)],
        ..problem("Gout", ("90560007", "M10.9"), (40, 4, 2), "Gout review")
    },
    Problem {
        only: Some(Sex::Female),
        medicines: &[&[IRON]],
        effects: &[(HAEMOGLOBIN, -26.0, 2.0), (FERRITIN, -66.0, 3.0)],
        ..problem("Iron deficiency anaemia", ("87522002", "D50.9"), (16, 8, -1), "Blood count review")
    },
    Problem {
        medicines: &[&[CETIRIZINE]],
        ..problem("Hay fever", ("61582004", "J30.9"), (8, 12, -1), "Allergy review")
    },
    problem("Psoriasis", ("9014002", "L40.9"), (20, 3, 0), "Skin review"),
    Problem {
        medicines: &[&[METHOTREXATE], &[FOLIC_ACID]],
        effects: &[(CRP, 9.0, -0.5), (ALT, 8.0, 0.0)],
        ..problem("Rheumatoid arthritis", ("69896004", "M06.9"), (40, 2, 1), "Joint review")
    },
    Problem {
        medicines: &[&[LEVETIRACETAM]],
        ..problem("Epilepsy", ("84757009", "G40.909"), (8, 2, 0), "Epilepsy review")
    },
    Problem {
        only: Some(Sex::Male),
        medicines: &[&[TAMSULOSIN]],
        ..problem("Enlarged prostate", ("266569009", "N40.0"), (55, 8, 8), "Prostate review")
    },
];

/// Something that comes and goes: what it is called, its codes, what the patient says, whether a fever comes with it, what is
/// prescribed, and from and to which age it is common.
#[derive(Clone, Copy)]
pub(super) struct Illness {
    pub name: &'static str,
    pub snomed: &'static str,
    pub icd10: &'static str,
    pub said: &'static str,
    pub fever: bool,
    pub medicine: Option<Medicine>,
    pub ages: (i64, i64),
}

const AMOXICILLIN: Medicine = other(daily("Amoxicillin 500 mg", "723", "3 times a day for 7 days", 3), "capsule", 1.0);
const NITROFURANTOIN: Medicine =
    other(daily("Nitrofurantoin 50 mg", "7454", "4 times a day for 3 days, with food", 4), "capsule", 1.0);
const PENICILLIN: Medicine = daily("Phenoxymethylpenicillin 500 mg", "7984", "4 times a day for 5 days", 4);

const fn illness(
    name: &'static str,
    (snomed, icd10): (&'static str, &'static str),
    said: &'static str,
    ages: (i64, i64),
) -> Illness {
    Illness { name, snomed, icd10, said, fever: false, medicine: None, ages }
}

pub(super) const BRONCHITIS: Illness = Illness {
    fever: true,
    ..illness("Acute bronchitis", ("10509002", "J20.9"), "Cough and fever for 6 days", (5, 110))
};
pub(super) const EAR: Illness = Illness {
    fever: true,
    ..illness("Middle ear infection", ("65363002", "H66.90"), "Ear ache since yesterday", (1, 12))
};

pub(super) const ILLNESSES: &[Illness] = &[
    illness("Common cold", ("54150009", "J06.9"), "Runny nose and sore throat", (0, 110)),
    BRONCHITIS,
    Illness { fever: true, medicine: Some(AMOXICILLIN), ..EAR },
    Illness {
        fever: true,
        medicine: Some(PENICILLIN),
        ..illness("Streptococcal sore throat", ("43878008", "J02.0"), "Sore throat and fever", (5, 30))
    },
    Illness {
        medicine: Some(NITROFURANTOIN),
        ..illness("Urinary tract infection", ("68566005", "N39.0"), "Burning when passing water", (18, 110))
    },
    illness("Low back pain", ("279039007", "M54.50"), "Back pain after lifting", (20, 80)),
    illness("Viral sinusitis", ("444814009", "J01.90"), "Blocked nose and pressure in the face", (12, 75)),
];
