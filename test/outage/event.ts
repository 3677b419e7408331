// What producers and workers write down, a line of JSON each.

/** Written before a send. */
export interface Sending {
  readonly event: "sending";
  /** The message's name: which language, which process, and its number there. It is the payload. */
  readonly name: string;
  readonly atMs: number;
}

/** What the client said of a send. */
export interface Told {
  readonly event: "told";
  readonly name: string;
  readonly atMs: number;
  readonly tookMs: number;
  readonly status: "sent" | "joined" | "spooled" | "delivery" | "dropped";
  /** Of `spooled`. */
  readonly durable?: boolean;
  /** Of `dropped`: kind and words. */
  readonly error?: string;
}

/** Written by a handler, before it returns. */
export interface Handled {
  readonly event: "handled";
  readonly name: string;
  readonly atMs: number;
  /** Of the message. */
  readonly id: string;
  readonly attempt: number;
  readonly outcomeUnknown: boolean;
}

export type OutageEvent = Sending | Told | Handled;
