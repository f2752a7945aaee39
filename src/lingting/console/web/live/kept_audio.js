// The last of the sound that was heard, by its place in samples, for as long as it may have to be sent (again).

export class KeptAudio {
  #pieces = [];
  #most;
  #first = 0;
  #end = 0;

  constructor(mostSamples) {
    this.#most = mostSamples;
  }

  // Where what is kept begins, and where it ends.
  get first() {
    return this.#first;
  }

  get end() {
    return this.#end;
  }

  add(samples) {
    this.#pieces.push({ at: this.#end, samples });
    this.#end += samples.length;
    this.forget(this.#end - this.#most);
  }

  // What comes before the place is no longer wanted.
  forget(place) {
    if (place <= this.#first) return;
    this.#first = Math.min(place, this.#end);
    while (this.#pieces.length && this.#pieces[0].at + this.#pieces[0].samples.length <= this.#first) this.#pieces.shift();
  }

  // The piece that holds the place, from there on; null at the end.
  from(place) {
    const piece = this.#pieces.find(({ at, samples }) => at + samples.length > place);
    return piece ? piece.samples.subarray(Math.max(0, place - piece.at)) : null;
  }
}
