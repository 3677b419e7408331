import type { Upgrade } from "./upgrade.ts";

/**
 * Layout 3 adds a second part to the state of messages that wait in a key queue, have a priority, or belong
 * in an order, and indexes of them. Data of layout 2 has no such messages and needs no change. But a server of layout 2
 * would not find such messages, and would drop that part when it writes a state.
 */
export const keyQueues: Upgrade = {
  from: 2,
  to: 3,
  what: "messages may wait in key queues",
  run: async () => {},
};
