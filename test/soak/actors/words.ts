// What the soak and its processes tell each other.

/** Messages a second, or as many as it can; `stop` ends the sending, and what is under way ends well. */
export type Order = { readonly send: number | "most" } | "stop";

/** Since the process began. */
export interface Totals {
  /** Accepted by the service. */
  sent: number;
  /** Not accepted, or nobody knows. */
  dropped: number;
  /** Due to be sent, and not sent, because too much was under way. */
  heldBack: number;
  /** Outcomes that counted, by what the worker reported. */
  succeeded: number;
  failed: number;
  released: number;
  quarantined: number;
  /** Leases that were left to run out. */
  lost: number;
  /** Messages made due again by the operator. */
  retried: number;
  /** Streams opened, and how many sessions they were of. */
  streams: number;
  sessions: number;
  /** Errors that the worker reported, other than a broken stream. */
  errors: number;
  /** The last of them. */
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

/** Sent by a process again and again; `isIdle` once it has stopped and nothing is under way. */
export interface Report {
  readonly totals: Totals;
  readonly isIdle: boolean;
}
