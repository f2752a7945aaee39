// Why a socket was closed, and what to do about it.

import { may } from "/console/key.js";
import { ask, Refusal } from "/console/server.js";

const COMES_BACK = new Set(["client_too_slow", "session_not_found"]);
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 8_000;

// What an ERROR of a socket says.
export function refusalOf({ code, message, param, retry_after_ms: wait }) {
  return new Refusal({ code, message, param, retrySeconds: wait ? Math.ceil(wait / 1_000) : null });
}

// "over": stay away, and say why. "again": go on where it was. "anew": begin another session.
export function afterClose({ code, reason }) {
  if (reason === "session_not_found" || reason === "too_long" || code === 1012) return "anew";
  if (code === 1000 || code === 1009) return "over";
  if (code === 1008) return COMES_BACK.has(reason) ? "again" : "over";
  return "again";
}

// A browser does not tell why a handshake was refused; the same key at another door does.
// raises the Refusal that stands in the way; ends where another try makes sense
export async function lookWhy(scope) {
  try {
    await ask("/v1/me");
  } catch (problem) {
    if (problem.status === 401 || problem.status === 403) throw problem;
    return problem;
  }
  if (!may(scope)) throw new Refusal({ code: "missing_scope", message: scope, status: 403 });
  return null;
}

// Each wait is longer than the one before it, up to a bound, and no two pages wait alike.
export class Waits {
  #next = FIRST_WAIT_MS;

  reset() {
    this.#next = FIRST_WAIT_MS;
  }

  next(atLeastMs = 0) {
    const wait = Math.max(atLeastMs, this.#next * (0.75 + Math.random() / 2));
    this.#next = Math.min(LONGEST_WAIT_MS, this.#next * 2);
    return wait;
  }
}
