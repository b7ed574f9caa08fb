// The secret of a share link stands in the fragment, which the browser keeps to itself. It goes into the form and out of the
// address, so that it stands in no history and on no screenshot. Of a page that is open already a browser changes the fragment
// alone: each link that comes so is taken as the first was, and nothing of the one before stays.

const form = document.querySelector("form[data-shared]");
const code = form?.elements.code;

function take() {
  const found = /^#([\w-]{43})$/.exec(location.hash);
  if (!code || !found) return false;
  code.value = found[1];
  form.elements.pin.value = "";
  history.replaceState(null, "", location.pathname);
  return true;
}

function askForPin() {
  code.closest(".field").hidden = true;
  form.elements.pin.focus();
}

// After a wrong PIN the page itself has the secret still.
if (take() || form?.dataset.shared === "known") askForPin();
addEventListener("hashchange", () => take() && askForPin());
