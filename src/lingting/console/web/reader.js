// A transcript to read, play, correct and download.

import { clock } from "/console/amounts.js";
import { downloads } from "/console/download.js";
import { h } from "/console/dom.js";
import { player } from "/console/player.js";
import { corrected, litWords } from "/console/transcript.js";
import { loadWords, say } from "/console/words.js";

function segmentLine(segment, words, seek) {
  const said = litWords(segment).flatMap((word) => {
    words.push(word);
    const bare = word.text.trimStart();
    const space = word.text.slice(0, word.text.length - bare.length);
    return [space, h("span", { class: "word", "data-at": words.length - 1 }, bare)];
  });
  return h(
    "li",
    { class: "segment" },
    h("button", { type: "button", class: "quiet at", onclick: () => seek(segment.start) }, clock(segment.start)),
    h(
      "p",
      { lang: segment.language ?? null },
      segment.speaker && h("strong", { class: "speaker" }, segment.speaker),
      ...said,
    ),
  );
}

function segmentField(segment, place) {
  return h(
    "li",
    { class: "segment" },
    h("span", { class: "at" }, clock(segment.start)),
    h("textarea", {
      rows: Math.max(1, Math.ceil(segment.text.length / 70)),
      tLabel: ["player.text_at", { time: clock(segment.start) }],
      "data-place": place,
      lang: segment.language,
      value: segment.text,
    }),
  );
}

// of: { transcript, name, blob (null: there is nothing to play) }
export async function reader({ transcript, name, blob }, { signal }) {
  await loadWords("player");
  let segments = transcript.segments;
  let words = [];
  let lit = null;
  let isEdited = false;
  const list = h("ol", { class: "segments" });
  const edit = h("button", { type: "button", t: "player.edit" });

  function light(index) {
    const next = index < 0 ? null : list.querySelector(`[data-at="${index}"]`);
    if (next === lit) return;
    lit?.classList.remove("now");
    next?.classList.add("now");
    lit = next;
  }

  const url = blob && URL.createObjectURL(blob);
  const playing = blob && player({ url, blob, transcript }, { words: () => words, light, signal });
  const seek = (seconds) => playing?.seek(seconds);
  signal.addEventListener("abort", () => url && URL.revokeObjectURL(url));

  function showLines() {
    words = [];
    list.replaceChildren(...segments.map((segment) => segmentLine(segment, words, seek)));
    say(edit, "player.edit");
  }

  // What there is now, corrections that are still being written among it.
  function current() {
    if (!isEdited) return segments;
    return [...list.querySelectorAll("textarea")]
      .map((field) => corrected(segments[Number(field.dataset.place)], field.value))
      .filter(({ text }) => text);
  }

  edit.addEventListener("click", () => {
    segments = current();
    isEdited = !isEdited;
    if (!isEdited) return showLines();
    list.replaceChildren(...segments.map(segmentField));
    say(edit, "player.done");
    return list.querySelector("textarea")?.focus();
  });
  list.addEventListener("click", ({ target }) => {
    if (target.classList.contains("word")) seek(words[Number(target.dataset.at)].start);
  });
  showLines();

  const tools = h(
    "div",
    { class: "row tools" },
    edit,
    h("span", { class: "grow" }),
    ...downloads(() => ({ ...transcript, segments: current() }), name),
  );
  const silent = h("p", { class: "empty", t: "player.silence" });
  return h("div", { class: "reader" }, playing?.element, ...(segments.length ? [list, tools] : [silent]));
}
