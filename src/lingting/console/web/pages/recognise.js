// One recording to the server and its transcript back: as a job, which outlives a lost connection and says how far it is, or,
// for keys that may not have jobs, in one request.

import { pause } from "/console/every.js";
import { may } from "/console/key.js";
import { ask, Refusal, upload } from "/console/server.js";
import { fromTimed, fromVerbose } from "/console/transcript.js";

const FIRST_MS = 300;
const LONGEST_MS = 3_000;
const PASSING = new Set([429, 503]);
// Busy, starting, stopping: a while later it answers again.
const TIMED = { response_format: "verbose_json", "timestamp_granularities[]": ["segment", "word"] };

function formOf(file, fields) {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) [value].flat().forEach((each) => form.append(name, each));
  form.append("file", file, file.name); // last, so that a field that is wrong is found before the recording has come
  return form;
}

async function atOnce(file, fields, { onProgress, signal }) {
  const { task, ...rest } = fields;
  const model = rest.model ?? (await ask("/v1/models", { signal })).data[0].id;
  const door = task === "translate" ? "translations" : "transcriptions";
  const form = formOf(file, { ...rest, ...TIMED, model });
  return fromTimed((await upload(`/v1/audio/${door}`, form, { onProgress, signal })).body);
}

async function asJob(file, fields, { progress, onProgress, signal }) {
  const sending = new AbortController();
  let isSent = false;
  const posted = upload("/v1/jobs", formOf(file, { ...fields, words: "true" }), {
    onProgress(ratio) {
      isSent = ratio === 1;
      onProgress(ratio);
    },
    signal: sending.signal,
  });
  function takeBack() {
    if (!isSent) sending.abort(); // what was sent whole becomes a job, whose name is waited for
    posted
      .then(({ body }) => ask(`/v1/jobs/${body.job.id}/cancel`, { method: "POST" }))
      .catch(() => {}); // it may have ended by itself
  }
  signal.addEventListener("abort", takeBack);
  try {
    const { body } = await Promise.race([posted, aborted(signal)]);
    const path = `/v1/jobs/${body.job.id}`;
    await ended(path, { progress, signal });
    return fromVerbose(await ask(`${path}/result?format=verbose_json`, { signal }));
  } finally {
    signal.removeEventListener("abort", takeBack);
  }
}

function aborted(signal) {
  return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
}

// Waits for a job; a server that is away for a while costs nothing, for the job is kept.
async function ended(path, { progress, signal }) {
  let wait = FIRST_MS;
  for (;;) {
    try {
      const { job } = await ask(path, { signal });
      if (job.state === "succeeded") return;
      if (job.state === "failed") throw new Refusal({ ...job.error });
      if (job.state === "cancelled") throw new DOMException("taken back", "AbortError");
      progress(job.state === "queued" ? "transcribe.queued" : "transcribe.running", job.progress.ratio);
    } catch (problem) {
      if (problem.code !== "unreachable" && !PASSING.has(problem.status)) throw problem;
      progress("transcribe.away", null);
      wait = Math.max(wait, (problem.retrySeconds ?? 0) * 1_000);
    }
    await pause(wait, signal);
    wait = Math.min(LONGEST_MS, wait * 1.3);
  }
}

// progress(key, ratio) hears of each step; raises a Refusal, or an AbortError once the signal says so
export async function recognise(file, fields, { progress, signal }) {
  const onProgress = (ratio) =>
    ratio < 1 ? progress("transcribe.sending", ratio) : progress("transcribe.running", null);
  signal.throwIfAborted();
  progress("transcribe.sending", 0);
  return may("jobs")
    ? asJob(file, fields, { progress, onProgress, signal })
    : atOnce(file, fields, { onProgress, signal });
}
