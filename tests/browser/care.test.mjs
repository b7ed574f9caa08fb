// Doctors and nurses at work: a visit note from its beginning to its addendum, results, an emergency, the lines of a chart.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect, shared } from './harness.mjs';

const { box, signedIn } = await shared('--patients', '8');
const patient = box.account('patient').patient;

const chart = (path = '') => `${box.clinic}/patients/${patient}${path}`;

/** Begins a new note of this visit and answers with its address. */
async function beginNote(page) {
  await page.goto(chart());
  await Promise.all([page.waitForURL(/\/notes\/[0-9a-f-]+/), page.click('.banner-acts button:has-text("Write note")')]);
  return page.url().split('?')[0];
}

const text = (page, part = 'main') => page.textContent(part);

test('a note is begun, kept through a crash, signed and added to, and the patient reads it', async () => {
  const doctor = await signedIn('clinician');
  const note = await beginNote(doctor);
  assert.deepEqual(await inspect(doctor, 'note'), []);
  await doctor.fill('#systolic', '148');
  await doctor.fill('#diastolic', '86');
  await doctor.fill('#pulse', '96');
  await doctor.fill('#temperature', '38.4');
  await doctor.locator('#objective').pressSequentially('Today .bp .');
  assert.match(await doctor.inputValue('#objective'), /Blood pressure 148\/86 mmHg/);
  await doctor.fill('#subjective', 'Cough for <six> days & fever');
  await doctor.waitForFunction(() => /kept/i.test(document.querySelector('[data-kept-line]').textContent));
  // The browser is gone before anything was saved.
  const context = doctor.context();
  const again = await context.newPage();
  await doctor.close();
  await again.goto(note);
  assert.equal(await again.inputValue('#subjective'), 'Cough for <six> days & fever');
  assert.equal(await again.inputValue('#pulse'), '96');
  await again.fill('#problem1', 'Acute bronchitis');
  await again.fill('#order1', 'Chest X-ray');
  await again.selectOption('#order1_kind', 'imaging');
  await again.fill('#vaccine', 'Influenza');
  await again.click('button[value=save]');
  assert.match(await text(again), /saved\. It is not signed/i);
  assert.match(await text(again), /Acute bronchitis/);

  const own = await signedIn('patient', box.portal);
  await own.goto(`${box.portal}/my/documents`);
  assert.doesNotMatch(await text(own), /Cough for/, 'nobody has signed it');
  await own.goto(`${box.portal}/my/problems`);
  assert.doesNotMatch(await text(own), /Acute bronchitis/);

  await again.fill('#reason', 'Cough and fever');
  await again.click('button[value=sign]');
  assert.match(await text(again), /The note is signed/);
  assert.match(await text(again), /Signed by Dr/);
  assert.deepEqual(await inspect(again, 'note-signed'), []);
  await again.fill('#addendum', 'The X-ray shows nothing new.');
  await again.click('button:has-text("Sign the addendum")');
  assert.match(await text(again), /The X-ray shows nothing new/);

  await own.goto(`${box.portal}/my/documents`);
  const href = await own.getAttribute('a:has-text("Visit note: Cough and fever")', 'href');
  const read = await own.request.get(new URL(href, box.portal).href);
  assert.match(await read.text(), /Cough for (<|&#60;|&lt;)six(>|&#62;|&gt;) days (&|&#38;|&amp;) fever/);
  await own.goto(`${box.portal}/my/problems`);
  assert.match(await text(own), /Acute bronchitis/);
  await own.goto(`${box.portal}/my/visits`);
  assert.match(await text(own), /Ordered for you[^]*Chest X-ray/);
  await own.context().close();

  // What was ordered is found again.
  await again.goto(chart('/search?q=x-ray'));
  await again.locator('main a', { hasText: 'Chest X-ray' }).first().click();
  assert.match(await text(again, '[aria-labelledby=h-open]'), /Chest X-ray[^]*Imaging/);
  assert.deepEqual(await inspect(again, 'chart-orders'), []);
  await again.goto(chart('/timeline?show=order'));
  assert.match(await text(again), /Ordered: Chest X-ray/);

  // It was the visit for which the patient had arrived, and no second one.
  await again.goto(chart('/visits'));
  assert.equal(await again.locator('main :text("Cough and fever")').count(), 1);
  // What was typed is compared with the ranges that the record has: a fever is none that looks normal.
  await again.goto(chart());
  const vital = (name) => text(again, `.vitals > div:has(dt:has-text("${name}"))`);
  assert.match(await vital('Temperature'), /38\.4[^]*High/);
  assert.match(await vital('Blood pressure'), /148\/86[^]*High/);
  await context.close();
});

test('a line of a note without its name is kept in the form, and a note with one is not signed', async () => {
  const doctor = await signedIn('clinician', box.clinic, { script: false });
  await beginNote(doctor);
  await doctor.fill('#plan', 'Rest');
  await doctor.fill('#vaccine_lot', 'AB12');
  await doctor.fill('#vaccine_dose', 'two');
  await doctor.fill('#problem1_since', 'yesterday');
  await doctor.selectOption('#order2_kind', 'referral');
  await doctor.click('button[value=save]');
  assert.match(await text(doctor), /saved, but for a line below that has no name yet/);
  const stands = async () =>
    Promise.all(['#plan', '#vaccine_lot', '#vaccine_dose', '#problem1_since', '#order2_kind'].map((id) => doctor.inputValue(id)));
  const typed = ['Rest', 'AB12', 'two', 'yesterday', 'referral'];
  assert.deepEqual(await stands(), typed);
  await doctor.click('button[value=sign]');
  const said = await text(doctor);
  for (const fault of [/Vaccine is missing/, /Problem is missing/, /Order is missing/]) assert.match(said, fault);
  assert.deepEqual(await stands(), typed);
  await doctor.fill('#vaccine', 'Tetanus');
  await doctor.fill('#vaccine_dose', '2');
  await doctor.fill('#problem1_since', '');
  await doctor.selectOption('#order2_kind', '');
  await doctor.click('button[value=sign]');
  assert.match(await text(doctor), /The note is signed/);
  await doctor.context().close();
});

test('what was ordered is done, called off or a mistake, without script, and the patient reads what is open in both languages', async () => {
  const doctor = await signedIn('clinician', box.clinic, { script: false });
  const order = async (...names) => {
    await beginNote(doctor);
    await doctor.fill('#plan', 'Look further');
    for (const [at, name] of names.entries()) {
      await doctor.fill(`#order${at + 1}`, name);
      await doctor.selectOption(`#order${at + 1}_kind`, 'imaging');
    }
    await doctor.click('button[value=sign]');
    assert.match(await text(doctor), /The note is signed/);
  };
  await order('Heart scan', 'Chest MRI');
  await order('Hearing test', 'Foot scan');
  const open = () => text(doctor, '[aria-labelledby=h-open]');
  const past = () => text(doctor, '[aria-labelledby=h-past]');
  await doctor.goto(chart('/orders'));
  for (const name of [/Heart scan/, /Chest MRI/, /Hearing test/]) assert.match(await open(), name);
  assert.deepEqual(await inspect(doctor, 'orders-open'), []);
  const patients = await Promise.all(
    [['en-GB', 'Ordered for you'], ['es-ES', 'Pedido para usted']].map(async ([locale, title]) => ({ title, page: await signedIn('patient', box.portal, { locale, script: false }) })),
  );
  const read = async (page) => {
    await page.goto(`${box.portal}/my/visits`);
    return text(page, '[aria-labelledby=h-ordered]');
  };
  for (const { title, page } of patients) {
    const said = await read(page);
    for (const name of [title, 'Heart scan', 'Chest MRI', 'Hearing test']) assert.ok(said.includes(name), `${title}: ${name}`);
    assert.deepEqual(await inspect(page, `my-ordered-${title.split(' ')[0].toLowerCase()}`), []);
  }

  await doctor.click('a:has-text("Heart scan")');
  assert.deepEqual(await inspect(doctor, 'order'), []);
  await doctor.click('button[value=save]');
  assert.equal(await doctor.locator('.toast').count(), 1);
  assert.doesNotMatch(await open(), /Heart scan/);
  assert.match(await past(), /Heart scan[^]*Done/);
  // It was said once.
  await doctor.reload();
  assert.equal(await doctor.locator('.toast').count(), 0);

  await doctor.click('a:has-text("Chest MRI")');
  await doctor.click('button[value=off]');
  assert.match(await text(doctor, '.field:has(#note)'), /missing/i);
  assert.deepEqual(await inspect(doctor, 'order-no-reason'), []);
  await doctor.fill('#note', 'moved away');
  await doctor.click('button[value=off]');
  assert.match(await past(), /Chest MRI[^]*moved away[^]*Called off/);
  await doctor.click('a:has-text("Hearing test")');
  await doctor.fill('#note', 'meant for another');
  await doctor.click('button[value=mistake]');
  assert.doesNotMatch(await text(doctor), /Hearing test/);
  assert.deepEqual(await inspect(doctor, 'orders-past'), []);
  await doctor.goto(chart('/timeline?show=order'));
  assert.match(await text(doctor), /Ordered: Chest MRI[^]*Called off; moved away/);

  for (const { page } of patients) {
    await page.goto(`${box.portal}/my/visits`);
    const said = await page.locator('[aria-labelledby=h-ordered]').allTextContents();
    for (const name of ['Heart scan', 'Chest MRI', 'Hearing test']) assert.ok(!said.join().includes(name), name);
    await page.context().close();
  }
  // A nurse may say that something is done, and no more.
  const nurse = await signedIn('nurse', box.clinic, { script: false });
  await nurse.goto(chart('/orders'));
  await nurse.click('a:has-text("Foot scan")');
  assert.equal(await nurse.locator('button[value=off], button[value=mistake]').count(), 0);
  await nurse.click('button[value=save]');
  assert.match(await text(nurse, '[aria-labelledby=h-past]'), /Foot scan[^]*Done/);
  for (const page of [nurse, doctor]) await page.context().close();
});

test('what is written has its code from the list that fits, with script and without, or none', async () => {
  const doctor = await signedIn('clinician');
  await doctor.goto(chart('/problems/new'));
  await doctor.locator('#name').pressSequentially('heart f');
  await doctor.waitForFunction(() => document.querySelector('#name-list').options.length === 1);
  assert.equal(await doctor.locator('#name-list option').getAttribute('value'), 'Heart failure');
  await doctor.fill('#name', 'heart FAILURE');
  await doctor.click('button[value=save]');
  assert.match(await text(doctor), /Heart failure SNOMED CT 84114007/);
  assert.deepEqual(await inspect(doctor, 'problems-coded'), []);
  await doctor.context().close();

  const plain = await signedIn('clinician', box.clinic, { script: false });
  await beginNote(plain);
  await plain.fill('#problem1', 'ear');
  await plain.fill('#problem2', 'Ear ache of a swimmer');
  await plain.fill('#order1', 'x-ray');
  await plain.click('button[value=codes] >> nth=0');
  assert.equal(await plain.inputValue('#problem1'), 'ear', 'nothing is chosen for anybody');
  assert.match(await text(plain), /Nothing in the list fits/);
  assert.deepEqual(await inspect(plain, 'note-codes'), []);
  await plain.selectOption('#problem1', 'Middle ear infection');
  await plain.selectOption('#order1', 'Chest X-ray');
  await plain.click('button[value=words] >> nth=0');
  assert.equal(await plain.locator('input#problem1').inputValue(), 'Middle ear infection');
  // Enter saves; it neither signs nor takes anything away.
  await plain.locator('#reason').press('Enter');
  await plain.waitForURL(/done=saved/);
  const made = await text(plain, '[aria-labelledby=h-made] .rows');
  assert.match(made, /Middle ear infection SNOMED CT 65363002[^]*Ear ache of a swimmer No code[^]*Chest X-ray chest-x-ray/);
  await plain.fill('#plan', 'Rest');
  await plain.click('button[value=sign]');
  await plain.context().close();

  const own = await signedIn('patient', box.portal, { locale: 'es-ES' });
  await own.goto(`${box.portal}/my/problems`);
  assert.match(await text(own), /Insuficiencia cardíaca[^]*Diabetes tipo 2/);
  assert.equal(await own.locator('h3:has-text("Ear ache of a swimmer") [lang=en]').count(), 1, 'as it was written');
  await own.context().close();
});

test('a doctor goes on with the note that a nurse has begun of the same visit', async () => {
  const nurse = await signedIn('nurse', box.clinic, { script: false });
  const note = await beginNote(nurse);
  await nurse.fill('#subjective', 'Better since yesterday');
  await nurse.click('button[value=save]');
  const doctor = await signedIn('clinician', box.clinic, { script: false });
  assert.equal(await beginNote(doctor), note);
  assert.match(await text(doctor), /A colleague has begun the note/);
  assert.equal(await doctor.inputValue('#subjective'), 'Better since yesterday');
  await doctor.click('summary:has-text("Discard")');
  await doctor.click('button[value=discard]');
  for (const page of [nurse, doctor]) await page.context().close();
});

test('of two who change a problem at once the second keeps the text and sees what stands there', async () => {
  const doctor = await signedIn('clinician', box.clinic, { script: false });
  await doctor.goto(chart('/problems/new'));
  await doctor.fill('#name', 'Stiff shoulder');
  await doctor.click('button[value=save]');
  await doctor.click('a:has-text("Stiff shoulder")');
  const other = await doctor.context().newPage();
  await other.goto(doctor.url());
  await other.fill('#note', 'Worse at night');
  await other.click('button[value=save]');
  await doctor.fill('#note', 'Better after swimming');
  await doctor.click('button[value=save]');
  assert.match(await text(doctor), /This was changed after you opened it[^]*Worse at night/);
  assert.doesNotMatch(await text(doctor), /Somebody else/);
  assert.equal(await doctor.inputValue('#note'), 'Better after swimming');
  assert.match(await text(doctor, '.field:has(#note)'), /Now stands: Worse at night/);
  assert.doesNotMatch(await text(doctor, '.field:has(#name)'), /Now stands/);
  assert.deepEqual(await inspect(doctor, 'problem-meanwhile'), []);
  await doctor.fill('#note', 'Worse at night, better after swimming');
  await doctor.click('button[value=save]');
  assert.match(doctor.url(), /done=changed/);
  await doctor.context().close();
});

/** A second tab of the same page. */
async function beside(page) {
  const other = await page.context().newPage();
  await other.goto(page.url());
  return other;
}

test('of two who take an allergy back, sign a result or stop a medicine the second keeps the text', async () => {
  const doctor = await signedIn('clinician', box.clinic, { script: false });
  await doctor.goto(chart('/allergies/new'));
  await doctor.fill('#substance', 'Mango');
  await doctor.selectOption('#category', 'food');
  await doctor.click('button[value=save]');
  await doctor.click('a:has-text("Mango")');
  let other = await beside(doctor);
  for (const [page, reason] of [[other, 'Meant for another'], [doctor, 'She eats mangos every day']]) {
    await page.fill('#reason', reason);
    await page.click('button[value=save]');
  }
  // Nothing is left to be taken back; what was typed is there all the same.
  assert.match(await text(doctor), /changed after you opened it[^]*She eats mangos every day/);
  assert.deepEqual(await inspect(doctor, 'allergy-gone-meanwhile'), []);
  await doctor.click('button:has-text("Take what stands now")');
  assert.doesNotMatch(await text(doctor), /mangos/);

  await doctor.goto(chart('/results/new'));
  const nurse = await signedIn('nurse', box.clinic, { script: false });
  await nurse.goto(chart('/results/new'));
  await nurse.fill('#title', 'Iron tests');
  for (const [field, value] of [['test1', 'Iron'], ['value1', '9'], ['unit1', 'umol/L']]) await nurse.fill(`#${field}`, value);
  await nurse.click('button.btn-main:has-text("Add to the record")');
  await doctor.goto(`${box.clinic}/inbox`);
  await doctor.click('a:has-text("Iron tests")');
  other = await beside(doctor);
  await other.click('button[value=sign]');
  await doctor.fill('#comment', 'Low again, to be discussed');
  await doctor.click('button[value=sign]');
  assert.match(await text(doctor), /changed after you opened it[^]*Low again, to be discussed[^]*Signed/i);
  assert.deepEqual(await inspect(doctor, 'report-meanwhile'), []);
  await doctor.click('button:has-text("Take what stands now")');
  assert.doesNotMatch(await text(doctor), /to be discussed/);

  await doctor.goto(chart('/medicines'));
  await doctor.click('main a:has-text("Empagliflozin")');
  other = await beside(doctor);
  for (const [page, words] of [[other, 'No longer needed'], [doctor, 'Kidneys are worse, stop']]) {
    await page.selectOption('#why', 'other');
    await page.fill('#words', words);
    await page.click('button:has-text("Stop")');
  }
  assert.match(await text(doctor), /changed after you opened it[^]*Kidneys are worse, stop[^]*No longer needed/);
  for (const page of [doctor, nurse]) await page.context().close();
});

test('of two who write at once neither loses a word', async () => {
  const doctor = await signedIn('clinician');
  const note = await beginNote(doctor);
  const nurse = await signedIn('nurse');
  await nurse.goto(note);
  assert.equal(await nurse.locator('button[value=sign]').count(), 0, 'a nurse does not sign');
  await nurse.fill('#plan', 'The nurse was here');
  await doctor.fill('#plan', 'The doctor was here');
  await nurse.click('button[value=save]');
  await nurse.waitForURL(/done=saved/);
  await doctor.click('button[value=save]');
  assert.match(await text(doctor), /changed this note/);
  assert.match(await text(doctor, '.meanwhile'), /The nurse was here/);
  assert.equal(await doctor.inputValue('#plan'), 'The doctor was here');
  assert.deepEqual(await inspect(doctor, 'note-meanwhile'), []);
  // Neither a save nor a template passes what is not settled.
  await doctor.click('button:has-text("Insert template")');
  assert.match(await text(doctor, '.meanwhile'), /The nurse was here/);
  await doctor.click('button[value=save]');
  assert.match(await text(doctor, '.error-summary'), /Plan: say which/);
  await doctor.check('input[name=keep_plan][value=both]');
  await doctor.click('button[value=save]');
  await doctor.waitForURL(/done=saved/);
  assert.match(await doctor.inputValue('#plan'), /^The nurse was here\nThe doctor was here/);
  // A nurse who sends the doctor's button is refused.
  await nurse.goto(note);
  const status = await nurse.evaluate(async () => {
    const form = new URLSearchParams(new FormData(document.querySelector('#note')));
    form.set('act', 'sign');
    return (await fetch(location.pathname, { method: 'POST', body: form })).status;
  });
  assert.equal(status, 403);
  await nurse.context().close();
  await doctor.context().close();
});

test('what was typed beside somebody who saved is named, all of it and nothing else, and put into the form again', async () => {
  const doctor = await signedIn('clinician');
  const note = await beginNote(doctor);
  await doctor.fill('#subjective', 'Cough since Monday');
  await doctor.click('button[value=save]');
  await doctor.waitForURL(/done=saved/);
  const nurse = await signedIn('nurse');
  await nurse.goto(note);
  const kept = doctor.waitForResponse((answer) => answer.url().endsWith('/drafts') && answer.ok());
  await doctor.fill('#objective', 'Crackles on the left');
  await doctor.fill('#temperature', '38,1');
  await doctor.fill('#problem1', 'Chest infection');
  await doctor.fill('#order1', 'Chest X-ray');
  await doctor.fill('#plan', 'Amoxicillin');
  await kept;
  await doctor.waitForFunction(() => /kept/i.test(document.querySelector('[data-kept-line]').textContent));
  await doctor.waitForTimeout(3_000);
  await nurse.fill('#pulse', '96');
  await nurse.click('button[value=save]');
  await nurse.waitForURL(/done=saved/);
  // The page is gone, and opened anew.
  const first = await doctor.inputValue('#note [name=at]');
  const again = await doctor.context().newPage();
  await doctor.close();
  await again.goto(note);
  const stands = () => Promise.all(['#objective', '#temperature', '#problem1', '#order1', '#plan', '#pulse', '#subjective'].map((id) => again.inputValue(id)));
  const typed = ['Crackles on the left', '38,1', 'Chest infection', 'Chest X-ray', 'Amoxicillin', '96', 'Cough since Monday'];
  // What the nurse saved stands there, and beside it all that was typed and not saved, to be put into the form.
  const beside = await again.textContent('section[aria-label="Typed and not saved"]');
  for (const words of ['Crackles on the left', '38,1', 'Chest infection', 'Chest X-ray', 'Amoxicillin']) assert.ok(beside.includes(words), words);
  assert.doesNotMatch(beside, /Subjective|Cough/);
  await again.click('section[aria-label="Typed and not saved"] a:has-text("Put it into the form")');
  assert.deepEqual(await stands(), typed);
  assert.doesNotMatch(await text(again), /It is in no note/, 'it stands in the form');
  assert.deepEqual(await inspect(again, 'note-again'), []);
  // A second page of the note with words of its own is named with all of them, and with nothing that stands already.
  const second = await again.context().newPage();
  await again.evaluate(async (at) => {
    const form = new URLSearchParams(new FormData(document.querySelector('#note')));
    const fields = { at: `${at}?tab=other`, plan: 'Rest', weight: '84', problem1: '', order1: '', vaccine: 'Influenza', vaccine_lot: 'AB1', objective: '', temperature: '' };
    for (const [name, value] of Object.entries(fields)) form.set(name, value);
    await fetch('/drafts', { method: 'POST', body: form });
  }, new URL(note).pathname);
  await second.goto(`${box.clinic}${first}`);
  const said = await second.textContent('section[aria-label="Typed and not saved"]');
  assert.match(said, /Weight[^]*84/);
  assert.match(said, /Plan[^]*Rest/);
  assert.match(said, /Influenza, AB1/);
  assert.doesNotMatch(said, /Subjective|Cough|Pulse/);
  assert.deepEqual(await inspect(second, 'note-also-typed'), []);
  await second.click('section[aria-label="Typed and not saved"] a:has-text("Put it into the form")');
  assert.equal(await second.inputValue('#weight'), '84');
  for (const page of [again, nurse]) await page.context().close();
});

test('a note is written and signed without script, and a template fills its parts', async () => {
  const doctor = await signedIn('clinician', box.clinic, { script: false });
  await beginNote(doctor);
  await doctor.selectOption('#template', 'cough');
  await doctor.click('button:has-text("Insert template")');
  assert.match(await doctor.inputValue('#plan'), /Rest and fluids/);
  assert.match(await doctor.inputValue('#plan'), /To come back at once/, 'phrases inside a template are said in full');
  await doctor.fill('#pulse', '9600');
  await doctor.fill('#assessment', '.allergies');
  await doctor.click('button[value=sign]');
  assert.match(await text(doctor), /between 20 and 300/);
  await doctor.fill('#pulse', '72');
  await doctor.click('button[value=sign]');
  assert.match(await text(doctor), /Subjective still has a blank/);
  assert.deepEqual(await inspect(doctor, 'note-blanks'), []);
  await doctor.click('button:has-text("Sign as it stands")');
  assert.match(await text(doctor), /The note is signed/);
  assert.match(await text(doctor), /Penicillins: anaphylaxis, severe/);
  await doctor.context().close();
});

test('a nurse enters a result, a doctor holds it, and the patient sees it when it is let go', async () => {
  const nurse = await signedIn('nurse');
  await nurse.goto(chart('/results/new'));
  assert.deepEqual(await inspect(nurse, 'result-new'), []);
  await nurse.fill('#title', 'Thyroid tests');
  for (const [field, value] of [['test1', 'TSH'], ['value1', '9.8'], ['unit1', 'mU/L'], ['low1', '0.4'], ['high1', '4.0']]) await nurse.fill(`#${field}`, value);
  await nurse.click('button.btn-main:has-text("Add to the record")');
  assert.match(await text(nurse), /waits for a doctor/);

  const own = await signedIn('patient', box.portal);
  const seen = async () => {
    await own.goto(`${box.portal}/my/results`);
    const page = await text(own);
    const found = await own.request.get(`${box.portal}/fhir/Observation?code:text=TSH`);
    const everything = await own.request.get(`${box.portal}/fhir/Patient/${patient}/$everything?_type=Observation,DiagnosticReport,Task,Provenance&_count=1000`);
    return [/TSH/.test(page), (await found.json()).entry?.length > 0, /TSH|Thyroid/.test(await everything.text())];
  };
  assert.deepEqual(await seen(), [false, false, false]);

  const doctor = await signedIn('clinician');
  await doctor.goto(`${box.clinic}/inbox`);
  assert.deepEqual(await inspect(doctor, 'inbox-results'), []);
  await doctor.click('a:has-text("Thyroid tests")');
  assert.match(await text(doctor), /9\.8/);
  assert.deepEqual(await inspect(doctor, 'report'), []);
  await doctor.check('input[name=release][value=hold]');
  await doctor.fill('#hold_reason', 'To tell her in person');
  const later = new Date(Date.now() + 5 * 86_400_000).toISOString().slice(0, 10);
  await doctor.fill('#hold_until', later);
  await doctor.click('button[value=sign]');
  assert.match(await text(doctor), /does not see this result until/);
  assert.deepEqual(await seen(), [false, false, false]);
  await doctor.click('button[value=release]');
  assert.match(await text(doctor), /can see the result now/);
  assert.deepEqual(await seen(), [true, true, true]);
  for (const page of [nurse, doctor, own]) await page.context().close();
});

test('a file of a laboratory is taken where it is about this patient', async () => {
  const doctor = await signedIn('clinician');
  await doctor.goto(chart('/results/import'));
  const file = (name, born) => JSON.stringify({ resourceType: 'Bundle', type: 'collection', entry: [
    { fullUrl: 'urn:uuid:9', resource: { resourceType: 'Patient', name: [{ family: name }], birthDate: born } },
    { fullUrl: 'urn:uuid:1', resource: { resourceType: 'DiagnosticReport', status: 'final', code: { text: 'Iron' }, subject: { reference: 'urn:uuid:9' }, result: [{ reference: 'urn:uuid:2' }] } },
    { fullUrl: 'urn:uuid:2', resource: { resourceType: 'Observation', status: 'final', code: { text: 'Ferritin' }, valueQuantity: { value: 12, unit: 'µg/L' } } },
  ] });
  await doctor.fill('#file', file('Somebody', '1990-01-01'));
  await doctor.click('button.btn-main:has-text("Take it")');
  assert.match(await text(doctor), /not about this patient/);
  assert.deepEqual(await inspect(doctor, 'result-import'), []);
  const born = await doctor.evaluate(async (patient) => (await (await fetch(`/fhir/Patient/${patient}`)).json()).birthDate, patient);
  await doctor.fill('#file', file('BRANDVOLD', born));
  await doctor.click('button.btn-main:has-text("Take it")');
  assert.match(await text(doctor), /Ferritin/);
  await doctor.context().close();
});

test('a record is opened in an emergency, ended, judged, and the patient sees it', async () => {
  const nurse = await signedIn('nurse');
  await nurse.goto(chart());
  await nurse.click('.banner-acts a:has-text("Open in an emergency")');
  assert.deepEqual(await inspect(nurse, 'emergency'), []);
  await nurse.fill('#why', 'short');
  await nurse.click('button.btn-main:has-text("Open the record")');
  assert.match(await text(nurse), /Say why/);
  await nurse.fill('#why', 'Collapsed at the bus stop');
  await nurse.selectOption('#minutes', '15');
  await nurse.click('button.btn-main:has-text("Open the record")');
  assert.match(await text(nurse, '.running'), /Open in an emergency until/);
  assert.match(await text(nurse, '[data-until]'), /15 minutes left/);
  assert.deepEqual(await inspect(nurse, 'emergency-running'), []);
  await nurse.click('button:has-text("End now")');
  assert.equal(await nurse.locator('.running').count(), 0);

  const admin = await signedIn('healthadmin');
  await admin.goto(`${box.clinic}/emergency-access`);
  assert.deepEqual(await inspect(admin, 'emergencies'), []);
  const one = admin.locator('.things li:has-text("Collapsed at the bus stop")');
  await one.locator('textarea').fill('She was brought in at that time.');
  await one.locator('button[value=justified]').click();
  assert.match(await text(admin), /Your verdict is kept/);

  const own = await signedIn('patient', box.portal);
  await own.goto(`${box.portal}/my/who-looked`);
  assert.match(await text(own), /Emergency access[^]*Collapsed at the bus stop/);
  for (const page of [nurse, admin, own]) await page.context().close();
});

test('problems, allergies, immunizations and measurements are written, changed and taken back', async () => {
  const nurse = await signedIn('nurse');
  await nurse.goto(chart('/problems/new'));
  assert.deepEqual(await inspect(nurse, 'problem-new'), []);
  await nurse.fill('#name', 'Gout <i>');
  await nurse.fill('#since', '03.2021');
  await nurse.click('button[value=save]');
  assert.match(await text(nurse), /It is in the record/);
  await nurse.click('a:has-text("Gout <i>")');
  await nurse.fill('#until', '2020');
  await nurse.click('button[value=save]');
  assert.match(await text(nurse), /ended before it began/);
  await nurse.fill('#until', '2022');
  await nurse.click('button[value=save]');
  assert.match(await text(nurse, '[aria-labelledby=h-past]'), /Gout <i>/);
  for (const [button, said] of [['save', /It is in the record/], ['save', /in the list already/], ['again', /It is in the record/]]) {
    if (button === 'save') await nurse.goto(chart('/problems/new'));
    await nurse.fill('#name', 'Tennis elbow');
    await nurse.click(`button[value=${button}]`);
    assert.match(await text(nurse), said);
  }
  await nurse.locator('a:has-text("Tennis elbow")').first().click();
  await nurse.click('a:has-text("Take it back")');
  assert.deepEqual(await inspect(nurse, 'problem-remove'), []);
  await nurse.evaluate(() => document.querySelector('#reason').removeAttribute('required'));
  await nurse.click('button[value=save]');
  assert.match(await text(nurse), /Reason is missing/);
  await nurse.fill('#reason', 'Meant for another patient');
  await nurse.click('button[value=save]');
  assert.equal(await nurse.locator('a:has-text("Tennis elbow")').count(), 1);
  await nurse.goto(chart('/allergies/new'));
  // What no prescription would be compared with is asked about once.
  await nurse.fill('#substance', 'Penicilline');
  await nurse.click('button[value=save]');
  assert.match(await text(nurse), /no prescription would be compared with it\. Perhaps it is one of these: [^.]*Penicillins/);
  assert.deepEqual(await inspect(nurse, 'allergy-meant'), []);
  await nurse.fill('#substance', 'Kiwi');
  await nurse.click('button[value=save]');
  assert.match(await text(nurse), /Look at how it is written/);
  await nurse.click('button[value=written]');
  await nurse.click('a:has-text("Kiwi")');
  assert.deepEqual(await inspect(nurse, 'allergy-remove'), []);
  await nurse.fill('#reason', 'Meant for another patient');
  await nurse.click('button[value=save]');
  assert.match(await text(nurse, '[aria-labelledby=h-past]'), /Kiwi/);
  assert.doesNotMatch(await text(nurse, '#safety'), /Kiwi/);
  await nurse.goto(chart('/immunizations/new'));
  await nurse.fill('#vaccine', 'Hepatitis B');
  await nurse.fill('#dose', '2');
  assert.equal(await nurse.inputValue('#given'), '', 'nobody has said where it was given');
  await nurse.selectOption('#given', 'here');
  await nurse.click('button[value=save]');
  assert.match(await text(nurse), /Hepatitis B/);
  await nurse.goto(chart('/measurements/new'));
  await nurse.fill('#weight', '8144');
  await nurse.click('button[value=save]');
  assert.match(await text(nurse), /between 0\.3 and 400/);
  await nurse.fill('#weight', '81,4');
  await nurse.click('button[value=save]');
  assert.match(await text(nurse), /81\.4/);
  await nurse.context().close();
});

test('a wrong measurement and a signed result are taken back with a reason, count nowhere, and the patient reads so', async () => {
  const [doctor, nurse] = [await signedIn('clinician'), await signedIn('nurse')];
  await nurse.goto(chart('/measurements/new'));
  await nurse.fill('#weight', '183.7');
  await nurse.click('button[value=save]');
  await nurse.waitForURL(/done=added/);
  await nurse.goto(chart('/measurements?test=29463-7'));
  assert.match(await text(nurse, '.readings'), /183\.7/);
  await nurse.locator('.readings tr', { hasText: '183.7' }).locator('a:has-text("Take it back")').click();
  assert.match(await text(nurse), /Take back: [^]*183\.7 kg/);
  await nurse.evaluate(() => document.querySelector('#reason').removeAttribute('required'));
  await nurse.click('button[value=save]');
  assert.match(await text(nurse), /Reason is missing/);
  assert.deepEqual(await inspect(nurse, 'measurement-take-back'), []);
  await nurse.fill('#reason', 'He weighs 84');
  await nurse.click('button[value=save]');
  await nurse.waitForURL(/measurements\?done=removed/);
  for (const place of ['/measurements?test=29463-7', '', '/trends']) {
    await nurse.goto(chart(place));
    assert.doesNotMatch(await text(nurse), /183\.7/, place);
  }

  await doctor.goto(chart('/results/new'));
  await doctor.fill('#title', 'Somebody else’s potassium');
  await doctor.fill('#test1', 'Potassium Wrongville');
  await doctor.fill('#value1', '779.3');
  await doctor.fill('#unit1', 'mmol/L');
  await doctor.check('input[name=release][value=now]');
  await doctor.click('main button.btn-main');
  await doctor.waitForURL(/results\/reports\/.*done=entered/);
  const report = doctor.url().split('?')[0];
  const own = await signedIn('patient', box.portal);
  await own.goto(`${box.portal}/my/results`);
  assert.match(await text(own), /Potassium Wrongville/);
  // A nurse takes nothing back that a doctor signed.
  await nurse.goto(report);
  assert.equal(await nurse.locator('a:has-text("Take it back")').count(), 0);
  assert.equal((await nurse.request.get(`${report}/remove`)).status(), 403);
  await doctor.click('main a:has-text("Take it back")');
  assert.deepEqual(await inspect(doctor, 'result-take-back'), []);
  await doctor.fill('#reason', 'Meant for another patient');
  await doctor.click('button[value=save]');
  await doctor.waitForURL(/results\?done=removed/);
  assert.doesNotMatch(await text(doctor), /Wrongville|779\.3/);
  await doctor.goto(report);
  assert.match(await text(doctor), /taken back as a mistake/);
  assert.equal(await doctor.locator('main form button[value=hold], main form button[value=sign]').count(), 0);
  assert.deepEqual(await inspect(doctor, 'result-taken-back'), []);
  await own.goto(`${box.portal}/my/results`);
  assert.match(await text(own, '[aria-labelledby=h-back]'), /Taken back by the clinic[^]*Potassium Wrongville/);
  assert.doesNotMatch(await text(own), /779\.3/);
  assert.deepEqual(await inspect(own, 'my-results-taken-back'), []);
  await own.goto(`${box.portal}/notices`);
  assert.match(await text(own), /taken back: it was a mistake/);
  for (const page of [doctor, nurse, own]) await page.context().close();
});

test('courses stand side by side, words are found inside the record, and keys open its parts', async () => {
  const doctor = await signedIn('clinician');
  await doctor.goto(chart('/trends'));
  for (const name of ['HbA1c', 'eGFR']) await doctor.check(`label:has-text("${name}") input`);
  await doctor.click('button:has-text("Show")');
  assert.equal(await doctor.locator('figure svg.trend').count(), 2);
  assert.deepEqual(await inspect(doctor, 'trends'), []);
  await doctor.goto(chart());
  await doctor.keyboard.press('s');
  await doctor.waitForURL(/\/search$/);
  await doctor.fill('#in-record', 'retinopathy');
  await doctor.keyboard.press('Enter');
  await doctor.waitForURL(/q=retinopathy/);
  assert.match(await text(doctor), /eye screening/);
  assert.deepEqual(await inspect(doctor, 'record-search'), []);
  await doctor.goto(chart('/timeline?from=2000-01-01&to=2000-12-31'));
  assert.match(await text(doctor), /Nothing|none|no /i);
  await doctor.context().close();
});

test('paper says on every page whose it is and which page it is', async () => {
  const doctor = await signedIn('clinician');
  for (const path of ['', '/medicines', '/timeline']) {
    await doctor.goto(chart(path));
    await doctor.emulateMedia({ media: 'print' });
    assert.equal(await doctor.locator('.top:visible, .chart-nav:visible, .btns:visible').count(), 0, `${path}: no navigation`);
    assert.equal(await doctor.evaluate(() => getComputedStyle(document.querySelector('.print-head')).display), 'table-header-group');
    await doctor.emulateMedia({ media: 'screen' });
  }
  await doctor.context().close();
});
