// A page with records does not stay on a screen after its session has ended. The server ends the session; this leaves
// the page at that time. Another page of the same session, loaded later, moves the time.

import { keepAll } from "./keep.js";

const LAST = "chartbox-last-use";

export function watchIdle(body) {
  const seconds = Number(body.dataset.idle);
  if (!seconds) return;
  const now = Date.now();
  remember(now);
  let timer;
  const check = async () => {
    clearTimeout(timer);
    const rest = latest(now) + seconds * 1000 - Date.now();
    if (rest <= 0) {
      await keepAll();
      // Patients and staff have minutes of their own.
      location.replace(`/signed-out?why=${body.classList.contains("hand") ? "idle-own" : "idle"}`);
    } else timer = setTimeout(check, Math.min(rest + 500, 60_000));
  };
  check();
  // A laptop that slept did not run the timer.
  document.addEventListener("visibilitychange", () => document.hidden || check());
  addEventListener("pageshow", (event) => event.persisted && check());
}

function remember(time) {
  try {
    localStorage.setItem(LAST, String(time));
  } catch {
    // Storage may be switched off; then this page counts alone.
  }
}

function latest(own) {
  try {
    return Math.max(own, Number(localStorage.getItem(LAST)) || 0);
  } catch {
    return own;
  }
}
