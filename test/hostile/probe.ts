// Client of the probe inside the server process.

import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { type Live, type Loop, PROBE_PATH } from "./server-probe.ts";

const PROGRAM = new URL("./server-probe.ts", import.meta.url);

export class ServerProbe {
  readonly #path: string;

  /** @param path of the socket that the server creates */
  constructor(path: string) {
    this.#path = path;
  }

  /** Environment variables for the server process. */
  get env(): Readonly<Record<string, string>> {
    return { NODE_OPTIONS: `--import=${PROGRAM.href}`, [PROBE_PATH]: this.#path };
  }

  /** Returns the memory of the server after a garbage collection, which blocks it. */
  async liveMiB(): Promise<number> {
    return (await this.#ask<Live>("live")).liveBytes / 1024 / 1024;
  }

  /** Returns the longest block of the server's event loop since the last call. */
  async heldUpMs(): Promise<number> {
    return (await this.#ask<Loop>("loop")).heldUpMs;
  }

  async #ask<T>(word: "live" | "loop"): Promise<T> {
    const socket = connect(this.#path);
    socket.write(word);
    return JSON.parse(await text(socket)) as T;
  }
}
