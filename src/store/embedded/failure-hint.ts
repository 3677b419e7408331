// Derives from the last log lines of a redis-server that ended by itself what an operator can do.

import { join } from "node:path";
import type { ServerExit } from "./server-process.ts";

interface Hint {
  readonly sign: RegExp;
  readonly advice: (dataDir: string) => string;
}

const FULL_DISK = /Short write while writing to the AOF file|No space left on device|ENOSPC/;

const HINTS: readonly Hint[] = [
  {
    sign: /Can't handle RDB format version/,
    advice: () =>
      "The data was written by a newer Redis. Install that version of redis-server or a newer one.",
  },
  {
    sign: FULL_DISK,
    advice: fullDiskHint,
  },
  {
    sign: /Permission denied|Read-only file system/,
    advice: (dataDir) =>
      `The data folder ${dataDir} and what is in it must be writable for the user who runs this.`,
  },
  {
    sign: /(?:Bad file format|Unexpected end of file|Unrecoverable error) reading the append only file \S+\.incr\.aof/,
    advice: (dataDir) => {
      const manifest = join(dataDir, "appendonlydir", "appendonly.aof.manifest");
      return (
        "The append-only file is damaged. Copy the data folder first, then run " +
        `"redis-check-aof --fix ${manifest}" (from the package redis-tools) and start again. It cuts the file ` +
        "at the damage: later changes are lost. " +
        startEmpty(dataDir)
      );
    },
  },
  {
    sign: /reading the append only file|Internal error in RDB|RDB CRC error|Wrong signature|Unable to obtain the AOF file|Invalid AOF manifest|AOF.*does(?:n't| not) exist/,
    advice: (dataDir) =>
      `A file of the data in ${dataDir} is damaged or missing, and cannot be repaired: restore the folder from a ` +
      `backup. ${startEmpty(dataDir)}`,
  },
  {
    sign: /FATAL CONFIG FILE ERROR|Bad directive|Unrecognized option/,
    advice: () => "This redis-server does not know a setting it needs: install 7.0 or newer.",
  },
];

const KILLED =
  "killed it, often the kernel because memory ran out: see the kernel's log (dmesg, journalctl -k). " +
  "Nothing that was acknowledged is lost.";

/** An earlier run started it, so its exit code is unknown. */
const ENDED_SILENTLY = `If its last lines name no error, something ${KILLED}`;

function startEmpty(dataDir: string): string {
  return `To begin with an empty store instead, move ${dataDir} away.`;
}

/** Undefined: no known cause. */
export function failureHint(exit: ServerExit, dataDir: string): string | undefined {
  if (exit.signal === "SIGKILL") return `Something ${KILLED}`;
  const text = exit.lastLines.join("\n");
  const known = HINTS.find((hint) => hint.sign.test(text))?.advice(dataDir);
  const isOfEarlierRun = exit.code === null && exit.signal === null;
  return known ?? (isOfEarlierRun ? ENDED_SILENTLY : undefined);
}

/** Whether its last lines say that the disk was full. */
export function isOfFullDisk({ signal, lastLines }: ServerExit): boolean {
  return signal !== "SIGKILL" && FULL_DISK.test(lastLines.join("\n"));
}

export function fullDiskHint(dataDir: string): string {
  return `The disk is full. Free space where ${dataDir} is; Redis then starts by itself or at the next start.`;
}
