// Calls of attackers with the HTTP/2 and HTTP clients of Node.

import { Agent, request } from "node:http";
import { type ClientHttp2Session, connect, type OutgoingHttpHeaders } from "node:http2";

export const STATS = "/dlq.v1.DlqService/Stats";
export const SEND = "/dlq.v1.DlqService/SendToDlq";
export const ACK = "/dlq.v1.DlqService/Ack";
export const BATCH = "/dlq.v1.DlqService/SendToDlqBatch";
export const STREAM = "/dlq.v1.DlqService/StreamDue";
export const UPDATE_QUEUE = "/dlq.v1.DlqAdminService/UpdateQueue";
export const TEST_RULES = "/dlq.v1.DlqAdminService/TestRules";
export const HEALTH = "/grpc.health.v1.Health/Check";
export const WATCH = "/grpc.health.v1.Health/Watch";
export const REFLECTION = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";

/** Long, because many calls wait on a busy machine. */
const ANSWER_DEADLINE_MS = 60_000;

export interface Answered {
  readonly httpStatus: number;
  /** NaN for none. */
  readonly grpcStatus: number;
}

export function openSession(address: string): ClientHttp2Session {
  // In MB. Node counts unsent data of reset streams.
  const session = connect(`http://${address}`, { maxSessionMemory: 1_000 });
  session.on("error", () => {});
  return session;
}

export function openStream(
  session: ClientHttp2Session,
  path: string,
  headers: OutgoingHttpHeaders = {},
) {
  const stream = session.request(
    {
      ":method": "POST",
      ":path": path,
      "content-type": "application/grpc",
      te: "trailers",
      ...headers,
    },
    { endStream: false },
  );
  stream.on("error", () => {}); // a reset is a valid answer
  return stream;
}

/** Makes a call. Rejects if the server does not answer. */
export function call(
  session: ClientHttp2Session,
  path: string,
  body: Uint8Array,
  headers: OutgoingHttpHeaders = {},
): Promise<Answered> {
  const stream = openStream(session, path, headers);
  const answered = { httpStatus: Number.NaN, grpcStatus: Number.NaN };
  const onHeaders = (received: Record<string, unknown>) => {
    if (received[":status"] !== undefined) answered.httpStatus = Number(received[":status"]);
    if (received["grpc-status"] !== undefined)
      answered.grpcStatus = Number(received["grpc-status"]);
  };
  stream.on("response", onHeaders);
  stream.on("trailers", onHeaders);
  stream.resume();
  stream.end(body);
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new Error(`no answer to ${path} ${JSON.stringify(headers)}`));
      stream.close();
    }, ANSWER_DEADLINE_MS);
    stream.once("close", () => {
      clearTimeout(timer);
      resolve(answered);
    });
  });
}

const agent = new Agent({ keepAlive: true, maxSockets: 64 });

/** Makes an HTTP/1.1 request. Returns the status, or 0 if the connection was closed. */
export function post(
  address: string,
  path: string,
  body: Uint8Array | string,
  headers: Readonly<Record<string, string>> = {},
  method = "POST",
): Promise<number> {
  const [host = "", port] = address.split(":");
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        host,
        port,
        path,
        method,
        agent,
        headers: { "content-type": "application/json", ...headers },
      },
      (response) => {
        response.resume();
        response.once("close", () => resolve(response.statusCode ?? 0));
      },
    );
    sent.setTimeout(ANSWER_DEADLINE_MS, () => reject(new Error(`no answer to ${method} ${path}`)));
    sent.once("error", () => resolve(0));
    sent.end(body);
  });
}

/** Runs the action for all items, several at a time, until the end of the attack. */
export async function inParallel<T>(
  items: Iterable<T>,
  count: number,
  over: AbortSignal,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const iterator = items[Symbol.iterator]();
  const worker = async () => {
    for (let next = iterator.next(); !next.done && !over.aborted; next = iterator.next()) {
      await work(next.value);
    }
  };
  await Promise.all(Array.from({ length: count }, worker));
}

/** Yields the items repeatedly, in order. */
export function* endlessly<T>(items: readonly T[]): Generator<T> {
  for (;;) yield* items;
}

export function check(holds: boolean, words: string): void {
  if (!holds) throw new Error(words);
}
