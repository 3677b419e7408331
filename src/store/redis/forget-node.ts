import type { Connection } from "./connection.ts";
import { globalKeys } from "./keys.ts";
import { isOfWrongType, throwErrorOf } from "./pipeline-results.ts";
import { workersKey } from "./session-keys.ts";
import { REMOVE_NODE } from "./session-scripts.ts";

/** Removes what is left of a node that was killed, or ends in order. Another node may do the same. */
export async function forgetNode(
  connection: Connection,
  prefix: string,
  node: string,
): Promise<void> {
  const { nodes, workerQueues } = globalKeys(prefix);
  const key = workerQueues(node);
  await connection.command(async (redis) => {
    let cursor = "0";
    do {
      const [next, queues] = await redis.sscan(key, cursor, "COUNT", 500);
      const removing = redis.pipeline();
      for (const queue of queues) {
        removing.eval(REMOVE_NODE, 1, workersKey(prefix, queue), `${node}\n`);
      }
      throwErrorOf((await removing.exec())?.filter((result) => !isOfWrongType(result)));
      cursor = next;
    } while (cursor !== "0");
    await redis.del(key);
    await redis.zrem(nodes, node);
  });
}
