// In the browser's audio thread: cuts what the microphone hears into pieces of a tenth of a second, 16-bit samples.

const PIECE_SECONDS = 0.1;
const HIGHEST_RATE_HZ = 48_000;
// The server takes no more; of higher rates several samples are averaged into one.

class Capture extends AudioWorkletProcessor {
  #step = Math.ceil(sampleRate / HIGHEST_RATE_HZ);
  #piece = new Int16Array(Math.round((sampleRate / this.#step) * PIECE_SECONDS));
  #filled = 0;
  #sum = 0;
  #summed = 0;

  process([input]) {
    for (const sample of input[0] ?? []) {
      this.#sum += sample;
      this.#summed += 1;
      if (this.#summed === this.#step) this.#put(this.#sum / this.#step);
    }
    return true;
  }

  #put(sample) {
    [this.#sum, this.#summed] = [0, 0];
    this.#piece[this.#filled] = Math.round(Math.max(-1, Math.min(1, sample)) * 32_767);
    this.#filled += 1;
    if (this.#filled < this.#piece.length) return;
    this.port.postMessage(this.#piece.slice());
    this.#filled = 0;
  }
}

registerProcessor("capture", Capture);
