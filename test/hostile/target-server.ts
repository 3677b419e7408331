// The server under attack, with a queue of due messages.

import { randomBytes, randomUUID } from "node:crypto";
import { rm } from "node:fs/promises";
import { connectTo, sendAll } from "../support/grpc.ts";
import { startTestRedis } from "../support/redis.ts";
import { sendRequest } from "../support/send-requests.ts";
import { startTestServer, type TestServer } from "../support/server.ts";
import { ServerProbe } from "./probe.ts";

export const FULL_QUEUE = "full";

/** Connection limit of each port. */
export const CONNECTIONS = 1_000;

const MESSAGE_BYTES = 64 * 1024;
/** Messages for each call, below its size limit. */
const MESSAGES_A_CALL = 40;

export interface TargetServer extends Pick<TestServer, "pid" | "grpcAddress" | "httpAddress"> {
  readonly probe: ServerProbe;
  /** Rejects if the server has ended or does not stop normally. */
  stop(): Promise<void>;
}

/**
 * Its Redis does not write to disk, so that the disk does not change latencies.
 *
 * @param dueMiB size of the due messages, which cannot be compressed
 */
export async function startTarget(dueMiB: number): Promise<TargetServer> {
  const redis = await startTestRedis({ appendonly: false });
  // Leases of unread streams must expire soon.
  // On a busy machine, a slow Redis must not count as unavailable.
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
