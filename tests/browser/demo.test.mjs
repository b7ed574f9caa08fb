// The three sign-ins: a clinician reads a chart, the patient sees who looked, the administrator sees the chain verified.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { inspect, run, shared, signIn, visitor } from './harness.mjs';

const { box, chrome, signedIn } = await shared('--patients', '12');

test('the sign-in page is calm, whole and says what was wrong', async () => {
  const page = await visitor(chrome);
  await page.goto(`${box.clinic}/sign-in`);
  assert.deepEqual(await inspect(page, 'sign-in'), []);
  await page.fill('input[name=user]', 'clinician');
  await page.fill('input[name=password]', 'not the password');
  await page.click('button.btn-main');
  await page.waitForLoadState();
  assert.match(await page.textContent('main'), /do not belong together/);
  assert.deepEqual(await inspect(page, 'sign-in-wrong'), []);
  await page.context().close();
});

test('a clinician finds a patient as they type and reads the chart', async () => {
  const page = await signedIn('clinician');
  assert.deepEqual(await inspect(page, 'today'), []);
  await page.goto(`${box.clinic}/patients`);
  await page.fill('main input[name=q]', 'brandwold');
  const row = page.locator('a[href^="/patients/"]', { hasText: /brandvold/i }).first();
  await row.waitFor();
  assert.deepEqual(await inspect(page, 'patients'), []);
  await row.click();
  await page.waitForURL(/\/patients\/[^/]+$/);
  const text = await page.textContent('body');
  for (const part of [/BRANDVOLD/, /Allerg/, /Medicines/, /Problems/, /Timeline/]) assert.match(text, part);
  assert.deepEqual(await inspect(page, 'chart'), []);
  const chart = page.url();
  for (const part of ['timeline', 'results', 'medicines', 'problems', 'allergies', 'measurements', 'immunizations', 'visits', 'documents']) {
    const response = await page.goto(`${chart}/${part}`);
    assert.equal(response.status(), 200, part);
    assert.deepEqual(await inspect(page, `chart-${part}`), []);
  }
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test('the patient sees the same record, and who has just looked at it', async () => {
  for (const origin of [box.clinic, box.portal]) {
    const page = await signedIn('patient', origin);
    assert.match(await page.textContent('main'), /Halina/);
    const name = origin === box.portal ? 'portal' : 'my';
    assert.deepEqual(await inspect(page, `${name}-home`), []);
    for (const part of ['results', 'medicines', 'allergies', 'problems', 'visits', 'immunizations', 'documents']) {
      const response = await page.goto(`${origin}/my/${part}`);
      assert.equal(response.status(), 200, part);
      if (origin === box.portal) assert.deepEqual(await inspect(page, `portal-${part}`), []);
    }
    await page.goto(`${origin}/my/who-looked`);
    assert.match(await page.textContent('main'), /Adeyemi/, 'the clinician who opened the chart stands there');
    assert.deepEqual(await inspect(page, `${name}-who-looked`), []);
    assert.deepEqual(page.faults, []);
    await page.context().close();
  }
});

test('the health administrator sees the audit chain verified', async () => {
  const page = await signedIn('healthadmin');
  await page.goto(`${box.clinic}/audit`);
  assert.deepEqual(await inspect(page, 'audit'), []);
  await page.click('button:has-text("Verify now")');
  await page.waitForLoadState();
  assert.match(await page.textContent('main'), /Verified|complete|whole|No edit/);
  assert.deepEqual(await inspect(page, 'audit-verified'), []);
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test('the operator sees the health of the box and no patient', async () => {
  const page = await signedIn('operator');
  assert.match(await page.textContent('main'), /Health of the box/);
  assert.doesNotMatch(await page.textContent('body'), /brandvold/i);
  assert.deepEqual(await inspect(page, 'health'), []);
  const refused = await page.goto(`${box.clinic}/patients`);
  assert.equal(refused.status(), 403);
  await page.context().close();
});

test('reception finds people and sees nothing clinical', async () => {
  const page = await signedIn('reception');
  assert.deepEqual(await inspect(page, 'reception-today'), []);
  const chart = await page.goto(`${box.clinic}/patients/${box.account('patient').patient}`);
  assert.equal(chart.status(), 200);
  assert.doesNotMatch(await page.textContent('main'), /diabetes|metformin|penicillin/i);
  assert.deepEqual(await inspect(page, 'reception-details'), []);
  const results = await page.goto(`${box.clinic}/patients/${box.account('patient').patient}/results`);
  assert.equal(results.status(), 403);
  await page.context().close();
});

test('finding a patient works without JavaScript', async () => {
  const page = await visitor(chrome, { script: false });
  await signIn(page, box.clinic, box.account('clinician'));
  await page.goto(`${box.clinic}/patients`);
  await page.fill('main input[name=q]', 'Brandvold');
  await page.click('main button.btn-main');
  await page.waitForLoadState();
  assert.match(await page.textContent('main'), /Halina/);
  await page.context().close();
});

test('what nobody, staff and patients see besides is whole too', async () => {
  const nobody = await visitor(chrome);
  const look = async (page, address, name, status = 200) => {
    const response = await page.goto(address);
    assert.equal(response.status(), status, address);
    assert.deepEqual(await inspect(page, name), []);
  };
  await look(nobody, box.welcome, 'welcome');
  await look(nobody, `${box.clinic}/signed-out`, 'signed-out');
  const clinician = await signedIn('clinician');
  const chart = `${box.clinic}/patients/${box.account('patient').patient}`;
  await look(clinician, `${box.clinic}/patients?q=zzzzqq`, 'patients-none');
  await look(clinician, `${box.clinic}/today?day=2031-01-01`, 'today-empty');
  await look(clinician, `${box.clinic}/account`, 'account');
  await look(clinician, `${box.clinic}/patients/nobody`, 'nothing-here', 404);
  await clinician.goto(`${chart}/documents`);
  await look(clinician, new URL(await clinician.getAttribute('main a.go', 'href'), box.clinic).href, 'chart-document');
  await clinician.goto(`${box.clinic}/patients`);
  assert.match(await clinician.textContent('main'), /Seen last[^]*BRANDVOLD, Halina/, 'the chart that was opened last');
  assert.deepEqual(await inspect(clinician, 'patients-recent'), []);
  const patient = await signedIn('patient', box.portal);
  await look(patient, `${box.portal}/account`, 'portal-account');
  await patient.goto(`${box.portal}/my/results`);
  await look(patient, new URL(await patient.getAttribute('main .tests a', 'href'), box.portal).href, 'portal-result');
  const proxy = await signedIn('proxy', box.portal);
  assert.deepEqual(await inspect(proxy, 'proxy-home'), []);
  const operator = await signedIn('operator');
  await look(operator, `${box.clinic}/box/accounts`, 'accounts');
  const one = await operator.getAttribute('main table a', 'href');
  await look(operator, new URL(one, box.clinic).href, 'accounts-one');
  await look(operator, `${box.clinic}/box/accounts/new`, 'accounts-new');
  for (const page of [nobody, clinician, patient, proxy, operator]) {
    assert.deepEqual(page.faults.filter((fault) => !/404/.test(fault)), []);
    await page.context().close();
  }
});

test('the keyboard alone finds a patient and opens the chart', async () => {
  const page = await visitor(chrome);
  const { user, password } = box.account('clinician');
  await page.goto(`${box.clinic}/sign-in`);
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement.className), 'skip', 'the first stop leads past the head');
  await page.focus('input[name=user]');
  await page.keyboard.type(user);
  await page.keyboard.press('Tab');
  await page.keyboard.type(password);
  await Promise.all([page.waitForURL(/today/), page.keyboard.press('Enter')]);
  await page.keyboard.press('/');
  await page.keyboard.type('brandvold');
  await page.locator('[data-find-results] a').first().waitFor();
  await page.keyboard.press('ArrowDown');
  await Promise.all([page.waitForURL(/patients/), page.keyboard.press('Enter')]);
  assert.match(await page.textContent('h1'), /BRANDVOLD/);
  await page.context().close();
});

test('who it is and the allergies stay in sight on every screen', async () => {
  const page = await signedIn('clinician');
  await page.goto(`${box.clinic}/patients/${box.account('patient').patient}`);
  for (const [width, height] of [[1280, 900], [1280, 600], [375, 720]]) {
    await page.setViewportSize({ width, height });
    await page.evaluate(() => window.scrollTo(0, document.body.scrollHeight / 2));
    const seen = await page.evaluate(() => ['BRANDVOLD', 'Penicillins'].map((word) => {
      const leaves = [...document.querySelectorAll('.stay-bar *, .frame *')].filter((one) => !one.children.length && one.textContent.includes(word));
      return leaves.some((leaf) => {
        const { left, top, width, height } = leaf.getBoundingClientRect();
        const there = document.elementFromPoint(left + Math.min(width, 20) / 2, top + height / 2);
        return top >= 0 && there !== null && leaf.parentElement.contains(there);
      });
    }));
    assert.deepEqual(seen, [true, true], `${width} by ${height}`);
  }
  await page.context().close();
});

test('the patient takes the list of who looked as a file', async () => {
  const page = await signedIn('patient', box.portal);
  await page.goto(`${box.portal}/my/who-looked`);
  const [file] = await Promise.all([page.waitForEvent('download'), page.click('a[download]')]);
  assert.match(file.suggestedFilename(), /^who-looked-[-0-9]+\.csv$/);
  const lines = readFileSync(await file.path(), 'utf8').trim().split('\r\n');
  assert.match(lines[0], /"Who".*"Why"/);
  assert.ok(lines.some((line) => line.includes('Adeyemi')), 'the clinician who opened the chart stands there');
  await page.context().close();
});

test('an account that leads to no record says what to do', async () => {
  const secret = path.join(box.dir, 'first-password');
  writeFileSync(secret, 'a lantern above the old ferry\n');
  const made = await run(['user', 'add', 'daughter', '--name', 'Signe Brandvold', '--role', 'proxy', '--password-file', secret, '--dir', box.dir]);
  assert.equal(made.code, 0, made.err);
  const page = await visitor(chrome);
  await signIn(page, box.portal, { user: 'daughter', password: 'a lantern above the old ferry' });
  assert.match(await page.textContent('main'), /No record is open to you yet/);
  assert.deepEqual(await inspect(page, 'no-record'), []);
  await page.click('button:has-text("Sign out")');
  await page.waitForURL(/signed-out/);
  await page.context().close();
});
