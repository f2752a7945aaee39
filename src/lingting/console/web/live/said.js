// What was said and is being said: a line for each sentence; of an open one, what stays and what may still change.

import { clock } from "/console/amounts.js";
import { announce, h } from "/console/dom.js";

const MOST_LINES = 2_000;
const NEAR_PX = 60;

function words(message) {
  const stable = message.stable ?? "";
  if (message.type !== "PARTIAL" || !message.transcript.startsWith(stable)) return [message.transcript];
  const tail = message.transcript.slice(stable.length);
  return [h("span", { class: "stable" }, stable), h("span", { class: "tail" }, tail)];
}

export function said() {
  const list = h("ol", { class: "segments said", tLabel: "listen.said", tabindex: "0" });
  const lines = new Map();
  let language = null;
  let run = 0;
  let offset = 0;
  let current = 0;

  // Somebody speaks again, after what was said before; each run counts its sessions and its seconds anew.
  function begin() {
    run += 1;
    current = 0;
    offset = transcript().duration;
    forgetOpen();
  }

  // What is read further up stays in place; who is at the end stays there.
  function keepingPlace(change) {
    const isAtEnd = list.scrollHeight - list.scrollTop - list.clientHeight < NEAR_PX;
    change();
    if (isAtEnd) list.scrollTop = list.scrollHeight;
  }

  function lineOf(key, seconds) {
    const known = lines.get(key);
    if (known) return known;
    const text = h("p");
    const element = h("li", { class: "segment" }, h("span", { class: "at" }, clock(seconds)), text);
    const line = { element, text, final: null };
    lines.set(key, line);
    list.append(element);
    if (lines.size > MOST_LINES) drop(lines.keys().next().value);
    return line;
  }

  function drop(key) {
    lines.get(key)?.element.remove();
    lines.delete(key);
  }

  function final(line, message, seconds) {
    line.element.classList.remove("open");
    line.text.lang = message.language ?? "";
    line.final = {
      start: seconds + message.start_ms / 1_000,
      end: seconds + message.end_ms / 1_000,
      text: message.transcript.trim(),
      language: message.language ?? null,
      speaker: null,
      words: (message.words ?? []).map(({ word, start_ms: start, end_ms: end }) => ({
        text: word,
        start: seconds + start / 1_000,
        end: seconds + end / 1_000,
      })),
    };
    language = message.language ?? language;
    announce(message.transcript);
  }

  function failed(line, message) {
    line.element.classList.remove("open");
    line.element.classList.add("failed");
    line.text.replaceChildren(h("span", { class: "facts", t: "listen.sentence_failed" }), ` (${message.code})`);
  }

  // A message of the stream. place: as the stream tells it
  function take(message, { session, seconds: since }) {
    const key = `${run}-${session}-${message.segment}`;
    const seconds = since + offset;
    if (session !== current) {
      current = session;
      forgetOpen();
    }
    if (message.type === "FINAL" && !message.transcript.trim()) return drop(key);
    if (!["PARTIAL", "FINAL", "SEGMENT_ERROR"].includes(message.type)) return undefined;
    return keepingPlace(() => {
      const line = lineOf(key, seconds + (message.start_ms ?? 0) / 1_000);
      if (message.type === "SEGMENT_ERROR") return failed(line, message);
      line.text.replaceChildren(...words(message));
      if (message.type === "FINAL") return final(line, message, seconds);
      line.element.classList.add("open");
      return undefined;
    });
  }

  // Sentences that were open when their session went: the one that follows hears them again.
  function forgetOpen() {
    for (const [key, { element }] of [...lines]) {
      if (element.classList.contains("open")) drop(key);
    }
  }

  function transcript() {
    const segments = [...lines.values()].map((line) => line.final).filter(Boolean);
    return { language, duration: segments.at(-1)?.end ?? 0, segments };
  }

  function clear() {
    lines.clear();
    list.replaceChildren();
  }

  return { element: list, begin, take, transcript, clear };
}
