// What the TypeScript client costs over the bare stubs that it uses.

import { P50, P99, RATE, type Row } from "../row.ts";
import { HELD, openDeliver } from "./deliver.ts";
import { openSend } from "./send.ts";

const CALLS = { batch: 100, inFlight: 4 } as const;

/** With what the client sends too: a request id, and an error's name, message and stack. */
export const sendByStubs: Row = {
  name: "send-stubs",
  words: "send of whole errors by bare stubs, batches of 100, 4 in flight",
  measures: [RATE, P50, P99],
  systems: ["dlq:always"],
  open: (context) => openSend(context, { ...CALLS, api: "stubs-of-errors" }),
};

export const sendCoalesced: Row = {
  name: "send-coalesced",
  words: "send by the TypeScript client, 400 callers at a time",
  measures: [RATE, P50, P99],
  systems: ["dlq:always"],
  open: (context) => openSend(context, { ...CALLS, api: "client" }),
};

export const deliverToClient: Row = {
  name: "deliver-client",
  words: "deliver + ack, 1 worker of the TypeScript client",
  measures: [RATE],
  systems: ["dlq:always"],
  open: async (context) => openDeliver(context, { processes: 1, held: HELD, api: "client" }),
};
