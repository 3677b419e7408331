import type { StoredState } from "../../../core/message.ts";
import type { WalkedMessage, WalkedPage, WalkPlace } from "../../contract.ts";
import { ReplyReader } from "../reply.ts";
import { storedReason } from "../states.ts";
import type { RunScript } from "./run.ts";

/** Messages that one step looks at: others wait for a millisecond or so. */
const PAGE = 500;

/** The indexes of each state; a message is in one of them. */
const PLACES = {
  SCHEDULED: ["due", "isolated", "indirect"],
  IN_FLIGHT: ["leases"],
  QUARANTINED: ["quarantine"],
} as const satisfies Record<StoredState, readonly string[]>;

/** As lua/lib/state.lua has it. */
const FLAG_POISONED = 2;

export async function runWalk(
  run: RunScript,
  queue: string,
  state: StoredState,
  { index, start }: WalkPlace = { index: 0, start: 0 },
): Promise<WalkedPage> {
  const places: readonly string[] = PLACES[state];
  const place = places[index];
  if (place === undefined) return { messages: [], next: undefined };
  const reply = await run("walk", queue, { start, page: PAGE, place }, []);
  const [seen, facts] = reply as [number, Buffer];
  const next = seen < PAGE ? { index: index + 1, start: 0 } : { index, start: start + PAGE };
  return {
    messages: readMessages(facts),
    next: next.index < places.length ? next : undefined,
  };
}

function readMessages(facts: Buffer): WalkedMessage[] {
  const reader = new ReplyReader(facts);
  const messages: WalkedMessage[] = [];
  while (!reader.done) {
    messages.push({
      id: reader.bytes(16),
      reason: storedReason(reader.u8()),
      poisoned: (reader.u8() & FLAG_POISONED) !== 0,
      attempts: reader.u16(),
      roundStartedAtMs: reader.optionalMs(),
      retrySettings: reader.bytes(reader.u16()),
    });
  }
  return messages;
}
