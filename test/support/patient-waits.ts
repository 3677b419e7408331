// `vi.waitFor` gives up after 1 s by default: too soon on a slow machine, where nothing is wrong. Here
// it waits for a minute at least. A wait that succeeds is as fast as ever.

import { vi } from "vitest";

const LEAST_MS = 60_000;
const waitFor = vi.waitFor;

vi.waitFor = (look, options) => {
  const { timeout = 0, interval } =
    typeof options === "number" ? { timeout: options } : (options ?? {});
  return waitFor(look, {
    timeout: Math.max(timeout, LEAST_MS),
    ...(interval === undefined ? {} : { interval }),
  });
};
