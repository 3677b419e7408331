import type { AddressInfo, Server } from "node:net";

export interface ListenAddress {
  /** A name or an IP address, IPv6 without brackets. */
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
}

/** Listens, and says where, as `host:port`. Errors name the address and what to do about it. */
export async function bind(server: Server, name: string, address: ListenAddress): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    const onError = (error: NodeJS.ErrnoException) => reject(explain(error, name, address));
    server.once("error", onError);
    server.listen({ host: address.host, port: address.port }, () => {
      server.off("error", onError);
      resolve();
    });
  });
  const bound = server.address() as AddressInfo;
  return format({ host: bound.address, port: bound.port });
}

function format({ host, port }: ListenAddress): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

function explain(error: NodeJS.ErrnoException, name: string, address: ListenAddress): Error {
  const where = format(address);
  const words = ADVICE[error.code ?? ""] ?? error.message;
  return new Error(`can't listen for ${name} on ${where}: ${words}`, { cause: error });
}

const ADVICE: Readonly<Record<string, string>> = {
  EADDRINUSE: "the port is in use; stop what listens there, or choose another port",
  EACCES: "not permitted; choose a port above 1023, or run with the right to use this one",
  EADDRNOTAVAIL: "this machine does not have that address; choose one it has",
  ENOTFOUND: "the name has no address; check its spelling, or use an IP address",
};
