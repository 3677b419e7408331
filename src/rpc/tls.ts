import { createSecureContext } from "node:tls";

export interface TlsPair {
  cert: Buffer;
  key: Buffer;
}

/** Throws if they are no certificate and its key, so that no client has to find out. */
export function checkTls({ cert, key }: TlsPair, certFile: string, keyFile: string): void {
  try {
    createSecureContext({ cert, key });
  } catch (error) {
    throw new Error(
      `the TLS certificate ${certFile} and the key ${keyFile} do not match or are invalid: ${String(error)}; both must be PEM, and the key must be that of the certificate`,
      { cause: error },
    );
  }
}
