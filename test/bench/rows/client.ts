// What the TypeScript client costs over the bare stubs that it uses, and how fast clients of other
// languages are.

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

/** Name of each, as the end of its rows, and what it is in words. */
const OTHERS = [
  ["python", "python-threads", "Python client with threads"],
  ["python-asyncio", "python-asyncio", "Python client with asyncio"],
] as const;
const PYTHON_PER_SECOND = 5_000;

export const sendsByOthers: readonly Row[] = OTHERS.map(([name, program, words]) => ({
  name: `send-client-${name}`,
  words: `send by the ${words}, 400 messages at a time`,
  measures: [RATE, P50, P99],
  systems: ["dlq:always"],
  tools: ["python"],
  open: (context) => openSend(context, { ...CALLS, api: "client", program }),
}));

export const deliversToOthers: readonly Row[] = OTHERS.map(([name, program, words]) => ({
  name: `deliver-client-${name}`,
  words: `deliver + ack, 1 worker of the ${words}`,
  measures: [RATE],
  systems: ["dlq:always"],
  tools: ["python"],
  open: (context) =>
    openDeliver(context, {
      processes: 1,
      held: HELD,
      api: "client",
      program,
      perSecond: PYTHON_PER_SECOND,
    }),
}));
