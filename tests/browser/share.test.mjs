// What patients bring, share and ask for: files, measurements, links, people who act for them, requests, the app. In both
// languages, and the essential ones without script.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { chromium } from 'playwright-core';
import { CHROMIUM, demo, inspect, run, shared, signIn, visitor, wire } from './harness.mjs';

const { box, chrome, signedIn: of } = await shared('--patients', '6');

const PDF = Buffer.from('%PDF-1.4\n1 0 obj <<>> endobj\ntrailer <<>>\nstartxref\n9\n%%EOF\n');
const PNG = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64');

const signedIn = (role, origin = box.portal, options) => of(role, origin, options);

const halina = () => box.account('patient').patient;

async function upload(page, name, buffer, title = '') {
  await page.goto(`${box.portal}/my/documents/new`);
  await page.setInputFiles('input[name=file]', { name, mimeType: 'application/pdf', buffer });
  await page.selectOption('select[name=kind]', 'letter');
  await page.fill('input[name=title]', title);
  await page.click('main form button.btn-main');
  return page.textContent('main');
}

test('a file is taken by what it is, whatever it calls itself, and the clinician sees it, without script', async () => {
  const page = await signedIn('patient', box.portal, { script: false });
  await page.goto(`${box.portal}/my/documents/new`);
  assert.deepEqual(await inspect(page, 'upload-new'), []);
  for (const [name, bytes, words] of [
    ['letter.pdf', '<!doctype html><script>alert(1)</script>', /a web page/],
    ['drawing.png', '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', /a web page/],
    ['photo.jpg', '\0\0\0\x18ftypheic\0\0\0\0mif1heic', /HEIC/],
    ['archive.pdf', 'PK\x03\x04', /not a PDF, JPEG or PNG/],
    ['half.pdf', '%PDF-1.4\n1 0 obj', /ends before it is whole/],
    ['empty.pdf', '', /nothing in this file/],
  ]) {
    assert.match(await upload(page, name, Buffer.from(bytes, 'latin1')), words, name);
  }
  assert.deepEqual(await inspect(page, 'upload-refused'), []);
  assert.match(await upload(page, '<script>alert(1)</script>\u202Egpj.png', PNG, 'X-ray 🦴 رسالة'), /in the record now/);
  assert.match(await page.textContent('h1'), /X-ray 🦴 رسالة/);
  assert.equal(await page.locator('img.preview').count(), 1);
  assert.deepEqual(await inspect(page, 'upload-about'), []);
  assert.match(await upload(page, '..\\..\\Letter <b>of<i> May.pdf', PDF), /in the record now/);
  const file = await page.request.get(new URL(await page.locator('a[download]').getAttribute('href'), page.url()).href);
  assert.deepEqual(await file.body(), PDF);
  assert.match(file.headers()['content-disposition'], /^attachment; filename="Letter -b-of-i- May\.pdf"/);
  assert.equal(file.headers()['x-content-type-options'], 'nosniff');
  assert.match(file.headers()['content-security-policy'], /sandbox/);
  await page.goto(`${box.portal}/my/documents`);
  assert.deepEqual(await inspect(page, 'documents-with-own'), []);
  await page.context().close();

  const doctor = await signedIn('clinician', box.clinic);
  await doctor.goto(`${box.clinic}/patients/${halina()}/reported`);
  assert.match(await doctor.textContent('main'), /X-ray 🦴 رسالة[^]*not seen yet/);
  assert.deepEqual(await inspect(doctor, 'chart-reported'), []);
  await doctor.click('a:has-text("X-ray")');
  assert.deepEqual(await inspect(doctor, 'chart-file'), []);
  await doctor.click('button:has-text("I have seen this")');
  assert.match(await doctor.textContent('main'), /Marked as seen/);
  assert.equal(await doctor.locator('button:has-text("I have seen this")').count(), 0);
  await doctor.context().close();
});

test('a file is not taken from another page or twice', async () => {
  const page = await signedIn('patient');
  await page.goto(`${box.portal}/my/documents/new`);
  const send = (change) => page.evaluate(async (change) => {
    const form = new FormData(document.querySelector('main form'));
    form.set('kind', 'letter');
    form.set('file', new File(['%PDF-1.4\nstartxref\n9\n%%EOF'], 'twice.pdf'));
    if (change) form.set('csrf', 'AAAA');
    const answer = await fetch('/my/documents/new', { method: 'POST', body: form });
    return [answer.status, answer.url.split('?')[0]];
  }, change);
  assert.equal((await send(true))[0], 403);
  const [one, other] = [await send(false), await send(false)];
  assert.equal(one[0], 200);
  assert.deepEqual(one, other, 'sent twice it is kept once');
  await page.context().close();
});

test('the name of a file is as wide as the page, however long its one word is', async () => {
  const page = await signedIn('patient', box.portal, { width: 390 });
  await upload(page, `${'Laboratoryresultsofthewholeyear'.repeat(2)}.pdf`, PDF);
  for (const path of ['/my/documents', new URL(page.url()).pathname]) {
    await page.goto(`${box.portal}${path}`);
    assert.match(await page.textContent('main'), /Laboratoryresultsofthe/);
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), path);
  }
  await page.context().close();
});

test('what one measures is kept, asked again when it is seldom, and refused when it cannot be', async () => {
  const page = await signedIn('patient', box.portal, { width: 375 });
  await page.goto(`${box.portal}/my/measurements/new`);
  assert.deepEqual(await inspect(page, 'measure-kinds'), []);
  await page.click('main a:has-text("Blood pressure")');
  await page.fill('input[name=value]', '84');
  await page.fill('input[name=second]', '141');
  await page.click('button.btn-main');
  assert.match(await page.textContent('main'), /right way round/);
  await page.fill('input[name=value]', '900');
  await page.click('button.btn-main');
  assert.match(await page.textContent('main'), /cannot be/);
  assert.deepEqual(await inspect(page, 'measure-refused'), []);
  await page.fill('input[name=value]', '212');
  await page.click('button.btn-main');
  assert.match(await page.textContent('main'), /unusual/);
  assert.deepEqual(await inspect(page, 'measure-seldom'), []);
  await page.click('button.btn-main');
  await page.waitForURL(/my\/results/);
  assert.match(await page.textContent('main'), /The measurement is in the record/);
  assert.match(await page.textContent('main'), /212\/141/);
  await page.goto(`${box.portal}/my/results/85354-9`);
  assert.match(await page.textContent('table.readings'), /212\/141 from you/);
  await page.goto(`${box.portal}/my/history/new`);
  assert.deepEqual(await inspect(page, 'history-new'), []);
  assert.equal(await page.inputValue('select[name=kind]'), '', 'nobody has said what it is about');
  await page.selectOption('select[name=kind]', 'past');
  await page.fill('textarea[name=words]', 'Measles <b>as a child</b>');
  await page.click('button.btn-main');
  await page.waitForURL(/my\/results/);
  const doctor = await signedIn('clinician', box.clinic);
  await doctor.goto(`${box.clinic}/patients/${halina()}/reported`);
  assert.match(await doctor.textContent('main'), /Measles <b>as a child<\/b>/);
  await doctor.goto(`${box.clinic}/patients/${halina()}/measurements`);
  assert.match(await doctor.textContent('main'), /212\/141/);
  for (const one of [page, doctor]) await one.context().close();
});

test('what one added is withdrawn without script, stays in the record, and the clinician sees it', async () => {
  const page = await signedIn('patient', box.portal, { script: false });
  await upload(page, 'wrong.pdf', PDF, 'The wrong letter');
  await page.click('summary:has-text("Withdraw this")');
  assert.deepEqual(await inspect(page, 'upload-withdraw'), []);
  await page.click('main button:has-text("Withdraw")');
  assert.match(await page.textContent('main'), /It is withdrawn[^]*The wrong letter[^]*This was withdrawn/);
  await page.goto(`${box.portal}/my/documents`);
  assert.doesNotMatch(await page.textContent('main'), /The wrong letter/);
  await page.goto(`${box.portal}/my/measurements`);
  assert.deepEqual(await inspect(page, 'my-measurements'), []);
  const first = page.locator('.things li').filter({ has: page.locator('form[action$="/withdraw"]') }).first();
  await first.locator('summary').click();
  await first.locator('button').click();
  assert.match(await page.textContent('main'), /It is withdrawn/);
  assert.equal(await page.locator('.things .badge').count(), 1);
  await page.goto(`${box.portal}/my/requests/new?kind=correction`);
  await page.fill('textarea[name=words]', 'My name is Halina');
  await page.click('main form button.btn-main');
  await page.click('summary:has-text("Withdraw this request")');
  await page.click('main button:has-text("Withdraw")');
  assert.match(await page.textContent('main'), /Nobody has to answer it[^]*Withdrawn/);
  assert.deepEqual(await inspect(page, 'request-withdrawn'), []);
  await page.context().close();
  const es = await signedIn('patient', box.portal, { locale: 'es-ES' });
  await es.goto(`${box.portal}/my/measurements`);
  assert.match(await es.textContent('main'), /Lo que usted añadió[^]*retirado/);
  assert.deepEqual(await inspect(es, 'es-my-measurements'), []);
  await es.context().close();
  const doctor = await signedIn('clinician', box.clinic);
  await doctor.goto(`${box.clinic}/patients/${halina()}/reported`);
  assert.match(await doctor.textContent('main'), /The wrong letter withdrawn/);
  assert.deepEqual(await inspect(doctor, 'chart-reported-withdrawn'), []);
  await doctor.click('a:has-text("The wrong letter")');
  assert.match(await doctor.textContent('main'), /The patient has withdrawn this/);
  await doctor.context().close();
});

/** Makes a share and answers with its code, PIN and link. */
async function share(page, label) {
  await page.goto(`${box.portal}/my/share`);
  await page.fill('input[name=label]', label);
  await page.click('main form button.btn-main');
  const link = await page.locator('.share-made dd a.code.whole').textContent();
  const pin = (await page.locator('dd.big').textContent()).replace(/\s/g, '');
  return { link, code: link.split('#')[1], pin };
}

test('a summary is handed over by a code and a PIN, counted, and ended, without script', async () => {
  const page = await signedIn('patient', box.portal, { script: false });
  await page.goto(`${box.portal}/my/summary`);
  assert.match(await page.textContent('main'), /Penicillins/);
  const lines = (of) => of.locator('.summary-sheet li').allTextContents();
  const own = await lines(page);
  assert.deepEqual(await inspect(page, 'summary'), []);
  await page.goto(`${box.portal}/my/share`);
  assert.deepEqual(await inspect(page, 'share'), []);
  const { link, code, pin } = await share(page, 'Bayview <b>Physiotherapy</b>');
  assert.match(code, /^[\w-]{43}$/);
  assert.match(pin, /^\d{6}$/);
  assert.ok(link.startsWith(`${box.portal}/shared#`));
  assert.deepEqual(await inspect(page, 'share-made'), []);

  const guest = await visitor(chrome, { script: false });
  const open = async (code, pin) => {
    await guest.goto(`${box.portal}/shared`);
    await guest.fill('input[name=code]', code);
    await guest.fill('input[name=pin]', pin);
    await guest.click('button[value=page]');
    return guest.textContent('main');
  };
  await guest.goto(`${box.portal}/shared`);
  assert.deepEqual(await inspect(guest, 'shared'), []);
  assert.match(await open(code, pin === '000000' ? '000001' : '000000'), /9 tries are left/);
  assert.deepEqual(await inspect(guest, 'shared-wrong'), []);
  assert.match(await open('A'.repeat(43), pin), /no link of this clinic/);
  assert.match(await open(code, `${pin.slice(0, 3)} ${pin.slice(3)}`), /Halina Brandvold[^]*Penicillins/);
  assert.equal(guest.url(), `${box.portal}/shared/summary`, 'no secret is in the address');
  assert.deepEqual(await inspect(guest, 'shared-summary'), []);
  const handed = await lines(guest);
  assert.ok(handed.length > 0);
  assert.deepEqual(handed.filter((line) => !own.includes(line)), [], 'how a value lies is said to both alike');

  await page.goto(`${box.portal}/my/share`);
  assert.match(await page.textContent('main'), /Opened once[^]*1 wrong PIN was tried/);
  await page.goto(`${box.portal}/my/who-looked`);
  assert.match(await page.textContent('main'), /Share link for .Bayview/, 'each opening stands in who looked');
  await page.goto(`${box.portal}/my/share`);
  await page.click('button:has-text("End this share now")');
  assert.match(await page.textContent('main'), /opens nothing any more/);
  assert.match(await open(code, pin), /has ended/);

  const log = await run(['audit', 'list', '--json', '--limit', '10000', '--dir', box.dir]);
  for (const [what, text] of [['the access log', log.out], ["the box's log", box.log()]]) {
    assert.ok(text.length > 0, what);
    assert.ok(!text.includes(code) && !text.includes(code.slice(0, 12)), `${what} holds the code of a link`);
  }
  for (const one of [page, guest]) await one.context().close();
});

test('with script the link alone is enough, and its secret leaves the address', async () => {
  const page = await signedIn('patient');
  const { link, pin, code } = await share(page, 'Travel');
  assert.equal(await page.getAttribute('.share-made a.whole', 'href'), link);
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.click('[data-copy]');
  await page.waitForSelector('text=The link is copied');
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), link);
  const guest = await visitor(chrome, { locale: 'es-ES', width: 375 });
  const asked = [];
  guest.on('request', (request) => asked.push(request.url(), request.headers().referer ?? ''));
  await guest.goto(link);
  await guest.waitForFunction(() => document.querySelector('input[name=code]').value.length === 43 && !location.hash);
  assert.equal(await guest.locator('input[name=code]').isVisible(), false);
  // A slip does not cost the link: whoever scanned a picture has no code to type.
  await guest.fill('input[name=pin]', pin === '000000' ? '000001' : '000000');
  await guest.click('button[value=page]');
  await guest.waitForSelector('form[data-shared=known]');
  assert.equal(await guest.locator('input[name=code]').isVisible(), false);
  await guest.fill('input[name=pin]', pin);
  await guest.click('button[value=page]');
  assert.match(await guest.textContent('main'), /Alergias[^]*Penicilinas/);
  assert.deepEqual(await inspect(guest, 'shared-es'), []);
  assert.ok(asked.every((line) => !line.replace(link, '').includes(code)), 'no request line or referrer holds it');
  // Another link in the same window: nothing of the one before stays, before its PIN was asked and after.
  const other = await share(page, 'Dentist');
  await guest.goto(other.link);
  assert.equal(await guest.inputValue('input[name=code]'), other.code);
  assert.doesNotMatch(await guest.textContent('main'), /Penicilinas/);
  await guest.fill('input[name=pin]', '12');
  await guest.goto(link);
  await guest.waitForFunction((code) => document.querySelector('input[name=code]').value === code && !location.hash, code);
  assert.equal(await guest.inputValue('input[name=pin]'), '');
  for (const one of [page, guest]) await one.context().close();
});

test('somebody is let act, signs in with their own account, and is out with the next request once it ends', async () => {
  const page = await signedIn('patient', box.portal, { script: false });
  await page.goto(`${box.portal}/my/people`);
  assert.match(await page.textContent('main'), /Piotr Brandvold/);
  assert.deepEqual(await inspect(page, 'people'), []);
  await page.click('a:has-text("Let somebody act")');
  assert.deepEqual(await inspect(page, 'people-new'), []);
  await page.fill('input[name=name]', 'Ada Okafor');
  assert.equal(await page.inputValue('select[name=relation]'), '', 'nobody has said who they are');
  await page.selectOption('select[name=relation]', 'friend');
  await page.check('input[name=extent][value=view]');
  await page.click('main form button.btn-main');
  const code = await page.locator('p.once').textContent();
  assert.deepEqual(await inspect(page, 'people-invited'), []);

  const ada = await visitor(chrome, { script: false });
  await ada.goto(`${box.portal}/proxy-invitation`);
  assert.deepEqual(await inspect(ada, 'invitation'), []);
  await ada.fill('input[name=code]', 'AAAA BBBB CCCC');
  await ada.fill('input[name=user]', 'ada');
  for (const name of ['password', 'again']) await ada.fill(`input[name=${name}]`, 'a walk by the quiet harbour');
  await ada.click('button.btn-main');
  assert.match(await ada.textContent('main'), /not good/);
  await ada.fill('input[name=code]', code.toLowerCase());
  for (const name of ['password', 'again']) await ada.fill(`input[name=${name}]`, 'a walk by the quiet harbour');
  await ada.click('button.btn-main');
  await ada.waitForURL(/sign-in/);
  assert.match(await ada.textContent('main'), /Your account is made/);
  await signIn(ada, box.portal, { user: 'ada', password: 'a walk by the quiet harbour' });
  await ada.goto(`${box.portal}/my/medicines`);
  assert.match(await ada.textContent('main'), /Halina Brandvold[^]*Metformin/);
  const status = async (address) => (await ada.goto(`${box.portal}${address}`)).status();
  assert.equal(await status('/my/share'), 403, 'sharing on is the patient\'s alone');

  await page.goto(`${box.portal}/my/people`);
  await page.locator('li', { hasText: 'Ada Okafor' }).locator('button').click();
  assert.match(await page.textContent('main'), /This has ended/);
  assert.equal(await status('/my/medicines'), 404);
  for (const one of [page, ada]) await one.context().close();
});

test('one account acts for several: one at a time, by the choice of the session, until it is taken back, without script', async () => {
  const page = await signedIn('patient', box.portal, { script: false });
  await page.goto(`${box.portal}/my/people/new`);
  await page.fill('input[name=name]', 'Ada Okafor');
  assert.equal(await page.inputValue('select[name=relation]'), '', 'nobody has said who they are');
  await page.selectOption('select[name=relation]', 'friend');
  await page.check('input[name=extent][value=full]');
  await page.click('main form button.btn-main');
  const code = await page.locator('p.once').textContent();

  // The proxy's account, which acts for a child already, takes the code along.
  const proxy = await signedIn('proxy', box.portal, { script: false });
  const head = () => proxy.locator('.proxy-line').textContent();
  const child = (await head()).match(/record of (.+?)\. You act/)[1];
  await proxy.goto(`${box.portal}/proxy-invitation`);
  await proxy.click('a:has-text("type the code there")');
  assert.deepEqual(await inspect(proxy, 'acting-one'), []);
  await proxy.fill('input[name=code]', 'AAAA BBBB CCCC');
  await proxy.click('main form button.btn-main');
  assert.match(await proxy.textContent('main'), /not good/);
  assert.deepEqual(await inspect(proxy, 'acting-refused'), []);
  await proxy.fill('input[name=code]', code);
  await proxy.click('main form button.btn-main');
  assert.match(await proxy.textContent('main'), /one more person now/);
  assert.match(await proxy.locator('li', { hasText: child }).textContent(), /looking at this record now/);
  assert.deepEqual(await inspect(proxy, 'acting'), []);
  await proxy.goto(`${box.portal}/my/medicines`);
  assert.match(await head(), new RegExp(`looking at: ${child}`));
  assert.doesNotMatch(await proxy.textContent('main'), /Metformin/, 'a link opens nothing by itself');

  // A page that was open before the switch sends nothing into the other record.
  const stale = await proxy.context().newPage();
  await stale.goto(`${box.portal}/my/history/new`);
  await stale.selectOption('select[name=kind]', 'past');
  await stale.fill('textarea[name=words]', 'Chickenpox of the child');
  await proxy.click('.proxy-line a:has-text("Change")');
  await proxy.locator('li', { hasText: 'Halina Brandvold' }).locator('button:has-text("Look at")').click();
  await proxy.waitForURL(/\/my$/);
  assert.match(await head(), /looking at: Halina Brandvold/);
  assert.doesNotMatch(proxy.url(), new RegExp(halina()), 'whose record it is stands in no address');
  assert.deepEqual(await inspect(proxy, 'acting-home'), []);
  await proxy.goto(`${box.portal}/my/medicines`);
  assert.match(await proxy.textContent('main'), /Metformin/);
  await stale.click('main form button.btn-main');
  assert.match(await stale.textContent('main'), /chosen another person’s record meanwhile\. Nothing was sent[^]*What you typed is kept/);
  assert.deepEqual(await inspect(stale, 'problem-other-record'), []);
  await proxy.goto(`${box.portal}/my/results`);
  assert.doesNotMatch(await proxy.textContent('main'), /Chickenpox/);
  await proxy.goto(`${box.portal}/my/measurements`);
  assert.doesNotMatch(await proxy.textContent('main'), /Chickenpox/);
  assert.equal((await proxy.goto(`${box.portal}/my/share`)).status(), 403, 'sharing on is the patient\'s alone');

  // Chosen again, the child has its words back; nothing of them was sent.
  await stale.click('main a.btn-main');
  await stale.locator('li', { hasText: child }).locator('button:has-text("Look at")').click();
  await stale.waitForURL(/\/my\/history\/new$/);
  assert.equal(await stale.inputValue('textarea[name=words]'), 'Chickenpox of the child');
  await stale.click('button:has-text("Begin again")');
  await stale.goto(`${box.portal}/my/acting`);
  await stale.locator('li', { hasText: 'Halina Brandvold' }).locator('button:has-text("Look at")').click();
  await stale.waitForURL(/\/my$/);
  await stale.close();

  // FHIR with the same cookie goes as far as before: the child's, and not Halina's.
  assert.equal((await proxy.request.get(`${box.portal}/fhir/Patient/${halina()}`)).status(), 404);

  await page.goto(`${box.portal}/my/who-looked`);
  assert.match(await page.textContent('main'), /Acts for a patient/);
  await page.goto(`${box.portal}/my/people`);
  await page.locator('li', { hasText: 'Ada Okafor' }).locator('button').last().click();
  await proxy.goto(`${box.portal}/my/medicines`);
  assert.match(await proxy.textContent('main'), /may not act any more for the person/);
  assert.match(await head(), new RegExp(child));
  assert.doesNotMatch(await proxy.textContent('main'), /Metformin/);
  assert.deepEqual(await inspect(proxy, 'acting-ended'), []);
  for (const one of [page, proxy]) await one.context().close();
});

test('a switch opens what is sealed to the clinic with the next request, and closes it', async () => {
  const token = (await run(['token', 'create', '--user', 'clinician', '--dir', box.dir])).out.trim();
  const api = await chrome.newContext({ ignoreHTTPSErrors: true, extraHTTPHeaders: { authorization: `Bearer ${token}` } });
  const made = await api.request.post(`${box.clinic}/fhir/Observation`, {
    headers: { 'content-type': 'application/fhir+json' },
    data: { resourceType: 'Observation', status: 'final', code: { text: 'Mood' }, subject: { reference: `Patient/${halina()}` }, valueString: 'low',
      meta: { security: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'PSY' }] } },
  });
  assert.equal(made.status(), 201, await made.text());
  const { id } = await made.json();
  const seen = async () => (await api.request.get(`${box.clinic}/fhir/Observation/${id}`)).status();
  assert.equal(await seen(), 404, 'sealed to everybody but the patient');
  const page = await signedIn('patient', box.portal, { script: false });
  await page.goto(`${box.portal}/my/consents`);
  assert.deepEqual(await inspect(page, 'consents'), []);
  const mind = page.locator('li', { hasText: 'Mental health' });
  await mind.locator('button').click();
  assert.match(await page.textContent('main'), /from now on/);
  assert.equal(await seen(), 200);
  await mind.locator('button').click();
  assert.equal(await seen(), 404);
  await api.close();
  await page.context().close();
});

test('a copy of everything is one click, and another program opens it, without script', async () => {
  const page = await signedIn('patient', box.portal, { script: false });
  await page.goto(`${box.portal}/my/requests`);
  assert.deepEqual(await inspect(page, 'requests'), []);
  await page.click('button:has-text("Make my copy now")');
  assert.deepEqual(await inspect(page, 'request-copy'), []);
  const answer = await page.request.get(new URL(await page.locator('a[download]').getAttribute('href'), page.url()).href);
  assert.equal(answer.status(), 200);
  const file = path.join(box.dir, 'copy.zip');
  writeFileSync(file, await answer.body());
  const script = `
import json, sys, zipfile
z = zipfile.ZipFile(sys.argv[1])
assert z.testzip() is None
names = z.namelist()
patient = json.loads(z.read("fhir/Patient.ndjson").splitlines()[0])
lines = [json.loads(line) for line in z.read("fhir/Observation.ndjson").splitlines()]
html = z.read("record.html").decode()
print(json.dumps([names, patient["id"], len(lines), "Halina Brandvold" in html and "Metformin" in html, z.read(next(n for n in names if n.endswith("Exercises from physiotherapy.pdf")))[:5].decode()]))`;
  const [names, id, observations, readable, pdf] = JSON.parse(execFileSync('python3', ['-c', script, file], { encoding: 'utf8' }));
  assert.equal(id, halina());
  assert.ok(observations > 50 && readable, `${observations} ${readable}`);
  assert.equal(pdf, '%PDF-');
  assert.ok(names.includes('record.css') && names.includes('fhir/also/Practitioner.ndjson'), names.join(' '));
  await page.context().close();
});

test('a request has its last day, is answered once, and the patient reads the answer', async () => {
  const page = await signedIn('patient', box.portal, { script: false, locale: 'es-ES', width: 375 });
  await page.goto(`${box.portal}/my/requests/new?kind=restriction`);
  assert.deepEqual(await inspect(page, 'request-new-es'), []);
  await page.fill('textarea[name=words]', 'No para investigación <b>.</b>');
  await page.click('main form button.btn-main');
  assert.match(await page.textContent('main'), /Respondemos hasta el/);
  assert.deepEqual(await inspect(page, 'request-es'), []);
  const mine = page.url().split('?')[0];

  const [one, other] = [await signedIn('healthadmin', box.clinic), await signedIn('healthadmin', box.clinic)];
  await one.goto(`${box.clinic}/requests`);
  assert.match(await one.textContent('main'), /days late/, 'what is overdue says so');
  assert.deepEqual(await inspect(one, 'requests-queue'), []);
  const id = mine.split('/').pop();
  for (const admin of [one, other]) await admin.goto(`${box.clinic}/requests/${id}`);
  assert.match(await one.textContent('main'), /No para investigación <b>/);
  assert.deepEqual(await inspect(one, 'requests-one'), []);
  await one.fill('textarea[name=words]', 'We shall not use it for research.');
  await one.click('button[value=answer]');
  await one.waitForURL(/done=answered/);
  await other.fill('textarea[name=words]', 'Too late.');
  const [answer] = await Promise.all([other.waitForResponse((response) => response.request().method() === 'POST'), other.click('button[value=decline]')]);
  assert.equal(answer.status(), 409);
  assert.match(await other.textContent('main'), /Somebody has answered/);
  await page.goto(mine);
  assert.match(await page.textContent('main'), /Respondida[^]*We shall not use it for research/);
  await one.goto(`${box.clinic}/requests`);
  const copy = one.locator('tr', { hasText: 'A copy of everything' }).first();
  await copy.locator('a').click();
  assert.equal(await one.locator('button[value=extend]').count(), 0, 'nothing is extended once it is overdue');
  await one.goto(`${box.clinic}/requests`);
  await one.locator('tr', { hasText: 'A correction' }).first().locator('a').click();
  await one.fill('textarea[name=words]', 'The doctor is away until the tenth.');
  await one.click('button[value=extend]');
  await one.waitForURL(/done=extended/);
  await page.goto(`${box.portal}/my/requests`);
  await page.locator('a', { hasText: 'Una corrección' }).first().click();
  assert.match(await page.textContent('main'), /away until the tenth/);
  for (const each of [page, one, other]) await each.context().close();
});

test('one access is questioned, and answered in words', async () => {
  const doctor = await signedIn('clinician', box.clinic);
  for (const part of ['', '/results']) await doctor.goto(`${box.clinic}/patients/${halina()}${part}`);
  const page = await signedIn('patient');
  await page.goto(`${box.portal}/my/who-looked`);
  assert.deepEqual(await inspect(page, 'who-looked-question'), []);
  await page.locator('li.look', { hasText: 'Adeyemi-Strand' }).first().locator('a:has-text("Question this")').click();
  assert.match(await page.textContent('main'), /Adeyemi-Strand/);
  assert.deepEqual(await inspect(page, 'question'), []);
  // Of the accesses of the day one chooses: none is not sent, and one alone is.
  const which = page.locator('input[name=which]');
  const all = await which.count();
  const unfold = async () => { if (!await which.first().isVisible()) await page.click('details:has(input[name=which]) > summary'); };
  await unfold();
  assert.ok(all > 1, 'the chart was opened more than once');
  for (let at = 0; at < all; at++) await which.nth(at).uncheck();
  await page.fill('textarea[name=words]', 'I was not at the clinic that day.');
  await page.click('main form button.btn-main');
  assert.match(await page.textContent('main'), /Choose at least one/);
  await page.goto(`${box.portal}/my/who-looked`);
  await page.locator('li.look', { hasText: 'Adeyemi-Strand' }).first().locator('a:has-text("Question this")').click();
  await unfold();
  for (let at = 1; at < all; at++) await which.nth(at).uncheck();
  await page.fill('textarea[name=words]', 'I was not at the clinic that day.');
  await page.click('main form button.btn-main');
  await page.waitForURL(/done=sent/);
  const mine = page.url().split('?')[0];
  const admin = await signedIn('healthadmin', box.clinic);
  await admin.goto(`${box.clinic}/requests`);
  await admin.locator('tr', { hasText: 'Why somebody looked' }).first().locator('a').click();
  assert.match(await admin.textContent('main'), /I was not at the clinic/);
  assert.match(await admin.textContent('main'), /Adeyemi-Strand/);
  await admin.fill('textarea[name=words]', 'She signed your blood test from her desk.');
  await admin.click('button[value=answer]');
  await admin.waitForURL(/done=answered/);
  await page.goto(mine);
  assert.match(await page.textContent('main'), /signed your blood test/);
  for (const each of [doctor, page, admin]) await each.context().close();
});

for (const locale of ['en-GB', 'es-ES']) test(`the pages are whole in ${locale}`, async () => {
  const page = await signedIn('patient', box.portal, { locale });
  for (const [address, name] of [['/my/documents/new', 'upload'], ['/my/documents', 'documents'], ['/my/who-looked', 'who-looked'],
    ['/my/requests/new?kind=correction', 'request-new'], ['/shared', 'shared'], ['/proxy-invitation', 'invitation'], ['/offline', 'offline'], ['/my/measurements/new?kind=weight', 'measure'], ['/my/history/new', 'history'],
    ['/my/summary', 'summary'], ['/my/share', 'share'], ['/my/people', 'people'], ['/my/acting', 'acting'], ['/my/people/new', 'people-new'], ['/my/consents', 'consents'],
    ['/my/requests', 'requests'], ['/my/app', 'app'], ['/my', 'home']]) {
    await page.goto(`${box.portal}${address}`);
    assert.deepEqual(await inspect(page, `${locale}-${name}`), []);
  }
  await upload(page, 'half.pdf', Buffer.from('%PDF-1.4'));
  assert.deepEqual(await inspect(page, `${locale}-upload-refused`), []);
  await upload(page, 'knee.png', PNG);
  assert.deepEqual(await inspect(page, `${locale}-upload-about`), []);
  const made = await share(page, 'Bayview');
  assert.deepEqual(await inspect(page, `${locale}-share-made`), []);
  await page.goto(`${box.portal}/my/people/new`);
  await page.fill('input[name=name]', 'Ada');
  await page.selectOption('select[name=relation]', 'friend');
  await page.check('input[name=extent][value=full]');
  await page.click('main form button.btn-main');
  assert.deepEqual(await inspect(page, `${locale}-people-invited`), []);
  await page.goto(`${box.portal}/my/requests`);
  await page.click('main form button.btn-main');
  assert.deepEqual(await inspect(page, `${locale}-request-copy`), []);
  await page.goto(`${box.portal}/shared`);
  await page.fill('input[name=code]', made.code);
  await page.fill('input[name=pin]', '1');
  await page.click('button[value=page]');
  assert.deepEqual(await inspect(page, `${locale}-shared-wrong`), []);
  // The code stands there still: with script, only the PIN is asked for.
  await page.fill('input[name=pin]', made.pin);
  await page.click('button[value=page]');
  assert.deepEqual(await inspect(page, `${locale}-shared-summary`), []);
  await page.context().close();
});

test('the portal can be installed, and what it keeps without a network is what its person switched on', async () => {
  // The certificate of a demo is nobody's: a service worker is taken only from one that the browser trusts.
  const trusting = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--ignore-certificate-errors', '--disable-gpu', '--disable-quic'] });
  const own = await demo();
  try {
    const context = await trusting.newContext({ viewport: { width: 375, height: 800 } });
    const page = await context.newPage();
    const patient = own.account('patient');
    await signIn(page, own.portal, patient);
    const worker = () => page.evaluate(() => navigator.serviceWorker.getRegistration().then((one) => Boolean(one)));
    const keeps = () => page.evaluate(() => caches.has('chartbox-record'));
    assert.equal(await worker(), false, 'nobody gets a service worker who did not ask for the app');
    await page.goto(`${own.portal}/my/app`);
    await page.evaluate(() => navigator.serviceWorker.ready.then(() => true));
    const cdp = await context.newCDPSession(page);
    const { errors: broken } = await cdp.send('Page.getAppManifest');
    assert.deepEqual(broken, []);
    const { installabilityErrors } = await cdp.send('Page.getInstallabilityErrors');
    // A window of a test is a private one to this check.
    assert.deepEqual(installabilityErrors.filter(({ errorId }) => errorId !== 'in-incognito'), []);
    await page.goto(`${own.portal}/my/summary`);
    // Each says when it was made.
    const said = async () => (await page.textContent('main')).replace(/\d\d:\d\d/, '');
    const summary = await said();
    assert.equal(await keeps(), false, 'nothing of a record is kept by itself');

    const switchOn = async () => {
      await page.goto(`${own.portal}/my/app`);
      await page.click('[data-on]');
      await page.waitForSelector('[data-off]:visible');
      assert.equal(await keeps(), true);
    };
    await switchOn();
    await page.click('[data-off]');
    await page.waitForSelector('[data-on]:visible');
    assert.equal(await keeps(), false, 'switched off');

    await switchOn();
    await Promise.all([page.waitForURL(/signed-out/), page.click('form[action="/sign-out"] button >> visible=true')]);
    await page.goto(`${own.portal}/sign-in`);
    assert.equal(await keeps(), false, 'signing out leaves nothing behind');

    await signIn(page, own.portal, patient);
    await switchOn();
    await page.reload();
    await own.stopOnly();
    await page.goto(`${own.portal}/my/summary`);
    assert.equal(await said(), summary, 'the summary is read without a network');
    await page.goto(`${own.portal}/my/record`);
    assert.match(await page.textContent('main'), /No network/, 'and nothing else');
  } finally {
    await trusting.close();
    await own.stop();
  }
});

test('a device shows nobody without a network what its person did not switch on there', async () => {
  const trusting = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--ignore-certificate-errors', '--disable-gpu', '--disable-quic'] });
  const own = await demo();
  try {
    const context = await trusting.newContext({ viewport: { width: 375, height: 800 } });
    const page = await context.newPage();
    const [patient, proxy] = [own.account('patient'), own.account('proxy')];
    const keeps = () => page.evaluate(() => caches.has('chartbox-record'));
    const line = await wire(own.portal);
    // A promise is true to waitForFunction, whatever it comes to.
    const becomes = async (is) => {
      for (let tries = 0; !await page.evaluate(is); tries += 1) {
        assert.ok(tries < 100, String(is));
        await page.waitForTimeout(100);
      }
    };
    const at = async (path) => page.goto(`${line.origin}${path}`);
    const offline = async (path) => {
      await line.cut();
      await at(path);
      const text = await page.textContent('main');
      await line.mend();
      return text;
    };
    await signIn(page, line.origin, patient);
    await at('/my/app');
    await page.evaluate(() => navigator.serviceWorker.ready.then(() => true));
    await at('/my');
    assert.match(await offline('/my/summary'), /No network/);
    await at('/my/app');
    await page.waitForSelector('[data-on]:visible');
    assert.match(await page.textContent('[data-said]'), /not kept/, 'asked for without a network it is not switched on');
    await at('/my');
    assert.equal(await keeps(), false);

    await at('/my/app');
    await page.click('[data-on]');
    await page.waitForSelector('[data-off]:visible');
    // The session ends without the button.
    await at('/signed-out?why=idle-own');
    assert.equal(await keeps(), false, 'it goes away with the session');
    await at('/my');
    await becomes(() => caches.match('/my/summary', { cacheName: 'chartbox-record' }).then(Boolean));
    assert.doesNotMatch(await offline('/my/summary'), /No network/, 'who switched it on has it again');

    // Ended from another device: this one hears of it with the first answer, and whoever finds it where somebody signs in.
    for (const hear of [() => page.evaluate(() => fetch('/my/results').then(() => true)), () => at('/sign-in'), () => at('/my')]) {
      await context.clearCookies();
      await hear();
      assert.equal(await keeps(), false, `what was kept goes away with a session that was ended elsewhere: ${hear}`);
      await signIn(page, line.origin, patient);
      await at('/my');
      await becomes(() => caches.match('/my/summary', { cacheName: 'chartbox-record' }).then(Boolean));
    }
    // So it does with the answer to a form, and where a text is kept that is being typed.
    const learns = [
      async () => {
        await page.click('main form[data-keep] button.btn-main');
        await page.waitForSelector('input[name=password]');
      },
      () => page.waitForSelector('main form[data-keep] [data-keep-warning]'),
    ];
    for (const learn of learns) {
      await at('/my/messages');
      await page.locator('main a[href^="/my/messages/"]:not([href*="new"])').first().click();
      await page.waitForSelector('main form[data-keep] textarea');
      await context.clearCookies();
      await page.fill('main form[data-keep] textarea', 'Is the cough syrup enough?');
      await learn();
      await becomes(() => caches.has('chartbox-record').then((has) => !has));
      await signIn(page, line.origin, patient);
      await at('/my');
      await becomes(() => caches.match('/my/summary', { cacheName: 'chartbox-record' }).then(Boolean));
    }
    await context.clearCookies();
    await signIn(page, line.origin, proxy);
    await becomes(() => caches.has('chartbox-record').then((has) => !has));
    assert.match(await offline('/my/summary'), /No network/, 'the next one is not shown what was kept before');
    await at('/my/app');
    assert.match(await page.textContent('main'), /not that of somebody for whom you act/);
    await at('/my');
    assert.equal(await keeps(), false, 'and nothing of whom they act for');
  } finally {
    await trusting.close();
    await own.stop();
  }
});

test('what is sent without a network is not lost, and nobody is told that it was sent or that they are signed out', async () => {
  const trusting = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--ignore-certificate-errors', '--disable-gpu', '--disable-quic'] });
  const own = await demo();
  try {
    const context = await trusting.newContext({ viewport: { width: 375, height: 800 } });
    const page = await context.newPage();
    const line = await wire(own.portal);
    await signIn(page, line.origin, own.account('patient'));
    await page.goto(`${line.origin}/my/app`);
    await page.evaluate(() => navigator.serviceWorker.ready.then(() => true));
    await page.goto(`${line.origin}/my/messages`);
    await page.locator('main a[href^="/my/messages/"]:not([href*="new"])').first().click();
    const form = page.url();
    await page.fill('textarea', 'Is the cough syrup enough?');
    await line.cut();
    await page.click('main form[data-keep] button.btn-main');
    await page.waitForSelector('main form[data-keep] [data-keep-warning]');
    assert.match(await page.textContent('[data-keep-warning]'), /this was not sent[^]*stands here/);
    assert.equal(await page.inputValue('textarea'), 'Is the cough syrup enough?');
    // Left all the same, it is there again when there is a network.
    await page.evaluate(() => dispatchEvent(new Event('online')));
    await page.waitForFunction(() => JSON.parse(sessionStorage.getItem('chartbox-unsent'))?.failed);
    await page.goto(`${line.origin}/my`);
    assert.match(await page.textContent('main'), /No network/);
    await line.mend();
    await page.goto(`${line.origin}/my`);
    await page.waitForFunction(() => !sessionStorage.getItem('chartbox-unsent'));
    await page.goto(form);
    assert.equal(await page.inputValue('textarea'), 'Is the cough syrup enough?');
    await page.click('main form[data-keep] button.btn-main');
    await page.waitForFunction(() => document.querySelector('main').textContent.includes('Is the cough syrup enough?'));
    await page.waitForURL(/done=/);
    await page.goto(form);
    assert.equal(await page.inputValue('textarea'), '', 'what was sent is no draft');
    await line.cut();
    await page.click('form[action="/sign-out"] button >> visible=true');
    await page.waitForSelector('text=Not signed out');
    await line.mend();
    await page.goto(`${line.origin}/my`);
    assert.equal(await page.locator('form[action="/sign-out"]').count(), 1, 'the session is open, as it says');
  } finally {
    await trusting.close();
    await own.stop();
  }
});

test('the printed list of medicines says when its patient was born, and the allergies', async () => {
  const page = await signedIn('patient', box.portal);
  await page.goto(`${box.portal}/my/medicines`);
  const about = page.locator('main .print-only');
  assert.equal(await about.isVisible(), false, 'on a screen the other pages say it');
  await page.emulateMedia({ media: 'print' });
  assert.equal(await about.isVisible(), true);
  assert.match(await about.innerText(), /born[^]*Allergies:/i);
  await page.context().close();
});

test('who changes their password reads that it is changed, and in their own language what is wrong with it', async () => {
  const page = await signedIn('patient', box.portal, { script: false, locale: 'es-ES' });
  const { password } = box.account('patient');
  const change = async (now, next) => {
    await page.goto(`${box.portal}/account`);
    await page.fill('input[name=current]', now);
    for (const name of ['new', 'again']) await page.fill(`input[name=${name}]`, next);
    await page.click('form[action="/account/password"] button.btn-main');
  };
  await change(password, 'short');
  assert.match(await page.textContent('main'), /Esta contraseña es demasiado corta/);
  await change(password, 'nine slow herons by the weir');
  assert.match(await page.textContent('main'), /Su contraseña ha cambiado/);
  assert.deepEqual(await inspect(page, 'account-changed'), []);
  await change('nine slow herons by the weir', password);
  await page.context().close();
});

test('for whom a link is stands there again after a session that ended in between', async () => {
  const page = await signedIn('patient', box.portal, { script: false });
  await page.goto(`${box.portal}/my/share`);
  await page.fill('input[name=label]', 'Bayview Physiotherapy');
  const other = await signedIn('patient', box.portal, { script: false });
  await other.goto(`${box.portal}/account`);
  await other.click('form[action="/account/sessions/end-others"] button');
  await page.click('form[action="/my/share"] button.btn-main');
  assert.match(await page.textContent('main'), /Your text is kept/);
  const { user, password } = box.account('patient');
  await page.fill('input[name=user]', user);
  await page.fill('input[name=password]', password);
  await page.click('main button.btn-main');
  assert.equal(new URL(page.url()).pathname, '/my/share');
  assert.equal(await page.inputValue('input[name=label]'), 'Bayview Physiotherapy');
  await page.click('form[action="/my/share"] button.btn-main');
  await page.goto(`${box.portal}/my/share`);
  assert.equal(await page.inputValue('input[name=label]'), '', 'what was made is no draft');
  await page.click('main form[action$="/end"] button');
  for (const one of [page, other]) await one.context().close();
});

test('who may book and write is shown visits and messages, and told that the rest is not open', async () => {
  const page = await signedIn('patient', box.portal, { script: false });
  await page.goto(`${box.portal}/my/people/new`);
  await page.fill('input[name=name]', 'Bo Desk');
  await page.selectOption('select[name=relation]', 'other');
  await page.check('input[name=extent][value=appointments]');
  await page.click('main form button.btn-main');
  const code = await page.locator('p.once').textContent();
  const bo = await visitor(chrome, { script: false });
  await bo.goto(`${box.portal}/proxy-invitation`);
  await bo.fill('input[name=code]', code);
  await bo.fill('input[name=user]', 'bo');
  for (const name of ['password', 'again']) await bo.fill(`input[name=${name}]`, 'a walk by the quiet harbour');
  await bo.click('button.btn-main');
  await bo.waitForURL(/sign-in/);
  await signIn(bo, box.portal, { user: 'bo', password: 'a walk by the quiet harbour' });
  assert.match(await bo.textContent('main'), /The rest of the record is not open to you/);
  assert.deepEqual(await inspect(bo, 'books-home'), []);
  assert.deepEqual(await bo.locator('nav.places a').allTextContents(), ['Home', 'Visits', 'Messages']);
  for (const at of ['allergies', 'medicines', 'problems', 'results', 'documents', 'immunizations', 'measurements', 'who-looked', 'requests', 'summary']) {
    assert.equal((await bo.goto(`${box.portal}/my/${at}`)).status(), 403, at);
    assert.match(await bo.textContent('body'), /chose appointments and messages only/, at);
  }
  assert.deepEqual(await inspect(bo, 'books-not-open'), []);
  for (const at of ['visits', 'messages', 'visits/book', 'messages/new']) {
    assert.equal((await bo.goto(`${box.portal}/my/${at}`)).status(), 200, at);
    assert.doesNotMatch(await bo.textContent('main'), /No visits yet/, at);
  }
  await bo.goto(`${box.portal}/notices`);
  assert.doesNotMatch(await bo.textContent('main'), /result|medicine|emergency|acts? for/i);
  for (const one of [page, bo]) await one.context().close();
});

test('whoever acts for somebody stops by themselves, and sees nothing from then on', async () => {
  const proxy = await signedIn('proxy', box.portal, { script: false });
  await proxy.goto(`${box.portal}/my/acting`);
  const one = proxy.locator('ul.things li', { has: proxy.locator('button.btn-danger') });
  assert.equal(await one.locator('button.btn-danger').isVisible(), false, 'a word before it is done');
  await one.locator('summary').click();
  assert.match(await one.textContent(), /is told, and sees it/);
  assert.deepEqual(await inspect(proxy, 'acting-stop'), []);
  await one.locator('button.btn-danger').click();
  assert.match(await proxy.textContent('main'), /do not act for this person any more[^]*nobody for whom you act/);
  await proxy.goto(`${box.portal}/my/medicines`);
  assert.match(await proxy.textContent('main'), /No record is open to you/);
  await proxy.context().close();
  const admin = await signedIn('healthadmin', box.clinic);
  await admin.goto(`${box.clinic}/audit`);
  assert.match(await admin.textContent('main'), /ended that somebody acts for them/);
  await admin.context().close();
});
