// Every scenario of clients/scenarios, played by the client of every language that has an agent.
// `npm test` prints the table of them at its end.

import { afterAll, beforeAll, describe, it } from "vitest";
import { AgentProcess } from "./agent-process.ts";
import { type AgentProgram, findAgents } from "./agent-program.ts";
import type { Cell } from "./cell.ts";
import { play } from "./play.ts";
import { readScenarios, type Scenario } from "./scenario.ts";
import { type Stage, startOwnStage, startSharedStage } from "./stage.ts";

const SCENARIO = { timeout: 90_000 };
/** A compiler that begins with nothing takes minutes. */
const SETUP_MS = 600_000;
const scenarios = readScenarios();

let shared: Stage;
beforeAll(async () => {
  shared = await startSharedStage();
}, 90_000);
afterAll(() => shared.stop());

// Scenarios mostly wait: languages are played side by side.
describe.concurrent.for(findAgents())("the $language client", (program) => {
  let agent: AgentProcess | undefined;
  let own: Stage;
  // What goes wrong here fails each of the scenarios: no cell is without a word.
  const running = async () => {
    await program.ready();
    if (!agent?.isRunning) agent = new AgentProcess(program); // one that hung was killed
    return agent;
  };
  beforeAll(async () => {
    own = await startOwnStage();
    await program.ready().catch(() => {});
  }, SETUP_MS);
  afterAll(() => Promise.all([agent?.stop(), own.stop()]));

  const besideOthers = scenarios.filter(({ ownServer }) => !ownServer);
  const alone = scenarios.filter(({ ownServer }) => ownServer);
  describe.concurrent("beside others", () => define(besideOthers, () => shared));
  describe("with a server that goes away", { concurrent: false }, () => define(alone, () => own));

  function define(list: readonly Scenario[], stage: () => Stage): void {
    for (const scenario of list) {
      const cell = cellOf(scenario, program);
      it(`${scenario.name}: ${scenario.about}`, { ...SCENARIO, meta: { cell } }, async (test) => {
        if (cell.lacks.length > 0) test.skip(`it has no ${cell.lacks.join(", ")} yet`);
        await play(scenario, program, await running(), stage());
      });
    }
  }
});

function cellOf({ name, group, needs }: Scenario, { language, lacks }: AgentProgram): Cell {
  return { language, group, scenario: name, lacks: needs.filter((part) => lacks.includes(part)) };
}
