// What consumers of a test get.

import { type JetStreamManager, jetstreamManager } from "@nats-io/jetstream";
import { type ConnectionOptions, connect, type NatsConnection } from "@nats-io/transport-node";
import type { NatsOptions, NatsSecrets } from "../../src/nats/nats-options.ts";

/** What a consumer reads of one event. */
export interface Received {
  readonly subject: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface Consumer extends AsyncDisposable {
  readonly nc: NatsConnection;
  readonly received: Received[];
  /** Of the events, in their order. */
  ids(): unknown[];
}

/** Reads a subject by core NATS. What is published after it resolves is not missed. */
export async function subscribe(
  url: string,
  subject: string,
  options: ConnectionOptions = {},
): Promise<Consumer> {
  const nc = await connect({ servers: url, ...options });
  const received: Received[] = [];
  nc.subscribe(subject, {
    callback: (_, { subject, headers, data }) => {
      const all = (headers?.keys() ?? []).map((name) => [name, headers?.get(name) ?? ""] as const);
      const body = JSON.parse(new TextDecoder().decode(data));
      received.push({ subject, headers: Object.fromEntries(all), body });
    },
  });
  await nc.flush();
  return {
    nc,
    received,
    ids: () => received.map(({ body }) => body.event_id),
    [Symbol.asyncDispose]: () => nc.close(),
  };
}

/** The ids of the events in a stream, in its order. */
export async function storedIds(jsm: JetStreamManager, stream: string): Promise<unknown[]> {
  const { state } = await jsm.streams.info(stream);
  const ids: unknown[] = [];
  for (let seq = state.first_seq; state.messages > 0 && seq <= state.last_seq; seq++) {
    const message = await jsm.streams.getMessage(stream, { seq });
    ids.push(message?.header.get("Nats-Msg-Id"));
  }
  return ids;
}

/** `user`: one whose password is the name. */
export async function manage(
  url: string,
  user?: string,
): Promise<JetStreamManager & AsyncDisposable> {
  const nc = await connect({ servers: url, ...(user && { user, pass: user }) });
  const jsm = await jetstreamManager(nc);
  return Object.assign(jsm, { [Symbol.asyncDispose]: () => nc.close() });
}

/** Options for one server on this port. */
export function optionsFor(
  port: number,
  { secrets = {}, ...more }: Partial<Omit<NatsOptions, "secrets">> & { secrets?: NatsSecrets } = {},
): NatsOptions {
  return {
    servers: [`127.0.0.1:${port}`],
    name: "dlq-test",
    secrets: async () => secrets,
    prefixes: { events: "dlq", actionEvents: "action_dlq" },
    stream: undefined,
    ...more,
  };
}
