// Checks docs/reference/filters.md: its call gives the documented answer, its filters are valid, and its tables equal the code.

import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import { Reason } from "../../gen/dlq/v1/state_pb.ts";
import { COUNTS_SHOWN } from "../../src/app/messages/count-messages.ts";
import { BYTES_A_CALL, EXAMINED_A_CALL } from "../../src/app/messages/list-messages.ts";
import { compileEventFilter, EVENT_VOCABULARY } from "../../src/rules/event-filter.ts";
import { compileFilter, VALUE_LENGTH } from "../../src/rules/filter.ts";
import { FILTER_VOCABULARY } from "../../src/rules/filter-vocabulary.ts";
import { type ExpressionType, FUNCTIONS, fieldsOf } from "../../src/rules/vocabulary.ts";
import { connectTo, type TestClient } from "../support/grpc.ts";
import { findGrpcurl } from "../support/grpcurl.ts";
import { sendRequest } from "../support/send-requests.ts";
import { startTestServer, type TestServer } from "../support/server.ts";
import { codesOf, fencesOf, readDocument, tableRows } from "./markdown.ts";
import { openShell, type Shell } from "./shell.ts";
import { atServer, firstMissing } from "./transcript.ts";

const PAGE = readDocument("docs/reference/filters.md");

/** Returns the code of a cell without the escapes of tables. */
const codeOf = (cell = ""): string => (codesOf(cell)[0] ?? "").replaceAll("\\|", "|");

describe("the example calls", () => {
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

  it("give the documented answers", async () => {
    for (const customer of ["acme", "globex"]) {
      await client.dlq.sendToDlq({
        ...sendRequest("orders-eu"),
        payload: { body: { case: "text", value: JSON.stringify({ customer }) } },
        failure: {
          ...{ reason: Reason.POISON_MESSAGE, type: "ValidationError" },
          message: "total must be a number",
        },
      });
    }
    const blocks = fencesOf(PAGE).filter(({ info }) => info.includes(" calls"));
    expect(blocks).toHaveLength(4);
    let output = "";
    for (const { info, text } of blocks) {
      if (info === "sh calls") output = await shell.run(atServer(text, server));
      else {
        const missing = firstMissing(text.trimEnd().split("\n"), output);
        expect(missing, `in the output\n${output}`).toBeUndefined();
      }
    }
  });
});

test.each(tableRows(PAGE, "you look for"))("the filter for %s is valid", (_wanted, cell) => {
  expect(() => compileFilter(codeOf(cell))).not.toThrow();
});

test("every variable and every function of filters has a row", () => {
  const paths = (name: string, type: ExpressionType): string[] => {
    const fields = fieldsOf(FILTER_VOCABULARY, type);
    if (fields === undefined) return [name];
    return Object.entries(fields).flatMap(([field, inner]) => paths(`${name}.${field}`, inner));
  };
  const variables = Object.entries(FILTER_VOCABULARY.variables).flatMap(([name, type]) =>
    paths(name, type),
  );
  const tables = ["variable", "only in filters"].flatMap((name) => tableRows(PAGE, name));
  const rows = tables.flatMap(([cell = ""]) => codesOf(cell));
  expect(rows.toSorted()).toEqual(variables.toSorted());
  const functions = tableRows(PAGE, "function")
    .flatMap(([cell = ""]) => codesOf(cell))
    .map((code) => /(\w+)\(/.exec(code)?.[1]);
  const own = Object.keys(FILTER_VOCABULARY.functions).filter((name) => !(name in FUNCTIONS));
  expect(functions.toSorted()).toEqual(own.toSorted());
});

test.each(tableRows(PAGE, "you follow"))(
  "the filter of events for %s is valid",
  (_wanted, cell) => {
    expect(() => compileEventFilter(codeOf(cell))).not.toThrow();
  },
);

test("every variable of filters of events has a row", () => {
  const rows = tableRows(PAGE, "variable of events").flatMap(([cell = ""]) => codesOf(cell));
  expect(rows.toSorted()).toEqual(Object.keys(EVENT_VOCABULARY.variables).toSorted());
});

test("filters of events have the functions of filters of messages, and none of their content", () => {
  expect(EVENT_VOCABULARY.functions).toEqual(FILTER_VOCABULARY.functions);
  for (const name of ["message.id", "failure.type", "payload", "now"])
    expect(() => compileEventFilter(`${name} == ${name}`)).toThrow();
  for (const name of ["reason", "state", "quarantine_reason", "event_type"])
    expect(() => compileEventFilter(`${name} == "Other"`)).toThrow();
});

test("the limit of a call is that of the code", () => {
  const limit = `examines about ${EXAMINED_A_CALL.toLocaleString("en")} messages`;
  expect(PAGE).toContain(`${limit} or ${BYTES_A_CALL / 1024 ** 2} MiB of content`);
  expect(PAGE).toContain(`At most ${COUNTS_SHOWN.toLocaleString("en")} combinations`);
  expect(PAGE).toContain(`cut at ${VALUE_LENGTH} characters`);
});
