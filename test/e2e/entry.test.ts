// The entry of the command line on a Node that cannot read TypeScript.

import { expect, test } from "vitest";
import { runServer } from "../support/server-run.ts";

const { DLQ_OLDEST_NODE: OLD_NODE = "" } = process.env;

test("an old Node gets one line that names the needed version", async ({ skip }) => {
  skip(OLD_NODE === "", "there is no binary of it for this platform");
  const { code, stdout, stderr } = await runServer([], { node: OLD_NODE });
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toMatch(
    /^dlq-server: needs Node 24\.[\d.]+ or newer, and this is v20\..*nodejs\.org.*"npm start".*\n$/,
  );
});
