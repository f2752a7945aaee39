// A conversation to read: what the user said, what the bot answered, how much of it was heard, how long it took.

import { announce, fill, h } from "/console/dom.js";
import { text } from "/console/words.js";

const MOST = 400;
const TIMES = ["final", "first_token", "first_audio"];

export function bubbles() {
  const list = h("ol", { class: "bubbles", tLabel: "talk.said", tabindex: "0" });
  let turn = null; // the user's, as long as it is open
  const replies = new Map();

  function put(who) {
    const words = h("p", { class: "words" });
    const about = h("p", { class: "facts" });
    const element = h("li", { class: `bubble ${who}` }, h("span", { class: "unseen", t: `talk.${who}` }), words, about);
    list.append(element);
    if (list.childElementCount > MOST) list.firstChild.remove();
    return { element, words, about };
  }

  function toEnd() {
    list.scrollTop = list.scrollHeight;
  }

  function showTurn() {
    const parts = [...turn.segments.values()].filter(({ said }) => said);
    turn.words.replaceChildren(
      ...parts.flatMap(({ said, isFinal }) => [h("span", isFinal ? {} : { class: "tail" }, said), " "]),
    );
    turn.element.hidden = parts.length === 0;
    toEnd();
  }

  // What is heard of the user: PARTIAL or FINAL.
  function hear({ type, segment, transcript, language }) {
    if (type === "PARTIAL" && !turn && !transcript) return;
    turn ??= { ...put("you"), segments: new Map() };
    turn.segments.set(segment, { said: transcript.trim(), isFinal: type === "FINAL" });
    if (language) turn.words.lang = language;
    showTurn();
    const isNothing = [...turn.segments.values()].every(({ said, isFinal }) => isFinal && !said);
    if (isNothing) dropTurn();
  }

  function dropTurn() {
    turn?.element.remove();
    turn = null;
  }

  // What the user writes.
  function write(message) {
    const bubble = put("you");
    bubble.words.textContent = message;
    toEnd();
  }

  function began({ reply, kind, asked, language, command }) {
    if (kind === "answer" && turn) {
      if (asked) turn.words.textContent = asked;
      turn = null;
    }
    const bubble = put("bot");
    bubble.words.lang = language ?? "";
    if (command) fill(bubble.about, h("span", { class: "tag", t: ["talk.command", { intent: command.intent }] }));
    replies.set(reply, { ...bubble, said: "" });
    toEnd();
  }

  function add({ reply, text: clause }) {
    const bubble = replies.get(reply);
    if (!bubble) return;
    bubble.said += clause;
    bubble.words.textContent = bubble.said;
    toEnd();
  }

  function ended({ reply, heard, cut, timings, failure }) {
    const bubble = replies.get(reply);
    if (!bubble) return;
    replies.delete(reply);
    announce(bubble.said);
    if (cut && bubble.said.startsWith(heard)) {
      const rest = bubble.said.slice(heard.length);
      const unheard = h("s", { class: "unheard", tTitle: "talk.unheard" }, rest);
      bubble.words.replaceChildren(heard, ...(rest.trim() ? [unheard] : []));
    }
    const times = TIMES.filter((name) => timings[`${name}_ms`] !== undefined).map((name) =>
      h("span", { t: [`talk.time_${name}`, { ms: timings[`${name}_ms`] }] }),
    );
    fill(bubble.about, ...times, failure && h("span", { class: "tag bad" }, failure));
    if (!bubble.said && !times.length) bubble.element.remove();
    toEnd();
  }

  // Another connection: its replies are numbered anew.
  function forget() {
    replies.clear();
    dropTurn();
  }

  function note(key) {
    list.append(h("li", { class: "facts between", t: key }));
    announce(text(key));
    toEnd();
  }

  return { element: list, hear, write, began, add, ended, forget, note };
}
