// What code costs, independent of the machine: its CPU time, compared with that of a fixed piece of
// work in the same process.

/** CPU time of one reference on the machine where limits were chosen. */
const REFERENCE_MS = 3;
const RUNS = 3;
/** The system counts CPU time in steps of some milliseconds. */
const REFERENCES = 50;

let oneReferenceMs: number | undefined;

/**
 * CPU time of `run` in milliseconds of the machine where limits were chosen: the smallest of a few
 * runs, so that other load does not count.
 */
export function cpuCostMs(run: () => unknown): number {
  oneReferenceMs ??=
    cpuMs(() => {
      for (let n = 0; n < REFERENCES; n++) reference();
    }) / REFERENCES;
  const smallest = Math.min(...Array.from({ length: RUNS }, () => cpuMs(run)));
  return (smallest / oneReferenceMs) * REFERENCE_MS;
}

function cpuMs(run: () => unknown): number {
  const from = process.threadCpuUsage();
  run();
  const { user, system } = process.threadCpuUsage(from);
  return (user + system) / 1_000;
}

const TEXT = JSON.stringify(Array.from({ length: 4_000 }, (_, n) => ({ n, text: `number ${n}` })));

/** Parsing, searching and sorting: what the measured code does, too. */
function reference(): number {
  const parsed = JSON.parse(TEXT) as { n: number; text: string }[];
  const found = parsed.filter(({ text }) => /\b\d+7\b/.test(text));
  return parsed.toSorted((a, b) => b.n - a.n).length + found.length + TEXT.indexOf("number 4000");
}
