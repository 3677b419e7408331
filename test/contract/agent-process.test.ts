// What the harness makes of agents that do not do as they should: each is a failure with its reason.

import { expect, it, onTestFinished } from "vitest";
import { AgentProcess } from "./agent-process.ts";
import { EventLog } from "./event-log.ts";

/** An agent that runs `code` for each line, as `message`. */
function agentOf(code: string): AgentProcess {
  const program = `require("readline").createInterface({ input: process.stdin }).on("line", (line) => {
    const message = JSON.parse(line);
    const tell = (what) => console.log(JSON.stringify(what));
    ${code}
  });`;
  const agent = new AgentProcess({
    ...{ language: "none", folder: import.meta.dirname, env: process.env, lacks: [] },
    command: [process.execPath, "-e", program],
    ready: () => Promise.resolve(),
  });
  onTestFinished(() => agent.stop());
  return agent;
}

it("gives each reply to who has asked, in whatever order they come", async () => {
  const agent = agentOf(`
    globalThis.first ??= message.id;
    if (message.id !== first) for (const id of [message.id, first]) tell({ id, result: { id } });
  `);
  const asked = await Promise.all([agent.ask("a", {}), agent.ask("b", {})]);
  expect(asked).toEqual([{ id: 1 }, { id: 2 }]);
});

it("fails what an agent can't do, with its words", async () => {
  const agent = agentOf(`tell({ id: message.id, error: "no " + message.op });`);
  await expect(agent.ask("worker", {})).rejects.toThrow(/worker: "no worker"/);
});

it("fails what is asked of an agent that ends, with what it has said", async () => {
  const agent = agentOf(
    `console.error("out of luck"); process.exitCode = 3; process.stdin.destroy();`,
  );
  await expect(agent.ask("open", {})).rejects.toThrow(/ended with 3.*out of luck/s);
  await expect(agent.ask("open", {})).rejects.toThrow(/ended with 3/);
});

it("fails where there is no such program", async () => {
  const agent = new AgentProcess({
    ...{ language: "none", folder: import.meta.dirname, env: process.env, lacks: [] },
    command: ["./no-such-program"],
    ready: () => Promise.resolve(),
  });
  await expect(agent.ask("open", {})).rejects.toThrow("ENOENT");
});

it("hands each event to one step, and says which there were when none is as it should be", async () => {
  const agent = agentOf(`tell({ event: "delivery", n: 1 }); tell({ event: "delivery", n: 2 });
    tell({ id: message.id, result: {} });`);
  const events = new EventLog();
  agent.listen((event) => events.add(event));
  await agent.ask("open", {});
  expect(await events.take({ event: "delivery", n: 2 }, 1_000)).toMatchObject({ n: 2 });
  await expect(events.none({ event: "delivery" }, 0)).rejects.toThrow('"n":1');
  await expect(events.take({ event: "delivery", n: 2 }, 1)).rejects.toThrow('"n":1');
  await events.none({ event: "delivery", n: 2 }, 1);
});
