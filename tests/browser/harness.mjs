// Starts boxes and browsers for the tests. Each test file starts its own box on free ports and stops it.
import { spawn } from 'node:child_process';
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after } from 'node:test';
import { chromium } from 'playwright-core';

const BIN = process.env.CHARTBOX_BIN;
if (!BIN) throw new Error('CHARTBOX_BIN names the chartbox binary; scripts/test sets it');

/** Chromium: as the engine alone, where it is installed, which takes two thirds of the time. */
export const CHROMIUM = process.env.CHROMIUM ?? ['/usr/bin/chromium-headless-shell', '/usr/bin/chromium'].find((one) => existsSync(one));

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const SHOTS = process.env.CHARTBOX_SHOTS;

const freePorts = ['--clinic-listen', '127.0.0.1:0', '--portal-listen', '127.0.0.1:0', '--welcome-listen', '127.0.0.1:0', '--ops-listen', '127.0.0.1:0'];

export function folder() {
  return mkdtempSync(path.join(tmpdir(), 'chartbox-test-'));
}

/** Runs a command of chartbox to its end. */
export function run(args, input) {
  return new Promise((resolve) => {
    const child = spawn(BIN, args, { stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'] });
    let out = '', err = '';
    child.stdout.on('data', (d) => { out += d; });
    child.stderr.on('data', (d) => { err += d; });
    if (input !== undefined) child.stdin.end(input);
    child.on('close', (code) => resolve({ code, out, err }));
  });
}

/** Starts a long-running command and waits for a line of its output. */
function start(args, isReady, env = {}) {
  const child = spawn(BIN, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
  let text = '';
  const ready = new Promise((resolve, reject) => {
    const hear = (data) => {
      text += data;
      const found = isReady(text);
      if (found) resolve(found);
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.on('close', (code) => reject(new Error(`chartbox ${args[0]} ended with ${code}:\n${text}`)));
  });
  const stop = () => new Promise((resolve) => {
    if (child.exitCode !== null) return resolve();
    child.on('close', resolve);
    child.kill('SIGTERM');
  });
  return { ready, stop, text: () => text };
}

/** A demo box: what its demo.json says, and how to stop it. */
export async function demo(...args) {
  return opened(folder(), args);
}

/** The same with a configuration: it is made, and opened again with that. */
export async function demoWith(config, ...args) {
  const dir = folder();
  await (await opened(dir, args)).stopOnly();
  writeFileSync(path.join(dir, 'config.toml'), config);
  return opened(dir, args);
}

async function opened(dir, args) {
  const box = start(['demo', '--dir', dir, ...freePorts, ...args], (text) => /^ready /m.test(text));
  await box.ready;
  const facts = JSON.parse(readFileSync(path.join(dir, 'demo.json'), 'utf8'));
  const account = (role) => facts.accounts.find((one) => one.role === role);
  return { ...facts, dir, account, log: box.text, stopOnly: box.stop, stop: async () => { await box.stop(); rmSync(dir, { recursive: true, force: true }); } };
}

/** A real box that was made by `init`: its clinic address, setup code and how to stop it. */
export async function realBox(...more) {
  const dir = path.join(folder(), 'data');
  const made = await run(['init', '--clinic', 'Alder Street Clinic', '--dir', dir, ...more]);
  if (made.code !== 0) throw new Error(made.err);
  const code = /Setup code: (\S+)/.exec(made.out)?.[1];
  /** Starts it, with these variables besides. */
  const serve = async (env) => {
    const box = start(['serve', '--dir', dir, ...freePorts], (text) => /clinic.*?(https:\/\/[^\s"]+)/.exec(text)?.[1], env);
    const clinic = await box.ready;
    const stop = async () => { await box.stop(); rmSync(path.dirname(dir), { recursive: true, force: true }); };
    const forgetKeyFile = async () => rmSync(path.join(dir, 'box.key'));
    return { dir, code, clinic, made: made.out, stop, stopOnly: box.stop, start: serve, forgetKeyFile };
  };
  return serve({});
}

/** A wire to a box that can be cut: the box goes on, and nothing comes through. */
export async function wire(origin) {
  const { hostname, port } = new URL(origin);
  const open = new Set();
  const server = net.createServer((near) => {
    const far = net.connect(Number(port), hostname);
    for (const [one, other] of [[near, far], [far, near]]) {
      open.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => { open.delete(one); other.destroy(); });
      one.pipe(other);
    }
  });
  // A test that ends without cutting its wire ends all the same.
  server.unref();
  const listen = (at) => new Promise((resolve) => { server.listen(at, '127.0.0.1', resolve); });
  await listen(0);
  const at = server.address().port;
  const cut = () => new Promise((resolve) => {
    server.close(resolve);
    for (const socket of open) socket.destroy();
  });
  return { origin: `https://127.0.0.1:${at}`, cut, mend: () => listen(at) };
}

/** A browser. `names` are hosts that lead to this machine, as the clinic's network would have them. */
export async function browser(names = []) {
  const map = names.map((name) => `MAP ${name} 127.0.0.1`).join(',');
  const args = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync', '--hide-scrollbars'];
  if (map) args.push(`--host-resolver-rules=${map}`);
  return chromium.launch({ executablePath: CHROMIUM, args });
}

/** A page of a new visitor. The certificate's trust is tested elsewhere, by clients that check it. */
export async function visitor(chrome, { width = 1280, height = 900, dark = false, script = true, locale = 'en-GB' } = {}) {
  const context = await chrome.newContext({
    ignoreHTTPSErrors: true, viewport: { width, height }, colorScheme: dark ? 'dark' : 'light', javaScriptEnabled: script, bypassCSP: false, locale,
  });
  // Other tests run beside these.
  context.setDefaultTimeout(60_000);
  const open = context.newPage.bind(context);
  context.newPage = async () => whole(await open());
  const page = await context.newPage();
  context.options = { script, locale };
  // Chromium does not always come to an end with a context whose page is just leaving for another. Nothing of it is asked any
  // more, and it goes with the browser.
  const close = context.close.bind(context);
  context.close = async () => {
    await context.eyes?.context().close();
    await Promise.race([close(), new Promise((resolve) => { setTimeout(resolve, 10_000); })]);
  };
  page.faults = [];
  page.on('pageerror', (error) => page.faults.push(String(error)));
  page.on('console', (message) => { if (message.type() === 'error') page.faults.push(message.text()); });
  return page;
}

/** After a click the page that comes is looked at once it is whole: a browser shows its first half before the rest has come. */
function whole(page) {
  const frame = page.mainFrame();
  for (const act of ['click', 'press']) {
    const begin = frame[act].bind(frame);
    frame[act] = async (...args) => {
      await begin(...args);
      await page.waitForLoadState();
    };
  }
  return page;
}

export async function signIn(page, origin, account) {
  await page.goto(`${origin}/sign-in`);
  await page.fill('input[name=user]', account.user);
  await page.fill('input[name=password]', account.password);
  await Promise.all([page.waitForURL((url) => !url.pathname.startsWith('/sign-in')), page.click('main button.btn-main')]);
}

/** One demo for all tests of a file, with a browser: both stop after the last test. */
export async function shared(...args) {
  const box = await demo(...args);
  const chrome = await browser();
  after(async () => {
    await chrome.close();
    await box.stop();
  });
  const signedIn = async (role, origin = box.clinic, options) => {
    const page = await visitor(chrome, options);
    await signIn(page, origin, box.account(role));
    return page;
  };
  return { box, chrome, signedIn };
}

/** What axe-core finds serious or critical, as lines. */
export async function accessibility(page) {
  // The page's own policy forbids scripts from elsewhere, so the check is put in by the debugger.
  if (!await page.evaluate(() => 'axe' in globalThis)) await page.evaluate(axe);
  const { violations, incomplete } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations', 'incomplete'] }));
  // Text in the very colour of its ground is to axe only something that may be meant.
  const unseen = incomplete.filter(({ id }) => id === 'color-contrast')
    .map(({ id, nodes }) => ({ id, impact: 'serious', nodes: nodes.filter((node) => node.any.some(({ data }) => data?.messageKey === 'equalRatio')) }))
    .filter(({ nodes }) => nodes.length > 0);
  return [...violations, ...unseen]
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map((node) => node.html).join(' | ')}`);
}

/** Elements that stick out of the page, text that is cut, and words that are broken. */
export async function overflow(page) {
  return page.evaluate(() => {
    const found = [];
    const width = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth > width + 1) found.push(`the page is ${document.documentElement.scrollWidth} px wide in ${width}`);
    for (const element of document.querySelectorAll('body *')) {
      const style = getComputedStyle(element);
      const clipped = /hidden|clip/.test(style.overflowX) && element.scrollWidth > element.clientWidth + 1 && element.clientWidth > 1;
      if (clipped && element.textContent.trim() && !element.closest('.vh, thead, svg')) {
        found.push(`cut: ${element.tagName} ${element.className} ${element.textContent.trim().slice(0, 40)}`);
      }
    }
    // A word that would have had room in a line of its own, and was broken all the same. Very long names may be.
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const range = document.createRange();
    while (walker.nextNode()) {
      const text = walker.currentNode;
      const shown = text.parentElement.checkVisibility() && !text.parentElement.closest('.vh, .skip, .code, code, script, svg, textarea, option');
      if (!shown || text.parentElement.closest('thead, b, span, a')?.clientWidth === 1) continue;
      for (const { 0: word, index } of text.data.matchAll(/\p{L}{4,22}(?!\p{L})/gu)) {
        if (/\p{L}/u.test(text.data[index - 1] ?? '')) continue;
        range.setStart(text, index);
        range.setEnd(text, index + word.length);
        const lines = new Set([...range.getClientRects()].filter(({ width: wide }) => wide > 0).map(({ top }) => Math.round(top)));
        if (lines.size > 1 && range.getBoundingClientRect().width > 2) found.push(`broken: ${word} in ${text.parentElement.tagName} ${text.parentElement.className}`);
      }
    }
    return found.slice(0, 10);
  });
}

// Schemes change colours and nothing else: where things stand is looked at once in each width.
const LOOKS = [{ width: 375, colorScheme: 'dark', axe: true }, { width: 1280, colorScheme: 'light', axe: true }, { width: 1920, colorScheme: 'light' }];
const PICTURES = [375, 1280, 1920].flatMap((width) => ['light', 'dark'].map((colorScheme) => ({ width, colorScheme })));

/** Looks at a page at phone, desk and wall width, light and dark; answers with what is wrong. */
export async function inspect(page, name) {
  // Without script axe never comes to its end: the same page is looked at with it, by the same visitor. Asked for once more
  // it would be another page, where it answered a form.
  const context = page.context();
  if (!context.options.script) {
    context.eyes ??= await visitor(context.browser(), { ...context.options, script: true });
    const { eyes } = context;
    await eyes.context().clearCookies();
    await eyes.context().addCookies(await context.cookies());
    const body = await page.content();
    await eyes.route((url) => url.href === new URL(page.url()).href, (route) => route.fulfill({ contentType: 'text/html; charset=utf-8', body }), { times: 1 });
    await eyes.goto(page.url());
    const wrong = await inspect(eyes, name);
    // Nothing of it goes on while the visitor does.
    await eyes.goto('about:blank');
    return wrong;
  }
  const wrong = [];
  /** Without motion: a colour that is on its way between two schemes is no colour to judge. */
  const look = async ({ width, colorScheme }) => {
    await page.setViewportSize({ width, height: 900 });
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
  };
  for (const one of LOOKS) {
    await look(one);
    const said = await overflow(page);
    if (one.axe) said.push(...await accessibility(page));
    wrong.push(...said.map((line) => `${name} at ${one.width} ${one.colorScheme}: ${line}`));
  }
  if (SHOTS) {
    mkdirSync(SHOTS, { recursive: true });
    appendFileSync(path.join(SHOTS, 'addresses.txt'), `${name} ${new URL(page.url()).pathname}\n`);
    for (const { width, colorScheme } of PICTURES) {
      await look({ width, colorScheme });
      // As high as the page, so that what stands at the foot of the window stands at its foot.
      await page.setViewportSize({ width, height: Math.max(900, await page.evaluate(() => document.documentElement.scrollHeight)) });
      await page.screenshot({ path: path.join(SHOTS, `${name}-${width}-${colorScheme}.png`), fullPage: true });
    }
  }
  await page.setViewportSize({ width: 1280, height: 900 });
  await page.emulateMedia({ colorScheme: 'light' });
  return wrong;
}
