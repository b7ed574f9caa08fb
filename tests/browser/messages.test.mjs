// A patient writes and the clinic answers: in both languages, with and without script, two at once, twice, after a sign-out.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect, shared } from './harness.mjs';

const { box, signedIn } = await shared('--patients', '12');

/** Opens the form for a topic. */
async function write(page, topic) {
  await page.goto(`${box.portal}/my/messages/new`);
  await page.click(`main a:has(b:text-is("${topic}"))`);
}

const PDF = '%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\nstartxref\n9\n%%EOF\n';

const text = (page) => page.textContent('main');

test('a patient writes without script, and every letter arrives as it was typed', async () => {
  const page = await signedIn('patient', box.portal, { script: false });
  await write(page, 'A question about my health');
  assert.match(await text(page), /Not for emergencies[^]*01632 960 100/);
  assert.match(await text(page), /We answer by \d+ \w+ \d{4}/);
  await page.click('main button.btn-main');
  assert.equal(new URL(page.url()).pathname, '/my/messages/new', 'an empty message is not sent');
  const said = 'Knee <script>alert(1)</script> مرحبا 🦵\nand a second line';
  await page.fill('textarea[name=text]', said);
  await page.click('main button.btn-main');
  assert.match(page.url(), /\/my\/messages\/[0-9a-f-]+\?done=sent$/);
  assert.equal((await page.textContent('.said-text')).trim(), said);
  // That it was sent is said once: loaded again or come back to, nothing was sent.
  assert.equal(await page.locator('.toast').count(), 1);
  await page.reload();
  assert.equal(await page.locator('.toast').count(), 0);
  await page.goto(`${box.portal}/my/messages`);
  await page.goBack();
  assert.equal(await page.locator('.toast').count(), 0);
  assert.match(await text(page), /Not read yet/);
  await page.context().close();
});

test('the first message can carry a file, without script', async () => {
  const page = await signedIn('patient', box.portal, { script: false, width: 390 });
  await write(page, 'A question about my health');
  assert.deepEqual(await inspect(page, 'message-new-file'), []);
  const file = (name, bytes) => page.setInputFiles('input[name=file]', { name, mimeType: 'application/pdf', buffer: Buffer.from(bytes) });
  // What is wrong is said in the form, and the text stays.
  await page.fill('textarea[name=text]', 'The letter of the hospital');
  await file('letter.pdf', '<!doctype html><script>alert(1)</script>');
  await page.click('main button.btn-main');
  assert.match(await text(page), /a web page/);
  assert.equal(await page.inputValue('textarea[name=text]'), 'The letter of the hospital');
  await page.fill('textarea[name=text]', '  ');
  await file('letter.pdf', PDF);
  await page.click('main button.btn-main');
  assert.match(await text(page), /Choose the file again/);
  assert.deepEqual(await inspect(page, 'message-new-file-refused'), []);
  await page.fill('textarea[name=text]', 'The letter of the hospital');
  await file('letter.pdf', PDF);
  await page.click('main button.btn-main');
  assert.match(page.url(), /done=sent$/);
  assert.equal((await page.textContent('.said-text')).trim(), 'The letter of the hospital');
  await page.click('main a[href*="/my/documents/"]');
  assert.match(await page.textContent('h1'), /letter/);
  await page.context().close();
});

test('what is being typed stands there still after a file was sent or refused beside it', async () => {
  const page = await signedIn('patient', box.portal);
  await write(page, 'A question about my health');
  await page.fill('textarea[name=text]', 'May I go back to work?');
  await page.click('main button.btn-main');
  await page.waitForURL(/done=sent/);
  const kept = () => page.waitForResponse((answer) => answer.url().endsWith('/drafts'));
  const attach = async (name, bytes) => {
    await page.click('summary:has-text("Attach a file")');
    await page.setInputFiles('input[name=file]', { name, mimeType: 'application/pdf', buffer: Buffer.from(bytes) });
    await page.click('button:has-text("Send the file")');
  };
  await page.goto(page.url().split('?')[0]);
  await Promise.all([kept(), page.fill('textarea[name=text]', 'And by train?')]);
  await attach('letter.pdf', '<!doctype html><p>no letter');
  await page.waitForSelector('#file-fault');
  assert.equal(await page.inputValue('textarea[name=text]'), 'And by train?');
  await page.setInputFiles('input[name=file]', { name: 'letter.pdf', mimeType: 'application/pdf', buffer: Buffer.from(PDF) });
  await page.click('button:has-text("Send the file")');
  await page.waitForURL(/done=sent/);
  assert.equal(await page.inputValue('textarea[name=text]'), 'And by train?');
  await page.click('main form[data-keep] button.btn-main');
  await page.waitForFunction(() => document.querySelector('main').textContent.includes('And by train?'));
  assert.equal(await page.inputValue('textarea[name=text]'), '');
  await page.context().close();
});

test('sent twice it is one message, and so it is by the back button', async () => {
  const page = await signedIn('patient', box.portal);
  await write(page, 'A medicine');
  await page.fill('textarea[name=text]', 'Sent twice');
  const send = () => page.evaluate(async () => {
    const answer = await fetch('/my/messages/new', { method: 'POST', body: new FormData(document.querySelector('main form')) });
    return [answer.status, answer.url.split('?')[0]];
  });
  const [one, other] = [await send(), await send()];
  assert.deepEqual(one, other);
  await page.goto(`${box.portal}/my/messages`);
  assert.equal(await page.locator('main li', { hasText: 'Sent twice' }).count(), 1);
  await page.context().close();
});

test('whoever goes back and sends the same again is asked first, without script', async () => {
  const page = await signedIn('patient', box.portal, { script: false, width: 390 });
  const send = async (words) => {
    await page.fill('textarea[name=text]', words);
    await page.click('main button.btn-main');
  };
  const many = async (words) => {
    await page.goto(`${box.portal}/my/messages`);
    return page.locator('main li', { hasText: words }).count();
  };
  await write(page, 'A medicine');
  await send('May I stop the drops?');
  const sent = page.url();
  await write(page, 'A medicine');
  await send('May I stop the drops?');
  assert.match(await text(page), /You sent this already/);
  assert.deepEqual(await inspect(page, 'sent-already'), []);
  await page.click('a:has-text("See what was sent")');
  assert.equal(page.url(), sent);
  assert.equal(await many('May I stop the drops?'), 1);
  await write(page, 'A medicine');
  await send('May I stop the drops?');
  await page.click('button:has-text("Send it again")');
  assert.match(page.url(), /done=sent$/);
  assert.equal(await many('May I stop the drops?'), 2, 'who means it is not stopped');

  await page.goto(sent);
  await send('Thank you');
  await page.goto(sent);
  await send('Thank you');
  assert.match(await text(page), /You sent this already/);
  await page.goto(sent);
  await send('Thank you very much');
  assert.match(page.url(), /done=sent$/);

  const doctor = await signedIn('clinician', box.clinic, { script: false });
  const id = new URL(sent).pathname.split('/').pop();
  const answer = async () => {
    await doctor.goto(`${box.clinic}/messages/${id}`);
    await doctor.fill('textarea[name=text]', 'Do not stop them.');
    await doctor.click('button:has-text("Send") >> nth=0');
  };
  await answer();
  await answer();
  assert.match(await text(doctor), /You sent this already/);
  await doctor.goto(`${box.clinic}/messages/${id}`);
  assert.equal(await doctor.locator('.said-text', { hasText: 'Do not stop them.' }).count(), 1);

  await page.goto(`${box.portal}/my/requests/new?kind=accounting`);
  await page.click('main button.btn-main');
  assert.match(page.url(), /done=sent$/);
  await page.goto(`${box.portal}/my/requests/new?kind=accounting`);
  await page.click('main button.btn-main');
  assert.match(await text(page), /You sent this already/);
  for (const one of [page, doctor]) await one.context().close();
});

test('the clinic answers from its inbox, the patient is told, and each sees that the other has read', async () => {
  const patient = await signedIn('patient', box.portal);
  await write(patient, 'A question about my health');
  await patient.fill('textarea[name=text]', 'May I swim?');
  await patient.click('main button.btn-main');
  await patient.waitForURL(/done=sent/);
  const mine = patient.url().split('?')[0];
  assert.deepEqual(await inspect(patient, 'my-message'), []);

  const doctor = await signedIn('clinician');
  await doctor.goto(`${box.clinic}/today`);
  assert.match(await doctor.textContent('section:has(#h-inbox)'), /Messages/);
  await doctor.goto(`${box.clinic}/inbox`);
  assert.deepEqual(await inspect(doctor, 'inbox'), []);
  await doctor.keyboard.press('j');
  assert.equal(await doctor.evaluate(() => document.activeElement.matches('[data-step]')), true);
  const id = mine.split('/').pop();
  assert.equal(await doctor.locator(`a[href="/messages/${id}"]`).count(), 1);
  await doctor.goto(`${box.clinic}/messages/${id}`);
  assert.deepEqual(await inspect(doctor, 'message-staff'), []);
  // The patient's own doctor has it from the start, and can let others have it.
  await doctor.click('button:has-text("Give it back to all")');
  await doctor.waitForSelector('text=Nobody has taken this yet.');
  await doctor.click('button:has-text("Take it")');
  await doctor.waitForSelector('text=You have taken this.');
  await doctor.fill('textarea[name=text]', 'Yes, gently.');
  await doctor.click('main button.btn-main');
  await doctor.waitForSelector('text=Yes, gently.');
  assert.match(await text(doctor), /Not read yet/);
  await doctor.goto(`${box.clinic}/inbox`);
  assert.equal(await doctor.locator(`a[href="/messages/${id}"]`).count(), 0, 'what is answered is gone from the inbox');

  // The patient's page, still open, shows it by itself.
  await patient.waitForSelector('text=Yes, gently.', { timeout: 20_000 });
  await patient.goto(`${box.portal}/notices`);
  assert.deepEqual(await inspect(patient, 'notices'), []);
  const notices = await text(patient);
  assert.match(notices, /You have a new message from the clinic\./);
  assert.doesNotMatch(notices, /swim|gently/, 'a notice says nothing of it');
  await patient.locator('main a', { hasText: 'new message' }).first().click();
  await patient.waitForURL(/\/my\/messages\//);
  await doctor.goto(`${box.clinic}/messages/${id}`);
  assert.match(await text(doctor), /Read by the patient/);
  await patient.goto(mine);
  assert.match(await text(patient), /Read by the clinic/);

  // Closed, and open again when the patient writes.
  await doctor.click('button:has-text("Close without an answer")');
  await doctor.waitForLoadState();
  await patient.goto(mine);
  assert.match(await text(patient), /This conversation is closed/);
  await patient.fill('textarea[name=text]', 'And run?');
  await patient.click('main button.btn-main');
  await patient.waitForURL(/done=sent/);
  assert.match(await text(patient), /The clinic has it/);
  await doctor.goto(`${box.clinic}/inbox`);
  assert.equal(await doctor.locator(`a[href="/messages/${id}"]`).count(), 1);
  for (const page of [patient, doctor]) await page.context().close();
});

test('the clinic answers with a file, without script, and the patient opens it', async () => {
  const patient = await signedIn('patient', box.portal);
  await write(patient, 'A question about my health');
  await patient.fill('textarea[name=text]', 'Which exercises?');
  await patient.click('main button.btn-main');
  await patient.waitForURL(/done=sent/);
  const id = patient.url().split('?')[0].split('/').pop();
  const pdf = Buffer.from('%PDF-1.4\n1 0 obj <<>> endobj\ntrailer <<>>\nstartxref\n9\n%%EOF\n');
  const png = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64');

  const doctor = await signedIn('clinician', box.clinic, { script: false });
  const attach = async (name, buffer, note, button) => {
    await doctor.goto(`${box.clinic}/messages/${id}`);
    await doctor.click('summary:has-text("Attach a file")');
    await doctor.setInputFiles('input[name=file]', { name, mimeType: 'application/pdf', buffer });
    await doctor.fill('textarea[name=note]', note);
    await doctor.click(`button:has-text("${button}")`);
  };
  await attach('exercises.pdf', Buffer.from('<html><script>'), 'Twice a day', 'Send the file and close');
  assert.match(await text(doctor), /a web page/);
  assert.equal(await doctor.inputValue('textarea[name=note]'), 'Twice a day', 'what was said with it is still there');
  await attach('exercises.pdf', pdf, 'Twice a day', 'Send the file');
  await attach('knee.png', png, '', 'Send the file and close');
  assert.equal(await doctor.locator('.said-files a').count(), 2);
  assert.match(await text(doctor), /Closed/);
  assert.deepEqual(await inspect(doctor, 'message-files-staff'), []);
  await doctor.locator('.said-files a').last().click();
  assert.equal(await doctor.locator('img.preview').count(), 1);

  await patient.goto(`${box.portal}/my/messages/${id}`);
  assert.match(await text(patient), /Twice a day[^]*knee/);
  assert.deepEqual(await inspect(patient, 'my-message-files'), []);
  await patient.locator('.said-files a').first().click();
  assert.match(await patient.textContent('h1'), /exercises/);
  assert.doesNotMatch(await text(patient), /Brought by|Seen by|Withdraw/);
  assert.deepEqual(await inspect(patient, 'my-document-of-clinic'), []);
  const file = await patient.request.get(new URL(await patient.locator('a[download]').getAttribute('href'), patient.url()).href);
  assert.deepEqual(await file.body(), pdf);
  for (const one of [patient, doctor]) await one.context().close();
});

test('a file that is sent leaves the text that is being typed beside it', async () => {
  const page = await signedIn('patient', box.portal);
  await page.goto(`${box.portal}/my/messages`);
  await page.click('#messages a');
  const kept = page.waitForResponse((answer) => answer.url().endsWith('/drafts') && answer.ok());
  await page.fill('textarea[name=text]', 'Half a thought beside a file');
  await kept;
  await page.click('summary:has-text("Attach a file")');
  const pdf = Buffer.from('%PDF-1.4\n1 0 obj <<>> endobj\ntrailer <<>>\nstartxref\n9\n%%EOF\n');
  await page.setInputFiles('input[name=file]', { name: 'old.pdf', mimeType: 'application/pdf', buffer: pdf });
  await page.click('button:has-text("Send the file")');
  await page.waitForURL(/done=sent/);
  await page.goto(page.url().split('?')[0]);
  assert.equal(await page.inputValue('textarea[name=text]'), 'Half a thought beside a file');
  await Promise.all([page.waitForEvent('load'), page.click('.kept button')]);
  assert.equal(await page.inputValue('textarea[name=text]'), '');
  await page.context().close();
});

test('of two who answer at once one is told, and keeps the text', async () => {
  const [doctor, nurse] = [await signedIn('clinician'), await signedIn('nurse')];
  await doctor.goto(`${box.clinic}/inbox`);
  const href = await doctor.locator('#messages a[data-step]').first().getAttribute('href');
  for (const page of [doctor, nurse]) await page.goto(`${box.clinic}${href}`);
  await doctor.fill('textarea[name=text]', 'From the doctor');
  await nurse.fill('textarea[name=text]', 'From the nurse');
  await doctor.click('main button.btn-main');
  await doctor.waitForSelector('.said-text:has-text("From the doctor")');
  await nurse.click('main button.btn-main');
  await nurse.waitForSelector('text=answered, taken or closed meanwhile');
  assert.equal(await nurse.inputValue('textarea[name=text]'), 'From the nurse');
  assert.match(await text(nurse), /From the doctor/);
  assert.equal(await nurse.locator('.said-text', { hasText: 'From the nurse' }).count(), 0);
  for (const page of [doctor, nurse]) await page.context().close();
});

test('the reception has what is not clinical and nothing else, in pages and in the API', async () => {
  const patient = await signedIn('patient', box.portal);
  await write(patient, 'An appointment');
  await patient.fill('textarea[name=text]', 'Could I come later on Monday?');
  await patient.click('main button.btn-main');
  await patient.waitForURL(/done=sent/);
  const id = patient.url().split('?')[0].split('/').pop();
  await write(patient, 'A question about my health');
  await patient.fill('textarea[name=text]', 'It itches');
  await patient.click('main button.btn-main');
  await patient.waitForURL(/done=sent/);
  const clinical = patient.url().split('?')[0].split('/').pop();

  const desk = await signedIn('reception');
  await desk.goto(`${box.clinic}/inbox`);
  assert.deepEqual(await inspect(desk, 'inbox-reception'), []);
  assert.equal(await desk.locator(`a[href="/messages/${id}"]`).count(), 1);
  assert.equal(await desk.locator(`a[href="/messages/${clinical}"]`).count(), 0);
  assert.equal((await desk.request.get(`${box.clinic}/messages/${clinical}`)).status(), 404);
  const all = await (await desk.request.get(`${box.clinic}/fhir/Communication?_count=100`)).json();
  const said = JSON.stringify(all);
  assert.match(said, /later on Monday/);
  assert.doesNotMatch(said, /itches|ibuprofen|swim/);
  await desk.goto(`${box.clinic}/messages/${id}`);
  await desk.fill('textarea[name=text]', 'Yes, at three.');
  await desk.click('button:has-text("Send and close")');
  await desk.waitForSelector('.said-text:has-text("Yes, at three.")');
  for (const page of [patient, desk]) await page.context().close();
});

test('what was typed when the session ended stands there again after signing in', async () => {
  const [page, other] = [await signedIn('patient', box.portal), await signedIn('patient', box.portal)];
  await write(page, 'A result');
  const kept = page.waitForResponse((answer) => answer.url().endsWith('/drafts') && answer.ok());
  await page.fill('textarea[name=text]', 'Half a thought');
  await kept;
  const form = page.url();
  await other.goto(`${box.portal}/account`);
  await Promise.all([other.waitForNavigation(), other.click('form[action="/account/sessions/end-others"] button')]);
  await page.click('main button.btn-main');
  await page.waitForSelector('input[name=password]');
  const account = box.account('patient');
  await page.fill('input[name=user]', account.user);
  await page.fill('input[name=password]', account.password);
  await page.click('main button.btn-main');
  await page.waitForSelector('input[name=password]', { state: 'detached' });
  await page.goto(form);
  assert.equal(await page.inputValue('textarea[name=text]'), 'Half a thought');
  for (const one of [page, other]) await one.context().close();
});

/** Signs out in another window of the same browser. */
async function signOutBeside(page, origin) {
  const beside = await page.context().newPage();
  await beside.goto(`${origin}/account`);
  await Promise.all([beside.waitForNavigation(), beside.click('form[action="/sign-out"] button >> nth=0')]);
  await beside.close();
}

async function signInHere(page, account) {
  await page.waitForSelector('input[name=password]');
  assert.match(await text(page), /kept/i);
  await page.fill('input[name=user]', account.user);
  await page.fill('input[name=password]', account.password);
  await page.click('main button.btn-main');
  await page.waitForSelector('input[name=password]', { state: 'detached' });
}

test('who signed out in another window is told where they type, loses nothing, and goes on with that very form', async () => {
  const page = await signedIn('patient', box.portal, { width: 390 });
  // An older draft of another form, which is not to come first.
  await write(page, 'A result');
  const kept = page.waitForResponse((answer) => answer.url().endsWith('/drafts') && answer.ok());
  await page.fill('textarea[name=text]', 'An older thought');
  await kept;
  await write(page, 'A medicine');
  const form = page.url();
  await signOutBeside(page, box.portal);
  await page.fill('textarea[name=text]', 'Typed after the end');
  await page.waitForSelector('[data-keep-warning]:has-text("You are signed out")');
  assert.ok(await page.locator('[data-keep-warning]').isVisible());
  await page.click('main button.btn-main');
  await signInHere(page, box.account('patient'));
  assert.equal(page.url(), form);
  assert.equal(await page.inputValue('textarea[name=text]'), 'Typed after the end');
  await page.context().close();
});

test('a note that is saved after the end of its session stands there again, without script too', async () => {
  const patient = box.account('patient').patient;
  for (const script of [true, false]) {
    const page = await signedIn('clinician', box.clinic, { script });
    await page.goto(`${box.clinic}/patients/${patient}`);
    await page.click('.banner-acts button:has-text("Write note")');
    await page.waitForSelector('textarea[name=plan]');
    const note = new URL(page.url()).pathname;
    await signOutBeside(page, box.clinic);
    await page.fill('textarea[name=plan]', `Rest, with script ${script}`);
    if (script) await page.waitForSelector('[data-keep-warning]:has-text("You are signed out")');
    await page.click('button[value=save]');
    await signInHere(page, box.account('clinician'));
    assert.equal(new URL(page.url()).pathname, note);
    assert.equal(await page.inputValue('textarea[name=plan]'), `Rest, with script ${script}`);
    // Signed in again beside it, an old page is not done, and keeps its words as well.
    await page.fill('textarea[name=plan]', 'Rest, and water');
    const beside = await page.context().newPage();
    await beside.goto(`${box.clinic}/account`);
    await Promise.all([beside.waitForNavigation(), beside.click('form[action="/sign-out"] button >> nth=0')]);
    await beside.goto(`${box.clinic}/sign-in`);
    await beside.fill('input[name=user]', box.account('clinician').user);
    await beside.fill('input[name=password]', box.account('clinician').password);
    await beside.click('main button.btn-main');
    await beside.waitForSelector('input[name=password]', { state: 'detached' });
    await beside.close();
    await page.click('button[value=save]');
    await page.waitForSelector('a:has-text("Load it again")');
    assert.match(await text(page), /what you typed is kept/);
    await page.click('a:has-text("Load it again")');
    assert.equal(await page.inputValue('textarea[name=plan]'), 'Rest, and water');
    await page.click('button[value=save]');
    await page.waitForURL(/done=saved/);
    await page.context().close();
  }
});

test('in Spanish too, and the first page says what is to be done', async () => {
  const page = await signedIn('patient', box.portal, { locale: 'es-ES' });
  await page.goto(`${box.portal}/my`);
  assert.match(await text(page), /Qué hacer ahora/);
  assert.deepEqual(await inspect(page, 'es-my-home'), []);
  // Its table is the widest: a long unit, a day in words, a verdict.
  await page.goto(`${box.portal}/my/results/62238-1`);
  assert.deepEqual(await inspect(page, 'es-my-result'), []);
  await page.goto(`${box.portal}/my/messages`);
  assert.deepEqual(await inspect(page, 'es-my-messages'), []);
  await page.click('a:has-text("Escribir un mensaje")');
  assert.deepEqual(await inspect(page, 'es-message-topics'), []);
  await page.click('main a:has-text("Una medicina")');
  assert.match(await text(page), /No es para urgencias/);
  assert.deepEqual(await inspect(page, 'es-message-new'), []);
  await page.goto(`${box.portal}/notices`);
  assert.deepEqual(await inspect(page, 'es-notices'), []);
  await page.goto(`${box.portal}/account/mail`);
  assert.deepEqual(await inspect(page, 'es-mail-wishes'), []);
  await page.context().close();
});

test('the operator sees whether notices go out by e-mail', async () => {
  const page = await signedIn('operator');
  await page.goto(`${box.clinic}/box`);
  assert.match(await text(page), /Notices by e-mail[^]*Off/);
  await page.goto(`${box.clinic}/box/mail`);
  assert.deepEqual(await inspect(page, 'operator-mail'), []);
  await page.context().close();
});
