// Talk with the bot, by voice or in writing.

import { announce, h, icon } from "/console/dom.js";
import { may } from "/console/key.js";
import { bubbles } from "/console/live/bubbles.js";
import { level } from "/console/live/level.js";
import { microphoneChoice } from "/console/live/listening.js";
import { talking } from "/console/live/talking.js";
import { clearNotices, tell } from "/console/notice.js";
import { check, languages, select } from "/console/pages/options.js";
import { ask } from "/console/server.js";
import { loadWords, say, sayPlaceholder, text, unsay } from "/console/words.js";

const SHADES = { listening: "good", hearing: "good", thinking: "busy", speaking: "busy", ducked: "busy", connecting: "busy", over: "" };
const MISSING = { wrong_state: "talk.no_model", voice_not_found: "talk.no_voice" };
const MOST_CHARACTERS = 8_000;

async function voices(signal) {
  if (!may("speak")) return [];
  return (await ask("/v1/audio/voices", { signal })).voices.map(({ id }) => id);
}

function wishes(known) {
  const choice = microphoneChoice();
  const own = (name, keys) => select(name, `talk.${name}`, keys.map((key) => [key, `talk.${name}_${key}`]));
  const voice = select("voice", "talk.voice", [["", "talk.voice_any"], ...known.map((name) => [name, { own: name }])]);
  const element = h(
    "fieldset",
    { class: "wishes" },
    h("legend", { class: "unseen", t: "talk.options" }),
    h("div", { class: "grid" }, languages(), voice),
    h(
      "details",
      {},
      h("summary", { t: "transcribe.more" }),
      h("div", { class: "grid" }, own("turns", ["auto", "manual"]), own("echo", ["browser", "server", "none"]), choice.element),
      check("silent", "talk.silent_replies", { isOn: !may("speak") }),
    ),
  );
  const value = (name) => element.querySelector(`[name="${name}"]`).value;

  function read() {
    const language = value("language");
    const config = {
      language,
      turns: value("turns"),
      echo: value("echo") === "server",
      speak: !element.querySelector("[name=silent]").checked,
      ...(value("voice") ? { voice: value("voice") } : {}),
    };
    const isManual = config.turns === "manual";
    return { config, isManual, device: choice.chosen(), cancelsEcho: value("echo") === "browser" };
  }

  return { element, read };
}

// Held down by a finger, a mouse, or the space bar.
function pressButton({ press, release }) {
  const label = h("span", { t: "talk.press" });
  const button = h("button", { type: "button", class: "primary press", hidden: true }, icon("live"), label);
  let isDown = false;
  const set = (down) => (event) => {
    if (event.type.startsWith("key") && event.key !== " " && event.key !== "Enter") return;
    event.preventDefault();
    if (down === isDown) return;
    isDown = down;
    button.classList.toggle("on", down);
    say(label, down ? "talk.release" : "talk.press");
    (down ? press : release)();
  };
  button.addEventListener("pointerdown", (event) => {
    button.setPointerCapture(event.pointerId);
    set(true)(event);
  });
  for (const event of ["pointerup", "pointercancel", "keyup", "blur"]) button.addEventListener(event, set(false));
  button.addEventListener("keydown", set(true));
  return button;
}

// What is written instead of spoken; write(message) says whether it could be sent.
function writeForm(write) {
  const field = h("textarea", { id: "message", rows: 1, maxlength: MOST_CHARACTERS, disabled: true });
  const send = h("button", { type: "submit", t: "talk.send", disabled: true });
  const form = h("form", { class: "row write" }, h("label", { for: "message", class: "unseen", t: "talk.message" }), field, send);
  sayPlaceholder(field, "talk.message");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const message = field.value.trim();
    if (message && write(message)) field.value = "";
  });
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    form.requestSubmit();
  });
  return { form, open: (isOpen) => (field.disabled = send.disabled = !isOpen) };
}

export async function show(place, { signal }) {
  await Promise.all([loadWords("listen"), loadWords("transcribe")]);
  const asked = wishes(await voices(signal));
  const said = bubbles();
  const meter = level();
  const state = h("span", { class: "tag", t: "talk.state_over" });
  const missing = h("p", { class: "hint warn-text", role: "status" });
  const button = h("button", { type: "button", class: "primary listen" }, icon("talk"), h("span", { t: "talk.start" }));
  const hold = pressButton({ press: () => talk?.press(), release: () => talk?.release() });
  const stopReply = h("button", { type: "button", t: "talk.stop_reply", hidden: true, onclick: () => talk?.stopReply() });
  const writing = writeForm((message) => {
    const isSent = Boolean(talk?.write(message));
    if (isSent) said.write(message);
    return isSent;
  });
  let talk = null;

  function showState(key, shade, values) {
    if (state.dataset.t === key) return;
    say(state, key, values);
    state.className = `tag ${shade}`;
    if (key.includes("state")) announce(text(key, values));
  }

  function showButtons(isManual = false) {
    const isOn = talk !== null;
    button.classList.toggle("on", isOn);
    say(button.lastChild, isOn ? "talk.hang_up" : "talk.start");
    asked.element.hidden = isOn;
    hold.hidden = !(isOn && isManual);
    stopReply.hidden = true;
  }

  function showMissing(key) {
    if (key) say(missing, key);
    else unsay(missing);
  }

  function stated(name, refusal) {
    writing.open(name === "live");
    if (name === "live") {
      said.forget();
      showState("talk.floor_listening", "good");
      return;
    }
    showState(`talk.state_${name}`, SHADES[name] ?? "warn", { seconds: refusal?.retrySeconds ?? 5 });
    if (name !== "over") return;
    talk = null;
    meter.rest();
    showButtons();
  }

  const takes = {
    FLOOR({ floor }) {
      if (floor !== "ended") showState(`talk.floor_${floor}`, SHADES[floor]);
      stopReply.hidden = !["speaking", "ducked", "thinking"].includes(floor);
    },
    PARTIAL: said.hear,
    FINAL: said.hear,
    REPLY_STARTED: said.began,
    REPLY_TEXT: said.add,
    REPLY_ENDED: said.ended,
    PROBLEM: tell,
    TALK_ENDED({ reason }) {
      if (reason !== "hung_up") said.note(`talk.ended_${reason}`);
    },
  };

  function unheard(refusal) {
    tell(refusal);
    showMissing("talk.in_writing");
    meter.rest();
  }

  function failed(refusal) {
    tell(refusal);
    if (MISSING[refusal.code]) showMissing(MISSING[refusal.code]);
  }

  function start() {
    clearNotices();
    showMissing(null);
    const wish = asked.read();
    const on = {
      state: stated,
      message: (message) => takes[message.type]?.(message),
      failed,
      unheard,
      heard: (samples) => meter.hear(samples),
    };
    talk = talking(wish, on);
    showButtons(wish.isManual);
  }

  button.addEventListener("click", () => (talk ? talk.hangUp() : start()));
  signal.addEventListener("abort", () => talk?.hangUp());
  document.addEventListener("keychange", () => talk?.hangUp(), { signal });
  showButtons();
  place.append(
    h("h1", { t: "frame.section_talk" }),
    h("p", { class: "lead", t: "talk.lead" }),
    h(
      "section",
      { class: "card", tLabel: "talk.options" },
      asked.element,
      h("div", { class: "row listening" }, button, state, h("div", { class: "grow" }, meter.element)),
      missing,
    ),
    h(
      "section",
      { class: "card", tLabel: "talk.said" },
      said.element,
      h("p", { class: "empty", t: "talk.nothing" }),
      h("div", { class: "row" }, hold, stopReply),
      writing.form,
    ),
  );
}
