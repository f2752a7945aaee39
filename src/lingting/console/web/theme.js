// Light, dark, or as the system says.

import { sayLabel } from "/console/words.js";

const KEPT = "lingting.theme";
const THEMES = ["auto", "light", "dark"];
const ICONS = { auto: "auto", light: "sun", dark: "moon" };
const LABELS = { auto: "frame.theme_auto", light: "frame.theme_light", dark: "frame.theme_dark" };

let chosen = THEMES.includes(localStorage.getItem(KEPT)) ? localStorage.getItem(KEPT) : "auto";

export function showTheme() {
  if (chosen === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = chosen;
  document.getElementById("theme-icon").setAttribute("href", `/console/icons.svg#${ICONS[chosen]}`);
  sayLabel(document.getElementById("theme-button"), LABELS[chosen]);
  document.dispatchEvent(new Event("themechange"));
}

export function nextTheme() {
  chosen = THEMES[(THEMES.indexOf(chosen) + 1) % THEMES.length];
  localStorage.setItem(KEPT, chosen);
  showTheme();
}
