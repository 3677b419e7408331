import type { QueueWorker } from "../../contract.ts";
import { LAYOUTS } from "../packed/layouts.ts";
import { optionalMs, Reader } from "../packed/reader.ts";
import type { RunScript } from "../script-runner.ts";
import { nodeOf, roomOf, workerOf } from "./stats.ts";

/** See the script: three times as many leases take Redis about two milliseconds. */
const LEASES = 700;

/** `isAlive` reports whether a node gave a sign of life lately: the streams of others have ended. */
export async function runWorkers(
  run: RunScript,
  queue: string,
  isAlive: (nodeId: string) => boolean,
): Promise<QueueWorker[]> {
  const reader = new Reader((await run("workers", queue, { most: LEASES }, [])) as Buffer);
  const workers: QueueWorker[] = [];
  while (!reader.done) {
    const { session, ended, held, oldest, holder } = reader.read(LAYOUTS.worker);
    const entry = Buffer.from(holder).toString();
    const isOpen = !ended && isAlive(nodeOf(entry));
    // Of a server that died: its streams have ended, and their messages come back.
    if (!isOpen && held === 0) continue;
    workers.push({
      ...{ sessionId: session, isOpen, held, oldestSinceMs: optionalMs(oldest) },
      workerId: entry === "" ? undefined : workerOf(entry),
      server: entry === "" ? undefined : nodeOf(entry),
      ...roomOf(entry),
    });
  }
  return workers;
}
