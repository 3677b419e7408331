// How many pending sends the queue keeps in memory.

import { create } from "@bufbuild/protobuf";
import { expect, it } from "vitest";
import { DlqClientError } from "../../../clients/typescript/src/errors.ts";
import { PendingSend } from "../../../clients/typescript/src/pending-send.ts";
import { SendQueue } from "../../../clients/typescript/src/send-queue.ts";
import { SendToDlqRequestSchema } from "../../../gen/dlq/v1/dlq_service_pb.ts";

it("frees settled sends, although no call takes them", () => {
  const queue = new SendQueue();
  const wire = create(SendToDlqRequestSchema);
  const sends = Array.from({ length: 10 }, () => {
    return new PendingSend(
      { wire, bytes: 100 },
      0,
      () => {},
      () => {},
    );
  });
  for (const send of sends) queue.push(send);
  for (const send of sends.slice(0, 7)) send.drop(new DlqClientError("deadline", "late"));
  queue.sweep();
  expect(queue).toMatchObject({ length: 3, bytes: 300 });
  expect(queue.take(10, 1_000)).toEqual(sends.slice(7));
  expect(queue).toMatchObject({ length: 0, bytes: 0 });
});
