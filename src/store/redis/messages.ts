import type { RetryOutcome, StoredState } from "../../core/message.ts";
import type { RetrySelection, WalkPlace } from "../../core/retry-selection.ts";
import type {
  Messages,
  PrepareRetry,
  RetryItem,
  StoredContent,
  WalkedMessage,
  WalkedPage,
} from "../contract.ts";
import type { Bodies } from "./bodies.ts";
import type { Capacity } from "./capacity.ts";
import type { StoreContext } from "./context.ts";
import { CONSTANTS } from "./packed/constants.ts";
import { LAYOUTS } from "./packed/layouts.ts";
import { optionalMs, Reader } from "./packed/reader.ts";
import { storedReason, storedState } from "./states.ts";
import { nextPlace, PAGE, packPlace, runFind, START } from "./verbs/find.ts";
import { readRetried, runRetry, runRetryMatching } from "./verbs/retry.ts";

/** Bytes of one reply of contents, unless a single message is larger. */
const REPLY_BYTES = 4 * 1024 * 1024;
/** Ids of one such call: each costs a look, even if its message does not fit into the reply. */
const IDS = 100;

/** The indexes of each state; a message is in one of them. */
const PLACES = {
  SCHEDULED: ["due", "isolated", "indirect"],
  IN_FLIGHT: ["leases"],
  QUARANTINED: ["quarantine"],
} as const satisfies Record<StoredState, readonly string[]>;

export interface RedisMessagesParts
  extends Pick<
    StoreContext,
    "run" | "bodies" | "outboxMaxBytes" | "deliverySettingsOf" | "historyChangedAtMs"
  > {
  capacity: Pick<Capacity, "full" | "requireRoom">;
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

  async retry(queue: string, request: Uint8Array, items: readonly RetryItem[], caller?: string) {
    this.#checkRoom(items);
    return runRetry(this.#parts, queue, request, items, caller);
  }

  retryMatching(
    queue: string,
    request: Uint8Array,
    selection: RetrySelection,
    prepare: PrepareRetry = async (ids) => ids.map((id) => ({ kind: "retry", id })),
    signal?: AbortSignal,
    caller?: string,
  ) {
    const checked: PrepareRetry = async (ids) => {
      const items = await prepare(ids);
      this.#checkRoom(items);
      return items;
    };
    const how = { prepare: checked, signal, caller };
    return runRetryMatching(this.#parts, queue, request, selection, how);
  }

  matching(queue: string, selection: RetrySelection, signal?: AbortSignal) {
    return runFind(this.#parts.run, queue, selection, signal);
  }

  async walk(queue: string, state: StoredState, from: WalkPlace = START): Promise<WalkedPage> {
    const { index } = from;
    const places: readonly string[] = PLACES[state];
    const place = places[index];
    if (place === undefined) return { messages: [], next: undefined };
    const header = { page: PAGE, after: packPlace(from), indexName: place };
    const reply = await this.#parts.run("walk", queue, header, []);
    const [seen, facts] = reply as [number, Buffer];
    const reader = new Reader(facts);
    const next = nextPlace(reader, { index, seen, indexes: places.length });
    return { messages: readWalked(reader), next };
  }

  /** Edits need room. The script itself runs when Redis is full: a plain retry must always be possible. */
  #checkRoom(items: readonly RetryItem[]): void {
    if (items.some(({ kind }) => kind === "edit")) this.#parts.capacity.requireRoom();
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

function readWalked(reader: Reader): WalkedMessage[] {
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
