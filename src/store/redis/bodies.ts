import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";

/** Fast, and for what fails in services (JSON, mostly) nearly as small as the slower levels. */
const PARAMS = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };

/** What begins every zstd frame, little-endian. No field of an envelope, or of edits, begins with these bytes. */
const ZSTD_MAGIC = 0xfd2fb528;

/** Compressing must save this share, or each delivery would inflate it for nothing. */
const WORTHWHILE = 7 / 8;

/** Nothing that was stored is larger: a message and all that comes with it fits a request. */
const LARGEST_BYTES = 8 * 1024 * 1024;

/** Envelopes, and edits of them, as they are stored. */
export class Bodies {
  readonly #minBytes: number;

  /** Envelopes with a payload of at least `minBytes` are compressed where it helps; 0: none is. */
  constructor(minBytes: number) {
    this.#minBytes = minBytes;
  }

  pack(envelope: Uint8Array, payloadBytes: number): Uint8Array {
    if (this.#minBytes === 0 || payloadBytes < this.#minBytes) return envelope;
    const packed = zstdCompressSync(envelope, PARAMS);
    return packed.length <= envelope.length * WORTHWHILE ? packed : envelope;
  }

  /** Whatever the settings are now: each body says itself what it is. */
  unpack(body: Buffer): Uint8Array {
    if (body.length < 4 || body.readUInt32LE(0) !== ZSTD_MAGIC) return body;
    return zstdDecompressSync(body, { maxOutputLength: LARGEST_BYTES });
  }
}
