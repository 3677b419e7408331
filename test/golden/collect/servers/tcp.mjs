// Peers that fail below any protocol.

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

/** A port that nobody listens on: it was free a moment ago. */
export async function closedPort() {
  const server = createServer();
  const port = await listen(server);
  server.close();
  await once(server, "close");
  return port;
}

const ignoreErrors = (socket) => socket.on("error", () => {});

/** Accepts, and never says a word. */
export const silent = () => listen(createServer(ignoreErrors));

/** Accepts, and hangs up as soon as it was asked something. */
export const hangsUp = () =>
  listen(createServer((socket) => ignoreErrors(socket).once("data", () => socket.destroy())));

/** As above, by RST. */
export const resets = () =>
  listen(createServer((s) => ignoreErrors(s).once("data", () => s.resetAndDestroy())));

/** Speaks another protocol: when it was asked something, or soon after, as SSH greets first. */
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
 * A process that was stopped, with a full queue of connections: connecting itself hangs, as to a
 * machine behind a firewall that drops.
 */
export async function stalled() {
  const child = spawn(process.execPath, ["-e", STALLED], { stdio: ["ignore", "pipe", "ignore"] });
  const port = Number(String((await once(child.stdout, "data"))[0]));
  child.kill("SIGSTOP");
  // The queue holds one more than its backlog; the others wait themselves.
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
