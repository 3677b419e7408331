import { parseMessageId } from "../core/message-id.ts";
import type { Store } from "../store/contract.ts";

const LOOK_EVERY_MS = 200;

export interface DrainedSession {
  idText: string;
  queues: readonly string[];
}

/**
 * Resolves when the workers whose streams were ended have reported what they held, or at the end
 * of the grace: leases that are left then are reported to another server, or expire.
 */
export async function untilSettled(
  store: Pick<Store, "leases">,
  sessions: readonly DrainedSession[],
  graceMs: number,
): Promise<void> {
  const deadline = performance.now() + graceMs;
  while (performance.now() < deadline) {
    if ((await heldBy(store, sessions)) === 0) return;
    await new Promise<void>((resolve) => {
      setTimeout(resolve, LOOK_EVERY_MS);
    });
  }
}

/** A store that does not answer can't be told anything either: nothing to wait for. */
async function heldBy(
  store: Pick<Store, "leases">,
  sessions: readonly DrainedSession[],
): Promise<number> {
  const counts = sessions.flatMap(({ idText, queues }) => {
    const id = parseMessageId(idText);
    return id === undefined ? [] : queues.map((queue) => store.leases(queue, id));
  });
  const held = await Promise.allSettled(counts);
  return held.reduce((sum, one) => sum + (one.status === "fulfilled" ? one.value.length : 0), 0);
}
