// A link from a server to its Redis, on which a test holds the server before a command that it chooses.

import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { cut } from "./link.ts";

/** A command to Redis: its name, and its arguments up to the end of the piece of data that it came in. */
export type Command = readonly string[];

export interface StepLink {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Calls `pass` with each command that begins a piece of data, before Redis gets it, and waits for it. A server that awaits each
 * reply sends each command in a piece of its own, or in the first of several.
 */
export async function openStepLink(
  path: string,
  pass: (command: Command) => Promise<void> | undefined,
): Promise<StepLink> {
  const clients = new Set<Socket>();
  const server = createServer({ noDelay: true }, (client) => {
    const redis = connect({ path });
    clients.add(client);
    const end = () => {
      cut(client);
      redis.destroy();
    };
    for (const socket of [client, redis]) {
      socket.on("error", () => {}); // `close` follows
      socket.once("close", end);
    }
    redis.pipe(client);
    void (async () => {
      for await (const piece of client) {
        await pass(readCommand(piece as Buffer));
        if (!redis.write(piece as Buffer)) await once(redis, "drain");
      }
    })().catch(end);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.close();
      // One that is held does not notice that its server was killed.
      for (const client of clients) client.destroy();
      await once(server, "close");
    },
  };
}

/** Empty: the piece does not begin with a command. */
function readCommand(piece: Buffer): Command {
  const text = piece.toString("latin1");
  if (!/^\*\d+\r\n\$/.test(text)) return [];
  const words: string[] = [];
  let at = text.indexOf("\r\n") + 2;
  while (text[at] === "$") {
    const lengthEnd = text.indexOf("\r\n", at);
    if (lengthEnd < 0) break;
    const end = lengthEnd + 2 + Number(text.slice(at + 1, lengthEnd));
    words.push(text.slice(lengthEnd + 2, end));
    at = end + 2;
  }
  return words;
}
