// A visit note while it is typed: ".name" becomes its phrase, the line says that the text is kept, and a document opens
// beside the text. The same happens without script when the note is saved.

export function writeNote(form) {
  const phrases = new Map();
  const list = document.querySelector("[data-phrases]");
  for (const name of list?.querySelectorAll("dt") ?? []) phrases.set(name.textContent, name.nextElementSibling.textContent);
  for (const area of form.querySelectorAll("textarea")) area.addEventListener("input", (event) => expand(event, area, form, phrases));

  const line = document.querySelector("[data-kept-line]");
  form.addEventListener("kept", (event) => {
    if (!line) return;
    const clock = new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
    line.textContent = event.detail ? `${line.dataset.kept} ${clock}.` : line.dataset.notKept;
  });

  form.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey)) return;
    const act = event.key === "Enter" ? "sign" : event.key.toLowerCase() === "s" ? "save" : undefined;
    const button = act && form.querySelector(`button[value=${act}]`);
    if (!button) return;
    event.preventDefault();
    form.requestSubmit(button);
  });

  for (const link of document.querySelectorAll("[data-beside]")) link.addEventListener("click", openBeside);
}

function expand(event, area, form, phrases) {
  const at = area.selectionStart;
  if (event.inputType?.startsWith("delete") || at !== area.selectionEnd) return;
  const before = area.value.slice(0, at);
  const found = /(^|[\s(])\.([a-z][a-z0-9-]*)([\s,;:)]|\.)$/.exec(before);
  const phrase = found && phrases.get(found[2]);
  if (phrase === undefined || phrase === null) return;
  if (!fits(phrase, form)) return;
  const text = fill(phrase, form);
  const from = at - found[0].length + found[1].length;
  area.setRangeText(text + found[3], from, at, "end");
}

/** A phrase says no value that the form would refuse: put right there, it would stay wrong in the sentence. */
function fits(phrase, form) {
  const value = (name) => form.elements.namedItem(name)?.value.trim().replace(",", ".") ?? "";
  const may = (name) => {
    const bounds = [...document.querySelectorAll("[data-bounds] dt")].find((one) => one.textContent === name);
    if (!bounds || !value(name)) return true;
    const [low, high] = bounds.nextElementSibling.textContent.split(" ").map(Number);
    return /^[0-9]*\.?[0-9]+$/.test(value(name)) && low <= Number(value(name)) && Number(value(name)) <= high;
  };
  const pair = [value("systolic"), value("diastolic")];
  const pressure = !/\{(sys|dia)stolic\}/.test(phrase) || pair.every((one) => !one) || (pair.every(Number) && Number(pair[1]) < Number(pair[0]));
  return pressure && [...phrase.matchAll(/\{([a-z]+)\}/g)].every(([, name]) => may(name));
}

function fill(phrase, form) {
  const value = (name) => form.elements.namedItem(name)?.value.trim() ?? "";
  const gaps = (text) => text.replace(/\{([a-z]+)\}/g, (_, name) => value(name) || "___");
  const whole = (text) => [...text.matchAll(/\{([a-z]+)\}/g)].every(([, name]) => value(name));
  return gaps(phrase.replace(/\[([^\]]*)\]/g, (_, text) => (whole(text) ? text : ""))).trimEnd();
}

async function openBeside(event) {
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  const place = document.querySelector("[data-beside-text]");
  if (!place) return;
  event.preventDefault();
  const { href } = event.currentTarget;
  try {
    const answer = await fetch(href, { headers: { accept: "text/html" } });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const article = page.querySelector("article.written");
    if (!answer.ok || !article) return void window.open(href, "_blank", "noopener");
    place.replaceChildren(article);
    article.focus();
  } catch {
    window.open(href, "_blank", "noopener");
  }
}
