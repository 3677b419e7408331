// What a load process is asked, one JSON object a line on stdin, and what it answers on stdout. The
// Go programs speak the same.

/**
 * How this service is called: by bare stubs (default), by bare stubs with all that the client would
 * send, or by the client. Other systems have one way only.
 */
export type Api = "stubs" | "stubs-of-errors" | "client";

/** How messages are named and sized; the same for every system. */
export interface Target {
  readonly queue: string;
  /** Messages go round over so many queues: `queue`, `queue-1`, `queue-2`, … Default 1. */
  readonly queues?: number;
  /** Bytes of each payload. */
  readonly bytes: number;
}

export interface SendCommand extends Target {
  readonly op: "send";
  readonly api?: Api;
  /** Messages in one call; 1 is a call for each. */
  readonly batch: number;
  /** Calls that wait for their answer at the same time. */
  readonly inFlight: number;
  /** Ends after so many messages, or after so long; whichever comes first. */
  readonly count?: number;
  readonly seconds?: number;
  /** When the first message is due, by the wall clock, and how many are due a second from then on. */
  readonly firstDueAtMs?: number;
  readonly dueRate?: number;
  /** How often a failing message may come back. */
  readonly mayFail?: boolean;
}

export interface ConsumeCommand extends Target {
  readonly op: "consume";
  readonly api?: Api;
  /** Messages that one worker holds at the same time. */
  readonly inFlight: number;
  /** Workers (streams) of this process. Default 1. */
  readonly workers?: number;
  /** What becomes of each message: done, or failed and put off for an hour. */
  readonly outcome: "succeed" | "fail";
  /** Due times of messages, as they were sent: tells how late each came. */
  readonly lateness?: boolean;
}

export interface StopCommand {
  readonly op: "stop";
}

/** How many messages of the queues are neither done nor put off. */
export interface LeftCommand extends Target {
  readonly op: "left";
}

/** So many calls of Stats, one after the other. */
export interface StatsCommand extends Target {
  readonly op: "stats";
  readonly count: number;
}

/** Opens streams and holds them until the command `stop`. */
export interface HoldCommand extends Target {
  readonly op: "hold";
  readonly workers: number;
}

export type Command =
  | SendCommand
  | ConsumeCommand
  | StopCommand
  | LeftCommand
  | StatsCommand
  | HoldCommand;

export interface LoadResult {
  /** Operations that were answered, and answered well. */
  readonly count: number;
  /** Of those: how many ended with the first answer, and when the first and the last came. */
  readonly firstCount?: number;
  readonly firstAtMs?: number;
  readonly lastAtMs?: number;
  /** Milliseconds: of a call, or after the due time. */
  readonly p50Ms?: number;
  readonly p99Ms?: number;
}

export type Answer =
  | { readonly progress: number }
  | { readonly result: LoadResult }
  | { readonly error: string };

export function queueNames({ queue, queues = 1 }: Target): string[] {
  return Array.from({ length: queues }, (_, index) => (index === 0 ? queue : `${queue}-${index}`));
}

/** Of random messages, so that nothing compresses it to nothing. */
export function payloadText(bytes: number): string {
  let text = "";
  while (text.length < bytes) text += Math.random().toString(36).slice(2);
  return text.slice(0, bytes);
}
