// Which tests `npm run check`, `npm test` and `npm run test:slow` run, and what they set up for them.

import { expect, test } from "vitest";
import { needsOf } from "../../scripts/tests/needs.mjs";
import { LONG_FORMS, partsOf } from "../../scripts/tests/parts.mjs";
import { allTests, splitArguments, testsOf } from "../../scripts/tests/select.mjs";

const parts = partsOf();
const filesOf = (name: string) => parts.find((part) => part.name === name)?.files ?? [];

test("every test file is in exactly one part", () => {
  const files = parts.flatMap((part) => part.files);
  expect(files.toSorted()).toEqual(allTests().toSorted());
  expect(parts.filter((part) => part.files.length === 0)).toEqual([]);
});

test("long forms are tests that `npm test` runs, too", () => {
  expect(allTests()).toEqual(expect.arrayContaining([...LONG_FORMS.files]));
});

test("`npm run check` needs no tools but Node and redis-server", () => {
  const quick = parts.filter(({ command }) => command === "check");
  expect(quick.map(({ name }) => name)).toEqual(["unit and store"]);
  expect([...needsOf(filesOf("unit and store"))]).toEqual([]);
});

test.each([
  ["test/clients/java-client.test.ts", ["java"]],
  ["test/clients/python.test.ts", ["python"]],
  ["test/clients/python-client.test.ts", ["nats-server", "python"]],
  ["test/clients/typescript/package.test.ts", ["oldest-node"]],
  ["test/clients/cli-package.test.ts", ["oldest-node"]],
  ["test/contract/pairs.test.ts", ["agents"]],
  ["test/contract/scenario.test.ts", []],
  ["test/docs/tour.test.ts", ["grpcurl"]],
  ["test/docs/faults.test.ts", []],
  ["test/nats/core.test.ts", ["nats-server"]],
  ["test/nats/subjects.test.ts", []],
])("%s needs %j", (file, tools) => {
  expect([...needsOf([file])]).toEqual(tools);
});

test("a folder means the tests below it, and no others", () => {
  expect(testsOf(["test/app/edits"])).toEqual([
    "test/app/edits/edited-retry.test.ts",
    "test/app/edits/lost-reply.test.ts",
    "test/app/edits/plan-edits.test.ts",
    "test/app/edits/queue-transforms.test.ts",
  ]);
  expect(testsOf(["test/app/edits/", "./test/app/edits/plan-edits.test.ts"])).toHaveLength(4);
});

test("a path without tests is an error", () => {
  expect(() => testsOf(["test/cl"])).toThrow("test/cl is no test file");
});

test("options go to vitest, with their values", () => {
  expect(splitArguments(["test/core", "-t", "a name", "--bail=1"])).toEqual({
    paths: ["test/core"],
    options: ["-t", "a name", "--bail=1"],
  });
});
