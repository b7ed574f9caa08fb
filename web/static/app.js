// The portal as an app: its service worker, and the switch that keeps the patient's own summary on this device. What is kept
// goes away when the switch is turned off, when the session has ended, and when a page of another account comes. WISH says
// whose it is: after signing in again the summary is kept anew for whoever had switched that on, and for nobody else.

import { forgetUnsent } from "./unsent.js";

const RECORD = "chartbox-record";
const SUMMARY = "/my/summary";
const WISH = "chartbox-offline";
const DAY = 86_400_000;

export async function watchApp() {
  const { account } = document.body.dataset;
  if ("caches" in globalThis && wish() !== account) await forget();
  if (!("serviceWorker" in navigator) || !("caches" in globalThis)) return;
  for (const form of document.querySelectorAll('form[action="/sign-out"]')) {
    form.addEventListener("submit", leave);
    form.addEventListener("unsent", leaveHere);
  }
  const asked = document.querySelector("[data-app]");
  // Nobody gets a service worker who did not ask for the app.
  if (!asked && !await navigator.serviceWorker.getRegistration()) return;
  // The switch does not wait for it: without a network it may take as long as it likes.
  navigator.serviceWorker.register("/sw.js").catch(() => undefined);
  const box = document.querySelector("[data-offline]");
  if (box) await watchSwitch(box, account);
  // What is kept is renewed from the pages of the account's own record alone, not while it acts for somebody.
  else if ("own" in document.body.dataset && wish() === account && await isOld()) await keep(account);
}

function wish() {
  try {
    return localStorage.getItem(WISH);
  } catch {
    // Storage may be switched off; then nobody wished for anything.
    return null;
  }
}

function leave() {
  forgetUnsent();
  return forget();
}

// Signing out without a network: what is here goes away, and it is said that the session is open still.
async function leaveHere(event) {
  if (!navigator.serviceWorker.controller) return;
  event.preventDefault();
  await leave();
  location.assign("/offline?of=sign-out");
}

async function forget() {
  try {
    localStorage.removeItem(WISH);
  } catch {
    // Nothing stands there then.
  }
  await caches.delete(RECORD);
}

// Another window may look at somebody else's record by now: what is kept says itself whose it is.
async function keep(account) {
  const answer = await fetch(SUMMARY, { headers: { "x-by-itself": "1" } });
  if (!answer.ok || new URL(answer.url).pathname !== SUMMARY) return false;
  const { dataset } = new DOMParser().parseFromString(await answer.clone().text(), "text/html").body;
  if (dataset.account !== account || !("own" in dataset)) return false;
  try {
    localStorage.setItem(WISH, account);
  } catch {
    return false;
  }
  await caches.open(RECORD).then((cache) => cache.put(SUMMARY, answer));
  return true;
}

// Asks without making the cache.
const kept = () => caches.match(SUMMARY, { cacheName: RECORD });

async function isOld() {
  const page = await kept();
  return !page || Date.now() - Date.parse(page.headers.get("date") ?? "") > DAY;
}

async function watchSwitch(box, account) {
  const [on, off, said] = ["on", "off", "said"].map((part) => box.querySelector(`[data-${part}]`));
  const show = async () => {
    const here = Boolean(await kept());
    [on.hidden, off.hidden] = [here, !here];
    said.textContent = here ? box.dataset.kept : box.dataset.notKept;
  };
  on.addEventListener("click", async () => {
    if (!await keep(account)) await forget();
    await show();
  });
  off.addEventListener("click", async () => {
    await forget();
    await show();
  });
  if (wish() === account && await isOld()) await keep(account);
  await show();
}
