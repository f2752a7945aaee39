// The captions of a room as far as they are worth showing: the newest revision of each, in the order they were said.

const KEPT = 100;

function order(id) {
  const [publication, segment] = id.split("-").map(Number);
  return publication * 1e6 + segment;
}

export class Captions {
  #byId = new Map();

  // Take in a message of the server: a snapshot replaces everything, a caption what has a lower revision.
  take(message) {
    if (message.type === "snapshot") {
      if (!message.resumed) this.#byId.clear();
      message.captions.forEach((caption) => this.#put(caption));
    } else if (message.type === "caption") {
      this.#put(message);
    } else if (message.type === "ended") {
      this.#byId.clear();
    }
  }

  // The last captions that have text, oldest first.
  last(count) {
    return this.#sorted()
      .filter((caption) => caption.text)
      .slice(-count);
  }

  #put(caption) {
    const known = this.#byId.get(caption.id);
    if (known && known.revision >= caption.revision) return;
    this.#byId.set(caption.id, caption);
    if (this.#byId.size > 2 * KEPT) {
      this.#byId = new Map(this.#sorted().slice(-KEPT).map((kept) => [kept.id, kept]));
    }
  }

  #sorted() {
    return [...this.#byId.values()].sort((one, other) => order(one.id) - order(other.id));
  }
}
