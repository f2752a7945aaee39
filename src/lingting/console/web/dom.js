// Builds elements. Text only ever becomes text: there is no way in for markup.
//
// h("p", { class: "note", t: "jobs.none" })           text from the table of words, kept right when the language changes
// h("button", { onclick: act, tLabel: "frame.menu" }) aria-label from the table
// h("td", {}, name, " ", icon("key"))                 children: nodes and plain text; null and false are left out

import { say, sayLabel, sayTitle, sayPlaceholder } from "/console/words.js";

const SVG = "http://www.w3.org/2000/svg";
const SPECIAL = {
  t: say,
  tLabel: sayLabel,
  tTitle: sayTitle,
  tPlaceholder: sayPlaceholder,
};

export function h(name, properties = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (key in SPECIAL) SPECIAL[key](element, ...[value].flat());
    else if (key === "class") element.className = value;
    else if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key === "value") element.value = value;
    else if (key in element && !key.startsWith("aria-") && typeof value !== "string") element[key] = value;
    else element.setAttribute(key, value === true ? "" : String(value));
  }
  return fill(element, ...children);
}

// Adds nodes and texts; null, undefined, false and "" are left out.
export function fill(element, ...children) {
  element.append(...children.flat().filter((child) => child || child === 0));
  return element;
}

export function svg(name, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  element.append(...children);
  return element;
}

export function icon(name) {
  return svg("svg", { class: "icon", "aria-hidden": "true" }, svg("use", { href: `/console/icons.svg#${name}` }));
}

// Says a text to those who listen to the screen instead of looking at it.
export function announce(text) {
  document.getElementById("spoken").textContent = text;
}

// A question that must be answered: resolves to the value of the button that was pressed, or "" for none of them.
export function ask(properties, ...children) {
  const dialog = h("dialog", properties, h("form", { method: "dialog" }, ...children));
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((answered) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      answered(dialog.returnValue);
    });
  });
}

export function confirmed(question, action) {
  const id = "question";
  return ask(
    { class: "small", "aria-labelledby": id },
    h("p", { id, t: question }),
    h(
      "div",
      { class: "row end" },
      h("button", { value: "", t: "frame.cancel", autofocus: true }),
      h("button", { value: "yes", class: "danger", t: action }),
    ),
  ).then((answer) => answer === "yes");
}
