import { usageError } from "../errors.ts";

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/**
 * Reads `1h`, `30m`, `1h30m`, `500ms` or `7d`, in ms.
 *
 * @throws {CliError} for any other text
 */
export function parseDuration(text: string): number {
  if (text === "0") return 0;
  if (!/^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+$/.test(text)) {
    throw usageError(`"${text}" is no duration`, "write one such as 30s, 5m, 1h30m or 7d");
  }
  let ms = 0;
  for (const [, count = "", unit = ""] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)) {
    ms += Number(count) * (UNIT_MS[unit] ?? 0);
  }
  return Math.round(ms);
}

/** Reads a whole number of at least `least`. @throws {CliError} for any other text */
export function parseCount(least: number, most = Number.MAX_SAFE_INTEGER) {
  return (text: string): number => {
    const count = Number(text);
    if (/^-?\d+$/.test(text) && count >= least && count <= most) return count;
    const limits =
      most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`;
    throw usageError(`"${text}" is no whole number ${limits}`);
  };
}
