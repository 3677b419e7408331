import { DlqError } from "../core/errors.ts";
import type { LeaseTokenParts } from "../core/lease-token.ts";
import { parseMessageId } from "../core/message-id.ts";
import type { ExtendReply, Store } from "../store/contract.ts";
import type { ExtendCommand, ExtendOutcome } from "./commands.ts";
import { resultOrDamage, throwIfAllFailed } from "./damage.ts";
import { readLeases } from "./delivery/reconcile.ts";

export interface ExtendParts {
  store: Pick<Store, "extend" | "leases" | "sessionQueues">;
}

/**
 * Extends leases, given by tokens or all of a session, on any server. Rejects if the data of all their queues is damaged.
 */
export function createExtend({ store }: ExtendParts) {
  return async (command: ExtendCommand): Promise<ExtendOutcome[]> => {
    const tokens = "tokens" in command ? command.tokens : await leasesOf(store, command.sessionId);
    const results: ExtendOutcome[] = tokens.map(() => INVALID);
    const readable = [...tokens.keys()].filter((index) => tokens[index] !== undefined);
    const byQueue = Map.groupBy(readable, (index) => (tokens[index] as LeaseTokenParts).queue);
    await Promise.all(
      [...byQueue].map(async ([queue, indexes]) => {
        const items = indexes.map((index) => ({
          token: tokens[index] as LeaseTokenParts,
          leaseMs: command.leaseMs,
        }));
        const replies = await resultOrDamage(store.extend(queue, items));
        indexes.forEach((index, at) => {
          const token = tokens[index] as LeaseTokenParts;
          results[index] =
            replies instanceof DlqError
              ? failed(token, replies)
              : toOutcome(token, replies[at] as ExtendReply);
        });
      }),
    );
    throwIfAllFailed(results);
    return results;
  };
}

/** An unknown session has no leases. Those of damaged queues are left out. */
async function leasesOf(store: ExtendParts["store"], sessionId: string) {
  const id = parseMessageId(sessionId);
  const queues = id === undefined ? undefined : await store.sessionQueues(sessionId);
  if (id === undefined || queues === undefined) return [];
  const held = await Promise.all(queues.map((queue) => readLeases(store, queue, id)));
  throwIfAllFailed(held.map((found) => (found instanceof DlqError ? { error: found } : {})));
  return held.flatMap((leases, index): LeaseTokenParts[] => {
    if (leases instanceof DlqError) return [];
    const queue = queues[index] as string;
    return leases.map(({ id: messageId, deliveryNumber, nonce }) => {
      return { queue, messageId, deliveryNumber, nonce };
    });
  });
}

const INVALID: ExtendOutcome = {
  token: undefined,
  status: "INVALID",
  leaseExpireAtMs: undefined,
  shouldStop: true,
};

/** The lease may still last: the work goes on. */
function failed(token: LeaseTokenParts, error: DlqError): ExtendOutcome {
  return { token, status: "INTERNAL", leaseExpireAtMs: undefined, shouldStop: false, error };
}

function toOutcome(token: LeaseTokenParts, reply: ExtendReply): ExtendOutcome {
  const { status, leaseExpireAtMs } = reply;
  return { token, status, leaseExpireAtMs, shouldStop: status !== "APPLIED" };
}
