// The models of the server, and having them in memory or not: for admins.

import { bytes } from "/console/amounts.js";
import { h } from "/console/dom.js";
import { trying } from "/console/notice.js";
import { ask } from "/console/server.js";

const SHADES = { loaded: "good", loading: "busy", failed: "bad" };

function row(model, again) {
  const act = async (verb, button) => {
    button.disabled = true;
    await trying(async () => {
      await ask(`/v1/admin/models/${encodeURIComponent(model.name)}/${verb}`, { method: "POST" });
      await again();
    });
    button.disabled = false;
  };
  const [verb, words] = model.state === "loaded" ? ["unload", "status.unload"] : ["load", "status.load_model"];
  return h(
    "tr",
    {},
    h(
      "th",
      { scope: "row" },
      h("span", { class: "name" }, model.name),
      model.is_default && h("span", { class: "tag", t: "status.default" }),
    ),
    h("td", {}, model.engine),
    h("td", {}, h("span", { class: `tag ${SHADES[model.state] ?? ""}` }, model.state)),
    h("td", {}, model.memory_bytes ? bytes(model.memory_bytes) : "–"),
    h("td", {}, h("button", { type: "button", t: words, onclick: (event) => act(verb, event.currentTarget) })),
  );
}

export function modelTable({ models }, again) {
  const head = ["status.model", "status.engine", "status.state", "status.memory", "status.act"];
  return h(
    "section",
    { class: "card" },
    h("h2", { t: "status.models" }),
    h(
      "div",
      { class: "table-place" },
      h(
        "table",
        {},
        h("thead", {}, h("tr", {}, ...head.map((key) => h("th", { scope: "col", t: key })))),
        h("tbody", {}, ...models.map((model) => row(model, again))),
      ),
    ),
  );
}
