// Live updates for a page on which somebody waits: <div data-live="schedule" data-part="board">. The server says that
// something changed and nothing else; the page then fetches itself again, the audited way, and puts its own part in place.
// What somebody is typing or dragging there is left alone until they are done.

const AGAIN = 400;

export function watchLive(part) {
  if (!("EventSource" in window) || !part.id) return;
  const source = new EventSource(`/live?of=${encodeURIComponent(part.dataset.live)}`);
  let timer, waiting = false;
  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(renew, AGAIN);
  };
  const renew = async () => {
    const now = document.getElementById(part.id);
    if (!now || document.hidden || busy(now)) return void (waiting = true);
    waiting = false;
    try {
      const answer = await fetch(location.href, { headers: { "x-by-itself": "1", accept: "text/html" } });
      if (answer.status === 401) return location.reload();
      if (!answer.ok) return;
      // The page leads to another record by now: no part of that one goes into this page.
      if (new URL(answer.url).pathname !== location.pathname) return location.reload();
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      // Another tab has the session act for somebody else now: no part of that record goes into this page.
      if (page.body.dataset.acting !== document.body.dataset.acting) return location.reload();
      const fresh = page.getElementById(part.id);
      if (!fresh || busy(document.getElementById(part.id))) return void (waiting = true);
      const focus = document.activeElement?.id;
      document.getElementById(part.id).replaceWith(fresh);
      if (focus) document.getElementById(focus)?.focus();
      fresh.dispatchEvent(new CustomEvent("renewed", { bubbles: true }));
    } catch {
      // The network may be away for a moment; the stream comes back and says so again.
    }
  };
  source.addEventListener("changed", later);
  // A stream that is not let in again ended with its session, as the page then hears.
  source.addEventListener("error", () => source.readyState === EventSource.CLOSED && later());
  document.addEventListener("visibilitychange", () => waiting && !document.hidden && later());
  document.addEventListener("focusout", () => waiting && later());
  document.addEventListener("dragend", () => waiting && later());
  addEventListener("pagehide", () => source.close());
}

function busy(part) {
  const at = document.activeElement;
  const types = at && part.contains(at) && at.matches("input:not([type=radio], [type=checkbox]), textarea, select");
  return types || part.querySelector("[data-dragging]") !== null;
}
