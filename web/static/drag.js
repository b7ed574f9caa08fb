// Moving a visit in the calendar: by dragging it to a free time, or with the keyboard (M on a visit, arrows to a free time,
// Enter; Escape leaves it where it is). Both send the page's own form, which asks nothing of a script: a visit's page has
// the same move as a form.

export function moveVisits(form) {
  const says = document.querySelector("[data-mover-says]");
  let picked = null;

  const send = (visit, slot) => {
    form.action = `/bookings/${encodeURIComponent(visit.dataset.visit)}/move`;
    form.elements.version.value = visit.dataset.version;
    form.elements.time.value = slot.dataset.slot;
    form.submit();
  };
  const leave = (focus) => {
    if (!picked) return;
    picked.removeAttribute("data-dragging");
    if (focus) picked.focus();
    picked = null;
    says.textContent = form.dataset.left;
  };

  document.addEventListener("dragstart", (event) => {
    const visit = event.target.closest?.("[data-visit]");
    if (!visit) return;
    visit.setAttribute("data-dragging", "");
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", visit.dataset.visit);
    picked = visit;
  });
  document.addEventListener("dragover", (event) => {
    const slot = event.target.closest?.("[data-slot]");
    document.querySelector("[data-over]")?.removeAttribute("data-over");
    if (!slot || !picked) return;
    event.preventDefault();
    slot.setAttribute("data-over", "");
  });
  document.addEventListener("drop", (event) => {
    const slot = event.target.closest?.("[data-slot]");
    if (!slot || !picked) return;
    event.preventDefault();
    send(picked, slot);
  });
  document.addEventListener("dragend", () => {
    document.querySelector("[data-over]")?.removeAttribute("data-over");
    leave(false);
  });

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const at = document.activeElement;
    if (!picked) {
      if (event.key.toLowerCase() !== "m" || !at?.matches("[data-visit]")) return;
      const slot = nearest(at, () => true);
      if (!slot) return;
      event.preventDefault();
      picked = at;
      picked.setAttribute("data-dragging", "");
      says.textContent = form.dataset.picked;
      return slot.focus();
    }
    const way = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] }[event.key];
    if (way && at) nearest(at, toward(at, way))?.focus();
    else if (event.key === "Enter" && at?.matches("[data-slot]")) send(picked, at);
    else if (event.key === "Escape") leave(true);
    else return;
    event.preventDefault();
  });
}

/** Whether something lies more in one direction than to its sides. */
function toward(from, [x, y]) {
  const a = middle(from);
  return (slot) => {
    const b = middle(slot);
    const [along, aside] = x ? [(b.x - a.x) * x, Math.abs(b.y - a.y)] : [(b.y - a.y) * y, Math.abs(b.x - a.x)];
    return along > 1 && (x ? aside < Math.max(40, along) : aside < 10);
  };
}

function nearest(from, fits) {
  const a = middle(from);
  const far = (slot) => {
    const b = middle(slot);
    return Math.hypot(b.x - a.x, b.y - a.y);
  };
  const slots = [...document.querySelectorAll("[data-slot]")].filter((slot) => slot !== from && fits(slot));
  return slots.sort((one, other) => far(one) - far(other))[0];
}

function middle(element) {
  const box = element.getBoundingClientRect();
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}
