// Reads the text of /metrics, and what changed between two readings of it.

const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/;
const LABEL = /(\w+)="((?:[^"\\]|\\.)*)"/g;

// Name -> [{ labels, value }].
export function readMetrics(text) {
  const found = new Map();
  for (const line of text.split("\n")) {
    const parts = line.startsWith("#") ? null : LINE.exec(line);
    if (!parts) continue;
    const labels = Object.fromEntries([...(parts[2] ?? "").matchAll(LABEL)].map(([, name, value]) => [name, value]));
    if (!found.has(parts[1])) found.set(parts[1], []);
    found.get(parts[1]).push({ labels, value: Number(parts[3]) });
  }
  return found;
}

export function total(metrics, name, fits = () => true) {
  return (metrics.get(name) ?? []).filter(({ labels }) => fits(labels)).reduce((sum, { value }) => sum + value, 0);
}

// How much a counter grew; what restarted counts from nothing.
export function grown(before, after, name, fits) {
  const [was, is] = [total(before, name, fits), total(after, name, fits)];
  return is >= was ? is - was : is;
}

// The values below which the given shares of what was observed between the readings lie; null when nothing was.
// source    Prometheus' histogram_quantile: linear within a bucket
export function quantiles(before, after, name, shares, fits = () => true) {
  const bounds = [...new Set((after.get(`${name}_bucket`) ?? []).map(({ labels }) => labels.le))]
    .map((le) => ({ le, bound: le === "+Inf" ? Infinity : Number(le) }))
    .sort((one, other) => one.bound - other.bound);
  const counts = bounds.map(({ le }) =>
    grown(before, after, `${name}_bucket`, (labels) => labels.le === le && fits(labels)),
  );
  const all = counts.at(-1) ?? 0;
  if (all === 0) return null;
  return shares.map((share) => {
    const at = counts.findIndex((count) => count >= share * all);
    const low = at === 0 ? 0 : bounds[at - 1].bound;
    if (bounds[at].bound === Infinity) return low;
    const under = at === 0 ? 0 : counts[at - 1];
    return low + ((bounds[at].bound - low) * (share * all - under)) / (counts[at] - under);
  });
}
