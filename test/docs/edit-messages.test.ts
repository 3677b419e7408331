import { expect, test } from "vitest";
import { MAX_SHIFTS } from "../../src/core/transform/document.ts";
import { EDIT_LIMITS } from "../../src/core/transform/editable.ts";
import { MAX_OPERATIONS } from "../../src/core/transform/operation.ts";
import { MAX_PATCH_BYTES } from "../../src/core/transform/transform.ts";
import { readDocument, tableRows } from "./markdown.ts";
import { testPage } from "./page.ts";

const FILE = "docs/guides/edit-messages.md";
testPage(FILE, "transforms", 10);

test("the limits are those of the code", () => {
  expect(tableRows(readDocument(FILE), "what").map(([, limit]) => limit)).toEqual([
    String(EDIT_LIMITS.transforms),
    `${MAX_PATCH_BYTES / 1024} KiB; ${MAX_OPERATIONS} operations`,
    String(MAX_SHIFTS),
    "the largest payload (`payload_max`)",
    `${EDIT_LIMITS.callBytes / 1024 ** 2} MiB`,
    String(EDIT_LIMITS.applied),
    `the last ${EDIT_LIMITS.diffs}, ${EDIT_LIMITS.diffBytes / 1024} KiB in all`,
  ]);
});
