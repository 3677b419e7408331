// Helpers of the tests of the TypeScript client: clients that close with their test, and a transport
// that records its calls.

import { once } from "node:events";
import { createServer } from "node:net";
import type { Transport } from "@connectrpc/connect";
import { onTestFinished, vi } from "vitest";
import {
  createDlqClient,
  type DlqClient,
  type DlqClientError,
  type DlqClientOptions,
  type SendResult,
  type Stored,
} from "../../../clients/typescript/src/index.ts";
import { connectTo } from "../../support/grpc.ts";
import type { TestServer } from "../../support/server.ts";

/** Ends a test that hangs: far above what a slow machine needs. */
export const WAIT = { timeout: 120_000, interval: 10 };

/**
 * Creates a client that is closed at the end of the test. By default it drops without a log line, and sends wait for a minute:
 * the default of 5 s is too short on a slow machine.
 */
export function clientOf(
  server: Pick<TestServer, "grpcAddress">,
  options: Omit<DlqClientOptions, "url"> = {},
): DlqClient {
  const defaults = { onDropped: () => {}, spool: false, timeoutMs: 60_000 } as const;
  const dlq = createDlqClient({ url: `http://${server.grpcAddress}`, ...defaults, ...options });
  onTestFinished(() => dlq.close(0));
  return dlq;
}

export interface Counting {
  readonly transport: Transport;
  /** Names of the called unary methods, in order. */
  readonly calls: readonly string[];
  /** How many messages each call carried for the first time. A busy machine may cause retries. */
  readonly firstTries: readonly number[];
}

/** Creates a real connection that records its calls. */
export function countingTransport(server: Pick<TestServer, "grpcAddress">): Counting {
  const { transport, close } = connectTo(server.grpcAddress);
  onTestFinished(close);
  const calls: string[] = [];
  const firstTries: number[] = [];
  const requestIds = new Set<string>();
  const counting: Transport = {
    unary(method, signal, timeoutMs, header, input, contextValues) {
      calls.push(method.name);
      const before = requestIds.size;
      for (const requestId of requestIdsOf(input)) requestIds.add(requestId);
      if (requestIds.size > before) firstTries.push(requestIds.size - before);
      return transport.unary(method, signal, timeoutMs, header, input, contextValues);
    },
    stream: transport.stream.bind(transport),
  };
  return { transport: counting, calls, firstTries };
}

function requestIdsOf(input: object): readonly string[] {
  const requests = "requests" in input ? (input.requests as readonly object[]) : [input];
  return requests.map((request) => ("requestId" in request ? String(request.requestId) : ""));
}

export function stored(result: SendResult): Stored {
  if (result.status === "sent" || result.status === "joined") return result;
  throw new Error(`not stored: ${JSON.stringify(result)}`, {
    cause: result.status === "dropped" ? result.error : undefined,
  });
}

export function errorOf(result: SendResult): DlqClientError {
  if (result.status !== "dropped") throw new Error(`not dropped: ${JSON.stringify(result)}`);
  return result.error;
}

export async function until(holds: () => boolean, what: string): Promise<void> {
  await vi.waitFor(() => {
    if (!holds()) throw new Error(`still waiting for ${what}`);
  }, WAIT);
}

/** Returns a loopback port that refuses connections. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address !== null ? address.port : 0;
}
