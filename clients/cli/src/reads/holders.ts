import { setTimeout as delay } from "node:timers/promises";
import type { Worker } from "../../../../gen/dlq/v1/dlq_admin_service_pb.ts";
import { CliError, EXIT } from "../errors.ts";
import { countedText } from "../output/numbers.ts";
import type { Run } from "../run.ts";
import type { HeldMessage } from "./held.ts";

/** Servers that cannot notify each other make a session quiet within 10 s. */
const IN_FORCE_WITHIN_MS = 12_000;
const LOOK_EVERY_MS = 250;

/**
 * Makes the sessions quiet that hold the messages, and waits until that is in force. Returns the sessions.
 *
 * @throws {CliError} if the session of a message is not known for sure: then nothing was changed
 */
export async function quietHolders(run: Run, held: readonly HeldMessage[]): Promise<string[]> {
  const queueOf = new Map<string, string>();
  for (const [queue, names] of workersByQueue(held)) {
    const { workers } = await run.admin.listWorkers({ queue }, run.call);
    for (const name of names) queueOf.set(holderOf(workers, name, queue), queue);
  }
  for (const sessionId of queueOf.keys()) {
    await run.admin.quietWorker({ sessionId, quiet: true }, run.call);
  }
  for (const [sessionId, queue] of queueOf) await untilQuiet(run, sessionId, queue);
  return [...queueOf.keys()];
}

function workersByQueue(held: readonly HeldMessage[]): Map<string, Set<string>> {
  const names = new Map<string, Set<string>>();
  for (const { queue, workerId } of held) {
    names.set(queue, (names.get(queue) ?? new Set()).add(workerId));
  }
  return names;
}

function holderOf(workers: readonly Worker[], name: string, queue: string): string {
  const holders = workers.filter(
    ({ workerId, connected, inFlightCount }) =>
      workerId === name && connected && inFlightCount > 0n,
  );
  const [holder] = holders;
  if (holder !== undefined && holders.length === 1) return holder.sessionId;
  const who = name === "" ? "the worker, whose stream has ended" : name;
  const what =
    holders.length === 0
      ? `no open session of ${who} holds messages of ${queue}`
      : `${countedText(holders.length, "session")} of ${who} hold messages of ${queue}`;
  throw new CliError(
    EXIT.failed,
    `${what}; nothing was taken back`,
    `\`dlq workers ${queue}\` shows sessions; \`dlq quiet SESSION\` makes one quiet, then leave out --quiet`,
  );
}

async function untilQuiet(run: Run, sessionId: string, queue: string): Promise<void> {
  const deadlineMs = performance.now() + IN_FORCE_WITHIN_MS;
  for (;;) {
    const { workers } = await run.admin.listWorkers({ queue }, run.call);
    const worker = workers.find((one) => one.sessionId === sessionId);
    if (worker === undefined || worker.quiet || !worker.connected) return;
    if (performance.now() > deadlineMs) {
      throw new CliError(
        EXIT.failed,
        `session ${sessionId} is still not quiet; nothing was taken back`,
        "try again; the servers cannot notify each other",
      );
    }
    await delay(LOOK_EVERY_MS, undefined, { signal: run.signal });
  }
}
