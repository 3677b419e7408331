// An operator, an account and its users, as `nsc` creates them.

import { nkeys } from "@nats-io/transport-node";

type KeyPair = ReturnType<typeof nkeys.createUser>;

export interface JwtOperator {
  /** For the configuration of nats-server. */
  readonly config: string;
  /** The content of a credentials file. */
  credentials(options?: { readonly expired?: boolean }): string;
}

export function createOperator(): JwtOperator {
  const operator = nkeys.createOperator();
  const account = nkeys.createAccount();
  const unlimited = { subs: -1, data: -1, payload: -1 };
  const limits = { ...unlimited, imports: -1, exports: -1, wildcards: true, conn: -1, leaf: -1 };
  const accountJwt = sign(operator, account, { type: "account", limits });
  return {
    config: [
      `operator: "${sign(operator, operator, { type: "operator" })}"`,
      "resolver: MEMORY",
      `resolver_preload: { ${account.getPublicKey()}: "${accountJwt}" }`,
    ].join("\n"),
    credentials({ expired = false } = {}) {
      const user = nkeys.createUser();
      const claims = { type: "user", pub: {}, sub: {}, ...unlimited };
      const jwt = sign(account, user, claims, expired ? { exp: now() - 60 } : {});
      const seed = new TextDecoder().decode(user.getSeed());
      return [
        ...["-----BEGIN NATS USER JWT-----", jwt, "------END NATS USER JWT------", ""],
        ...["-----BEGIN USER NKEY SEED-----", seed, "------END USER NKEY SEED------", ""],
      ].join("\n");
    },
  };
}

const now = () => Math.floor(Date.now() / 1000);

function sign(issuer: KeyPair, subject: KeyPair, nats: object, more: object = {}): string {
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString("base64url");
  const claims = {
    jti: crypto.randomUUID(),
    iat: now() - 3_600,
    iss: issuer.getPublicKey(),
    name: "test",
    sub: subject.getPublicKey(),
    ...more,
    nats: { ...nats, version: 2 },
  };
  const signed = `${encode({ typ: "JWT", alg: "ed25519-nkey" })}.${encode(claims)}`;
  return `${signed}.${Buffer.from(issuer.sign(Buffer.from(signed))).toString("base64url")}`;
}
