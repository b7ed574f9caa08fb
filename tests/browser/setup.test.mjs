// From `init` to a registered patient, as the clinic does it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { browser, inspect, realBox, signIn, visitor } from './harness.mjs';

let box, chrome, host;

before(async () => {
  box = await realBox();
  host = new URL(box.clinic).hostname;
  chrome = await browser([host]);
});
after(async () => {
  await chrome?.close();
  await box?.stop();
});

const password = (who) => `${who} walks the long harbour wall`;

async function typeCode(page, code) {
  await page.goto(`${box.clinic}/`);
  await page.waitForURL(/\/setup/);
  await page.fill('input[name=code]', code);
  await page.click('button[type=submit]');
}

test('a wrong setup code opens nothing, and says so', async () => {
  const page = await visitor(chrome);
  await typeCode(page, 'AAAA-AAAA');
  assert.match(await page.textContent('body'), /code/i);
  assert.equal(await page.locator('input[type=password]').count(), 0);
  await page.context().close();
});

test('the wizard makes the first three accounts, once', async () => {
  const [first, second] = [await visitor(chrome), await visitor(chrome)];
  await typeCode(first, box.code);
  await typeCode(second, box.code);
  assert.deepEqual(await inspect(first, 'setup-accounts'), []);
  const fill = async (page, tag) => {
    for (const field of await page.locator('form input[required]:visible, form input:not([type=hidden]):visible').all()) {
      const name = await field.getAttribute('name');
      const type = await field.getAttribute('type');
      const role = name.split(/[-_.]/)[0];
      if (type === 'password') await field.fill(password(`${tag} ${role}`));
      else if (/user/.test(name)) await field.fill(`${tag}.${role}`);
      else await field.fill(`${tag} ${role} Person`);
    }
  };
  await fill(first, 'ann');
  await fill(second, 'bea');
  const send = async (page) => { await page.click('main button[type=submit]'); await page.waitForLoadState(); return page.textContent('body'); };
  const results = await Promise.all([send(first), send(second)]);
  const won = await Promise.all([first, second].map(async (page) => page.locator('input[type=password]').count().then((n) => n === 0)));
  assert.equal(won.filter(Boolean).length >= 1, true, results.join('\n---\n'));
  const again = await visitor(chrome);
  await again.goto(`${box.clinic}/setup`);
  assert.equal(await again.locator('input[name=code]').count(), 0, 'the setup is over for good');
  box.winner = results.findIndex((text) => !/already|somebody|meanwhile|other/i.test(text)) === 1 ? 'bea' : 'ann';
  for (const page of [first, second, again]) await page.context().close();
});
