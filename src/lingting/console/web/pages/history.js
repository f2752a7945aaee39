// What was kept of one's own: found, read, played, erased. #/history/ID shows one record.

import { clock, moment } from "/console/amounts.js";
import { announce, confirmed, h } from "/console/dom.js";
import { trying } from "/console/notice.js";
import { reader } from "/console/reader.js";
import { ask, request } from "/console/server.js";
import { fromVerbose } from "/console/transcript.js";
import { has, text } from "/console/words.js";

const PAGE = 20;
const MOST_AUDIO_SECONDS = 3 * 3600;

function languageOf(code) {
  return has(`languages.${code}`) ? text(`languages.${code}`) : code;
}

function facts(record) {
  const parts = [moment(record.created), clock(record.duration_seconds), languageOf(record.language)];
  return [...parts, text(`history.kind_${record.kind}`), record.model].filter(Boolean).join(" · ");
}

async function erase(record) {
  if (!(await confirmed("history.erase_question", "history.erase"))) return false;
  await ask(`/v1/history/${record.id}`, { method: "DELETE" });
  announce(text("history.erased"));
  return true;
}

function hitLine(hit) {
  return h("li", {}, h("span", { class: "facts" }, clock(hit.start)), " ", hit.text);
}

function line(record, gone) {
  const erasing = () =>
    trying(async () => {
      if (await erase(record)) gone();
    });
  return h(
    "li",
    { "data-record": record.id },
    h(
      "div",
      { class: "row apart" },
      h("div", { class: "facts grow" }, facts(record)),
      h("a", { class: "button", href: `#/history/${record.id}`, t: "history.open" }),
      h("button", { type: "button", class: "quiet", t: "history.erase", onclick: erasing }),
    ),
    h("p", { class: "excerpt", lang: record.language }, record.text || text("history.empty_text")),
    record.hits?.length ? h("ul", { class: "hits" }, ...record.hits.map(hitLine)) : null,
  );
}

async function showOne(place, id, signal) {
  const record = await ask(`/v1/history/${id}`, { signal });
  const plays = record.has_audio && record.duration_seconds < MOST_AUDIO_SECONDS;
  const blob = plays ? await (await request(`/v1/history/${id}/audio`, { signal })).blob() : null;
  const transcript = fromVerbose(record.transcript);
  const erasing = () =>
    trying(async () => {
      if (await erase(record)) location.hash = "#/history";
    });
  place.append(
    h("p", {}, h("a", { href: "#/history", t: "history.all" })),
    h("h1", {}, moment(record.created)),
    h("p", { class: "lead" }, facts(record)),
    h("section", { class: "card" }, await reader({ transcript, name: record.id, blob }, { signal })),
    h("div", { class: "row end" }, h("button", { type: "button", class: "danger", t: "history.erase", onclick: erasing })),
  );
}

function searchForm(find) {
  const field = h("input", { type: "search", id: "query", maxlength: 200, tPlaceholder: "history.example" });
  const kind = h(
    "select",
    { id: "kind" },
    h("option", { value: "", t: "history.any" }),
    ...["file", "stream", "job"].map((name) => h("option", { value: name, t: `history.kind_${name}` })),
  );
  const since = h("input", { type: "date", id: "since" });
  const form = h(
    "form",
    { class: "card search", role: "search" },
    h("div", { class: "wide" }, h("label", { for: "query", t: "history.query" }), field),
    h("div", {}, h("label", { for: "kind", t: "history.kind" }), kind),
    h("div", {}, h("label", { for: "since", t: "history.since" }), since),
    h("button", { type: "submit", class: "primary", t: "history.find" }),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    find();
  });
  const asked = () =>
    Object.fromEntries(Object.entries({ q: field.value.trim(), kind: kind.value, since: since.value }).filter(([, v]) => v));
  return { form, asked };
}

export async function show(place, { signal, rest }) {
  if (rest[0]) return showOne(place, encodeURIComponent(rest[0]), signal);
  const list = h("ul", { class: "list card" });
  const older = h("button", { type: "button", t: "history.older", hidden: true });
  let records = [];
  let cursor = null;
  const { form, asked } = searchForm(() => trying(() => look({ isFirst: true })));

  function showRecords() {
    const empty = h("li", { class: "empty", t: "history.none" });
    const gone = (record) => () => {
      records = records.filter(({ id }) => id !== record.id);
      showRecords();
    };
    list.replaceChildren(...(records.length ? records.map((record) => line(record, gone(record))) : [empty]));
    older.hidden = cursor === null;
  }

  async function look({ isFirst }) {
    const query = new URLSearchParams({ limit: PAGE, text: true, ...asked(), ...(isFirst ? {} : { cursor }) });
    const answer = await ask(`/v1/history?${query}`, { signal });
    records = isFirst ? answer.records : [...records, ...answer.records];
    cursor = answer.next_cursor;
    showRecords();
    if (isFirst) announce(text("history.found", { count: records.length }));
  }

  older.addEventListener("click", () => trying(() => look({ isFirst: false })));
  document.addEventListener("languagechange", showRecords, { signal });
  place.append(
    h("h1", { t: "frame.section_history" }),
    h("p", { class: "lead", t: "history.lead" }),
    form,
    list,
    h("div", { class: "row end" }, older),
  );
  return look({ isFirst: true });
}
