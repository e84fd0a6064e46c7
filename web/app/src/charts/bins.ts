// What the classes of a histogram are called.

type Bin = readonly [unknown, unknown, ...unknown[]];
const DAY = 86_400_000;

/** The last value of a bin that ends before `high`: of whole numbers and days it is known. */
function lastOf(low: unknown, high: unknown, type: string | null): unknown {
  if (type === "integer" && Number.isInteger(low) && Number.isInteger(high)) return (high as number) - 1;
  if (type !== "date" || typeof high !== "string") return high;
  const last = new Date(Date.parse(`${high.slice(0, 10)}T00:00:00Z`) - DAY).toISOString().slice(0, 10);
  return typeof low === "string" && last < low.slice(0, 10) ? low : last;
}

/** Whether there are values below `high`, from `low` on: both numbers, or both days as text; false where one is unknown. */
function below(low: unknown, high: unknown, type: string | null): boolean {
  if (typeof low === "number" && typeof high === "number") return low < high;
  if (typeof low !== "string" || typeof high !== "string") return false;
  return type === "date" ? low.slice(0, 10) < high.slice(0, 10) : low < high;
}

/** A text for each of `bins` ([low, high, …], low included and high not) of values from `least` to `most`: the outermost hold what lies beyond. */
export function binRanges(bins: readonly Bin[], least: unknown, most: unknown, type: string | null, show: (value: unknown) => string): string[] {
  const end = bins.length - 1;
  return bins.map(([low, high], at) => {
    const last = lastOf(low, high, type);
    if (end > 0 && at === 0 && below(least, low, type)) return `< ${show(high)}`;
    if (end > 0 && at === end && below(last, most, type)) return `≥ ${show(low)}`;
    const ends = [show(low), show(last)];
    return ends[0] === ends[1] ? show(low) : ends.join(" – ");
  });
}
