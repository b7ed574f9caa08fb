// The calendar, blocked times, the door, invitations, the waiting list, forms before visits, and two records that become one.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect, shared, signIn, visitor } from './harness.mjs';

const { box, chrome, signedIn } = await shared('--patients', '24');

const main = (page) => page.textContent('main');
const day = (days) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);

/** A Tuesday at least two weeks ahead, on which nothing is booked or blocked in a demo. */
function quietDay(weeks = 6) {
  const at = new Date(Date.now() + weeks * 7 * 86_400_000);
  while (at.getUTCDay() !== 2) at.setUTCDate(at.getUTCDate() + 1);
  return at.toISOString().slice(0, 10);
}

/** Books the first free time of a day for somebody; answers with the visit's page. */
async function book(desk, on, name, place = 0) {
  await desk.goto(`${box.clinic}/schedule?day=${on}`);
  await desk.locator('table.daygrid .open-slot a').nth(place).click();
  await desk.fill('main input[name=q]', name);
  await desk.click('main button.btn-main');
  await desk.locator('ul.links a').first().click();
  await desk.selectOption('select[name=kind]', { label: 'Visit, 20 min' });
  await desk.click('main button.btn-main');
  await desk.waitForURL(/\/bookings\/[0-9a-f-]+$/);
  return desk.url();
}

test('in the table of a day the row that is now keeps each cell under its clinician', async () => {
  const desk = await signedIn('reception');
  for (const place of [`/schedule?day=${quietDay()}`, `/today?day=${quietDay()}`]) {
    await desk.goto(`${box.clinic}${place}`);
    for (const media of ['screen', 'print']) {
      await desk.emulateMedia({ media });
      // Whichever row it is: the hour of the test is no matter.
      const astray = await desk.evaluate(() => {
        const left = (cell) => Math.round(cell.getBoundingClientRect().left);
        const heads = [...document.querySelectorAll('.daygrid thead th')].map(left);
        const rows = [...document.querySelectorAll('.daygrid tbody tr')];
        return rows.flatMap((row) => {
          row.classList.add('now');
          const wrong = [...row.cells].filter((cell) => !heads.some((head) => Math.abs(head - left(cell)) < 2));
          const free = [...row.cells].filter((cell, at) => row.cells.length === heads.length && Math.abs(heads[at] - left(cell)) > 1);
          row.classList.remove('now');
          return [...wrong, ...free].map((cell) => `${row.cells[0].textContent}: ${cell.textContent}`);
        });
      });
      assert.deepEqual(astray, [], `${place} ${media}`);
    }
  }
  await desk.context().close();
});

test('a visit is moved in the calendar by dragging, by keyboard, and without script', async () => {
  const desk = await signedIn('reception');
  const on = quietDay();
  const visit = await book(desk, on, 'Brandvold');
  assert.deepEqual(await inspect(desk, 'booking'), []);
  await desk.goto(`${box.clinic}/schedule?day=${on}`);
  assert.deepEqual(await inspect(desk, 'schedule-day'), []);
  assert.doesNotMatch(await main(desk), /cough|asthma|diabetes|fever/i, 'no clinical word');
  const clock = async () => (await desk.textContent('[data-visit] .kind')).slice(0, 5);
  const before = await clock();
  await Promise.all([
    desk.waitForNavigation(),
    desk.locator('[data-visit]').dragTo(desk.locator('[data-slot]').nth(6)),
  ]);
  const dragged = await clock();
  assert.notEqual(dragged, before);
  await desk.focus('[data-visit]');
  await desk.keyboard.press('m');
  assert.match(await desk.textContent('[data-mover-says]'), /Picked up/);
  await desk.keyboard.press('Escape');
  assert.match(await desk.textContent('[data-mover-says]'), /where it was/);
  await desk.keyboard.press('m');
  await desk.keyboard.press('ArrowDown');
  await desk.keyboard.press('ArrowDown');
  await Promise.all([desk.waitForNavigation(), desk.keyboard.press('Enter')]);
  assert.notEqual(await clock(), dragged);

  const plain = await signedIn('reception', box.clinic, { script: false });
  await plain.goto(visit);
  await plain.click('a:has-text("Choose in the calendar")');
  assert.match(await main(plain), /choose a free time/);
  await plain.locator('button.slot').last().click();
  await plain.waitForURL(/\/schedule\?day=/);
  assert.match(await plain.textContent('table.daygrid'), /Brandvold/);
  await plain.click('nav.acts a:has-text("Week")');
  assert.match(await plain.textContent('table.weekgrid'), /Brandvold/);
  await plain.context().close();
  await desk.goto(`${box.clinic}/schedule?view=week&day=${on}`);
  assert.deepEqual(await inspect(desk, 'schedule-week'), []);
  await desk.locator('.weekgrid tbody th a').first().click();
  assert.deepEqual(await inspect(desk, 'schedule-week-of-one'), []);
  await desk.context().close();
});

test('a time is taken twice only when somebody says why', async () => {
  const desk = await signedIn('reception');
  const visit = await book(desk, quietDay(), 'Okafor', 1);
  await desk.click('a:has-text("Book somebody else at the same time")');
  await desk.fill('main input[name=q]', 'Brandvold');
  await desk.click('main button.btn-main');
  await desk.locator('ul.links a').first().click();
  await desk.selectOption('select[name=kind]', { label: 'Visit, 20 min' });
  await desk.fill('input[name=over]', 'Two of one family');
  await desk.click('main button.btn-main');
  await desk.waitForURL(/\/bookings\/[0-9a-f-]+$/);
  assert.notEqual(desk.url(), visit);
  assert.match(await desk.textContent('h1'), /Brandvold/);
  assert.match(await main(desk), /Over another appointment: Two of one family/);
  assert.deepEqual(await inspect(desk, 'booking-over'), []);
  await desk.goto(`${box.clinic}/schedule?day=${quietDay()}`);
  const cell = desk.locator('td.appt:has(a:nth-of-type(2))').first();
  assert.match(await cell.textContent(), /Over another appointment: Two of one family/, 'both share a cell');
  assert.deepEqual(await inspect(desk, 'schedule-over'), []);
  await desk.context().close();
});

test('outside hours a visit is booked only when somebody says why, and nobody fails to come before it began', async () => {
  const desk = await signedIn('reception');
  const visit = await book(desk, quietDay(7), 'Okafor', 1);
  assert.equal(await desk.locator('button[value=noshow]').count(), 0);
  const typed = async () => {
    await desk.click('summary:has-text("Any other time")');
    await desk.fill('input[name=clock]', '03:00');
    await desk.locator('details button:has-text("Move it"), details .btns button').first().click();
  };
  await typed();
  assert.match(await main(desk), /Nobody works at this time/);
  assert.deepEqual(await inspect(desk, 'booking-closed'), []);
  await desk.fill('input[name=over]', 'On call that night');
  await desk.locator('form:has(input[name=over]) button').click();
  await desk.waitForURL((address) => address.href.startsWith(visit));
  assert.match(await main(desk), /Outside hours: On call that night/);
  await desk.context().close();
});

test('blocked times come as often as they should, name the visits in them, and go again', async () => {
  const desk = await signedIn('reception');
  await desk.goto(`${box.clinic}/schedule/blocks`);
  assert.deepEqual(await inspect(desk, 'blocks'), []);
  await desk.click('button:has-text("Block this time")', { noWaitAfter: true });
  const on = quietDay();
  await desk.fill('input[name=what]', 'Training');
  await desk.fill('input[name=day]', on);
  await desk.fill('input[name=from]', '08:40');
  await desk.fill('input[name=to]', '17:00');
  await desk.selectOption('select[name=repeat]', 'weekly');
  await desk.fill('input[name=until]', new Date(Date.parse(on) + 21 * 86_400_000).toISOString().slice(0, 10));
  await desk.click('button:has-text("Block this time")');
  await desk.waitForLoadState();
  if (/booked in this time/.test(await main(desk))) {
    assert.deepEqual(await inspect(desk, 'blocks-visits'), []);
    await desk.check('input[name=anyway]');
    await desk.click('button:has-text("Block this time")');
  }
  await desk.waitForURL(/done=blocked/);
  const rows = desk.locator('.acts-list li', { hasText: 'Training' });
  assert.equal(await rows.count(), 4);
  await desk.goto(`${box.clinic}/schedule?day=${on}`);
  assert.match(await desk.textContent('table.daygrid'), /Training/);
  await desk.goto(`${box.clinic}/schedule/blocks`);
  await rows.first().locator('button[value=all]').click();
  await desk.waitForURL(/done=removed/);
  assert.equal(await rows.count(), 0);
  await desk.context().close();
});

test('at the door who somebody is, how to reach them and who pays is settled in one form', async () => {
  const desk = await signedIn('reception');
  await book(desk, quietDay(), 'Okafor', 4);
  await desk.click('a:has-text("Check in")');
  assert.deepEqual(await inspect(desk, 'check-in'), []);
  await desk.fill('input[name=number]', '77');
  await desk.click('button:has-text("They have arrived")');
  assert.match(await desk.textContent('.error-summary'), /right appointment[^]*birth date[^]*insurer/i);
  assert.deepEqual(await inspect(desk, 'check-in-faults'), []);
  // The visit is not today's: that it is meant has to be said, in the form and by the button alike.
  const form = desk.url();
  await desk.click('a:has-text("Leave it")');
  await desk.click('button:has-text("Arrived")');
  assert.match(await main(desk), /not today/);
  assert.deepEqual(await inspect(desk, 'booking-other-day'), []);
  await desk.click('button:has-text("Yes, they are here")');
  assert.match(await main(desk), /Arrived/);
  await desk.click('button:has-text("Not here yet")');
  await desk.goto(form);
  await desk.check('input[name=other_day]');
  await desk.check('input[name=asked]');
  await desk.fill('input[name=payer]', 'Northern Mutual');
  await desk.fill('input[name=phone]', '01632 960 777');
  await desk.click('button:has-text("They have arrived")');
  await desk.waitForURL(/\/today/);
  await desk.goto(`${box.clinic}/patients?q=Okafor`);
  await desk.locator('main a', { hasText: 'Okafor' }).first().click();
  assert.match(await main(desk), /01632 960 777/);
  await desk.context().close();
});

test('at the door and in the calendar the second of two keeps what was typed and sees what stands', async () => {
  const desk = await signedIn('reception', box.clinic, { script: false });
  const visit = await book(desk, quietDay(7), 'Okafor');
  await desk.click('a:has-text("Check in")');
  const other = await desk.context().newPage();
  await other.goto(desk.url());
  const fill = async (page, phone) => {
    await page.check('input[name=other_day]');
    await page.check('input[name=asked]');
    await page.fill('input[name=phone]', phone);
    await page.click('button:has-text("They have arrived")');
  };
  await fill(other, '01632 960 111');
  await other.goto(visit);
  await other.click('button:has-text("Not here yet")');
  await fill(desk, '01632 960 222');
  assert.match(await main(desk), /changed after you opened it/);
  assert.match(await desk.textContent('.field:has(#phone)'), /Now stands: 01632 960 111/);
  assert.equal(await desk.inputValue('#phone'), '01632 960 222');
  assert.deepEqual(await inspect(desk, 'check-in-meanwhile'), []);
  await desk.click('button:has-text("They have arrived")');
  await desk.waitForURL(/\/today/);

  await desk.goto(visit);
  await desk.click('button:has-text("Not here yet")');
  await other.goto(visit);
  for (const [page, clock] of [[other, '16:00'], [desk, '16:20']]) {
    await page.click('summary:has-text("time")');
    await page.fill('input[name=clock]', clock);
    await page.locator('details button').click();
  }
  assert.match(await main(desk), /changed after you opened it/);
  assert.match(await desk.textContent('.field:has(#clock)'), /Now stands: 16:00/);
  assert.equal(await desk.inputValue('input[name=clock]'), '16:20');
  assert.deepEqual(await inspect(desk, 'booking-meanwhile'), []);
  await desk.locator('details button').click();
  assert.match(await desk.textContent('.work-head'), /16:20/);
  await desk.context().close();
});

test('a printed code makes an account for whoever knows the birth date', async () => {
  const desk = await signedIn('reception');
  // Somebody without an account.
  await desk.goto(`${box.clinic}/patients/new`);
  await desk.fill('input[name=given]', 'Ximena');
  await desk.fill('input[name=family]', 'Quintero');
  await desk.fill('input[name=born]', '3 4 1980');
  await desk.click('label:has(input[value=female])');
  await desk.click('main button.btn-main');
  await desk.waitForURL(/done=registered/);
  await desk.click('a:has-text("Portal invitation")');
  assert.deepEqual(await inspect(desk, 'invitation'), []);
  await desk.click('button:has-text("Make an invitation")');
  assert.deepEqual(await inspect(desk, 'invitation-sheet'), []);
  const code = await desk.textContent('.sheet-code');
  assert.match(code, /^[2-9A-Z]{5}(-[2-9A-Z]{5}){2}$/);

  const stranger = await visitor(chrome, { locale: 'es-ES' });
  await stranger.goto(`${box.portal}/join#${code}`);
  assert.match(await stranger.textContent('h1'), /Cree su cuenta/);
  assert.equal(await stranger.inputValue('input[name=code]'), code);
  assert.equal(new URL(stranger.url()).hash, '', 'the code is out of the address');
  assert.deepEqual(await inspect(stranger, 'es-join'), []);
  await stranger.fill('input[name=born]', '4 4 1980');
  await stranger.click('button.btn-main');
  assert.match(await main(stranger), /no se corresponden/);
  await stranger.context().close();

  const plain = await visitor(chrome, { script: false });
  await plain.goto(`${box.portal}/join`);
  await plain.fill('input[name=code]', code.toLowerCase());
  await plain.fill('input[name=born]', '3 4 1980');
  await plain.click('button.btn-main');
  await plain.fill('input[name=user]', 'ximena');
  await plain.fill('input[name=password]', 'short');
  await plain.fill('input[name=again]', 'short');
  await plain.click('button.btn-main');
  assert.match(await main(plain), /too short/);
  for (const field of ['password', 'again']) await plain.fill(`input[name=${field}]`, 'seven grey kettles whistle');
  await plain.click('button.btn-main');
  await plain.waitForURL(/\/my$/);
  assert.match(await plain.textContent('body'), /Ximena/);
  await plain.context().close();
  const late = await visitor(chrome);
  await late.goto(`${box.portal}/join`);
  assert.deepEqual(await inspect(late, 'join'), []);
  await late.fill('input[name=code]', code);
  await late.fill('input[name=born]', '3 4 1980');
  await late.click('button.btn-main');
  assert.match(await main(late), /good no more/);
  await late.context().close();
  await desk.reload();
  await desk.context().close();
});

test('who waits is offered a time, says no to it, and goes on waiting', async () => {
  for (const [locale, words] of [
    ['en-GB', { wait: 'Wait for another time', offered: /offers this time/, held: /held for you until/, coming: /Offered, and not booked yet/, no: 'Not this time', done: /go on waiting/ }],
    ['es-ES', { wait: 'Esperar otra hora', offered: /le ofrece/i, held: /guardamos hasta/, coming: /Se ofrece y aún no está reservada/, no: 'Esta hora no', done: /Sigue esperando/ }],
  ]) {
    const page = await visitor(chrome, { locale });
    await signIn(page, box.portal, box.account('patient'));
    await page.goto(`${box.portal}/my/visits/book`);
    await page.locator('main ul a').filter({ hasText: /20 min/ }).first().click();
    await page.click(`a:has-text("${words.wait}")`);
    assert.deepEqual(await inspect(page, `${locale}-wait`), []);
    await page.fill('input[name=from]', day(3));
    await page.fill('input[name=until]', day(12));
    // The very same wish a second time would be asked about.
    await page.fill('textarea[name=reason]', locale);
    await page.click('main button.btn-main');
    await page.waitForURL(/done=waiting/);
    assert.match(await main(page), words.offered, 'something is free, so it is offered at once');
    assert.match(await main(page), words.held);
    assert.deepEqual(await inspect(page, `${locale}-offer`), []);
    // In the list of what is to come it is no visit that stands.
    const offer = page.url();
    await page.goto(`${box.portal}/my/visits`);
    assert.match(await main(page), words.coming);
    assert.deepEqual(await inspect(page, `${locale}-visits-offered`), []);
    await page.goto(offer);
    await page.click(`button:has-text("${words.no}")`);
    await page.waitForURL(/done=declined/);
    assert.match(await main(page), words.done);
    await page.click('main details.fold summary');
    await page.click('main button.btn-danger');
    await page.waitForURL(/done=cancelled/);
    await page.context().close();
  }
  const desk = await signedIn('reception');
  await desk.goto(`${box.clinic}/waiting-list`);
  assert.deepEqual(await inspect(desk, 'waiting-list'), []);
  await desk.context().close();
});

test('a form is filled in before the visit, keeps its text, and is read by the doctor', async () => {
  const page = await signedIn('patient', box.portal);
  await page.goto(`${box.portal}/my/visits/book`);
  await page.click('main a:has(b:text-is("Visit"))');
  if (await page.locator('.times a:visible').count() === 0) await page.locator('nav.pager a').last().click();
  const folds = page.locator('details:has(.times) > summary');
  if (await folds.count()) await folds.last().click();
  await page.locator('.times a:visible').last().click();
  await page.click('main button.btn-main');
  await page.waitForURL(/done=booked/);
  const visit = page.url().split('?')[0];
  const calendar = await (await page.request.get(`${visit}/visit.ics`)).text();
  const on = calendar.match(/DTSTART[^:]*:(\d{8})/)[1].replace(/(....)(..)(..)/, '$1-$2-$3');
  await page.click('a:has-text("Fill in the form")');
  assert.deepEqual(await inspect(page, 'visit-form'), []);
  // The same form in another window, without script.
  const second = await signedIn('patient', box.portal, { script: false });
  await second.goto(`${visit}/form`);
  // What is too long is refused where it stands, and never cut.
  await second.fill('textarea >> nth=0', 'x'.repeat(2001));
  await second.click('main button.btn-main');
  assert.match(await main(second), /This is too long: 2001 characters\. Up to 2000 fit here\./);
  assert.equal((await second.inputValue('textarea >> nth=0')).length, 2001);
  assert.deepEqual(await inspect(second, 'visit-form-too-long'), []);
  await second.goto(`${visit}/form`);
  const kept = page.waitForResponse((answer) => answer.url().endsWith('/drafts') && answer.ok());
  await page.fill('textarea >> nth=0', 'My knee <script>alert(1)</script> again');
  await kept;
  await page.reload();
  assert.match(await page.inputValue('textarea >> nth=0'), /My knee <script>/);
  await page.click('label:has(input[type=radio][value=no]) >> nth=0');
  await page.click('main button.btn-main');
  await page.waitForURL(/done=form/);
  assert.match(await main(page), /Your form was sent/);
  assert.match(await main(page), /Form sent/);
  await page.goto(`${visit}/form`);
  assert.equal(new URL(page.url()).pathname, `${new URL(visit).pathname}/form/sent`, 'it is sent once');
  assert.match(await main(page), /What you sent before your visit[^]*talk about\?[^]*My knee <script>/);
  assert.deepEqual(await inspect(page, 'visit-form-sent'), []);
  await page.goto(visit);
  assert.equal(await page.getAttribute('a:has-text("Read what you sent")', 'href'), `${new URL(visit).pathname}/form/sent`);
  await second.fill('textarea >> nth=0', 'Second window');
  await second.click('main button.btn-main');
  assert.match(await main(second), /sent already[^]*not sent/);
  assert.doesNotMatch(await main(second), /Your form was sent/);
  assert.equal(await second.inputValue('textarea >> nth=0'), 'Second window');
  assert.deepEqual(await inspect(second, 'visit-form-sent-before'), []);
  await second.goto(`${visit}/form`);
  assert.equal(await second.inputValue('textarea >> nth=0'), 'Second window', 'it is kept');
  await second.click('form[action="/drafts/discard"] button');
  assert.equal(new URL(second.url()).pathname, `${new URL(visit).pathname}/form/sent`);
  await second.context().close();
  await page.context().close();

  // The visit is over and nobody has read it: it still waits.
  const desk = await signedIn('reception');
  await desk.goto(`${box.clinic}/bookings/${visit.split('/').at(-1)}`);
  for (const state of ['arrived', 'fulfilled']) {
    await desk.click(`button[name=state][value=${state}]`);
    const meant = desk.locator('button[name=other_day], form:has(input[name=other_day]) button');
    if (await meant.count()) await meant.first().click();
    await desk.goto(`${box.clinic}/bookings/${visit.split('/').at(-1)}`);
  }
  await desk.context().close();

  const doctor = await signedIn('clinician');
  const chart = `${box.clinic}/patients/${box.account('patient').patient}`;
  await doctor.goto(`${box.clinic}/today?day=${on}`);
  assert.match(await doctor.getAttribute('td a:has-text("Form returned")', 'href'), /\/forms#form-/);
  await doctor.goto(`${box.clinic}/inbox`);
  const waiting = doctor.locator('#forms a', { hasText: 'Brandvold' });
  await waiting.first().click();
  assert.match(await main(doctor), /For the visit[^]*What would you like to talk about\?[^]*My knee <script>/);
  assert.deepEqual(await inspect(doctor, 'forms-returned'), []);
  await doctor.goto(`${chart}/reported`);
  assert.match(await main(doctor), /Form before a visit not seen yet[^]*My knee/);
  await doctor.goto(`${chart}/search?q=knee`);
  await doctor.click('main a:has-text("Form before a visit")');
  await doctor.click('form[action$="/seen"] button');
  assert.match(await main(doctor), /You have read this form/);
  assert.equal(await doctor.locator('form[action$="/seen"]').count(), 0);
  await doctor.goto(`${box.clinic}/inbox`);
  assert.equal(await waiting.count(), 0);
  await doctor.context().close();

  const spanish = await visitor(chrome, { locale: 'es-ES' });
  await signIn(spanish, box.portal, box.account('patient'));
  await spanish.goto(`${box.portal}/my/visits`);
  assert.deepEqual(await inspect(spanish, 'es-visits'), []);
  await spanish.context().close();
});

test('two records of one person become one, and two again', async () => {
  const desk = await signedIn('reception');
  const register = async (given) => {
    await desk.goto(`${box.clinic}/patients/new`);
    await desk.fill('input[name=given]', given);
    await desk.fill('input[name=family]', 'Zawadzki');
    await desk.fill('input[name=born]', '1 2 1955');
    await desk.click('label:has(input[value=male])');
    await desk.click('main button.btn-main');
  };
  await register('Bogdan');
  await desk.waitForURL(/done=registered/);
  const first = new URL(desk.url()).pathname;
  await register('Bogdann');
  assert.match(await main(desk), /Zawadzki/i, 'who sounds alike and has the birth date is named');
  await desk.click('button[name=different]');
  await desk.waitForURL(/done=registered/);
  const second = new URL(desk.url()).pathname;
  await book(desk, quietDay(), 'Bogdann Zawadzki', 8);

  const admin = await signedIn('healthadmin');
  // The box names the two by itself; that they are two people can be said and taken back.
  await admin.goto(`${box.clinic}/duplicates`);
  await admin.click('a:has-text("Who may be one person")');
  const pair = admin.locator('ol li', { hasText: 'ZAWADZKI' });
  assert.equal(await pair.count(), 1);
  assert.deepEqual(await inspect(admin, 'suspects'), []);
  await pair.locator('button:has-text("Not the same person")').click();
  await admin.waitForURL(/done=apart/);
  assert.equal(await pair.count(), 0);
  assert.deepEqual(await inspect(admin, 'suspects-apart'), []);
  await admin.locator('ul li', { hasText: 'Zawadzki' }).locator('button:has-text("They may be one")').click();
  await admin.waitForURL(/done=back/);
  await pair.locator('a:has-text("Compare")').click();
  assert.match(await main(admin), /Are these one person/);
  await admin.goto(`${box.clinic}/duplicates`);
  assert.deepEqual(await inspect(admin, 'duplicates'), []);
  await admin.fill('main input[name=q]', 'Bogdan Zawadzki');
  await admin.click('main button.btn-main');
  await admin.locator(`ul.links a[href*="${first.split('/').pop()}"]`).click();
  await admin.locator(`ul.links a[href*="other=${second.split('/').pop()}"]`).click();
  assert.deepEqual(await inspect(admin, 'duplicates-compare'), []);
  await admin.check(`input[name=keep][value="${first.split('/').pop()}"]`);
  await admin.fill('input[name=reason]', 'He said so at the desk');
  await admin.click('button:has-text("Join them")');
  await admin.waitForURL(/done=joined/);
  assert.match(await main(admin), /1 entry/);
  await desk.goto(`${box.clinic}${second}`);
  assert.equal(new URL(desk.url()).pathname, first, 'the joined one leads to the other');
  assert.match(await main(desk), /Visit/);
  await admin.click('button:has-text("Make two again")');
  await admin.waitForURL(/done=parted/);
  assert.match(await main(admin), /Made two again/);
  await desk.goto(`${box.clinic}${second}`);
  assert.equal(new URL(desk.url()).pathname, second);
  for (const page of [admin, desk]) await page.context().close();
});

/** The form for a new patient, filled in; what is given for the birth date is typed, or said not to be known. */
async function fillNew(desk, { given, family, born, sex = 'female', phone }) {
  await desk.goto(`${box.clinic}/patients/new`);
  await desk.fill('input[name=given]', given);
  await desk.fill('input[name=family]', family);
  if (born) await desk.fill('input[name=born]', born);
  else await desk.check('input[name=born_unknown]');
  if (phone) await desk.fill('input[name=phone]', phone);
  await desk.click(`label:has(input[value=${sex}])`);
}

async function registered(desk, who) {
  await fillNew(desk, who);
  await desk.click('main button.btn-main');
  if (await desk.locator('button[name=different]').count()) await desk.click('button[name=different]');
  await desk.waitForURL(/done=registered/);
  return new URL(desk.url()).pathname;
}

test('of a birth date as much is written down as is known, and everything says so', async () => {
  const desk = await signedIn('reception');
  await desk.goto(`${box.clinic}/patients/new`);
  await desk.fill('input[name=given]', 'Tova');
  await desk.fill('input[name=family]', 'Ekdahl');
  await desk.click('label:has(input[value=female])');
  await desk.click('main button.btn-main');
  assert.match(await desk.textContent('.error-summary'), /as much of it as is known/, 'it is not left empty by accident');
  assert.deepEqual(await inspect(desk, 'register-no-born'), []);
  await desk.check('input[name=born_unknown]');
  await desk.fill('input[name=born]', '1961');
  await desk.click('main button.btn-main');
  assert.match(await desk.textContent('.error-summary'), /Leave one of the two/);
  await desk.fill('input[name=born]', '');
  await desk.click('main button.btn-main');
  await desk.waitForURL(/done=registered/);
  const unknown = new URL(desk.url()).pathname;
  assert.match(await desk.textContent('.banner-facts'), /Born\s*not known/);
  const year = await registered(desk, { given: 'Sunniva', family: 'Ekdahl', born: '1961' });
  assert.match(await desk.textContent('.banner-facts'), /Born\s*1961 \(6\d or 6\d years\)/);
  const month = await registered(desk, { given: 'Ragna', family: 'Ekdahl', born: '5 1961' });
  assert.match(await desk.textContent('.banner-facts'), /Born\s*May 1961 \(6\d years\)/);
  await desk.goto(`${box.clinic}/patients?q=Ekdahl`);
  const list = await main(desk);
  for (const words of [/birth date not known/, /born 1961/, /born May 1961/]) assert.match(list, words);
  assert.deepEqual(await inspect(desk, 'patients-partly-born'), []);

  // Who is registered again is found by the half that is known.
  await fillNew(desk, { given: 'Ragna', family: 'Ekdahl', born: '9 5 1961' });
  await desk.click('main button.btn-main');
  assert.match(await main(desk), /EKDAHL, Ragna[^]*born May 1961/);
  await fillNew(desk, { given: 'Tova', family: 'Ekdahl' });
  await desk.click('main button.btn-main');
  assert.match(await main(desk), /EKDAHL, Tova[^]*birth date not known/);

  // The invitation leads to where the date is written down, and is made once it is.
  for (const [place, words] of [[unknown, /not known, and the code is bound/], [year, /no more is known than this: born 1961/]]) {
    await desk.goto(`${box.clinic}${place}/invitation`);
    assert.match(await main(desk), words);
    assert.equal(await desk.locator('button:has-text("Make an invitation")').count(), 0);
  }
  assert.deepEqual(await inspect(desk, 'invitation-partly-born'), []);
  await book(desk, quietDay(8), 'Sunniva Ekdahl', 2);
  await desk.click('a:has-text("Check in")');
  assert.match(await main(desk), /no more than this is known[^]*what else tells who they are/);
  assert.deepEqual(await inspect(desk, 'check-in-partly-born'), []);
  await desk.goto(`${box.clinic}${year}/invitation`);
  await desk.click('a:has-text("Correct the details")');
  await desk.fill('input[name=born]', '3 4 1961');
  await desk.fill('input[name=reason]', 'Passport shown');
  await desk.click('button:has-text("Save")');
  await desk.waitForURL(/done=corrected/);
  await desk.click('a:has-text("Portal invitation")');
  await desk.click('button:has-text("Make an invitation")');
  assert.match(await desk.textContent('.sheet-code'), /^[2-9A-Z]{5}-/);
  assert.notEqual(month, year);
  await desk.context().close();
});

test('who a patient is gets corrected with a reason, once, and nothing else of them changes', async () => {
  const desk = await signedIn('reception');
  const place = await registered(desk, { given: 'Ingrid', family: 'Solvang', born: '2 3 1972', phone: '01632 960 300' });
  await registered(desk, { given: 'Ylva', family: 'Karstad', born: '8 8 1948' });
  await desk.goto(`${box.clinic}/patients?q=Solvang`);
  await desk.locator('main a', { hasText: 'SOLVANG' }).first().click();
  assert.deepEqual(await inspect(desk, 'details'), []);
  await desk.click('a:has-text("Correct the details")');
  assert.deepEqual(await inspect(desk, 'correct'), []);
  const form = desk.url();
  const other = await desk.context().newPage();
  await other.goto(form);

  await desk.fill('input[name=family]', 'Solberg');
  await desk.check('input[name=former]');
  await desk.click('button:has-text("Save")');
  assert.match(await desk.textContent('.error-summary'), /how you know/);
  assert.deepEqual(await inspect(desk, 'correct-no-reason'), []);
  await desk.fill('input[name=reason]', 'Married, certificate shown');
  await desk.fill('input[name=email]', 'ingrid@solberg.example');
  await desk.selectOption('select[name=language]', 'es');
  await desk.click('button:has-text("Save")');
  await desk.waitForURL(/done=corrected$/);
  assert.match(await main(desk), /were corrected/);
  assert.match(await desk.textContent('h1'), /SOLBERG, Ingrid/);
  assert.match(await main(desk), /01632 960 300[^]*ingrid@solberg\.example/);
  assert.deepEqual(await inspect(desk, 'corrected'), []);
  const patient = await (await desk.context().request.get(`${box.clinic}/fhir${place.replace('patients', 'Patient')}`)).json();
  assert.deepEqual(patient.name.map(({ use, family }) => [use, family]), [['official', 'Solberg'], ['old', 'Solvang']]);
  assert.equal(patient.meta.versionId, '2');
  // The former name still finds them.
  await desk.goto(`${box.clinic}/patients?q=Solvang`);
  assert.match(await main(desk), /SOLBERG, Ingrid/);

  // The second of two keeps what was typed, and sees what stands.
  await other.fill('input[name=phone]', '01632 960 301');
  await other.fill('input[name=given]', 'Ingrid Maria');
  await other.fill('input[name=reason]', 'She said so');
  await other.click('button:has-text("Save")');
  assert.match(await main(other), /changed after you opened it/);
  assert.match(await other.textContent('.field:has(#phone)'), /Now stands: 01632 960 300/);
  assert.equal(await other.inputValue('#phone'), '01632 960 301');
  // In what they left alone stands what the first saved.
  assert.equal(await other.inputValue('#family'), 'Solberg');
  assert.equal(await other.inputValue('#email'), 'ingrid@solberg.example');
  assert.deepEqual(await inspect(other, 'correct-meanwhile'), []);
  await other.click('button:has-text("Save")');
  await other.waitForURL(/done=corrected$/);
  assert.match(await other.textContent('h1'), /SOLBERG, Ingrid Maria/);

  // Sent twice it is done once.
  await desk.goto(form);
  await desk.fill('input[name=town]', 'Nordby');
  const body = await desk.evaluate(() => new URLSearchParams(new FormData(document.querySelector('main form[data-keep]'))).toString());
  const send = () => desk.evaluate(([at, text]) => fetch(at, { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: text }).then(({ url, status }) => [new URL(url).search, status]), [new URL(form).pathname, body]);
  assert.deepEqual([await send(), await send()], [['?done=corrected', 200], ['?done=corrected', 200]]);
  const now = await (await desk.context().request.get(`${box.clinic}/fhir${place.replace('patients', 'Patient')}`)).json();
  assert.equal(now.meta.versionId, '4');

  // Who would be like somebody else then is named first.
  await desk.goto(form);
  await desk.fill('input[name=family]', 'Karstad');
  await desk.fill('input[name=given]', 'Ylva');
  await desk.fill('input[name=born]', '8.8.1948');
  await desk.fill('input[name=reason]', 'Wrong card');
  await desk.click('button:has-text("Save")');
  assert.match(await main(desk), /very much like this[^]*KARSTAD, Ylva[^]*Nothing was saved|very much like this[^]*Nothing was saved[^]*KARSTAD, Ylva/);
  assert.deepEqual(await inspect(desk, 'correct-alike'), []);
  await desk.click('a:has-text("Leave without saving")');
  assert.match(await desk.textContent('h1'), /SOLBERG/);
  await desk.goto(form);
  // What was typed is kept as a draft, if it was typed long enough ago.
  const discard = desk.locator('form[action="/drafts/discard"] button');
  if (await discard.count()) await discard.click();
  await desk.click('button:has-text("Save")');
  await desk.waitForURL(/done=unchanged/);
  await desk.context().close();

  // The reason stands in the access log; who looks after requests corrects, too, and so does a doctor.
  const admin = await signedIn('healthadmin');
  await admin.goto(`${box.clinic}/audit?patient=${place.split('/').pop()}`);
  assert.match(await main(admin), /Married, certificate shown/);
  await admin.goto(form);
  assert.equal(await admin.inputValue('#town'), 'Nordby');
  await admin.fill('input[name=street]', '4 Quay Lane');
  await admin.click('button:has-text("Save")');
  await admin.waitForURL(/correct\?done=corrected$/);
  assert.equal(await admin.inputValue('#street'), '4 Quay Lane');
  assert.deepEqual(await inspect(admin, 'correct-admin'), []);
  await admin.context().close();
  const doctor = await signedIn('clinician');
  await doctor.goto(`${box.clinic}${place}`);
  assert.deepEqual(await inspect(doctor, 'chart-correct'), []);
  await doctor.click('a:has-text("Correct the details")');
  assert.deepEqual(await inspect(doctor, 'correct-doctor'), []);
  assert.doesNotMatch(await main(doctor), /allerg|medicine/i, 'no clinical word');
  await doctor.context().close();
});

test('of two records that become one nothing is lost, and each is as it was once they are two again', async () => {
  const desk = await signedIn('reception');
  const first = await registered(desk, { given: 'Nils', family: 'Torvaldsen', born: '7 7 1957', sex: 'male', phone: '01632 960 401' });
  const second = await registered(desk, { given: 'Niels', family: 'Torvaldsen', born: '1957', sex: 'male', phone: '01632 960 402' });
  await desk.goto(`${box.clinic}${second}/correct`);
  await desk.fill('input[name=email]', 'nils@torvaldsen.example');
  await desk.fill('input[name=street]', '9 Hill Road');
  await desk.click('button:has-text("Save")');
  await desk.waitForURL(/done=corrected$/);
  const read = async (place) => {
    const { meta, ...patient } = await (await desk.context().request.get(`${box.clinic}/fhir${place.replace('patients', 'Patient')}`)).json();
    return patient;
  };
  const before = [await read(first), await read(second)];
  const [one, other] = [first, second].map((place) => place.split('/').pop());
  const admin = await signedIn('healthadmin');
  await admin.goto(`${box.clinic}/duplicates?one=${one}&other=${other}`);
  assert.deepEqual(await inspect(admin, 'duplicates-side-by-side'), []);
  const row = (label) => admin.locator('table.compare tbody tr', { has: admin.locator(`th:text-is("${label}")`) });
  assert.match(await row('Phone number').textContent(), /960 401[^]*960 402/);
  assert.equal(await row('Phone number').locator('td:visible').count(), 4);
  await admin.check(`input[name=keep][value="${one}"]`);
  assert.equal(await row('Phone number').locator('td:visible').count(), 3, 'the other outcome is none any more');
  assert.match(await row('Phone number').locator('td.if-one').textContent(), /960 401\s*01632 960 402 \(former\)/);
  assert.match(await row('E-mail').locator('td.if-one').textContent(), /^nils@torvaldsen\.example$/);
  assert.match(await row('Birth date').locator('td.if-one').textContent(), /7 July 1957/);
  assert.deepEqual(await inspect(admin, 'duplicates-chosen'), []);
  await admin.fill('input[name=reason]', 'He said so at the desk');
  await admin.click('button:has-text("Join them")');
  await admin.waitForURL(/done=joined/);
  const joined = await read(first);
  assert.deepEqual(joined.telecom.map(({ use, value }) => [use, value]), [[undefined, '01632 960 401'], ['old', '01632 960 402'], [undefined, 'nils@torvaldsen.example']]);
  assert.equal(joined.address[0].line[0], '9 Hill Road');
  assert.deepEqual(joined.name.map(({ use, given }) => [use, given[0]]), [['official', 'Nils'], ['old', 'Niels']]);
  await desk.goto(`${box.clinic}${first}`);
  assert.match(await main(desk), /nils@torvaldsen\.example/);
  await admin.locator('.acts-list li', { hasText: 'Torvaldsen' }).locator('button:has-text("Make two again")').click();
  await admin.waitForURL(/done=parted/);
  assert.deepEqual([await read(first), await read(second)], before);
  for (const page of [admin, desk]) await page.context().close();
});

/** The health administrator joins one patient's record to another's, or makes two of them again. */
async function join(admin, keep, other) {
  await admin.goto(`${box.clinic}/duplicates?one=${keep}&other=${other}`);
  await admin.check(`input[name=keep][value="${keep}"]`);
  await admin.fill('input[name=reason]', 'The same person');
  await admin.click('button:has-text("Join them")');
  await admin.waitForURL(/done=joined/);
}

test('every page of a joined record leads to the other, nothing is written in it, and what was typed goes along', async () => {
  const [desk, doctor, admin] = [await signedIn('reception'), await signedIn('clinician'), await signedIn('healthadmin')];
  const one = (await registered(desk, { given: 'Oda', family: 'Joinwell', born: '3 4 1961' })).split('/').pop();
  const other = (await registered(desk, { given: 'Oda', family: 'Joinwel', born: '3 4 1961' })).split('/').pop();
  const at = (id, path = '') => `${box.clinic}/patients/${id}${path}`;
  await doctor.goto(at(one, '/allergies/new'));
  await doctor.fill('#substance', 'Penicillins');
  await doctor.click('button[value=save]');
  if (await doctor.locator('button[value=written]').count()) await doctor.click('button[value=written]');
  await doctor.waitForURL(/done=added/);
  // A form, a note that is being typed, and a booking, all of the record that is joined.
  await doctor.goto(at(other));
  await Promise.all([doctor.waitForURL(/\/notes\/[0-9a-f-]+/), doctor.click('.banner-acts button:has-text("Write note")')]);
  const note = new URL(doctor.url()).pathname.split('/').pop();
  const kept = doctor.waitForResponse((answer) => answer.url().endsWith('/drafts') && answer.ok());
  await doctor.fill('#plan', 'Rest, and come back on Friday');
  await kept;
  const form = await doctor.context().newPage();
  await form.goto(at(other, '/problems/new'));
  await form.fill('#name', 'Gout of the knee');
  await desk.goto(`${box.clinic}/schedule?day=${quietDay()}`);
  const free = await desk.locator('table.daygrid .open-slot a').first().getAttribute('href');
  await desk.goto(`${box.clinic}${free}&patient=${other}`);
  await desk.selectOption('select[name=kind]', { label: 'Visit, 20 min' });
  await join(admin, one, other);

  for (const path of ['', '/prescribe', '/allergies', '/results/new', '/notes', '/medicines', '/measurements/new', '/messages/new', '/correct']) {
    const page = await doctor.context().newPage();
    await page.goto(at(other, path));
    assert.equal(new URL(page.url()).pathname, `/patients/${one}${path}`);
    assert.match(await main(page), /was joined to this one\. This is the one that goes on/, path);
    await page.goto(at(one, path));
    assert.doesNotMatch(await main(page), /was joined to this one/, path);
    await page.close();
  }
  await desk.click('main button.btn-main');
  assert.match(desk.url(), new RegExp(`/bookings/new\\?.*patient=${one}`));
  assert.match(await main(desk), /joined to this one meanwhile, so nothing of it was done/);
  assert.deepEqual(await inspect(desk, 'booking-joined'), []);
  await form.click('button[value=save]');
  assert.equal(new URL(form.url()).pathname, `/patients/${one}/problems/new`);
  assert.match(await main(form), /joined to this one meanwhile, so nothing of it was done/);
  assert.equal(await form.inputValue('#name'), 'Gout of the knee', 'what was typed is offered');
  assert.deepEqual(await inspect(form, 'entry-joined'), []);
  const found = async (query) => (await doctor.request.get(`${box.clinic}/fhir/${query}`)).json();
  for (const id of [one, other]) assert.equal((await found(`Condition?patient=${id}&_summary=count`)).total, 0);
  assert.equal((await found(`Appointment?patient=${one}&_summary=count`)).total, 0);
  // A program that asks without a page's form is told, and so is the API.
  const told = await doctor.evaluate(async (place) => {
    const csrf = document.querySelector('input[name=csrf]').value;
    return (await fetch(place, { method: 'POST', headers: { 'x-csrf-token': csrf, 'content-type': 'application/x-www-form-urlencoded' } })).status;
  }, `/patients/${other}/notes`);
  assert.equal(told, 409);

  // The note goes on where its record does: from the open page, and after signing in anew.
  await doctor.fill('#objective', 'Warm knee');
  await doctor.click('button[value=sign]');
  assert.equal(new URL(doctor.url()).pathname, `/patients/${one}/notes/${note}`);
  assert.equal(await doctor.inputValue('#plan'), 'Rest, and come back on Friday');
  assert.equal(await doctor.inputValue('#objective'), 'Warm knee');
  const fresh = await visitor(chrome);
  await signIn(fresh, box.clinic, box.account('clinician'));
  assert.equal(new URL(fresh.url()).pathname, `/patients/${one}/notes/${note}`);
  assert.equal(await fresh.inputValue('#plan'), 'Rest, and come back on Friday');
  await doctor.click('button[value=sign]');
  assert.match(await main(doctor), /The note is signed/);
  for (const page of [desk, doctor, admin, fresh]) await page.context().close();
});

test('words whose page is not there any more never stand in the way of signing in, and are offered', async () => {
  const nurse = await signedIn('nurse');
  await nurse.goto(`${box.clinic}/patients`);
  const status = await nurse.evaluate(async () => {
    const csrf = document.querySelector('input[name=csrf]').value;
    const body = new URLSearchParams({ csrf, at: '/patients/nobody/notes/none?tab=t', plan: 'Words without a page' });
    return (await fetch('/drafts', { method: 'POST', body })).status;
  });
  assert.equal(status, 204);
  for (let times = 0; times < 2; times += 1) {
    const fresh = await visitor(chrome);
    await signIn(fresh, box.clinic, box.account('nurse'));
    await fresh.waitForURL(/\/today/);
    assert.match(await main(fresh), /page where you typed this is not there any more[^]*Words without a page/);
    if (times === 0) assert.deepEqual(await inspect(fresh, 'today-page-gone'), []);
    else await Promise.all([fresh.waitForNavigation(), fresh.click('button:has-text("Take the words away")')]);
    if (times === 1) assert.doesNotMatch(await main(fresh), /Words without a page/);
    await fresh.context().close();
  }
  await nurse.context().close();
});

test('a number of a patient is corrected and ended with a reason, without script, and the second of two loses nothing', async () => {
  const desk = await signedIn('reception', box.clinic, { script: false });
  await desk.goto(`${box.clinic}/patients/${box.account('patient').patient}/correct`);
  await desk.click('a:has-text("Correct or end a number")');
  assert.deepEqual(await inspect(desk, 'numbers'), []);
  const other = await desk.context().newPage();
  await other.goto(desk.url());
  const says = async (page, value, reason, act) => {
    // Nothing is chosen beforehand.
    assert.equal(await page.inputValue('#which'), '');
    await page.selectOption('#which', { index: 1 });
    await page.fill('#value', value);
    await page.fill('#reason', reason);
    await page.click(`button[value=${act}]`);
  };
  await says(desk, '', 'Card shown', 'correct');
  assert.match(await main(desk), /Type the right number/);
  assert.equal(await desk.inputValue('#reason'), 'Card shown');
  assert.deepEqual(await inspect(desk, 'numbers-faults'), []);
  await desk.fill('#value', '900 001');
  await desk.click('button[value=end]');
  assert.match(await main(desk), /You typed another number here/);
  assert.equal(await desk.inputValue('#value'), '900 001');
  await desk.click('button[value=correct]');
  assert.match(await main(desk), /900 001/);
  assert.equal(await desk.locator('.toast:has-text("The number was corrected")').count(), 1);
  await says(other, '900 002', 'Read aloud', 'correct');
  assert.match(await main(other), /somebody else changed it/);
  assert.equal(await other.inputValue('#value'), '900 002');
  await says(desk, '', 'It was a brother’s', 'end');
  assert.match(await main(desk), /900 001[^]*until/);
  await desk.selectOption('#which', { label: await desk.locator('#which option:has-text("900 001")').textContent() });
  await desk.fill('#reason', 'It was hers');
  await desk.click('button[value=again]');
  assert.equal(await desk.locator('.toast:has-text("The number counts again")').count(), 1);
  await desk.context().close();
});
