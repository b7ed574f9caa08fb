// What pages gain with script; everything works without it.
import { findAsYouType } from "./find.js";
import { watchIdle } from "./idle.js";

for (const form of document.querySelectorAll("form[data-find]")) findAsYouType(form);
watchIdle(document.body);
document.querySelector(".error-summary")?.focus();
