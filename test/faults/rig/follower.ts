import { closeSync, existsSync, openSync, readSync } from "node:fs";
import { StringDecoder } from "node:string_decoder";

const PIECE_BYTES = 1 << 20;

/** Reads a file of lines while another process appends to it. */
export class Follower {
  readonly #path: string;
  readonly #buffer = Buffer.alloc(PIECE_BYTES);
  readonly #decoder = new StringDecoder();
  #position = 0;
  /** The beginning of a line whose end is not written yet. */
  #rest = "";

  /** @param path may not exist yet */
  constructor(path: string) {
    this.#path = path;
  }

  /** Returns the complete lines since the last call. */
  newLines(): string[] {
    if (!existsSync(this.#path)) return [];
    const file = openSync(this.#path, "r");
    try {
      let text = this.#rest;
      for (;;) {
        const bytes = readSync(file, this.#buffer, 0, PIECE_BYTES, this.#position);
        if (bytes === 0) break;
        this.#position += bytes;
        text += this.#decoder.write(this.#buffer.subarray(0, bytes));
      }
      const lines = text.split("\n");
      this.#rest = lines.pop() ?? "";
      return lines;
    } finally {
      closeSync(file);
    }
  }
}
