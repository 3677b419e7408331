// The messages between the soak and its processes.

/** `send`: messages per second, or as many as possible. `stop`: stop sending and wait for pending sends. */
export type Order = { readonly send: number | "most" } | "stop";

/** Totals since the start of the process. */
export interface Totals {
  /** Accepted by the service. */
  sent: number;
  /** Not accepted, or unknown. */
  dropped: number;
  /** Not sent in time, because too many sends were pending. */
  heldBack: number;
  /** Outcomes that counted. */
  succeeded: number;
  failed: number;
  released: number;
  quarantined: number;
  /** Leases that expired on purpose. */
  lost: number;
  /** Messages that the operator retried. */
  retried: number;
  /** Opened streams, and their sessions. */
  streams: number;
  sessions: number;
  /** Errors of the worker, except broken streams. */
  errors: number;
  /** The last error. */
  lastError: string;
}

export const NOTHING: Totals = {
  sent: 0,
  dropped: 0,
  heldBack: 0,
  succeeded: 0,
  failed: 0,
  released: 0,
  quarantined: 0,
  lost: 0,
  retried: 0,
  streams: 0,
  sessions: 0,
  errors: 0,
  lastError: "",
};

/** Sent regularly by a process. `isIdle`: it has stopped, and no sends are pending. */
export interface Report {
  readonly totals: Totals;
  readonly isIdle: boolean;
}
