import { scalarType, type ValueType } from "./value-type.ts";

/** Binary and decimal units: Ki is 1024, K is 1000. */
const UNIT_BYTES: Readonly<Record<string, number>> = {
  b: 1,
  kib: 1024,
  mib: 1024 ** 2,
  gib: 1024 ** 3,
  tib: 1024 ** 4,
  kb: 1000,
  mb: 1000 ** 2,
  gb: 1000 ** 3,
  tb: 1000 ** 4,
};

const PRINTED: readonly (readonly [string, number])[] = [
  ["TiB", 1024 ** 4],
  ["GiB", 1024 ** 3],
  ["MiB", 1024 ** 2],
  ["KiB", 1024],
];

export function formatBytes(bytes: number): string {
  if (bytes === 0) return "0";
  for (const [unit, size] of PRINTED) {
    if (bytes % size === 0) return `${bytes / size}${unit}`;
  }
  return `${bytes}B`;
}

/**
 * A number of bytes. `zero` is the name of the value 0 where it has a special meaning ("auto"). It
 * is accepted and printed instead of 0, whatever the range.
 */
export function bytes(range: { min?: number; max?: number; zero?: string }): ValueType<number> {
  const min = range.min ?? 0;
  const max = range.max ?? 2 ** 50;
  const zero = range.zero;
  const zeroText = zero === undefined ? "" : `, or ${zero}`;
  const bounds = `from ${formatBytes(min)} to ${formatBytes(max)}${zeroText}`;
  return scalarType({
    placeholder: "BYTES",
    allowed: `a size such as 65536, 64KiB, 1MiB or 2GB, ${bounds}`,
    bounds,
    parse: (text) => {
      if (zero !== undefined && (text === zero || text === "0")) return { ok: 0 };
      const match = /^(\d+(?:\.\d+)?)\s*([A-Za-z]*)$/.exec(text);
      if (match === null) return { problem: "is not a size" };
      const unit = (match[2] || "b").toLowerCase();
      const size = Object.hasOwn(UNIT_BYTES, unit) ? UNIT_BYTES[unit] : undefined;
      if (size === undefined) return { problem: "has an unknown unit of size" };
      const value = Number(match[1]) * size;
      if (!Number.isInteger(value)) return { problem: "is not a whole number of bytes" };
      if (value < min) return { problem: "is too small" };
      return value > max ? { problem: "is too large" } : { ok: value };
    },
    format: (value) => (value === 0 && zero !== undefined ? zero : formatBytes(value)),
  });
}
