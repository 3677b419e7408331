import type { Connection } from "./connection.ts";
import { partitionBase } from "./keys.ts";
import { PARTITIONS } from "./partitions.ts";

/**
 * Begins an epoch in each outbox. Call it before the first change after a time in which no server ran: meanwhile Redis may have
 * got older data, such as a backup, and numbers would come again.
 */
export async function beginEpochs(
  connection: Pick<Connection, "run">,
  prefix: string,
): Promise<void> {
  const bases = Array.from({ length: PARTITIONS }, (_, partition) =>
    partitionBase(prefix, partition),
  );
  await Promise.all(bases.map((base) => connection.run("begin_epoch", base, [])));
}
