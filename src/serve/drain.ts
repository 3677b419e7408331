import type { Session } from "../app/delivery/session.ts";
import type { Store } from "../store/contract.ts";

const LOOK_EVERY_MS = 200;

/** The leases that workers of this server hold at one moment. */
export type HeldLeases = readonly {
  sessionId: Uint8Array;
  queue: string;
  leases: ReadonlySet<string>;
}[];

/** Taken when the drain begins: what a worker claims later, on another server, is no concern. */
export function heldNow(sessions: Iterable<Session>): HeldLeases {
  return [...sessions].flatMap((session) =>
    [...session.heldByQueue()].map(([queue, held]) => ({
      sessionId: session.options.id,
      queue,
      leases: new Set(held.map(({ messageId, deliveryNumber }) => key(messageId, deliveryNumber))),
    })),
  );
}

/**
 * Resolves when the workers whose streams were ended have reported what they held, or at the end
 * of the grace: leases that are left then are reported to another server, or expire.
 */
export async function untilSettled(
  store: Pick<Store, "leases">,
  held: HeldLeases,
  graceMs: number,
): Promise<void> {
  const deadline = performance.now() + graceMs;
  let open = held;
  while (open.length > 0 && performance.now() < deadline) {
    const last = await Promise.all(open.map((one) => isOpen(store, one)));
    open = open.filter((_, index) => last[index]);
    if (open.length === 0) return;
    await new Promise<void>((resolve) => {
      setTimeout(resolve, LOOK_EVERY_MS);
    });
  }
}

/** A store that does not answer leaves it unknown: as long as that, the grace runs. */
async function isOpen(
  store: Pick<Store, "leases">,
  { sessionId, queue, leases }: HeldLeases[number],
): Promise<boolean> {
  try {
    const live = await store.leases(queue, sessionId);
    return live.some(({ id, deliveryNumber }) => leases.has(key(id, deliveryNumber)));
  } catch {
    return true;
  }
}

function key(messageId: Uint8Array, deliveryNumber: number): string {
  return `${Buffer.from(messageId).toString("hex")}/${deliveryNumber}`;
}
