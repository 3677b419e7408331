import type { DescMessage, DescMethod } from "@bufbuild/protobuf";
import type { UniversalServerRequest } from "@connectrpc/connect/protocol";
import { tooCrowded } from "./error-map.ts";
import { inflate } from "./grpc/compression.ts";
import { type Frame, FrameReader, frameOf } from "./grpc/frames.ts";
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
  readonly isGone: () => boolean;
}

/**
 * The request with a body that Connect may read: counted while it is not complete, inflated, and
 * held to what decoding it may cost. Connect itself knows no limit but that of bytes.
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
  // Connect refuses it by its length alone.
  if (Number(header.get("content-length")) > limitBytes + PREFIX_BYTES) return request;
  const type = header.get("content-type") ?? "";
  const rules: Rules = {
    input: method.input,
    limitBytes,
    isJson: type.includes("json"),
    isGone: () => connection.destroyed,
  };
  const whole = new WholeBody(body, connection, memory, rules.limitBytes);
  const isFramed = /^application\/(connect\+|grpc)/i.test(type);
  const names = isFramed ? STREAM_ENCODINGS : [UNARY_ENCODING];
  const encoding = names.find((name) => header.get(name) === "gzip");
  // What Connect does not know it refuses by itself; what is inflated here it must not inflate.
  if (encoding !== undefined) header.delete(encoding);
  header.delete("content-length");
  const isGzip = encoding !== undefined;
  return { ...request, body: isFramed ? framed(whole, rules, isGzip) : bare(whole, rules, isGzip) };
}

/** A body that is one message. */
async function* bare(whole: WholeBody, rules: Rules, isGzip: boolean): AsyncGenerator<Uint8Array> {
  try {
    const bytes = await whole.read();
    if (whole.isTooLarge) yield bytes;
    else yield await checked({ compressed: isGzip, bytes }, rules, isGzip);
  } finally {
    whole.release();
  }
}

/** A body of messages with prefixes. */
async function* framed(
  whole: WholeBody,
  rules: Rules,
  isGzip: boolean,
): AsyncGenerator<Uint8Array> {
  try {
    const bytes = await whole.read();
    const frames = whole.isTooLarge ? undefined : framesOf(bytes, rules.limitBytes);
    if (frames === undefined) {
      // Connect has words for what is no frame.
      yield bytes;
      return;
    }
    for (const frame of frames) {
      if (frame.compressed && !isGzip) yield frameOf(frame.bytes, true);
      else yield frameOf(await checked(frame, rules, isGzip));
    }
  } finally {
    whole.release();
  }
}

function framesOf(body: Buffer, limitBytes: number): Frame[] | undefined {
  const reader = new FrameReader(limitBytes);
  const frames: Frame[] = [];
  try {
    reader.push(body);
    for (let frame = reader.next(); frame !== undefined; frame = reader.next()) frames.push(frame);
  } catch {
    return undefined;
  }
  return reader.atBoundary ? frames : undefined;
}

async function checked(frame: Frame, rules: Rules, isGzip: boolean): Promise<Uint8Array> {
  const bytes = await inflate(frame, isGzip ? "gzip" : "identity", rules.limitBytes, rules.isGone);
  const crowded = rules.isJson ? crowdedJson(bytes) : crowdedBinary(rules.input, bytes);
  if (crowded !== undefined) throw tooCrowded(crowded);
  return bytes;
}

/** Reads a body to its end, or to where it is too large. */
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
    this.#limitBytes = limitBytes + PREFIX_BYTES;
  }

  /** More than its method takes: what is there says so to whoever reads it next. */
  get isTooLarge(): boolean {
    return this.#bytes > this.#limitBytes;
  }

  async read(): Promise<Buffer> {
    for await (const chunk of this.#body) {
      this.#chunks.push(chunk);
      this.#bytes += chunk.length;
      this.#memory.hold(this, this.#bytes);
      if (this.isTooLarge) break;
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
