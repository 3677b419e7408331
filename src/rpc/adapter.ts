import type { Socket } from "node:net";
import { createRegistry, type DescMethod } from "@bufbuild/protobuf";
import {
  Code,
  ConnectError,
  type ConnectRouter,
  createConnectRouter,
  createContextKey,
  createContextValues,
} from "@connectrpc/connect";
import type { UniversalHandler, UniversalServerRequest } from "@connectrpc/connect/protocol";
import {
  type ConnectNodeAdapterOptions,
  compressionGzip,
  type connectNodeAdapter,
  universalRequestFromNodeRequest,
  universalResponseToNodeResponse,
} from "@connectrpc/connect-node";
import { file_google_rpc_error_details } from "../../gen/google/rpc/error_details_pb.ts";
import { admit } from "./admission.ts";
import type { CallMemory } from "./call-memory.ts";
import { setAddress } from "./caller.ts";
import type { CredentialsCall } from "./credentials.ts";
import { codeName } from "./error-map.ts";
import { explainErrors } from "./explain-errors.ts";
import type { CheckCaller } from "./guard.ts";
import { READ_MAX_BYTES } from "./methods.ts";

export type NodeHandler = ReturnType<typeof connectNodeAdapter>;
type NodeRequest = Parameters<NodeHandler>[0];
type NodeResponse = Parameters<NodeHandler>[1];

const connectionOf = createContextKey<Socket | undefined>(undefined, {
  description: "connection",
});

export interface AdapterOptions {
  routes: (router: ConnectRouter) => void;
  /** Responses of at least this size are compressed for clients that accept it. 0: never. */
  compressMinBytes: number;
  /** Aborts when the server stops. Every context's signal follows. */
  shutdownSignal: AbortSignal;
  /** Called before the request is read. */
  refusal: CheckCaller<DescMethod>;
  /** Called for each call that is not refused. */
  admitted(method: DescMethod, connection: Socket, call: CredentialsCall): void;
  /** Counts a call that ended before its implementation ran. */
  refused(method: string, code: string): void;
  memory: CallMemory;
  /** Serves paths that are no RPC. */
  fallback: NonNullable<ConnectNodeAdapterOptions["fallback"]>;
  log: { warn(fields: object, message: string): void };
}

/**
 * Serves Connect's handlers on the HTTP port. Replaces `connectNodeAdapter`, which prints failures
 * to the console, accepts timeouts longer than a timer can hold, and sends Connect's own errors
 * without details.
 */
export function createAdapter(options: AdapterOptions): NodeHandler {
  const router = createConnectRouter({
    readMaxBytes: READ_MAX_BYTES,
    writeMaxBytes: READ_MAX_BYTES,
    // On fast networks compression costs more time than it saves. Connect's default is 1 KiB.
    compressMinBytes:
      options.compressMinBytes > 0 ? options.compressMinBytes : Number.MAX_SAFE_INTEGER,
    acceptCompression: [compressionGzip],
    shutdownSignal: options.shutdownSignal,
    // For the details of refused requests of a batch, which JSON needs to know.
    jsonOptions: { registry: createRegistry(file_google_rpc_error_details) },
    requestGate(context) {
      const { method } = context;
      const connection = context.values.get(connectionOf);
      const refusal = options.refusal(method, context, () => connection?.remoteAddress);
      if (refusal === undefined) {
        if (connection !== undefined) options.admitted(method, connection, context);
        return;
      }
      options.refused(`${method.parent.typeName}/${method.name}`, codeName(refusal.code));
      throw refusal;
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
      response.end("the request has no valid Host header\n");
      return;
    }
    boundTimeout(universal.header);
    handler(admit(universal, request.socket, handler.method, options.memory))
      .then((answer) => explainErrors(answer, handler))
      .then((answer) => universalResponseToNodeResponse(answer, response))
      .catch((error: unknown) => {
        // Connect uses Aborted for a client that disconnected: not an error.
        const { code } = ConnectError.from(error);
        if (code === Code.Aborted || code === Code.Canceled) return;
        options.log.warn({ err: error, path }, "writing a response failed; closing its connection");
        response.destroy();
      });
  };
}

/** Returns undefined if Connect throws, which would end the process as an uncaught exception. */
function read(request: NodeRequest, response: NodeResponse): UniversalServerRequest | undefined {
  try {
    const { socket } = request;
    const values = createContextValues().set(connectionOf, socket);
    setAddress(values, () => socket.remoteAddress);
    return universalRequestFromNodeRequest(request, response, undefined, values);
  } catch {
    return undefined;
  }
}

/** 23 days. A timer of more than 2^31 ms fires at once. */
const LONGEST_TIMEOUT_SECONDS = 2_000_000;
const UNIT_SECONDS: Readonly<Record<string, number>> = { H: 3600, M: 60, S: 1 };

/** Bounds timeouts: an enormous one, meant as "no deadline", must not expire at once. */
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
