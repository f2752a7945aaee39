// Subtitle rooms: made here, opened at #/rooms/NAME. A link for speakers is #/rooms/NAME/PUBLISH_TOKEN/VIEW_TOKEN.

import { h } from "/console/dom.js";
import { keepRoom, roomOf, rooms } from "/console/live/room_keys.js";
import { trying } from "/console/notice.js";
import { showRoom } from "/console/pages/room.js";
import { check } from "/console/pages/options.js";
import { ask } from "/console/server.js";
import { loadWords } from "/console/words.js";

function field(name, properties) {
  const id = `room-${name}`;
  return h("div", {}, h("label", { for: id, t: `rooms.${name}` }), h("input", { id, name, ...properties }));
}

async function make(form) {
  const named = (name) => form.querySelector(`[name="${name}"]`);
  const asked = { title: named("title").value.trim(), public: named("public").checked };
  const name = named("name").value.trim();
  const made = await ask("/v1/rooms", { method: "POST", json: name ? { ...asked, name } : asked });
  const view = asked.public ? "" : made.view_token;
  keepRoom({ name: made.room, title: asked.title, publish: made.publish_token, view });
  location.hash = `#/rooms/${encodeURIComponent(made.room)}`;
}

function makeForm() {
  const form = h(
    "form",
    { class: "card" },
    h(
      "div",
      { class: "grid" },
      field("title", { maxlength: 200 }),
      field("name", { maxlength: 64, pattern: "[A-Za-z0-9_\\-]+", placeholder: "talk-7", autocomplete: "off" }),
    ),
    check("public", "rooms.public"),
    h("div", { class: "row end" }, h("button", { type: "submit", class: "primary", t: "rooms.make" })),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    trying(() => make(form));
  });
  return form;
}

function line(room) {
  return h(
    "li",
    { class: "row apart" },
    h("div", { class: "grow" }, h("div", { class: "name" }, room.title || room.name), h("div", { class: "facts" }, room.name)),
    h("a", { class: "button", href: `#/rooms/${encodeURIComponent(room.name)}`, t: "rooms.open" }),
  );
}

export async function show(place, { signal, rest }) {
  await Promise.all(["listen", "player", "transcribe"].map(loadWords));
  const [name, publish, view] = rest;
  if (publish) {
    keepRoom({ name, title: "", publish, view: view ?? "" });
    history.replaceState(null, "", `#/rooms/${encodeURIComponent(name)}`); // tokens do not stay in the address
  }
  if (name && roomOf(name)) return showRoom(place, roomOf(name), signal);
  const known = rooms();
  const empty = h("li", { class: "empty", t: "rooms.none" });
  place.append(
    h("h1", { t: "frame.section_rooms" }),
    h("p", { class: "lead", t: "rooms.lead" }),
    ...(name ? [h("p", { class: "notice", role: "status", t: "rooms.forgotten" })] : []),
    makeForm(),
    h("h2", { t: "rooms.mine" }),
    h("ul", { class: "list card" }, ...(known.length ? known.map(line) : [empty])),
  );
  return undefined;
}
