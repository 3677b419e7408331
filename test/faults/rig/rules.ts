import { RuleEvent } from "../../../gen/dlq/v1/rule_pb.ts";
import { connectTo } from "../../support/grpc.ts";
import { GUARDED_QUEUE } from "../history/guarded-facts.ts";
import { DIVERTED_QUEUE, type Route } from "../history/routes.ts";
import type { Environment } from "./environment.ts";
import { LOAD_QUEUES } from "./queues.ts";

/** Matches a route in the queues of the load. Messages in the diverted queue stay there. */
const of = (route: Route, queues: readonly string[] = LOAD_QUEUES) =>
  `message.source_id.contains(".${route}.") && message.queue in ${JSON.stringify(queues)}`;

const { ARRIVAL, FAILURE } = RuleEvent;

/** The routes of ../history/routes.ts as routing rules. */
const RULES = [
  { name: "drop", event: ARRIVAL, when: of("drop"), action: { drop: true } },
  { name: "divert", event: ARRIVAL, when: of("divert"), action: { queue: DIVERTED_QUEUE } },
  { name: "moved", event: FAILURE, when: of("moved"), action: { queue: DIVERTED_QUEUE } },
  { name: "swap", event: FAILURE, when: of("swap", ["orders"]), action: { queue: GUARDED_QUEUE } },
  { name: "back", event: FAILURE, when: of("swap", [GUARDED_QUEUE]), action: { queue: "orders" } },
  { name: "rule", event: FAILURE, when: of("rule"), action: { quarantine: true } },
];

/** Sets the routing rules. Resolves when they are in force on every server. */
export async function setRules({ servers }: Environment): Promise<void> {
  for (const [at, { grpcAddress }] of servers.entries()) {
    const client = connectTo(grpcAddress);
    try {
      if (at === 0) await client.admin.updateRules({ ruleSet: { rules: RULES } });
      // A server that returns the rules has them in force.
      const { ruleSet } = await client.admin.getRules({});
      if (ruleSet?.rules.length !== RULES.length) throw new Error("a server has other rules");
    } finally {
      client.close();
    }
  }
}
