// The secret of a share link stands in the fragment, which the browser keeps to itself. It goes into the form and out of the
// address, so that it stands in no history and on no screenshot.

const form = document.querySelector("form[data-shared]");
const code = form?.elements.code;
const found = /^#([\w-]{43})$/.exec(location.hash);
if (code && found) {
  code.value = found[1];
  code.closest(".field").hidden = true;
  history.replaceState(null, "", location.pathname);
  form.elements.pin.focus();
}
