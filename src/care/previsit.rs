//! Forms that patients fill in before a visit: Questionnaires that the clinic chooses for its kinds of visit, and the
//! answers that come back as QuestionnaireResponses.
//!
//! The built ones ask and judge nothing: no answer is weighed, and nothing follows from one but that a clinician reads it.

use serde_json::{Value, json};

use super::clinic::{Name, translation};
use super::notify::{self, Notice, Whom};
use super::schedule::{self, FORM_RETURNED, FORM_SEEN, tagged, without_tag};
use super::workflow::{Doing, Done, Never, Refused, carry_out, told};
use crate::access::Actor;
use crate::audit::{Action, Detail, Purpose};
use crate::base::{FhirId, ResourceRef, Timestamp};
use crate::fhir::{Mode, ResourceType};
use crate::record::{Change, Channel, Condition, RecordError, Records, Transaction, Why, strict};

/// The most characters of one answer.
pub const LONGEST: usize = 2_000;

/// A built form: the last part of its id, and its title.
#[derive(Debug, Clone, Copy)]
pub struct Built {
    pub code: &'static str,
    title: (&'static str, &'static str),
    questions: &'static [Ask],
}

/// What is asked, in English and Spanish.
type Words = (&'static str, &'static str);

#[derive(Debug, Clone, Copy)]
enum Ask {
    YesNo(Words),
    Lines(Words),
    One(Words, &'static [Words]),
}

/// The forms that a clinic can choose.
pub const BUILT: [Built; 3] = [
    Built {
        code: "before-visit",
        title: ("Before your visit", "Antes de su cita"),
        questions: &[
            Ask::Lines(("What would you like to talk about?", "¿De qué le gustaría hablar?")),
            Ask::Lines((
                "Since when is it so, and what makes it better or worse?",
                "¿Desde cuándo ocurre, y qué lo mejora o lo empeora?",
            )),
            Ask::YesNo((
                "Did anything change in the medicines that you take?",
                "¿Ha cambiado algo en los medicamentos que toma?",
            )),
            Ask::Lines(("If so, what?", "Si es así, ¿qué?")),
            Ask::Lines(("What do you hope for from this visit?", "¿Qué espera de esta cita?")),
        ],
    },
    Built {
        code: "new-patient",
        title: ("About you", "Sobre usted"),
        questions: &[
            Ask::Lines(("Which illnesses do you have or have you had?", "¿Qué enfermedades tiene o ha tenido?")),
            Ask::Lines(("Which operations have you had, and when?", "¿Qué operaciones le han hecho, y cuándo?")),
            Ask::Lines((
                "Which medicines do you take, also without a prescription?",
                "¿Qué medicamentos toma, también sin receta?",
            )),
            Ask::Lines((
                "What are you allergic to, and what happens then?",
                "¿A qué tiene alergia, y qué le ocurre entonces?",
            )),
            Ask::One(
                ("Do you smoke?", "¿Fuma?"),
                &[
                    ("Every day", "Todos los días"),
                    ("Sometimes", "A veces"),
                    ("No longer", "Ya no"),
                    ("Never did", "Nunca"),
                ],
            ),
            Ask::Lines(("Which illnesses are there in your family?", "¿Qué enfermedades hay en su familia?")),
            Ask::Lines(("Is there anything else that we should know?", "¿Hay algo más que debamos saber?")),
        ],
    },
    Built {
        code: "before-vaccination",
        title: ("Before a vaccination", "Antes de una vacuna"),
        questions: &[
            Ask::YesNo(("Do you feel ill today?", "¿Se siente mal hoy?")),
            Ask::YesNo((
                "Were you ever unwell after a vaccination?",
                "¿Alguna vez se sintió mal después de una vacuna?",
            )),
            Ask::YesNo(("Do you have allergies?", "¿Tiene alergias?")),
            Ask::YesNo(("Do you take medicines regularly?", "¿Toma medicamentos con regularidad?")),
            Ask::YesNo(("Could you be pregnant?", "¿Podría estar embarazada?")),
            Ask::Lines((
                "If you said yes to any of these, please write more.",
                "Si ha contestado que sí a alguna, escriba más, por favor.",
            )),
        ],
    },
];

impl Built {
    pub fn of(code: &str) -> Option<&'static Self> {
        BUILT.iter().find(|built| built.code == code)
    }

    pub const fn title(&self) -> &'static str {
        self.title.0
    }

    /// The id of its Questionnaire in every box.
    pub fn id(&self) -> String {
        format!("chartbox-{}", self.code)
    }

    /// The form as it is stored.
    pub fn questionnaire(&self) -> Value {
        let item = |(n, ask): (usize, &Ask)| {
            let link = (n + 1).to_string();
            let (words, kind) = match ask {
                Ask::YesNo(words) => (words, "boolean"),
                Ask::Lines(words) => (words, "text"),
                Ask::One(words, _) => (words, "choice"),
            };
            let mut item = json!({"linkId": link, "text": words.0, "_text": in_spanish(words.1), "type": kind});
            if let (Ask::One(_, options), Some(members)) = (ask, item.as_object_mut()) {
                let option = |(english, spanish): &Words| json!({"valueCoding": {"display": english, "_display": in_spanish(spanish)}});
                members.insert("answerOption".to_owned(), options.iter().map(option).collect());
            }
            item
        };
        json!({
            "resourceType": "Questionnaire",
            "id": self.id(),
            "url": format!("urn:chartbox:form:{}", self.code),
            "version": "1",
            "title": self.title.0,
            "_title": in_spanish(self.title.1),
            "status": "active",
            "subjectType": ["Patient"],
            "item": self.questions.iter().enumerate().map(item).collect::<Vec<_>>(),
        })
    }
}

fn in_spanish(text: &str) -> Value {
    json!({"extension": [translation("es", text)]})
}

/// A form as a patient fills it in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    pub title: Name,
    /// As an answer names it.
    pub canonical: String,
    pub questions: Vec<Question>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    pub link: String,
    pub text: Name,
    pub kind: Kind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    YesNo,
    Lines,
    One(Vec<Name>),
}

fn name_in(value: &Value, element: &str) -> Option<Name> {
    let text = value.get(element)?.as_str()?.to_owned();
    let all = value.get(format!("_{element}")).and_then(|more| more.get("extension")).and_then(Value::as_array);
    let translations = all.into_iter().flatten().filter_map(|one| {
        let parts = one.get("extension")?.as_array()?;
        let part = |url: &str| parts.iter().find(|part| part.get("url").and_then(Value::as_str) == Some(url));
        let language = part("lang")?.get("valueCode")?.as_str()?.to_owned();
        Some((language, part("content")?.get("valueString")?.as_str()?.to_owned()))
    });
    Some(Name { text, translations: translations.collect() })
}

impl Form {
    /// A Questionnaire of which every item is one that can be filled in here; else nothing.
    pub fn of(questionnaire: &Value) -> Option<Self> {
        let items = questionnaire.get("item")?.as_array()?;
        let questions: Option<Vec<Question>> = items.iter().map(question).collect();
        let text = |name: &str| questionnaire.get(name).and_then(Value::as_str);
        let url = text("url")?;
        let canonical = text("version").map_or_else(|| url.to_owned(), |version| format!("{url}|{version}"));
        Some(Self { title: name_in(questionnaire, "title")?, canonical, questions: questions? })
    }
}

fn question(item: &Value) -> Option<Question> {
    let kind = match item.get("type")?.as_str()? {
        "boolean" => Kind::YesNo,
        "text" | "string" => Kind::Lines,
        "choice" => {
            let options = item.get("answerOption")?.as_array()?.iter();
            Kind::One(options.map(|option| name_in(option.get("valueCoding")?, "display")).collect::<Option<_>>()?)
        }
        _ => return None,
    };
    Some(Question { link: item.get("linkId")?.as_str()?.to_owned(), text: name_in(item, "text")?, kind })
}

/// What was answered to one question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    Yes,
    No,
    Words(String),
    /// The place of the option.
    Option(usize),
}

/// The answers as they are stored. `by` is a reference to who gave them: the patient, or who acts for them. Questions that nobody
/// answered are left out.
pub fn response(form: &Form, patient: &FhirId, by: &Value, answers: &[(String, Answer)], now: Timestamp) -> Value {
    let items = form.questions.iter().filter_map(|question| {
        let (_, answer) = answers.iter().find(|(link, _)| *link == question.link)?;
        let value = match (answer, &question.kind) {
            (Answer::Yes, _) => json!({"valueBoolean": true}),
            (Answer::No, _) => json!({"valueBoolean": false}),
            (Answer::Words(words), _) => json!({"valueString": words}),
            (Answer::Option(place), Kind::One(options)) => {
                let option = options.get(*place)?;
                json!({"valueCoding": option.element("display")})
            }
            (Answer::Option(_), _) => return None,
        };
        let mut item = question.text.element("text");
        if let Some(members) = item.as_object_mut() {
            members.insert("linkId".into(), json!(question.link));
            members.insert("answer".into(), json!([value]));
        }
        Some(item)
    });
    let patient = json!({"reference": format!("Patient/{patient}")});
    json!({
        "resourceType": "QuestionnaireResponse",
        "questionnaire": form.canonical,
        "status": "completed",
        "subject": patient,
        "authored": now.to_string(),
        "source": by,
        "item": items.collect::<Vec<_>>(),
    })
}

/// Why a form was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FormError {
    #[error("this form was sent before")]
    Returned,
}

/// Sends the answers, and marks the visit: its form came back.
pub async fn send(
    doing: Doing<'_>,
    visit: (FhirId, u32, Value),
    response: Value,
) -> Result<Done<()>, Refused<FormError>> {
    let (id, version, value) = visit;
    let reader = schedule::with_of(&value).and_then(|with| ResourceRef::parse(&format!("Practitioner/{with}")).ok());
    let answers = FhirId::new(doing.records.audit().ambient());
    let patient = response.pointer("/subject/reference").and_then(Value::as_str).unwrap_or_default();
    let marked = with_answers(value, &answers, patient);
    let changes = vec![
        Change::create_as(ResourceType::QuestionnaireResponse, answers, response, Mode::Strict)?,
        Change::put(ResourceType::Appointment, id.clone(), marked, Condition::None, Mode::Strict)?,
    ];
    carry_out(doing, changes, move |inside| match inside.version(ResourceType::Appointment, &id)? {
        // The version says that nobody sent it, or moved the visit, meanwhile.
        Some(now) if now == version => {
            if let Some(reader) = reader {
                notify::tell(inside, Notice::new(Whom::Person(reader), notify::Kind::FormReturned).about(id))?;
            }
            Ok(())
        }
        _ => told(FormError::Returned),
    })
    .await
}

/// Whose the answers are, in the reference to them of a visit for several.
const ANSWERS_OF: &str = "urn:chartbox:answers-of";
/// That a doctor or nurse has read the answers, in the reference to them: of a visit for several each patient's are read by
/// themselves.
const ANSWERS_READ: &str = "urn:chartbox:answers-read";

/// The visit with the answers of one of its patients, as in `Patient/a`; somebody has to read them, whatever was read before.
fn with_answers(value: Value, answers: &FhirId, patient: &str) -> Value {
    // What was read stays so.
    let is_all_read = schedule::has_returned_form(&value) && !schedule::has_form_to_see(&value);
    let value = if is_all_read { with_read(value, |_| true) } else { value };
    let mut link = json!({"reference": format!("QuestionnaireResponse/{answers}")});
    if schedule::is_for_several(&value)
        && let Some(members) = link.as_object_mut()
    {
        let of = json!([{"url": ANSWERS_OF, "valueReference": {"reference": patient}}]);
        members.insert("extension".to_owned(), of);
    }
    let mut marked = tagged(without_tag(value, FORM_SEEN), FORM_RETURNED);
    if let Some(members) = marked.as_object_mut()
        && let Value::Array(all) = members.entry("supportingInformation").or_insert_with(|| json!([]))
    {
        all.push(link);
    }
    marked
}

/// A doctor or nurse has read these answers: they wait in nobody's inbox any more.
pub async fn seen(
    doing: Doing<'_>,
    (id, version, value): (FhirId, u32, Value),
    answers: &FhirId,
) -> Result<Done<()>, Refused<Never>> {
    let value = with_read_answers(value, answers.as_str());
    let change = Change::put(ResourceType::Appointment, id, value, Condition::Version(version), Mode::Strict)?;
    carry_out(doing, vec![change], |_| Ok(())).await
}

/// The visit, of which these answers are read; once every patient's are, nothing of it waits.
fn with_read_answers(value: Value, answers: &str) -> Value {
    let value = with_read(value, |one| answers_in(one) == Some(answers));
    let waits = |patient: &str| answers_of_one(&value, patient).is_some_and(|last| is_to_see(&value, last));
    if schedule::patients_of(&value).any(waits) { value } else { tagged(value, FORM_SEEN) }
}

fn with_read(mut value: Value, is_one: impl Fn(&Value) -> bool) -> Value {
    let links = value.get_mut("supportingInformation").and_then(Value::as_array_mut).into_iter().flatten();
    for link in links.filter(|link| answers_in(link).is_some() && !is_read(link) && is_one(link)) {
        if let Some(members) = link.as_object_mut()
            && let Value::Array(parts) = members.entry("extension").or_insert_with(|| json!([]))
        {
            parts.push(json!({"url": ANSWERS_READ, "valueBoolean": true}));
        }
    }
    value
}

/// What belongs to a visit: its answers, and whatever else other programs put there.
fn links(appointment: &Value) -> impl Iterator<Item = &Value> {
    appointment.get("supportingInformation").and_then(Value::as_array).into_iter().flatten()
}

/// The id of the answers to which it links.
fn answers_in(link: &Value) -> Option<&str> {
    link.get("reference")?.as_str()?.strip_prefix("QuestionnaireResponse/")
}

fn parts_of<'a>(link: &'a Value, url: &str) -> impl Iterator<Item = &'a Value> {
    let all = link.get("extension").and_then(Value::as_array).into_iter().flatten();
    all.filter(move |part| part.get("url").and_then(Value::as_str) == Some(url))
}

fn is_read(link: &Value) -> bool {
    parts_of(link, ANSWERS_READ).any(|part| part.get("valueBoolean") == Some(&Value::Bool(true)))
}

/// The answers that belong to a visit: ids.
pub fn answers_of(appointment: &Value) -> Vec<&str> {
    links(appointment).filter_map(answers_in).collect()
}

/// Whether these answers of a visit wait to be read by a doctor or nurse.
pub fn is_to_see(appointment: &Value, answers: &str) -> bool {
    schedule::has_form_to_see(appointment)
        && links(appointment).any(|one| answers_in(one) == Some(answers) && !is_read(one))
}

/// Of how many patients of a visit the form came back, and how many there are.
pub fn returned(appointment: &Value) -> (usize, usize) {
    if !schedule::is_for_several(appointment) {
        return (usize::from(schedule::has_returned_form(appointment)), 1);
    }
    let all: Vec<&str> = schedule::patients_of(appointment).collect();
    (all.iter().filter(|id| has_returned(appointment, id)).count(), all.len())
}

/// Whether this patient's form came back: that another's did, of a visit for several, is not theirs to know.
pub fn has_returned(appointment: &Value, patient: &str) -> bool {
    match schedule::is_for_several(appointment) {
        true => answers_of_one(appointment, patient).is_some(),
        false => schedule::has_returned_form(appointment),
    }
}

/// The last answers of one of the patients of a visit: of a visit for several they say whose they are.
pub fn answers_of_one<'a>(appointment: &'a Value, patient: &str) -> Option<&'a str> {
    if !schedule::is_for_several(appointment) {
        return answers_of(appointment).last().copied();
    }
    let whose = format!("Patient/{patient}");
    let names =
        |part: &Value| part.pointer("/valueReference/reference").and_then(Value::as_str) == Some(whose.as_str());
    links(appointment).filter(|one| parts_of(one, ANSWERS_OF).any(names)).last().and_then(answers_in)
}

/// Stores a built form, if the box does not have it yet.
pub async fn have(records: &Records, built: &Built) -> Result<(), RecordError> {
    let text = format!("_id={}", built.id());
    let query = strict(ResourceType::Questionnaire, &text)?;
    let there: fn(&Value) -> Option<()> = |_| Some(());
    if !records.glimpse(&query, there)?.is_empty() {
        return Ok(());
    }
    let id = FhirId::parse(&built.id()).map_err(|_| RecordError::Damaged)?;
    let put = Change::put(ResourceType::Questionnaire, id, built.questionnaire(), Condition::None, Mode::Strict)?;
    let why =
        Why { action: Action::Settings, purpose: Purpose::HOperat, detail: Detail::none(), channel: Channel::Screen };
    records.change_all(&Actor::system("forms"), why, vec![put], Transaction::WORKFLOW).await.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fhir::{Definitions, Issue, validate};

    fn fits(resource: &Value) {
        let issues = validate(resource, Definitions::r4(), Mode::Strict);
        assert!(!issues.iter().any(Issue::is_error), "{issues:?}");
    }

    #[test]
    fn every_built_form_fits_fhir_and_can_be_filled_in_in_both_languages() {
        for built in BUILT {
            let questionnaire = built.questionnaire();
            fits(&questionnaire);
            let form = Form::of(&questionnaire).unwrap();
            assert!(form.canonical.ends_with("|1") && !form.title.in_language("es").is_empty());
            assert_eq!(form.questions.len(), built.questions.len());
            for question in &form.questions {
                assert_ne!(question.text.in_language("es"), question.text.text);
            }
            assert_eq!(Built::of(built.code).map(Built::id), Some(built.id()));
        }
    }

    #[test]
    fn answers_are_stored_with_their_questions_and_what_nobody_answered_is_left_out() {
        let form = Form::of(&Built::of("new-patient").unwrap().questionnaire()).unwrap();
        let answers = [
            ("1".to_owned(), Answer::Words("<b>Asthma</b>".to_owned())),
            ("5".to_owned(), Answer::Option(2)),
            ("9".to_owned(), Answer::Yes),
        ];
        let patient = FhirId::parse("p1").unwrap();
        let by = json!({"reference": "RelatedPerson/r", "display": "Signe"});
        let stored = response(&form, &patient, &by, &answers, "2026-03-03T09:00:00Z".parse().unwrap());
        fits(&stored);
        assert_eq!((&stored["source"], &stored["subject"]["reference"]), (&by, &json!("Patient/p1")));
        assert_eq!(stored["item"].as_array().unwrap().len(), 2);
        assert_eq!(stored["item"][0]["answer"][0]["valueString"], "<b>Asthma</b>");
        let chosen = &stored["item"][1]["answer"][0]["valueCoding"];
        assert_eq!(chosen["display"], "No longer");
        for (line, spanish) in [(&chosen["_display"], "Ya no"), (&stored["item"][1]["_text"], "¿Fuma?")] {
            assert_eq!(line["extension"][0]["extension"][1]["valueString"], spanish);
        }
    }

    #[test]
    fn a_form_with_a_question_that_cannot_be_asked_here_is_none() {
        let mut one = BUILT[0].questionnaire();
        one["item"][0]["type"] = json!("attachment");
        assert_eq!(Form::of(&one), None);
    }

    #[test]
    fn each_patient_of_a_visit_for_several_has_answers_of_their_own() {
        let visit = |patients: &[&str]| {
            let of = |who: &&str| json!({"actor": {"reference": format!("Patient/{who}")}, "status": "accepted"});
            json!({"resourceType": "Appointment", "status": "booked", "start": "2026-03-03T09:00:00Z",
                "end": "2026-03-03T09:20:00Z", "participant": patients.iter().map(of).collect::<Value>()})
        };
        let id = |text: &str| FhirId::parse(text).unwrap();
        let first = with_answers(visit(&["p", "q"]), &id("a1"), "Patient/p");
        fits(&first);
        assert_eq!((answers_of_one(&first, "p"), answers_of_one(&first, "q")), (Some("a1"), None));
        assert_eq!(returned(&first), (1, 2), "the other's is open");
        let both = with_answers(tagged(first.clone(), FORM_SEEN), &id("a2"), "Patient/q");
        assert_eq!((answers_of_one(&both, "p"), answers_of_one(&both, "q")), (Some("a1"), Some("a2")));
        assert_eq!((returned(&both), returned(&visit(&["p"]))), ((2, 2), (0, 1)));
        assert!(schedule::has_form_to_see(&both), "nobody has read the second");
        // One's are read, and the other's still wait.
        assert!(is_to_see(&first, "a1") && !is_to_see(&first, "a2"));
        let one_read = with_read_answers(with_answers(first.clone(), &id("a2"), "Patient/q"), "a1");
        fits(&one_read);
        assert!(schedule::has_form_to_see(&one_read), "the visit stays in the inbox");
        assert_eq!((is_to_see(&one_read, "a1"), is_to_see(&one_read, "a2")), (false, true));
        let both_read = with_read_answers(one_read, "a2");
        assert!(!schedule::has_form_to_see(&both_read) && !is_to_see(&both_read, "a2"));
        // Whose form comes later waits alone, also where the visit was marked as a whole.
        let later = with_answers(with_read_answers(first.clone(), "a1"), &id("a3"), "Patient/q");
        let marked_whole = with_answers(tagged(first, FORM_SEEN), &id("a3"), "Patient/q");
        for later in [later, marked_whole] {
            assert_eq!((is_to_see(&later, "a1"), is_to_see(&later, "a3")), (false, true));
        }
        let alone = with_answers(visit(&["p"]), &id("a1"), "Patient/p");
        assert!(!schedule::has_form_to_see(&with_read_answers(alone.clone(), "a1")));
        assert_eq!((answers_of_one(&alone, "p"), answers_of(&alone)), (Some("a1"), vec!["a1"]));
        assert_eq!(alone.pointer("/supportingInformation/0/extension"), None);
    }
}
