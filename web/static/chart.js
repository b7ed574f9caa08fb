// A record that is open in an emergency: the minutes that are left, and the page again when it ends.

const SOON = 30_000;

export function watchEmergency(mark) {
  const end = Date.parse(mark.dataset.until);
  if (Number.isNaN(end)) return;
  const look = () => {
    const left = end - Date.now();
    if (left <= 0) return location.reload();
    mark.textContent = `${Math.ceil(left / 60_000)} ${mark.dataset.minutes}`;
    setTimeout(look, Math.min(left + 500, SOON));
  };
  look();
}

/** A file's text into the field that takes it. */
export function pickFile(part) {
  const area = document.getElementById(part.dataset.fileFor);
  const input = part.querySelector("input[type=file]");
  if (!area || !input) return;
  part.hidden = false;
  input.addEventListener("change", async () => {
    const file = input.files[0];
    if (!file || file.size > 2_000_000) return;
    area.value = await file.text();
    area.dispatchEvent(new Event("input", { bubbles: true }));
  });
}

/** One key opens a place of the chart: what carries it as data-key. Not while somebody types. */
export function chartKeys(body) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.key.length !== 1) return;
    if (event.target.closest("input, textarea, select, [contenteditable]")) return;
    const place = body.querySelector(`[data-key="${CSS.escape(event.key.toLowerCase())}"]`);
    if (!place) return;
    event.preventDefault();
    place.click();
  });
}
