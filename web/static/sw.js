// Keeps the program's own files and a page for when there is no network. Of a record it keeps the summary alone, in a cache of
// its own, and only after its person switched that on. VERSION and FILES stand before this text.

const SHELL = `chartbox-${VERSION}`;
const RECORD = "chartbox-record";
const SUMMARY = "/my/summary";
const OFFLINE = "/offline";
const LEAVING = "/offline?of=sign-out";
const SIGNED_OUT = "/signed-out";
const SIGN_IN = "/sign-in";

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(SHELL).then((cache) => cache.addAll([OFFLINE, LEAVING, ...FILES])).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  const old = (name) => name.startsWith("chartbox-") && name !== SHELL && name !== RECORD;
  event.waitUntil(caches.keys().then((names) => Promise.all(names.filter(old).map((name) => caches.delete(name)))).then(() => self.clients.claim()));
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname, search } = new URL(request.url);
  if (request.method !== "GET" || origin !== self.location.origin) return;
  if (request.mode === "navigate") event.respondWith(fetch(request).then((answer) => ended(pathname, answer), () => without(pathname, search)));
  else if (FILES.includes(pathname)) event.respondWith(fetch(request).catch(() => caches.match(pathname).then((found) => found ?? Response.error())));
  // What a page asks by itself hears of it first. A stream goes on for hours, and says nothing that is not asked for besides.
  else if (request.destination === "" && !request.headers.get("accept")?.includes("text/event-stream")) {
    event.respondWith(fetch(request).then((answer) => ended(pathname, answer)));
  }
});

// The session is over, by itself or from another device: an answer says so, or nobody is signed in any more, whom the sign-in
// would send on. Who comes next may be somebody else.
async function ended(pathname, answer) {
  const nobody = pathname === SIGNED_OUT || (pathname === SIGN_IN && answer.ok);
  if (nobody || answer.status === 401) await caches.delete(RECORD);
  return answer;
}

async function without(pathname, search) {
  // Asked of all caches by name: opening one that is not there would make it.
  const kept = pathname === SUMMARY && await caches.match(SUMMARY, { cacheName: RECORD });
  if (kept) return kept;
  return (await caches.match(pathname + search === LEAVING ? LEAVING : OFFLINE)) ?? Response.error();
}
