// The operator's page of backups: several places, one that works and one that does not, tried and backed up to by its buttons.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { browser, demoWith, folder, inspect, signIn, visitor } from './harness.mjs';

let chrome, box, dir;

before(async () => {
  chrome = await browser();
  dir = folder();
  const away = path.join(dir, 'disk');
  mkdirSync(away);
  // Nothing listens there, and there is no key: what the box cannot use is said in words.
  box = await demoWith(`[backup.targets]
usb = "${path.join(away, 'chartbox')}"

[backup.targets.cloud]
place = "s3://clinic-backups/hill-street"
endpoint = "https://127.0.0.1:1"
credentials = "${path.join(dir, 'none')}"

[backup.targets.away]
place = "sftp://chartbox@127.0.0.1:1/backups"
`, '--patients', '0');
});
after(async () => {
  await box?.stop();
  await chrome?.close();
});

const panel = (page, name) => page.locator('section.panel').filter({ has: page.getByRole('heading', { name, exact: true }) });

/** Reloads until a part of the page says it: what the box does meanwhile takes as long as it takes. */
async function until(page, name, said) {
  for (let tries = 0; tries < 60; tries++) {
    if (said.test(await panel(page, name).textContent())) return;
    await page.reload();
  }
  assert.match(await panel(page, name).textContent(), said);
}

test('places for backups are tried and used by their buttons, and each says how it stands', async () => {
  const page = await visitor(chrome, { script: false });
  await signIn(page, box.clinic, box.account('operator'));
  await page.goto(`${box.clinic}/box/backups`);
  await until(page, 'usb', /new, of/);
  for (const name of ['away', 'cloud', 'usb']) {
    await panel(page, name).getByRole('button', { name: 'Test this place' }).click();
    await page.waitForURL(/\/box\/backups$/);
  }
  await until(page, 'usb', /Works, /);
  assert.match(await panel(page, 'usb').textContent(), /are free there/);
  await until(page, 'cloud', /cannot be used as it is set up: its credentials .* cannot be read/);
  await until(page, 'away', /Did not work, .*is not there/s);
  assert.match(await panel(page, 'away').textContent(), /SFTP server/);
  const looking = await visitor(chrome);
  await signIn(looking, box.clinic, box.account('operator'));
  await looking.goto(`${box.clinic}/box/backups`);
  assert.deepEqual(await inspect(looking, 'operator-backups-places'), []);
  await page.goto(`${box.clinic}/box`);
  assert.match(await page.textContent('main'), /cloud has no backup that is new enough/);
});
