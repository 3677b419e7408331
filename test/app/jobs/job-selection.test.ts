import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { BatchJobSpecSchema } from "../../../gen/dlq/v1/batch_job_pb.ts";
import { JobSelection } from "../../../src/app/jobs/job-selection.ts";
import { Scanner } from "../../../src/app/messages/scan.ts";
import type { JobPlace } from "../../../src/codec/batch-job.ts";
import { START_MS, useTestStore } from "../../support/store.ts";
import { item, SETTINGS } from "../../support/store-items.ts";

const at = useTestStore();
const START: JobPlace = { queue: "", message: undefined };

function selectionOf(queue: string, createdMs = START_MS) {
  const parts = {
    scanner: new Scanner(at.current.store),
    redactionOf: () => undefined,
    damageLog: { report() {} },
  };
  return new JobSelection(parts, create(BatchJobSpecSchema, { queue }), createdMs);
}

async function pagesFrom(selection: JobSelection, from: JobPlace) {
  const pages = [];
  for await (const page of selection.pages(from, new AbortController().signal)) pages.push(page);
  return pages;
}

test("after the last page of a queue nothing of that queue is selected again", async () => {
  const { store } = at.current;
  for (const queue of ["a", "b"]) await store.send(queue, [item(), item()], SETTINGS);
  const selection = selectionOf("*");
  const [first, second, ...more] = await pagesFrom(selection, START);
  expect([first, second].map((page) => page?.messages.length)).toEqual([2, 2]);
  expect(more).toEqual([]);
  const rest = await pagesFrom(selection, first?.next ?? START);
  expect(rest.flatMap(({ queue, messages }) => messages.map(() => queue))).toEqual(["b", "b"]);
  expect(
    (await pagesFrom(selection, second?.next ?? START)).flatMap((one) => one.messages),
  ).toEqual([]);
});

test("what arrived or changed its state after the job was created is not selected", async () => {
  const { store, clock } = at.current;
  await store.send("a", [item({ delayMs: 60_000 }), item({ delayMs: 60_000 })], SETTINGS);
  const [page] = await pagesFrom(selectionOf("a"), START);
  await clock.set(START_MS + 1_000);
  await store.send("a", [item()], SETTINGS);
  const [changed] = page?.messages ?? [];
  const items = [{ kind: "retry" as const, id: changed?.id ?? new Uint8Array() }];
  await store.messages.retry("a", new Uint8Array(), items);
  const [later] = await pagesFrom(selectionOf("a"), START);
  expect(later?.messages.map(({ id }) => id)).toEqual([page?.messages[1]?.id]);
});
