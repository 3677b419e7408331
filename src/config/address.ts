import { type Parsed, scalarType, type ValueType } from "./value-type.ts";

export interface Address {
  /** A name, an IPv4 address, or an IPv6 address without its brackets. */
  readonly host: string;
  /** 0: a free port. */
  readonly port: number;
}

const ALLOWED = "host:port, such as 127.0.0.1:50051 or [::1]:50051";

export function formatAddress(address: Address): string {
  const host = address.host.includes(":") ? `[${address.host}]` : address.host;
  return `${host}:${address.port}`;
}

function parseAddress(text: string, minPort: number): Parsed<Address> {
  const match = /^(?:\[([0-9A-Fa-f:.]+(?:%[^\]]+)?)\]|([^:[\]\s/]*)):(\d{1,5})$/.exec(text);
  if (match === null) {
    if (/^\d+$/.test(text)) return { problem: "has a port but no host" };
    if (text.includes("://")) return { problem: "is a URL, not host:port" };
    if (text.split(":").length > 2) {
      return { problem: "looks like IPv6, which needs brackets and a port" };
    }
    return { problem: "is not host:port" };
  }
  const host = match[1] ?? match[2] ?? "";
  const port = Number(match[3]);
  // In other programs an empty host means every interface. Here it must be explicit.
  if (host === "") return { problem: "has no host; for every interface use 0.0.0.0 or [::]" };
  if (port > 65_535 || port < minPort) return { problem: "has an invalid port" };
  return { ok: { host, port } };
}

/** The address to listen on. Port 0 is a free port. */
export const listenAddress: ValueType<Address> = scalarType({
  placeholder: "HOST:PORT",
  allowed: `${ALLOWED}; port 0 means a free port`,
  parse: (text) => parseAddress(text, 0),
  format: formatAddress,
});

/** The address to listen on, or off. */
export const optionalListenAddress: ValueType<Address | "off"> = scalarType<Address | "off">({
  placeholder: "HOST:PORT",
  allowed: `${ALLOWED}; port 0 means a free port; off disables it`,
  parse: (text) => (text === "off" ? { ok: "off" } : parseAddress(text, 0)),
  format: (value) => (value === "off" ? value : formatAddress(value)),
});

/** The address to connect to. */
export const peerAddress: ValueType<Address> = scalarType({
  placeholder: "HOST:PORT",
  allowed: ALLOWED,
  parse: (text) => parseAddress(text, 1),
  format: formatAddress,
});

/**
 * Reports whether only this machine can reach the address. A name other than localhost may resolve
 * to any address, so it counts as reachable.
 */
export function isLoopback(address: Address): boolean {
  const host = address.host.toLowerCase();
  return host === "localhost" || host === "::1" || /^127\.\d+\.\d+\.\d+$/.test(host);
}
