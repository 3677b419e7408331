import type { Claimed, HeldLease, SessionCredit } from "../../store/contract.ts";

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
  /** Takes nothing more until it is empty, and then a suspect of this queue. */
  #quietFor: string | undefined;
  #inbox: Claimed[] = [];
  #reader: (() => void) | undefined;
  /** Leases of an earlier stream are not known yet: no claim before they are. */
  #loading = false;
  #ended = false;
  readonly #waiters = new Set<() => void>();

  constructor(options: SessionOptions) {
    this.options = options;
  }

  get held(): number {
    return this.#leases.size;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Has as many leases as it asked for, or must not take more: only ended leases help. */
  get full(): boolean {
    if (this.held === 0) return false;
    const bytesUsed = this.#bytes >= this.options.maxInFlightBytes;
    return this.#roomFor(1) === 0 || bytesUsed || this.#isolated > 0 || this.quiet;
  }

  /** Room for a claim of this queue; undefined when it reads no more, or has none. */
  reserve(queue: string, most: number): Reservation | undefined {
    if (this.#ended || this.#loading || this.#exclusive || this.#reader === undefined) return;
    if (this.#isolated > 0) return;
    const idle = this.#leases.size === 0 && this.#reservedCount === 0;
    if (this.#quietFor !== undefined && (!idle || this.#quietFor !== queue)) return;
    const count = this.#roomFor(most);
    if (count === 0) return;
    const bytes = Math.max(0, this.options.maxInFlightBytes - this.#bytes - this.#reservedBytes);
    if (bytes === 0 && !idle) return;
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
    for (const claim of claimed) {
      const { queue, id: messageId, deliveryNumber, bytes, isolated } = claim;
      this.#add({ queue, messageId, deliveryNumber, bytes, isolated });
      if (isolated) this.#quietFor = undefined;
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

  /** Calls back once when a reservation may succeed that has just failed. */
  onceRoom(waiter: () => void): void {
    this.#waiters.add(waiter);
  }

  /** What is to be written, and nothing more until it is asked again. */
  take(): Claimed[] {
    const taken = this.#inbox;
    this.#inbox = [];
    return taken;
  }

  /** The stream waits for something to write: only now are messages claimed for it. */
  read(wake: () => void): void {
    this.#reader = wake;
    if (this.#inbox.length > 0) this.#wakeReader();
    else this.#offer();
  }

  stopReading(): void {
    this.#reader = undefined;
  }

  /** No more claims. What was claimed and not taken yet is still there to take. */
  end(): void {
    this.#ended = true;
    this.#waiters.clear();
    this.#wakeReader();
  }

  #roomFor(most: number): number {
    return Math.max(
      0,
      Math.min(most, this.options.maxInFlight - this.#leases.size - this.#reservedCount),
    );
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

  #offer(): void {
    if (this.#waiters.size === 0 || this.#reader === undefined || this.#ended) return;
    const waiters = [...this.#waiters];
    this.#waiters.clear();
    for (const waiter of waiters) waiter();
  }
}

function leaseKey(queue: string, messageId: Uint8Array): string {
  return `${queue}/${Buffer.from(messageId.buffer, messageId.byteOffset, 16).toString("latin1")}`;
}
