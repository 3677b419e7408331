import type { DescMethod } from "@bufbuild/protobuf";
import { Code, ConnectError, type ConnectRouter, createConnectRouter } from "@connectrpc/connect";
import type { UniversalHandler, UniversalServerRequest } from "@connectrpc/connect/protocol";
import {
  type ConnectNodeAdapterOptions,
  compressionGzip,
  type connectNodeAdapter,
  universalRequestFromNodeRequest,
  universalResponseToNodeResponse,
} from "@connectrpc/connect-node";
import { admit } from "./admission.ts";
import { explainAnswer } from "./explain-answer.ts";
import { READ_MAX_BYTES } from "./methods.ts";
import type { RequestMemory } from "./request-memory.ts";

export type NodeHandler = ReturnType<typeof connectNodeAdapter>;
type NodeRequest = Parameters<NodeHandler>[0];
type NodeResponse = Parameters<NodeHandler>[1];

export interface AdapterOptions {
  routes: (router: ConnectRouter) => void;
  /** Responses of at least this size are compressed for clients that accept it; 0: none is. */
  compressMinBytes: number;
  /** Aborted when the server stops for good: every context's signal follows. */
  shutdownSignal: AbortSignal;
  /** Why this caller may not; asked before its request is read. */
  refusal(method: DescMethod, call: { readonly requestHeader: Headers }): ConnectError | undefined;
  memory: RequestMemory;
  /** For paths that are no RPC. */
  fallback: NonNullable<ConnectNodeAdapterOptions["fallback"]>;
  log: { warn(fields: object, message: string): void };
}

/**
 * Serves Connect's handlers on the HTTP port. In place of `connectNodeAdapter`, which prints
 * failures to the console and lets two things through: timeouts beyond what a timer can hold, and
 * errors of Connect itself without details.
 */
export function createAdapter(options: AdapterOptions): NodeHandler {
  const router = createConnectRouter({
    readMaxBytes: READ_MAX_BYTES,
    writeMaxBytes: READ_MAX_BYTES,
    // On fast links compression costs several times what it saves. Connect's default is 1 KiB.
    compressMinBytes:
      options.compressMinBytes > 0 ? options.compressMinBytes : Number.MAX_SAFE_INTEGER,
    acceptCompression: [compressionGzip],
    shutdownSignal: options.shutdownSignal,
    requestGate(context) {
      const refusal = options.refusal(context.method, context);
      if (refusal !== undefined) throw refusal;
    },
  });
  options.routes(router);
  const handlers = new Map<string, UniversalHandler>();
  for (const handler of router.handlers) handlers.set(handler.requestPath, handler);

  return (request, response) => {
    const path = (request.url ?? "").split("?", 1)[0] ?? "";
    const handler = handlers.get(path);
    if (handler === undefined) {
      options.fallback(request, response);
      return;
    }
    const universal = read(request, response);
    if (universal === undefined) {
      response.writeHead(400, { "content-type": "text/plain; charset=utf-8" });
      response.end("the request names no host, or none that a URL can have\n");
      return;
    }
    boundTimeout(universal.header);
    handler(admit(universal, request.socket, handler.method, options.memory))
      .then((answer) => explainAnswer(answer, handler))
      .then((answer) => universalResponseToNodeResponse(answer, response))
      .catch((error: unknown) => {
        // Aborted is Connect's word for a client that hung up: nobody's fault.
        const { code } = ConnectError.from(error);
        if (code === Code.Aborted || code === Code.Canceled) return;
        options.log.warn({ err: error, path }, "a response could not be written");
        response.destroy();
      });
  };
}

/** Undefined where Connect throws, which here would be an uncaught exception: the process's end. */
function read(request: NodeRequest, response: NodeResponse): UniversalServerRequest | undefined {
  try {
    return universalRequestFromNodeRequest(request, response, undefined, undefined);
  } catch {
    return undefined;
  }
}

/** 23 days. A timer that is set to more than 2^31 ms fires at once. */
const LONGEST_TIMEOUT_SECONDS = 2_000_000;
const UNIT_SECONDS: Readonly<Record<string, number>> = { H: 3600, M: 60, S: 1 };

/** A client that says "no deadline" by an enormous one must not have it expire at once. */
export function boundTimeout(header: Headers): void {
  const grpc = /^(\d{1,8})([HMS])$/.exec(header.get("grpc-timeout") ?? "");
  if (
    grpc !== null &&
    Number(grpc[1]) * (UNIT_SECONDS[grpc[2] ?? ""] ?? 0) > LONGEST_TIMEOUT_SECONDS
  ) {
    header.set("grpc-timeout", `${LONGEST_TIMEOUT_SECONDS}S`);
  }
  const connectMs = header.get("connect-timeout-ms") ?? "";
  if (/^\d{1,10}$/.test(connectMs) && Number(connectMs) > LONGEST_TIMEOUT_SECONDS * 1_000) {
    header.set("connect-timeout-ms", `${LONGEST_TIMEOUT_SECONDS * 1_000}`);
  }
}
