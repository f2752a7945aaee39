// What one may ask for besides the text itself.

import { h } from "/console/dom.js";
import { ask } from "/console/server.js";

const LANGUAGES = ["zh", "en", "zh-en", "yue", "ja", "ko", "fr", "de", "es", "ru", "pt", "it", "ar", "hi", "th", "vi"];
const REDACT = ["off", "mask", "tag", "token"];
const SCRIPTS = ["simplified", "traditional", "as_is"];

// choices: [value, key of its word], or [value, { own: text }]
export function select(name, label, choices) {
  return h(
    "div",
    {},
    h("label", { for: `wish-${name}`, t: label }),
    h(
      "select",
      { id: `wish-${name}`, name },
      ...choices.map(([value, shown]) => h("option", { value, ...(typeof shown === "string" ? { t: shown } : {}) }, shown.own)),
    ),
  );
}

export function check(name, label, { isOn = false } = {}) {
  return h("label", { class: "check" }, h("input", { type: "checkbox", name, checked: isOn }), h("span", { t: label }));
}

export function languages() {
  return select("language", "languages.language", [
    ["auto", "languages.auto"],
    ...LANGUAGES.map((code) => [code, `languages.${code}`]),
  ]);
}

export function scripts() {
  return select(
    "script",
    "transcribe.script",
    SCRIPTS.map((script) => [script, `transcribe.script_${script}`]),
  );
}

async function models() {
  const { data } = await ask("/v1/models");
  return data.filter(({ id, root }) => root === id).map(({ id }) => id);
}

export async function options() {
  const served = await models();
  const element = h(
    "div",
    { class: "wishes" },
    h(
      "div",
      { class: "grid" },
      languages(),
      select("model", "transcribe.model", [
        ["", "transcribe.any_model"],
        ...served.map((name) => [name, { own: name }]),
      ]),
      select("redact", "transcribe.redact", [
        ["", "transcribe.as_configured"],
        ...REDACT.map((mode) => [mode, `transcribe.redact_${mode}`]),
      ]),
    ),
    h(
      "details",
      {},
      h("summary", { t: "transcribe.more" }),
      h(
        "div",
        { class: "grid" },
        scripts(),
        h(
          "div",
          {},
          h("label", { for: "wish-hotwords", t: "transcribe.hotwords" }),
          h("input", { id: "wish-hotwords", name: "hotwords", type: "text", tPlaceholder: "transcribe.hotwords_example" }),
        ),
      ),
      h(
        "div",
        { class: "checks" },
        check("itn", "transcribe.itn"),
        check("diarize", "transcribe.diarize"),
        check("translate", "transcribe.translate"),
        check("store", "transcribe.store", { isOn: true }),
      ),
    ),
  );
  return { element, read: () => readFields(element) };
}

// Name -> text, as forms carry it; what is left to the server is not named.
function readFields(element) {
  const fields = {};
  for (const { name, value } of element.querySelectorAll("select, input[type=text]")) {
    if (value.trim()) fields[name] = value.trim();
  }
  for (const { name, checked } of element.querySelectorAll("input[type=checkbox]")) {
    if (name === "translate") fields.task = checked ? "translate" : "transcribe";
    else fields[name] = String(checked);
  }
  return fields;
}
