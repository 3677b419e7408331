import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Code } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { errorOf, reasonOf } from "../rpc/in-memory.ts";
import { makeCertificate } from "../support/certificate.ts";
import { connectTo, type TestClientOptions } from "../support/grpc.ts";
import { grpcurl } from "../support/grpcurl.ts";
import { sendRequest } from "../support/send-requests.ts";
import { startTestServer, type TestServer, type TestServerOptions } from "../support/server.ts";
import { Worker } from "../support/worker.ts";

async function start(options: TestServerOptions): Promise<TestServer> {
  const server = await startTestServer(options);
  onTestFinished(() => server.stop());
  return server;
}

function connect(address: string, options: TestClientOptions = {}) {
  const client = connectTo(address, options);
  onTestFinished(() => client.close());
  return client;
}

describe("a server with tokens", () => {
  it("accepts only calls with a token, except for health", async () => {
    const server = await start({
      env: { DLQ_TOKENS: "first-token-0123456789,second-token-0123456789" },
    });
    for (const token of [undefined, "third-token-0123456789", "first-token-0123456789,"]) {
      const { dlq, health } = connect(server.grpcAddress, token === undefined ? {} : { token });
      const error = await errorOf(dlq.stats({}));
      expect(error.code).toBe(Code.Unauthenticated);
      expect(reasonOf(error)).toBe("UNAUTHENTICATED");
      expect((await errorOf(dlq.sendToDlq(sendRequest("q")))).code).toBe(Code.Unauthenticated);
      expect((await errorOf(Worker.open(dlq, { queues: ["q"] }))).code).toBe(Code.Unauthenticated);
      expect((await health.check({})).status).toBe(1);
    }
    for (const token of ["first-token-0123456789", "second-token-0123456789"]) {
      const { dlq } = connect(server.grpcAddress, { token });
      const worker = await Worker.open(dlq, { queues: ["q"] });
      await dlq.sendToDlq(sendRequest("q"));
      await worker.settle(await worker.next());
      await worker.close();
    }
    expect(JSON.stringify(server.logs)).not.toContain("token-0123456789");
  });
});

describe("a server with a certificate", () => {
  let dir: string;
  let certFile: string;
  let keyFile: string;
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), "dlq-tls-"));
    certFile = join(dir, "server.crt");
    keyFile = join(dir, "server.key");
    await makeCertificate(join(dir, "server"), "dlq test");
  });
  afterAll(() => rm(dir, { recursive: true, force: true }));

  it("accepts only TLS", async () => {
    const server = await start({ env: { DLQ_TLS_CERT: certFile, DLQ_TLS_KEY: keyFile } });
    const ca = await readFile(certFile, "utf8");
    const { dlq } = connect(server.grpcAddress, { ca });
    const worker = await Worker.open(dlq, { queues: ["q"] });
    await dlq.sendToDlq(sendRequest("q"));
    await worker.settle(await worker.next());
    await worker.close();

    const trusting = ["-cacert", certFile, server.grpcAddress, "dlq.v1.DlqService/Stats"];
    expect(await grpcurl(...trusting)).toMatchObject({ code: 0 });
    const plain = connect(server.grpcAddress);
    await errorOf(plain.dlq.stats({}));
    const untrusted = await grpcurl(server.grpcAddress, "dlq.v1.DlqService/Stats");
    expect(untrusted.code).not.toBe(0);
    expect(untrusted.out).toMatch(/certificate/);
  });
});
