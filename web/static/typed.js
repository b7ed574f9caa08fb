// On a slow network somebody types before the page's script is there; the keys from before it are not missed.

/** Whether somebody is in this form or field, and has changed it. */
export function isTypedInto(part) {
  const isChanged = (field) => "defaultValue" in field && field.value !== field.defaultValue;
  return part.contains(document.activeElement) && [...(part.elements ?? [part])].some(isChanged);
}

// So long after the last key is it asked what fits.
const WAIT = 250;

/** Asks each time somebody has typed into a field and paused. */
export function whileTyping(input, ask) {
  let timer;
  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(ask, WAIT);
  };
  input.addEventListener("input", later);
  if (isTypedInto(input)) later();
}
