// Asks the server. The key lives in this tab's sessionStorage and travels in a header (of a socket: in a subprotocol),
// never in an address.

const KEPT = "lingting.key";

// What was refused, and why: the server's code and message, or a code of our own (unreachable, bad_answer).
export class Refusal extends Error {
  constructor({ code, message, status = 0, requestId = "", retrySeconds = null, param = null }) {
    super(message);
    Object.assign(this, { code, status, requestId, retrySeconds, param });
  }
}

export function key() {
  return sessionStorage.getItem(KEPT) ?? "";
}

export function setKey(text) {
  if (text) sessionStorage.setItem(KEPT, text);
  else sessionStorage.removeItem(KEPT);
}

export function keyHeaders(shown = key()) {
  return shown ? { Authorization: `Bearer ${shown}` } : {};
}

// For new WebSocket(url, protocols()): how a browser shows a key there.
export function protocols(named = "lingting") {
  return key() ? [named, `openai-insecure-api-key.${key()}`] : [named];
}

export function socketUrl(path) {
  const url = new URL(path, location.href);
  url.protocol = url.protocol.replace("http", "ws");
  return url;
}

function refusalOf(status, body, header) {
  const said = (typeof body?.error === "object" && body.error) || body || {};
  return new Refusal({
    code: String(said.code ?? `http_${status}`),
    message: String(said.message ?? ""),
    param: said.param ?? null,
    status,
    requestId: header("X-Request-ID") ?? "",
    retrySeconds: Number(header("Retry-After")) || null,
  });
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

// The response of a request that went well; everything else is a Refusal.
// token: shown instead of the key
export async function request(path, { method = "GET", json, token, signal } = {}) {
  const headers = { ...keyHeaders(token), ...(json === undefined ? {} : { "Content-Type": "application/json" }) };
  const body = json === undefined ? undefined : JSON.stringify(json);
  let response;
  try {
    response = await fetch(path, { method, headers, body, signal, cache: "no-store" });
  } catch (problem) {
    if (problem.name === "AbortError") throw problem;
    throw new Refusal({ code: "unreachable", message: "" });
  }
  if (!response.ok) throw refusalOf(response.status, parsed(await response.text()), (name) => response.headers.get(name));
  return response;
}

export async function ask(path, options) {
  const response = await request(path, options);
  const body = parsed(await response.text());
  if (body === null) throw new Refusal({ code: "bad_answer", message: "", status: response.status });
  return body;
}

// Sends a form and tells how much of it has gone: fetch does not say.
export function upload(path, form, { onProgress, signal } = {}) {
  return new Promise((resolve, reject) => {
    const sending = new XMLHttpRequest();
    sending.open("POST", path);
    for (const [name, value] of Object.entries(keyHeaders())) sending.setRequestHeader(name, value);
    sending.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) onProgress?.(event.loaded / event.total);
    });
    sending.addEventListener("load", () => {
      const body = parsed(sending.responseText);
      const header = (name) => sending.getResponseHeader(name);
      if (sending.status >= 400) reject(refusalOf(sending.status, body, header));
      else if (body === null) reject(new Refusal({ code: "bad_answer", message: "", status: sending.status }));
      else resolve({ body, record: header("X-Lingting-Record") });
    });
    sending.addEventListener("error", () => reject(new Refusal({ code: "unreachable", message: "" })));
    sending.addEventListener("abort", () => reject(new DOMException("taken back", "AbortError")));
    signal?.addEventListener("abort", () => sending.abort());
    sending.send(form);
  });
}
