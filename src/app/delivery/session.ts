import { type DeliveryStatus, sameDeliveryStatus, UNBLOCKED } from "../../core/delivery-status.ts";
import type { DueDelivery } from "../../core/message.ts";
import { LIMITS } from "../../core/settings.ts";
import type { Claimed, HeldLease, SessionCredit } from "../../store/contract.ts";
import { SessionIsolation } from "./isolation.ts";

/** The most bytes that a delivery adds to its stored parts on the wire. */
const DELIVERY_OVERHEAD_BYTES = 1024;

/**
 * A claim takes at most this share of a stream's limit (1/2), but at least LEAST_CLAIM: while a worker
 * processes one half, the other is on its way. Smaller claims cost more script calls than they save.
 */
const SHARE_OF_ROOM = 2;
const LEAST_CLAIM = 16;

/** No stored message is larger: payload, attributes and failure, and an edited copy of them. */
const LARGEST_BYTES = 8 * 1024 * 1024;
/** So many claims for one stream run at once and share its free bytes, if there is room for two of the largest messages. */
const CLAIMS_AT_ONCE = 4;

/** The identity of a session and what its stream asked for. */
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

/** Room that a pump has reserved for one claim. Must be passed to `settle` exactly once. */
export interface Reservation extends Pick<SessionCredit, "count" | "bytes" | "canIsolate"> {
  readonly session: Session;
}

/**
 * A worker session with an open stream on this server: how many leases it holds, how many more it can
 * take, and which messages wait to be written. Room is reserved before a claim. The count covers all
 * its queues; `reconcile` corrects it when leases end on other servers.
 */
export class Session {
  readonly options: SessionOptions;
  readonly isolation = new SessionIsolation(() => this.#offerRoom());
  readonly #leases = new Map<string, Lease>();
  #bytes = 0;
  #reservedCount = 0;
  #reservedBytes = 0;
  #reconcileRequested = false;
  readonly #inbox: Claimed[] = [];
  /** By queue: the status that the stream was last sent, and the one still to be sent. */
  readonly #sentStatus = new Map<string, DeliveryStatus>();
  readonly #newStatus = new Map<string, DeliveryStatus>();
  #reader: (() => void) | undefined;
  /** Leases of an earlier stream are being loaded: no claims yet. */
  #loading = false;
  #quiet = false;
  #ended = false;
  /** Called once when a reservation that failed may succeed. */
  #roomWaiters = new Set<() => void>();
  /** Called once when a lease ends, even if that frees no room for other messages. */
  #endWaiters = new Set<() => void>();

  constructor(options: SessionOptions) {
    this.options = options;
  }

  get held(): number {
    return this.#leases.size;
  }

  /** Reports whether the session may hold leases: before those of an earlier stream are loaded, it is unknown. */
  get mayHold(): boolean {
    return this.held > 0 || this.#loading;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Whether the session takes no further messages, because an operator said so. */
  get quiet(): boolean {
    return this.#quiet;
  }

  set quiet(quiet: boolean) {
    this.#quiet = quiet;
    if (!quiet) this.#offerRoom();
  }

  /** Whether `reconcile` may free room: the session is full, or a message did not fit. */
  get needsReconcile(): boolean {
    if (this.held === 0) return false;
    const isFull = this.#roomFor(1) === 0 || this.#bytes >= this.options.maxInFlightBytes;
    return this.#reconcileRequested || isFull || this.isolation.isClosed;
  }

  /** A message did not fit: the session's count of leases may be out of date. */
  requestReconcile(): void {
    this.#reconcileRequested = this.held > 0;
  }

  reconcileStarted(): void {
    this.#reconcileRequested = false;
  }

  /**
   * Reserves room for a claim of this queue. Returns undefined if the stream is quiet, is not reading or has no
   * room. `wantIsolated` offers an empty session for an isolated message; nothing else is reserved
   * at the same time.
   */
  reserve(queue: string, most: number, wantIsolated: boolean): Reservation | undefined {
    if (this.#ended || this.#quiet || this.#loading || this.#reader === undefined) return;
    const freeBytes = Math.max(
      0,
      this.options.maxInFlightBytes - this.#bytes - this.#reservedBytes,
    );
    // With fewer bytes for each of two claims, a message that fits would count as too large.
    if (this.#reservedBytes > 0 && freeBytes < LARGEST_BYTES) return;
    const isEmpty = this.#leases.size === 0 && this.#reservedCount === 0;
    if (!this.isolation.allows(queue, isEmpty)) return;
    const canIsolate = isEmpty && (wantIsolated || this.isolation.isEmptying);
    const count = this.#roomFor(most);
    const isShared = freeBytes >= 2 * LARGEST_BYTES;
    const shareBytes = Math.floor(freeBytes / CLAIMS_AT_ONCE);
    const bytes = isShared ? Math.max(LARGEST_BYTES, shareBytes) : freeBytes;
    if (count === 0 || (bytes === 0 && !canIsolate)) return;
    this.#reservedCount += count;
    this.#reservedBytes += bytes;
    this.isolation.reserve(canIsolate);
    return { session: this, count, bytes, canIsolate };
  }

  /** Ends a reservation and passes the claimed messages to the reader. */
  settle(reservation: Reservation, claimed: readonly Claimed[]): void {
    this.#reservedCount -= reservation.count;
    this.#reservedBytes -= reservation.bytes;
    this.isolation.settle(reservation.canIsolate, claimed);
    for (const claim of claimed) {
      const { queue, id: messageId, deliveryNumber, bytes, isolated } = claim;
      this.#add({ queue, messageId, deliveryNumber, bytes, isolated });
      this.#inbox.push(claim);
    }
    if (claimed.length > 0) this.#wakeReader();
    else this.#offerRoom();
  }

  /** Adds leases that the session held before this stream. */
  resume(queue: string, leases: readonly HeldLease[]): void {
    for (const { id: messageId, deliveryNumber, bytes, isolated } of leases) {
      this.#add({ queue, messageId, deliveryNumber, bytes, isolated });
    }
  }

  set loading(loading: boolean) {
    this.#loading = loading;
    if (!loading) this.#offerRoom();
  }

  /** A lease has ended. Without a delivery number: any lease of the message. */
  release(queue: string, messageId: Uint8Array, deliveryNumber?: number): void {
    const key = leaseKey(queue, messageId);
    const lease = this.#leases.get(key);
    if (!lease || (deliveryNumber !== undefined && lease.deliveryNumber !== deliveryNumber)) return;
    this.#remove(key, lease);
    const waiters = this.#endWaiters;
    this.#endWaiters = new Set();
    for (const waiter of waiters) this.#roomWaiters.add(waiter);
    this.#offerRoom();
  }

  /** The held leases by queue. */
  heldByQueue(): Map<string, { messageId: Uint8Array; deliveryNumber: number }[]> {
    return Map.groupBy(this.#leases.values(), ({ queue }) => queue);
  }

  onceRoom(waiter: () => void): void {
    this.#roomWaiters.add(waiter);
  }

  onceLeaseEnded(waiter: () => void): void {
    this.#endWaiters.add(waiter);
  }

  /**
   * Takes the deliveries of the next frame: below the frame limit, except for a single larger message.
   * The rest stays here, to be returned to the queue if the stream breaks.
   */
  takeFrame(): Claimed[] {
    let count = 0;
    let bytes = 0;
    for (const claim of this.#inbox) {
      bytes += deliveryBytes(claim);
      if (count > 0 && bytes > LIMITS.frameBytes) break;
      count++;
    }
    return this.#inbox.splice(0, count);
  }

  /** Sets a queue's delivery status. The stream is notified if it changed. */
  notify(queue: string, deliveryStatus: DeliveryStatus): void {
    if (sameDeliveryStatus(this.#sentStatus.get(queue) ?? UNBLOCKED, deliveryStatus)) {
      this.#newStatus.delete(queue);
      return;
    }
    this.#newStatus.set(queue, deliveryStatus);
    this.#wakeReader();
  }

  /** Takes the next status to send; undefined if there is none. */
  takeStatus(): { queue: string; deliveryStatus: DeliveryStatus } | undefined {
    for (const [queue, deliveryStatus] of this.#newStatus) {
      this.#newStatus.delete(queue);
      this.#sentStatus.set(queue, deliveryStatus);
      return { queue, deliveryStatus };
    }
    return undefined;
  }

  /** Takes everything that was not written, to be returned to the queues. */
  takeRest(): Claimed[] {
    return this.#inbox.splice(0);
  }

  /** The stream waits for something to write. Messages are claimed only for a reading stream. */
  read(wake: () => void): void {
    this.#reader = wake;
    if (this.#inbox.length > 0 || this.#newStatus.size > 0) this.#wakeReader();
    else this.#offerRoom();
  }

  stopReading(): void {
    this.#reader = undefined;
  }

  /** No more claims. Claimed messages can still be taken. */
  end(): void {
    this.#ended = true;
    this.#roomWaiters.clear();
    this.#endWaiters.clear();
    this.#wakeReader();
  }

  #roomFor(most: number): number {
    const { maxInFlight } = this.options;
    const share = Math.max(LEAST_CLAIM, Math.ceil(maxInFlight / SHARE_OF_ROOM));
    const room = maxInFlight - this.#leases.size - this.#reservedCount;
    return Math.max(0, Math.min(most, share, room));
  }

  #add(lease: Lease): void {
    const key = leaseKey(lease.queue, lease.messageId);
    const old = this.#leases.get(key);
    if (old) this.#remove(key, old);
    this.#leases.set(key, lease);
    this.#bytes += lease.bytes;
    if (lease.isolated) this.isolation.hold(1);
  }

  #remove(key: string, lease: Lease): void {
    this.#leases.delete(key);
    this.#bytes -= lease.bytes;
    if (lease.isolated) this.isolation.hold(-1);
  }

  #wakeReader(): void {
    const reader = this.#reader;
    this.#reader = undefined;
    reader?.();
  }

  /** Calls the waiters in a microtask, so that all leases that one call ends lead to one claim. */
  #offerRoom(): void {
    if (this.#roomWaiters.size === 0 || this.#reader === undefined || this.#ended) return;
    // Only the present waiters: one that fails again waits for the next room.
    const waiters = this.#roomWaiters;
    this.#roomWaiters = new Set();
    queueMicrotask(() => {
      for (const waiter of waiters) waiter();
    });
  }
}

/** An upper bound of a delivery's size on the wire. */
export function deliveryBytes(
  delivery: Pick<DueDelivery, "envelope" | "edits" | "latestFailure">,
): number {
  const { envelope, edits, latestFailure } = delivery;
  const stored = envelope.length + (edits?.length ?? 0) + (latestFailure?.length ?? 0);
  return stored + DELIVERY_OVERHEAD_BYTES;
}

function leaseKey(queue: string, messageId: Uint8Array): string {
  return `${queue}/${Buffer.from(messageId.buffer, messageId.byteOffset, 16).toString("latin1")}`;
}
