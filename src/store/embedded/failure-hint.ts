// Derives from the last log lines of a redis-server that ended by itself what an operator can do.

import { join } from "node:path";

interface Hint {
  readonly sign: RegExp;
  readonly advice: (dataDir: string) => string;
}

const HINTS: readonly Hint[] = [
  {
    sign: /Can't handle RDB format version/,
    advice: () =>
      "The data was written by a newer Redis. Install that version of redis-server or a newer one.",
  },
  {
    sign: /No space left on device|ENOSPC/,
    advice: (dataDir) => `The disk is full. Free space where ${dataDir} is, then start again.`,
  },
  {
    sign: /Permission denied|Read-only file system/,
    advice: (dataDir) =>
      `The data folder ${dataDir} and what is in it must be writable for the user who runs this.`,
  },
  {
    sign: /append only file|append-only file|redis-check-aof|AOF.*manifest|manifest file|RDB preamble|Wrong signature/i,
    advice: (dataDir) => {
      const manifest = join(dataDir, "appendonlydir", "appendonly.aof.manifest");
      return (
        "The append-only file is damaged. Copy the data folder first, then run " +
        `"redis-check-aof --fix ${manifest}" (from the package redis-tools) and start again. ` +
        `To begin with an empty store instead, move ${dataDir} away.`
      );
    },
  },
  {
    sign: /FATAL CONFIG FILE ERROR|Bad directive|Unrecognized option/,
    advice: () => "This redis-server does not know a setting it needs: install 7.0 or newer.",
  },
];

/** Undefined: no known cause. */
export function failureHint(lines: readonly string[], dataDir: string): string | undefined {
  const text = lines.join("\n");
  return HINTS.find((hint) => hint.sign.test(text))?.advice(dataDir);
}
