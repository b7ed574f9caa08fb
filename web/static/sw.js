// Keeps the program's own files and a page for when there is no network. Of a record it keeps the summary alone, in a cache of
// its own, and only after its person switched that on. VERSION and FILES stand before this text.

const SHELL = `chartbox-${VERSION}`;
const RECORD = "chartbox-record";
const SUMMARY = "/my/summary";
const OFFLINE = "/offline";

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(SHELL).then((cache) => cache.addAll([OFFLINE, ...FILES])).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  const old = (name) => name.startsWith("chartbox-") && name !== SHELL && name !== RECORD;
  event.waitUntil(caches.keys().then((names) => Promise.all(names.filter(old).map((name) => caches.delete(name)))).then(() => self.clients.claim()));
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== self.location.origin) return;
  if (request.mode === "navigate") event.respondWith(fetch(request).catch(() => without(pathname)));
  else if (FILES.includes(pathname)) event.respondWith(fetch(request).catch(() => caches.match(pathname).then((found) => found ?? Response.error())));
});

async function without(pathname) {
  if (pathname === SUMMARY) {
    const kept = await caches.open(RECORD).then((cache) => cache.match(SUMMARY));
    if (kept) return kept;
  }
  return (await caches.match(OFFLINE)) ?? Response.error();
}
