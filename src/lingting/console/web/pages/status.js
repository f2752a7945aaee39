// How the server is: health, load, latency, errors, models.

import { bytes, clock, milliseconds, number } from "/console/amounts.js";
import { chart } from "/console/chart.js";
import { fill, h } from "/console/dom.js";
import { every } from "/console/every.js";
import { may } from "/console/key.js";
import { clearNotices, tell } from "/console/notice.js";
import { ask, request } from "/console/server.js";
import { sampleOf } from "/console/pages/samples.js";
import { modelTable } from "/console/pages/models.js";
import { readMetrics } from "/console/metrics.js";
import { say } from "/console/words.js";

const EVERY_MS = 3_000;
const KEPT = 200;
const STATES = { ready: "good", starting: "warn", failing: "bad", stopping: "warn", gone: "bad" };

// Readings and samples of this tab; they outlive the page, so that charts go on when it is shown again.
let before = null;
const samples = [];

async function health() {
  const answer = await fetch("/readyz", { cache: "no-store" });
  return answer.json();
}

async function measure() {
  const metrics = readMetrics(await (await request("/metrics")).text());
  const now = performance.now() / 1000;
  const sample = sampleOf(metrics, before, now);
  before = { metrics, now };
  if (sample.rates) samples.push(sample);
  samples.splice(0, samples.length - KEPT);
  return sample;
}

function line(name, shade, pick) {
  return { name, shade, values: samples.map(pick) };
}

function charts() {
  const perSecond = (value) => `${number(value, value < 10 ? 2 : 0)}/s`;
  const share = (value) => `${number(value * 100)} %`;
  return [
    chart({
      title: "status.requests",
      form: perSecond,
      lines: [line("status.served", 1, (sample) => sample.rates.requests)],
    }),
    chart({
      title: "status.latency",
      form: milliseconds,
      lines: [
        line("status.half", 1, (sample) => sample.rates.latency?.[0] ?? null),
        line("status.most", 2, (sample) => sample.rates.latency?.[1] ?? null),
      ],
    }),
    chart({
      title: "status.load",
      form: share,
      lines: [line("status.engine_busy", 1, (sample) => sample.rates.busy), line("status.cpu", 2, (s) => s.rates.cpu)],
    }),
    chart({
      title: "status.errors",
      form: perSecond,
      lines: [
        line("status.refused", 2, (sample) => sample.rates.refused),
        line("status.broke", 3, (sample) => sample.rates.broke),
      ],
    }),
  ];
}

function tile(name, value) {
  return h("div", { class: "tile" }, h("dt", { t: name }), h("dd", {}, value));
}

function tiles(sample) {
  return [
    tile("status.in_hand", number(sample.inHand)),
    tile("status.sessions", number(sample.sessions)),
    tile("status.waiting", number(sample.waiting)),
    tile("status.jobs_open", number(sample.jobs)),
    tile("status.memory", bytes(sample.memory)),
    tile("status.recognised", clock(sample.audioSeconds)),
  ];
}

function checks(report) {
  return Object.entries(report.checks).map(([name, check]) =>
    h(
      "tr",
      {},
      h("th", { scope: "row", class: "mono" }, name),
      h("td", {}, h("span", { class: `tag ${check.status === "ok" ? "good" : check.required ? "bad" : "warn"}` }, check.status)),
      h("td", {}, milliseconds((check.milliseconds ?? 0) / 1000)),
      h("td", { class: "mono" }, check.reason ?? ""),
    ),
  );
}

function table(head, rows) {
  return h(
    "div",
    { class: "table-place" },
    h("table", {}, h("thead", {}, h("tr", {}, ...head.map((key) => h("th", { scope: "col", t: key })))), rows),
  );
}

export async function show(place, { signal }) {
  const state = h("span", { class: "tag" });
  const facts = h("dl", { class: "tiles" });
  const drawn = h("div", { class: "charts" });
  const found = h("tbody");
  const models = h("div");
  fill(
    place,
    h("div", { class: "row apart" }, h("h1", { t: "status.title" }), state),
    h("p", { class: "lead", t: "status.lead" }),
    facts,
    drawn,
    may("metrics") ? null : h("p", { class: "card", t: "status.no_metrics" }),
    h(
      "section",
      { class: "card" },
      h("h2", { t: "status.checks" }),
      table(["status.part", "status.state", "status.took", "status.reason"], found),
    ),
    models,
  );
  if (!may("metrics")) place.querySelectorAll(".tiles, .charts").forEach((part) => part.remove());
  let isGone = false;
  const failed = (problem) => {
    isGone = true;
    state.className = "tag bad";
    say(state, "status.is_gone");
    tell(problem.code ? problem : { code: "unreachable", message: "" });
  };
  const look = async () => {
    const report = await health();
    state.className = `tag ${STATES[report.status] ?? ""}`;
    say(state, `status.is_${report.status}`);
    found.replaceChildren(...checks(report));
    if (may("metrics")) {
      facts.replaceChildren(...tiles(await measure()));
      drawn.replaceChildren(...charts());
    }
    if (may("admin")) models.replaceChildren(modelTable(await ask("/v1/admin/models"), look));
    if (isGone) clearNotices();
    isGone = false;
  };
  document.addEventListener("languagechange", () => samples.length && drawn.replaceChildren(...charts()), { signal });
  every(EVERY_MS, look, { signal, failed });
}
