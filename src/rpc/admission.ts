import type { DescMessage, DescMethod } from "@bufbuild/protobuf";
import type { ConnectError } from "@connectrpc/connect";
import type { UniversalServerRequest } from "@connectrpc/connect/protocol";
import type { CallMemory, MemoryHolder } from "./call-memory.ts";
import { malformedRequest, NOT_A_MESSAGE, tooLarge, tooManyFields } from "./error-map.ts";
import { GrowingBytes } from "./growing-bytes.ts";
import { type Caller, inflate } from "./grpc/compression.ts";
import { type Frame, frameOf, PREFIX_BYTES } from "./grpc/frames.ts";
import { OnlyMessage } from "./grpc/read-request.ts";
import { jsonProblem } from "./json-values.ts";
import { readMaxBytesOf } from "./methods.ts";
import { fieldExcess, jsonExcess } from "./request-fields.ts";

/** Headers that name the compression of messages, by protocol. */
const UNARY_ENCODING = "content-encoding";
const STREAM_ENCODINGS = ["connect-content-encoding", "grpc-encoding"] as const;

interface BodyLimits {
  readonly input: DescMessage;
  readonly limitBytes: number;
  readonly isJson: boolean;
  readonly caller: Caller;
}

/**
 * Returns the request with a body that Connect may read: counted while it is incomplete,
 * decompressed, and checked against the limits on decoding. Connect itself limits only bytes and
 * decodes the start before it has the rest, so it gets one complete message or an error.
 */
export function admit(
  request: UniversalServerRequest,
  connection: { destroy(): unknown; readonly destroyed: boolean },
  method: DescMethod,
  memory: CallMemory,
): UniversalServerRequest {
  const { body, header } = request;
  if (body === null || typeof body !== "object" || !(Symbol.asyncIterator in body)) return request;
  const limitBytes = readMaxBytesOf(method);
  // Connect ignores the case of content types, and refuses unknown ones.
  const type = (header.get("content-type") ?? "").toLowerCase();
  const isFramed = /^application\/(connect\+|grpc)/.test(type);
  if (Number(header.get("content-length")) > limitBytes + PREFIX_BYTES) {
    return { ...request, body: failing(tooLarge(limitBytes)) };
  }
  const limits: BodyLimits = {
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
  const whole = new WholeBody(body, connection, memory, limits.limitBytes);
  const names = isFramed ? STREAM_ENCODINGS : [UNARY_ENCODING];
  const encoding = names.find((name) => header.get(name) === "gzip");
  // Connect refuses unknown encodings. It must not decompress again what is decompressed here.
  if (encoding !== undefined) header.delete(encoding);
  header.delete("content-length");
  const isGzip = encoding !== undefined;
  return {
    ...request,
    body: isFramed ? framed(whole, limits, isGzip) : bare(whole, limits, isGzip),
  };
}

/** A body that is too long by its header is not read. */
// biome-ignore lint/correctness/useYield: the error is the body
async function* failing(error: ConnectError): AsyncGenerator<Uint8Array> {
  throw error;
}

/** A body that is one message without a prefix. */
async function* bare(
  whole: WholeBody,
  limits: BodyLimits,
  isGzip: boolean,
): AsyncGenerator<Uint8Array> {
  try {
    const bytes = await whole.read();
    yield await checked({ compressed: isGzip, bytes }, limits, isGzip);
  } finally {
    whole.release();
  }
}

/** A body of one message with a prefix. No method on this port accepts more. */
async function* framed(
  whole: WholeBody,
  limits: BodyLimits,
  isGzip: boolean,
): AsyncGenerator<Uint8Array> {
  try {
    const message = new OnlyMessage(limits.limitBytes);
    message.push(await whole.read());
    yield frameOf(await checked(message.end(), limits, isGzip));
  } finally {
    whole.release();
  }
}

async function checked(frame: Frame, limits: BodyLimits, isGzip: boolean): Promise<Uint8Array> {
  const bytes = await inflate(
    frame,
    isGzip ? "gzip" : "identity",
    limits.limitBytes,
    limits.caller,
  );
  const excess = limits.isJson ? jsonExcess(bytes) : fieldExcess(limits.input, bytes);
  if (excess !== undefined) throw tooManyFields(excess);
  const problem = limits.isJson ? jsonProblem(limits.input, bytes) : undefined;
  if (problem !== undefined) throw malformedRequest(`${NOT_A_MESSAGE}: ${problem}`);
  return bytes;
}

/** Reads a whole body and counts its memory. */
class WholeBody implements MemoryHolder {
  readonly #body: AsyncIterable<Uint8Array>;
  readonly #connection: { destroy(): unknown };
  readonly #memory: CallMemory;
  readonly #limitBytes: number;
  readonly #bytes: GrowingBytes;

  constructor(
    body: AsyncIterable<Uint8Array>,
    connection: { destroy(): unknown },
    memory: CallMemory,
    limitBytes: number,
  ) {
    this.#body = body;
    this.#connection = connection;
    this.#memory = memory;
    this.#limitBytes = limitBytes;
    this.#bytes = new GrowingBytes(limitBytes + PREFIX_BYTES);
  }

  async read(): Promise<Buffer> {
    for await (const piece of this.#body) {
      this.#bytes.append(piece);
      this.#memory.hold(this, this.#bytes.capacity);
      if (this.#bytes.length > this.#limitBytes + PREFIX_BYTES) throw tooLarge(this.#limitBytes);
    }
    return this.#bytes.take();
  }

  /** HTTP/1.1 can refuse a running request only by closing the connection. */
  abandon(): void {
    this.#bytes.take();
    this.#connection.destroy();
  }

  release(): void {
    this.#memory.release(this);
  }
}
