// The essential work of each role in a browser that runs no script: what must go on when the script does not come. What is not
// here stands without script beside its own subject: signing in and finding a patient, booking, moving and cancelling by the
// patient, messages, refills, files, shares, people who act for somebody, copies, notes, and places for backups.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect, run, shared } from './harness.mjs';

const { box, signedIn } = await shared('--patients', '8');
const halina = `${box.clinic}/patients/${box.account('patient').patient}`;

const plain = (role, origin = box.clinic, options = {}) => signedIn(role, origin, { ...options, script: false });
const main = (page) => page.textContent('main');

test('the reception registers somebody, books for them, checks them in and takes it back, without script', async () => {
  const desk = await plain('reception');
  await desk.click('nav a:has-text("Register")');
  await desk.fill('input[name=family]', 'Quintero');
  await desk.fill('input[name=given]', 'Ximena');
  await desk.fill('input[name=born]', '3 4 1980');
  await desk.check('input[name=sex][value=female]');
  await desk.click('main button.btn-main');
  assert.match(await main(desk), /Ximena Quintero is registered/);
  assert.deepEqual(await inspect(desk, 'registered'), []);
  // Registered out of a new appointment, they are booked for that very time.
  await desk.goto(`${box.clinic}/schedule?view=week&day=${new Date(Date.now() + 7 * 86_400_000).toISOString().slice(0, 10)}`);
  await desk.click('a.free >> nth=0');
  await desk.click('td.open-slot a >> nth=0');
  const time = new URL(desk.url()).searchParams.get('start');
  await desk.click('main a:has-text("Register")');
  for (const [name, value] of [['family', 'Okonkwo'], ['given', 'Tobias'], ['born', '5 6 1971']]) await desk.fill(`input[name=${name}]`, value);
  await desk.check('input[name=sex][value=male]');
  await desk.click('main button.btn-main');
  assert.equal(new URL(desk.url()).searchParams.get('start'), time);
  assert.match(await main(desk), /Tobias Okonkwo/);
  await desk.click('main button.btn-main');
  assert.match(new URL(desk.url()).pathname, /^\/bookings\/[0-9a-f-]+$/);

  // The same person once more is noticed.
  await desk.goto(`${box.clinic}/patients/new`);
  await desk.fill('input[name=family]', 'Kintero');
  await desk.fill('input[name=given]', 'Jimena');
  await desk.fill('input[name=born]', '3 4 1980');
  await desk.check('input[name=sex][value=female]');
  await desk.click('main button.btn-main');
  assert.match(await main(desk), /There is already somebody very much like this/);

  await desk.click('.top-nav a:has-text("Day")');
  for (let days = 0; days < 10 && await desk.locator('.open-slot a').count() === 0; days++) await desk.click('nav.acts a:has-text("The day after")');
  await desk.locator('.open-slot a').last().click();
  await desk.fill('main input[name=q]', 'Quintero');
  await desk.click('main button:has-text("Find")');
  await desk.click('main a:has-text("Quintero")');
  await desk.click('main button:has-text("Book")');
  await desk.waitForURL(/\/bookings\/[0-9a-f-]+$/);
  await desk.click('a:has-text("Check in")');
  await desk.check('input[name=asked]');
  // The first free time may be another day's.
  if (await desk.locator('input[name=other_day]').count()) await desk.check('input[name=other_day]');
  await desk.click('button:has-text("They have arrived")');
  await desk.fill('.find input[name=q]', 'Quintero');
  await desk.press('.find input[name=q]', 'Enter');
  await desk.click('main a:has-text("QUINTERO")');
  assert.match(await main(desk), /Arrived/);
  await desk.click('#main .links a');
  await desk.click('button:has-text("Not here yet")');
  assert.match(await main(desk), /Expected/);
  assert.deepEqual(await inspect(desk, 'booking-expected'), []);
  await desk.click('button:has-text("Cancel")');
  assert.match(await main(desk), /Cancelled/);
  assert.deepEqual(await inspect(desk, 'booking-cancelled'), []);
  await desk.context().close();
});

test('a doctor opens a chart from the day, prescribes against a warning and stops it again, without script', async () => {
  const doctor = await plain('clinician');
  await doctor.fill('.find input[name=q]', 'Brandvold');
  await doctor.press('.find input[name=q]', 'Enter');
  await doctor.click('main a:has-text("BRANDVOLD")');
  assert.match(await doctor.textContent('#safety'), /Penicillins/);
  await doctor.click('.banner-acts a:has-text("Prescribe")');
  await doctor.fill('main input[name=q]', 'clarith');
  await doctor.click('main button:has-text("Find")');
  await doctor.click('main .picks a:has-text("Clarithromycin 500 mg")');
  await doctor.fill('input[name=once-dose]', '1');
  await doctor.selectOption('select[name=every]', '2d');
  await doctor.fill('input[name=days]', '7');
  await doctor.click('button[value=sign]');
  assert.match(await main(doctor), /of the checks have no answer yet/);
  for (const area of await doctor.locator('textarea[name^=answer-]').all()) await area.fill('Short course.');
  await doctor.click('button[value=sign]');
  assert.match(await main(doctor), /It is signed/);
  await doctor.selectOption('select[name=why]', 'side-effects');
  await doctor.click('button.btn-danger');
  assert.match(await main(doctor), /Stopped/);
  assert.deepEqual(await inspect(doctor, 'prescription-stopped'), []);
  await doctor.context().close();
});

test('a result is entered, held, let go and read by the patient, without script', async () => {
  const doctor = await plain('clinician');
  await doctor.goto(`${halina}/results`);
  await doctor.click('a:has-text("Add a result")');
  await doctor.click('button.btn-main:has-text("Add")');
  await doctor.fill('#title', 'Thyroid tests');
  for (const [field, value] of [['test1', 'TSH'], ['value1', '9.8'], ['unit1', 'mU/L'], ['low1', '0.4'], ['high1', '4.0']]) await doctor.fill(`#${field}`, value);
  await doctor.check('input[name=release][value=hold]');
  await doctor.fill('#hold_reason', 'To tell her in person');
  await doctor.fill('#hold_until', new Date(Date.now() + 5 * 86_400_000).toISOString().slice(0, 10));
  await doctor.click('button.btn-main:has-text("Add")');
  assert.match(await main(doctor), /does not see this result until/);
  assert.deepEqual(await inspect(doctor, 'report-held'), []);
  const own = await plain('patient', box.portal);
  await own.goto(`${box.portal}/my/results`);
  assert.doesNotMatch(await main(own), /TSH/);
  await doctor.click('button:has-text("Let the patient see it now")');
  assert.match(await main(doctor), /can see the result now/);
  assert.deepEqual(await inspect(doctor, 'report-released'), []);
  await own.goto(`${box.portal}/my`);
  await own.click('main a:has-text("TSH")');
  assert.match(await main(own), /9\.8/);
  for (const page of [doctor, own]) await page.context().close();
});

test('a patient reads the whole record and who looked, without script', async () => {
  const own = await plain('patient', box.portal, { width: 375 });
  for (const [word, said] of [['Allergies', /Penicillins/], ['Medicines', /Metformin/], ['Health problems', /diabetes/i], ['Results', /blood sugar/i],
    ['Vaccinations', /nfluenza|etanus/], ['Visits', /Visits so far/], ['Documents', /eye screening/i]]) {
    await own.goto(`${box.portal}/my`);
    await own.click(`#record a:has(b:text-is("${word}"))`);
    assert.match(await main(own), said, word);
  }
  // What is plain text is read on its page, and can be kept from there.
  await own.click('main a:has-text("eye screening")');
  assert.ok((await own.textContent('main .written')).trim().length > 20);
  assert.deepEqual(await inspect(own, 'my-letter'), []);
  const [letter] = await Promise.all([own.waitForEvent('download'), own.click('main a[download]')]);
  assert.match(letter.suggestedFilename(), /eye screening/i);
  await own.goto(`${box.portal}/my`);
  await own.click('main a[href="/my/who-looked"]');
  assert.match(await main(own), /Adeyemi-Strand[^]*Your care/);
  await own.selectOption('#who', 'own');
  await own.click('button:has-text("Show")');
  assert.match(await main(own), /You/);
  assert.deepEqual(await inspect(own, 'who-looked-own'), []);
  await own.context().close();
});

test('the health administrator answers a request, judges an emergency and approves, without script', async () => {
  const nurse = await plain('nurse');
  await nurse.goto(halina);
  await nurse.click('.banner-acts a:has-text("Open in an emergency")');
  await nurse.fill('#why', 'Collapsed at the bus stop');
  await nurse.click('button:has-text("Open the record")');
  assert.match(await nurse.textContent('.running'), /Open in an emergency until/);
  await nurse.click('button:has-text("End now")');
  assert.equal(await nurse.locator('.running').count(), 0);
  await nurse.context().close();

  const admin = await plain('healthadmin');
  await admin.click('.top-nav a:has-text("Requests")');
  await admin.locator('tbody tr').first().locator('a').click();
  await admin.fill('textarea[name=words]', ' ');
  await admin.click('button[value=answer]');
  assert.match(await main(admin), /Write what the patient is to read/);
  await admin.fill('textarea[name=words]', 'It is done as you asked.');
  await admin.click('button[value=answer]');
  assert.match(await main(admin), /The answer is with the patient/);
  assert.deepEqual(await inspect(admin, 'requests-answered'), []);

  await admin.click('.top-nav a:has-text("Emergency access")');
  const one = admin.locator('.things li', { hasText: 'Collapsed at the bus stop' });
  await one.locator('button[value=not-justified]').click();
  assert.match(await main(admin), /Your verdict is kept[^]*It was not right/);
  assert.deepEqual(await inspect(admin, 'emergencies-judged'), []);

  await admin.click('.top-nav a:has-text("Approvals")');
  assert.deepEqual(await inspect(admin, 'approvals'), []);
  await admin.check('input[name=what][value=audit-export]');
  await admin.fill('input[name=reason], textarea[name=reason]', 'The yearly report');
  await admin.click('button:has-text("Make")');
  assert.match(await main(admin), /code/i);
  await admin.context().close();
});
