// What the status page shows of two readings of the metrics.

import { grown, quantiles, total } from "/console/metrics.js";

const OF_PAGES = ["/healthz", "/readyz", "/metrics", "/console", "/docs", "/overlay", "/v1/me", "/v1/admin/models"];

// Requests that somebody made, not probes and this console's own pages.
function isWork({ door }) {
  return door !== "/" && !OF_PAGES.some((path) => door.startsWith(path));
}

function rates(before, metrics, seconds) {
  const perSecond = (name, fits) => grown(before, metrics, name, fits) / seconds;
  return {
    requests: perSecond("asr_requests_total", isWork),
    refused: perSecond("asr_requests_total", (labels) => isWork(labels) && /^4(?!99)/.test(labels.outcome)),
    broke: perSecond("asr_requests_total", (labels) => isWork(labels) && labels.outcome.startsWith("5")),
    latency: quantiles(before, metrics, "asr_latency_seconds", [0.5, 0.95], isWork),
    busy: Math.min(1, perSecond("asr_engine_busy_seconds_total")),
    cpu: perSecond("process_cpu_seconds_total"),
  };
}

// before: { metrics, now } of the reading before, or null; now: seconds
export function sampleOf(metrics, before, now) {
  return {
    inHand: Math.max(0, total(metrics, "asr_requests_in_hand") - 1), // this one
    sessions: total(metrics, "asr_live_sessions"),
    waiting: total(metrics, "asr_queue_clips"),
    jobs: total(metrics, "asr_jobs_open"),
    memory: total(metrics, "process_resident_memory_bytes"),
    audioSeconds: total(metrics, "asr_audio_seconds_total"),
    rates: before ? rates(before.metrics, metrics, Math.max(0.001, now - before.now)) : null,
  };
}
