// Which hosts and origins the HTTP port accepts, with raw requests: browsers send what a page cannot choose.

import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { describe, expect, it } from "vitest";
import { type Server, startServer } from "./listener.ts";

type Config = NonNullable<NonNullable<Parameters<typeof startServer>[0]>["config"]>;

/** Returns status and body. */
async function ask({ http }: Server, path: string, headers: Record<string, string>) {
  const [host, port] = http.split(":");
  const socket = connect(Number(port), host);
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const isCall = path.startsWith("/dlq");
  const body = isCall ? "Content-Type: application/json\r\nContent-Length: 2\r\n" : "";
  socket.write(
    `${isCall ? "POST" : "GET"} ${path} HTTP/1.1\r\n${lines.join("")}${body}Connection: close\r\n\r\n${isCall ? "{}" : ""}`,
  );
  const answer = await text(socket);
  return { status: Number(answer.split(" ")[1]), answer };
}

const STATS = "/dlq.v1.DlqService/Stats";

describe("a request with", () => {
  it.for([
    ["a foreign name", { Host: "evil.example" }, 403],
    ["a foreign name with our port", { Host: "evil.example:8080" }, 403],
    ["a name that begins like ours", { Host: "localhost.evil.example" }, 403],
    ["a name that ends like ours", { Host: "evillocalhost" }, 403],
    ["a name that begins like an address", { Host: "127.0.0.1.evil.example" }, 403],
    ["user information", { Host: "localhost@evil.example" }, 403],
    ["localhost", { Host: "localhost" }, 200],
    ["localhost with a port, in capitals", { Host: "LocalHost:8080" }, 200],
    ["localhost with a dot at the end", { Host: "localhost.:8080" }, 200],
    ["a name below localhost", { Host: "dlq.localhost" }, 200],
    ["an IPv4 address", { Host: "10.1.2.3:8080" }, 200],
    ["an IPv6 address", { Host: "[::1]:8080" }, 200],
    ["a foreign origin", { Host: "localhost", Origin: "https://evil.example" }, 403],
    ["a foreign port as origin", { Host: "localhost:1", Origin: "http://localhost:2" }, 403],
    ["an origin without a name", { Host: "localhost", Origin: "null" }, 403],
    ["its own origin", { Host: "localhost:1", Origin: "http://localhost:1" }, 200],
    [
      "a link or picture of another site",
      { Host: "localhost", "Sec-Fetch-Site": "cross-site" },
      403,
    ],
    ["an address that was typed in", { Host: "localhost", "Sec-Fetch-Site": "none" }, 200],
    ["its own page", { Host: "localhost", "Sec-Fetch-Site": "same-origin" }, 200],
  ] as const)("%s", async ([, headers, status]) => {
    const server = await startServer();
    for (const path of ["/metrics", "/livez", STATS]) {
      expect({ path, ...(await ask(server, path, headers)) }).toMatchObject({ path, status });
    }
    expect(server.dlq.statsOf).toHaveLength(status === 200 ? 1 : 0);
  });

  it.for<[string, Config, Record<string, string>, number]>([
    ["a configured name", { httpHosts: ["dlq.example"] }, { Host: "DLQ.example:80" }, 200],
    ["another name", { httpHosts: ["dlq.example"] }, { Host: "a.dlq.example" }, 403],
    ["any name, if configured", { httpHosts: ["*"] }, { Host: "evil.example" }, 200],
    [
      "a configured origin",
      { httpOrigins: ["https://app.example"] },
      { Host: "localhost", Origin: "https://app.example" },
      200,
    ],
    [
      "a configured origin, as a browser calls it",
      { httpOrigins: ["https://app.example"] },
      { Host: "localhost", Origin: "https://app.example", "Sec-Fetch-Site": "cross-site" },
      200,
    ],
    [
      "a configured origin by another scheme",
      { httpOrigins: ["https://app.example"] },
      { Host: "localhost", Origin: "http://app.example" },
      403,
    ],
  ])("%s", async ([, config, headers, status]) => {
    const server = await startServer({ config });
    expect((await ask(server, STATS, headers)).status).toBe(status);
  });
});

it.for([
  ["host", { Host: "dlq.example" }, "http_hosts", "HOST_NOT_ALLOWED"],
  [
    "origin",
    { Host: "localhost", Origin: "http://dlq.example" },
    "http_origins",
    "ORIGIN_NOT_ALLOWED",
  ],
] as const)("the refusal of a %s says what to configure", async ([, headers, setting, reason]) => {
  const server = await startServer();
  const { answer } = await ask(server, STATS, headers);
  expect(answer).toContain('"code":"permission_denied"');
  expect(answer).toContain(setting);
  expect(answer).toContain(reason);
});

it("refusals are logged with what to do, once a minute for an address, and counted", async () => {
  const server = await startServer();
  await ask(server, STATS, { Host: "dlq.example" });
  await ask(server, "/metrics", { Host: "localhost", Origin: "https://evil.example" });
  expect(server.logged).toEqual([
    {
      message: "requests refused: their host or origin is not allowed",
      fields: {
        address: "127.0.0.1",
        why: expect.stringMatching(/^the host "dlq\.example" .* add it to http_hosts/),
        count: 1,
      },
    },
  ]);
  const { answer } = await ask(server, "/metrics", { Host: "localhost" });
  expect(answer).toMatch(
    /dlq_rpc_duration_seconds_count\{method="",code="PERMISSION_DENIED"\} 2\n/,
  );
});

it("browsers neither guess types nor let other sites embed an answer", async () => {
  const server = await startServer();
  for (const path of ["/metrics", "/nothing", STATS]) {
    for (const Host of ["localhost", "evil.example"]) {
      const answer = (await ask(server, path, { Host })).answer.toLowerCase();
      expect(answer).toContain("\r\nx-content-type-options: nosniff\r\n");
      expect(answer).toContain("\r\ncross-origin-resource-policy: same-origin\r\n");
    }
  }
});
