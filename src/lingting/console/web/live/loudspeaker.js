// Plays a reply as its sound comes: a queue that can be cut at once, made quieter, and asked how much of it has sounded.

const RATE_HZ = 24_000;
const AHEAD_SECONDS = 0.08;
// Before the first piece, so that the next one is there when it ends.
const DUCKED = 0.25;
const FADE_SECONDS = 0.03;

export class Loudspeaker {
  #context = new AudioContext();
  #gain = this.#context.createGain();
  #until = 0;
  #pieces = []; // { source, reply, isFiller, start, seconds }
  #playedMs = new Map();

  constructor() {
    this.#gain.connect(this.#context.destination);
    this.#context.resume();
  }

  // sound: an ArrayBuffer of 16-bit samples
  add(sound, { reply, isFiller }) {
    const samples = new Int16Array(sound, 0, sound.byteLength >> 1);
    if (!samples.length) return;
    const buffer = this.#context.createBuffer(1, samples.length, RATE_HZ);
    buffer.getChannelData(0).set(Float32Array.from(samples, (sample) => sample / 32_768));
    const source = new AudioBufferSourceNode(this.#context, { buffer });
    source.connect(this.#gain);
    const start = Math.max(this.#until, this.#context.currentTime + AHEAD_SECONDS);
    source.start(start);
    this.#until = start + buffer.duration;
    const piece = { source, reply, isFiller, start, seconds: buffer.duration };
    this.#pieces.push(piece);
    source.onended = () => this.#settle(piece);
  }

  // Whether there is sound that has not sounded.
  get isBusy() {
    return this.#pieces.length > 0;
  }

  // How much of the reply's own sound has been played.
  playedMs(reply) {
    const open = this.#pieces.filter((piece) => piece.reply === reply && !piece.isFiller);
    return Math.round((this.#playedMs.get(reply) ?? 0) + open.reduce((sum, piece) => sum + this.#soundedMs(piece), 0));
  }

  duck(isDucked) {
    this.#gain.gain.setTargetAtTime(isDucked ? DUCKED : 1, this.#context.currentTime, FADE_SECONDS);
  }

  // Silence at once; what waits is thrown away.
  cut() {
    for (const piece of [...this.#pieces]) {
      piece.source.onended = null;
      piece.source.stop();
      this.#settle(piece);
    }
    this.#until = 0;
    this.duck(false);
  }

  close() {
    this.cut();
    this.#context.close();
  }

  #soundedMs({ start, seconds }) {
    return Math.max(0, Math.min(seconds, this.#context.currentTime - start)) * 1_000;
  }

  #settle(piece) {
    this.#pieces = this.#pieces.filter((each) => each !== piece);
    if (piece.isFiller) return;
    this.#playedMs.set(piece.reply, (this.#playedMs.get(piece.reply) ?? 0) + this.#soundedMs(piece));
  }
}
