// The microphone and a live session under one button: its state, its level, what the service says of itself.

import { announce, h, icon } from "/console/dom.js";
import { level } from "/console/live/level.js";
import { microphones, openMicrophone } from "/console/live/microphone.js";
import { Stream } from "/console/live/stream.js";
import { clearNotices, tell } from "/console/notice.js";
import { say, text, unsay } from "/console/words.js";

const SHADES = { connecting: "busy", live: "good", lost: "warn", busy: "warn", away: "warn", ending: "busy", over: "" };
const PASSING = new Set(["lagging", "partials_slowed", "partials_stopped", "backlog"]);

// The choice of a microphone; the first one until names are known.
export function microphoneChoice() {
  const field = h("select", { id: "microphone" }, h("option", { value: "", t: "listen.any_microphone" }));

  async function refresh() {
    const chosen = field.value;
    const known = await microphones();
    const options = known.map(({ deviceId, label }) => h("option", { value: deviceId }, label));
    field.replaceChildren(h("option", { value: "", t: "listen.any_microphone" }), ...options);
    field.value = known.some(({ deviceId }) => deviceId === chosen) ? chosen : "";
  }

  refresh();
  const element = h("div", {}, h("label", { for: "microphone", t: "listen.microphone" }), field);
  return { element, refresh, chosen: () => field.value };
}

// config() gives the INIT of a session or raises a Refusal; begun() hears that one begins, message(message, place) what it says.
export function listening({ config, begun, message }, { signal }) {
  const state = h("span", { class: "tag", t: "listen.state_over" });
  const button = h("button", { type: "button", class: "primary listen" }, icon("live"), h("span", { t: "listen.start" }));
  const meter = level();
  const hint = h("p", { class: "hint warn-text", role: "status" });
  const choice = microphoneChoice();
  let stream = null;
  let microphone = null;
  let isAsking = false;
  let isEnding = false;

  function showState(name, refusal = null) {
    if (state.dataset.state === name) return;
    state.dataset.state = name;
    state.className = `tag ${SHADES[name]}`;
    const seconds = refusal?.retrySeconds ?? 5;
    say(state, `listen.state_${name}`, { seconds });
    announce(text(`listen.state_${name}`, { seconds }));
  }

  function showButton() {
    const isOn = stream !== null;
    button.disabled = isAsking;
    button.classList.toggle("on", isOn);
    say(button.lastChild, isOn ? "listen.stop" : "listen.start");
  }

  function showHint(key) {
    if (key) say(hint, key);
    else unsay(hint);
  }

  function hear(samples) {
    const isSilent = meter.hear(samples);
    if (isSilent !== (hint.dataset.t === "listen.silent")) showHint(isSilent ? "listen.silent" : null);
    stream?.feed(samples);
  }

  function take(said, place) {
    if (said.type === "NOTICE") showHint(PASSING.has(said.notice) ? `listen.notice_${said.notice}` : null);
    message(said, place);
  }

  function closeMicrophone() {
    microphone?.close();
    microphone = null;
    meter.rest();
  }

  function failed(refusal) {
    closeMicrophone();
    tell(refusal);
  }

  function over(name, refusal) {
    showState(name, refusal);
    if (name !== "over") return;
    closeMicrophone();
    stream = null;
    isEnding = false;
    showHint(null);
    showButton();
  }

  async function start() {
    clearNotices();
    isAsking = true;
    showButton();
    try {
      const wishes = config();
      microphone = await openMicrophone({ device: choice.chosen() }, { piece: hear, lost: goneAway });
      choice.refresh();
      begun();
      stream = new Stream(wishes, microphone.rateHz, { state: over, message: take, failed });
      if (signal.aborted) leave();
    } catch (problem) {
      closeMicrophone();
      tell(problem);
    } finally {
      isAsking = false;
      showButton();
    }
  }

  function goneAway(refusal) {
    tell(refusal);
    stop();
  }

  // The last words are waited for, unless one has no patience.
  function stop() {
    closeMicrophone();
    if (isEnding) stream?.leave();
    else if (stream) {
      isEnding = true;
      showState("ending");
      stream.end();
    }
  }

  // Nobody is here any more; what is still on its way is not waited for.
  function leave() {
    closeMicrophone();
    stream?.end();
  }

  button.addEventListener("click", () => (stream ? stop() : start()));
  signal.addEventListener("abort", leave);
  document.addEventListener("keychange", () => stream?.leave(), { signal });
  const element = h(
    "div",
    { class: "listening" },
    h("div", { class: "row" }, button, state, h("div", { class: "grow" }, meter.element)),
    hint,
  );
  return { element, choice: choice.element };
}
