// Checks docs/reference/groups.md: its calls give the documented answers, and its figures equal the code.

import { join } from "node:path";
import { afterAll, beforeAll, expect, it, test } from "vitest";
import { Reason } from "../../gen/dlq/v1/state_pb.ts";
import { CONSTANTS } from "../../src/store/redis/packed/constants.ts";
import { PARTITIONS } from "../../src/store/redis/partitions.ts";
import { connectTo, type TestClient } from "../support/grpc.ts";
import { findGrpcurl } from "../support/grpcurl.ts";
import { sendRequest } from "../support/send-requests.ts";
import { startTestServer, type TestServer } from "../support/server.ts";
import { fencesOf, ROOT, readDocument } from "./markdown.ts";
import { openShell, type Shell } from "./shell.ts";
import { atServer, firstMissing } from "./transcript.ts";

const PAGE = readDocument("docs/reference/groups.md");

let server: TestServer;
let client: TestClient;
let shell: Shell;
beforeAll(async () => {
  server = await startTestServer();
  client = connectTo(server.grpcAddress);
  const cli = join(ROOT, "clients/cli/src/main.ts");
  shell = openShell(
    `export HOME=/nonexistent DLQ_TARGET='${server.grpcAddress}'; unset XDG_CONFIG_HOME
grpcurl() { '${findGrpcurl()}' "$@"; }
dlq() { '${process.execPath}' '${cli}' "$@"; }`,
  );
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
  const blocks = fencesOf(PAGE).filter(({ info }) => / (?:calls|cli)/.test(info));
  expect(blocks).toHaveLength(12);
  let output = "";
  for (const { info, text } of blocks) {
    if (info.startsWith("sh ")) {
      output = await shell.run(
        atServer(text, server).replaceAll("01f3a8c2", group?.id.slice(0, 8) ?? ""),
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
