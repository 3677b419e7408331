// The folder that the demo's server keeps its data in.

import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export function makeDataFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), "dlq-demo-"));
}

/** A server that was killed leaves its Redis behind, which the next one would take over. There is none. */
export async function removeDataFolder(folder: string): Promise<void> {
  await endRedis(join(folder, "redis.sock"));
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
}

function endRedis(socketPath: string): Promise<void> {
  const socket = connect(socketPath);
  socket.once("connect", () => socket.write("SHUTDOWN NOSAVE\r\n"));
  socket.once("error", () => socket.destroy()); // nobody listens there, as after an orderly end
  socket.resume();
  return new Promise((done) => socket.once("close", () => done()));
}
