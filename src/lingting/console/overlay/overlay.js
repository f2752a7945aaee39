// Shows the last captions of a room over a picture. Options in the query: token, size (px), lines, color, outline,
// align (left, center, right), lang, hold (seconds that a caption stays after the last change; 0 is for ever). Text is
// only ever set as textContent.

import { Captions } from "/overlay/captions.js";
import { follow } from "/overlay/follow.js";

const query = new URLSearchParams(location.search);
const room = decodeURIComponent(location.pathname.split("/").at(-2));
const stage = document.getElementById("captions");
const trouble = document.getElementById("trouble");

function number(name, usual, low, high) {
  const given = Number(query.get(name) ?? usual);
  return Number.isFinite(given) ? Math.min(Math.max(given, low), high) : usual;
}

function color(name, property) {
  const given = query.get(name);
  if (given !== null && CSS.supports("color", given)) {
    document.documentElement.style.setProperty(property, given);
  }
}

const lines = Math.round(number("lines", 2, 1, 10));
document.documentElement.style.setProperty("--lines", String(lines));
document.documentElement.style.setProperty("--size", `${number("size", 48, 8, 300)}px`);
color("color", "--color");
color("outline", "--outline");
if (["left", "center", "right"].includes(query.get("align"))) {
  stage.style.textAlign = query.get("align");
}
const language = query.get("lang");

function show(captions) {
  stage.replaceChildren(
    ...captions.last(lines).map((caption) => {
      const line = document.createElement("p");
      line.className = caption.is_final ? "line" : "line open";
      line.lang = language ?? caption.language;
      line.textContent = caption.text;
      return line;
    }),
  );
}

function tell(problem) {
  trouble.textContent = problem ?? "";
  trouble.hidden = !problem;
}

const captions = new Captions();
const holdMs = number("hold", 10, 0, 3600) * 1000;
let hiding;

function hold() {
  clearTimeout(hiding);
  if (holdMs > 0) {
    hiding = setTimeout(() => stage.replaceChildren(), holdMs);
  }
}

follow(
  { room, token: query.get("token"), history: lines },
  {
    message(message) {
      captions.take(message);
      tell(null);
      if (message.type !== "status") {
        show(captions);
        hold();
      }
    },
    refused: tell,
  },
);
