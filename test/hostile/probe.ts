// The tester's side of the probe within the server.

import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { type Live, type Loop, PROBE_PATH } from "./server-probe.ts";

const PROGRAM = new URL("./server-probe.ts", import.meta.url);

export class ServerProbe {
  readonly #path: string;

  /** @param path of a socket that the server will make */
  constructor(path: string) {
    this.#path = path;
  }

  /** For the environment of the server's process. */
  get env(): Readonly<Record<string, string>> {
    return { NODE_OPTIONS: `--import=${PROGRAM.href}`, [PROBE_PATH]: this.#path };
  }

  /** What the server holds when all garbage is collected, which holds it up. */
  async liveMiB(): Promise<number> {
    return (await this.#ask<Live>("live")).liveBytes / 1024 / 1024;
  }

  /** The longest that the server's event loop was held up since this was last asked. */
  async heldUpMs(): Promise<number> {
    return (await this.#ask<Loop>("loop")).heldUpMs;
  }

  async #ask<T>(word: "live" | "loop"): Promise<T> {
    const socket = connect(this.#path);
    socket.write(word);
    return JSON.parse(await text(socket)) as T;
  }
}
