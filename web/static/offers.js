// A field that has a list: while one types, the entries that fit are offered under it. They come from the address that
// data-offers names, from two characters, 250 ms after the last key. Whatever is typed besides may stand.

import { whileTyping } from "./typed.js";

const LEAST = 2;

export function offerAsYouType(input) {
  const list = input.list;
  if (!list) return;
  let asked;

  const ask = async () => {
    asked?.abort();
    asked = new AbortController();
    const query = input.value.trim();
    if (query.length < LEAST) return list.replaceChildren();
    try {
      const answer = await fetch(`${input.dataset.offers}?q=${encodeURIComponent(query)}`, {
        signal: asked.signal,
        headers: { accept: "text/html" },
      });
      if (!answer.ok) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      list.replaceChildren(...page.querySelectorAll("option"));
    } catch {
      // The line stays a line.
    }
  };

  whileTyping(input, ask);
}
