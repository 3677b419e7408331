import type { DamagedMessage } from "../../core/damaged-message.ts";
import type { GoneState, StoredState } from "../../core/message.ts";
import type { QuarantineReason, Reason } from "../../core/reason.ts";
import type { BreakerSnapshot } from "./delivery-blocks.ts";

/** Reads stored messages for people. */
export interface MessageReads {
  /**
   * Reads all that is stored of messages: of as many, in order, as fit into one reply, but at least one. Undefined: the queue
   * has no such message. Rejects with DAMAGED if one of them cannot be read.
   */
  details(
    queue: string,
    ids: readonly Uint8Array[],
  ): Promise<readonly (MessageDetails | undefined)[]>;
  /**
   * As `details`, but a damaged message is one of the results. `history`: false leaves out timelines, and failures before the
   * latest. `replyBytes`: what fits into one reply. Default: 4 MiB.
   */
  listed(
    queue: string,
    ids: readonly Uint8Array[],
    history: boolean,
    replyBytes?: number,
  ): Promise<readonly ListedMessage[]>;
  /** Reads what holds back a scheduled message. Undefined: no scheduled message has this id. */
  blocks(queue: string, id: Uint8Array): Promise<MessageBlocks | undefined>;
  /** Reads the states of about a thousand messages, in order of arrival. */
  states(queue: string, from: StatesFrom): Promise<StatesPage>;
}

/** Undefined: the queue has no such message. */
export type ListedMessage = MessageDetails | DamagedMessage | undefined;

/** What holds back a scheduled message besides its due time. */
export interface MessageBlocks {
  /** What blocks the messages that its limiter key, or the retry budget, covers. */
  limiter: "key" | "budget" | undefined;
  /** Its limiter key; empty: none. */
  key: string;
  /** Messages in flight of its blocked limiter key. */
  inFlightOfKey: number;
  /** When the limiter is checked again; undefined: unknown. */
  checkAtMs: number | undefined;
  /** The breaker that its outcomes move. */
  breaker: BreakerSnapshot;
  /** The message whose turn it is in its ordering key; undefined: it is its own turn. */
  behind:
    | {
        id: Uint8Array;
        orderingKey: string;
        /** Undefined: unknown. */
        state: StoredState | GoneState | undefined;
        /** When a quarantined message stops holding the key; undefined: by hand only. */
        holdEndsAtMs: number | undefined;
      }
    | undefined;
  /** Messages that are due before it; undefined: unknown, as in a key queue or with a priority. */
  ahead: number | undefined;
}

/** Where a page of states begins. */
export interface StatesFrom {
  newestFirst: boolean;
  /** Behind this message. Undefined: at the first one. */
  after: MessagePlace | undefined;
  /** Returns only messages with one of these values. Absent: all. */
  only?: StateSelection;
}

/** Values of states. An absent kind selects all. */
export interface StateSelection {
  states?: readonly StoredState[];
  reasons?: readonly Reason[];
  /** Empty text: none. */
  quarantineReasons?: readonly (QuarantineReason | "")[];
  /** The first 16 digits of digests of groups. Empty text: none. */
  groupIds?: readonly string[];
}

/** A place in the order of arrival. Messages that arrived close to each other are ordered by id. */
export interface MessagePlace {
  /** The number of its group of 128 arrivals. */
  chunk: number;
  id: Uint8Array;
}

export interface StatesPage {
  nowMs: number;
  messages: readonly MessageState[];
  /** Messages that were looked at. */
  examined: number;
  /** Where the next page begins; undefined: this is the last one. */
  next: MessagePlace | undefined;
}

/** The stored state of a message, without its content. */
export interface MessageState extends MessagePlace, StateFields {
  /** Changes with each change of the message, and begins again at 65,536. */
  version: number;
  /** It is on its way to another queue. */
  isMoving: boolean;
  orderingKey: string;
  /** The digest of its group, in hexadecimal digits. Empty: it is in none. */
  group: string;
}

/** What is known of a message by its state alone. */
export interface StateFields {
  state: StoredState;
  quarantineReason: QuarantineReason | undefined;
  reason: Reason;
  /** It is delivered alone, because leases of it have expired. */
  isolated: boolean;
  /** Failed attempts of its present round. */
  attempts: number;
  /** Every delivery, also lost and released ones. */
  deliveries: number;
  /** At most 255 are counted, as of the next one. */
  releases: number;
  /** In a row, without an outcome. */
  leaseExpiries: number;
  unknownOutcomes: number;
  /** Of all its life; the first and the latest ones are kept. */
  failureCount: number;
  /** Of envelope and edits. */
  bytes: number;
  /** When it came into its state. */
  sinceMs: number;
  /** In quarantine: its last one. */
  dueAtMs: number;
  /** Undefined: never expires. */
  expireAtMs: number | undefined;
  priority: number;
}

/** All that is stored of one message. */
export interface MessageDetails extends StateFields {
  /** Undefined: no worker holds it. */
  leaseExpireAtMs: number | undefined;
  /** Undefined: no worker holds it, or unknown. */
  workerId: string | undefined;
  /** Whether the stream that got it has ended. */
  streamEnded: boolean;
  /** Its source sent too often: its next failure quarantines it. */
  poisoned: boolean;
  /** The length of its time to live; 0: never expires. */
  ttlMs: number;
  /** When its present round of attempts began; undefined: when it was accepted. */
  roundStartedAtMs: number | undefined;
  /** Its latest delay, from which the next one grows; 0: unknown. */
  lastDelayMs: number;
  /** How often rules moved it, at most 255. */
  moves: number;
  /** The queue that it is moving to. */
  movesTo: string | undefined;
  /** The digest of its group, in hexadecimal digits. Empty: it is in none. */
  group: string;
  /** `dlq.storage.v1.RetrySettings`. */
  retrySettings: Uint8Array;
  /** `dlq.storage.v1.Envelope`, as it was sent. */
  envelope: Uint8Array;
  /** `dlq.storage.v1.Edits`, the result of all edits. */
  edits: Uint8Array | undefined;
  /** Those after the one in the envelope, as far as they are kept, oldest first. */
  laterFailures: readonly StoredFailure[];
  /** Its timeline, as far as it is kept, oldest first. */
  events: readonly StoredEvent[];
}

/** An entry of a timeline. */
export interface StoredEvent {
  kind: StoredEventKind;
  atMs: number;
  /**
   * When the worker got the message; of a retry, when the message came into quarantine. Undefined: unknown, or neither.
   */
  startedAtMs: number | undefined;
  /** Deliveries so far, with the one of this event. */
  delivery: number;
  /** The quarantine that it entered, or left by a retry. */
  quarantineReason: QuarantineReason | undefined;
  /** Undefined: unknown, or none took part. */
  workerId: string | undefined;
  /** The server of the worker's stream. Undefined: as `workerId`. */
  server: string | undefined;
  /** Undefined: it was no call, or the server needs no token. */
  caller: string | undefined;
  /** Of a move, the other queue. */
  queue: string | undefined;
  /** The worker's; may be empty. */
  note: string;
}

export type StoredEventKind =
  | "RETRIED"
  | "LEASE_LOST"
  | "LEASE_BROKEN"
  /** `queue` is where it was before. */
  | "MOVED"
  /** `queue` refused it. */
  | "MOVE_REFUSED"
  /** `queue` is where it was exported from. */
  | "IMPORTED"
  /** By a worker. */
  | "QUARANTINED"
  /** `startedAtMs` is when it had ended. */
  | "UNDELETED";

export interface StoredFailure {
  /** `dlq.v1.Failure`. */
  failure: Uint8Array;
  /** Undefined: an earlier version stored it. */
  attempt: StoredAttempt | undefined;
}

/** What is known of the attempt that failed. */
export interface StoredAttempt {
  /** When a worker got the message. Undefined: its lease had ended, or it is the failure of a send. */
  startedAtMs: number | undefined;
  /** When the failure was reported. */
  endedAtMs: number;
  /** Undefined: it is the failure of a send that joined the message. */
  delivery: number | undefined;
  /** It did not count as an attempt, because the breaker had opened. */
  exempt: boolean;
  /** Undefined: unknown. */
  workerId: string | undefined;
  /** The server of the worker's stream. Undefined: unknown. */
  server: string | undefined;
  /** What was decided, in words; may be empty. */
  decision: string;
}
