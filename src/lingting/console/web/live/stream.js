// A live session that outlives its connections: what was heard meanwhile is kept and sent once the server is back, in the
// same session where that still waits, else in another one, from the last sentence that was final.

import { afterClose, lookWhy, refusalOf, Waits } from "/console/live/closing.js";
import { KeptAudio } from "/console/live/kept_audio.js";
import { protocols, Refusal, socketUrl } from "/console/server.js";

const KEPT_SECONDS = 60;
// As long as a server waits for a client that was lost.
const MOST_IN_SOCKET_BYTES = 500_000;
const PING_MS = 5_000;
const SILENT_MS = 30_000;
// A network that went says nothing; a server that is alive answers pings.
const GOODBYE_MS = 20_000;

// state(name): connecting, live, lost, busy, away, over
// message(message, place): place = { session: counted from 0, seconds: where its clock begins in ours }
// failed(refusal): it is over
export class Stream {
  #config;
  #rateHz;
  #on;
  #kept;
  #socket = null;
  #session = null;
  #sessions = -1;
  #seq = 0;
  #base = 0; // where the session's clock begins, in samples
  #sent = 0;
  #isReady = false;
  #isEnding = false;
  #isOver = false;
  #error = null;
  #waits = new Waits();
  #timer = 0;
  #pinging = 0;
  #heardFromMs = 0;
  #ended = null;

  constructor(config, rateHz, on) {
    this.#config = config;
    this.#rateHz = rateHz;
    this.#on = on;
    this.#kept = new KeptAudio(KEPT_SECONDS * rateHz);
    this.#pinging = setInterval(() => this.#ping(), PING_MS);
    addEventListener("online", this.#comeBack);
    this.#open();
  }

  feed(samples) {
    if (this.#isOver || this.#isEnding) return;
    this.#kept.add(samples);
    this.#pump();
  }

  // The rest of what was said comes; resolves when it has, or when it is not to be had.
  end() {
    this.#isEnding = true;
    if (this.#isReady) this.#pump();
    if (this.#session === null) this.#finish(); // nothing of it has come anywhere
    if (this.#isOver) return Promise.resolve();
    setTimeout(() => this.#finish(), GOODBYE_MS);
    return new Promise((ended) => (this.#ended = ended));
  }

  // At once; the server makes final what it has.
  leave() {
    this.#finish();
  }

  #finish(refusal = null) {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#isReady = false;
    clearTimeout(this.#timer);
    clearInterval(this.#pinging);
    removeEventListener("online", this.#comeBack);
    this.#socket?.close(1000);
    this.#on.state("over");
    if (refusal) this.#on.failed(refusal);
    this.#ended?.();
  }

  #comeBack = () => this.#open();

  #open() {
    clearTimeout(this.#timer);
    if (this.#socket || this.#isOver) return;
    this.#error = null;
    this.#heardFromMs = performance.now();
    const socket = new WebSocket(socketUrl("/v1/asr/stream"), protocols());
    let isOpen = false;
    this.#socket = socket;
    socket.onopen = () => {
      isOpen = true;
      this.#heardFromMs = performance.now();
      this.#greet();
    };
    socket.onmessage = ({ data }) => this.#socket === socket && this.#take(JSON.parse(data));
    socket.onclose = (event) => this.#socket === socket && this.#closed(event, isOpen);
    if (this.#sessions < 0) this.#on.state("connecting");
  }

  #say(message) {
    this.#socket.send(JSON.stringify(message));
  }

  #greet() {
    if (this.#session) this.#say({ type: "RESUME", session: this.#session, seq: this.#seq, ack: false });
    else this.#say({ type: "INIT", config: { ...this.#config, sample_rate: this.#rateHz, ack: false } });
  }

  #take(message) {
    this.#heardFromMs = performance.now();
    if (message.seq) this.#seq = Math.max(this.#seq, message.seq);
    if (message.type === "READY") this.#ready(message);
    else if (message.type === "ERROR") this.#refused(refusalOf(message), message);
    else if (message.type !== "PONG") this.#pass(message);
  }

  #pass(message) {
    this.#on.message(message, { session: this.#sessions, seconds: this.#base / this.#rateHz });
    if (message.type === "FINAL") this.#kept.forget(this.#base + this.#samples(message.end_ms));
    if (message.type === "END") this.#finish();
  }

  #samples(ms) {
    return Math.round((ms / 1_000) * this.#rateHz);
  }

  #ready(message) {
    if (message.resumed) {
      this.#sent = this.#base + this.#samples(message.received_ms);
    } else {
      this.#sessions += 1;
      this.#session = message.session;
      this.#base = this.#sent = this.#kept.first;
    }
    if (this.#sent < this.#kept.first) {
      // Longer away than sound is kept: the session's clock stood still meanwhile.
      this.#base += this.#kept.first - this.#sent;
      this.#sent = this.#kept.first;
    }
    this.#isReady = true;
    this.#waits.reset();
    this.#on.state("live");
    this.#pump();
  }

  #pump() {
    if (!this.#isReady) return;
    for (;;) {
      const samples = this.#socket.bufferedAmount < MOST_IN_SOCKET_BYTES ? this.#kept.from(this.#sent) : null;
      if (samples === null) break;
      this.#socket.send(samples);
      this.#sent += samples.length;
    }
    if (!this.#isEnding) return;
    if (this.#sent < this.#kept.end) setTimeout(() => this.#pump(), 100);
    else {
      this.#isReady = false;
      this.#say({ type: "END" });
    }
  }

  // An error with no close behind it: before the session there is nothing to go on with.
  #refused(refusal, { retryable, code }) {
    this.#error = refusal;
    if (this.#session === null && !retryable && code !== "session_not_found") this.#finish(refusal);
  }

  async #closed(event, wasOpen) {
    this.#socket = null;
    this.#isReady = false;
    if (this.#isOver) return;
    const next = afterClose(event);
    if (next === "over") {
      this.#finish(this.#error ?? new Refusal({ code: event.reason || "closed", message: "" }));
      return;
    }
    if (next === "anew") {
      this.#session = null;
      this.#seq = 0;
    }
    const isBusy = event.code === 1013;
    this.#on.state(isBusy ? "busy" : "lost", this.#error);
    if (!wasOpen && !(await this.#mayGoOn())) return;
    const wait = event.reason === "session_not_found" ? 0 : this.#waits.next((this.#error?.retrySeconds ?? 0) * 1_000);
    this.#timer = setTimeout(() => this.#open(), wait);
  }

  async #mayGoOn() {
    try {
      const problem = await lookWhy("stream");
      if (!this.#isOver) this.#on.state(problem?.code === "unreachable" ? "away" : "busy", problem);
    } catch (refusal) {
      this.#finish(refusal);
    }
    return !this.#isOver;
  }

  #ping() {
    if (!this.#socket || this.#socket.readyState !== WebSocket.OPEN) return;
    if (performance.now() - this.#heardFromMs > SILENT_MS) {
      const dead = this.#socket;
      dead.close(4000);
      this.#closed({ code: 1006, reason: "" }, true);
      return;
    }
    if (this.#socket.bufferedAmount === 0) this.#say({ type: "PING" });
  }
}
