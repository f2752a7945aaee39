// The frame: sections, language, colours, the key, and which page is shown.
//
// A page is pages/NAME.js with pages/NAME.css and words/NAME.json: `export function show(place, { signal, rest })` fills the place; `signal` is
// aborted when another page comes, `rest` is what stands behind the name in the address (#/jobs/ID: ["ID"]).

import { announce, h, icon } from "/console/dom.js";
import { askForKey, findCaller, may, showState } from "/console/key.js";
import { clearNotices, tell } from "/console/notice.js";
import { Refusal } from "/console/server.js";
import { nextTheme, showTheme } from "/console/theme.js";
import { language, loadWords, relabel, switchLanguage, text } from "/console/words.js";

// Name, and the scope without which a key sees nothing there.
const SECTIONS = [
  ["transcribe", "transcribe"],
  ["live", "stream"],
  ["rooms", "rooms"],
  ["talk", "chat"],
  ["jobs", "jobs"],
  ["history", "history"],
  ["keys", null],
  ["status", null],
];
const FIRST = SECTIONS[0][0];

let shown = new AbortController();

function asked() {
  const [name, ...rest] = location.hash.replace(/^#\/?/, "").split("/").map(decodeURIComponent);
  return SECTIONS.some(([section]) => section === name) ? { name, rest } : { name: FIRST, rest: [] };
}

function showSections() {
  const current = asked().name;
  const links = SECTIONS.filter(([, scope]) => scope === null || may(scope)).map(([name]) =>
    h(
      "a",
      { href: `#/${name}`, "aria-current": name === current ? "page" : null },
      icon(name),
      h("span", { t: `frame.section_${name}` }),
    ),
  );
  document.getElementById("sections").replaceChildren(...links);
}

// A page may have a sheet of its own, which stays once it was loaded.
function loadSheet(name) {
  const href = `/console/pages/${name}.css`;
  if (document.querySelector(`link[href="${href}"]`)) return null;
  const sheet = h("link", { rel: "stylesheet", href });
  document.head.append(sheet);
  return new Promise((loaded, failed) => {
    sheet.addEventListener("load", loaded);
    sheet.addEventListener("error", () => {
      sheet.remove(); // to be tried again
      failed();
    });
  });
}

async function loadPage(name) {
  try {
    const [page] = await Promise.all([import(`/console/pages/${name}.js`), loadWords(name), loadSheet(name)]);
    return page;
  } catch {
    throw new Refusal({ code: "unreachable", message: "" });
  }
}

async function showPage({ isFirst = false } = {}) {
  shown.abort();
  shown = new AbortController();
  const { signal } = shown;
  const { name, rest } = asked();
  clearNotices();
  openMenu(false);
  showSections();
  try {
    const page = await loadPage(name);
    if (signal.aborted) return;
    const place = h("div", { class: `page page-${name}` });
    document.getElementById("page").replaceChildren(place);
    await page.show(place, { signal, rest });
  } catch (problem) {
    if (!signal.aborted) {
      headUp(name);
      tell(problem);
    }
  }
  if (signal.aborted) return;
  nameTab();
  if (!isFirst) document.getElementById("main").focus({ preventScroll: true });
}

// What could not be shown has its name at least.
function headUp(name) {
  const place = document.getElementById("page");
  if (!place.querySelector("h1")) place.prepend(h("h1", { t: `frame.section_${name}` }));
}

function nameTab() {
  const title = text(`frame.section_${asked().name}`);
  document.title = `${title} · Lingting`;
  announce(title);
}

function openMenu(isOpen) {
  document.getElementById("menu-button").setAttribute("aria-expanded", String(isOpen));
  document.getElementById("sections").classList.toggle("open", isOpen);
}

function showLanguage() {
  document.getElementById("language-button").textContent = language() === "zh" ? "EN" : "中文";
}

async function callAgain() {
  try {
    await findCaller();
    await showPage();
  } catch (problem) {
    document.getElementById("page").replaceChildren();
    tell(problem);
  }
}

function listen() {
  window.addEventListener("hashchange", () => showPage());
  document.addEventListener("keychange", callAgain);
  document.addEventListener("callerchange", showSections);
  document.addEventListener("languagechange", () => {
    showLanguage();
    nameTab();
  });
  document.getElementById("key-button").addEventListener("click", askForKey);
  document.getElementById("theme-button").addEventListener("click", nextTheme);
  document.getElementById("language-button").addEventListener("click", switchLanguage);
  const menu = document.getElementById("menu-button");
  menu.addEventListener("click", () => openMenu(menu.getAttribute("aria-expanded") !== "true"));
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && menu.getAttribute("aria-expanded") === "true") {
      openMenu(false);
      menu.focus();
    }
  });
  document.querySelector(".skip").addEventListener("click", (event) => {
    event.preventDefault();
    document.getElementById("main").focus();
  });
}

async function begin() {
  await Promise.all([loadWords("frame"), loadWords("errors"), loadWords("languages")]);
  relabel();
  showTheme();
  showLanguage();
  listen();
  try {
    await findCaller();
  } catch (problem) {
    showSections();
    showState();
    tell(problem);
    if (["missing_api_key", "invalid_api_key"].includes(problem.code)) await askForKey();
    return;
  }
  await showPage({ isFirst: true });
}

begin();
