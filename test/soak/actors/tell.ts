import { NOTHING, type Order, type Told, type Totals } from "./words.ts";

const TELL_EVERY_MS = 200;

/** The process's side: tells its totals, and hears orders. It ends with the process that started it. */
export function startTelling(onOrder: (order: Order) => Promise<void> | void): Totals {
  const totals: Totals = { ...NOTHING };
  let isIdle = false;
  const tell = () => process.send?.({ totals, isIdle } satisfies Told);
  setInterval(tell, TELL_EVERY_MS).unref();
  process.on("message", (order: Order) => {
    isIdle = false;
    Promise.resolve(onOrder(order)).then(
      () => {
        isIdle = true;
        tell();
      },
      (error: unknown) => {
        process.stderr.write(`${error instanceof Error ? error.stack : error}\n`);
        process.exit(1);
      },
    );
  });
  process.on("disconnect", () => process.exit(0));
  process.on("SIGINT", () => {}); // a terminal sends it to all: the soak ends them in order
  return totals;
}
