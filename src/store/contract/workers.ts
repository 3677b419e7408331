/** Which lease to take from a worker. */
export interface LeaseToBreak {
  id: Uint8Array;
  /** Undefined: any delivery. */
  deliveryNumber?: number;
}

/** A lease that was taken from a worker. */
export interface BrokenLease {
  sessionId: Uint8Array;
  deliveryNumber: number;
  /** How long the worker had the message. */
  heldMs: number;
  /** Undefined: unknown. */
  workerId: string | undefined;
}

/** How a lease is broken. */
export interface LeaseBreak {
  /** For the outbox, at most 255 bytes. */
  note: string;
  /** For the timeline. At most 255 bytes are stored. Undefined: unknown. */
  caller?: string | undefined;
}

/** A stream on a queue. */
export interface QueueWorker {
  sessionId: Uint8Array;
  /** Undefined: unknown, because its stream has ended. */
  workerId: string | undefined;
  server: string | undefined;
  /** Its server gave a sign of life lately. */
  isOpen: boolean;
  /** In all its queues together; 0: unknown. */
  maxInFlight: number;
  /** Takes no further messages. */
  quiet: boolean;
  /** Messages of this queue that it holds. */
  held: number;
  /** Since when it has held the oldest of them; undefined: unknown, or it holds none. */
  oldestSinceMs: number | undefined;
}
