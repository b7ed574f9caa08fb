// The secret of a share link stands in the fragment, which the browser keeps to itself. It goes into the form and out of the
// address, so that it stands in no history and on no screenshot.

const form = document.querySelector("form[data-shared]");
const code = form?.elements.code;
const found = /^#([\w-]{43})$/.exec(location.hash);
if (code && found) {
  code.value = found[1];
  history.replaceState(null, "", location.pathname);
}
// After a wrong PIN the page itself has the secret still.
if (code && (found || form.dataset.shared === "known")) {
  code.closest(".field").hidden = true;
  form.elements.pin.focus();
}
