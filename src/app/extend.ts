import type { LeaseTokenParts } from "../core/lease-token.ts";
import { parseMessageId } from "../core/message-id.ts";
import type { ExtendReply, Store } from "../store/contract.ts";
import type { ExtendCommand, ExtendOutcome } from "./commands.ts";

export interface ExtendParts {
  store: Pick<Store, "extend" | "leases" | "sessionQueues">;
}

/** Extends leases, given by tokens or all of a session, on any server. */
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
        const replies = await store.extend(queue, items);
        indexes.forEach((index, at) => {
          results[index] = toOutcome(tokens[index] as LeaseTokenParts, replies[at] as ExtendReply);
        });
      }),
    );
    return results;
  };
}

/** An unknown session has no leases. */
async function leasesOf(store: ExtendParts["store"], sessionId: string) {
  const id = parseMessageId(sessionId);
  const queues = id === undefined ? undefined : await store.sessionQueues(sessionId);
  if (id === undefined || queues === undefined) return [];
  const held = await Promise.all(
    queues.map(async (queue) => {
      const leases = await store.leases(queue, id);
      return leases.map((lease) => ({
        queue,
        messageId: lease.id,
        deliveryNumber: lease.deliveryNumber,
        nonce: lease.nonce,
      }));
    }),
  );
  return held.flat();
}

const INVALID: ExtendOutcome = {
  token: undefined,
  status: "INVALID",
  leaseExpireAtMs: undefined,
  shouldStop: true,
};

function toOutcome(token: LeaseTokenParts, reply: ExtendReply): ExtendOutcome {
  const { status, leaseExpireAtMs } = reply;
  return { token, status, leaseExpireAtMs, shouldStop: status !== "APPLIED" };
}
