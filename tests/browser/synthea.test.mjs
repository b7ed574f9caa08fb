// The three sign-ins on imported records: whole lives from Synthea, in a box that has no patients of its own.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { browser, demo, inspect, run, signIn, visitor } from './harness.mjs';

const shared = process.env.CHARTBOX_SHARED ?? path.resolve('..', 'shared');
const archive = path.join(shared, 'data/synthea/synthea_r4_2019_dev.tar.xz');
const skip = existsSync(archive) ? false : 'the Synthea data is not here';

// One with allergies, and one with a long and ill life.
const PEOPLE = [/^Blair_Conroy_/, /^Fletcher_Hyatt_/];
let box, chrome, folder;

before(async () => {
  if (skip) return;
  folder = mkdtempSync(path.join(tmpdir(), 'chartbox-synthea-'));
  execFileSync('tar', ['xJf', archive, '-C', folder]);
  const files = readdirSync(path.join(folder, 'syn_dev')).filter((name) => PEOPLE.some((one) => one.test(name)));
  assert.equal(files.length, PEOPLE.length);
  box = await demo('--patients', '0');
  const imported = await run(['import', '--json', '--dir', box.dir, ...files.map((name) => path.join(folder, 'syn_dev', name))]);
  assert.equal(imported.code, 0, imported.err + imported.out);
  chrome = await browser();
});
after(async () => {
  await chrome?.close();
  await box?.stop();
  if (folder) rmSync(folder, { recursive: true, force: true });
});

async function chartOf(page, name) {
  await page.goto(`${box.clinic}/patients?q=${encodeURIComponent(name)}`);
  await page.locator('main a[href^="/patients/"]:not([href$="/new"])').first().click();
  await page.waitForURL(/\/patients\/[^/]{8,}$/);
  return page.url();
}

test('a clinician reads imported charts', { skip }, async () => {
  const page = await visitor(chrome);
  await signIn(page, box.clinic, box.account('clinician'));
  await chartOf(page, 'Blair Conroy');
  assert.match(await page.textContent('.safety'), /Shellfish|bee venom|tree pollen|fish|nut/i);
  assert.deepEqual(await inspect(page, 'synthea-allergies'), []);
  const chart = await chartOf(page, 'Hyatt');
  const text = await page.textContent('body');
  for (const part of [/HYATT, Fletcher/, /21 January 1996/, /Not known here/, /Total protein/]) assert.match(text, part);
  assert.doesNotMatch(await page.textContent('main'), /\[Mass\/volume\]/, 'tests are called as staff call them');
  assert.deepEqual(await inspect(page, 'synthea-chart'), []);
  for (const part of ['timeline', 'results', 'medicines', 'problems']) {
    const response = await page.goto(`${chart}/${part}`);
    assert.equal(response.status(), 200, part);
    assert.deepEqual(await inspect(page, `synthea-${part}`), []);
  }
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test('the imported patient reads the same record and who looked', { skip }, async () => {
  const staff = await visitor(chrome);
  await signIn(staff, box.clinic, box.account('clinician'));
  const id = new URL(await chartOf(staff, 'Blair Conroy')).pathname.split('/').at(-1);
  await staff.context().close();
  const [password, secret] = ['a lantern above the old ferry', path.join(folder, 'first-password')];
  writeFileSync(secret, `${password}\n`);
  const made = await run(['user', 'add', 'blair', '--name', 'Blair Conroy', '--role', 'patient', '--person', `Patient/${id}`,
    '--password-file', secret, '--dir', box.dir]);
  assert.equal(made.code, 0, made.err);
  const page = await visitor(chrome);
  await signIn(page, box.portal, { user: 'blair', password });
  assert.match(await page.textContent('main'), /Hello, Blair/);
  assert.deepEqual(await inspect(page, 'synthea-home'), []);
  await page.goto(`${box.portal}/my/allergies`);
  assert.match(await page.textContent('main'), /Shellfish|bee venom|tree pollen|fish|nut/i);
  await page.goto(`${box.portal}/my/results`);
  assert.deepEqual(await inspect(page, 'synthea-my-results'), []);
  await page.goto(`${box.portal}/my/who-looked`);
  assert.match(await page.textContent('main'), /Adeyemi/);
  assert.deepEqual(await inspect(page, 'synthea-who-looked'), []);
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test('the health administrator sees the chain over the import verified', { skip }, async () => {
  const page = await visitor(chrome);
  await signIn(page, box.clinic, box.account('healthadmin'));
  assert.match(await page.textContent('main'), /imported/i);
  await page.click('button:has-text("Verify now")');
  await page.waitForLoadState();
  assert.match(await page.textContent('main'), /complete and unchanged/);
  await page.context().close();
});
