// The captions of a room for somebody who reads along: all that were said, the newest at the end, in a size and in colours of
// one's own. Options in the query: token, size (px), lang (of the text, for its fonts). Text is only ever set as textContent.

import { Captions } from "/overlay/captions.js";
import { follow } from "/overlay/follow.js";
import { has, loadWords, relabel, say, switchLanguage, text } from "/overlay/watch_words.js";

const HISTORY = 100;
const SIZES = { smallest: 14, usual: 28, largest: 120, step: 1.15 };
const NEAR_PX = 80;
const THEMES = ["auto", "light", "dark"];
const KEPT = { size: "lingting.watch.size", theme: "lingting.theme" };

const query = new URLSearchParams(location.search);
const room = decodeURIComponent(location.pathname.split("/").at(-2));
const place = (id) => document.getElementById(id);
const stage = place("captions");
const captions = new Captions();
let spoken = "";

function setSize(px) {
  const bounded = Math.min(Math.max(px, SIZES.smallest), SIZES.largest);
  document.documentElement.style.setProperty("--size", `${bounded}px`);
  localStorage.setItem(KEPT.size, String(bounded));
  return bounded;
}

let size = setSize(Number(query.get("size") ?? localStorage.getItem(KEPT.size)) || SIZES.usual);

function setTheme(theme) {
  if (theme === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  localStorage.setItem(KEPT.theme, theme);
}

function isAtEnd() {
  return stage.scrollHeight - stage.scrollTop - stage.clientHeight < NEAR_PX;
}

function toEnd() {
  stage.scrollTop = stage.scrollHeight;
  place("newest").hidden = true;
}

// Lines that did not change stay as they are, so that what is marked or read aloud is not disturbed.
function show() {
  const follows = isAtEnd();
  const lines = captions.last(HISTORY);
  const known = new Map([...stage.children].map((line) => [line.dataset.id, line]));
  const shown = lines.map((caption) => {
    const line = known.get(caption.id) ?? document.createElement("p");
    line.dataset.id = caption.id;
    line.className = caption.is_final ? "" : "open";
    line.lang = query.get("lang") ?? caption.language;
    if (line.textContent !== caption.text) line.textContent = caption.text;
    return line;
  });
  known.forEach((line) => shown.includes(line) || line.remove());
  shown.forEach((line, at) => stage.children[at] === line || stage.insertBefore(line, stage.children[at] ?? null));
  place("empty").hidden = lines.length > 0;
  if (follows) toEnd();
  else place("newest").hidden = false;
  speak(lines.filter((caption) => caption.is_final).at(-1));
}

function speak(last) {
  if (!last || last.id === spoken) return;
  spoken = last.id;
  place("spoken").textContent = last.text;
}

function state(key) {
  say(place("state"), key);
  place("state").className = key;
}

function take(message) {
  captions.take(message);
  if (message.type === "snapshot") {
    place("title").textContent = message.title || text("title");
    document.title = message.title || text("title");
  }
  if (message.type === "ended") state("ended");
  else if (message.type !== "caption") state(message.live ? "live" : "waiting");
  if (message.type !== "status") show();
}

function listen() {
  place("smaller").addEventListener("click", () => (size = setSize(size / SIZES.step)));
  place("larger").addEventListener("click", () => (size = setSize(size * SIZES.step)));
  place("language").addEventListener("click", switchLanguage);
  place("newest").addEventListener("click", toEnd);
  stage.addEventListener("scroll", () => isAtEnd() && (place("newest").hidden = true));
  place("colors").addEventListener("click", () => {
    const now = document.documentElement.dataset.theme ?? "auto";
    setTheme(THEMES[(THEMES.indexOf(now) + 1) % THEMES.length]);
  });
  const file = new URL(`/v1/rooms/${encodeURIComponent(room)}/transcript?format=txt`, location.href);
  if (query.get("token")) file.searchParams.set("token", query.get("token"));
  place("file").href = file;
}

async function begin() {
  await loadWords();
  relabel();
  setTheme(THEMES.includes(localStorage.getItem(KEPT.theme)) ? localStorage.getItem(KEPT.theme) : "auto");
  listen();
  place("title").textContent = text("title");
  state("connecting");
  follow(
    { room, token: query.get("token"), history: HISTORY },
    {
      message: take,
      lost: () => place("state").className === "ended" || state("lost"),
      refused: (_, code) => state(has(code) ? code : "full"),
    },
  );
}

begin();
