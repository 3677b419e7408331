// Checks docs/reference/groups.md: its calls give the documented answers, and its figures equal the code.

import { afterAll, beforeAll, expect, it, test } from "vitest";
import { Reason } from "../../gen/dlq/v1/state_pb.ts";
import { CONSTANTS } from "../../src/store/redis/packed/constants.ts";
import { PARTITIONS } from "../../src/store/redis/partitions.ts";
import { connectTo, type TestClient } from "../support/grpc.ts";
import { findGrpcurl } from "../support/grpcurl.ts";
import { sendRequest } from "../support/send-requests.ts";
import { startTestServer, type TestServer } from "../support/server.ts";
import { fencesOf, readDocument } from "./markdown.ts";
import { openShell, type Shell } from "./shell.ts";
import { atServer, firstMissing } from "./transcript.ts";

const PAGE = readDocument("docs/reference/groups.md");

let server: TestServer;
let client: TestClient;
let shell: Shell;
beforeAll(async () => {
  server = await startTestServer();
  client = connectTo(server.grpcAddress);
  shell = openShell(`grpcurl() { '${findGrpcurl()}' "$@"; }`);
});
afterAll(async () => {
  shell?.close();
  client?.close();
  await server?.stop();
});

it("gives the documented answers", async () => {
  for (const order of [17, 18]) {
    await client.dlq.sendToDlq({
      ...sendRequest("invoices"),
      failure: {
        ...{ reason: Reason.VALIDATION_FAILED, type: "ValidationError" },
        message: `order ${order}: total must be a number`,
      },
    });
  }
  const [group] = (await client.admin.listGroups({})).groups;
  const blocks = fencesOf(PAGE).filter(({ info }) => info.includes(" calls"));
  expect(blocks).toHaveLength(6);
  let output = "";
  for (const { info, text } of blocks) {
    if (info === "sh calls") {
      output = await shell.run(
        atServer(text, server).replace('GROUP"', `${group?.id.slice(0, 6)}"`),
      );
    } else {
      const missing = firstMissing(text.trimEnd().split("\n"), output);
      expect(missing, `in the output\n${output}`).toBeUndefined();
    }
  }
});

test("the limits", () => {
  const { GROUPS } = CONSTANTS.LIMIT;
  expect(PAGE.replaceAll("\n", " ")).toContain(
    `over ${PARTITIONS} partitions, and each keeps ${GROUPS.toLocaleString("en")} groups`,
  );
});
