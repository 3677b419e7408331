import { connect as connectHttp2, constants, type OutgoingHttpHeaders } from "node:http2";
import { type Client, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { onTestFinished } from "vitest";
import { DlqService } from "../../gen/dlq/v1/dlq_service_pb.ts";
import { createMetrics } from "../../src/observe/metrics.ts";
import { createListeners, type ListenersConfig } from "../../src/rpc/listeners.ts";
import { createRig, LISTENERS_CONFIG, type Rig, type RigOptions } from "./in-memory.ts";

export interface Server extends Rig {
  /** `127.0.0.1:PORT`. */
  grpc: string;
  http: string;
  listeners: ReturnType<typeof createListeners>;
  client: Client<typeof DlqService>;
}

export interface ServerOptions extends RigOptions {
  config?: Partial<ListenersConfig>;
}

/** Starts real listeners on free ports over scripted use cases; closed when the test ends. */
export async function startServer(options: ServerOptions = {}): Promise<Server> {
  const registry = createMetrics({ namespace: "", maxQueues: 10, buildInfo: { version: "test" } });
  const rig = await createRig({ metrics: registry, ...options });
  const listeners = createListeners({
    config: { ...LISTENERS_CONFIG, ...options.config },
    services: rig.services,
    readiness: rig.readiness,
    metrics: registry,
    guard: rig.guard,
    log: { debug: () => {}, warn: () => {} },
  });
  const { grpc, http = "" } = await listeners.start();
  onTestFinished(() => listeners.close(0));
  return { ...rig, grpc, http, listeners, client: grpcClient(`http://${grpc}`) };
}

export function grpcClient(baseUrl: string): Client<typeof DlqService> {
  return createClient(DlqService, createGrpcTransport({ baseUrl }));
}

export interface RawAnswer {
  headers: Record<string, unknown>;
  trailers: Record<string, unknown>;
  body: Buffer;
}

/** A gRPC call with plain HTTP/2, for data that client libraries hide. */
export async function rawCall(
  address: string,
  path: string,
  message: Uint8Array,
  headers: OutgoingHttpHeaders = {},
): Promise<RawAnswer> {
  const session = connectHttp2(`http://${address}`);
  try {
    return await new Promise<RawAnswer>((done, fail) => {
      session.on("error", fail);
      const stream = session.request({
        [constants.HTTP2_HEADER_METHOD]: "POST",
        [constants.HTTP2_HEADER_PATH]: path,
        "content-type": "application/grpc",
        te: "trailers",
        ...headers,
      });
      const answer: RawAnswer = { headers: {}, trailers: {}, body: Buffer.alloc(0) };
      stream.on("response", (received) => {
        Object.assign(answer.headers, received);
        // A response without a message has its trailers in its headers.
        if ("grpc-status" in received) Object.assign(answer.trailers, received);
      });
      stream.on("trailers", (received) => Object.assign(answer.trailers, received));
      stream.on("data", (chunk: Buffer) => {
        answer.body = Buffer.concat([answer.body, chunk]);
      });
      stream.on("end", () => done(answer));
      stream.on("error", fail);
      const prefix = Buffer.alloc(5);
      prefix.writeUInt32BE(message.length, 1);
      stream.end(Buffer.concat([prefix, message]));
    });
  } finally {
    session.destroy();
  }
}
