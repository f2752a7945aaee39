// One's own jobs: how far each is, what came of it, taking it back, forgetting it. #/jobs/ID shows one with its result.

import { clock, moment } from "/console/amounts.js";
import { confirmed, h } from "/console/dom.js";
import { every } from "/console/every.js";
import { clearNotices, tell, trying } from "/console/notice.js";
import { reader } from "/console/reader.js";
import { ask } from "/console/server.js";
import { fromVerbose } from "/console/transcript.js";
import { text } from "/console/words.js";

const EVERY_MS = 2_000;
const PAGE = 30;
const SHADES = {
  queued: "",
  running: "busy",
  succeeded: "good",
  failed: "bad",
  cancelling: "warn",
  cancelled: "",
};
const OPEN = new Set(["queued", "running", "cancelling"]);
const STATES = Object.keys(SHADES);

function meter({ state, progress }) {
  if (state !== "running") return null;
  const bar = h("span");
  const { ratio } = progress;
  if (ratio !== null) bar.style.width = `${Math.round(ratio * 100)}%`;
  return h(
    "div",
    {
      class: ratio === null ? "meter unknown" : "meter",
      role: "progressbar",
      tLabel: "jobs.progress",
      "aria-valuenow": ratio === null ? null : Math.round(ratio * 100),
    },
    bar,
  );
}

function facts(job) {
  const known = [text("jobs.made", { at: moment(job.created_at) })];
  if (job.progress.total_seconds) known.push(clock(job.progress.total_seconds));
  if (job.attempts > 1) known.push(text("jobs.attempts", { count: job.attempts }));
  return known.join(" · ");
}

function acts(job, again) {
  const path = `/v1/jobs/${job.id}`;
  const doing = (act) => () =>
    trying(async () => {
      await act();
      await again();
    });
  const cancel = doing(() => ask(`${path}/cancel`, { method: "POST" }));
  const forget = doing(async () => {
    if (await confirmed("jobs.forget_question", "jobs.forget")) await ask(path, { method: "DELETE" });
  });
  const labelled = (words) => ({ t: words, "aria-description": job.name });
  return h(
    "div",
    { class: "row" },
    job.state === "succeeded" && h("a", { class: "button", href: `#/jobs/${job.id}`, ...labelled("jobs.open") }),
    ["queued", "running"].includes(job.state) &&
      h("button", { type: "button", onclick: cancel, ...labelled("frame.cancel") }),
    !OPEN.has(job.state) && h("button", { type: "button", class: "quiet", onclick: forget, ...labelled("jobs.forget") }),
  );
}

function line(job, again) {
  return h(
    "li",
    { "data-job": job.id },
    h(
      "div",
      { class: "row apart" },
      h(
        "div",
        { class: "grow" },
        h("div", { class: "name" }, job.name || job.id),
        h("div", { class: "facts" }, facts(job)),
      ),
      h("span", { class: `tag ${SHADES[job.state] ?? ""}`, t: `jobs.state_${job.state}` }),
      acts(job, again),
    ),
    job.error && h("p", { class: "hint" }, `${job.error.code}: ${job.error.message}`),
    meter(job),
  );
}

async function showOne(place, id, signal) {
  const { job } = await ask(`/v1/jobs/${id}`, { signal });
  const transcript = fromVerbose(await ask(`/v1/jobs/${id}/result?format=verbose_json`, { signal }));
  place.append(
    h("p", {}, h("a", { href: "#/jobs", t: "jobs.all" })),
    h("h1", {}, job.name || job.id),
    h("p", { class: "lead" }, facts(job)),
    h("section", { class: "card" }, await reader({ transcript, name: job.name, blob: null }, { signal })),
  );
}

export async function show(place, { signal, rest }) {
  if (rest[0]) return showOne(place, encodeURIComponent(rest[0]), signal);
  const filter = h(
    "select",
    { id: "state" },
    h("option", { value: "", t: "jobs.any" }),
    ...STATES.map((state) => h("option", { value: state, t: `jobs.state_${state}` })),
  );
  const list = h("ul", { class: "list card" });
  const older = h("button", { type: "button", t: "jobs.older", hidden: true });
  place.append(
    h("h1", { t: "frame.section_jobs" }),
    h("p", { class: "lead", t: "jobs.lead" }),
    h("div", { class: "row filters" }, h("label", { for: "state", t: "jobs.state" }), filter),
    list,
    h("div", { class: "row end" }, older),
  );
  let limit = PAGE;
  let isTold = false;
  let shown = "";

  async function look() {
    const query = new URLSearchParams({ limit, ...(filter.value ? { state: filter.value } : {}) });
    const { jobs, next_cursor: next } = await ask(`/v1/jobs?${query}`, { signal });
    older.hidden = next === null || limit >= 200;
    const found = JSON.stringify(jobs);
    if (found !== shown) {
      // what has the focus keeps it: nothing is drawn anew that is as it was
      const focused = document.activeElement?.closest?.("[data-job]")?.dataset.job;
      const empty = h("li", { class: "empty", t: "jobs.none" });
      list.replaceChildren(...(jobs.length ? jobs.map((job) => line(job, look)) : [empty]));
      if (focused) list.querySelector(`[data-job="${focused}"] :is(a, button)`)?.focus();
      shown = found;
    }
    if (isTold) clearNotices();
    isTold = false;
  }

  const anew = () => {
    shown = "";
    return trying(look);
  };
  filter.addEventListener("change", anew);
  older.addEventListener("click", () => {
    limit = Math.min(200, limit + PAGE);
    return anew();
  });
  document.addEventListener("languagechange", anew, { signal });
  const failed = (problem) => {
    isTold = true;
    tell(problem);
  };
  every(EVERY_MS, look, { signal, failed });
  return undefined;
}
