// Calls with plain HTTP/2, for requests and responses that no client library supports.

import { once } from "node:events";
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
} from "node:http2";
import {
  create,
  type DescMessage,
  fromBinary,
  type MessageInitShape,
  toBinary,
} from "@bufbuild/protobuf";
import { onTestFinished } from "vitest";
import { readStatusDetails } from "./details.ts";

export const STATS = "/dlq.v1.DlqService/Stats";
export const SEND = "/dlq.v1.DlqService/SendToDlq";
export const STREAM = "/dlq.v1.DlqService/StreamDue";

export interface RawOutcome {
  httpStatus: number;
  /**
   * The status in the trailers, or in the headers of a response without a message; NaN if absent.
   */
  code: number;
  message: string;
  details: ReturnType<typeof readStatusDetails>["details"];
  headers: IncomingHttpHeaders;
  trailers: IncomingHttpHeaders;
  body: Buffer;
  /** The code of the RST_STREAM; 0 without one. */
  rstCode: number;
}

/** One call. The caller writes and ends `stream`. */
export class RawCall {
  readonly stream: ClientHttp2Stream;
  readonly ended: Promise<RawOutcome>;
  readonly opened: Promise<IncomingHttpHeaders>;
  #headers: IncomingHttpHeaders = {};
  #trailers: IncomingHttpHeaders = {};
  readonly #chunks: Buffer[] = [];

  constructor(stream: ClientHttp2Stream) {
    this.stream = stream;
    this.opened = new Promise((resolve) => {
      stream.once("response", (headers) => {
        this.#headers = headers;
        resolve(headers);
      });
    });
    stream.on("trailers", (trailers) => (this.#trailers = trailers));
    stream.on("data", (chunk: Buffer) => this.#chunks.push(chunk));
    stream.on("error", () => {}); // the outcome has the code of the reset
    this.ended = new Promise((resolve) => {
      stream.once("end", () => resolve(this.#outcome()));
      stream.once("close", () => resolve(this.#outcome()));
    });
  }

  get hasAnswer(): boolean {
    return Object.keys(this.#headers).length > 0;
  }

  get receivedBytes(): number {
    return this.#chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  }

  /** The messages of the body so far, uncompressed. */
  messages<T extends DescMessage>(desc: T) {
    return splitFrames(Buffer.concat(this.#chunks)).map(({ data }) => fromBinary(desc, data));
  }

  #outcome(): RawOutcome {
    const last = this.#trailers["grpc-status"] === undefined ? this.#headers : this.#trailers;
    const bytes = last["grpc-status-details-bin"];
    return {
      httpStatus: Number(this.#headers[":status"]),
      code: Number(last["grpc-status"] ?? Number.NaN),
      message: decodeURIComponent(String(last["grpc-message"] ?? "")),
      details:
        bytes === undefined ? [] : readStatusDetails(Buffer.from(String(bytes), "base64")).details,
      headers: this.#headers,
      trailers: this.#trailers,
      body: Buffer.concat(this.#chunks),
      rstCode: this.stream.rstCode ?? 0,
    };
  }
}

export class RawConnection {
  readonly session: ClientHttp2Session;

  constructor(session: ClientHttp2Session) {
    this.session = session;
  }

  /** Headers of undefined are left out. */
  call(path: string, headers: OutgoingHttpHeaders = {}): RawCall {
    const all: OutgoingHttpHeaders = {
      [constants.HTTP2_HEADER_METHOD]: "POST",
      [constants.HTTP2_HEADER_PATH]: path,
      "content-type": "application/grpc",
      te: "trailers",
      ...headers,
    };
    const sent = Object.entries(all).filter(([, value]) => value !== undefined);
    return new RawCall(this.session.request(Object.fromEntries(sent), { endStream: false }));
  }

  /** A complete unary call with this body. */
  send(path: string, body: Uint8Array, headers?: OutgoingHttpHeaders): Promise<RawOutcome> {
    const call = this.call(path, headers);
    call.stream.end(body);
    return call.ended;
  }
}

/** Closed when the test ends. */
export async function openRaw(address: string): Promise<RawConnection> {
  // In MB. Node counts unsent data of reset streams and then refuses responses.
  const session = connect(`http://${address}`, { maxSessionMemory: 1_000 });
  session.on("error", () => {});
  onTestFinished(() => session.destroy());
  await once(session, "remoteSettings");
  return new RawConnection(session);
}

/** A message with gRPC's prefix. `flags`: 1 says that it is compressed. */
export function frameOf(message: Uint8Array, flags = 0): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt8(flags);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

export function encode<T extends DescMessage>(desc: T, init: MessageInitShape<T>): Buffer {
  return frameOf(toBinary(desc, create(desc, init)));
}

export function splitFrames(body: Buffer): { flags: number; data: Buffer }[] {
  const frames: { flags: number; data: Buffer }[] = [];
  for (let at = 0; at + 5 <= body.length; ) {
    const end = at + 5 + body.readUInt32BE(at + 1);
    if (end > body.length) break;
    frames.push({ flags: body.readUInt8(at), data: body.subarray(at + 5, end) });
    at = end;
  }
  return frames;
}
