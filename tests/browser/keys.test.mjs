// A box whose key does not come: it is unlocked in the browser, by the passphrase and by the recovery sheet; and the
// operator's page of keys.
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { browser, demo, folder, inspect, realBox, run, signIn, visitor } from './harness.mjs';

let chrome;
const PASSPHRASE = 'walnut gravel teapot onyx';

before(async () => {
  chrome = await browser();
});
after(async () => {
  await chrome?.close();
});

const rowsOf = (sheet) => sheet.split('\n').filter((line) => /^[1-6]\. /.test(line)).map((line) => line.slice(2).trim());

/** A page of a box by its own name, which leads to this machine. */
async function pageOf(box) {
  const own = await browser([new URL(box.clinic).hostname]);
  return { own, page: await visitor(own) };
}

test('a box with a broken credential is unlocked by its recovery sheet, and says which row is wrong', async () => {
  const box = await realBox();
  const sheet = path.join(path.dirname(box.dir), 'sheet');
  writeFileSync(sheet, box.made.split('-'.repeat(72))[1]);
  const place = ['--dir', box.dir];
  assert.equal((await run(['key', 'sheet', '--confirm', '--sheet', sheet, ...place])).code, 0);
  const sealed = path.join(path.dirname(box.dir), 'sealed');
  const added = await run(['key', 'add', '--credential', '--to', sealed, ...place]);
  // Where systemd can seal nothing, the key file that is gone stands for the credential that does not come.
  if (added.code === 0) assert.equal((await run(['key', 'remove', '2', '--yes', ...place])).code, 0);
  await box.stopOnly();
  const handed = path.join(path.dirname(box.dir), 'handed');
  mkdirSync(handed);
  writeFileSync(path.join(handed, 'chartbox-key'), `chartbox-key-1 ${'A'.repeat(43)}=\n`);
  if (added.code !== 0) await box.forgetKeyFile();
  const locked = await box.start({ CREDENTIALS_DIRECTORY: handed });
  const { own, page } = await pageOf(locked);
  await page.goto(`${locked.clinic}/`);
  assert.match(await page.textContent('main'), /This box is locked/);
  assert.deepEqual(await inspect(page, 'locked-sheet'), []);
  const rows = rowsOf(box.made);
  assert.equal(rows.length, 6);
  const words = rows[3].split(/\s+/);
  for (const [at, row] of rows.entries()) {
    await page.fill(`input[name=row${at + 1}]`, at === 3 ? [words[1], words[0], words[2], words[3]].join(' ') : row);
  }
  await page.click('.sheet-form button');
  await page.waitForLoadState();
  assert.match(await page.textContent('main'), /Row 4/);
  assert.equal(await page.locator('.field.bad').count(), 1, 'just the row that is wrong');
  assert.equal(await page.inputValue('input[name=row1]'), '', 'what was typed is not written back');
  assert.deepEqual(await inspect(page, 'locked-row-wrong'), []);
  for (const [at, row] of rows.entries()) await page.fill(`input[name=row${at + 1}]`, row);
  await Promise.all([page.waitForURL(/setup|sign-in/), page.click('.sheet-form button')]);
  assert.deepEqual(page.faults.filter((fault) => !/422/.test(fault)), []);
  await own.close();
  const listed = await run(['audit', 'list', '--json', '--action', 'unlock', ...place]);
  assert.match(listed.out, /by the recovery sheet/);
  await locked.stop();
});

test('a box that waits for its passphrase opens by it and by nothing else', async () => {
  const secret = path.join(folder(), 'passphrase');
  writeFileSync(secret, `${PASSPHRASE}\n`);
  const box = await realBox('--unlock', 'passphrase', '--passphrase-file', secret);
  const { own, page } = await pageOf(box);
  await page.goto(`${box.clinic}/`);
  assert.deepEqual(await inspect(page, 'locked'), []);
  await page.fill('input[name=passphrase]', 'not the passphrase at all');
  await page.click('button.btn-main');
  await page.waitForLoadState();
  assert.match(await page.textContent('main'), /does not open this box/);
  await page.fill('input[name=passphrase]', PASSPHRASE);
  await Promise.all([page.waitForURL(/setup|sign-in/), page.click('button.btn-main')]);
  await own.close();
  await box.stop();
});

test('the operator adds a passphrase, prints a sheet, and shows that it is kept', async () => {
  const box = await demo('--patients', '0');
  const operator = box.account('operator');
  const page = await visitor(chrome);
  await signIn(page, box.clinic, operator);
  await page.goto(`${box.clinic}/box/keys`);
  assert.match(await page.textContent('main'), /Ways to unlock/);
  assert.deepEqual(await inspect(page, 'keys'), []);
  await page.goto(`${box.clinic}/box/keys/passphrase`);
  assert.deepEqual(await inspect(page, 'keys-passphrase'), []);
  const type = async (own) => {
    await page.fill('input[name=passphrase]', PASSPHRASE);
    await page.fill('input[name=again]', PASSPHRASE);
    await page.fill('input[name=password]', own);
    await page.click('main button.btn-main');
    await page.waitForLoadState();
  };
  await type('not my password');
  assert.match(await page.textContent('main'), /This is not your password/);
  await type(operator.password);
  assert.equal(new URL(page.url()).pathname, '/box/keys');
  assert.match(await page.textContent('main'), /Passphrase/);

  await page.click('a[href="/box/keys/sheet"]');
  await page.waitForLoadState();
  assert.deepEqual(await inspect(page, 'keys-before-sheet'), []);
  await page.fill('input[name=password]', operator.password);
  await page.click('main button.btn-main');
  await page.waitForLoadState();
  assert.deepEqual(await inspect(page, 'keys-sheet'), []);
  const words = await page.locator('.sheet-words tr').evaluateAll((rows) => rows.map((row) => [...row.cells].slice(1).map((cell) => cell.textContent)));
  assert.deepEqual(words.map((row) => row.length), [4, 4, 4, 4, 4, 4]);
  assert.equal(await page.locator('svg.qr').count(), 1);
  await page.emulateMedia({ media: 'print' });
  assert.equal(await page.locator('.sheet-words').isVisible(), true);
  assert.equal(await page.locator('input[name=word1]').isVisible(), false, 'what is asked is not on paper');
  await page.emulateMedia({ media: 'screen' });
  const answer = async (wrong) => {
    for (const label of await page.locator('label[for^=word]').all()) {
      const [, row, word] = /Row (\d), word (\d)/.exec(await label.textContent());
      await page.fill(`#${await label.getAttribute('for')}`, wrong ? 'acorn' : words[row - 1][word - 1].toUpperCase());
    }
    await page.click('main button.btn-main');
    await page.waitForLoadState();
  };
  await answer(true);
  assert.match(await page.textContent('main'), /This is not word/);
  assert.deepEqual(await inspect(page, 'keys-words-wrong'), []);
  await answer(false);
  assert.equal(new URL(page.url()).pathname, '/box/keys');
  assert.match(await page.textContent('main'), /Proved/);
  const status = JSON.parse((await run(['key', 'status', '--json', '--dir', box.dir])).out);
  assert.deepEqual(status.slots.map((slot) => slot.kind), ['demo', 'passphrase', 'recovery-sheet']);
  assert.deepEqual(page.faults.filter((fault) => !/422/.test(fault)), []);
  await page.context().close();
  await box.stop();
});
