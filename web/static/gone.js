// What this device keeps of a record goes away as soon as its session has ended. Of the answer to a form that is sent, and to a text
// that is kept, the service worker hears nothing: the page that asks to sign in, and what keeps texts, say it here.

export async function forgetRecord() {
  if ("caches" in globalThis) await caches.delete("chartbox-record");
}

if (!document.body.dataset.account) forgetRecord();
