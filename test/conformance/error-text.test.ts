// Error messages arrive unchanged: only what gRPC requires is encoded on the wire.

import { describe, expect, it } from "vitest";
import { DlqService } from "../../gen/dlq/v1/dlq_service_pb.ts";
import { precondition } from "../../src/core/errors.ts";
import { CLIENTS, open } from "./clients.ts";
import { startServer } from "./listener.ts";

const { sendToDlq } = DlqService.method;
const sendRequest = { queue: "q", payload: { body: { case: "text" as const, value: "{}" } } };

const WORDS = [
  "plain words",
  "; , / ? : @ & = + $ # ! ' ( ) * ~",
  '100 % "wrong", or 100%25?',
  "Schlüssel 鍵 🔑",
  "two\nlines\tand a tab",
];

describe.for(CLIENTS)("$name", (client) => {
  it.for(WORDS)("reads %j", async (words) => {
    const server = await startServer();
    server.dlq.onSend = () => precondition("x", words);
    const outcome = await open(client, server).unary(sendToDlq, sendRequest);
    expect(outcome.message).toBe(`x: ${words}`);
  });
});
