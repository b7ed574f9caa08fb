// One visit from its booking to the patient's last question about it, as people do it who have read nothing: only by what the
// screens say. The first address is typed; after it links, buttons and fields are found by the words that stand on them.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { shared, visitor } from './harness.mjs';

const { box, chrome } = await shared('--patients', '12');

const PHONE = { width: 375, height: 812 };

/** What the patient reads and presses, in each language. */
const WORDS = {
  'en-GB': {
    user: 'User name', password: 'Password', signIn: 'Sign in', hello: /Hello, Halina/, home: 'Home', todo: /What to do next/,
    book: 'Book a visit', kind: /^Visit\b/, about: 'What is it about?', bookIt: 'Book it', booked: /It is booked/,
    medicines: 'Medicines', print: 'Print this list', write: 'Write a message', topic: /A question about my health/, text: 'Your message',
    send: 'Send', sent: /It is sent/, answer: /New message from the clinic/, looked: /opened your record/, lookTitle: /Who looked at your record/,
    doctor: /Doctor/, care: /Your care/, opened: /[Oo]pened|Added|Signed/, question: /Question this/, wrong: 'What seems wrong to you', ask: 'Send it',
    asked: /Your request is with the clinic/, answered: /Answered: Why somebody looked/,
  },
  'es-ES': {
    user: 'Usuario', password: 'Contraseña', signIn: 'Entrar', hello: /Hola, Halina/, home: 'Inicio', todo: /Qué hacer ahora/,
    book: 'Reservar una cita', kind: /^Consulta\b/, about: '¿De qué se trata?', bookIt: 'Reservar', booked: /Está reservada/,
    medicines: 'Medicinas', print: 'Imprimir esta lista', write: 'Escribir un mensaje', topic: /Una pregunta sobre mi salud/, text: 'Su mensaje',
    send: 'Enviar', sent: /Enviado/, answer: /Mensaje nuevo de la clínica/, looked: /abri(ó|eron).* su historial/, lookTitle: /Quién ha visto su historial/,
    doctor: /Médic/, care: /Su atención/, opened: /[Aa]brió|Añadió|Firmó/, question: /Preguntar por esto/, wrong: 'Qué le parece que está mal', ask: 'Enviar',
    asked: /La clínica ya tiene su solicitud/, answered: /Respondida: Por qué miró alguien/,
  },
};

let pictures = 0;

/** Keeps a picture of where the journey is, when pictures are wanted. */
async function picture(page, name) {
  if (!process.env.CHARTBOX_SHOTS) return;
  mkdirSync(process.env.CHARTBOX_SHOTS, { recursive: true });
  pictures += 1;
  await page.screenshot({ path: path.join(process.env.CHARTBOX_SHOTS, `journey-${String(pictures).padStart(2, '0')}-${name}.png`), fullPage: true });
}

/** Waits until the page says it. */
const says = (page, words) => page.locator('main', { hasText: words }).waitFor();

/** The first link or button that shows these words, inside a part of the page. */
const thing = (page, words, part = page) => part.getByRole('link', { name: words }).or(part.getByRole('button', { name: words })).filter({ visible: true }).first();

const follow = (page, words, part) => thing(page, words, part).click();
const type = (page, words, text) => page.getByLabel(words).and(page.locator('input, textarea')).filter({ visible: true }).first().fill(text);

/** Opens the box where this role does, and signs in by what the page asks for. */
async function arrive(role, origin, words, options) {
  const page = await visitor(chrome, options);
  await page.goto(origin);
  const account = box.account(role);
  await type(page, words.user, account.user);
  await type(page, words.password, account.password);
  await picture(page, `${role}-signs-in`);
  await follow(page, words.signIn);
  return page;
}

const EN = WORDS['en-GB'];
const staff = (role) => arrive(role, box.clinic, EN);

/** Goes on from day to day until it finds what it looks for. */
async function dayBy(page, found) {
  for (let days = 0; days < 30 && await found().count() === 0; days++) {
    const before = await page.textContent('h1');
    await follow(page, 'The day after');
    await page.waitForFunction((before) => document.querySelector('h1')?.textContent !== before, before);
  }
  assert.ok(await found().count() > 0, 'the visit is in one of the days');
}

async function books(patient, w) {
  await says(patient, w.hello);
  await picture(patient, 'home');
  await follow(patient, w.book);
  await picture(patient, 'book-kinds');
  await follow(patient, w.kind);
  await follow(patient, /Adeyemi-Strand/);
  await thing(patient, /^\d\d:\d\d.*Adeyemi/).waitFor();
  await picture(patient, 'book-times');
  await follow(patient, /^\d\d:\d\d.*Adeyemi/);
  await type(patient, w.about, 'Cough and fever');
  const when = await patient.getByRole('heading', { level: 2 }).first().textContent();
  await picture(patient, 'book-check');
  await follow(patient, w.bookIt);
  await says(patient, w.booked);
  await picture(patient, 'booked');
  return /\d\d:\d\d/.exec(when)[0];
}

async function writes(patient, w, text) {
  await follow(patient, w.home);
  await says(patient, w.todo);
  await follow(patient, w.write);
  await picture(patient, 'message-topics');
  await follow(patient, w.topic);
  await type(patient, w.text, text);
  await picture(patient, 'message-new');
  await follow(patient, w.send);
  await says(patient, w.sent);
  await picture(patient, 'message-sent');
}

/** The doctor finds the message in the inbox and answers it. */
async function answers(doctor, text, answer) {
  await follow(doctor, /^Inbox/);
  await picture(doctor, 'inbox');
  await follow(doctor, new RegExp(`Brandvold[^]*${text}`, 'i'));
  await says(doctor, text);
  await type(doctor, 'Your answer', answer);
  await picture(doctor, 'answers');
  await follow(doctor, /^Send$/);
  await says(doctor, answer);
}

async function readsAnswer(patient, w, answer) {
  await follow(patient, w.home);
  await says(patient, w.answer);
  await picture(patient, 'home-with-answer');
  await follow(patient, new RegExp(`${w.answer.source}[^]*Adeyemi`));
  await says(patient, answer);
  await picture(patient, 'reads-answer');
}

/** Sees in "who looked" who, when, why and what, and asks about the doctor's line. */
async function questions(patient, w, words) {
  await follow(patient, w.home);
  await says(patient, w.todo);
  await follow(patient, w.looked);
  await says(patient, w.lookTitle);
  await picture(patient, 'who-looked');
  const line = patient.getByRole('listitem').filter({ hasText: 'Adeyemi-Strand' }).filter({ hasText: w.care }).first();
  const said = await line.innerText();
  for (const part of [w.doctor, /\d\d:\d\d/, w.care, w.opened]) assert.match(said, part);
  await follow(patient, w.question, line);
  await says(patient, 'Adeyemi-Strand');
  await type(patient, w.wrong, words);
  await picture(patient, 'question');
  await follow(patient, w.ask);
  await says(patient, w.asked);
}

async function answersQuestion(words, answer) {
  const admin = await staff('healthadmin');
  await picture(admin, 'admin-first');
  await follow(admin, /^Requests/);
  await picture(admin, 'admin-requests');
  const asked = admin.getByRole('region', { name: 'Open' }).getByRole('row').filter({ hasText: 'Why somebody looked' }).filter({ hasText: 'Brandvold' });
  await follow(admin, /Why somebody looked/, asked.last());
  await says(admin, words);
  await type(admin, 'Your answer, or the reason', answer);
  await picture(admin, 'admin-answers');
  await follow(admin, 'Answer it');
  await says(admin, 'The answer is with the patient');
  await admin.context().close();
}

async function readsReply(patient, w, answer) {
  await follow(patient, w.home);
  await says(patient, w.answered);
  await follow(patient, w.answered);
  await says(patient, answer);
  await picture(patient, 'reads-reply');
}

test('a visit is booked, kept, written down and asked about by what the screens say', async () => {
  const w = EN;
  const patient = await arrive('patient', box.portal, w, PHONE);
  const clock = await books(patient, w);

  const desk = await staff('reception');
  await picture(desk, 'desk-day');
  const booked = () => desk.getByRole('link').filter({ hasText: 'Brandvold' }).filter({ hasText: `${clock} Visit` });
  await dayBy(desk, booked);
  await picture(desk, 'desk-day-of-visit');
  await booked().first().click();
  await says(desk, 'Adeyemi-Strand');
  assert.doesNotMatch(await desk.textContent('main'), /fever/, 'why somebody comes is not the desk’s');
  await picture(desk, 'desk-visit');
  await follow(desk, 'Check in');
  await desk.getByLabel('I asked for name and birth date').check();
  // The first free time may be another day's.
  const otherDay = desk.getByLabel('They are here today all the same');
  if (await otherDay.count() > 0) await otherDay.check();
  await picture(desk, 'desk-check-in');
  await follow(desk, 'They have arrived');
  // Who finds the patient by name comes to the same visit.
  await type(desk, 'Find a patient', 'Brandvold');
  await follow(desk, /BRANDVOLD, Halina/);
  await picture(desk, 'desk-patient');
  await follow(desk, new RegExp(clock));
  await says(desk, 'Arrived');
  await desk.context().close();

  const doctor = await staff('clinician');
  await picture(doctor, 'doctor-today');
  const arrived = () => doctor.getByRole('row').filter({ hasText: 'BRANDVOLD, Halina' }).filter({ hasText: clock }).filter({ hasText: 'Arrived' });
  await dayBy(doctor, arrived);
  await picture(doctor, 'doctor-day-of-visit');
  await follow(doctor, /BRANDVOLD/, arrived());
  await doctor.getByRole('heading', { name: 'BRANDVOLD, Halina', level: 1 }).waitFor();
  await picture(doctor, 'chart');
  await follow(doctor, 'Write note');
  await type(doctor, 'Reason for the visit', 'Cough and fever');
  await type(doctor, 'Subjective', 'Coughing for six days, fever since yesterday.');
  await type(doctor, 'Plan', 'Clarithromycin for seven days.');
  await doctor.getByRole('group', { name: 'New problems' }).getByLabel('Problem').first().fill('Acute bronchitis');
  await picture(doctor, 'note');
  await follow(doctor, /^Sign$/);
  await says(doctor, 'The note is signed');
  await picture(doctor, 'note-signed');
  await says(doctor, 'Acute bronchitis');

  await follow(doctor, 'Prescribe');
  await type(doctor, 'Name or substance', 'clarith');
  await follow(doctor, /Clarithromycin 500 mg tablet/);
  await says(doctor, /Serious: Clarithromycin/);
  await type(doctor, 'Each time', '1');
  await doctor.getByLabel('How often').selectOption('twice a day');
  await type(doctor, 'For how many days', '7');
  await doctor.getByLabel('For which problem').selectOption({ label: 'Acute bronchitis' });
  for (const why of await doctor.getByLabel('Why it is prescribed all the same').all()) await why.fill('Penicillin anaphylaxis; short course.');
  await picture(doctor, 'prescribe');
  await follow(doctor, /^Sign$/);
  await says(doctor, 'It is signed');
  await picture(doctor, 'prescription');
  const paper = doctor.waitForEvent('download');
  await follow(doctor, /PDF|[Pp]rint/);
  assert.match((await paper).suggestedFilename(), /\.pdf$/);

  await follow(patient, w.medicines);
  await says(patient, /Clarithromycin 500 mg/);
  const medicine = await patient.getByRole('listitem').filter({ hasText: 'Clarithromycin' }).first().innerText();
  assert.match(medicine, /1 tablet[^]*for 7 days[^]*For: Acute bronchitis/);
  await picture(patient, 'medicines');
  await patient.evaluate(() => { globalThis.print = () => { globalThis.printed = true; }; });
  await follow(patient, w.print);
  assert.equal(await patient.evaluate(() => globalThis.printed), true, 'the list goes to the printer');

  await writes(patient, w, 'May I take it with milk?');
  await answers(doctor, 'May I take it with milk', 'Yes, with or without food.');
  await doctor.context().close();
  await readsAnswer(patient, w, 'Yes, with or without food.');
  await questions(patient, w, 'Why were my old results opened?');
  await answersQuestion('Why were my old results opened?', 'The doctor compared them before prescribing.');
  await readsReply(patient, w, 'The doctor compared them before prescribing.');
  assert.deepEqual(patient.faults, []);
  await patient.context().close();
});

test('the patient’s part goes the same way in Spanish', async () => {
  const w = WORDS['es-ES'];
  const patient = await arrive('patient', box.portal, w, { ...PHONE, locale: 'es-ES' });
  await books(patient, w);
  await follow(patient, w.home);
  await says(patient, /Consulta con Dr R Adeyemi-Strand/);
  await follow(patient, w.medicines);
  await thing(patient, w.print).waitFor();
  await picture(patient, 'medicinas');
  await writes(patient, w, '¿Puedo nadar?');
  const doctor = await staff('clinician');
  await answers(doctor, '¿Puedo nadar', 'Sí, con calma.');
  await doctor.context().close();
  await readsAnswer(patient, w, 'Sí, con calma.');
  await questions(patient, w, 'No estuve en la clínica.');
  await answersQuestion('No estuve en la clínica.', 'Firmó su análisis.');
  await readsReply(patient, w, 'Firmó su análisis.');
  assert.deepEqual(patient.faults, []);
  await patient.context().close();
});
