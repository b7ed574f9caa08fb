// What is sent where the clinic cannot be reached is not lost: the page stays, with its text, and says so. What goes all the same
// stays in this tab, for this account alone, until the box has answered or has it as a draft.

import { forgetRecord, isOver } from "./gone.js";

const PLACE = "chartbox-unsent";
const reached = new WeakSet();

/** Asks first whether the box answers: where there is no network, and in the app, in which there may be none at any time. */
export function watchSending() {
  document.addEventListener("submit", (event) => {
    const { target: form, submitter } = event;
    if (form.method !== "post" || navigator.onLine && !navigator.serviceWorker?.controller || reached.delete(form)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    tryFirst(form, submitter);
  }, true);
}

async function tryFirst(form, button) {
  try {
    await fetch("/offline", { method: "HEAD", headers: { "x-by-itself": "1" } });
  } catch {
    const goesOn = form.dispatchEvent(new CustomEvent("unsent", { cancelable: true }));
    if (goesOn) say(form, document.body.dataset.unsent);
    return;
  }
  reached.add(form);
  form.requestSubmit(button);
}

/** Called with what a form sends, when it is sent, and with `failed` where the box does not have it. */
export function sending(body, failed = false) {
  const { account } = document.body.dataset;
  const at = body.get("at");
  if (account && at) put({ account, at, body: String(body), failed });
}

/** Called by every page of the box: it is the answer, or it comes after a form that had none. */
export async function takeUp() {
  const text = take();
  if (!text || text.account !== document.body.dataset.account) return;
  const here = location.pathname + location.search === text.at;
  // Whoever goes back to the form, or loads it again, without a page of the box in between had no answer.
  const again = here && performance.getEntriesByType("navigation")[0]?.type !== "navigate";
  if (!text.failed && !again) return;
  try {
    const answer = await fetch("/drafts", { method: "POST", body: new URLSearchParams(text.body) });
    if (isOver(answer)) await forgetRecord();
    if (answer.ok && here) location.reload();
  } catch {
    put({ ...text, failed: true });
  }
}

export function forgetUnsent() {
  take();
}

/** A sentence at the foot of the window while the form is in sight, where somebody who types sees it. */
export function say(form, sentence) {
  let warning = form.querySelector("[data-keep-warning]");
  if (!warning) {
    warning = document.createElement("p");
    warning.className = "notice is-caution keep-warning";
    warning.dataset.keepWarning = "";
    warning.setAttribute("role", "alert");
    form.append(warning);
  }
  warning.textContent = sentence;
}

function put(text) {
  try {
    sessionStorage.setItem(PLACE, JSON.stringify(text));
  } catch {
    // Storage may be switched off, or full; then the text stands in the page alone.
  }
}

function take() {
  try {
    const text = JSON.parse(sessionStorage.getItem(PLACE));
    sessionStorage.removeItem(PLACE);
    return text;
  } catch {
    return null;
  }
}
