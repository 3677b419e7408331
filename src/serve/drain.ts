import type { Session } from "../app/delivery/session.ts";
import type { Store } from "../store/contract.ts";

const POLL_MS = 200;

/** The leases that workers of this server hold at one moment. */
export type HeldLeases = readonly {
  sessionId: Uint8Array;
  queue: string;
  leases: ReadonlySet<string>;
}[];

/** Taken at the start of the drain. Later claims on other servers do not matter. */
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
 * Resolves when the workers have reported the outcomes of these leases, or at the end of the grace
 * period. Outcomes of the rest go to another server, or the leases expire.
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
      setTimeout(resolve, POLL_MS);
    });
  }
}

/** If the store does not answer, the leases count as open. */
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
