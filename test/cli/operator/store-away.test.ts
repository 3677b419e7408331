// What the operator sees while Redis does not answer, with a real server on a real Redis.

import { PassThrough } from "node:stream";
import { afterEach, beforeEach, expect, it } from "vitest";
import { connectTo } from "../../support/grpc.ts";
import { startTestRedis, type TestRedis } from "../../support/redis.ts";
import { sendRequest } from "../../support/send-requests.ts";
import { startTestServer, type TestServer } from "../../support/server.ts";
import { runDlq } from "./run-dlq.ts";

let redis: TestRedis;
let server: TestServer;
let target: string;

beforeEach(async () => {
  redis = await startTestRedis();
  server = await startTestServer({ redisUrl: redis.url });
  target = server.grpcAddress;
  const client = connectTo(target);
  await client.dlq.sendToDlq(sendRequest("orders"));
  client.close();
}, 180_000);
afterEach(async () => {
  await redis?.restart();
  await server?.stop();
  await redis?.stop();
});

it("doctor says that the server answers and the store does not", async () => {
  await redis.kill9();
  const { code, stdout, stderr } = await runDlq(["doctor"], { target });
  expect(stdout).toMatch(
    /^ok {7}127\S+ answers\nok {7}the server has all calls of this program\nPROBLEM {2}the store does not answer.*\n {9}-> look at the server's log and at \/readyz on listen-http\n$/,
  );
  expect({ code, stderr }).toEqual({ code: 1, stderr: "" });
  const json = JSON.parse((await runDlq(["doctor", "-o", "json"], { target })).stdout);
  expect(json.findings.at(-1)).toMatchObject({ level: "problem", check: "store" });
  // Other commands name doctor.
  expect((await runDlq(["queues"], { target })).stderr).toContain("run `dlq doctor`");
});

it("top goes on with the last counts, and shows since when there are no new ones", async () => {
  const keys = new PassThrough();
  let step = 0;
  const { code, stdout } = await runDlq(["top", "--interval", "200ms"], {
    ...{ target, columns: 80, stdin: keys, env: { NO_COLOR: "1" } },
    onWrite(text) {
      if (step === 0 && text.includes("1 message in 1 queue")) {
        step = 1;
        void redis.kill9();
      } else if (step === 1 && /the store does not answer, since \d+m?s/.test(text)) {
        step = 2;
        expect(text).toMatch(/^orders +1 /m);
        void redis.restart();
      } else if (step === 2 && text.includes("in 1 queue") && !text.includes("since")) {
        step = 3;
        keys.write("q");
      }
    },
  });
  expect({ code, step }).toEqual({ code: 0, step: 3 });
  expect(stdout.endsWith("\u001b[?1049l")).toBe(true);
});

it("top ends at Ctrl-C, which is a key there", async () => {
  const keys = new PassThrough();
  const { code } = await runDlq(["top"], {
    ...{ target, columns: 80, stdin: keys },
    onWrite: (text) => text.includes("in 1 queue") && keys.write("\u0003"),
  });
  expect({ code, isRead: keys.destroyed }).toEqual({ code: 0, isRead: true });
});
