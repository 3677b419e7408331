// How slices of a canary are described.

import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import { sliceText } from "../../../clients/cli/src/output/canary-lines.ts";
import { Times } from "../../../clients/cli/src/output/times.ts";
import { CanarySliceSchema } from "../../../gen/dlq/v1/batch_job_pb.ts";

const AT = Date.UTC(2026, 0, 31, 18);
const at = (minutes: number) => timestampFromMs(AT + minutes * 60_000);

test.each([
  ["0 of 4 succeeded, 4 open", {}],
  ["0 of 4 succeeded, 4 open, waits until 2026-01-31T18:10:00.000Z", { deadlineTime: at(10) }],
  [
    "2 of 4 succeeded, 1 failed, 1 open, waits until 2026-01-31T18:10:00.000Z",
    { succeededCount: 2n, failedCount: 1n, deadlineTime: at(10) },
  ],
  ["4 of 4 succeeded", { succeededCount: 4n, deadlineTime: at(10) }],
  ["0 of 4 succeeded, 4 without an outcome in 10m", { deadlineTime: at(10), endTime: at(10) }],
  [
    "1 of 4 succeeded, 3 without an outcome in 10m",
    { succeededCount: 1n, withoutOutcomeCount: 1n, endTime: at(10) },
  ],
])("%s", (text, fields) => {
  const slice = create(CanarySliceSchema, {
    ...{ percent: 1, messageCount: 4n, beginTime: at(0) },
    ...fields,
  });
  expect(sliceText(slice)).toBe(`canary 1 %: ${text}`);
});

test("the end of the wait has its distance for people", () => {
  const slice = create(CanarySliceSchema, { percent: 1, messageCount: 4n, deadlineTime: at(10) });
  const times = new Times(AT, false);
  expect(sliceText(slice, times)).toContain("waits until 2026-01-31T18:10:00.000Z (in 10m)");
});
