// The code of an invitation comes behind the # of a QR code's address, which no browser sends anywhere: it is put into the
// form, and taken out of the address.
const code = decodeURIComponent(location.hash.slice(1));
const input = document.querySelector("form[data-join] input[name=code]");
if (input && /^[0-9A-Za-z -]{5,40}$/.test(code)) {
  input.value = code;
  document.querySelector("form[data-join] input[name=born]").focus();
}
if (location.hash) history.replaceState(null, "", location.pathname);
