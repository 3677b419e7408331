import { NOTHING, type Order, type Report, type Totals } from "./protocol.ts";

const REPORT_EVERY_MS = 200;

/** Reports the totals of this process and receives orders. Ends the process when its parent ends. */
export function reportTotals(onOrder: (order: Order) => Promise<void> | void): Totals {
  const totals: Totals = { ...NOTHING };
  let isIdle = false;
  const send = () => process.send?.({ totals, isIdle } satisfies Report);
  setInterval(send, REPORT_EVERY_MS).unref();
  process.on("message", (order: Order) => {
    isIdle = false;
    Promise.resolve(onOrder(order)).then(
      () => {
        isIdle = true;
        send();
      },
      (error: unknown) => {
        process.stderr.write(`${error instanceof Error ? error.stack : error}\n`);
        process.exit(1);
      },
    );
  });
  process.on("disconnect", () => process.exit(0));
  process.on("SIGINT", () => {}); // a terminal sends it to all processes, but the soak stops them itself
  return totals;
}
