import { REDACTED } from "../../core/redaction/hidden-values.ts";
import { hidesFailures } from "../../core/redaction/redaction.ts";
import { retentionOf } from "../../core/retention.ts";
import type { QueueSettings } from "../../core/settings.ts";
import type {
  DeletedMessage,
  DeletedPlace,
  DeletedRange,
  DeletedState,
  Store,
  UndeleteRefusal,
} from "../../store/contract.ts";
import type { Caller } from "../commands.ts";
import type { DecisionLog } from "../observer.ts";
import { requestKey } from "../request-key.ts";

export type {
  DeletedMessage,
  DeletedPlace,
  DeletedRange,
  DeletedState,
  UndeleteRefusal,
} from "../../store/contract.ts";

export interface ListedDeleted extends DeletedMessage {
  /** When it is erased, unless others need the room before. */
  erasedAtMs: number;
}

export interface ListedDeletedPage {
  messages: readonly ListedDeleted[];
  total: number;
  /** Undefined: this is the last page. */
  next: DeletedPlace | undefined;
}

/** Where a call continues: behind this message, or with the first one of this state. */
export interface UndeletePlace {
  state: DeletedState;
  after: DeletedPlace | undefined;
  /** The end of the time, not later than the first call: what comes back may soon end again. */
  toMs: number;
}

/** What to bring back by time, the oldest first. */
export interface UndeleteRange extends DeletedRange {
  /** Undefined: from the oldest of the first state. */
  from: UndeletePlace | undefined;
  pageSize: number;
}

export interface UndeleteCommand {
  requestId: string;
  queue: string;
  /** An undefined id is none of a message. */
  by: { ids: readonly (Uint8Array | undefined)[] } | UndeleteRange;
  toRetry: boolean;
  caller?: Caller;
}

export interface Undeleted {
  count: number;
  /** By its place among the ids, or by id. */
  refused: readonly { index?: number; id?: Uint8Array; refusal: UndeleteRefusal }[];
  /** Where the next call continues; undefined: all were reached. */
  next: UndeletePlace | undefined;
}

/** Shows messages that ended, and brings them back. Rejects with a DlqError. */
export interface DeletedAdmin {
  list(
    queue: string,
    range: DeletedRange,
    after: DeletedPlace | undefined,
    pageSize: number,
  ): Promise<ListedDeletedPage>;
  undelete(command: UndeleteCommand): Promise<Undeleted>;
}

export interface DeletedAdminParts {
  store: Pick<Store, "deleted">;
  settingsOf(queue: string): QueueSettings;
  log: DecisionLog;
}

export function createDeletedAdmin({ store, settingsOf, log }: DeletedAdminParts): DeletedAdmin {
  return {
    async list(queue, range, after, pageSize) {
      const { messages, total } = await store.deleted.list(queue, range, after, pageSize);
      const settings = settingsOf(queue);
      const { succeededMs, deletedMs } = retentionOf(settings);
      const shown = messages.map((message) => ({
        ...message,
        note: message.note !== "" && hidesFailures(settings) ? REDACTED : message.note,
        erasedAtMs: message.deletedAtMs + (message.state === "SUCCEEDED" ? succeededMs : deletedMs),
      }));
      const last = shown.length < pageSize ? undefined : shown.at(-1);
      return { messages: shown, total, next: last && { atMs: last.deletedAtMs, id: last.id } };
    },

    async undelete({ requestId, queue, by, toRetry, caller }) {
      const how = { toRetry, caller, settings: settingsOf(queue) };
      const request = requestKey(requestId, queue);
      const done =
        "ids" in by
          ? await undeleteIds(store, queue, request, by.ids, how)
          : await undeleteRange(store, queue, request, by, how);
      if (done.count > 0)
        log.info({ queue, count: done.count, toRetry, caller }, "messages undeleted by hand");
      return done;
    },
  };
}

type How = Parameters<Store["deleted"]["undelete"]>[3];

async function undeleteIds(
  store: Pick<Store, "deleted">,
  queue: string,
  request: Uint8Array,
  ids: readonly (Uint8Array | undefined)[],
  how: How,
): Promise<Undeleted> {
  const known = ids.filter((id) => id !== undefined);
  const unknown = ids.flatMap((id, index) =>
    id === undefined ? [{ index, refusal: "MISSING" as const }] : [],
  );
  if (known.length === 0) return { count: 0, refused: unknown, next: undefined };
  const { count, refused } = await store.deleted.undelete(queue, request, { ids: known }, how);
  return { count, refused: [...unknown, ...refused], next: undefined };
}

/** One page of one state: the next call goes on with the next one. */
async function undeleteRange(
  store: Pick<Store, "deleted">,
  queue: string,
  request: Uint8Array,
  { states, fromMs, from, pageSize, ...range }: UndeleteRange,
  how: How,
): Promise<Undeleted> {
  const [first] = states;
  const state = from?.state ?? first;
  if (state === undefined) return { count: 0, refused: [], next: undefined };
  const toMs = from?.toMs ?? range.toMs;
  const which = { state, fromMs, toMs, after: from?.after, page: pageSize };
  const { count, refused, rest, upToMs } = await store.deleted.undelete(queue, request, which, how);
  const following = states[states.indexOf(state) + 1];
  const next = rest ? { state, after: rest } : following && { state: following, after: undefined };
  return { count, refused, next: next && { ...next, toMs: upToMs } };
}
