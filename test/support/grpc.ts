// A typed client of a test's server, over a real HTTP/2 connection of its own.

import { type Timestamp, timestampMs } from "@bufbuild/protobuf/wkt";
import { type Client, createClient, type Interceptor, type Transport } from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { DlqAdminService } from "../../gen/dlq/v1/dlq_admin_service_pb.ts";
import type { QueueStats } from "../../gen/dlq/v1/dlq_service_pb.ts";
import { DlqService } from "../../gen/dlq/v1/dlq_service_pb.ts";
import { Health } from "../../gen/health/v1/health_pb.ts";
import type { SendRequest } from "./send-requests.ts";

export type DlqClient = Client<typeof DlqService>;

export type AdminClient = Client<typeof DlqAdminService>;

export interface TestClient {
  readonly dlq: DlqClient;
  readonly admin: AdminClient;
  readonly health: Client<typeof Health>;
  readonly transport: Transport;
  /** Cuts the connection, and with it every open stream. */
  close(): void;
}

export interface TestClientOptions {
  /** Sent as a bearer token. */
  readonly token?: string;
  /** PEM of a certificate to trust; its presence makes the connection TLS. */
  readonly ca?: string;
}

/** @param address `host:port`; connects at the first call. */
export function connectTo(address: string, options: TestClientOptions = {}): TestClient {
  const { token, ca } = options;
  const baseUrl = `${ca === undefined ? "http" : "https"}://${address}`;
  const sessionManager = new Http2SessionManager(baseUrl, {}, ca === undefined ? {} : { ca });
  const interceptors = token === undefined ? [] : [bearer(token)];
  const transport = createGrpcTransport({ baseUrl, sessionManager, interceptors });
  return {
    dlq: createClient(DlqService, transport),
    admin: createClient(DlqAdminService, transport),
    health: createClient(Health, transport),
    transport,
    close: () => sessionManager.abort(),
  };
}

function bearer(token: string): Interceptor {
  return (next) => (request) => {
    request.header.set("authorization", `Bearer ${token}`);
    return next(request);
  };
}

export async function statsOf(dlq: DlqClient, queue: string): Promise<QueueStats> {
  const { queues } = await dlq.stats({ queues: [queue] });
  if (queues[0] === undefined) throw new Error(`no stats of ${queue}`);
  return queues[0];
}

/** An instant that must be there, in milliseconds. */
export function msOf(time: Timestamp | undefined): number {
  if (time === undefined) throw new Error("the time is not set");
  return timestampMs(time);
}

/** The store's clock. */
export async function storeNowMs(dlq: DlqClient): Promise<number> {
  return msOf((await dlq.stats({ queues: ["any"] })).storeTime);
}

/** More than one call takes: in batches. Fails when one message is refused. */
export async function sendAll(dlq: DlqClient, requests: readonly SendRequest[]): Promise<string[]> {
  const ids: string[] = [];
  for (let at = 0; at < requests.length; at += 1_000) {
    const { results } = await dlq.sendToDlqBatch({ requests: requests.slice(at, at + 1_000) });
    for (const { outcome } of results) {
      if (outcome.case !== "response") throw new Error(`refused: ${outcome.value?.message}`);
      ids.push(outcome.value.id);
    }
  }
  return ids;
}
