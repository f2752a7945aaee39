// Plays a recording beside its transcript: the wave, the words that light up, the click that seeks.

import { clock } from "/console/amounts.js";
import { h, icon } from "/console/dom.js";
import { lengthOf, peaksOf } from "/console/recording.js";
import { wordAt } from "/console/transcript.js";
import { waveform } from "/console/waveform.js";
import { sayLabel } from "/console/words.js";

// of: { url, blob, transcript }; light(index) is told which word is said, -1 for none.
// words() gives the words there are, since they change when somebody corrects them.
export function player({ url, blob, transcript }, { words, light, signal }) {
  const audio = new Audio(url);
  audio.preload = "metadata";
  const button = h("button", { type: "button", class: "primary round", tLabel: "player.play" }, icon("play"));
  const time = h("span", { class: "time" });
  const speed = h(
    "select",
    { class: "speed", tLabel: "player.speed" },
    ...[0.75, 1, 1.25, 1.5, 2].map((rate) => h("option", { value: rate, selected: rate === 1 }, `${rate}×`)),
  );
  const what = { peaks: null, duration: Math.max(0.1, transcript.duration), segments: transcript.segments };
  const wave = waveform(what, { seek, signal });
  let frame = 0;

  function seek(seconds) {
    audio.currentTime = seconds;
    show();
  }

  function show() {
    const seconds = audio.currentTime;
    time.textContent = `${clock(seconds)} / ${clock(what.duration)}`;
    wave.show(seconds);
    light(seconds > 0 ? wordAt(words(), seconds) : -1);
  }

  function follow() {
    cancelAnimationFrame(frame);
    show();
    if (!audio.paused) frame = requestAnimationFrame(follow);
  }

  function showButton() {
    button.replaceChildren(icon(audio.paused ? "play" : "pause"));
    sayLabel(button, audio.paused ? "player.play" : "player.pause");
    follow();
  }

  button.addEventListener("click", () => (audio.paused ? audio.play().catch(() => {}) : audio.pause()));
  speed.addEventListener("change", () => (audio.playbackRate = Number(speed.value)));
  for (const event of ["play", "pause", "ended"]) audio.addEventListener(event, showButton);
  audio.addEventListener("seeked", show);
  signal.addEventListener("abort", () => audio.pause());
  window.addEventListener("hashchange", () => audio.pause(), { signal });
  show();
  lengthOf(url).then(async (seconds) => {
    what.peaks = await peaksOf(blob, seconds);
    wave.update();
  });

  const controls = h("div", { class: "row controls" }, button, time, speed);
  audio.addEventListener("error", () => controls.replaceChildren(h("p", { class: "hint", t: "player.unplayable" })));
  return { element: h("div", { class: "player" }, wave.element, controls), seek };
}
