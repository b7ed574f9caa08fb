// What is typed into a form is not lost: <form data-keep> hands its text to the box when the session ends, and
// <form data-keep="auto"> a moment after each change too, so that a crash takes nothing. The box keeps it for this account
// alone and puts it back when the page is opened again.

import { forgetRecord, isOver } from "./gone.js";
import { isTypedInto } from "./typed.js";
import { forgetUnsent, say, sending } from "./unsent.js";

const AFTER = 1500;
const changed = new Set();
// Forms whose last words are not kept yet, each with the timer that will.
const waiting = new Map();

export function keepForm(form) {
  const typed = () => {
    changed.add(form);
    if (form.dataset.keep !== "auto") return;
    rest(form);
    waiting.set(form, setTimeout(() => keep(form), AFTER));
  };
  form.addEventListener("input", typed);
  if (isTypedInto(form)) typed();
  form.addEventListener("submit", () => {
    rest(form);
    changed.delete(form);
    sending(words(form));
  });
  // There was no network: the text goes on its way once there is one, whatever page is open then.
  form.addEventListener("unsent", () => {
    rest(form);
    form.dataset.unsent = "";
    sending(words(form), true);
  });
}

function words(form) {
  const filled = new FormData(form);
  // A file is not kept: the page says that it has to be chosen again.
  const files = [...form.querySelectorAll("input[type=file]")];
  for (const field of files) filled.delete(field.name);
  if (files.some((field) => field.files.length > 0)) filled.set("had_file", "1");
  return new URLSearchParams(filled);
}

function rest(form) {
  clearTimeout(waiting.get(form));
  waiting.delete(form);
}

// Whoever leaves the page, or puts the phone away, leaves before the moment is over.
addEventListener("pagehide", () => [...waiting.keys()].forEach(keep));
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "hidden") [...waiting.keys()].forEach(keep);
});

// What could not be kept is kept once the network is back.
addEventListener("online", () => keepAll());

export const keepAll = () => Promise.allSettled([...changed].map(keep));

async function keep(form) {
  rest(form);
  if (!form.isConnected) return;
  const body = words(form);
  // A page that is left does not learn what became of it.
  sending(body, true);
  const kept = await sent(body);
  if (kept !== "failed") forgetUnsent();
  warn(form, kept);
  form.dispatchEvent(new CustomEvent("kept", { detail: kept !== "failed" }));
}

// 202: it is kept, and the session has ended.
async function sent(body) {
  try {
    // It goes on its way when the page is left; of what is longer than 64 KiB a browser would send nothing so (Fetch, keepalive).
    const keepalive = String(body).length < 60_000;
    const answer = await fetch("/drafts", { method: "POST", body, keepalive });
    if (isOver(answer)) await forgetRecord();
    if (answer.status === 202) return "ended";
    return answer.ok ? "kept" : "failed";
  } catch {
    return "failed";
  }
}

function warn(form, kept) {
  // What was said of a form that was not sent stays true until its text is kept.
  if (kept === "failed" && "unsent" in form.dataset) return;
  delete form.dataset.unsent;
  if (kept === "kept") return void form.querySelector("[data-keep-warning]")?.remove();
  const { keepEnded, keepFailed } = document.body.dataset;
  say(form, kept === "ended" ? keepEnded : keepFailed);
}
