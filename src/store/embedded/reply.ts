// Sends one command to a redis-server that may still be loading, and reads its reply. For the supervisor, which needs a
// reply or an error within its own deadline. All other traffic goes through ioredis.

import { connect } from "node:net";

export type Reply = string | number | null | readonly Reply[];

/** An error reply. `code` is its first word: LOADING, NOPERM, ERR… */
export class ReplyError extends Error {
  readonly code: string;
  constructor(message: string) {
    super(message);
    this.name = "ReplyError";
    this.code = message.split(" ", 1)[0] ?? "";
  }
}

/** Sends one command on a connection of its own. Rejects if no complete reply comes in time. */
export function ask(
  socketPath: string,
  command: readonly string[],
  timeoutMs: number,
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const socket = connect(socketPath);
    let received: Buffer = Buffer.alloc(0);
    const fail = (reason: Error) => {
      clearTimeout(timer);
      socket.destroy();
      reject(reason);
    };
    const timer = setTimeout(
      () => fail(new Error(`no answer from Redis at ${socketPath} within ${timeoutMs} ms`)),
      timeoutMs,
    );
    socket.on("connect", () => socket.write(encode(command)));
    socket.on("error", fail);
    socket.on("close", () => fail(new Error(`Redis at ${socketPath} closed the connection`)));
    socket.on("data", (chunk) => {
      received = Buffer.concat([received, chunk]);
      try {
        const parsed = parse(received, 0);
        if (parsed === undefined) return; // not complete yet
        clearTimeout(timer);
        resolve(parsed.value);
        socket.destroy();
      } catch (error) {
        fail(error as Error);
      }
    });
  });
}

function encode(command: readonly string[]): string {
  const words = command.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`);
  return `*${command.length}\r\n${words.join("")}`;
}

interface Parsed {
  readonly value: Reply;
  readonly end: number;
}

/** RESP2. Undefined while the reply at `start` is incomplete; throws a ReplyError for an error reply. */
function parse(bytes: Buffer, start: number): Parsed | undefined {
  const lineEnd = bytes.indexOf("\r\n", start);
  if (lineEnd < 0) return undefined;
  const line = bytes.toString("utf8", start + 1, lineEnd);
  const next = lineEnd + 2;
  switch (bytes.toString("latin1", start, start + 1)) {
    case "+":
      return { value: line, end: next };
    case "-":
      throw new ReplyError(line);
    case ":":
      return { value: Number(line), end: next };
    case "$": {
      const length = Number(line);
      if (length < 0) return { value: null, end: next };
      const end = next + length + 2;
      if (bytes.length < end) return undefined;
      return { value: bytes.toString("utf8", next, next + length), end };
    }
    case "*": {
      const items: Reply[] = [];
      let end = next;
      for (let left = Number(line); left > 0; left -= 1) {
        const item = parse(bytes, end);
        if (item === undefined) return undefined;
        items.push(item.value);
        end = item.end;
      }
      return { value: items, end };
    }
    default:
      throw new Error("the answer does not look like Redis");
  }
}
