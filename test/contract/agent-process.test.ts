// Agents that break the protocol fail their test with the reason.

import { expect, it, onTestFinished } from "vitest";
import { AgentProcess } from "./agent-process.ts";
import { EventLog } from "./event-log.ts";

/** An agent that runs `code` for each line. `message` is the parsed line. */
function agentOf(code: string): AgentProcess {
  const program = `require("readline").createInterface({ input: process.stdin }).on("line", (line) => {
    const message = JSON.parse(line);
    const reply = (what) => console.log(JSON.stringify(what));
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

it("matches replies to commands by id, in any order", async () => {
  const agent = agentOf(`
    globalThis.first ??= message.id;
    if (message.id !== first) for (const id of [message.id, first]) reply({ id, result: { id } });
  `);
  const asked = await Promise.all([agent.ask("a", {}), agent.ask("b", {})]);
  expect(asked).toEqual([{ id: 1 }, { id: 2 }]);
});

it("rejects a command with the error of the agent", async () => {
  const agent = agentOf(`reply({ id: message.id, error: "no " + message.op });`);
  await expect(agent.ask("worker", {})).rejects.toThrow(/worker: "no worker"/);
});

it("rejects commands to an agent that ends, with its output", async () => {
  const agent = agentOf(
    `console.error("out of luck"); process.exitCode = 3; process.stdin.destroy();`,
  );
  await expect(agent.ask("open", {})).rejects.toThrow(/ended with 3.*out of luck/s);
  await expect(agent.ask("open", {})).rejects.toThrow(/ended with 3/);
});

it("rejects commands if the program does not exist", async () => {
  const agent = new AgentProcess({
    ...{ language: "none", folder: import.meta.dirname, env: process.env, lacks: [] },
    command: ["./no-such-program"],
    ready: () => Promise.resolve(),
  });
  await expect(agent.ask("open", {})).rejects.toThrow("ENOENT");
});

it("gives each event to one step, and lists the events if none matches", async () => {
  const agent = agentOf(`reply({ event: "delivery", n: 1 }); reply({ event: "delivery", n: 2 });
    reply({ id: message.id, result: {} });`);
  const events = new EventLog();
  agent.listen((event) => events.add(event));
  await agent.ask("open", {});
  expect(await events.take({ event: "delivery", n: 2 }, 1_000)).toMatchObject({ n: 2 });
  await expect(events.none({ event: "delivery" }, 0)).rejects.toThrow('"n":1');
  await expect(events.take({ event: "delivery", n: 2 }, 1)).rejects.toThrow('"n":1');
  await events.none({ event: "delivery", n: 2 }, 1);
});
