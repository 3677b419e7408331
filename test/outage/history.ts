import { openSync, readSync } from "node:fs";
import { StringDecoder } from "node:string_decoder";
import type { OutageEvent } from "./event.ts";

const CHUNK_BYTES = 1 << 20;

/** The file that one process writes down what it does, read as it grows. */
export class History {
  readonly #file: number;
  readonly #decoder = new StringDecoder();
  readonly #chunk = Buffer.alloc(CHUNK_BYTES);
  #offset = 0;
  /** Of a line whose end is not written yet. */
  #rest = "";

  /** @param path made here if it isn't there */
  constructor(path: string) {
    this.#file = openSync(path, "a+", 0o600);
  }

  /** What has come since the last time. */
  *news(): Generator<OutageEvent> {
    for (;;) {
      const bytes = readSync(this.#file, this.#chunk, 0, CHUNK_BYTES, this.#offset);
      if (bytes === 0) return;
      this.#offset += bytes;
      const lines = (this.#rest + this.#decoder.write(this.#chunk.subarray(0, bytes))).split("\n");
      this.#rest = lines.pop() ?? "";
      for (const line of lines) yield JSON.parse(line) as OutageEvent;
    }
  }
}
