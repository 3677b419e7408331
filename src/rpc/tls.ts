import { readFile } from "node:fs/promises";
import { createSecureContext } from "node:tls";

export interface TlsFiles {
  certFile: string;
  keyFile: string;
}

export interface TlsPair {
  cert: Buffer;
  key: Buffer;
}

/**
 * Reads and checks a certificate with its key, so that an invalid one stops the start instead of
 * failing each client.
 */
export async function readTls({ certFile, keyFile }: TlsFiles): Promise<TlsPair> {
  const [cert, key] = await Promise.all([
    readPem("certificate", certFile),
    readPem("key", keyFile),
  ]);
  try {
    createSecureContext({ cert, key });
  } catch (error) {
    throw new Error(
      `the TLS certificate ${certFile} and the key ${keyFile} do not match or are invalid: ${String(error)}; both must be PEM, and the key must be that of the certificate`,
      { cause: error },
    );
  }
  return { cert, key };
}

/** Reads a PEM file. An error names `what`. */
export async function readPem(what: string, file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    throw new Error(`cannot read the TLS ${what} ${file}: ${String(error)}`, { cause: error });
  }
}
