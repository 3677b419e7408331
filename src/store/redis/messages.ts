import { storeFull } from "../../core/errors.ts";
import type { MessageFilter, RetryOutcome, StoredState } from "../../core/message.ts";
import type {
  Messages,
  PrepareRetry,
  RetryItem,
  StoredContent,
  WalkedMessage,
  WalkedPage,
  WalkPlace,
} from "../contract.ts";
import type { Bodies } from "./bodies.ts";
import type { Capacity } from "./capacity.ts";
import type { StoreContext } from "./context.ts";
import { CONSTANTS } from "./packed/constants.ts";
import { LAYOUTS } from "./packed/layouts.ts";
import { optionalMs, Reader } from "./packed/reader.ts";
import { storedReason, storedState } from "./states.ts";
import { readRetried, runFind, runRetry, runRetryMatching } from "./verbs/retry.ts";

/** Bytes of one reply of contents, unless a single message is larger. */
const REPLY_BYTES = 4 * 1024 * 1024;
/** Ids of one such call: each costs a look, even if its message does not fit into the reply. */
const IDS = 100;

/** Messages that one step of a walk looks at: others wait for about a millisecond. */
const PAGE = 500;

/** The indexes of each state; a message is in one of them. */
const PLACES = {
  SCHEDULED: ["due", "isolated", "indirect"],
  IN_FLIGHT: ["leases"],
  QUARANTINED: ["quarantine"],
} as const satisfies Record<StoredState, readonly string[]>;

export interface RedisMessagesParts
  extends Pick<StoreContext, "run" | "bodies" | "journalMax" | "deliverySettingsOf"> {
  capacity: Pick<Capacity, "full">;
}

export class RedisMessages implements Messages {
  readonly #parts: RedisMessagesParts;

  constructor(parts: RedisMessagesParts) {
    this.#parts = parts;
  }

  get full(): string | undefined {
    return this.#parts.capacity.full;
  }

  async contents(
    queue: string,
    request: Uint8Array,
    ids: readonly Uint8Array[],
  ): Promise<RetryOutcome | readonly (StoredContent | undefined)[]> {
    const header = { replyBytes: REPLY_BYTES, request };
    const items = ids.slice(0, IDS).map((id) => ({ id }));
    const reply = (await this.#parts.run("contents", queue, header, items)) as Buffer[];
    const [answer = Buffer.alloc(0), ...values] = reply;
    if (answer.length > 0) return readRetried(answer);
    const contents: (StoredContent | undefined)[] = [];
    for (let at = 0; at < values.length; at += 3) {
      const [facts, body, edits] = values.slice(at, at + 3) as [Buffer, Buffer, Buffer];
      const { bodies } = this.#parts;
      contents.push(facts.length === 0 ? undefined : readContent(facts, body, edits, bodies));
    }
    return contents;
  }

  async retry(queue: string, request: Uint8Array, items: readonly RetryItem[]) {
    this.#checkRoom(items);
    return runRetry(this.#parts, queue, request, items);
  }

  retryMatching(
    queue: string,
    request: Uint8Array,
    filter: MessageFilter,
    expectedCount: number,
    prepare: PrepareRetry = async (ids) => ids.map((id) => ({ kind: "retry", id })),
  ) {
    const checked: PrepareRetry = async (ids) => {
      const items = await prepare(ids);
      this.#checkRoom(items);
      return items;
    };
    return runRetryMatching(this.#parts, queue, request, filter, expectedCount, checked);
  }

  async matching(queue: string, filter: MessageFilter, most: number): Promise<Uint8Array[]> {
    return (await runFind(this.#parts.run, queue, filter, most)).slice(0, most);
  }

  async walk(
    queue: string,
    state: StoredState,
    { index, start }: WalkPlace = { index: 0, start: 0 },
  ): Promise<WalkedPage> {
    const places: readonly string[] = PLACES[state];
    const place = places[index];
    if (place === undefined) return { messages: [], next: undefined };
    const reply = await this.#parts.run("walk", queue, { start, page: PAGE, place }, []);
    const [seen, facts] = reply as [number, Buffer];
    const next = seen < PAGE ? { index: index + 1, start: 0 } : { index, start: start + PAGE };
    return {
      messages: readWalked(facts),
      next: next.index < places.length ? next : undefined,
    };
  }

  /** Edits need room. The script itself runs when Redis is full: a plain retry must always be possible. */
  #checkRoom(items: readonly RetryItem[]): void {
    const { full } = this.#parts.capacity;
    if (full === undefined || items.every(({ kind }) => kind !== "edit")) return;
    throw storeFull(1000, full);
  }
}

function readContent(facts: Buffer, body: Buffer, edits: Buffer, bodies: Bodies): StoredContent {
  const { state, version } = new Reader(facts).read(LAYOUTS.content);
  return {
    state: storedState(state),
    version,
    envelope: bodies.unpack(body),
    edits: edits.length === 0 ? undefined : bodies.unpack(edits),
  };
}

function readWalked(facts: Buffer): WalkedMessage[] {
  const reader = new Reader(facts);
  const messages: WalkedMessage[] = [];
  while (!reader.done) {
    const { id, reason, flags, attempts, round, retry } = reader.read(LAYOUTS.walked);
    messages.push({
      id,
      reason: storedReason(reason),
      poisoned: (flags & CONSTANTS.FLAG.POISONED) !== 0,
      attempts,
      roundStartedAtMs: optionalMs(round),
      retrySettings: retry,
    });
  }
  return messages;
}
