// A transcript as a file, written by the server's own renderer.

import { h } from "/console/dom.js";
import { trying } from "/console/notice.js";
import { request } from "/console/server.js";
import { toVerbose } from "/console/transcript.js";

const FORMATS = ["srt", "vtt", "txt", "json"];

export function save(blob, name) {
  const url = URL.createObjectURL(blob);
  h("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

async function download(transcript, name, format) {
  const answer = await request("/v1/subtitles", { method: "POST", json: { ...toVerbose(transcript), format } });
  save(await answer.blob(), `${name.replace(/\.\w{1,5}$/, "") || "transcript"}.${format}`);
}

// A button for each form; current() gives the transcript as it is when one is pressed.
export function downloads(current, name) {
  const get = (format) => () => trying(() => download(current(), name, format));
  return [
    h("span", { class: "hint", t: "player.download" }),
    ...FORMATS.map((format) => h("button", { type: "button", onclick: get(format) }, format.toUpperCase())),
  ];
}
