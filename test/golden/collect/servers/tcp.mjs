// Peers that fail on the level of TCP.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect, createServer } from "node:net";

const HOST = "127.0.0.1";

/** @param {import("node:net").Server} server */
export async function listen(server) {
  server.listen(0, HOST);
  await once(server, "listening");
  server.unref();
  return server.address().port;
}

/** A port without a listener: it was free a moment ago. */
export async function closedPort() {
  const server = createServer();
  const port = await listen(server);
  server.close();
  await once(server, "close");
  return port;
}

const ignoreErrors = (socket) => socket.on("error", () => {});

/** Accepts connections and never sends. */
export const silent = () => listen(createServer(ignoreErrors));

/** Closes the connection at the first data. */
export const hangsUp = () =>
  listen(createServer((socket) => ignoreErrors(socket).once("data", () => socket.destroy())));

/** Resets the connection at the first data. */
export const resets = () =>
  listen(createServer((s) => ignoreErrors(s).once("data", () => s.resetAndDestroy())));

/** Sends another protocol: at the first data, or soon after connecting, like SSH. */
export const foreign = () =>
  listen(
    createServer((socket) => {
      const greet = () => socket.end("SSH-2.0-OpenSSH_9.2p1\r\n");
      const timer = setTimeout(greet, 100);
      ignoreErrors(socket).once("data", greet);
      socket.once("close", () => clearTimeout(timer));
    }),
  );

const STALLED = `
  const server = require("node:net").createServer();
  server.listen({ port: 0, host: "${HOST}", backlog: 1 }, () => console.log(server.address().port));
`;

/**
 * A stopped process with a full queue of connections: connecting hangs, as behind a firewall that drops packets.
 */
export async function stalled() {
  const child = spawn(process.execPath, ["-e", STALLED], { stdio: ["ignore", "pipe", "ignore"] });
  const port = Number(String((await once(child.stdout, "data"))[0]));
  child.kill("SIGSTOP");
  // The queue holds one connection more than its backlog. The other connections wait.
  const fillers = Array.from({ length: 4 }, () => ignoreErrors(connect({ port, host: HOST })));
  await Promise.all(fillers.slice(0, 2).map((socket) => once(socket, "connect")));
  return {
    port,
    stop: () => {
      for (const socket of fillers) socket.destroy();
      child.kill("SIGKILL");
    },
  };
}
