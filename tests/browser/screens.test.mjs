// The screens that no workflow's test passes: pages with nothing on them yet, with faults, and as the other roles see them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { browser, demoWith, inspect, shared, signIn, visitor } from './harness.mjs';

const { box, chrome, signedIn } = await shared('--patients', '8');
const patient = box.account('patient').patient;
const halina = `${box.clinic}/patients/${patient}`;

/** Goes there, looks at it in all widths and schemes, and answers with what it says. */
async function look(page, address, name, status = 200) {
  const response = await page.goto(address);
  assert.equal(response.status(), status, address);
  assert.deepEqual(await inspect(page, name), []);
  return page.textContent('main');
}

/** Sends the form with nothing filled in, and looks at what the page says to it. */
async function faulty(page, button, name) {
  await page.evaluate(() => document.querySelectorAll('main form').forEach((form) => { form.noValidate = true; }));
  await Promise.all([page.waitForNavigation(), page.click(button)]);
  assert.match(await page.textContent('.error-summary'), /to correct|que corregir/, name);
  assert.deepEqual(await inspect(page, name), []);
}

/** Registers somebody of whom nothing is known but name and birth date. */
async function somebodyNew(desk, given, family) {
  await desk.goto(`${box.clinic}/patients/new`);
  await desk.fill('input[name=given]', given);
  await desk.fill('input[name=family]', family);
  await desk.fill('input[name=born]', '7 8 1979');
  await desk.click('label:has(input[value=female])');
  await desk.click('main button.btn-main');
  await desk.waitForURL(/done=registered/);
  return new URL(desk.url()).pathname;
}

test('a chart is whole before anything stands in it, for doctors and nurses', async () => {
  const desk = await signedIn('reception');
  const empty = `${box.clinic}${await somebodyNew(desk, 'Ottilie', 'Nothingyet')}`;
  const doctor = await signedIn('clinician');
  const said = await look(doctor, empty, 'empty-chart');
  assert.match(said + await doctor.textContent('#safety'), /Not known here/, 'nothing recorded is not the same as none');
  for (const part of ['timeline', 'results', 'medicines', 'problems', 'allergies', 'measurements', 'immunizations', 'visits', 'documents', 'reported', 'forms', 'notes', 'messages', 'trends', 'search']) {
    await look(doctor, `${empty}/${part}`, `empty-chart-${part}`);
  }
  await look(desk, empty, 'empty-details');
  await look(desk, `${empty}/messages`, 'empty-desk-messages');
  const nurse = await signedIn('nurse');
  await look(nurse, halina, 'nurse-chart');
  await look(nurse, `${box.clinic}/today`, 'nurse-today');
  await look(nurse, `${box.clinic}/inbox`, 'nurse-inbox');
  await look(nurse, `${box.clinic}/inbox?of=me`, 'nurse-inbox-mine');
  for (const page of [desk, doctor, nurse]) await page.context().close();
});

test('what is written into a chart by its forms says what is missing', async () => {
  const doctor = await signedIn('clinician');
  await look(doctor, `${halina}/notes`, 'notes');
  await look(doctor, `${box.clinic}/phrases`, 'phrases');
  await faulty(doctor, 'button[value=put]', 'phrases-faults');
  for (const [part, button] of [['problems', 'button[value=save]'], ['allergies', 'button[value=save]'], ['immunizations', 'button[value=save]']]) {
    await look(doctor, `${halina}/${part}/new`, `${part}-new`);
    await faulty(doctor, button, `${part}-new-faults`);
    await doctor.goto(`${halina}/${part}`);
    const one = await doctor.locator(`main table a[href*="/${part}/"]`).first().getAttribute('href');
    await look(doctor, new URL(one, box.clinic).href, `${part}-one`);
  }
  await look(doctor, `${halina}/measurements/new`, 'measurements-new');
  await doctor.fill('#weight', '8144');
  await faulty(doctor, 'button[value=save]', 'measurements-new-faults');
  await look(doctor, `${halina}/results/new`, 'results-new');
  await faulty(doctor, 'button.btn-main:has-text("Add")', 'results-new-faults');
  await look(doctor, `${halina}/messages`, 'chart-messages');
  await look(doctor, `${halina}/messages/new`, 'chart-message-new');
  await faulty(doctor, 'main button.btn-main', 'chart-message-new-faults');
  await look(doctor, `${box.clinic}/notices`, 'staff-notices');
  await look(doctor, `${halina}/search?q=zzqqxx`, 'record-search-none');
  await doctor.context().close();
});

test('booking is whole in each of its steps, and messages are, in both languages', async () => {
  for (const locale of ['en-GB', 'es-ES']) {
    const page = await signedIn('patient', box.portal, { locale });
    await page.goto(`${box.portal}/my/visits/book`);
    await page.locator('main ul a').first().click();
    assert.deepEqual(await inspect(page, `${locale}-book-times`), []);
    for (let weeks = 0; weeks < 4 && await page.locator('.times a:visible').count() === 0; weeks++) await page.locator('nav.pager a').last().click();
    const folds = page.locator('details:has(.times) > summary');
    if (await folds.count()) await folds.last().click();
    await page.locator('.times a:visible').last().click();
    assert.deepEqual(await inspect(page, `${locale}-book-check`), []);
    await page.click('main button.btn-main');
    await page.waitForURL(/done=booked/);
    assert.deepEqual(await inspect(page, `${locale}-visit`), []);
    await page.click('a[href$="/change"]');
    assert.deepEqual(await inspect(page, `${locale}-visit-change`), []);
    await look(page, `${box.portal}/my/visits`, `${locale}-visits-coming`);
    await look(page, `${box.portal}/my`, `${locale}-home-coming`);
    await page.goto(`${box.portal}/my/visits/book`);
    await page.locator('main ul a').nth(1).click();
    await page.fill('input[name=from]', '2020-01-01');
    await faulty(page, 'main button.btn-main', `${locale}-book-request-faults`);
    await look(page, `${box.portal}/my/messages`, `${locale}-messages`);
    await look(page, `${box.portal}/my/messages/new`, `${locale}-message-topics`);
    await page.locator('main ul.links a').first().click();
    assert.deepEqual(await inspect(page, `${locale}-message-new`), []);
    await faulty(page, 'main button.btn-main', `${locale}-message-new-faults`);
    await page.goto(`${box.portal}/my/medicines`);
    await page.locator('main a[href^="/my/medicines/"]').first().click();
    assert.deepEqual(await inspect(page, `${locale}-medicine`), []);
    await look(page, `${box.portal}/account/mail`, `${locale}-mail-wishes`);
    await look(page, `${box.portal}/account`, `${locale}-account`);
    await look(page, `${box.portal}/my/nowhere`, `${locale}-nothing-here`, 404);
    await page.context().close();
  }
});

test('somebody new has a portal that says what will stand there', async () => {
  const desk = await signedIn('reception');
  const where = await somebodyNew(desk, 'Leontyne', 'Firsttime');
  await desk.goto(`${box.clinic}${where}/invitation`);
  await desk.click('button:has-text("Make an invitation")');
  const code = await desk.textContent('.sheet-code');
  await look(desk, `${box.clinic}${where}/invitation`, 'invitation-open');
  await desk.context().close();
  const page = await visitor(chrome);
  await page.goto(`${box.portal}/join`);
  await page.fill('input[name=code]', code);
  await page.fill('input[name=born]', '7 8 1979');
  await page.click('button.btn-main');
  assert.deepEqual(await inspect(page, 'join-choose'), []);
  await page.fill('input[name=user]', 'leontyne');
  await page.fill('input[name=password]', 'short');
  await page.fill('input[name=again]', 'other');
  await page.click('button.btn-main');
  assert.deepEqual(await inspect(page, 'join-choose-faults'), []);
  for (const name of ['password', 'again']) await page.fill(`input[name=${name}]`, 'seven grey kettles whistle');
  await page.click('button.btn-main');
  await page.waitForURL(/\/my$/);
  assert.deepEqual(await inspect(page, 'new-home'), []);
  for (const part of ['results', 'medicines', 'problems', 'allergies', 'visits', 'messages', 'documents', 'immunizations', 'summary', 'share', 'people', 'consents', 'requests', 'who-looked']) {
    await look(page, `${box.portal}/my/${part}`, `new-${part}`);
  }
  await look(page, `${box.portal}/notices`, 'new-notices');
  await page.context().close();

  const proxy = await signedIn('proxy', box.portal);
  for (const part of ['results', 'medicines', 'visits', 'messages', 'documents', 'summary', 'requests', 'who-looked']) await look(proxy, `${box.portal}/my/${part}`, `proxy-${part}`);
  await proxy.context().close();
});

test('the desk’s and the administrator’s forms are whole, and say what is wrong', async () => {
  const desk = await signedIn('reception');
  await somebodyNew(desk, 'Ottoline', 'Twicehere');
  await desk.goto(`${box.clinic}/patients/new`);
  await faulty(desk, 'main button.btn-main', 'register-faults');
  // Somebody who is there already, spelt a little differently.
  await desk.fill('input[name=given]', 'Otoline');
  await desk.fill('input[name=family]', 'Twicehere');
  await desk.fill('input[name=born]', '7 8 1979');
  await desk.click('label:has(input[value=female])');
  await desk.click('main button.btn-main');
  await desk.waitForSelector('button[name=different]');
  assert.deepEqual(await inspect(desk, 'register-double'), []);
  await look(desk, `${box.clinic}/settings/clinic`, 'settings-clinic');
  await desk.fill('main input:not([type=hidden]) >> nth=0', '-5');
  await faulty(desk, 'main button.btn-main', 'settings-clinic-faults');
  await look(desk, `${box.clinic}/settings/topics/new`, 'settings-topic');
  await faulty(desk, 'main button.btn-main', 'settings-topic-faults');
  await look(desk, `${box.clinic}/settings/visit-types/new`, 'settings-visit-type-new');
  await faulty(desk, 'main button.btn-main', 'settings-visit-type-faults');
  await desk.goto(`${box.clinic}/settings`);
  const hours = await desk.locator('a[href^="/settings/hours/"]').first().getAttribute('href');
  await desk.goto(`${box.clinic}${hours}`);
  await faulty(desk, 'main form[action^="/settings/away/"] button:has-text("Add")', 'settings-away-faults');
  // A Sunday, on which nobody works.
  await look(desk, `${box.clinic}/today?day=2031-01-05`, 'desk-day-off');
  await look(desk, `${box.clinic}/schedule?day=2031-01-05`, 'schedule-day-off');
  await look(desk, `${box.clinic}/notices`, 'desk-notices');
  await look(desk, `${box.clinic}/nowhere`, 'desk-nothing-here', 404);
  await look(desk, `${halina}/results`, 'desk-not-for-role', 403);
  const admin = await signedIn('healthadmin');
  await look(admin, `${box.clinic}/settings`, 'admin-settings');
  await look(admin, `${box.clinic}/formulary`, 'admin-formulary');
  await look(admin, `${box.clinic}/duplicates?q=zzqqxx`, 'duplicates-nobody');
  await look(admin, `${box.clinic}/audit?from=2001-01-01&to=2001-01-02`, 'audit-none');
  await look(admin, `${box.clinic}/approvals`, 'approvals-none');
  await faulty(admin, 'main button.btn-main:has-text("Make")', 'approvals-faults');
  await admin.check('input[name=what][value=audit-export]');
  await admin.fill('input[name=reason]', 'The yearly report');
  await admin.click('main button.btn-main:has-text("Make")');
  await admin.waitForSelector('.once');
  assert.deepEqual(await inspect(admin, 'approvals-made'), []);
  await admin.goto(`${box.clinic}/requests`);
  await admin.locator('tbody tr').first().locator('a').click();
  await admin.waitForSelector('button[value=answer]');
  await faulty(admin, 'button[value=answer]', 'requests-fault');
  for (const page of [desk, admin]) await page.context().close();
});

test('the operator makes an account, and its person chooses the password', async () => {
  const operator = await signedIn('operator');
  await look(operator, `${box.clinic}/box/accounts/new`, 'account-new');
  await faulty(operator, 'main button.btn-main', 'account-new-faults');
  await operator.fill('input[name=user]', 'vera');
  await operator.fill('input[name=name]', 'Vera Castellan');
  await operator.check('input[name=role][value=nurse]');
  await operator.click('main button.btn-main');
  await operator.waitForSelector('.once');
  assert.deepEqual(await inspect(operator, 'account-made'), []);
  const first = (await operator.textContent('.once')).trim();
  await operator.goto(`${box.clinic}/box/accounts`);
  await operator.click('main table a:has-text("Vera")');
  await operator.click('button.btn-danger');
  await operator.waitForLoadState();
  assert.deepEqual(await inspect(operator, 'account-off'), []);
  await operator.click('main form[action$="/enable"] button');
  await operator.waitForSelector('main form[action$="/disable"]');
  await look(operator, `${box.clinic}/box/backups`, 'operator-backups');
  await operator.goto(`${box.clinic}/box/keys`);
  const slot = await operator.locator('main a[href^="/box/keys/"]:not([href$="passphrase"], [href$="sheet"])').first().getAttribute('href');
  await look(operator, new URL(slot, box.clinic).href, 'keys-slot');
  await operator.context().close();

  const page = await visitor(chrome);
  await page.goto(`${box.clinic}/sign-in`);
  await page.fill('input[name=user]', 'vera');
  await page.fill('input[name=password]', first);
  await page.click('main button.btn-main');
  await page.waitForURL(/new-password/);
  assert.deepEqual(await inspect(page, 'new-password'), []);
  await page.fill('input[name=new], input[name=password] >> nth=0', 'short');
  await faulty(page, 'main button.btn-main', 'new-password-faults');
  await page.context().close();
});

test('a record that is not in somebody’s care says who it is and what to do', async () => {
  const own = await demoWith('[access]\nreach = "care-team"\n', '--patients', '8');
  const here = await browser();
  try {
    const doctor = await visitor(here);
    await signIn(doctor, own.clinic, own.account('clinician'));
    let closed;
    for (const name of ['Hoffmann', 'Okafor', 'Chandra', 'Jansen']) {
      await doctor.goto(`${own.clinic}/patients?q=${name}`);
      const found = await doctor.locator('main .people a[href^="/patients/"]:not([href$="/emergency"])').evaluateAll((links) => links.map((link) => link.href));
      for (const href of found) {
        await doctor.goto(href);
        if (/is not open to you/.test(await doctor.textContent('main'))) closed ??= href;
      }
    }
    assert.ok(closed, 'somebody is not in this doctor’s care');
    await doctor.goto(closed);
    assert.deepEqual(await inspect(doctor, 'record-closed'), []);
  } finally {
    await here.close();
    await own.stop();
  }
});
