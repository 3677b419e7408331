import { callAnswers } from "../../support/link-answers.ts";
import { LinkProxy } from "../../support/link-proxy.ts";
import type { TestServer } from "../../support/server.ts";

/** The links of clients: one for each server, and one that balances over all servers. */
export interface ClientLinks {
  readonly links: readonly LinkProxy[];
  readonly addresses: readonly string[];
  readonly balancer: string;
  close(): Promise<void>;
}

export async function openClientLinks(servers: readonly TestServer[]): Promise<ClientLinks> {
  const targets = servers.map((server) => ({ port: portOf(server.grpcAddress) }));
  const links = await Promise.all(
    targets.map((target) => LinkProxy.open(() => [target], callAnswers)),
  );
  const balancer = await LinkProxy.open(() => targets, callAnswers);
  return {
    links: [...links, balancer],
    addresses: links.map(({ address }) => address),
    balancer: balancer.address,
    async close() {
      await Promise.all([...links, balancer].map((link) => link.close()));
    },
  };
}

function portOf(address: string): number {
  return Number(address.slice(address.lastIndexOf(":") + 1));
}
