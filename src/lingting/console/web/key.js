// Who calls: asks for a key where the server wants one, and knows what the key is good for.

import { ask as dialog, h } from "/console/dom.js";
import { ask, key, setKey } from "/console/server.js";
import { say, unsay } from "/console/words.js";

let me = null;

// The answer of /v1/me; null while nobody is let in.
export function caller() {
  return me;
}

export function may(scope) {
  return me === null || me.scopes.includes(scope) || me.scopes.includes("admin");
}

// Asks the server who this is. raises a Refusal
export async function findCaller() {
  me = null;
  try {
    me = await ask("/v1/me");
  } finally {
    showState();
    document.dispatchEvent(new Event("callerchange"));
  }
}

export function showState() {
  const state = document.getElementById("key-state");
  if (!key()) say(state, me ? "frame.no_key_needed" : "frame.no_key");
  else if (me) unsay(state, me.label || me.key_id);
  else say(state, "frame.key_refused");
}

export async function askForKey() {
  const field = h("input", {
    id: "key-field",
    type: "password",
    autocomplete: "off",
    spellcheck: "false",
    maxlength: "200",
    value: key(),
  });
  const answer = await dialog(
    { class: "small", "aria-labelledby": "key-title" },
    h("h2", { id: "key-title", t: "frame.key_title" }),
    h("label", { for: "key-field", t: "frame.key_field" }),
    field,
    h("p", { class: "hint", t: "frame.key_hint" }),
    h(
      "div",
      { class: "row end" },
      h("button", { value: "use", class: "primary", t: "frame.use_key" }),
      key() && h("button", { value: "forget", t: "frame.forget_key" }),
      h("button", { value: "", t: "frame.cancel" }),
    ),
  );
  if (answer === "use") setKey(field.value.trim());
  else if (answer === "forget") setKey("");
  else return;
  document.dispatchEvent(new Event("keychange"));
}
