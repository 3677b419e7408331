import { create } from "@bufbuild/protobuf";
import { AnySchema } from "@bufbuild/protobuf/wkt";
import { ConnectError, type Transport } from "@connectrpc/connect";
import {
  compressionGzip,
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
  Http2SessionManager,
} from "@connectrpc/connect-node";
import type { CallOptions, Client, Connection, ConnectionOptions, Outcome } from "./clients.ts";
import { detailsToJson } from "./details.ts";

type Shared = {
  baseUrl: string;
  compressMinBytes: number;
  sendCompression?: typeof compressionGzip;
};

const HTTP_1 = { httpVersion: "1.1" } as const;

/** The clients of connect-node. */
export const connectRpc = {
  grpc: {
    name: "Connect's gRPC client",
    listener: "grpc",
    open(address, options) {
      const shared = sharedOf(address, options);
      const sessionManager = new Http2SessionManager(shared.baseUrl);
      const transport = createGrpcTransport({ ...shared, sessionManager });
      return connectionOf(transport, () => sessionManager.abort());
    },
  },
  grpcWeb: client("Connect's gRPC-Web client", (shared) =>
    createGrpcWebTransport({ ...shared, ...HTTP_1 }),
  ),
  connect: client("Connect's own client", (shared) =>
    createConnectTransport({ ...shared, ...HTTP_1 }),
  ),
  connectJson: client("Connect's own client with JSON", (shared) =>
    createConnectTransport({ ...shared, ...HTTP_1, useBinaryFormat: false }),
  ),
} as const satisfies Record<string, Client>;

function client(name: string, transportOf: (shared: Shared) => Transport): Client {
  return {
    name,
    listener: "http",
    open: (address, options) => connectionOf(transportOf(sharedOf(address, options)), () => {}),
  };
}

function sharedOf(address: string, options: ConnectionOptions = {}): Shared {
  const shared = { baseUrl: `http://${address}`, compressMinBytes: 0 };
  return options.gzip === true ? { ...shared, sendCompression: compressionGzip } : shared;
}

function connectionOf(transport: Transport, close: () => void): Connection {
  return {
    close,
    async unary(method, request, options = {}) {
      const { signal, timeoutMs } = options;
      try {
        const answer = await transport.unary(
          method,
          signal,
          timeoutMs,
          headersOf(options),
          request,
        );
        return { ...succeeded(answer.header, answer.trailer), response: answer.message };
      } catch (error) {
        return { ...failed(error), response: undefined };
      }
    },
    stream(method, requests, options = {}) {
      const { signal, timeoutMs } = options;
      const { promise: ended, resolve: end } = Promise.withResolvers<Outcome>();
      const opened = transport.stream(
        method,
        signal,
        timeoutMs,
        headersOf(options),
        iterate(requests),
      );
      const messages = opened.then((stream) => stream.message[Symbol.asyncIterator]());
      messages.catch((error: unknown) => end(failed(error)));
      return {
        ended,
        async next() {
          try {
            const step = await (await messages).next();
            if (step.done !== true) return step.value;
            const { header, trailer } = await opened;
            end(succeeded(header, trailer));
          } catch (error) {
            end(failed(error));
          }
          return undefined;
        },
      };
    },
  };
}

async function* iterate<T>(values: readonly T[]): AsyncGenerator<T> {
  yield* values;
}

function headersOf({ header = [] }: CallOptions): Headers {
  const headers = new Headers();
  for (const [key, value] of header) headers.append(key, value);
  return headers;
}

function succeeded(header: Headers, trailer: Headers): Outcome {
  const entries = (headers: Headers) =>
    [...headers].map(([key, value]): [string, string] => [key, withoutPadding(key, value)]);
  return { code: 0, message: "", details: [], header: entries(header), trailer: entries(trailer) };
}

function failed(error: unknown): Outcome {
  const { code, rawMessage, details, metadata } = ConnectError.from(error);
  const anys = details.flatMap((detail) =>
    "type" in detail
      ? [create(AnySchema, { typeUrl: `type.googleapis.com/${detail.type}`, value: detail.value })]
      : [],
  );
  const trailer = [...metadata].map(([key, value]): [string, string] => [key, value]);
  return { code, message: rawMessage, details: detailsToJson(anys), header: [], trailer };
}

function withoutPadding(key: string, value: string): string {
  return key.endsWith("-bin") ? value.replaceAll("=", "") : value;
}
