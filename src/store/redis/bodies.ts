import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";

/** Fast, and for JSON nearly as small as slower levels. */
const PARAMS = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };

/** The first bytes of a zstd frame, little-endian. No envelope and no edits begin with them. */
const ZSTD_MAGIC = 0xfd2fb528;

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

  pack(envelope: Uint8Array, payloadBytes: number): Uint8Array {
    if (this.#minBytes === 0 || payloadBytes < this.#minBytes) return envelope;
    const packed = zstdCompressSync(envelope, PARAMS);
    return packed.length <= envelope.length * WORTHWHILE ? packed : envelope;
  }

  /** Works for compressed and plain bodies: the first bytes say which it is. */
  unpack(body: Buffer): Uint8Array {
    if (body.length < 4 || body.readUInt32LE(0) !== ZSTD_MAGIC) return body;
    return zstdDecompressSync(body, { maxOutputLength: LARGEST_BYTES });
  }
}
