// The words of the console in Chinese and English. Each page has a table in words/PAGE.json: key -> [English, Chinese];
// {name} in a text stands for a value. An element remembers its key, so that the language can change under a page that
// is at work.

const LANGUAGES = ["en", "zh"];
const KEPT = "lingting.language";
const tables = {};

let chosen = localStorage.getItem(KEPT) ?? (navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en");

export function language() {
  return chosen;
}

// For dates and numbers.
export function locale() {
  return chosen === "zh" ? "zh-CN" : "en-GB";
}

export async function loadWords(page) {
  if (tables[page]) return;
  const answer = await fetch(`/console/words/${page}.json`);
  if (!answer.ok) throw new Error(`words/${page}.json: ${answer.status}`);
  tables[page] = await answer.json();
}

export function has(key) {
  const [page, name] = key.split(".", 2);
  return name in (tables[page] ?? {});
}

export function text(key, values = {}) {
  const [page, name] = key.split(".", 2);
  const found = tables[page]?.[name];
  if (!found) return key;
  return found[LANGUAGES.indexOf(chosen)].replace(/\{(\w+)\}/g, (whole, value) => String(values[value] ?? whole));
}

function keep(element, slot, key, values) {
  element.setAttribute(`data-t${slot}`, key);
  if (values) element.setAttribute(`data-v${slot}`, JSON.stringify(values));
  else element.removeAttribute(`data-v${slot}`);
}

export function say(element, key, values) {
  keep(element, "", key, values);
  element.textContent = text(key, values);
}

// An element that holds something of its own again, and no longer a text of the table.
export function unsay(element, own = "") {
  element.removeAttribute("data-t");
  element.removeAttribute("data-v");
  element.textContent = own;
}

export function sayLabel(element, key, values) {
  keep(element, "-label", key, values);
  element.setAttribute("aria-label", text(key, values));
}

export function sayTitle(element, key, values) {
  keep(element, "-title", key, values);
  element.title = text(key, values);
}

export function sayPlaceholder(element, key, values) {
  keep(element, "-placeholder", key, values);
  element.setAttribute("placeholder", text(key, values));
}

const SLOTS = { "": say, "-label": sayLabel, "-title": sayTitle, "-placeholder": sayPlaceholder };

// Says everything under the root again, in the language that holds now.
export function relabel(root = document) {
  for (const [slot, set] of Object.entries(SLOTS)) {
    for (const element of root.querySelectorAll(`[data-t${slot}]`)) {
      const values = element.getAttribute(`data-v${slot}`);
      set(element, element.getAttribute(`data-t${slot}`), values === null ? undefined : JSON.parse(values));
    }
  }
  document.documentElement.lang = chosen === "zh" ? "zh-CN" : "en";
}

// Pages that show dates, numbers or charts listen for "languagechange" on the document and show them again.
export function switchLanguage() {
  chosen = LANGUAGES[(LANGUAGES.indexOf(chosen) + 1) % LANGUAGES.length];
  localStorage.setItem(KEPT, chosen);
  relabel();
  document.dispatchEvent(new Event("languagechange"));
}
