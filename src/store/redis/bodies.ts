import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { compressSync, uncompressSync } from "lz4-napi";

/** Fast, and for JSON nearly as small as slower levels. */
const PARAMS = { [constants.ZSTD_c_compressionLevel]: 1 };

/**
 * A compressed body begins with one of these and its original size in four bytes, little-endian. No protobuf message begins so:
 * there is no field 0.
 */
const [LZ4, ZSTD] = [1, 2];
const LZ4_MARK = Buffer.of(LZ4);
const HEAD_BYTES = 5;

/** The first bytes of a zstd frame, little-endian. Earlier layouts have nothing before it, and no protobuf message of theirs begins so. */
const ZSTD_MAGIC = 0xfd2fb528;

/**
 * Bodies of at least this size are compressed with zstd: there it takes no longer than LZ4, and leaves half as much. For 1 KiB it
 * takes six times as long.
 */
const ZSTD_FROM_BYTES = 32 * 1024;
/** So much from the middle of a larger body says whether it can be compressed. */
const SAMPLE_BYTES = 4 * 1024;

/** A compressed body larger than this share is not used: it is not worth inflating it at each delivery. */
const WORTHWHILE = 7 / 8;

/** No stored body is larger: a message fits a request. */
const LARGEST_BYTES = 8 * 1024 * 1024;

/** Compresses envelopes and edits for the store. */
export class Bodies {
  readonly #minBytes: number;

  /** Compresses bodies with a payload of at least `minBytes`, if that makes them smaller; 0: none. */
  constructor(minBytes: number) {
    this.#minBytes = minBytes;
  }

  pack(body: Uint8Array, payloadBytes: number): Uint8Array {
    if (this.#minBytes === 0 || payloadBytes < this.#minBytes) return body;
    if (body.length > 2 * SAMPLE_BYTES) {
      const middle = (body.length - SAMPLE_BYTES) >> 1;
      const sample = body.subarray(middle, middle + SAMPLE_BYTES);
      if (!isWorthwhile(packLz4(sample), sample)) return body;
    }
    const packed = body.length < ZSTD_FROM_BYTES ? packLz4(body) : packZstd(body);
    return isWorthwhile(packed, body) ? packed : body;
  }

  /** Works for compressed and plain bodies: the first bytes say which it is. Throws if it is damaged. */
  unpack(body: Buffer): Uint8Array {
    const mark = body[0];
    if (mark === LZ4) return unpackLz4(body);
    if (mark === ZSTD) return unpackZstd(body);
    if (body.length < 4 || body.readUInt32LE(0) !== ZSTD_MAGIC) return body;
    return zstdDecompressSync(body, { maxOutputLength: LARGEST_BYTES });
  }
}

/** The library writes the original size before the block, as the head has it. */
function packLz4(body: Uint8Array): Buffer {
  return Buffer.concat([
    LZ4_MARK,
    compressSync(Buffer.from(body.buffer, body.byteOffset, body.length)),
  ]);
}

function unpackLz4(packed: Buffer): Buffer {
  const bytes = sizeIn(packed);
  const body = uncompressSync(packed.subarray(1));
  // The library returns what it could inflate, which may be nothing.
  if (body.length !== bytes) throw new Error("a stored message is damaged: it ends early");
  return body;
}

function packZstd(body: Uint8Array): Buffer {
  const head = Buffer.allocUnsafe(HEAD_BYTES);
  head[0] = ZSTD;
  head.writeUInt32LE(body.length, 1);
  // With the default of 16 KiB, large results are put together from many pieces.
  const chunkSize = body.length >> 1;
  return Buffer.concat([head, zstdCompressSync(body, { params: PARAMS, chunkSize })]);
}

function unpackZstd(packed: Buffer): Buffer {
  const bytes = sizeIn(packed);
  const limits = { chunkSize: bytes + 1, maxOutputLength: bytes };
  return zstdDecompressSync(packed.subarray(HEAD_BYTES), limits);
}

function sizeIn(packed: Buffer): number {
  const bytes = packed.readUInt32LE(1);
  if (bytes > LARGEST_BYTES) throw new Error(`a stored message is damaged: it has ${bytes} bytes`);
  return bytes;
}

function isWorthwhile(packed: Uint8Array, body: Uint8Array): boolean {
  return packed.length <= body.length * WORTHWHILE;
}
