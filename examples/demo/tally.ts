// Counts the events that NATS delivers, and looks for the end of each message among them.

import { setTimeout as pause } from "node:timers/promises";
import { connect, type Msg } from "@nats-io/transport-node";
import { readNatsUrl } from "../../src/config/nats-url.ts";
import { SERVICE_NAMES } from "./services.ts";

export interface Tally extends AsyncDisposable {
  /** Resolves when no message is missing, at the latest after 10 s. Rejects when the signal aborts. */
  settle(ids: readonly string[], signal: AbortSignal): Promise<void>;
  /** Those of these messages whose arrival or end has no event. */
  missing(ids: readonly string[]): string[];
  /** Event type -> events: of these messages, and of the demo's breakers and groups. Most frequent first. */
  counts(ids: readonly string[]): Map<string, number>;
}

/** The type with which a message ends in the demo. */
const ENDS = ["retry_success", "moved_to_poison"];
const TYPE_PREFIX = "dlq.v1.";
const CONNECT_TIMEOUT_MS = 5_000;
const LONGEST_WAIT_MS = 10_000;
const CHECK_EVERY_MS = 50;

interface Counted {
  readonly type: string;
  /** Empty: it is about no message. */
  readonly messageId: string;
}

/** Counts what is published after this resolves. @throws Error with a message for the user */
export async function openTally(url: string): Promise<Tally> {
  const nats = await connectTo(url);
  /** By their ids: an event may come twice. */
  const events = new Map<string, Counted>();
  const count = (_: unknown, { headers }: Msg) => {
    const id = headers?.get("ce-id") ?? "";
    const type = headers?.get("ce-type") ?? "";
    if (id === "" || !type.startsWith(TYPE_PREFIX)) return; // not of a dlq-service
    const messageId = headers?.get("ce-subject") ?? "";
    events.set(id, { type: type.slice(TYPE_PREFIX.length), messageId });
  };
  for (const queue of SERVICE_NAMES) nats.subscribe(`dlq.${queue}.*`, { callback: count });
  await nats.flush();

  function missing(ids: readonly string[]): string[] {
    const added = new Set<string>();
    const ended = new Set<string>();
    for (const { type, messageId } of events.values()) {
      if (type === "message_added") added.add(messageId);
      if (ENDS.includes(type)) ended.add(messageId);
    }
    return ids.filter((id) => !added.has(id) || !ended.has(id));
  }

  return {
    missing,
    async settle(ids, signal) {
      const giveUpAtMs = performance.now() + LONGEST_WAIT_MS;
      while (missing(ids).length > 0 && performance.now() < giveUpAtMs) {
        await pause(CHECK_EVERY_MS, undefined, { signal });
      }
    },
    counts(ids) {
      const own = new Set(["", ...ids]);
      const counts = new Map<string, number>();
      for (const { type, messageId } of events.values()) {
        if (own.has(messageId)) counts.set(type, (counts.get(type) ?? 0) + 1);
      }
      return new Map([...counts].sort(([, one], [, other]) => other - one));
    },
    [Symbol.asyncDispose]: () => nats.close(),
  };
}

async function connectTo(url: string) {
  const read = readNatsUrl(url);
  if ("problem" in read) throw new Error(`the URL of NATS ${read.problem}`);
  const { servers, requiresTls, user, password, token } = read.ok;
  try {
    return await connect({
      servers: [...servers],
      name: "dlq-demo",
      timeout: CONNECT_TIMEOUT_MS,
      maxReconnectAttempts: -1,
      ...(requiresTls && { tls: {} }),
      ...(user && { user, pass: password }),
      ...(token && { token }),
    });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`no connection to NATS at ${servers.join(", ")}: ${why}`, { cause: error });
  }
}
