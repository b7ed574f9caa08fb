// A patient books, asks and changes; the reception sees who comes, and answers. In both languages, with and without script.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect, shared, signIn, visitor } from './harness.mjs';

const { box, chrome, signedIn } = await shared('--patients', '12');

/** A day ahead on which the clinic works. */
function workday() {
  const day = new Date(Date.now() + 2 * 86_400_000);
  while ([0, 6].includes(day.getUTCDay())) day.setUTCDate(day.getUTCDate() + 1);
  return day.toISOString().slice(0, 10);
}

/** Goes to the first day with free times of the first kind that is booked at once, and chooses its last time. */
async function chooseATime(page, kind, before = 0) {
  await page.goto(`${box.portal}/my/visits/book`);
  await page.click(`main a:has(b:text-is("${kind}"))`);
  await (await aLateTime(page, before)).click();
}

/** Of the times that a page offers the last one, or so many before it: an early one may be so near that it cannot be cancelled. */
async function aLateTime(page, before = 0) {
  const later = page.locator('nav.pager a').last();
  if (await page.locator('.times a:visible').count() === 0) await later.click();
  // Later days are folded.
  const folds = page.locator('details:has(.times) > summary');
  if (await folds.count()) await folds.last().click();
  const times = page.locator('.times a:visible');
  return times.nth(await times.count() - 1 - before);
}

test('a patient books, takes the calendar, moves and cancels, without script', async () => {
  const page = await signedIn('patient', box.portal, { script: false });
  await chooseATime(page, 'Visit');
  await page.fill('textarea[name=reason]', 'x'.repeat(501));
  await page.click('button.btn-main');
  assert.match(await page.textContent('main'), /This is too long: 501 characters\. Up to 500 fit here\./);
  assert.equal((await page.inputValue('textarea[name=reason]')).length, 501, 'nothing is cut');
  await page.fill('textarea[name=reason]', 'Knee <b>hurts</b>');
  await page.click('button.btn-main');
  assert.match(await page.textContent('main'), /It is booked/);
  assert.match(await page.textContent('main'), /Knee <b>hurts<\/b>/);
  const calendar = await page.request.get(`${page.url().split('?')[0]}/visit.ics`);
  const text = await calendar.text();
  assert.match(text, /BEGIN:VEVENT[^]*Alder Street Clinic/);
  assert.doesNotMatch(text, /knee/i, 'why somebody comes is nobody else\'s');
  const mine = new URL(page.url()).pathname;
  await page.click('a:has-text("Choose another time")');
  assert.match(await page.textContent('main'), /The visit is now on /);
  await (await aLateTime(page)).click();
  assert.match(await page.textContent('main'), /The visit is now on [^]*Leave it there/);
  assert.equal(await page.getAttribute('a:has-text("Leave it there")', 'href'), mine);
  assert.deepEqual(await inspect(page, 'visit-move'), []);
  await page.click('button.btn-main');
  assert.match(await page.textContent('main'), /It is moved/);
  const said = page.url();
  await page.click('summary:has-text("Cancel this visit")');
  await page.click('button:has-text("Yes, I am sure")');
  assert.match(await page.textContent('main'), /It is cancelled[^]*Book another time/);
  await page.goto(said);
  assert.doesNotMatch(await page.textContent('main'), /It is moved/, 'an old address says nothing that is over');
  await page.goto(`${box.portal}/my/visits`);
  await page.click('summary:has-text("cancelled visit")');
  assert.deepEqual(await inspect(page, 'visits-cancelled'), []);
  await page.click(`details a[href="${mine}"]`);
  await page.context().close();
});

test('sent twice it is booked once, and a time that went meanwhile is said kindly', async () => {
  const page = await signedIn('patient', box.portal);
  await chooseATime(page, 'Phone call');
  const form = await page.evaluate(() => new URLSearchParams(new FormData(document.querySelector('main form'))).toString());
  const send = (body) => page.evaluate(async (body) => {
    const answer = await fetch('/my/visits/book', { method: 'POST', body: new URLSearchParams(body) });
    return [answer.status, answer.url.split('?')[0], await answer.text()];
  }, body);
  const [one, other] = [await send(form), await send(form)];
  assert.deepEqual(one.slice(0, 2), other.slice(0, 2), 'the second click leads where the first did');
  assert.match(one[1], /\/my\/visits\/[0-9a-f-]+$/);
  const again = await send(form.replace(/once=[^&]*/, 'once='));
  assert.deepEqual(again.slice(0, 2), one.slice(0, 2), 'of another page it is their own visit, and nobody else\'s');
  assert.match(again[2], /You have booked this already/);
  await page.context().close();
});

test('a visit that could not be moved is offered other times for itself, and stays one visit', async () => {
  const page = await signedIn('patient', box.portal);
  // Beside the visit of the test before.
  await chooseATime(page, 'Phone call', 3);
  await page.click('button.btn-main');
  await page.waitForURL(/done=booked/);
  const mine = new URL(page.url()).pathname;
  await page.goto(`${box.portal}${mine}/change`);
  const time = await (await aLateTime(page, 6)).getAttribute('href');
  await page.goto(`${box.portal}${time}`);
  // In another window the time goes.
  const other = await page.context().newPage();
  await other.goto(`${box.portal}/my/visits/book?${time.split('?')[1]}`);
  await other.click('button.btn-main');
  await other.waitForURL(/done=booked/);
  const taken = new URL(other.url()).pathname;
  await page.click('button.btn-main');
  assert.match(await page.textContent('main'), /another visit at that time\. Your visit stays as it was\. These times are free:/);
  const links = await page.locator('main .times a, main nav a').evaluateAll((found) => found.map((one) => new URL(one.href).pathname));
  assert.deepEqual([...new Set(links)], [`${mine}/change`]);
  assert.equal(await page.locator('main a[href^="/my/visits/wait"]').count(), 0);
  await (await aLateTime(page, 9)).click();
  await page.click('button.btn-main');
  await page.waitForURL((url) => url.pathname === mine);
  for (const visit of [mine, taken]) {
    await page.goto(`${box.portal}${visit}`);
    await page.click('summary:has-text("Cancel this visit")');
    await page.click('button:has-text("Yes, I am sure")');
  }
  await page.context().close();
});

test('who asked for a time is offered one, and takes it', async () => {
  const patient = await signedIn('patient', box.portal);
  await patient.goto(`${box.portal}/my/visits/book`);
  assert.deepEqual(await inspect(patient, 'book-kinds'), []);
  await patient.click('main a:has-text("First visit")');
  assert.deepEqual(await inspect(patient, 'book-request'), []);
  const day = (days) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
  await patient.fill('input[name=from]', day(2));
  // Days beyond what can be asked for are refused with the last one, and not left out.
  await patient.fill('input[name=until]', day(50));
  await patient.click('button.btn-main');
  assert.match(await patient.textContent('main'), /too far from the first day: \d+ \w+ \d{4} at the latest/);
  assert.equal(await patient.inputValue('input[name=until]'), day(50));
  await patient.fill('input[name=until]', day(9));
  await patient.click('button.btn-main');
  await patient.waitForURL(/done=sent/);
  const mine = patient.url().split('?')[0];

  const desk = await signedIn('reception');
  await desk.goto(`${box.clinic}/booking-requests`);
  assert.deepEqual(await inspect(desk, 'booking-requests'), []);
  await desk.locator('.board li', { hasText: 'Halina' }).locator('a.btn').click();
  assert.deepEqual(await inspect(desk, 'booking-request'), []);
  await desk.click('button:has-text("Offer it")');
  await desk.waitForURL(/booking-requests$/);

  await patient.goto(mine);
  assert.match(await patient.textContent('main'), /offers this time/);
  assert.deepEqual(await inspect(patient, 'visit-offered'), []);
  // Not this time is no to the time alone.
  await patient.click('button:has-text("No, not this time")');
  assert.match(await patient.textContent('main'), /does not suit you[^]*A time was requested/);
  await desk.goto(`${box.clinic}/booking-requests`);
  assert.match(await desk.textContent('.board li:has-text("Halina")'), /Said no to /);
  await desk.locator('.board li', { hasText: 'Halina' }).locator('a.btn').click();
  await desk.click('button:has-text("Offer it")');
  await desk.waitForURL(/booking-requests$/);
  await patient.goto(mine);
  await patient.click('button:has-text("Yes, take this time")');
  await patient.waitForURL(/done=booked/);
  assert.deepEqual(await inspect(patient, 'visit-booked'), []);
  for (const page of [patient, desk]) await page.context().close();
});

test('who asked and gets no time reads it with the line of the reception, and can ask again', async () => {
  const patient = await signedIn('patient', box.portal, { script: false });
  await patient.goto(`${box.portal}/my/visits/book`);
  await patient.click('main a:has-text("First visit")');
  const day = (days) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
  await patient.fill('input[name=from]', day(3));
  await patient.fill('input[name=until]', day(4));
  await patient.click('button.btn-main');
  const mine = patient.url().split('?')[0];
  assert.equal(await patient.locator('summary:has-text("I no longer need it")').count(), 1);
  const desk = await signedIn('reception');
  await desk.goto(`${box.clinic}/booking-requests/${mine.split('/').at(-1)}`);
  await desk.fill('input[name=line]', 'Dr Adeyemi-Strand is away <b>until</b> May.');
  await desk.click('button:has-text("Decline")');
  await desk.waitForURL(/booking-requests$/);
  await patient.goto(mine);
  const said = await patient.textContent('main');
  assert.match(said, /The clinic could not offer a time[^]*is away <b>until<\/b> May\.[^]*Ask again with other days/);
  assert.doesNotMatch(said, /Cancelled/);
  assert.deepEqual(await inspect(patient, 'visit-not-offered'), []);
  await patient.goto(`${box.portal}/my/visits`);
  assert.match(await patient.textContent('main'), /First visit[^]*The clinic could not offer a time/);
  for (const page of [patient, desk]) await page.context().close();
});

test('the reception sees the day, and who arrives shows on the other screen by itself', async () => {
  const [one, other] = [await signedIn('reception'), await signedIn('reception')];
  const day = workday();
  for (const page of [one, other]) await page.goto(`${box.clinic}/today?day=${day}`);
  assert.deepEqual(await inspect(one, 'day-grid'), []);
  assert.doesNotMatch(await one.textContent('main'), /cough|asthma|diabetes|fever/i, 'no clinical word');
  assert.match(await one.textContent('table.daygrid'), /Adeyemi-Strand[^]*Free/);
  for (const page of [one, other]) await page.goto(`${box.clinic}/today`);
  // Whoever is to see them hears of it too, without loading the page again.
  const doctor = await signedIn('clinician');
  await doctor.goto(`${box.clinic}/today`);
  const renewed = doctor.evaluate(() => new Promise((resolve) => { document.addEventListener('renewed', (event) => resolve(event.target.id)); }));
  const expected = one.locator('a[href$="/check-in"]').first();
  if (await expected.count()) {
    const visit = (await expected.getAttribute('href')).split('/')[2];
    await expected.click();
    await one.check('input[name=asked]');
    await one.click('button:has-text("They have arrived")');
    await one.waitForURL(/today/);
    await other.waitForSelector(`form[action="/bookings/${visit}/state"] button[value="checked-in"]`, { timeout: 20_000 });
    assert.equal(await renewed, 'day');
  } else renewed.catch(() => {});
  await doctor.context().close();
  await one.goto(`${box.clinic}/today?day=${day}`);
  await one.locator('table.daygrid .open-slot a').last().click();
  await one.fill('main input[name=q]', 'Brandvold');
  await one.click('main button.btn-main');
  await one.waitForURL(/q=Brandvold/);
  assert.deepEqual(await inspect(one, 'booking-whom'), []);
  await one.locator('ul.links a', { hasText: /Brandvold/i }).first().click();
  assert.deepEqual(await inspect(one, 'booking-new'), []);
  for (const page of [one, other]) await page.context().close();
});

test('the settings are whole and can be changed', async () => {
  const page = await signedIn('reception');
  await page.goto(`${box.clinic}/settings`);
  assert.deepEqual(await inspect(page, 'settings'), []);
  await page.click('a:has-text("Vaccination")');
  assert.deepEqual(await inspect(page, 'settings-visit-type'), []);
  await page.fill('input[name=minutes]', '0');
  await page.click('button.btn-main');
  assert.match(await page.textContent('main'), /whole number from 5 to 480/);
  await page.fill('input[name=minutes]', '10');
  await page.click('button.btn-main');
  await page.waitForURL(/done=saved/);
  assert.match(await page.textContent('main'), /10 min/);
  await page.locator('a[href^="/settings/hours/"]').first().click();
  assert.deepEqual(await inspect(page, 'settings-hours'), []);
  await page.context().close();
});

test('of two who change the settings at once the second keeps what was typed and sees what stands', async () => {
  const page = await signedIn('reception', box.clinic, { script: false });
  const other = await page.context().newPage();
  const save = async (tab) => tab.locator('main form.panel-body button.btn-main').click();
  await page.goto(`${box.clinic}/settings`);
  await page.click('a:has-text("Blood test")');
  await other.goto(page.url());
  await other.fill('input[name=minutes]', '15');
  await other.uncheck('input[name=offered]');
  await save(other);
  await other.waitForURL(/done=saved/);
  await page.fill('input[name=name]', 'Blood and urine test');
  await save(page);
  assert.match(await page.textContent('main'), /changed after you opened it/);
  // Of what nothing was typed in stands what the other saved.
  assert.equal(await page.inputValue('#minutes'), '15');
  assert.equal(await page.isChecked('input[name=offered]'), false);
  assert.match(await page.textContent('.field:has(#name)'), /Now stands: Blood test/);
  assert.equal(await page.inputValue('#name'), 'Blood and urine test');
  assert.deepEqual(await inspect(page, 'settings-meanwhile'), []);
  // It is saved over what was just shown.
  await save(page);
  await page.waitForURL(/done=saved/);
  assert.match(await page.textContent('main'), /Blood and urine test[^]*15 min/);

  await page.locator('a[href^="/settings/hours/"]').first().click();
  await other.goto(page.url());
  await other.fill('input[name=wed1-from]', '09:10');
  await save(other);
  await page.fill('input[name=wed1-from]', '09:30');
  await save(page);
  assert.match(await page.textContent('#wed1'), /Now stands: 09:10 to/);
  assert.equal(await page.inputValue('input[name=wed1-from]'), '09:30');
  assert.doesNotMatch(await page.textContent('#thu1'), /Now stands/);
  assert.deepEqual(await inspect(page, 'settings-hours-meanwhile'), []);
  await page.click('button:has-text("Take what stands now")');
  assert.equal(await page.inputValue('input[name=wed1-from]'), '09:10');
  // A day off that came too late stands in its own fields, and the week as it is.
  await other.goto(page.url());
  await other.fill('input[name=wed1-from]', '09:00');
  await save(other);
  await page.fill('input[name=why]', 'Inventory');
  await page.fill('input[name=first]', '2031-01-07');
  await page.click('main form[action^="/settings/away/"] button:has-text("Add")');
  assert.match(await page.textContent('main'), /changed after you opened it/);
  assert.equal(await page.inputValue('input[name=why]'), 'Inventory');
  assert.equal(await page.inputValue('input[name=wed1-from]'), '09:00');
  await page.context().close();
});

test('the portal speaks Spanish to who asks for it', async () => {
  const page = await visitor(chrome, { locale: 'es-ES' });
  await signIn(page, box.portal, box.account('patient'));
  assert.equal(await page.getAttribute('html', 'lang'), 'es');
  await page.goto(`${box.portal}/my/visits/book`);
  assert.match(await page.textContent('main'), /Reservar una cita[^]*Consulta/);
  assert.deepEqual(await inspect(page, 'es-book-kinds'), []);
  for (const part of ['', '/results', '/medicines', '/visits', '/who-looked']) {
    await page.goto(`${box.portal}/my${part}`);
    assert.deepEqual(await inspect(page, `es-my${part.replace('/', '-')}`), []);
  }
  // What is coded is said in the reader's language, by the record itself.
  for (const [part, words, not] of [
    ['/allergies', /Penicilinas[^]*anafilaxia/, /Penicillins|Iodinated|hives/],
    ['/immunizations', /Gripe[^]*Neumococo/, /Influenza|Tetanus/],
    ['/results', /Hemoglobina|Creatinina/, /Haemoglobin|Creatinine|White blood/],
    ['/documents', /Carta de traumatología/, /Letter from orthopaedics/],
    ['/visits', /Revisión anual de la diabetes/, /Diabetes yearly review/],
  ]) {
    await page.goto(`${box.portal}/my${part}`);
    assert.match(await page.textContent('main'), words, part);
    assert.doesNotMatch(await page.textContent('main'), not, part);
  }
  await page.goto(`${box.portal}/account`);
  await page.check('input[value=en]');
  await page.click('button:has-text("Usar este idioma")');
  assert.match(await page.textContent('h1'), /Your account/);
  await page.check('input[value=es]');
  await page.click('button:has-text("Use this language")');
  await page.context().close();
});
