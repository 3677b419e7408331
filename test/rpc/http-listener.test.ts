import { once } from "node:events";
import { connect } from "node:net";
import { Code, createClient } from "@connectrpc/connect";
import { createGrpcWebTransport } from "@connectrpc/connect-node";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { DlqService } from "../../gen/dlq/v1/dlq_service_pb.ts";
import { errorOf, violationsOf } from "./in-memory.ts";
import { MESSAGE_ID_TEXT, opened } from "./scripted-dlq.ts";
import { startServer } from "./sockets.ts";

describe("Connect by plain HTTP and JSON", () => {
  const post = (address: string, method: string, body: unknown, headers = {}) =>
    fetch(`http://${address}/dlq.v1.DlqService/${method}`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify(body),
    });

  it("sends a dead letter", async () => {
    const server = await startServer();
    const response = await post(server.http, "SendToDlq", {
      queue: "orders",
      payload: { text: "{}" },
      failure: { reason: "REASON_TIMEOUT", httpStatus: 504 },
      delay: "1.5s",
    });
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({
      id: MESSAGE_ID_TEXT,
      state: "MESSAGE_STATE_SCHEDULED",
    });
    expect(server.dlq.sent[0]).toMatchObject({
      queue: "orders",
      delayMs: 1_500,
      failure: { reason: "TIMEOUT" },
    });
  });

  it("reports wrong fields", async () => {
    const server = await startServer();
    const response = await post(server.http, "SendToDlq", { queue: "a b" });
    expect(response.status).toBe(400);
    const body = (await response.json()) as { code: string; details: { type: string }[] };
    expect(body.code).toBe("invalid_argument");
    expect(body.details.map((one) => one.type)).toContain("google.rpc.BadRequest");
  });

  it("needs the same token", async () => {
    const server = await startServer({ tokens: ["t1"] });
    expect((await post(server.http, "Stats", {})).status).toBe(401);
    const authorization = "Bearer t1";
    expect((await post(server.http, "Stats", {}, { authorization })).status).toBe(200);
  });

  it("has the same size limit", async () => {
    const server = await startServer();
    const response = await post(server.http, "SendToDlq", { sourceId: "x".repeat(5_000_000) });
    expect(await response.json()).toMatchObject({
      code: "resource_exhausted",
      message: expect.stringContaining("send fewer or smaller messages"),
      details: expect.arrayContaining([
        expect.objectContaining({ debug: expect.objectContaining({ reason: "TOO_LARGE" }) }),
      ]),
    });
  });

  const malformed = {
    code: "invalid_argument",
    details: [{ type: "google.rpc.ErrorInfo", debug: { reason: "MALFORMED_REQUEST" } }],
  };

  it.each([
    ["protobuf", { "content-type": "application/proto" }, "\xff\xff\xff"],
    ["JSON", { "content-type": "application/json" }, "{"],
    ["timeouts", { "content-type": "application/json", "connect-timeout-ms": "soon" }, "{}"],
  ])(
    "answers malformed %s as the sender's mistake",
    async (_, headers: Record<string, string>, body) => {
      const { http } = await startServer();
      const url = `http://${http}/dlq.v1.DlqService/Stats`;
      const response = await fetch(url, { method: "POST", headers, body });
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject(malformed);
    },
  );

  it("reports a malformed request of a stream in its last envelope", async () => {
    const { http } = await startServer();
    const response = await fetch(`http://${http}/dlq.v1.DlqService/StreamDue`, {
      method: "POST",
      headers: { "content-type": "application/connect+json" },
      body: "\0\0\0\0\x01{",
    });
    const answer = Buffer.from(await response.arrayBuffer());
    expect(answer[0]).toBe(2);
    expect(answer.readUInt32BE(1)).toBe(answer.length - 5);
    expect(JSON.parse(answer.subarray(5).toString())).toMatchObject({ error: malformed });
  });

  it("ends a stream for the use case when its client disconnects", async () => {
    const { http, dlq } = await startServer();
    const controller = new AbortController();
    const response = await fetch(`http://${http}/dlq.v1.DlqService/StreamDue`, {
      method: "POST",
      headers: { "content-type": "application/connect+json" },
      body: '\0\0\0\0\x10{"queues":["q"]}',
      signal: controller.signal,
    });
    await response.body?.getReader().read();
    controller.abort();
    await vi.waitFor(() => expect(dlq.streams[0]?.signal.aborted).toBe(true));
  });

  it.each([
    ["POST", "Stats", 415, "send content-type: application/json"],
    ["POST", "StreamDue", 415, "send content-type: application/connect+json"],
    ["OPTIONS", "Stats", 405, "with POST and content-type: application/json"],
    ["DELETE", "StreamDue", 405, "with POST and content-type: application/connect+json"],
  ])("explains a %s of %s that is not a call", async (method, name, status, words) => {
    const { http } = await startServer();
    const response = await fetch(`http://${http}/dlq.v1.DlqService/${name}`, {
      method,
      headers: { "content-type": "application/x-www-form-urlencoded" },
      ...(method === "POST" ? { body: "{}" } : {}),
    });
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ message: expect.stringContaining(words) });
  });
});

it("gRPC-Web supports streams and error details", async () => {
  const server = await startServer();
  server.dlq.onStream = async function* () {
    yield opened();
    yield { kind: "heartbeat" };
  };
  const transport = createGrpcWebTransport({
    baseUrl: `http://${server.http}`,
    httpVersion: "1.1",
  });
  const client = createClient(DlqService, transport);
  const frames: (string | undefined)[] = [];
  for await (const { frame } of client.streamDue({ queues: ["q"] })) frames.push(frame.case);
  expect(frames).toEqual(["opened", "heartbeat"]);
  const error = await errorOf(client.sendToDlq({ queue: "q" }));
  expect(error.code).toBe(Code.InvalidArgument);
  expect(violationsOf(error).map((v) => v.field)).toEqual(["payload"]);
});

it.each([
  ["no host", "POST /dlq.v1.DlqService/Stats HTTP/1.0\r\n\r\n"],
  [
    "a host that is none",
    "POST /dlq.v1.DlqService/Stats HTTP/1.1\r\nHost: localhost:123456\r\n\r\n",
  ],
])("a request with %s is refused, and the server continues", async (_, request) => {
  const server = await startServer();
  const [host, port] = server.http.split(":");
  const socket = connect(Number(port), host);
  onTestFinished(() => {
    socket.destroy();
  });
  socket.write(request);
  const [answer] = (await once(socket, "data")) as [Buffer];
  expect(answer.toString()).toMatch(/^HTTP\/1.1 400 .*the request has no valid Host header/s);
  expect((await fetch(`http://${server.http}/livez`)).status).toBe(200);
});

it("a batch with a refused request is answered in JSON, with the details of its error", async () => {
  const { http } = await startServer();
  const response = await fetch(`http://${http}/dlq.v1.DlqService/SendToDlqBatch`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: '{"requests":[{}]}',
  });
  expect(response.status).toBe(200);
  const details = [
    { reason: "INVALID_REQUEST", domain: "dlq.v1" },
    { fieldViolations: expect.anything() },
  ];
  expect(await response.json()).toMatchObject({ results: [{ error: { details } }] });
});

it("bytes that are no message are the client's error for gRPC-Web, too", async () => {
  const { http } = await startServer();
  const response = await fetch(`http://${http}/dlq.v1.DlqService/Stats`, {
    method: "POST",
    headers: { "content-type": "application/grpc-web+proto" },
    body: Uint8Array.of(0, 0, 0, 0, 1, 0),
  });
  const trailers = (await response.text()).slice(5);
  expect(trailers).toMatch(/^grpc-status: 3\r$/m);
  expect(trailers).toMatch(/^grpc-status-details-bin: /m);
});

describe("pages", () => {
  const get = async (url: string, init?: RequestInit) => {
    const response = await fetch(url, init);
    return {
      status: response.status,
      type: response.headers.get("content-type"),
      body: await response.text(),
    };
  };

  it("/livez reports the process, /readyz whether it can work", async () => {
    const { http, readiness } = await startServer();
    expect(await get(`http://${http}/readyz`)).toMatchObject({ status: 200 });
    readiness.set("NOT_SERVING");
    const page = await get(`http://${http}/readyz`);
    expect(page.status).toBe(503);
    expect(page.body).toContain("the store does not answer");
    expect(await get(`http://${http}/livez`)).toMatchObject({ status: 200, body: "alive\n" });
  });

  it("/metrics has the calls of both listeners, and needs no token", async () => {
    const { http, client } = await startServer({ tokens: ["t1"] });
    await errorOf(client.stats({}));
    for (const method of ["Stats", "StreamDue"]) {
      const body = method === "Stats" ? "{}" : Buffer.from([0, 0, 0, 0, 2, 0x7b, 0x7d]);
      const type = method === "Stats" ? "application/json" : "application/connect+json";
      const headers = { "content-type": type };
      const url = `http://${http}/dlq.v1.DlqService/${method}`;
      await (await fetch(url, { method: "POST", headers, body })).text();
    }
    const page = await get(`http://${http}/metrics`);
    expect(page).toMatchObject({ status: 200, type: expect.stringContaining("text/plain") });
    expect(page.body).toContain(
      'dlq_rpc_duration_seconds_count{method="dlq.v1.DlqService/Stats",code="UNAUTHENTICATED"} 2',
    );
    expect(page.body).toContain(
      'dlq_rpc_duration_seconds_count{method="dlq.v1.DlqService/StreamDue",code="UNAUTHENTICATED"} 1',
    );
  });

  it("/metrics can need a token, and the pages of probes never do", async () => {
    const tokens = ["t1"];
    const { http, logged } = await startServer({ tokens, config: { metricsAccess: "token" } });
    const refused = await fetch(`http://${http}/metrics`);
    expect(refused.status).toBe(401);
    expect(refused.headers.get("www-authenticate")).toBe("Bearer");
    expect(await refused.text()).toContain("no valid credentials");
    expect(logged).toMatchObject([{ fields: { address: "127.0.0.1", method: "/metrics" } }]);
    const headers = { authorization: "Bearer t1" };
    const page = await get(`http://${http}/metrics`, { headers });
    expect(page.status).toBe(200);
    expect(page.body).toContain('{method="/metrics",code="UNAUTHENTICATED"} 1');
    for (const path of ["livez", "readyz"]) {
      expect((await get(`http://${http}/${path}`)).status).toBe(200);
    }
  });

  it("list the pages for an unknown path", async () => {
    const { http } = await startServer();
    const page = await get(`http://${http}/`);
    expect(page.status).toBe(404);
    expect(page.body).toContain("/metrics");
    expect((await get(`http://${http}/livez`, { method: "POST" })).status).toBe(405);
    expect((await get(`http://${http}/constructor`)).status).toBe(404);
  });

  it("close keep-alive connections while the server drains, and still answer", async () => {
    const { http, listeners } = await startServer();
    listeners.drain();
    const response = await fetch(`http://${http}/livez`);
    expect(response.status).toBe(200);
    expect(response.headers.get("connection")).toBe("close");
  });
});

it("can be off", async () => {
  const server = await startServer({ config: { listenHttp: "off" } });
  expect(server.http).toBe("");
  await server.client.stats({});
});
