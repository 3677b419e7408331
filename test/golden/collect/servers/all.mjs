// Starts peers, each on its own loopback port.

import { amqp } from "./amqp.mjs";
import { api } from "./api.mjs";
import { aws } from "./aws.mjs";
import { grpc } from "./grpc.mjs";
import { http, https } from "./http.mjs";
import { dns, imap, ldap } from "./logins.mjs";
import { mqtt, nats, smtp } from "./messaging.mjs";
import { mongodb } from "./mongodb.mjs";
import { mysql } from "./mysql.mjs";
import { postgres } from "./postgres.mjs";
import { fullRedis, lockedRedis, openRedis, replicaRedis } from "./redis.mjs";
import { closedPort, foreign, hangsUp, resets, silent, stalled } from "./tcp.mjs";

const PEERS = {
  ...{ amqp, api, aws, foreign, grpc, hangsUp, http, https, mqtt, mysql, nats, postgres, resets },
  ...{ dns, imap, ldap, mongodb, silent, smtp },
  ...{ closed: closedPort, fullRedis, lockedRedis, openRedis, replicaRedis, stalled },
};

export const PEER_NAMES = Object.keys(PEERS);

/**
 * @param {readonly string[]} names
 * @returns {Promise<{ env: Record<string, string>, stop: () => void }>} `env` has the ports as
 *   GOLDEN_HTTP, GOLDEN_LOCKEDREDIS and so on
 */
export async function startPeers(names = PEER_NAMES) {
  const env = {};
  const stops = [];
  for (const name of names) {
    const started = await PEERS[name]();
    const { port, stop } = typeof started === "number" ? { port: started } : started;
    env[`GOLDEN_${name.toUpperCase()}`] = String(port);
    if (stop) stops.push(stop);
  }
  return { env, stop: () => stops.forEach((stop) => void stop()) };
}
