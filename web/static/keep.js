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
  const body = new URLSearchParams(new FormData(form));
  const answer = await fetch("/drafts", { method: "POST", body, keepalive: true });
  form.dispatchEvent(new CustomEvent("kept", { detail: answer.ok }));
}
