// A list that is walked with J and K: each moves to the next row that can be opened, Enter opens it as a link does.

export function stepThrough(list) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (event.target.closest?.("input, textarea, select, [contenteditable]")) return;
    const by = { j: 1, k: -1 }[event.key.toLowerCase()];
    if (!by) return;
    // The list may have been put in place anew since.
    const steps = [...(document.getElementById(list.id) ?? list).querySelectorAll("[data-step]")];
    if (!steps.length) return;
    const at = steps.indexOf(document.activeElement?.closest("[data-step]"));
    const next = at < 0 ? (by > 0 ? 0 : steps.length - 1) : Math.min(Math.max(at + by, 0), steps.length - 1);
    steps[next].focus();
    event.preventDefault();
  });
}
