import type { AddressInfo, Server } from "node:net";

export interface ListenAddress {
  /** A name or an IP address, IPv6 without brackets. */
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
}

/**
 * Starts to listen and returns the address as `host:port`. Errors name the address and what to do.
 */
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
  const problem = ADVICE[error.code ?? ""] ?? error.message;
  return new Error(`cannot listen for ${name} on ${where}: ${problem}`, { cause: error });
}

const ADVICE: Readonly<Record<string, string>> = {
  EADDRINUSE: "the port is in use; stop the program that uses it, or choose another port",
  EACCES: "permission denied; choose a port above 1023, or run with the permission for this one",
  EADDRNOTAVAIL: "this machine does not have that address; choose one of its addresses",
  ENOTFOUND: "the name has no address; check its spelling, or use an IP address",
};
