// Finding a patient, or a medicine, while one types: from two characters, 250 ms after the last key, at most ten rows, as a fragment
// of the address that data-find names, else of patients. Arrow keys move through the rows, Escape closes them, "/" goes to the first box from anywhere.

import { whileTyping } from "./typed.js";

const LEAST = 2;

export function findAsYouType(form) {
  const input = form.querySelector("input[type=search]");
  const results = form.querySelector("[data-find-results]") ?? form.parentElement.querySelector("[data-find-results]");
  if (!input || !results) return;
  const drops = form.contains(results);
  const before = results.cloneNode(true);
  let asked;

  const close = () => {
    asked?.abort();
    if (drops) results.hidden = true;
    else results.replaceChildren(...before.cloneNode(true).childNodes);
  };

  const ask = async () => {
    asked?.abort();
    asked = new AbortController();
    const query = input.value.trim();
    if (query.length < LEAST) return close();
    try {
      const answer = await fetch(`${form.dataset.find || "/patients/find"}?q=${encodeURIComponent(query)}`, {
        signal: asked.signal,
        headers: { accept: "text/html" },
      });
      if (answer.status === 401) return location.reload();
      if (!answer.ok) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      results.replaceChildren(...page.body.childNodes);
      results.hidden = false;
    } catch (fault) {
      if (fault.name !== "AbortError") close();
    }
  };

  whileTyping(input, ask);
  form.addEventListener("keydown", (event) => move(event, input, results, close));
  if (!drops) results.addEventListener("keydown", (event) => move(event, input, results, close));
  if (drops) {
    document.addEventListener("click", (event) => form.contains(event.target) || close());
    form.addEventListener("focusout", (event) => {
      if (event.relatedTarget && !form.contains(event.relatedTarget)) close();
    });
  }
}

function move(event, input, results, close) {
  const rows = [...results.querySelectorAll("a")];
  const at = rows.indexOf(document.activeElement);
  if (event.key === "ArrowDown" && rows.length) rows[Math.min(at + 1, rows.length - 1)].focus();
  else if (event.key === "ArrowUp" && at >= 0) (rows[at - 1] ?? input).focus();
  else if (event.key === "Escape") {
    close();
    input.focus();
  } else return;
  event.preventDefault();
}

document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, textarea, select, [contenteditable]")) return;
  const box = document.querySelector("main form[data-find] input[type=search]") ?? document.querySelector("#find");
  if (!box) return;
  event.preventDefault();
  box.focus();
  box.select();
});
