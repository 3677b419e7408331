// `dlq-client/testing`: for tests of programs that use this client.

export { createFakeDlq, type FakeDlq, type FakeDlqOptions } from "./fake-dlq.ts";
export type { FakeMessage } from "./fake-message.ts";
export { type LocalServer, type LocalServerOptions, startLocalServer } from "./local-server.ts";
