// What one's own key may do and has used; for admins, all keys: made, bounded, given another secret, revoked.

import { clock, moment, number } from "/console/amounts.js";
import { ask as dialog, announce, confirmed, h } from "/console/dom.js";
import { caller, may } from "/console/key.js";
import { trying } from "/console/notice.js";
import { keyForm } from "/console/pages/key_form.js";
import { ask } from "/console/server.js";
import { say, text } from "/console/words.js";

const SHADES = { active: "good", expired: "warn", revoked: "" };
const GRACE_SECONDS = 24 * 3600;
// A rotated key's secret before goes on for a day, so that nobody who uses it is cut off.

function meter(used, most) {
  const bar = h("span");
  bar.style.width = `${Math.min(100, (used / most) * 100)}%`;
  return h("div", { class: "meter", "aria-hidden": "true" }, bar);
}

function spent(name, used, most) {
  const said = most ? text("keys.of", { used: clock(used), most: clock(most) }) : clock(used);
  return h("div", { class: "tile" }, h("dt", { t: name }), h("dd", {}, said), most ? meter(used, most) : null);
}

async function own(signal) {
  const { today, month, limits } = await ask("/v1/usage", { signal });
  const me = caller();
  return h(
    "section",
    { class: "card" },
    h("h2", { t: "keys.own" }),
    h(
      "p",
      {},
      me.key_id ? h("strong", {}, me.label || me.key_id) : h("span", { t: "keys.nobody" }),
    ),
    h("p", { class: "scopes" }, ...me.scopes.map((scope) => h("span", { class: "tag" }, scope))),
    h(
      "dl",
      { class: "tiles" },
      spent("keys.today", today.audio_seconds, limits.audio_seconds_per_day),
      spent("keys.month", month.audio_seconds, limits.audio_seconds_per_month),
      h("div", { class: "tile" }, h("dt", { t: "keys.requests_today" }), h("dd", {}, number(today.requests))),
      h(
        "div",
        { class: "tile" },
        h("dt", { t: "keys.per_minute" }),
        h("dd", {}, limits.requests_per_minute ? number(limits.requests_per_minute) : text("keys.unbounded")),
      ),
    ),
  );
}

// The only time that the secret is seen.
async function showSecret(secret) {
  const copy = h("button", { type: "button", t: "keys.copy" });
  copy.addEventListener("click", async () => {
    await navigator.clipboard.writeText(secret);
    say(copy, "keys.copied");
    announce(text("keys.copied"));
  });
  await dialog(
    { "aria-labelledby": "secret-title" },
    h("h2", { id: "secret-title", t: "keys.made_title" }),
    h("p", { t: "keys.made_hint" }),
    h("p", { class: "secret mono", tabindex: "0" }, secret),
    h("div", { class: "row end" }, navigator.clipboard && copy, h("button", { value: "", class: "primary", t: "keys.close" })),
  );
}

function limitsOf({ limits }) {
  return Object.entries(limits)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${text(`keys.field_${name}`)}: ${value || text("keys.unbounded")}`);
}

function acts(key, again) {
  const path = `/v1/admin/keys/${key.id}`;
  const doing = (act) => () =>
    trying(async () => {
      await act();
      await again();
    });
  const change = doing(async () => {
    const json = await keyForm(key);
    if (json) await ask(path, { method: "PATCH", json });
  });
  const rotate = doing(async () => {
    if (!(await confirmed("keys.rotate_question", "keys.rotate"))) return;
    await showSecret((await ask(`${path}/rotate`, { method: "POST", json: { grace_seconds: GRACE_SECONDS } })).key);
  });
  const revoke = doing(async () => {
    if (await confirmed("keys.revoke_question", "keys.revoke")) await ask(path, { method: "DELETE" });
  });
  const button = (words, act) =>
    h("button", { type: "button", class: "quiet", t: words, onclick: act, "aria-description": key.label || key.id });
  return h(
    "div",
    { class: "row" },
    button("keys.change", change),
    button("keys.rotate", rotate),
    button("keys.revoke", revoke),
  );
}

function line(key, used, again) {
  const facts = [
    text("keys.made", { at: moment(key.created_at) }),
    key.expires_at && text("keys.expires", { at: moment(key.expires_at) }),
    key.last_used_at ? text("keys.used", { at: moment(key.last_used_at) }) : text("keys.never_used"),
    used && text("keys.heard", { time: clock(used.audio_seconds), count: number(used.requests) }),
    ...limitsOf(key),
  ];
  return h(
    "li",
    { "data-key": key.id },
    h(
      "div",
      { class: "row apart" },
      h(
        "div",
        { class: "grow" },
        h("span", { class: "name" }, key.label || text("keys.unnamed")),
        " ",
        h("code", {}, key.id),
        key.tenant && h("span", { class: "tag" }, key.tenant),
      ),
      h("span", { class: `tag ${SHADES[key.state]}`, t: `keys.state_${key.state}` }),
    ),
    h("p", { class: "facts" }, facts.filter(Boolean).join(" · ")),
    h(
      "div",
      { class: "row apart" },
      h("div", { class: "scopes" }, ...key.scopes.map((scope) => h("span", { class: "tag" }, scope))),
      key.state === "revoked" ? null : acts(key, again),
    ),
  );
}

function sums(usage) {
  const found = new Map();
  for (const { key, requests, audio_seconds: seconds } of usage) {
    const sum = found.get(key) ?? { requests: 0, audio_seconds: 0 };
    found.set(key, { requests: sum.requests + requests, audio_seconds: sum.audio_seconds + seconds });
  }
  return found;
}

export async function show(place, { signal }) {
  const mine = h("div");
  const list = h("ul", { class: "list card" });
  const withRevoked = h("input", { type: "checkbox", onchange: () => trying(look) });

  async function look() {
    if (caller()) mine.replaceChildren(await own(signal));
    if (!may("admin")) return;
    const [{ keys }, { usage }] = await Promise.all([
      ask("/v1/admin/keys", { signal }),
      ask("/v1/admin/usage", { signal }),
    ]);
    const used = sums(usage);
    const shown = keys.filter(({ state }) => withRevoked.checked || state !== "revoked");
    const empty = h("li", { class: "empty", t: "keys.none" });
    list.replaceChildren(...(shown.length ? shown.map((key) => line(key, used.get(key.id), look)) : [empty]));
  }

  const make = () =>
    trying(async () => {
      const json = await keyForm();
      if (!json) return;
      const { key } = await ask("/v1/admin/keys", { method: "POST", json });
      await showSecret(key);
      await look();
    });

  place.append(h("h1", { t: "frame.section_keys" }), h("p", { class: "lead", t: "keys.lead" }), mine);
  if (may("admin")) {
    place.append(
      h(
        "div",
        { class: "row apart head" },
        h("h2", { t: "keys.all" }),
        h("label", { class: "check" }, withRevoked, h("span", { t: "keys.with_revoked" })),
        h("button", { type: "button", class: "primary", t: "keys.make", onclick: make }),
      ),
      list,
    );
  }
  document.addEventListener("languagechange", () => trying(look), { signal });
  await look();
}
