// What this device keeps of a record goes away as soon as its session has ended. Of the answer to a form that is sent, and to a text
// that is kept, the service worker hears nothing: the page that asks to sign in, and what keeps texts, say it here.

export async function forgetRecord() {
  if ("caches" in globalThis) await caches.delete("chartbox-record");
}

/** Of an answer to a text that is to be kept: 202, it is kept and its session has ended; 401, nobody is signed in at all. */
export const isOver = (answer) => answer.status === 202 || answer.status === 401;

if (!document.body.dataset.account) forgetRecord();
