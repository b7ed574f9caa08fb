// A patient asks for a refill, a clinician answers, prescribes against warnings, prints and stops; anybody with the paper asks
// whether it counts. In both languages, with and without script.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { inspect, run, shared, visitor } from './harness.mjs';

const { box, chrome, signedIn } = await shared('--patients', '4');
const halina = `${box.clinic}/patients/${box.account('patient').patient}`;

/** Chooses a medicine by its name, as without script. */
async function choose(page, name) {
  await page.goto(`${halina}/prescribe?q=${encodeURIComponent(name)}`);
  await page.locator('main .picks a').first().click();
}

test('a clinician finds a medicine while typing, is warned, answers and signs', async () => {
  const page = await signedIn('clinician');
  await page.goto(`${halina}/medicines`);
  assert.deepEqual(await inspect(page, 'chart-medicines-new'), []);
  // What is shown, not only what is there: columns without a cell are hidden.
  assert.match(await page.innerText('main'), /What began and ended[^]*Simvastatin 20 mg[^]*Stopped[^]*Side effects: aching legs/);
  assert.match(await page.innerText('main'), /Metformin 1 g[^]*Type 2 diabetes/);
  await page.click('main a.btn-main');
  assert.match(await page.textContent('main'), /The formulary is invented/);
  assert.deepEqual(await inspect(page, 'prescribe-empty'), []);
  await page.fill('main input[name=q]', 'clarith');
  await page.locator('[data-find-results] a', { hasText: 'Clarithromycin 500 mg' }).first().waitFor();
  assert.deepEqual(await inspect(page, 'prescribe-found'), []);
  await page.locator('[data-find-results] a', { hasText: 'Clarithromycin 500 mg' }).first().click();
  await page.waitForURL(/medicine=clarithromycin-500mg-tablet/);
  const text = await page.textContent('main');
  assert.match(text, /Serious: Clarithromycin 500 mg tablet with Atorvastatin 40 mg/);
  assert.match(text, /To know: Clarithromycin 500 mg tablet with Amlodipine 5 mg/);
  assert.match(text, /Invented for the demo, no medical source, rule \d+, 5 January 2026/);
  assert.match(text, /Allergies: not checked/);
  await page.fill('input[name=once-dose]', '1');
  await page.selectOption('select[name=every]', '2d');
  await page.fill('input[name=days]', '7');
  await page.fill('textarea[name=instructions]', 'Swallow whole <b>with water</b>.');
  await page.click('button[value=check]');
  await page.waitForLoadState();
  assert.match(await page.textContent('main'), /Comes to 14 tablets\. Last dose on/);
  assert.deepEqual(await inspect(page, 'prescribe-checks'), []);
  await page.click('button[value=sign]');
  await page.waitForLoadState();
  assert.match(await page.textContent('main'), /2 of the checks have no answer yet/);
  assert.deepEqual(await inspect(page, 'prescribe-unanswered'), []);
  for (const area of await page.locator('textarea[name^=answer-]').all()) await area.fill('Penicillin anaphylaxis; short course, statin paused.');
  await page.click('button[value=sign]');
  await page.waitForURL(/prescriptions\/.*done=signed/);
  const signed = await page.textContent('main');
  assert.match(signed, /It is signed/);
  assert.match(signed, /1 tablet, twice a day, for 7 days, by mouth\. Swallow whole <b>with water<\/b>\./);
  assert.match(signed, /Penicillin anaphylaxis; short course/);
  assert.deepEqual(await inspect(page, 'prescription'), []);

  const address = page.url().split('?')[0];
  const pdf = await page.request.get(`${address}/prescription.pdf`);
  assert.equal(pdf.headers()['content-type'], 'application/pdf');
  assert.equal((await pdf.body()).subarray(0, 5).toString(), '%PDF-');
  await page.goto(`${address}/sheet`);
  assert.deepEqual(await inspect(page, 'prescription-sheet'), []);
  const verify = (await page.textContent('.rx-paper .code')).trim();
  assert.match(verify, new RegExp(`^${box.portal}/verify/[a-z2-7]{26}$`));

  // Anybody with the paper, at either door, in either language: a date and a word.
  const token = verify.split('/').pop();
  for (const [origin, locale, words] of [[box.portal, 'en-GB', /This prescription is active/], [box.clinic, 'es-ES', /Esta receta está activa/]]) {
    const stranger = await visitor(chrome, { locale });
    await stranger.goto(`${origin}/verify/${token}`);
    const said = await stranger.textContent('main');
    assert.match(said, words);
    assert.doesNotMatch(said, /Halina|Brandvold|Clarithromycin/i);
    assert.deepEqual(await inspect(stranger, `verify-${locale}`), []);
    const other = await stranger.goto(`${origin}/verify/${token.slice(0, -1)}a`);
    assert.ok(token.endsWith('a') || other.status() === 404);
    await stranger.context().close();
  }

  await page.goto(address);
  assert.equal(await page.inputValue('select[name=why]'), '', 'nobody has said why');
  await page.selectOption('select[name=why]', 'side-effects');
  await page.fill('input[name=words]', 'Nausea');
  await page.click('button.btn-danger');
  await page.waitForURL(/done=stopped/);
  assert.match(await page.textContent('main'), /Side effects: Nausea/);
  await page.goto(verify);
  assert.match(await page.textContent('main'), /This prescription was stopped/);
  await page.goto(`${halina}/medicines`);
  assert.match(await page.textContent('main'), /Stopped[^]*Clarithromycin[^]*Side effects: Nausea/);
  // The browser notes the answer that refused to sign; nothing else.
  assert.deepEqual(page.faults.filter((fault) => !/status of 422/.test(fault)), []);
  await page.context().close();
});

/** Opens a page and does something in it while its script is on the way. */
async function beforeScript(page, address, act) {
  let come;
  const held = new Promise((resolve) => { come = resolve; });
  await page.route('**/static/*/chartbox.js', async (route) => { await held; await route.continue(); }, { times: 1 });
  await page.goto(address, { waitUntil: 'commit' });
  await act();
  come();
}

test('what is typed before the script has come is found too', async () => {
  const page = await signedIn('clinician');
  await beforeScript(page, `${halina}/prescribe`, () => page.fill('main input[name=q]', 'clarith'));
  await page.locator('[data-find-results] a', { hasText: 'Clarithromycin 500 mg' }).first().waitFor();
  await beforeScript(page, `${halina}/problems/new`, () => page.fill('input[data-offers]', 'bronch'));
  await page.locator('datalist option').first().waitFor({ state: 'attached' });
  const own = await signedIn('patient', box.portal);
  const large = { name: 'scan.pdf', mimeType: 'application/pdf', buffer: Buffer.alloc(11 << 20) };
  await beforeScript(own, `${box.portal}/my/documents/new`, () => own.setInputFiles('input[type=file]', large));
  await own.waitForFunction(() => document.querySelector('input[type=file]').validationMessage !== '');
  for (const one of [page, own]) await one.context().close();
});

test('an allergy stands in the way by its class, and a second signature is one', async () => {
  const page = await signedIn('clinician', box.clinic, { script: false });
  await choose(page, 'amoxicillin 500');
  assert.match(await page.textContent('main'), /Serious: Amoxicillin 500 mg capsule belongs with a known allergy: Penicillins/);
  await choose(page, 'cetirizine');
  assert.equal(await page.inputValue('select[name=every]'), '', 'how often is for the doctor to say');
  await page.fill('input[name=once-dose]', '0,5');
  await page.click('button[value=check]');
  assert.doesNotMatch(await page.textContent('main'), /Within the most that is listed/, 'nothing was checked, nor sent');
  await page.selectOption('select[name=every]', '1d');
  await page.click('button[value=check]');
  assert.match(await page.textContent('main'), /Within the most that is listed: 10 mg/);
  await page.fill('input[name=once-dose]', '5');
  await page.click('button[value=sign]');
  assert.match(await page.textContent('main'), /Serious: 50 mg in a day is more than 10 mg/);
  await page.fill('input[name=once-dose]', '1');
  await page.click('button[value=check]');
  await page.context().close();

  const other = await signedIn('clinician');
  await choose(other, 'cetirizine');
  await other.fill('input[name=once-dose]', '1');
  await other.selectOption('select[name=every]', '1d');
  const sign = async () => {
    const answer = await other.evaluate(async () => {
      const body = new URLSearchParams(new FormData(document.querySelector('main form[method=post]')));
      body.set('do', 'sign');
      const answer = await fetch(location.pathname, { method: 'POST', body });
      return answer.url;
    });
    return answer;
  };
  const [one, again] = [await sign(), await sign()];
  assert.match(one, /done=signed/);
  assert.equal(one, again, 'the second click leads where the first did');
  // Somebody else's prescription of meanwhile is a warning on a page that was made before it.
  await other.evaluate(() => { document.querySelector('main form[method=post] input[name=once]').value = ''; });
  const late = await other.evaluate(async () => {
    const body = new URLSearchParams(new FormData(document.querySelector('main form[method=post]')));
    body.set('do', 'sign');
    const answer = await fetch(location.pathname, { method: 'POST', body });
    return [answer.status, await answer.text()];
  });
  assert.equal(late[0], 422);
  assert.match(late[1], /holds the same substance as Cetirizine/);
  await other.context().close();
});

test('what no list has can be written, and nothing of it looks checked', async () => {
  const page = await signedIn('clinician', box.clinic, { script: false });
  await page.goto(`${halina}/prescribe?written=${encodeURIComponent('Grandmother’s drops')}`);
  const text = await page.textContent('main');
  assert.match(text, /Doses are not checked for this medicine/);
  assert.match(text, /1 to answer, 4 not checked, 0 clear/);
  assert.equal(await page.locator('.rx-lines .state.good').count(), 0);
  await page.fill('input[name=once-dose]', '5');
  await page.fill('input[name=unit]', 'drop');
  await page.selectOption('select[name=every]', '1d');
  await page.fill('input[name=days]', '3');
  await page.fill('input[name=quantity]', '10');
  await page.click('button[value=sign]');
  assert.match(await page.textContent('main'), /One of the checks has no answer yet[^]*How it was checked instead/);
  assert.match(await page.textContent('main'), /Comes to 15 drops?\. The quantity is less than this: 10/);
  assert.deepEqual(await inspect(page, 'prescribe-written'), []);
  await page.fill('textarea[name^=answer-]', 'Looked up in the book of the house.');
  await page.click('button[value=sign]');
  assert.match(await page.textContent('main'), /It is signed[^]*Allergies are not checked[^]*Looked up in the book of the house/);

  // A name that is nearly one of the list is warned of as that one, and leads there.
  await page.goto(`${halina}/prescribe?written=${encodeURIComponent('Amoxicilin 500')}`);
  assert.match(await page.textContent('main'), /Perhaps it is in the formulary: Amoxicillin[^]*Serious: Amoxicilin 500 belongs with a known allergy: Penicillins/);
  assert.deepEqual(await inspect(page, 'prescribe-nearly'), []);
  await page.click('main a:text-is("Amoxicillin")');
  assert.match(await page.textContent('.picks'), /Amoxicillin 500 mg/);
  await page.context().close();
});

test('nobody but a clinician prescribes, and a nurse reads', async () => {
  const nurse = await signedIn('nurse');
  assert.equal((await nurse.goto(`${halina}/prescribe`)).status(), 403);
  await nurse.goto(`${halina}/medicines`);
  assert.equal(await nurse.locator('main a[href$="/prescribe"]').count(), 0);
  await nurse.context().close();
});

test('a patient asks for a refill once, says what is not taken, and hears the answer, in Spanish and without script', async () => {
  const patient = await signedIn('patient', box.portal, { script: false, locale: 'es-ES' });
  await patient.goto(`${box.portal}/my/medicines`);
  assert.match(await patient.textContent('main'), /La clínica todavía no ha respondido/, 'the demo has one that waits');
  assert.deepEqual(await inspect(patient, 'my-medicines-es'), []);
  await patient.locator('.things li', { hasText: 'Ramipril' }).locator('.btns a').click();
  assert.deepEqual(await inspect(patient, 'my-medicine-es'), []);
  await patient.fill('textarea[name=note]', 'Me quedan <b>diez</b>');
  await patient.click('form[action$="/refill"] button');
  assert.match(await patient.textContent('main'), /La petición está enviada/);
  const mine = patient.url().split('?')[0];
  assert.equal(await patient.locator('form[action$="/refill"]').count(), 0, 'asked once');
  await patient.fill('input[name=why]', 'Tos');
  await patient.click('form[action$="/taking"] button');
  assert.match(await patient.textContent('main'), /Nos dijo que no toma esta medicina[^]*Tos/);

  const doctor = await signedIn('clinician');
  await doctor.goto(`${box.clinic}/inbox`);
  assert.deepEqual(await inspect(doctor, 'inbox-refills'), []);
  // What is not taken waits beside it, once, until the patient takes the word back or somebody has seen it.
  const untaken = () => doctor.locator('#not-taken li', { hasText: 'Ramipril' });
  assert.match(await untaken().innerText(), /Tos/);
  await patient.click('form[action$="/taking"] button');
  // It is done when its page is there.
  await patient.waitForSelector('input[name=why]');
  await doctor.goto(`${box.clinic}/inbox`);
  assert.equal(await untaken().count(), 0, 'taken back');
  await patient.fill('input[name=why]', 'Tos otra vez');
  await patient.click('form[action$="/taking"] button');
  await patient.waitForSelector('main:has-text("Tos otra vez")');
  await doctor.goto(`${box.clinic}/inbox`);
  assert.equal(await untaken().count(), 1);
  await untaken().locator('a').click();
  assert.match(await doctor.textContent('main'), /do not take this medicine: Tos otra vez/);
  assert.deepEqual(await inspect(doctor, 'prescription-not-taken'), []);
  await doctor.click('form[action$="/not-taken"] button');
  assert.match(await doctor.textContent('main'), /It is noted that this was seen/);
  assert.equal(await doctor.locator('form[action$="/not-taken"]').count(), 0);
  await doctor.goto(`${box.clinic}/inbox`);
  assert.equal(await untaken().count(), 0, 'seen');
  await doctor.locator('#refills li a', { hasText: 'Ramipril' }).click();
  assert.match(await doctor.textContent('main'), /Me quedan <b>diez<\/b>/);
  assert.deepEqual(await inspect(doctor, 'refill'), []);
  await doctor.fill('textarea[name=words]', 'Do you still cough?');
  await doctor.click('button[value=ask]');
  await doctor.getByText('The patient was asked, and answers').waitFor();

  await patient.goto(mine);
  assert.match(await patient.textContent('main'), /La clínica pregunta[^]*Do you still cough\?/);
  assert.deepEqual(await inspect(patient, 'my-medicine-asked-es'), []);
  await patient.fill('textarea[name=note]', 'No');
  await patient.click('form[action$="/refill"] button');
  assert.match(await patient.textContent('main'), /La petición está enviada/);

  await doctor.goto(`${box.clinic}/inbox`);
  await doctor.locator('#refills li a', { hasText: 'Ramipril' }).click();
  assert.match(await doctor.textContent('main'), /You had asked: Do you still cough\?/);
  await doctor.click('a:has-text("Renew it")');
  assert.match(await doctor.textContent('main'), /Renew a prescription[^]*Ramipril 10 mg/);
  assert.deepEqual(await inspect(doctor, 'prescribe-renew'), []);
  for (const area of await doctor.locator('textarea[name^=answer-]').all()) await area.fill('Known, watched.');
  await doctor.click('button[value=sign]');
  await doctor.waitForURL(/done=signed/);
  const page = await doctor.textContent('main');
  assert.match(page, /The prescription before this one/);
  await doctor.goto(`${halina}/medicines`);
  assert.match(await doctor.textContent('main'), /Renewed[^]*Ramipril/);

  await patient.goto(`${box.portal}/my/medicines`);
  const ramipril = await patient.locator('.things li', { hasText: 'Ramipril' }).first().textContent();
  assert.doesNotMatch(ramipril, /todavía no ha respondido|pregunta/);
  await patient.goto(`${box.portal}/notices`);
  assert.match(await patient.textContent('main'), /renovaci|receta|medicina/i);

  // The same request answered by somebody else is not answered again.
  await doctor.goto(`${box.clinic}/inbox`);
  await doctor.locator('#refills li a', { hasText: 'Amlodipine' }).click();
  const other = await doctor.context().newPage();
  await other.goto(doctor.url());
  for (const tab of [doctor, other]) await tab.fill('textarea[name=words]', tab === doctor ? 'Come and see me first.' : 'Really?');
  await doctor.click('button[value=refuse]');
  await doctor.getByText('It was refused, and the patient was told').waitFor();
  await other.click('button[value=ask]');
  await other.getByText(/changed|meanwhile/i).first().waitFor();
  await patient.goto(`${box.portal}/my/medicines`);
  assert.match(await patient.textContent('main'), /fue rechazada: Come and see me first\./);
  for (const one of [patient, doctor]) await one.context().close();
});

test('a formulary is shown with its age, and a stale one is a red bar', async () => {
  const file = path.join(box.dir, 'formulary.jsonl');
  const text = readFileSync(new URL('../../src/care/demo/formulary.jsonl', import.meta.url), 'utf8');
  writeFileSync(file, text.replace('2099-12-31', '2026-02-01'));
  const tried = await run(['formulary', 'import', file, '--dry-run', '--dir', box.dir]);
  assert.equal(tried.code, 0, tried.err);
  const operator = await signedIn('operator');
  await operator.goto(`${box.clinic}/formulary`);
  assert.doesNotMatch(await operator.textContent('main'), /out of date/);
  assert.deepEqual(await inspect(operator, 'formulary'), []);
  const loaded = await run(['formulary', 'import', file, '--dir', box.dir]);
  assert.equal(loaded.code, 0, loaded.err);
  await operator.reload();
  assert.match(await operator.textContent('main'), /It is out of date/);
  assert.deepEqual(await inspect(operator, 'formulary-stale'), []);
  const doctor = await signedIn('clinician');
  await doctor.goto(`${halina}/prescribe`);
  assert.match(await doctor.textContent('main .notice.is-critical'), /out of date: it was good until 1 February 2026/);
  for (const one of [operator, doctor]) await one.context().close();
});
