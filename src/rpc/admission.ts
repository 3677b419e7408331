import type { DescMessage, DescMethod } from "@bufbuild/protobuf";
import type { ConnectError } from "@connectrpc/connect";
import type { UniversalServerRequest } from "@connectrpc/connect/protocol";
import { tooCrowded, tooLarge } from "./error-map.ts";
import { inflate } from "./grpc/compression.ts";
import { type Frame, frameOf } from "./grpc/frames.ts";
import { OnlyMessage } from "./grpc/read-request.ts";
import type { Caller } from "./gunzip.ts";
import { readMaxBytesOf } from "./methods.ts";
import { crowdedBinary, crowdedJson } from "./request-fields.ts";
import type { RequestMemory, Unfinished } from "./request-memory.ts";

/** The compression of one protocol's messages is named by the one or the other. */
const UNARY_ENCODING = "content-encoding";
const STREAM_ENCODINGS = ["connect-content-encoding", "grpc-encoding"] as const;

const PREFIX_BYTES = 5;

interface Rules {
  readonly input: DescMessage;
  readonly limitBytes: number;
  readonly isJson: boolean;
  readonly caller: Caller;
}

/**
 * The request with a body that Connect may read: counted while it is not complete, inflated, and
 * held to what decoding it may cost. Connect itself knows no limit but that of bytes, and decodes
 * what comes first before it looks at the rest: it is given one whole message, or an error.
 */
export function admit(
  request: UniversalServerRequest,
  connection: { destroy(): unknown; readonly destroyed: boolean },
  method: DescMethod,
  memory: RequestMemory,
): UniversalServerRequest {
  const { body, header } = request;
  if (body === null || typeof body !== "object" || !(Symbol.asyncIterator in body)) return request;
  const limitBytes = readMaxBytesOf(method);
  // To Connect, the case of a type means nothing. What is none that it knows it does not read.
  const type = (header.get("content-type") ?? "").toLowerCase();
  const isFramed = /^application\/(connect\+|grpc)/.test(type);
  if (Number(header.get("content-length")) > limitBytes + PREFIX_BYTES) {
    return { ...request, body: refused(tooLarge(limitBytes)) };
  }
  const rules: Rules = {
    input: method.input,
    limitBytes,
    isJson: type.includes("json"),
    caller: {
      get isGone() {
        return connection.destroyed;
      },
      peer: connection,
    },
  };
  const whole = new WholeBody(body, connection, memory, rules.limitBytes);
  const names = isFramed ? STREAM_ENCODINGS : [UNARY_ENCODING];
  const encoding = names.find((name) => header.get(name) === "gzip");
  // What Connect does not know it refuses by itself; what is inflated here it must not inflate.
  if (encoding !== undefined) header.delete(encoding);
  header.delete("content-length");
  const isGzip = encoding !== undefined;
  return { ...request, body: isFramed ? framed(whole, rules, isGzip) : bare(whole, rules, isGzip) };
}

/** Of this length nothing is read: an answer needs no end of its request. */
// biome-ignore lint/correctness/useYield: the error is the body
async function* refused(error: ConnectError): AsyncGenerator<Uint8Array> {
  throw error;
}

/** A body that is one message. */
async function* bare(whole: WholeBody, rules: Rules, isGzip: boolean): AsyncGenerator<Uint8Array> {
  try {
    const bytes = await whole.read();
    yield await checked({ compressed: isGzip, bytes }, rules, isGzip);
  } finally {
    whole.release();
  }
}

/** A body of one message with its prefix: no method takes more on this port. */
async function* framed(
  whole: WholeBody,
  rules: Rules,
  isGzip: boolean,
): AsyncGenerator<Uint8Array> {
  try {
    const message = new OnlyMessage(rules.limitBytes);
    message.push(await whole.read());
    yield frameOf(await checked(message.end(), rules, isGzip));
  } finally {
    whole.release();
  }
}

async function checked(frame: Frame, rules: Rules, isGzip: boolean): Promise<Uint8Array> {
  const bytes = await inflate(frame, isGzip ? "gzip" : "identity", rules.limitBytes, rules.caller);
  const crowded = rules.isJson ? crowdedJson(bytes) : crowdedBinary(rules.input, bytes);
  if (crowded !== undefined) throw tooCrowded(crowded);
  return bytes;
}

/** Reads a body to its end. */
class WholeBody implements Unfinished {
  readonly #body: AsyncIterable<Uint8Array>;
  readonly #connection: { destroy(): unknown };
  readonly #memory: RequestMemory;
  readonly #limitBytes: number;
  #chunks: Uint8Array[] = [];
  #bytes = 0;

  constructor(
    body: AsyncIterable<Uint8Array>,
    connection: { destroy(): unknown },
    memory: RequestMemory,
    limitBytes: number,
  ) {
    this.#body = body;
    this.#connection = connection;
    this.#memory = memory;
    this.#limitBytes = limitBytes;
  }

  async read(): Promise<Buffer> {
    for await (const chunk of this.#body) {
      this.#chunks.push(chunk);
      this.#bytes += chunk.length;
      this.#memory.hold(this, this.#bytes);
      if (this.#bytes > this.#limitBytes + PREFIX_BYTES) throw tooLarge(this.#limitBytes);
    }
    const whole = Buffer.concat(this.#chunks);
    this.#chunks = [];
    return whole;
  }

  /** HTTP/1.1 has no word for it while a request is on its way. */
  giveUp(): void {
    this.#chunks = [];
    this.#connection.destroy();
  }

  release(): void {
    this.#memory.release(this);
  }
}
