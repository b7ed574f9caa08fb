// The three sign-ins: a clinician reads a chart, the patient sees who looked, the administrator sees the chain verified.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { browser, demo, inspect, run, signIn, visitor } from './harness.mjs';

let box, chrome;

before(async () => {
  box = await demo('--patients', '12');
  chrome = await browser();
});
after(async () => {
  await chrome?.close();
  await box?.stop();
});

async function signedIn(role, origin = box.clinic) {
  const page = await visitor(chrome);
  await signIn(page, origin, box.account(role));
  return page;
}

test('the sign-in page is calm, whole and says what was wrong', async () => {
  const page = await visitor(chrome);
  await page.goto(`${box.clinic}/sign-in`);
  assert.deepEqual(await inspect(page, 'sign-in'), []);
  await page.fill('input[name=user]', 'clinician');
  await page.fill('input[name=password]', 'not the password');
  await page.click('button.btn-main');
  await page.waitForLoadState();
  assert.match(await page.textContent('main'), /do not belong together/);
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

const synthea = process.env.CHARTBOX_SHARED
  ? path.join(process.env.CHARTBOX_SHARED, 'data/synthea/synthea_r4_2019_dev.tar.xz')
  : path.resolve('..', 'shared/data/synthea/synthea_r4_2019_dev.tar.xz');

test('imported Synthea records read as well', { skip: existsSync(synthea) ? false : 'the Synthea data is not here' }, async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'chartbox-synthea-'));
  execFileSync('tar', ['xJf', synthea, '-C', folder]);
  const files = readdirSync(path.join(folder, 'syn_dev')).sort();
  const people = files.filter((name) => !/^(hospital|practitioner)/i.test(name)).slice(0, 3);
  const shared = files.filter((name) => /^(hospital|practitioner)/i.test(name));
  const paths = [...shared, ...people].map((name) => path.join(folder, 'syn_dev', name));
  const imported = await run(['import', '--json', '--dir', box.dir, ...paths]);
  assert.equal(imported.code, 0, imported.err + imported.out);
  const page = await signedIn('clinician');
  const family = people[0].split('_')[1];
  await page.goto(`${box.clinic}/patients?q=${family}`);
  await page.locator('main a[href^="/patients/"]:not([href$="/new"])').first().click();
  await page.waitForURL(/\/patients\/[^/]{8,}$/);
  assert.deepEqual(await inspect(page, 'chart-synthea'), []);
  assert.match(await page.textContent('body'), new RegExp(family.replace(/\d/g, ''), 'i'));
  writeFileSync(path.join(folder, 'done'), '');
  await page.context().close();
});
