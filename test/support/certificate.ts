import { execFile } from "node:child_process";
import { promisify } from "node:util";

/** Makes a certificate for this machine and its key, with openssl: `PATH.crt` and `PATH.key`. It is valid for `days`. */
export async function makeCertificate(path: string, name: string, days = 2): Promise<void> {
  await promisify(execFile)("openssl", [
    ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"],
    ...["-keyout", `${path}.key`, "-out", `${path}.crt`, "-days", String(days)],
    ...["-subj", `/CN=${name}`, "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"],
  ]);
}
