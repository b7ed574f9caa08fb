//! What the demo's own words are in Spanish: each coded text and title carries its translation, as FHIR's extension
//! `http://hl7.org/fhir/StructureDefinition/translation` has it. What somebody wrote in sentences stays in English.

use serde_json::{Value, json};

use crate::care::clinic::translation;

/// English and Spanish. What is called alike in both stands here too: that it was thought of is seen.
const WORDS: &[(&str, &str)] = &[
    // Allergies and what they do.
    ("Penicillins", "Penicilinas"),
    ("Ibuprofen", "Ibuprofeno"),
    ("Codeine", "Codeína"),
    ("Trimethoprim", "Trimetoprima"),
    ("Latex", "Látex"),
    ("Peanuts", "Cacahuetes"),
    ("Shellfish", "Marisco"),
    ("Eggs", "Huevos"),
    ("House dust mites", "Ácaros del polvo"),
    ("Grass pollen", "Polen de gramíneas"),
    ("Iodinated contrast", "Contraste yodado"),
    ("No known allergies", "Sin alergias conocidas"),
    ("Rash", "Erupción en la piel"),
    ("Anaphylaxis", "Anafilaxia"),
    ("anaphylaxis", "anafilaxia"),
    ("Swelling of the face", "Hinchazón de la cara"),
    ("Nausea", "Náuseas"),
    ("Hives", "Urticaria"),
    ("hives", "urticaria"),
    ("Contact rash", "Erupción por contacto"),
    ("contact rash", "erupción por contacto"),
    ("Diarrhoea", "Diarrea"),
    ("Shortness of breath", "Falta de aire"),
    ("Itching", "Picor"),
    // Vaccines.
    ("Influenza", "Gripe"),
    ("COVID-19", "COVID-19"),
    ("Pneumococcal", "Neumococo"),
    ("Tetanus and diphtheria", "Tétanos y difteria"),
    ("Diphtheria, tetanus and whooping cough", "Difteria, tétanos y tosferina"),
    ("Polio", "Polio"),
    ("Hib", "Hib"),
    ("Rotavirus", "Rotavirus"),
    ("Measles, mumps and rubella", "Sarampión, paperas y rubéola"),
    ("Human papillomavirus", "Virus del papiloma humano"),
    ("Meningitis A, C, W, Y", "Meningitis A, C, W, Y"),
    ("Shingles", "Herpes zóster"),
    // Tests and measurements.
    ("HbA1c", "HbA1c"),
    ("eGFR", "Filtrado glomerular"),
    ("Creatinine", "Creatinina"),
    ("Urine albumin/creatinine", "Albúmina/creatinina en orina"),
    ("LDL cholesterol", "Colesterol LDL"),
    ("HDL cholesterol", "Colesterol HDL"),
    ("Cholesterol", "Colesterol"),
    ("Triglycerides", "Triglicéridos"),
    ("Haemoglobin", "Hemoglobina"),
    ("Potassium", "Potasio"),
    ("Sodium", "Sodio"),
    ("ALT", "ALT"),
    ("C-reactive protein", "Proteína C reactiva"),
    ("TSH", "TSH"),
    ("Ferritin", "Ferritina"),
    ("White blood cells", "Glóbulos blancos"),
    ("Platelets", "Plaquetas"),
    ("Urate", "Urato"),
    ("NT-proBNP", "NT-proBNP"),
    ("Vitamin D", "Vitamina D"),
    ("Procalcitonin", "Procalcitonina"),
    ("Peanut-specific IgE", "IgE específica de cacahuete"),
    ("Chest infection blood test", "Análisis de sangre por infección respiratoria"),
    ("Allergy test", "Prueba de alergia"),
    ("Blood pressure", "Presión arterial"),
    ("Systolic blood pressure", "Presión arterial sistólica"),
    ("Diastolic blood pressure", "Presión arterial diastólica"),
    ("Pulse", "Pulso"),
    ("Temperature", "Temperatura"),
    ("Oxygen saturation", "Saturación de oxígeno"),
    ("Breathing", "Respiración"),
    ("Weight", "Peso"),
    ("Height", "Estatura"),
    ("Body mass index", "Índice de masa corporal"),
    ("Low", "Bajo"),
    ("Normal", "Normal"),
    ("High", "Alto"),
    ("Smoking", "Tabaco"),
    ("Never smoked", "Nunca ha fumado"),
    ("Used to smoke", "Fumaba antes"),
    ("Smokes every day", "Fuma todos los días"),
    // Kinds of visit, and what they are for.
    ("Visit", "Consulta"),
    ("First visit", "Primera consulta"),
    ("Phone call", "Llamada telefónica"),
    ("Blood test", "Análisis de sangre"),
    ("Vaccination", "Vacunación"),
    ("Minor surgery", "Cirugía menor"),
    ("Check-up", "Revisión"),
    ("Visit for a complaint", "Consulta por una molestia"),
    ("Follow-up", "Seguimiento"),
    ("Yearly check-up", "Revisión anual"),
    ("Check-up before school", "Revisión antes de la escuela"),
    ("Diabetes review", "Revisión de la diabetes"),
    ("Diabetes yearly review", "Revisión anual de la diabetes"),
    ("Blood pressure review", "Revisión de la tensión arterial"),
    ("Kidney review", "Revisión de los riñones"),
    ("Kidney tests", "Pruebas de los riñones"),
    ("Talk about the kidney results", "Hablar de los resultados de los riñones"),
    ("Cholesterol review", "Revisión del colesterol"),
    ("Knee pain review", "Revisión del dolor de rodilla"),
    ("Asthma review", "Revisión del asma"),
    ("Skin review", "Revisión de la piel"),
    ("Heart rhythm review", "Revisión del ritmo del corazón"),
    ("Heart review", "Revisión del corazón"),
    ("Heart failure review", "Revisión de la insuficiencia cardíaca"),
    ("Breathing review", "Revisión de la respiración"),
    ("Thyroid review", "Revisión del tiroides"),
    ("Mood review", "Revisión del ánimo"),
    ("Anxiety review", "Revisión de la ansiedad"),
    ("Migraine review", "Revisión de la migraña"),
    ("Stomach review", "Revisión del estómago"),
    ("Bone review", "Revisión de los huesos"),
    ("Gout review", "Revisión de la gota"),
    ("Blood count review", "Revisión del hemograma"),
    ("Allergy review", "Revisión de la alergia"),
    ("Joint review", "Revisión de las articulaciones"),
    ("Epilepsy review", "Revisión de la epilepsia"),
    ("Prostate review", "Revisión de la próstata"),
    ("Cough and fever for 6 days", "Tos y fiebre desde hace 6 días"),
    ("Ear ache since yesterday", "Dolor de oído desde ayer"),
    ("Runny nose and sore throat", "Mucosidad y dolor de garganta"),
    ("Sore throat and fever", "Dolor de garganta y fiebre"),
    ("Burning when passing water", "Escozor al orinar"),
    ("Back pain after lifting", "Dolor de espalda tras levantar peso"),
    ("Blocked nose and pressure in the face", "Nariz tapada y presión en la cara"),
    ("Itchy elbows, worse since summer", "Picor en los codos, peor desde el verano"),
    ("New in town, would like to get to know the clinic", "Recién llegado, le gustaría conocer la clínica"),
    // Documents.
    ("Visit note", "Nota de consulta"),
    ("Letter", "Carta"),
    ("Plan for home", "Plan para casa"),
    ("Asthma plan for home and school", "Plan de asma para casa y la escuela"),
    ("Letter from orthopaedics, Fjordvik Hospital", "Carta de traumatología, Hospital Fjordvik"),
    ("Letter: eye screening", "Carta: revisión de los ojos"),
    ("Exercises from physiotherapy", "Ejercicios de fisioterapia"),
    ("Care plan", "Plan de cuidados"),
    ("Care plan: asthma", "Plan de cuidados: asma"),
    ("Care plan: diabetes and kidneys", "Plan de cuidados: diabetes y riñones"),
    // Messages and people.
    ("A question about my health", "Una pregunta sobre mi salud"),
    ("A result", "Un resultado"),
    ("A medicine", "Una medicina"),
    ("An appointment", "Una cita"),
    ("A letter or a form", "Una carta o un formulario"),
    ("Partner", "Pareja"),
    // Problems, as letters about them are called; the list of problems has its own.
    ("Type 2 diabetes", "Diabetes tipo 2"),
    ("High blood pressure", "Presión arterial alta"),
    ("Chronic kidney disease, stage 3a", "Enfermedad renal crónica, estadio 3a"),
    ("High cholesterol", "Colesterol alto"),
    ("Osteoarthritis of the knee", "Artrosis de rodilla"),
    ("Asthma", "Asma"),
    ("Eczema", "Eccema"),
    ("Atrial fibrillation", "Fibrilación auricular"),
    ("Coronary heart disease", "Enfermedad coronaria"),
    ("Heart failure", "Insuficiencia cardíaca"),
    ("COPD", "EPOC"),
    ("Underactive thyroid", "Hipotiroidismo"),
    ("Depression", "Depresión"),
    ("Anxiety", "Ansiedad"),
    ("Migraine", "Migraña"),
    ("Reflux disease", "Enfermedad por reflujo"),
    ("Osteoporosis", "Osteoporosis"),
    ("Gout", "Gota"),
    ("Iron deficiency anaemia", "Anemia por falta de hierro"),
    ("Hay fever", "Fiebre del heno"),
    ("Psoriasis", "Psoriasis"),
    ("Rheumatoid arthritis", "Artritis reumatoide"),
    ("Epilepsy", "Epilepsia"),
    ("Enlarged prostate", "Próstata agrandada"),
];

/// Titles that are made of a beginning and of words from above, in small letters.
const BEGINNINGS: &[(&str, &str)] =
    &[("Visit note: ", "Nota de consulta: "), ("Letter from Fjordvik Hospital: ", "Carta del Hospital Fjordvik: ")];

/// Elements that hold words of the demo's own.
const ELEMENTS: [&str; 3] = ["text", "title", "description"];

/// What these words are in Spanish, if they are the demo's own.
pub(super) fn said(english: &str) -> Option<String> {
    let whole = WORDS.iter().find(|(word, _)| *word == english).map(|(_, spanish)| (*spanish).to_owned());
    whole.or_else(|| {
        BEGINNINGS.iter().find_map(|(begins, spanish)| {
            let rest = english.strip_prefix(begins)?.to_lowercase();
            let (_, of) = WORDS.iter().find(|(word, _)| word.to_lowercase() == rest)?;
            Some(format!("{spanish}{}", small(of)))
        })
    })
}

/// With a small first letter, unless it is an abbreviation.
fn small(words: &str) -> String {
    let mut letters = words.chars();
    match (letters.next(), letters.clone().next()) {
        (Some(first), Some(second)) if second.is_lowercase() => first.to_lowercase().chain(letters).collect(),
        _ => words.to_owned(),
    }
}

/// Gives the words of a resource, wherever in it they stand, their translation.
pub(super) fn spoken(value: &mut Value) {
    match value {
        Value::Array(all) => all.iter_mut().for_each(spoken),
        Value::Object(members) => {
            members.values_mut().for_each(spoken);
            for name in ELEMENTS {
                let spanish = members.get(name).and_then(Value::as_str).and_then(said);
                if let Some(spanish) = spanish {
                    members.insert(format!("_{name}"), json!({"extension": [translation("es", &spanish)]}));
                }
            }
        }
        _ => {}
    }
}
