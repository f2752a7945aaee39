// Transcripts as the console holds them: { language, duration, segments: [{ start, end, text, speaker, language, words }] },
// words: [{ text, start, end }], times in seconds.

// The answer of a job or of the history: verbose_json.
export function fromVerbose(answer) {
  return {
    language: answer.language,
    duration: answer.duration_seconds,
    segments: answer.segments.map((segment) => ({
      start: segment.start_seconds,
      end: segment.end_seconds,
      text: segment.text.trim(),
      language: segment.language,
      speaker: segment.speaker ?? (segment.channel === null ? null : `Channel ${segment.channel + 1}`),
      words: segment.words.map((word) => ({ text: word.text, start: word.start_seconds, end: word.end_seconds })),
    })),
  };
}

// What /v1/subtitles takes.
export function toVerbose({ language, duration, segments }) {
  return {
    language,
    duration_seconds: duration,
    segments: segments.map(({ start, end, text, speaker, language: spoken, words }) => ({
      start_seconds: start,
      end_seconds: end,
      text,
      ...(speaker ? { speaker } : {}),
      ...(spoken ? { language: spoken } : {}),
      words: words.map((word) => ({ text: word.text, start_seconds: word.start, end_seconds: word.end })),
    })),
  };
}

// The segment as a person has corrected it; its words are gone where they no longer spell it.
export function corrected(segment, text) {
  const kept = text.trim();
  return kept === segment.text ? segment : { ...segment, text: kept, words: [] };
}

// The words to light up: those of the segment where they spell its text, else all of it at once.
export function litWords(segment) {
  const spelt = segment.words.map(({ text }) => text).join("");
  if (segment.words.length > 0 && spelt.trim() === segment.text) return segment.words;
  return [{ text: segment.text, start: segment.start, end: segment.end }];
}

// The last of the words, sorted by their starts, that has begun; -1 before the first.
export function wordAt(words, seconds) {
  let [low, high] = [0, words.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (words[middle].start <= seconds) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

// OpenAI's verbose_json, whose words stand beside the segments and have no spaces of their own.
export function fromTimed(answer) {
  const words = [...(answer.words ?? [])];
  return {
    language: answer.segments[0]?.language ?? null,
    duration: answer.duration,
    segments: answer.segments.map(({ start, end, text, speaker }) => {
      const own = words.splice(0, words.findIndex((word) => word.start >= end) >>> 0);
      return { start, end, text: text.trim(), language: null, speaker: speaker || null, words: spelling(text.trim(), own) };
    }),
  };
}

// The words as they stand in the text, each with the space before it; none where they do not spell it.
function spelling(text, words) {
  let at = 0;
  const found = [];
  for (const { word, start, end } of words) {
    const begin = text.indexOf(word.trim(), at);
    if (begin < 0) return [];
    const until = begin + word.trim().length;
    found.push({ text: text.slice(at, until), start, end });
    at = until;
  }
  if (found.length) found.at(-1).text += text.slice(at);
  return found;
}
