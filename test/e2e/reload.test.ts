// Tokens and certificates change while a server runs.

import { createHash, X509Certificate } from "node:crypto";
import { copyFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { connect } from "node:tls";
import { Code } from "@connectrpc/connect";
import { beforeEach, expect, it, onTestFinished } from "vitest";
import { errorOf } from "../rpc/in-memory.ts";
import { makeCertificate } from "../support/certificate.ts";
import { connectTo, type TestClient } from "../support/grpc.ts";
import { startTestServer, type TestServer } from "../support/server.ts";
import { until } from "../support/until.ts";
import { Worker } from "../support/worker.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp("/tmp/dlq-reload-");
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
});
const path = (name: string) => join(folder, name);

const OLD = "the-old-token-of-orders-1";
const NEW = "the-new-token-of-orders-1";
const line = (token: string, rest = "") =>
  `orders:sha256:${createHash("sha256").update(token).digest("hex")}${rest}\n`;

async function start(env: Record<string, string>): Promise<TestServer> {
  const server = await startTestServer({ env });
  onTestFinished(() => server.stop());
  return server;
}

function as(server: TestServer, token: string): TestClient {
  const client = connectTo(server.grpcAddress, { token });
  onTestFinished(() => client.close());
  return client;
}

const logged = (server: TestServer, msg: string, times = 1) =>
  until(msg, () => server.logs.filter((one) => one.msg === msg).length >= times);

it("a changed tokens file applies to calls and ends the streams of removed tokens", async () => {
  await writeFile(path("tokens"), line(OLD) + line(NEW));
  const server = await start({ DLQ_TOKENS_FILE: path("tokens") });
  const worker = await Worker.open(as(server, OLD).dlq, { queues: ["q"] });
  const staying = await Worker.open(as(server, NEW).dlq, { queues: ["q"] });

  // The line was cut before its expiry and its newline.
  await writeFile(path("tokens"), line(NEW) + line(OLD).trimEnd());
  await logged(server, "files cannot be used; the previous ones stay in force");
  expect(worker.isOver).toBe(false);
  await as(server, OLD).dlq.stats({});

  await writeFile(path("tokens"), line(NEW));
  await logged(server, "files reloaded");
  expect((await worker.ended)?.code).toBe(Code.Unauthenticated);
  const revoked = server.logs.filter(({ msg }) => /^stream ended: its token/.test(`${msg}`));
  expect(revoked).toMatchObject([{ caller: "orders", method: "dlq.v1.DlqService/StreamDue" }]);
  expect((await errorOf(as(server, OLD).dlq.stats({}))).code).toBe(Code.Unauthenticated);
  await as(server, NEW).dlq.stats({});
  expect(staying.isOver).toBe(false);
  await staying.close();
});

it("a stream has the new name of its token", async () => {
  await writeFile(path("tokens"), line(OLD));
  const server = await start({ DLQ_TOKENS_FILE: path("tokens") });
  const worker = await Worker.open(as(server, OLD).dlq, { queues: ["q"] });
  await writeFile(path("tokens"), line(OLD).replace("orders", "orders-eu"));
  await logged(server, "files reloaded");
  await worker.close();
  await logged(server, "stream closed");
  const named = server.logs.filter(({ msg }) => String(msg).startsWith("stream "));
  expect(named.map(({ msg, caller }) => `${msg}: ${caller}`)).toEqual([
    "stream opened: orders",
    "stream closed: orders-eu",
  ]);
});

it("a stream ends when its token expires", async () => {
  await writeFile(path("tokens"), line(OLD));
  const server = await start({ DLQ_TOKENS_FILE: path("tokens") });
  const worker = await Worker.open(as(server, OLD).dlq, { queues: ["q"] });
  const expires = ` expires=${new Date(Date.now() + 5_000).toISOString()}`;
  await writeFile(path("tokens"), line(OLD, expires));
  expect((await worker.ended)?.code).toBe(Code.Unauthenticated);
});

it("SIGHUP reads the files again and ends nothing", async () => {
  await writeFile(path("tokens"), line(OLD));
  const server = await start({ DLQ_TOKENS_FILE: path("tokens") });
  const worker = await Worker.open(as(server, OLD).dlq, { queues: ["q"] });
  process.kill(server.pid, "SIGHUP");
  await logged(server, "files reloaded");
  process.kill(server.pid, "SIGHUP");
  await logged(server, "files reloaded", 2);
  expect(worker.isOver).toBe(false);
  await worker.close();
  await server.restart();
  process.kill(server.pid, "SIGHUP");
  await logged(server, "files reloaded", 3);
});

const certificate = (name: string) => makeCertificate(path(name), name);

/** The name in the certificate that a new connection gets. */
function presented(address: string): Promise<string> {
  const [host = "", port = ""] = address.split(":");
  return new Promise((resolve, reject) => {
    const options = {
      host,
      port: Number(port),
      rejectUnauthorized: false,
      ALPNProtocols: ["h2", "http/1.1"],
    };
    const socket = connect(options, () => {
      const { raw } = socket.getPeerCertificate();
      resolve(new X509Certificate(raw).subject);
      socket.destroy();
    });
    socket.on("error", reject);
  });
}

it("a renewed certificate serves new connections of both ports", async () => {
  await certificate("first");
  await certificate("second");
  const use = async (extension: string, name: string) =>
    copyFile(path(`${name}.${extension}`), path(`used.${extension}`));
  await use("crt", "first");
  await use("key", "first");
  const server = await start({ DLQ_TLS_CERT: path("used.crt"), DLQ_TLS_KEY: path("used.key") });
  const ca = await readFile(path("first.crt"), "utf8");
  const client = connectTo(server.grpcAddress, { ca });
  onTestFinished(() => client.close());
  const worker = await Worker.open(client.dlq, { queues: ["q"] });
  expect(await presented(server.grpcAddress)).toBe("CN=first");

  await use("crt", "second");
  await logged(server, "files cannot be used; the previous ones stay in force");
  expect(await presented(server.grpcAddress)).toBe("CN=first");

  await use("key", "second");
  await logged(server, "files reloaded");
  expect(await presented(server.grpcAddress)).toBe("CN=second");
  expect(await presented(server.httpAddress)).toBe("CN=second");
  expect(worker.isOver).toBe(false);
  await worker.close();
});
