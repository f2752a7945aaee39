// A recording that the browser holds: how long it is, and the shape of its wave.

const LENGTH_MS = 4_000;
const PEAKS = 2_000;
const SLICE = 2_000_000;
const RATE_HZ = 8_000;
const MOST_BYTES = 300 * 2 ** 20;
const MOST_SECONDS = 2 * 3600;
// An hour of stereo at this rate is 230 MB of samples while the shape is found; more is not asked of a browser.

// Seconds, or null for what this browser cannot play.
export function lengthOf(url) {
  return new Promise((known) => {
    const probe = new Audio();
    const say = (seconds) => {
      clearTimeout(timer);
      probe.removeAttribute("src");
      known(Number.isFinite(seconds) ? seconds : null);
    };
    const timer = setTimeout(() => say(null), LENGTH_MS);
    probe.preload = "metadata";
    probe.addEventListener("loadedmetadata", () => say(probe.duration));
    probe.addEventListener("error", () => say(null));
    probe.src = url;
  });
}

// The loudest sample of each of PEAKS stretches, 0 to 1; null where the browser cannot read it or it is too long.
export async function peaksOf(blob, seconds) {
  if (seconds === null || seconds > MOST_SECONDS || blob.size > MOST_BYTES) return null;
  try {
    const decoder = new OfflineAudioContext(1, 1, RATE_HZ);
    const decoded = await decoder.decodeAudioData(await blob.arrayBuffer());
    return await peaks(decoded.getChannelData(0));
  } catch {
    return null;
  }
}

async function peaks(samples) {
  const found = new Float32Array(Math.min(PEAKS, samples.length));
  const width = samples.length / found.length;
  let since = 0;
  for (let i = 0; i < found.length; i += 1) {
    const [from, to] = [Math.floor(i * width), Math.floor((i + 1) * width)];
    for (let at = from; at < to; at += 1) found[i] = Math.max(found[i], Math.abs(samples[at]));
    since += to - from;
    if (since > SLICE) {
      since = 0;
      await new Promise((later) => setTimeout(later)); // the page stays alive meanwhile
    }
  }
  const loudest = Math.max(0.05, ...found);
  return found.map((peak) => peak / loudest);
}
