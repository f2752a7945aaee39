// What went wrong, said once at the head of the page: in the reader's language where the code is known, with the server's own
// words, its code and the id to look for in the log.

import { h } from "/console/dom.js";
import { has } from "/console/words.js";
import { askForKey } from "/console/key.js";

const KEY_CODES = new Set(["missing_api_key", "invalid_api_key", "missing_scope"]);

function place() {
  return document.getElementById("notices");
}

export function clearNotices() {
  place().replaceChildren();
}

// A refusal of the server, or any other error.
export function tell(problem) {
  if (problem?.name === "AbortError") return;
  const code = problem?.code ?? "internal";
  const known = has(`errors.${code}`) ? `errors.${code}` : "errors.other";
  const details = [code, problem?.status ? `HTTP ${problem.status}` : "", problem?.requestId ?? ""].filter(Boolean);
  const message = problem?.message ?? String(problem);
  const notice = h(
    "div",
    { class: "notice", "data-code": code },
    h("p", { class: "notice-head", t: [known, { seconds: problem?.retrySeconds ?? 5 }] }),
    message && h("p", { class: "notice-said", lang: "en" }, message),
    h("p", { class: "notice-code" }, details.join(" · ")),
    h(
      "div",
      { class: "row" },
      KEY_CODES.has(code) && h("button", { type: "button", t: "frame.enter_key", onclick: () => askForKey() }),
      h("button", { type: "button", class: "quiet", t: "frame.dismiss", onclick: () => notice.remove() }),
    ),
  );
  place().replaceChildren(notice);
}

// Runs an act of the user: what goes wrong in it is told.
export async function trying(act) {
  try {
    return await act();
  } catch (problem) {
    tell(problem);
    return undefined;
  }
}
