// One subtitle room: its links, the microphone that speaks into it, what viewers see, corrections.

import { Captions } from "/overlay/captions.js";
import { follow } from "/overlay/follow.js";

import { clock } from "/console/amounts.js";
import { announce, confirmed, h } from "/console/dom.js";
import { save } from "/console/download.js";
import { every } from "/console/every.js";
import { listening } from "/console/live/listening.js";
import { forgetRoom, linksOf } from "/console/live/room_keys.js";
import { tell, trying } from "/console/notice.js";
import { languages } from "/console/pages/options.js";
import { ask, Refusal, request } from "/console/server.js";
import { say, text } from "/console/words.js";

const FORMATS = ["srt", "vtt", "txt", "json"];
const HISTORY = 200;
const POLL_MS = 5_000;
const OWN = new Set(["localhost", "127.0.0.1", "[::1]"]);

function pathOf(room) {
  return `/v1/rooms/${encodeURIComponent(room.name)}`;
}

function linkRow(name, url) {
  const id = `link-${name}`;
  const field = h("input", { id, type: "text", readonly: true, value: url, onfocus: () => field.select() });
  const copy = async () => {
    field.select();
    if (navigator.clipboard) await navigator.clipboard.writeText(url).catch(() => document.execCommand("copy"));
    else document.execCommand("copy"); // without https there is no clipboard of the newer kind
    announce(text("rooms.copied"));
    say(button, "rooms.copied");
    setTimeout(() => say(button, "rooms.copy"), 2_000);
  };
  const button = h("button", { type: "button", t: "rooms.copy", onclick: copy });
  return h("div", { class: "link" }, h("label", { for: id, t: `rooms.link_${name}` }), h("div", { class: "row" }, field, button));
}

function links(room) {
  const hint = OWN.has(location.hostname) && h("p", { class: "hint", t: "rooms.only_here" });
  const rows = Object.entries(linksOf(room)).map(([name, url]) => linkRow(name, url));
  return h("details", { class: "card", open: true }, h("summary", { t: "rooms.links" }), ...rows, hint);
}

function correction(room, caption, done) {
  const field = h("textarea", { rows: 2, tLabel: "rooms.text_of", value: caption.text, lang: caption.language });
  const keep = () =>
    trying(async () => {
      const path = `${pathOf(room)}/captions/${encodeURIComponent(caption.id)}`;
      await ask(path, { method: "PUT", json: { text: field.value.trim() }, token: room.publish });
      done();
    });
  const element = h(
    "div",
    { class: "grow" },
    field,
    h(
      "div",
      { class: "row" },
      h("button", { type: "button", class: "primary", t: "rooms.keep", onclick: keep }),
      h("button", { type: "button", t: "frame.cancel", onclick: done }),
    ),
  );
  return { element, field };
}

// What viewers see. Lines are kept while they do not change, for one of them may be under correction.
function captionList(room) {
  const captions = new Captions();
  const list = h("ol", { class: "segments said", tLabel: "rooms.shown", tabindex: "0" });
  const empty = h("p", { class: "empty", t: "rooms.quiet" });
  const lines = new Map();

  function lineOf(caption) {
    const element = h("li", { class: caption.is_final ? "segment" : "segment open", "data-id": caption.id });
    const showText = () => {
      const correct = h("button", { type: "button", class: "quiet", t: "rooms.correct", onclick: edit });
      element.replaceChildren(
        h("span", { class: "at" }, clock(caption.start_ms / 1_000)),
        h("p", { lang: caption.language }, caption.text),
        ...(caption.is_final ? [correct] : []),
      );
    };
    const edit = () => {
      const { element: editor, field } = correction(room, caption, showText);
      element.replaceChildren(editor);
      field.focus();
    };
    showText();
    return { element, revision: caption.revision };
  }

  function take(message) {
    captions.take(message);
    const shown = captions.last(HISTORY).map((caption) => {
      const known = lines.get(caption.id);
      const line = known?.revision === caption.revision ? known : lineOf(caption);
      if (known && known !== line) known.element.replaceWith(line.element);
      lines.set(caption.id, line);
      return [caption.id, line];
    });
    const isAtEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 60;
    const kept = new Map(shown);
    lines.forEach((line, id) => {
      if (kept.has(id)) return;
      line.element.remove();
      lines.delete(id);
    });
    shown.forEach(([, { element }], at) => {
      if (list.children[at] !== element) list.insertBefore(element, list.children[at] ?? null);
    });
    empty.hidden = shown.length > 0;
    if (isAtEnd) list.scrollTop = list.scrollHeight;
  }

  return { elements: [empty, list], take };
}

function downloadRow(room) {
  const get = (format) => () =>
    trying(async () => {
      const answer = await request(`${pathOf(room)}/transcript?format=${format}`, { token: room.publish });
      save(await answer.blob(), `${room.name}.${format}`);
    });
  return [
    h("span", { class: "hint", t: "player.download" }),
    ...FORMATS.map((format) => h("button", { type: "button", onclick: get(format) }, format.toUpperCase())),
  ];
}

export function showRoom(place, room, signal) {
  const state = h("span", { class: "tag" });
  const viewers = h("span", { class: "facts" });
  const title = h("h1", {}, room.title || room.name);
  const captions = captionList(room);
  const language = languages();
  const listener = listening(
    {
      config: () => ({ language: language.querySelector("select").value, room: room.name, room_token: room.publish }),
      begun: () => {},
      message: () => {},
    },
    { signal },
  );

  function showLive(isLive) {
    say(state, isLive ? "rooms.live" : "rooms.waiting");
    state.className = isLive ? "tag good" : "tag";
  }

  function take(message) {
    if (message.type === "ended") tell(new Refusal({ code: "room_not_found", message: "" }));
    else if (message.type !== "caption") showLive(message.live);
    if (message.title) title.textContent = message.title;
    if (message.type !== "status") captions.take(message);
  }

  const lost = () => {
    say(state, "rooms.lost");
    state.className = "tag warn";
  };
  const refused = (message, code) => tell(new Refusal({ code, message }));
  const stop = follow({ room: room.name, token: room.publish, history: HISTORY }, { message: take, refused, lost });
  signal.addEventListener("abort", stop);

  const end = () =>
    trying(async () => {
      if (!(await confirmed("rooms.end_question", "rooms.end"))) return;
      stop();
      await ask(pathOf(room), { method: "DELETE", token: room.publish });
      forgetRoom(room.name);
      announce(text("rooms.ended"));
      location.hash = "#/rooms";
    });
  place.append(
    h("p", {}, h("a", { href: "#/rooms", t: "rooms.all" })),
    title,
    h("p", { class: "row lead" }, state, viewers),
    h(
      "section",
      { class: "card", tLabel: "rooms.speak" },
      h("h2", { t: "rooms.speak" }),
      h("div", { class: "grid" }, language, listener.choice),
      listener.element,
    ),
    links(room),
    h(
      "section",
      { class: "card", tLabel: "rooms.shown" },
      h("h2", { t: "rooms.shown" }),
      ...captions.elements,
      h("div", { class: "row tools" }, h("span", { class: "grow" }), ...downloadRow(room)),
    ),
    h("div", { class: "row end" }, h("button", { type: "button", class: "danger", t: "rooms.end", onclick: end })),
  );
  const poll = async () => {
    const { viewers: count } = await ask(pathOf(room), { token: room.publish, signal });
    say(viewers, "rooms.viewers", { count: Math.max(0, count - 1) }); // this page is one
  };
  every(POLL_MS, poll, { signal });
}
