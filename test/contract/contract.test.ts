// Every scenario of clients/scenarios, with the client of every language that has an agent. table-reporter.ts prints the
// results as a table.

import { afterAll, beforeAll, describe, it } from "vitest";
import { AgentProcess } from "./agent-process.ts";
import { type AgentProgram, findAgents } from "./agent-program.ts";
import { readScenarios, type Scenario } from "./scenario.ts";
import { playScenario } from "./scenario-run.ts";
import { type ScenarioServer, startOwnServer, startSharedServer } from "./scenario-server.ts";
import type { Cell } from "./table.ts";

const SCENARIO = { timeout: 300_000 };
/** A first build takes minutes. */
const SETUP_MS = 1_200_000;
const scenarios = readScenarios();

let shared: ScenarioServer;
beforeAll(async () => {
  shared = await startSharedServer();
});
afterAll(() => shared.stop());

// Scenarios mostly wait: all languages run at the same time.
describe.concurrent.for(findAgents())("the $language client", (program) => {
  let agent: AgentProcess | undefined;
  let own: ScenarioServer;
  // An agent that does not start fails each scenario, so that each cell of the table has its result.
  const running = async () => {
    await program.ready();
    if (!agent?.isRunning) agent = new AgentProcess(program); // also after one that hung was killed
    return agent;
  };
  beforeAll(async () => {
    own = await startOwnServer();
    await program.ready().catch(() => {});
  }, SETUP_MS);
  afterAll(() => Promise.all([agent?.stop(), own.stop()]));

  const played = scenarios.filter(
    ({ needs }) => !needs.some((part) => program.lacks.includes(part)),
  );
  const onShared = played.filter(({ ownServer }) => !ownServer);
  const onOwn = played.filter(({ ownServer }) => ownServer);
  describe.concurrent("on a shared server", () => define(onShared, () => shared));
  describe("on a server that is stopped", { concurrent: false }, () => define(onOwn, () => own));

  function define(list: readonly Scenario[], server: () => ScenarioServer): void {
    for (const scenario of list) {
      const cell = cellOf(scenario, program);
      it(`${scenario.name}: ${scenario.about}`, { ...SCENARIO, meta: { cell } }, async () => {
        await playScenario(scenario, program, await running(), server());
      });
    }
  }
});

function cellOf({ name, group }: Scenario, { language }: AgentProgram): Cell {
  return { language, group, scenario: name };
}
