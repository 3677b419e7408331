import { type DeliveryStatus, sameDeliveryStatus, UNBLOCKED } from "../../core/delivery-status.ts";
import type { Claimed, HeldLease, SessionCredit } from "../../store/contract.ts";

/** A frame stays below this, save one with a single larger message. */
const FRAME_BYTES = 1024 * 1024;
/** What a delivery is on the wire beyond its envelope and failure: more than it ever needs. */
const DELIVERY_SLACK_BYTES = 1024;

/**
 * One claim takes half of what a stream may hold, but for small ones: while a worker does one half,
 * the other is on its way or being settled. Smaller shares cost more scripts than they save time.
 */
const SHARE_OF_ROOM = 2;
const LEAST_SHARE = 16;

/** What a stream asked for, and who it is. */
export interface SessionOptions {
  /** The UUID's text and its bytes. */
  idText: string;
  id: Uint8Array;
  workerId: string;
  queues: readonly string[];
  maxInFlight: number;
  maxInFlightBytes: number;
  /** Undefined: each queue's own. */
  leaseMs: number | undefined;
}

interface Lease {
  queue: string;
  messageId: Uint8Array;
  deliveryNumber: number;
  bytes: number;
  isolated: boolean;
}

/** Room that a pump has taken for one claim; must be given to `settle` once. */
export interface Reservation extends Pick<SessionCredit, "count" | "bytes" | "idle"> {
  readonly session: Session;
}

/**
 * The stream of one worker on this node: how many leases it holds and may still take, and what
 * waits to be written. The count is of live leases over all its queues, reserved before a claim;
 * the store's own count corrects it where leases end elsewhere.
 */
export class Session {
  readonly options: SessionOptions;
  readonly #leases = new Map<string, Lease>();
  #bytes = 0;
  #reservedCount = 0;
  #reservedBytes = 0;
  /** A reservation that may bring a message which must be alone: no other beside it. */
  #exclusive = false;
  #isolated = 0;
  /** Takes nothing more until it is empty, and then what must be alone of this queue. */
  #quietFor: string | undefined;
  #hadSuspect = false;
  #doubtful = false;
  readonly #inbox: Claimed[] = [];
  /** Of each queue what the stream was last told, and what it is to be told. */
  readonly #statuses = new Map<string, DeliveryStatus>();
  readonly #news = new Map<string, DeliveryStatus>();
  #reader: (() => void) | undefined;
  /** Leases of an earlier stream are not known yet: no claim before they are. */
  #loading = false;
  #ended = false;
  /** Called once when a reservation may succeed that has just failed. */
  #roomWaiters = new Set<() => void>();
  /** Called once when it holds one lease less: less than room, for what must be alone. */
  #endWaiters = new Set<() => void>();

  constructor(options: SessionOptions) {
    this.options = options;
  }

  get held(): number {
    return this.#leases.size;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Its last claim was a suspect: fresh messages have their turn before the next one. */
  get hadSuspect(): boolean {
    return this.#hadSuspect;
  }

  /** Can take nothing more as it is: if it holds less than it thinks, somebody should find out. */
  get stuck(): boolean {
    if (this.held === 0) return false;
    const noBytes = this.#bytes >= this.options.maxInFlightBytes;
    return this.#doubtful || this.#roomFor(1) === 0 || noBytes || this.#isolated > 0 || this.quiet;
  }

  /** Something did not fit beside what it holds. Cleared by the look that this asks for. */
  set doubtful(doubtful: boolean) {
    this.#doubtful = doubtful;
  }

  /**
   * Room for a claim of this queue; undefined when it reads no more, or has none. `alone` asks for
   * room for a message that allows no other beside it: given only by a session that holds nothing,
   * and then nothing else is reserved at the same time.
   */
  reserve(queue: string, most: number, alone: boolean): Reservation | undefined {
    if (this.#ended || this.#loading || this.#exclusive || this.#reader === undefined) return;
    if (this.#isolated > 0) return;
    // All bytes are taken at a time. What a lease that ends meanwhile frees are scraps, in which a
    // message does not fit that has room enough a moment later.
    if (this.#reservedBytes > 0) return;
    const empty = this.#leases.size === 0 && this.#reservedCount === 0;
    if (this.quiet && (!empty || this.#quietFor !== queue)) return;
    const idle = empty && (alone || this.quiet);
    const count = this.#roomFor(most);
    const bytes = Math.max(0, this.options.maxInFlightBytes - this.#bytes);
    if (count === 0 || (bytes === 0 && !idle)) return;
    this.#reservedCount += count;
    this.#reservedBytes += bytes;
    this.#exclusive = idle;
    return { session: this, count, bytes, idle };
  }

  /** Ends a reservation with what it brought; hands it to the reader. */
  settle(reservation: Reservation, claimed: readonly Claimed[]): void {
    this.#reservedCount -= reservation.count;
    this.#reservedBytes -= reservation.bytes;
    if (reservation.idle) this.#exclusive = false;
    this.#hadSuspect = claimed.some(({ isolated }) => isolated);
    if (reservation.idle && claimed.length > 0) this.#quietFor = undefined;
    for (const claim of claimed) {
      const { queue, id: messageId, deliveryNumber, bytes, isolated } = claim;
      this.#add({ queue, messageId, deliveryNumber, bytes, isolated });
      this.#inbox.push(claim);
    }
    if (claimed.length > 0) this.#wakeReader();
    else this.#offer();
  }

  /** Leases that the session had before this stream. */
  resume(queue: string, leases: readonly HeldLease[]): void {
    for (const { id: messageId, deliveryNumber, bytes, isolated } of leases) {
      this.#add({ queue, messageId, deliveryNumber, bytes, isolated });
    }
  }

  set loading(loading: boolean) {
    this.#loading = loading;
    if (!loading) this.#offer();
  }

  /** A lease has ended. Without a delivery number: whichever is held on the message. */
  release(queue: string, messageId: Uint8Array, deliveryNumber?: number): void {
    const key = leaseKey(queue, messageId);
    const lease = this.#leases.get(key);
    if (!lease || (deliveryNumber !== undefined && lease.deliveryNumber !== deliveryNumber)) return;
    this.#remove(key, lease);
    const waiters = this.#endWaiters;
    this.#endWaiters = new Set();
    for (const waiter of waiters) this.#roomWaiters.add(waiter);
    this.#offer();
  }

  /** What it holds by queue, to be compared with the store's account. */
  heldByQueue(): Map<string, { messageId: Uint8Array; deliveryNumber: number }[]> {
    return Map.groupBy(this.#leases.values(), ({ queue }) => queue);
  }

  /** Takes nothing new until it is empty, to be given a suspect of this queue alone. */
  quietFor(queue: string): void {
    this.#quietFor = queue;
  }

  endQuiet(queue: string): void {
    if (this.#quietFor !== queue) return;
    this.#quietFor = undefined;
    this.#offer();
  }

  get quiet(): boolean {
    return this.#quietFor !== undefined;
  }

  onceRoom(waiter: () => void): void {
    this.#roomWaiters.add(waiter);
  }

  onceLeaseEnded(waiter: () => void): void {
    this.#endWaiters.add(waiter);
  }

  /**
   * What is to be written next, and nothing more until it is asked again: one frame. What it
   * leaves is still ours to give back, should the stream break while that frame is written.
   */
  take(): Claimed[] {
    let count = 0;
    let bytes = 0;
    for (const { envelope, edits, latestFailure } of this.#inbox) {
      bytes += envelope.length + (edits?.length ?? 0) + (latestFailure?.length ?? 0);
      bytes += DELIVERY_SLACK_BYTES;
      if (count > 0 && bytes > FRAME_BYTES) break;
      count++;
    }
    return this.#inbox.splice(0, count);
  }

  /** What holds a queue of the stream back, which it is told of when that is new. */
  tell(queue: string, deliveryStatus: DeliveryStatus): void {
    if (sameDeliveryStatus(this.#statuses.get(queue) ?? UNBLOCKED, deliveryStatus)) {
      this.#news.delete(queue);
      return;
    }
    this.#news.set(queue, deliveryStatus);
    this.#wakeReader();
  }

  /** What is to be told next of a queue; undefined: nothing. */
  takeNews(): { queue: string; deliveryStatus: DeliveryStatus } | undefined {
    for (const [queue, deliveryStatus] of this.#news) {
      this.#news.delete(queue);
      this.#statuses.set(queue, deliveryStatus);
      return { queue, deliveryStatus };
    }
    return undefined;
  }

  /** Everything that has not been taken, to be given back. */
  takeRest(): Claimed[] {
    return this.#inbox.splice(0);
  }

  /** The stream waits for something to write: only now are messages claimed for it. */
  read(wake: () => void): void {
    this.#reader = wake;
    if (this.#inbox.length > 0 || this.#news.size > 0) this.#wakeReader();
    else this.#offer();
  }

  stopReading(): void {
    this.#reader = undefined;
  }

  /** No more claims. What was claimed and not taken yet is still there to take. */
  end(): void {
    this.#ended = true;
    this.#roomWaiters.clear();
    this.#endWaiters.clear();
    this.#wakeReader();
  }

  #roomFor(most: number): number {
    const { maxInFlight } = this.options;
    const share = Math.max(LEAST_SHARE, Math.ceil(maxInFlight / SHARE_OF_ROOM));
    const room = maxInFlight - this.#leases.size - this.#reservedCount;
    return Math.max(0, Math.min(most, share, room));
  }

  #add(lease: Lease): void {
    const key = leaseKey(lease.queue, lease.messageId);
    const old = this.#leases.get(key);
    if (old) this.#remove(key, old);
    this.#leases.set(key, lease);
    this.#bytes += lease.bytes;
    if (lease.isolated) this.#isolated++;
  }

  #remove(key: string, lease: Lease): void {
    this.#leases.delete(key);
    this.#bytes -= lease.bytes;
    if (lease.isolated) this.#isolated--;
  }

  #wakeReader(): void {
    const reader = this.#reader;
    this.#reader = undefined;
    reader?.();
  }

  /** In a moment, so that the leases that one call ends make one claim, not one each. */
  #offer(): void {
    if (this.#roomWaiters.size === 0 || this.#reader === undefined || this.#ended) return;
    // Only those that wait by now: who fails at what is left comes back with the next room.
    const waiters = this.#roomWaiters;
    this.#roomWaiters = new Set();
    queueMicrotask(() => {
      for (const waiter of waiters) waiter();
    });
  }
}

function leaseKey(queue: string, messageId: Uint8Array): string {
  return `${queue}/${Buffer.from(messageId.buffer, messageId.byteOffset, 16).toString("latin1")}`;
}
