// A spoken conversation over its connections: when one is lost, another goes on with the same conversation, which remembers
// what was heard. Sound that was on its way is gone.

import { afterClose, lookWhy, refusalOf, Waits } from "/console/live/closing.js";
import { protocols, Refusal, socketUrl } from "/console/server.js";

const MOST_IN_SOCKET_BYTES = 160_000;
// Five seconds: a question that is older is no longer worth sending.
const GOODBYE_MS = 3_000;

// state(name, refusal): connecting, live, lost, busy, away, over
// message(message), sound(bytes, about): what the bot says and does; failed(refusal): it is over
export class Conversation {
  #config;
  #on;
  #socket = null;
  #id = null;
  #isReady = false;
  #isOver = false;
  #wasReady = false;
  #error = null;
  #about = null;
  #waits = new Waits();
  #timer = 0;

  constructor(config, on) {
    this.#config = config;
    this.#on = on;
    this.#open();
  }

  // 16-bit samples of the microphone; what cannot be sent now is not sent.
  hear(samples) {
    if (this.#isReady && this.#socket.bufferedAmount < MOST_IN_SOCKET_BYTES) this.#socket.send(samples);
  }

  // The microphone turned out to have another rate than was said: the conversation goes on over another connection.
  changeRate(rateHz) {
    if (rateHz === this.#config.sample_rate || this.#isOver) return;
    this.#config = { ...this.#config, sample_rate: rateHz };
    this.#isReady = false;
    this.#socket.onclose = this.#socket.onmessage = null;
    this.#socket.close(1000);
    this.#open();
  }

  // Whether it could be said.
  say(type, fields = {}) {
    if (!this.#isReady) return false;
    this.#socket.send(JSON.stringify({ type, ...fields }));
    return true;
  }

  hangUp() {
    if (this.say("END")) setTimeout(() => this.#finish(), GOODBYE_MS);
    else this.#finish();
    this.#isReady = false;
  }

  #finish(refusal = null) {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#isReady = false;
    clearTimeout(this.#timer);
    this.#socket?.close(1000);
    this.#on.state("over");
    if (refusal) this.#on.failed(refusal);
  }

  #open() {
    if (this.#isOver) return;
    this.#error = null;
    const socket = new WebSocket(socketUrl("/v1/chat/voice"), protocols());
    let isOpen = false;
    socket.binaryType = "arraybuffer";
    this.#socket = socket;
    if (!this.#wasReady) this.#on.state("connecting");
    socket.onopen = () => {
      isOpen = true;
      const config = this.#id ? { ...this.#config, conversation: this.#id } : this.#config;
      socket.send(JSON.stringify({ type: "INIT", config }));
    };
    socket.onmessage = ({ data }) => (typeof data === "string" ? this.#take(JSON.parse(data)) : this.#on.sound(data, this.#about));
    socket.onclose = (event) => this.#closed(event, isOpen);
  }

  #take(message) {
    if (message.type === "REPLY_AUDIO") this.#about = { reply: message.reply, isFiller: Boolean(message.filler) };
    else if (message.type === "READY") this.#ready(message);
    else if (message.type === "ERROR") this.#refused(refusalOf(message));
    else this.#on.message(message);
    if (message.type === "END") this.#finish();
  }

  #ready({ conversation }) {
    this.#id = conversation;
    this.#isReady = true;
    this.#wasReady = true;
    this.#waits.reset();
    this.#on.state("live");
  }

  #refused(refusal) {
    this.#error = refusal;
    if (this.#isReady) {
      this.#on.message({ type: "PROBLEM", ...refusal, message: refusal.message });
    } else if (refusal.code === "record_not_found" && this.#id) {
      this.#id = null; // forgotten meanwhile: another one begins
      this.#socket.send(JSON.stringify({ type: "INIT", config: this.#config }));
    } else if (!refusal.retrySeconds) {
      this.#finish(refusal);
    }
  }

  async #closed(event, wasOpen) {
    this.#isReady = false;
    if (this.#isOver) return;
    if (afterClose(event) === "over") {
      const isDone = event.code === 1000;
      this.#finish(isDone ? null : (this.#error ?? new Refusal({ code: event.reason || "closed", message: "" })));
      return;
    }
    this.#on.state(event.code === 1013 ? "busy" : "lost", this.#error);
    try {
      const problem = wasOpen ? null : await lookWhy("chat");
      if (problem && !this.#isOver) this.#on.state(problem.code === "unreachable" ? "away" : "busy", problem);
    } catch (refusal) {
      this.#finish(refusal);
    }
    if (!this.#isOver) this.#timer = setTimeout(() => this.#open(), this.#waits.next((this.#error?.retrySeconds ?? 0) * 1_000));
  }
}
