// Commands to a load process on stdin and its answers on stdout, one JSON object a line. Load processes in all languages
// use them.

import { randomUUID } from "node:crypto";

/**
 * How this service is called: with plain stubs (default), with plain stubs and all fields that the client sends, or with
 * the client. Other systems have one way only.
 */
export type Api = "stubs" | "stubs-of-errors" | "client";

/** Queues and sizes of messages, the same for every system. */
export interface Target {
  readonly queue: string;
  /** Number of queues, used in turn: `queue`, `queue-1`, `queue-2`, … Default 1. */
  readonly queues?: number;
  /** Bytes of each payload. */
  readonly bytes: number;
}

/** What payloads consist of: random letters and digits (default), or the same orders in JSON. */
export type Content = "random" | "json";

export interface SendCommand extends Target {
  readonly op: "send";
  readonly content?: Content;
  readonly api?: Api;
  /** Messages in each call. */
  readonly batch: number;
  /** Concurrent calls. */
  readonly inFlight: number;
  /** Maximum messages and time. The first one that is reached ends the command. */
  readonly count?: number;
  readonly seconds?: number;
  /** Wall clock time when the first message is due, and how many are due per second after it. */
  readonly firstDueAtMs?: number;
  readonly dueRate?: number;
  /** Whether workers will fail the messages. */
  readonly mayFail?: boolean;
  /** Whether the messages go to quarantine. */
  readonly quarantined?: boolean;
}

export interface ConsumeCommand extends Target {
  readonly op: "consume";
  readonly api?: Api;
  /** Messages that one worker holds at a time. */
  readonly inFlight: number;
  /** Workers (streams) of this process. Default 1. */
  readonly workers?: number;
  /** Outcome of each message. A failed one is due again in an hour. */
  readonly outcome: "succeed" | "fail";
  /** Measures how late messages are delivered. */
  readonly lateness?: boolean;
}

export interface StopCommand {
  readonly op: "stop";
}

/** Counts messages of the queues that are neither done nor rescheduled. */
export interface LeftCommand extends Target {
  readonly op: "left";
}

/** Calls Stats several times, one after the other. */
export interface StatsCommand extends Target {
  readonly op: "stats";
  readonly count: number;
}

/** Opens streams and holds them until the command `stop`. */
export interface HoldCommand extends Target {
  readonly op: "hold";
  readonly workers: number;
}

/** Retries all messages of a queue that are in quarantine, by one batch job. The command `stop` cancels it. */
export interface JobCommand extends Target {
  readonly op: "job";
  /** Messages a second. Default: no limit. */
  readonly maxRate?: number;
}

export type Command =
  | SendCommand
  | ConsumeCommand
  | StopCommand
  | LeftCommand
  | StatsCommand
  | HoldCommand
  | JobCommand;

export interface LoadResult {
  /** Successful operations. */
  readonly count: number;
  /** How many operations ended with the first answer, and when the first and the last answer came. */
  readonly firstCount?: number;
  readonly firstAtMs?: number;
  readonly lastAtMs?: number;
  /** Latency of a call, or lateness, ms. Of a job: until its creation is answered. */
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

/** Returns random text, which does not compress well, or JSON that is cut at this size. */
export function payloadText(bytes: number, content: Content = "random"): string {
  let text = "";
  for (let index = 0; content === "json" && text.length < bytes; index++) {
    text += `${index === 0 ? "[" : ","}${JSON.stringify(orderOf(index))}`;
  }
  while (text.length < bytes) text += Math.random().toString(36).slice(2);
  return text.slice(0, bytes);
}

function orderOf(index: number) {
  const customer = (index * 31) % 977;
  return {
    orderId: randomUUID(),
    customer: {
      id: 10_000 + customer,
      name: `Customer ${customer}`,
      email: `c${customer}@a.example`,
    },
    status: ["created", "paid", "shipped", "cancelled"][index % 4],
    amount: Math.round(Math.random() * 100_000) / 100,
    currency: "EUR",
    createdAt: new Date(1_790_000_000_000 + index * 61_234).toISOString(),
    tags: ["retail", "web"],
    express: index % 3 === 0,
  };
}
