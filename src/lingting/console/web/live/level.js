// How loud the microphone is, as a bar; and whether it is silent, as one is that is switched off.

import { h } from "/console/dom.js";

const QUIETEST_DB = -60;
const SILENCE = 24;
// Of 32,768: less than any microphone that is on.
const PIECES_OF_SILENCE = 50;

export function level() {
  const bar = h("span");
  const element = h(
    "div",
    { class: "meter level", role: "meter", tLabel: "listen.level", "aria-valuemin": 0, "aria-valuemax": 100, "aria-valuenow": 0 },
    bar,
  );
  let silent = 0;

  function show(percent) {
    bar.style.width = `${percent}%`;
    element.setAttribute("aria-valuenow", String(percent));
  }

  // Whether nothing at all has been heard for five seconds.
  function hear(samples) {
    const peak = samples.reduce((loudest, sample) => Math.max(loudest, Math.abs(sample)), 0);
    silent = peak < SILENCE ? silent + 1 : 0;
    const db = 20 * Math.log10(Math.max(1, peak) / 32_768);
    show(Math.round(Math.max(0, Math.min(1, 1 - db / QUIETEST_DB)) * 100));
    return silent >= PIECES_OF_SILENCE;
  }

  return { element, hear, rest: () => show(0) };
}
