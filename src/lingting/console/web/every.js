// Does something again and again while a page is shown, and never twice at once.

// The act gets nothing and may fail: `failed` hears of it, and the next turn comes all the same.
export async function every(ms, act, { signal, failed = () => {} }) {
  while (!signal.aborted) {
    try {
      await act();
    } catch (problem) {
      if (signal.aborted) return;
      failed(problem);
    }
    await pause(ms, signal);
  }
}

export function pause(ms, signal) {
  return new Promise((over) => {
    const timer = setTimeout(over, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      over();
    });
  });
}
