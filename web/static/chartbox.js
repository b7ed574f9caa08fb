// What pages gain with script; everything works without it.
import { moveVisits } from "./drag.js";
import { chartKeys, pickFile, watchEmergency } from "./chart.js";
import { watchApp } from "./app.js";
import { findAsYouType } from "./find.js";
import { watchIdle } from "./idle.js";
import { keepForm } from "./keep.js";
import { watchLive } from "./live.js";
import { offerAsYouType } from "./offers.js";
import { passOn } from "./pass.js";
import { watchUpload } from "./upload.js";
import { stepThrough } from "./steps.js";
import { takeUp, watchSending } from "./unsent.js";
import { writeNote } from "./note.js";

for (const form of document.querySelectorAll("form[data-find]")) findAsYouType(form);
for (const input of document.querySelectorAll("input[data-offers]")) offerAsYouType(input);
for (const form of document.querySelectorAll("form[data-keep]")) keepForm(form);
for (const part of document.querySelectorAll("[data-live]")) watchLive(part);
for (const form of document.querySelectorAll("form[data-upload]")) watchUpload(form);
for (const part of document.querySelectorAll("[data-pass]")) passOn(part);
for (const list of document.querySelectorAll("[data-steps]")) stepThrough(list);
for (const form of document.querySelectorAll("form[data-mover]")) moveVisits(form);
for (const form of document.querySelectorAll("form[data-note]")) writeNote(form);
for (const mark of document.querySelectorAll("[data-until]")) watchEmergency(mark);
for (const part of document.querySelectorAll("[data-file-for]")) pickFile(part);
if (document.body.classList.contains("in-chart")) chartKeys(document.body);
for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}
if (document.body.classList.contains("hand")) watchApp();
watchIdle(document.body);
watchSending();
takeUp();
document.querySelector(".error-summary")?.focus();
