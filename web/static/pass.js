// A link that is handed on: <p data-pass="https://…" hidden> has a button that copies it, and one that gives it to another
// program of the device, where the device has that.

export function passOn(part) {
  const { pass, copied } = part.dataset;
  const [copy, share] = ["copy", "share"].map((name) => part.querySelector(`[data-${name}]`));
  part.hidden = false;
  copy.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(pass);
      part.querySelector("[role=status]").textContent = copied;
    } catch {
      // Not every browser lets a page copy: the link can be marked by one touch.
      copy.hidden = true;
    }
  });
  share.hidden = !navigator.share;
  // Whoever closes the list of programs has changed their mind.
  share.addEventListener("click", () => navigator.share({ url: pass }).catch(() => undefined));
}
