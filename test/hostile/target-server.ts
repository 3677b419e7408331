// The server under attack, with a queue that is full of due messages.

import { randomBytes, randomUUID } from "node:crypto";
import { rm } from "node:fs/promises";
import { connectTo, sendAll } from "../support/grpc.ts";
import { startTestRedis } from "../support/redis.ts";
import { sendRequest } from "../support/send-requests.ts";
import { startTestServer, type TestServer } from "../support/server.ts";
import { ServerProbe } from "./probe.ts";

export const FULL_QUEUE = "full";

/** Of each port. */
export const CONNECTIONS = 1_000;

const MESSAGE_BYTES = 64 * 1024;
/** Below the limit of a call. */
const MESSAGES_A_CALL = 40;

export interface TargetServer extends Pick<TestServer, "pid" | "grpcAddress" | "httpAddress"> {
  readonly probe: ServerProbe;
  /** Rejects where the server has not lived to here, or does not end in order. */
  stop(): Promise<void>;
}

/**
 * Its Redis keeps nothing on a disk: how busy that is must not be seen in the latency of calls.
 *
 * @param dueMiB what the queue holds, and nothing of it can be compressed
 */
export async function startTarget(dueMiB: number): Promise<TargetServer> {
  const redis = await startTestRedis({ appendonly: false });
  // Leases of readers that never read end soon.
  // A Redis that waits for its turn on a busy machine is not away.
  const patience = ["--lease-duration", "2s", "--redis-timeout", "10s"];
  const args = [...patience, "--max-connections", String(CONNECTIONS)];
  const socket = `/tmp/dlq-probe-${randomUUID()}.sock`;
  const probe = new ServerProbe(socket);
  const server = await startTestServer({ args, env: probe.env, redisUrl: redis.url });
  await fill(server.grpcAddress, dueMiB);
  return {
    get pid() {
      return server.pid;
    },
    grpcAddress: server.grpcAddress,
    httpAddress: server.httpAddress,
    probe,
    async stop() {
      try {
        await server.stop();
      } finally {
        await redis.stop();
        await rm(socket, { force: true });
      }
    },
  };
}

async function fill(grpcAddress: string, dueMiB: number): Promise<void> {
  const client = connectTo(grpcAddress);
  const count = (dueMiB * 1024 * 1024) / MESSAGE_BYTES;
  for (let at = 0; at < count; at += MESSAGES_A_CALL) {
    const some = Array.from({ length: MESSAGES_A_CALL }, () =>
      sendRequest(FULL_QUEUE, {
        payload: { body: { case: "data", value: randomBytes(MESSAGE_BYTES) } },
      }),
    );
    await sendAll(client.dlq, some);
  }
  client.close();
}
