import type { IncomingHttpHeaders } from "node:http";
import { isIP } from "node:net";
import type { ConnectError } from "@connectrpc/connect";
import { crossSite, notAllowed } from "./error-map.ts";

export interface HttpAccessOptions {
  /** The name or address that the port listens on. */
  listenHost: string;
  /** Other names that clients use for this server. `*`: any. */
  hosts: readonly string[];
  /** Origins of web pages that may call, such as `https://app.example`. */
  origins: readonly string[];
  tls: boolean;
}

/** Returns why a request is refused; undefined if it is not. */
export type HttpAccess = (headers: IncomingHttpHeaders) => ConnectError | undefined;

/**
 * Refuses requests that a web page elsewhere made a browser send. By DNS rebinding, a page gets its
 * own name to point to this server, so a name must be known. An address cannot be rebound. With TLS
 * the browser has compared the name with the certificate.
 */
export function createHttpAccess({
  listenHost,
  hosts,
  origins,
  tls,
}: HttpAccessOptions): HttpAccess {
  const names = new Set([listenHost, ...hosts].map((name) => name.toLowerCase()));
  const allOrigins = new Set(origins.map((origin) => origin.toLowerCase()));
  const isKnown = (host: string) => {
    const name = nameIn(host);
    return tls || names.has("*") || isIP(name) !== 0 || isLoopbackName(name) || names.has(name);
  };
  return ({ host = "", origin, "sec-fetch-site": site }) => {
    // Browsers always send it; HTTP/1.0 probes may not.
    if (host !== "" && !isKnown(host)) return notAllowed("host", shown(host));
    // A browser sends no origin for links and pictures.
    if (origin === undefined) return site === "cross-site" ? crossSite() : undefined;
    if (allOrigins.has(origin.toLowerCase())) return undefined;
    if (host !== "" && sameHost(origin, host)) return undefined;
    return notAllowed("origin", shown(origin));
  };
}

/** The name or address in a Host header, without port, brackets and the dot at the end. */
function nameIn(host: string): string {
  const [, bracketed, plain = ""] = /^(?:\[([^\]]*)\]|([^:]*))(?::\d*)?$/.exec(host) ?? [];
  return (bracketed ?? plain.replace(/\.$/, "")).toLowerCase();
}

function isLoopbackName(name: string): boolean {
  return name === "localhost" || name.endsWith(".localhost");
}

function sameHost(origin: string, host: string): boolean {
  return /^https?:\/\/(.*)$/i.exec(origin)?.[1]?.toLowerCase() === host.toLowerCase();
}

const SHOWN_LENGTH = 128;

function shown(text: string): string {
  return JSON.stringify(text.slice(0, SHOWN_LENGTH));
}
