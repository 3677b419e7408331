// Real Redis servers: with a password, with full memory, and a replica without its primary.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { closedPort } from "./tcp.mjs";

const BINARY = process.env.DLQ_REDIS_SERVER ?? "redis-server";

/** @param {readonly string[]} args more arguments than port and folder */
async function start(...args) {
  const dir = mkdtempSync(join(tmpdir(), "golden-redis-"));
  const port = await closedPort();
  const common = ["--port", String(port), "--dir", dir, "--save", "", "--appendonly", "no"];
  const child = spawn(BINARY, [...common, ...args], { stdio: "ignore" });
  while (!(await answers(port))) await delay(50);
  return {
    port,
    stop: () => {
      child.kill("SIGKILL");
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

const answers = (port) =>
  new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1" });
    socket.once("error", () => resolve(false));
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
  });

/** Needs a password, and has a user `reader` that may only GET. */
export const lockedRedis = () =>
  start(...["--requirepass", "secret"], ...["--user", "reader", "on", ">secret", "~*", "+get"]);
/** Has no free memory. */
export const fullRedis = () => start("--maxmemory", "1", "--maxmemory-policy", "noeviction");
export const openRedis = () => start();
/** Its primary is down: it refuses writes like any replica, and reads because they would be stale. */
export const replicaRedis = async () =>
  start(
    ...["--replicaof", "127.0.0.1", String(await closedPort())],
    ...["--replica-serve-stale-data", "no"],
  );
