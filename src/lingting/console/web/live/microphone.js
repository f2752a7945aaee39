// The microphone as pieces of 16-bit samples, at 16 kHz where the browser can, else at its own rate.

import { Refusal } from "/console/server.js";

const RATE_HZ = 16_000;
const HIGHEST_RATE_HZ = 48_000;
const CODES = {
  NotAllowedError: "microphone_denied",
  SecurityError: "microphone_denied",
  NotFoundError: "microphone_missing",
  OverconstrainedError: "microphone_missing",
  NotReadableError: "microphone_busy",
  AbortError: "microphone_busy",
};

async function stream({ device, cancelsEcho }) {
  // Without https or localhost a browser has no microphones at all.
  if (!navigator.mediaDevices?.getUserMedia) throw new Refusal({ code: "microphone_insecure", message: "" });
  const wish = { channelCount: 1, echoCancellation: cancelsEcho, noiseSuppression: false, autoGainControl: true };
  try {
    return await navigator.mediaDevices.getUserMedia({ audio: device ? { ...wish, deviceId: { exact: device } } : wish });
  } catch (problem) {
    throw new Refusal({ code: CODES[problem.name] ?? "microphone_busy", message: "" });
  }
}

// Firefox joins no microphone to a context of another rate.
async function contextOf(heard) {
  const context = new AudioContext({ sampleRate: RATE_HZ });
  try {
    return { context, source: context.createMediaStreamSource(heard) };
  } catch {
    await context.close();
    const own = new AudioContext();
    return { context: own, source: own.createMediaStreamSource(heard) };
  }
}

async function tapped(heard) {
  const { context, source } = await contextOf(heard);
  try {
    await context.audioWorklet.addModule("/console/live/capture.js");
  } catch {
    await context.close();
    throw new Refusal({ code: "unreachable", message: "" });
  }
  const tap = new AudioWorkletNode(context, "capture", { numberOfOutputs: 0, channelCount: 1, channelCountMode: "explicit" });
  source.connect(tap);
  await context.resume();
  return { context, tap };
}

// A phone whose screen goes dark closes the microphone; where it may, the page keeps it on. Gives a function that lets go.
function keepAwake() {
  const held = navigator.wakeLock?.request("screen").catch(() => null); // refused where the battery is low
  return () => held?.then((lock) => lock?.release());
}

// piece(samples) hears each tenth of a second, lost(refusal) that the device has gone.
// raises a Refusal: microphone_denied, microphone_missing, microphone_busy, microphone_insecure
export async function openMicrophone({ device = "", cancelsEcho = true }, { piece, lost }) {
  const heard = await stream({ device, cancelsEcho });
  const [track] = heard.getAudioTracks();
  let parts;
  try {
    parts = await tapped(heard);
  } catch (problem) {
    track.stop();
    throw problem;
  }
  parts.tap.port.onmessage = ({ data }) => piece(data);
  track.addEventListener("ended", () => lost(new Refusal({ code: "microphone_lost", message: "" })));
  const letSleep = keepAwake();
  const close = () => {
    letSleep();
    parts.tap.port.onmessage = null;
    track.stop();
    parts.context.close();
  };
  const own = parts.context.sampleRate;
  return { rateHz: own / Math.ceil(own / HIGHEST_RATE_HZ), close };
}

// Their names are known once the microphone was allowed.
export async function microphones() {
  const all = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
  return all.filter(({ kind, deviceId, label }) => kind === "audioinput" && deviceId && label);
}
