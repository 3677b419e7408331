// A load process for this service: `node dlq.ts HOST:PORT…`. It uses several servers in turn.

import { connectTo } from "../../support/grpc.ts";
import { closedLoop } from "./closed-loop.ts";
import { queueNames } from "./commands.ts";
import { consumeByClient, createClientOf, sendByClient } from "./dlq-client.ts";
import { consume } from "./dlq-consume.ts";
import { runJob } from "./dlq-job.ts";
import { send } from "./dlq-send.ts";
import { serveCommands } from "./serve-commands.ts";

const connections = process.argv.slice(2).map((address) => connectTo(address));
const clients = connections.map(({ dlq }) => dlq);
const [dlq] = clients;
const [admin] = connections.map((connection) => connection.admin);
const [address] = process.argv.slice(2);
if (dlq === undefined || admin === undefined || address === undefined)
  throw new Error("give at least one server: HOST:PORT");

const client = createClientOf(address);

serveCommands({
  send: (command) =>
    command.api === "client" ? sendByClient(client, command) : send(clients, command),
  consume: (command, running) =>
    command.api === "client"
      ? consumeByClient(client, command, running)
      : consume(clients, command, running),

  async left(command) {
    const { queues } = await dlq.stats({ queues: queueNames(command) });
    const left = queues.map(({ dueNow, inFlight }) => Number(dueNow + inFlight));
    return { count: left.reduce((sum, count) => sum + count, 0) };
  },

  stats: (command) =>
    closedLoop({ batch: 1, inFlight: 1, count: command.count }, () =>
      dlq.stats({ queues: queueNames(command) }),
    ),

  job: (command, running) => runJob(admin, command, running),

  /** Each worker streams its share of the queues. */
  async hold(command, { stop, done }) {
    const names = queueNames(command);
    const share = Math.ceil(names.length / command.workers);
    const streams = Array.from({ length: command.workers }, async (_, index) => {
      const queues = names.slice(index * share, (index + 1) * share);
      try {
        for await (const { frame } of dlq.streamDue({ queues }, { signal: stop })) {
          if (frame.case === "opened") done(1);
        }
      } catch (error) {
        if (!stop.aborted) throw error;
      }
    });
    await Promise.all(streams);
    return { count: streams.length };
  },
});
