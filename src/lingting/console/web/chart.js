// A small line chart over time. Lines are drawn as SVG, stretched to the width there is; numbers are text beside it.

import { h, svg } from "/console/dom.js";
import { text } from "/console/words.js";

const WIDTH = 300;
const HEIGHT = 100;
const STEPS = [1, 2, 2.5, 5, 10];

// The least round number that is not under what must fit.
function ceiling(value) {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return STEPS.find((step) => step * power >= value * 0.999) * power;
}

function path(values, top) {
  let drawn = "";
  let isDown = false;
  values.forEach((value, index) => {
    if (value === null) {
      isDown = false;
      return;
    }
    const x = (index / Math.max(1, values.length - 1)) * WIDTH;
    const y = HEIGHT - 2 - (value / top) * (HEIGHT - 4);
    const isAlone = !isDown && (values[index + 1] ?? null) === null;
    drawn += `${isDown ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}${isAlone ? "h0.01" : ""}`;
    isDown = true;
  });
  return drawn;
}

function legend({ name, values, shade }, form) {
  const last = values.findLast((value) => value !== null);
  return h(
    "span",
    { class: `legend shade-${shade}` },
    h("span", { class: "swatch" }),
    h("span", { t: name }),
    h("strong", {}, last === undefined ? "–" : form(last)),
  );
}

// title: a key of words; lines: [{ name: a key, values: [number | null], shade: 1 to 3 }], all of one length; form: number -> text
export function chart({ title, lines, form }) {
  const top = ceiling(Math.max(0, ...lines.flatMap(({ values }) => values)));
  const said = lines.map(({ name, values }) => {
    const last = values.findLast((value) => value !== null);
    return `${text(name)} ${last === undefined ? "–" : form(last)}`;
  });
  const drawing = svg(
    "svg",
    { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img", "aria-label": said.join(", ") },
    svg("path", { class: "rule", d: `M0 ${HEIGHT - 1}H${WIDTH}M0 ${HEIGHT / 2}H${WIDTH}M0 1H${WIDTH}` }),
    ...lines.map(({ values, shade }) => svg("path", { class: `line shade-${shade}`, d: path(values, top) })),
  );
  return h(
    "section",
    { class: "card chart" },
    h("h2", { t: title }),
    h("div", { class: "plot" }, drawing, h("span", { class: "top" }, form(top)), h("span", { class: "bottom" }, "0")),
    h("div", { class: "legends" }, ...lines.map((line) => legend(line, form))),
  );
}
