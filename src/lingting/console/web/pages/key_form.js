// Asks what a key shall be good for.

import { ask as dialog, h } from "/console/dom.js";

const SCOPES = ["transcribe", "stream", "rooms", "jobs", "speak", "history", "chat", "commands", "metrics", "admin"];
const USUAL = new Set(["transcribe", "stream", "rooms", "jobs", "speak", "history"]);
const LIMITS = ["requests_per_minute", "streams", "audio_seconds_per_day", "audio_seconds_per_month"];
const DAY_SECONDS = 24 * 3600;
const ENDS = { week: 7, quarter: 90, year: 365 };
// In days.

function field(name, properties) {
  const id = `key-${name}`;
  return h("div", {}, h("label", { for: id, t: `keys.field_${name}` }), h("input", { id, name, ...properties }));
}

// The fields of the key as /v1/admin/keys takes them, or null when nobody wants them after all.
export async function keyForm(key = null) {
  const scopes = new Set(key?.scopes ?? USUAL);
  const fields = h(
    "div",
    {},
    h(
      "div",
      { class: "grid" },
      field("label", { maxlength: 120, value: key?.label ?? "" }),
      field("tenant", { maxlength: 120, value: key?.tenant ?? "" }),
    ),
    h(
      "fieldset",
      {},
      h("legend", { t: "keys.scopes" }),
      h(
        "div",
        { class: "checks" },
        ...SCOPES.map((scope) =>
          h(
            "label",
            { class: "check" },
            h("input", { type: "checkbox", value: scope, checked: scopes.has(scope) }),
            h("span", {}, h("code", {}, scope), " ", h("span", { class: "facts", t: `keys.scope_${scope}` })),
          ),
        ),
      ),
    ),
    h(
      "fieldset",
      {},
      h("legend", { t: "keys.limits" }),
      h(
        "div",
        { class: "grid" },
        ...LIMITS.map((name) => field(name, { type: "number", min: 0, step: 1, value: key?.limits[name] ?? "" })),
      ),
      h("p", { class: "hint", t: "keys.limits_hint" }),
    ),
    key
      ? null
      : h(
          "div",
          {},
          h("label", { for: "key-ends", t: "keys.ends" }),
          h(
            "select",
            { id: "key-ends" },
            h("option", { value: "", t: "keys.ends_never" }),
            ...Object.keys(ENDS).map((name) => h("option", { value: name, t: `keys.ends_${name}` })),
          ),
        ),
  );
  const answer = await dialog(
    { "aria-labelledby": "key-form-title" },
    h("h2", { id: "key-form-title", t: key ? "keys.change_title" : "keys.make_title" }),
    fields,
    h(
      "div",
      { class: "row end" },
      h("button", { value: "yes", class: "primary", t: key ? "keys.keep" : "keys.make" }),
      h("button", { value: "", t: "frame.cancel", formnovalidate: true }),
    ),
  );
  return answer === "yes" ? read(fields) : null;
}

function read(fields) {
  const named = (name) => fields.querySelector(`[name="${name}"]`).value.trim();
  const limits = LIMITS.map((name) => [name, named(name) === "" ? null : Number(named(name))]);
  const ends = fields.querySelector("#key-ends")?.value;
  return {
    label: named("label"),
    tenant: named("tenant"),
    scopes: [...fields.querySelectorAll("input[type=checkbox]:checked")].map(({ value }) => value),
    limits: Object.fromEntries(limits),
    ...(ends ? { expires_seconds: ENDS[ends] * DAY_SECONDS } : {}),
  };
}
