import {
  create,
  type DescMessage,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import {
  credentials,
  Client as GrpcClient,
  Metadata,
  type ServiceError,
  type StatusObject,
} from "@grpc/grpc-js";
import type { CallOptions, Client, Outcome } from "./clients.ts";
import { readStatusDetails } from "./details.ts";
import { MessageQueue } from "./message-queue.ts";

const GZIP = 2;

/** @grpc/grpc-js, each connection its own. */
export const grpcJs: Client = {
  name: "grpc-js",
  listener: "grpc",
  open(address, { gzip = false } = {}) {
    const client = new GrpcClient(address, credentials.createInsecure(), {
      "grpc.use_local_subchannel_pool": 1,
      ...(gzip ? { "grpc.default_compression_algorithm": GZIP } : {}),
    });
    return {
      unary(method, request, options = {}) {
        return new Promise((done) => {
          let header: Outcome["header"] = [];
          let response: MessageShape<typeof method.output> | undefined;
          const call = client.makeUnaryRequest(
            pathOf(method),
            serializer(method.input),
            deserializer(method.output),
            request,
            metadataOf(options),
            deadlineOf(options),
            (_error: ServiceError | null, value) => (response = value),
          );
          call.on("metadata", (metadata: Metadata) => (header = entriesOf(metadata)));
          // After the callback.
          call.on("status", (status: StatusObject) =>
            done({ ...outcomeOf(status, header), response }),
          );
          onAbort(options.signal, () => call.cancel());
        });
      },
      stream(method, requests, options = {}) {
        let header: Outcome["header"] = [];
        const call = client.makeBidiStreamRequest(
          pathOf(method),
          serializer(method.input),
          deserializer(method.output),
          metadataOf(options),
          deadlineOf(options),
        );
        const queue = new MessageQueue<MessageShape<typeof method.output>>();
        const ended = new Promise<Outcome>((done) => {
          call.on("metadata", (metadata: Metadata) => (header = entriesOf(metadata)));
          call.on("data", (message) => queue.push(message));
          call.on("error", () => {}); // the status says the same
          call.on("status", (status: StatusObject) => {
            queue.end();
            done(outcomeOf(status, header));
          });
        });
        onAbort(options.signal, () => call.cancel());
        for (const request of requests) call.write(request);
        call.end();
        return { next: () => queue.next(), ended };
      },
      close: () => client.close(),
    };
  },
};

function pathOf(method: { parent: { typeName: string }; name: string }): string {
  return `/${method.parent.typeName}/${method.name}`;
}

function serializer<T extends DescMessage>(desc: T) {
  return (init: MessageInitShape<T>) => Buffer.from(toBinary(desc, create(desc, init)));
}

function deserializer<T extends DescMessage>(desc: T) {
  return (bytes: Buffer): MessageShape<T> => fromBinary(desc, bytes);
}

function metadataOf({ header = [] }: CallOptions): Metadata {
  const metadata = new Metadata();
  for (const [key, value] of header) {
    metadata.add(key, key.endsWith("-bin") ? Buffer.from(value, "base64") : value);
  }
  return metadata;
}

function deadlineOf({ timeoutMs }: CallOptions) {
  return timeoutMs === undefined ? {} : { deadline: Date.now() + timeoutMs };
}

function entriesOf(metadata: Metadata): [string, string][] {
  return Object.keys(metadata.getMap()).flatMap((key) =>
    metadata
      .get(key)
      .map((value): [string, string] => [
        key,
        typeof value === "string" ? value : value.toString("base64").replace(/=+$/, ""),
      ]),
  );
}

function outcomeOf(status: StatusObject, header: Outcome["header"]): Outcome {
  const [bytes] = status.metadata.get("grpc-status-details-bin");
  return {
    code: status.code,
    message: status.code === 0 ? "" : status.details,
    details: bytes instanceof Buffer ? readStatusDetails(bytes).details : [],
    header,
    trailer: entriesOf(status.metadata),
  };
}

function onAbort(signal: AbortSignal | undefined, listener: () => void): void {
  signal?.addEventListener("abort", listener, { once: true });
}
