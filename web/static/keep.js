// What is typed into a form is not lost: <form data-keep> hands its text to the box when the session ends, and
// <form data-keep="auto"> a moment after each change too, so that a crash takes nothing. The box keeps it for this account
// alone and puts it back when the page is opened again.

const AFTER = 1500;
const changed = new Set();

export function keepForm(form) {
  let timer;
  form.addEventListener("input", () => {
    changed.add(form);
    if (form.dataset.keep !== "auto") return;
    clearTimeout(timer);
    timer = setTimeout(() => keep(form), AFTER);
  });
  form.addEventListener("submit", () => {
    clearTimeout(timer);
    changed.delete(form);
  });
}

export const keepAll = () => Promise.allSettled([...changed].map(keep));

async function keep(form) {
  if (!form.isConnected) return;
  const filled = new FormData(form);
  // A file is not kept: the page says that it has to be chosen again.
  const files = [...form.querySelectorAll("input[type=file]")];
  for (const field of files) filled.delete(field.name);
  if (files.some((field) => field.files.length > 0)) filled.set("had_file", "1");
  const body = new URLSearchParams(filled);
  const answer = await fetch("/drafts", { method: "POST", body, keepalive: true });
  form.dispatchEvent(new CustomEvent("kept", { detail: answer.ok }));
}
