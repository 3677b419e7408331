// Every kind of client, behind one interface, so that a case is written once.

import type {
  DescMessage,
  DescMethodStreaming,
  DescMethodUnary,
  JsonValue,
  MessageInitShape,
  MessageShape,
} from "@bufbuild/protobuf";
import { onTestFinished } from "vitest";
import { connectRpc } from "./connect-client.ts";
import { grpcJs } from "./grpc-js-client.ts";
import { grpcio } from "./grpcio-client.ts";
import type { Server } from "./listener.ts";

export interface CallOptions {
  timeoutMs?: number;
  /** Cancels the call. */
  signal?: AbortSignal;
  /** As on the wire: values of `-bin` keys are base64. */
  header?: readonly (readonly [string, string])[];
}

/** How a call ended for its client. */
export interface Outcome {
  /** 0 is OK. */
  code: number;
  message: string;
  /** google.rpc details in their JSON form, with `@type`. */
  details: JsonValue[];
  /** Values of `-bin` keys are base64 without padding. */
  header: [string, string][];
  trailer: [string, string][];
}

export interface Answer<O extends DescMessage> extends Outcome {
  response: MessageShape<O> | undefined;
}

export interface OpenStream<O extends DescMessage> {
  /** Returns the next message; undefined at the end, and `ended` has the status. */
  next(): Promise<MessageShape<O> | undefined>;
  readonly ended: Promise<Outcome>;
}

export interface Connection {
  unary<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    request: MessageInitShape<I>,
    options?: CallOptions,
  ): Promise<Answer<O>>;
  /** Sends all requests and half-closes. */
  stream<I extends DescMessage, O extends DescMessage>(
    method: DescMethodStreaming<I, O>,
    requests: readonly MessageInitShape<I>[],
    options?: CallOptions,
  ): OpenStream<O>;
  close(): void;
}

export interface ConnectionOptions {
  /** Requests are compressed. */
  gzip?: boolean;
}

export interface Client {
  readonly name: string;
  /** The listener for this client. */
  readonly listener: "grpc" | "http";
  open(address: string, options?: ConnectionOptions): Connection;
}

export const GRPC_CLIENTS: readonly Client[] = [grpcJs, grpcio, connectRpc.grpc];
export const HTTP_CLIENTS: readonly Client[] = [
  connectRpc.grpcWeb,
  connectRpc.connect,
  connectRpc.connectJson,
];
export const CLIENTS: readonly Client[] = [...GRPC_CLIENTS, ...HTTP_CLIENTS];

/** Connects to the client's listener; closed when the test ends. */
export function open(
  client: Client,
  server: Pick<Server, Client["listener"]>,
  options?: ConnectionOptions,
): Connection {
  const connection = client.open(server[client.listener], options);
  onTestFinished(() => connection.close());
  return connection;
}

/** Reads all messages of a stream. */
export async function readAll<O extends DescMessage>(
  stream: OpenStream<O>,
): Promise<MessageShape<O>[]> {
  const messages: MessageShape<O>[] = [];
  for (let one = await stream.next(); one !== undefined; one = await stream.next()) {
    messages.push(one);
  }
  return messages;
}
