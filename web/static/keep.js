// What is typed into a form is not lost: <form data-keep> hands its text to the box when the session ends, and
// <form data-keep="auto"> a moment after each change too, so that a crash takes nothing. The box keeps it for this account
// alone and puts it back when the page is opened again.

const AFTER = 1500;
const changed = new Set();
// Forms whose last words are not kept yet, each with the timer that will.
const waiting = new Map();

export function keepForm(form) {
  form.addEventListener("input", () => {
    changed.add(form);
    if (form.dataset.keep !== "auto") return;
    rest(form);
    waiting.set(form, setTimeout(() => keep(form), AFTER));
  });
  form.addEventListener("submit", () => {
    rest(form);
    changed.delete(form);
  });
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

export const keepAll = () => Promise.allSettled([...changed].map(keep));

async function keep(form) {
  rest(form);
  if (!form.isConnected) return;
  const filled = new FormData(form);
  // A file is not kept: the page says that it has to be chosen again.
  const files = [...form.querySelectorAll("input[type=file]")];
  for (const field of files) filled.delete(field.name);
  if (files.some((field) => field.files.length > 0)) filled.set("had_file", "1");
  const body = new URLSearchParams(filled);
  const kept = await sent(body);
  warn(form, kept);
  form.dispatchEvent(new CustomEvent("kept", { detail: kept !== "failed" }));
}

// 202: it is kept, and the session has ended.
async function sent(body) {
  try {
    const answer = await fetch("/drafts", { method: "POST", body, keepalive: true });
    if (answer.status === 202) return "ended";
    return answer.ok ? "kept" : "failed";
  } catch {
    return "failed";
  }
}

// It stands at the foot of the window while the form is in sight, where somebody who types sees it.
function warn(form, kept) {
  let warning = form.querySelector("[data-keep-warning]");
  if (kept === "kept") return void warning?.remove();
  if (!warning) {
    warning = document.createElement("p");
    warning.className = "notice is-caution keep-warning";
    warning.dataset.keepWarning = "";
    warning.setAttribute("role", "alert");
    form.append(warning);
  }
  const { keepEnded, keepFailed } = document.body.dataset;
  warning.textContent = kept === "ended" ? keepEnded : keepFailed;
}
