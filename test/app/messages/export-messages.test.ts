// Exports: what is not read is not read from the store either.

import { expect, it } from "vitest";
import { ContentView } from "../../../src/app/messages/content-view.ts";
import { createExportMessages } from "../../../src/app/messages/export-messages.ts";
import type { ListMessagesCommand } from "../../../src/app/messages/list-messages.ts";
import { ScanSlots } from "../../../src/app/messages/scan-slots.ts";
import { QueuePattern } from "../../../src/core/queue-pattern.ts";
import { redactionOf } from "../../../src/core/redaction/redaction.ts";
import { compileFilter } from "../../../src/rules/filter.ts";
import { DETAILS } from "../../rpc/scripted-messages.ts";
import { until } from "../../support/until.ts";

const SIGNAL = new AbortController().signal;
const ID = new Uint8Array(16);

/** Exports of a list that has five pages with one message each. `redact`: of its queue. */
function rig({ unreadMs = 60_000, redact = [] as string[], most = 16 } = {}) {
  const listed: (string | undefined)[] = [];
  const slots = new ScanSlots("exports", most, 0);
  const exports = createExportMessages({
    ...{ slots, unreadMs, store: { outbox: { storeId: "abc123" } } },
    async list({ after, take }: ListMessagesCommand) {
      listed.push(after?.queue);
      take("orders", ID, DETAILS, new ContentView(redactionOf(redact), DETAILS));
      const next =
        listed.length < 5 ? { queue: `page-${listed.length}`, message: undefined } : undefined;
      return { next, examined: 1, redacted: 0, damaged: 0 };
    },
  });
  const taken: string[] = [];
  const begin = () =>
    exports(
      {
        ...{ queues: new QueuePattern(""), filter: compileFilter(""), after: undefined },
        showRedacted: false,
        take(queue) {
          taken.push(queue);
          return true;
        },
      },
      SIGNAL,
    );
  return { begin, listed, taken };
}

it("goes from page to page, each only when it is asked for", async () => {
  const { begin, listed } = rig();
  const pages = begin();
  expect(listed).toEqual([]);
  await pages.next();
  await pages.next();
  expect(listed).toEqual([undefined, "page-1"]);
  const rest: (string | undefined)[] = [];
  for await (const { next } of pages) rest.push(next?.queue);
  expect(rest).toEqual(["page-3", "page-4", undefined]);
});

it("ends if its caller reads nothing for long, so that another one may begin", async () => {
  const { begin } = rig({ unreadMs: 5, most: 1 });
  const slow = begin();
  await slow.next();
  await expect(begin().next()).rejects.toMatchObject({ kind: "BUSY" });
  await until("a free slot", () =>
    begin()
      .next()
      .then(
        () => true,
        () => undefined,
      ),
  );
  await expect(slow.next()).rejects.toMatchObject({ kind: "BUSY" });
});

it("refuses a queue that redacts, with what was before it", async () => {
  const { begin, taken } = rig({ redact: ["/email"] });
  const pages = begin();
  expect((await pages.next()).done).toBe(false);
  await expect(pages.next()).rejects.toMatchObject({
    ...{ kind: "PRECONDITION", message: expect.stringContaining("queue orders") },
  });
  expect(taken).toEqual([]);
});
