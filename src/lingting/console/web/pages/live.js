// Live captions: what the microphone hears as text, while it is spoken.

import { downloads } from "/console/download.js";
import { confirmed, h } from "/console/dom.js";
import { may } from "/console/key.js";
import { listening } from "/console/live/listening.js";
import { said } from "/console/live/said.js";
import { check, languages, scripts } from "/console/pages/options.js";
import { loadWords, relabel } from "/console/words.js";

let kept = null;
// What was said stays while other pages are shown, and goes with the key.
document.addEventListener("keychange", () => (kept = null));

function build() {
  const lines = said();
  const empty = h("p", { class: "empty", t: "live.nothing" });
  const wishes = h(
    "div",
    { class: "wishes" },
    h("div", { class: "grid" }, languages()),
    h(
      "details",
      {},
      h("summary", { t: "transcribe.more" }),
      h("div", { class: "grid" }, scripts(), check("itn", "transcribe.itn")),
    ),
  );
  const clear = h("button", { type: "button", class: "quiet", t: "live.clear" });
  const tools = h(
    "div",
    { class: "row tools" },
    clear,
    h("span", { class: "grow" }),
    ...(may("transcribe") ? downloads(lines.transcript, "captions") : []),
  );
  const show = () => {
    const isEmpty = lines.element.childElementCount === 0;
    empty.hidden = !isEmpty;
    tools.hidden = isEmpty;
  };
  clear.addEventListener("click", async () => {
    if (!(await confirmed("live.clear_question", "live.clear"))) return;
    lines.clear();
    show();
  });
  show();
  const element = h("section", { class: "card", tLabel: "listen.said" }, empty, lines.element, tools);
  return { lines, wishes, element, show };
}

function config(wishes) {
  const named = (name) => wishes.querySelector(`[name="${name}"]`);
  return { language: named("language").value, script: named("script").value, itn: named("itn").checked };
}

export async function show(place, { signal }) {
  await Promise.all([loadWords("listen"), loadWords("player"), loadWords("transcribe")]);
  kept ??= build();
  const { lines, wishes, element, show: showText } = kept;
  relabel(element);
  relabel(wishes);
  const listener = listening(
    {
      config: () => config(wishes),
      begun: lines.begin,
      message(message, at) {
        lines.take(message, at);
        showText();
      },
    },
    { signal },
  );
  wishes.querySelector(".grid").append(listener.choice);
  signal.addEventListener("abort", () => listener.choice.remove());
  place.append(
    h("h1", { t: "frame.section_live" }),
    h("p", { class: "lead", t: "live.lead" }),
    h("section", { class: "card", tLabel: "listen.microphone" }, wishes, listener.element),
    element,
  );
}
