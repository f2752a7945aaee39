// The words of the viewer's page in both languages: watch.json holds key -> [English, Chinese].

const KEPT = "lingting.language";
let table = {};
let chosen = localStorage.getItem(KEPT) ?? (navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en");

export async function loadWords() {
  table = await (await fetch("/overlay/watch.json")).json();
}

export function say(element, key) {
  element.dataset.text = key;
  element.textContent = text(key);
}

export function text(key) {
  return table[key][chosen === "zh" ? 1 : 0];
}

export function has(key) {
  return key in table;
}

export function relabel() {
  document.documentElement.lang = chosen === "zh" ? "zh-CN" : "en";
  for (const element of document.querySelectorAll("[data-text]")) element.textContent = text(element.dataset.text);
  for (const element of document.querySelectorAll("[data-label]")) element.setAttribute("aria-label", text(element.dataset.label));
  document.getElementById("language").textContent = chosen === "zh" ? "EN" : "中文";
}

export function switchLanguage() {
  chosen = chosen === "zh" ? "en" : "zh";
  localStorage.setItem(KEPT, chosen);
  relabel();
}
