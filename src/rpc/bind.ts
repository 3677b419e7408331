import { type AddressInfo, createServer, type Server } from "node:net";

export interface ListenAddress {
  /** A name or an IP address, IPv6 without brackets. */
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
}

/** The names of listeners in messages. */
export type ListenerName = "gRPC" | "HTTP";

/** Listens and stops at once. Rejects with the errors of `bind`. */
export async function checkAddress(name: ListenerName, address: ListenAddress): Promise<void> {
  // A client may try this very address again and again.
  const server = createServer((socket) => socket.destroy());
  await bind(server, name, address);
  await new Promise((resolve) => server.close(resolve));
}

/**
 * Starts to listen and returns the address as `host:port`. Errors name the address and what to do.
 */
export async function bind(
  server: Server,
  name: ListenerName,
  address: ListenAddress,
): Promise<string> {
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

function explain(error: NodeJS.ErrnoException, name: ListenerName, address: ListenAddress): Error {
  const where = format(address);
  const problem = ADVICE[error.code ?? ""]?.(`--listen-${name.toLowerCase()}`) ?? error.message;
  return new Error(`cannot listen for ${name} on ${where}: ${problem}`, { cause: error });
}

const NO_ADDRESS = (flag: string) =>
  `the name has no address; check its spelling, or use an IP address in ${flag}`;

const ADVICE: Readonly<Record<string, (flag: string) => string>> = {
  EADDRINUSE: (flag) =>
    `the port is in use; stop the program that uses it (ss -ltnp lists them), or choose another port with ${flag}`,
  EACCES: (flag) =>
    `permission denied; choose a port above 1023 with ${flag}, or run with the permission for this one`,
  EADDRNOTAVAIL: (flag) =>
    `this machine does not have that address; choose one of its addresses with ${flag}`,
  ENOTFOUND: NO_ADDRESS,
  EAI_AGAIN: NO_ADDRESS, // no name server answers
};
