// Draws a recording and lets one move about in it: a slider whose track is the wave, or the stretches of speech where there is
// no wave to draw.

import { clock } from "/console/amounts.js";
import { h } from "/console/dom.js";

const BAR = 3;
const GAP = 1;
const STEP_SECONDS = 5;

function levels(count, { peaks, duration, segments }) {
  return Array.from({ length: count }, (_, bar) => {
    const [from, to] = [bar / count, (bar + 1) / count];
    if (peaks === null) {
      const isSpoken = segments.some(({ start, end }) => start < to * duration && end > from * duration);
      return isSpoken ? 0.5 : 0.04;
    }
    let most = 0;
    const end = Math.max(Math.floor(from * peaks.length) + 1, Math.floor(to * peaks.length));
    for (let at = Math.floor(from * peaks.length); at < end; at += 1) most = Math.max(most, peaks[at]);
    return most;
  });
}

// what: { peaks, duration, segments }; seek(seconds) is called when somebody moves; show(seconds) of the result draws
export function waveform(what, { seek, signal }) {
  const canvas = h("canvas", { "aria-hidden": "true" });
  const slider = h(
    "div",
    { class: "wave", role: "slider", tabindex: "0", tLabel: "player.position", "aria-valuemin": "0" },
    canvas,
  );
  let at = 0;
  let bars = [];

  function draw() {
    const scale = window.devicePixelRatio;
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    if (!width) return;
    const count = Math.max(1, Math.floor(width / (BAR + GAP)));
    if (bars.length !== count) bars = levels(count, what);
    canvas.width = width * scale;
    canvas.height = height * scale;
    const context = canvas.getContext("2d");
    context.scale(scale, scale);
    const [played, ahead] = [canvas, slider].map((element) => getComputedStyle(element).color);
    bars.forEach((level, bar) => {
      const tall = Math.max(2, level * (height - 4));
      context.fillStyle = (bar + 0.5) / count <= at / what.duration ? played : ahead;
      context.fillRect(bar * (BAR + GAP), (height - tall) / 2, BAR, tall);
    });
  }

  function show(seconds) {
    at = Math.min(Math.max(0, seconds), what.duration);
    slider.setAttribute("aria-valuemax", String(Math.round(what.duration)));
    slider.setAttribute("aria-valuenow", String(Math.round(at)));
    slider.setAttribute("aria-valuetext", `${clock(at)} / ${clock(what.duration)}`);
    draw();
  }

  function move(event) {
    const { left, width } = canvas.getBoundingClientRect();
    seek(Math.min(1, Math.max(0, (event.clientX - left) / width)) * what.duration);
  }

  slider.addEventListener("pointerdown", (event) => {
    slider.setPointerCapture(event.pointerId);
    move(event);
  });
  slider.addEventListener("pointermove", (event) => slider.hasPointerCapture(event.pointerId) && move(event));
  slider.addEventListener("keydown", (event) => {
    const steps = { ArrowLeft: -STEP_SECONDS, ArrowRight: STEP_SECONDS, Home: -at, End: what.duration - at };
    if (!(event.key in steps)) return;
    event.preventDefault();
    seek(Math.min(what.duration, Math.max(0, at + steps[event.key])));
  });
  new ResizeObserver(draw).observe(slider);
  document.addEventListener("themechange", draw, { signal });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw, { signal });
  return { element: slider, show, update: () => ((bars = []), show(at)) };
}
