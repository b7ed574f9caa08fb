// From `init` to a registered patient, as a clinic does it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { browser, inspect, realBox, signIn, visitor } from './harness.mjs';

let box, chrome, winner;

before(async () => {
  box = await realBox();
  chrome = await browser([new URL(box.clinic).hostname]);
});
after(async () => {
  await chrome?.close();
  await box?.stop();
});

const password = (role) => `the ${role} walks along the long harbour wall`;
const main = 'main button.btn-main';

async function typeCode(page, code) {
  await page.goto(`${box.clinic}/`);
  assert.equal(new URL(page.url()).pathname, '/setup');
  await page.fill('input[name=code]', code);
  await page.click(main);
  await page.waitForLoadState();
}

/** Fills the three accounts and goes to the last look. */
async function typeAccounts(page, tag) {
  for (const field of await page.locator('form input:not([type=hidden])').all()) {
    const name = await field.getAttribute('name');
    const role = name.split('_')[0].split('-')[0];
    if ((await field.getAttribute('type')) === 'password') await field.fill(password(role));
    else if (name.includes('user')) await field.fill(`${tag}.${role}`);
    else await field.fill(`${tag} of the ${role}`);
  }
  await page.click(main);
  await page.waitForURL('**/setup/check');
}

test('a wrong setup code opens nothing, and says so', async () => {
  const page = await visitor(chrome);
  await page.goto(`${box.clinic}/`);
  assert.deepEqual(await inspect(page, 'setup-code'), []);
  await typeCode(page, 'XXXX-XXXX');
  assert.deepEqual(await inspect(page, 'setup-code-wrong'), []);
  assert.equal(new URL(page.url()).pathname, '/setup');
  assert.match(await page.textContent('main'), /code/i);
  assert.equal(await page.locator('input[type=password]').count(), 0);
  await page.context().close();
});

test('of two browsers that race with the code, one wins', async () => {
  const pages = [await visitor(chrome), await visitor(chrome)];
  const tags = ['ann', 'bea'];
  for (const [i, page] of pages.entries()) {
    await typeCode(page, box.code);
    if (i === 0) assert.deepEqual(await inspect(page, 'setup-accounts'), []);
    await typeAccounts(page, tags[i]);
    if (i === 0) assert.deepEqual(await inspect(page, 'setup-check'), []);
  }
  await Promise.all(pages.map(async (page) => { await page.click(main); await page.waitForLoadState(); }));
  const done = await Promise.all(pages.map(async (page) => (await page.locator('ol.howto').count()) > 0));
  assert.equal(done.filter(Boolean).length, 1, 'exactly one is told that it is done');
  winner = tags[done.indexOf(true)];
  assert.deepEqual(await inspect(pages[done.indexOf(true)], 'setup-done'), []);
  const again = await visitor(chrome);
  await again.goto(`${box.clinic}/setup`);
  assert.equal(await again.locator('input[name=code]').count(), 0, 'the setup is over for good');
  for (const page of [...pages, again]) await page.context().close();
});

test('the new clinician registers a patient and opens the chart', async () => {
  const page = await visitor(chrome);
  await signIn(page, box.clinic, { user: `${winner}.clinician`, password: password('clinician') });
  await page.goto(`${box.clinic}/patients/new`);
  assert.deepEqual(await inspect(page, 'register'), []);
  await page.fill('input[name=family]', 'Brandvold');
  await page.fill('input[name=given]', 'Halina');
  await page.fill('input[name=born]', '9 May 1967');
  await page.check('input[name=sex][value=female]');
  await page.click(main);
  await page.waitForLoadState();
  await page.goto(`${box.clinic}/patients?q=brandv`);
  assert.match(await page.textContent('main'), /Halina/);
  await page.click('main a[href^="/patients/"]:has-text("BRANDVOLD")');
  assert.match(await page.textContent('body'), /BRANDVOLD, Halina/);
  assert.match(await page.textContent('body'), /9 May 1967/);
  assert.deepEqual(page.faults, []);
  await page.context().close();
});
