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

/** Reads and tries a certificate with its key, so that a wrong one stops the start, not a client. */
export async function readTls({ certFile, keyFile }: TlsFiles): Promise<TlsPair> {
  const [cert, key] = await Promise.all([read("certificate", certFile), read("key", keyFile)]);
  try {
    createSecureContext({ cert, key });
  } catch (error) {
    throw new Error(
      `the TLS certificate ${certFile} and the key ${keyFile} don't work together: ${String(error)}; both must be PEM, and the key that of the certificate`,
      { cause: error },
    );
  }
  return { cert, key };
}

async function read(what: string, file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    throw new Error(`can't read the TLS ${what} ${file}: ${String(error)}`, { cause: error });
  }
}
