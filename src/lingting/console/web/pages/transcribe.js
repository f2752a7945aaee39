// A recording becomes text: chosen or dropped, sent, followed, read. What is at work goes on while other pages are shown.

import { bytes } from "/console/amounts.js";
import { fill, h, icon } from "/console/dom.js";
import { trying } from "/console/notice.js";
import { options } from "/console/pages/options.js";
import { recognise } from "/console/pages/recognise.js";
import { reader } from "/console/reader.js";
import { loadWords, relabel, say } from "/console/words.js";

const MOST_FILES = 50;

let kept = null;

// Who calls is somebody else: nothing of the caller before stays.
document.addEventListener("keychange", () => {
  kept?.life.abort();
  kept = null;
});

function chooser(take) {
  const input = h("input", {
    type: "file",
    id: "files",
    class: "unseen",
    multiple: true,
    accept: "audio/*,video/*,.amr,.silk,.opus,.wma,.flac",
    onchange: () => {
      take([...input.files]);
      input.value = "";
    },
  });
  const zone = h(
    "label",
    { class: "drop", for: "files" },
    icon("upload"),
    h("strong", { t: "transcribe.drop" }),
    h("span", { class: "hint", t: "transcribe.kinds" }),
  );
  return [input, zone];
}

// Files may be dropped anywhere on the page; a browser left alone would show them instead.
function takeDrops(zone, take, signal) {
  const over = (isOver) => (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    zone.classList.toggle("over", isOver);
  };
  document.addEventListener("dragover", over(true), { signal });
  document.addEventListener("dragleave", over(false), { signal });
  document.addEventListener(
    "drop",
    (event) => {
      over(false)(event);
      take([...(event.dataTransfer?.files ?? [])]);
    },
    { signal },
  );
}

function work(file, asked, life) {
  const state = h("span", { class: "tag busy", t: "transcribe.waiting" });
  const bar = h("span");
  const meter = h("div", { class: "meter", role: "progressbar", "aria-label": file.name }, bar);
  const stop = new AbortController();
  life.addEventListener("abort", () => stop.abort());
  const cancel = h("button", { type: "button", class: "quiet", t: "frame.cancel", onclick: () => stop.abort() });
  const place = h("div");
  const card = h(
    "section",
    { class: "card work", "aria-label": file.name },
    h(
      "div",
      { class: "row apart" },
      h("div", { class: "grow" }, h("div", { class: "name" }, file.name), h("div", { class: "facts" }, bytes(file.size))),
      state,
      cancel,
    ),
    meter,
    place,
  );

  // ratio: null while nobody knows
  function progress(key, ratio) {
    say(state, key);
    meter.classList.toggle("unknown", ratio === null);
    bar.style.width = ratio === null ? "" : `${Math.round(ratio * 100)}%`;
    if (ratio === null) meter.removeAttribute("aria-valuenow");
    else meter.setAttribute("aria-valuenow", String(Math.round(ratio * 100)));
  }

  function over(key, shade) {
    say(state, key);
    state.className = `tag ${shade}`;
    meter.remove();
    cancel.remove();
  }

  async function run() {
    try {
      const transcript = await recognise(file, asked, { progress, signal: stop.signal });
      over("transcribe.ready", "good");
      place.append(await reader({ transcript, name: file.name, blob: file }, { signal: life }));
    } catch (problem) {
      over(problem.name === "AbortError" ? "transcribe.taken_back" : "transcribe.failed", "bad");
      throw problem;
    }
  }

  return { card, run };
}

// Several at once: the server says how many it takes, and puts the others in line.
async function runAll(works) {
  const line = [...works];
  const one = async () => {
    for (let next = line.shift(); next; next = line.shift()) await trying(next.run);
  };
  await Promise.all([one(), one()]);
}

async function build() {
  const life = new AbortController();
  let chosen = [];
  const wishes = await options();
  const list = h("ul", { class: "chosen" });
  const start = h("button", { type: "submit", class: "primary", t: "transcribe.start", disabled: true });
  const works = h("div");

  function showChosen() {
    list.replaceChildren(
      ...chosen.map((file, place) =>
        h(
          "li",
          {},
          h("span", { class: "name" }, file.name),
          h("span", { class: "facts" }, bytes(file.size)),
          h("button", {
            type: "button",
            class: "quiet",
            t: "transcribe.remove",
            onclick: () => {
              chosen.splice(place, 1);
              showChosen();
            },
          }),
        ),
      ),
    );
    start.disabled = chosen.length === 0;
  }

  function take(files) {
    chosen = [...chosen, ...files].slice(0, MOST_FILES);
    showChosen();
  }

  const [input, zone] = chooser(take);
  const form = h("form", { class: "card" }, input, zone, list, wishes.element, h("div", { class: "row end" }, start));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const begun = chosen.map((file) => work(file, wishes.read(), life.signal));
    chosen = [];
    showChosen();
    works.prepend(...begun.map(({ card }) => card));
    runAll(begun);
  });
  const element = h("div");
  fill(element, h("h1", { t: "transcribe.title" }), h("p", { class: "lead", t: "transcribe.lead" }), form, works);
  return { element, zone, take, life };
}

export async function show(place, { signal }) {
  await loadWords("player");
  kept ??= await build();
  relabel(kept.element);
  place.append(kept.element);
  takeDrops(kept.zone, kept.take, signal);
}
