import { RuleEvent } from "../../../gen/dlq/v1/rule_pb.ts";
import { connectTo } from "../../support/grpc.ts";
import { GUARDED_QUEUE } from "../history/guarded-facts.ts";
import { DIVERTED_QUEUE, type Route } from "../history/routes.ts";
import { LOAD_QUEUES } from "./crew.ts";
import type { Environment } from "./environment.ts";

/** Of the load's own queues alone: what is diverted stays there. */
const of = (route: Route, queues: readonly string[] = LOAD_QUEUES) =>
  `message.source_id.contains(".${route}.") && message.queue in ${JSON.stringify(queues)}`;

const { ARRIVAL, FAILURE } = RuleEvent;

/** What ../history/routes.ts says of each route, as rules. */
const RULES = [
  { name: "drop", event: ARRIVAL, when: of("drop"), action: { drop: true } },
  { name: "divert", event: ARRIVAL, when: of("divert"), action: { queue: DIVERTED_QUEUE } },
  { name: "moved", event: FAILURE, when: of("moved"), action: { queue: DIVERTED_QUEUE } },
  { name: "swap", event: FAILURE, when: of("swap", ["orders"]), action: { queue: GUARDED_QUEUE } },
  { name: "back", event: FAILURE, when: of("swap", [GUARDED_QUEUE]), action: { queue: "orders" } },
  { name: "rule", event: FAILURE, when: of("rule"), action: { quarantine: true } },
];

/** Resolves when every server acts by the rules of the run. */
export async function setRules({ servers }: Environment): Promise<void> {
  for (const [at, { grpcAddress }] of servers.entries()) {
    const client = connectTo(grpcAddress);
    try {
      if (at === 0) await client.admin.updateRules({ ruleSet: { rules: RULES } });
      // Who is asked for the rules has them in force when it answers.
      const { ruleSet } = await client.admin.getRules({});
      if (ruleSet?.rules.length !== RULES.length) throw new Error("a server has other rules");
    } finally {
      client.close();
    }
  }
}
