import { promisify } from "node:util";
import { gzip as gzipCallback } from "node:zlib";
import { Code } from "@connectrpc/connect";
import { canceled, malformedRequest, tooLarge } from "../error-map.ts";
import { type Caller, Gone, gunzip } from "../gunzip.ts";
import { type Frame, frameOf } from "./frames.ts";

const gzip = promisify(gzipCallback);

/** What we read and write, as `grpc-accept-encoding` says it. */
export const ACCEPTED_ENCODINGS = "gzip,identity";

export type Encoding = "gzip" | "identity";

export function encodingOf(header: string | undefined): Encoding | undefined {
  if (header === undefined || header === "identity") return "identity";
  return header === "gzip" ? "gzip" : undefined;
}

/** The message itself. At most `limitBytes` are ever inflated, whatever the sender promises. */
export async function inflate(
  frame: Frame,
  encoding: Encoding,
  limitBytes: number,
  caller: Caller,
): Promise<Uint8Array> {
  if (!frame.compressed || frame.bytes.length === 0) return frame.bytes;
  if (encoding === "identity") {
    throw malformedRequest("a compressed message without a grpc-encoding header", Code.Internal);
  }
  try {
    return await gunzip(() => (caller.isGone ? undefined : frame.bytes), limitBytes, caller.peer);
  } catch (error) {
    if (error instanceof Gone) throw canceled();
    if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE")
      throw tooLarge(limitBytes);
    throw malformedRequest("a message that gzip can't read");
  }
}

/** Small ones stay as they are: compressing them costs more than it saves. */
export async function deflate(message: Uint8Array, minBytes: number): Promise<Buffer> {
  if (message.length < minBytes) return frameOf(message);
  return frameOf(await gzip(message), true);
}
