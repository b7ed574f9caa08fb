// The portal as an app: its service worker, and the switch that keeps the patient's own summary on this device. What is kept
// goes away when the switch is turned off and at sign-out, at which the box also tells the browser to clear everything.

const RECORD = "chartbox-record";
const SUMMARY = "/my/summary";
const DAY = 86_400_000;

export async function watchApp() {
  if (!("serviceWorker" in navigator) || !("caches" in globalThis)) return;
  for (const form of document.querySelectorAll('form[action="/sign-out"]')) form.addEventListener("submit", wipe);
  const box = document.querySelector("[data-offline]");
  // Nobody gets a service worker who did not ask for the app.
  if (!box && !await navigator.serviceWorker.getRegistration()) return;
  // The switch does not wait for it: without a network it may take as long as it likes.
  navigator.serviceWorker.register("/sw.js").catch(() => undefined);
  if (box) await watchSwitch(box);
  // What is kept is renewed from the account's own pages alone, not while it acts for somebody.
  else if (!document.body.dataset.acting && await isOld()) await keep();
}

const wipe = () => caches.delete(RECORD);

async function keep() {
  const answer = await fetch(SUMMARY, { headers: { "x-by-itself": "1" } });
  if (!answer.ok || new URL(answer.url).pathname !== SUMMARY) return false;
  await caches.open(RECORD).then((cache) => cache.put(SUMMARY, answer));
  return true;
}

async function isOld() {
  if (!await caches.has(RECORD)) return false;
  const kept = await caches.open(RECORD).then((cache) => cache.match(SUMMARY));
  return !kept || Date.now() - Date.parse(kept.headers.get("date") ?? "") > DAY;
}

async function watchSwitch(box) {
  const [on, off, said] = ["on", "off", "said"].map((part) => box.querySelector(`[data-${part}]`));
  const show = async () => {
    const kept = await caches.has(RECORD);
    [on.hidden, off.hidden] = [kept, !kept];
    said.textContent = kept ? box.dataset.kept : box.dataset.notKept;
  };
  on.addEventListener("click", async () => {
    if (!await keep()) await wipe();
    await show();
  });
  off.addEventListener("click", async () => {
    await wipe();
    await show();
  });
  await show();
}
