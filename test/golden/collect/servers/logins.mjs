// Servers of IMAP and LDAP that refuse each login, and a DNS server that answers with the code in the name: 2 for
// `fail-2.shop.example`, not at all for `hang.shop.example`.

import { createSocket } from "node:dgram";
import { once } from "node:events";
import { serve } from "./messaging.mjs";

export const imap = () =>
  serve("* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] server ready\r\n", (socket, text) => {
    const [tag, verb] = text.trim().split(" ");
    if (/^(LOGIN|AUTHENTICATE)$/i.test(verb)) {
      socket.write(`${tag} NO [AUTHENTICATIONFAILED] Invalid credentials (Failure)\r\n`);
    } else if (/^CAPABILITY$/i.test(verb)) {
      socket.write(`* CAPABILITY IMAP4rev1\r\n${tag} OK done\r\n`);
    } else {
      socket.write(`${tag} OK done\r\n`);
    }
  });

const LDAP_TEXT =
  "80090308: LdapErr: DSID-0C090449, comment: AcceptSecurityContext error, data 52e, v4563";

/** Answers with result code 49, invalid credentials, like Active Directory. */
export const ldap = () =>
  serve("", (socket, text) => {
    const id = text.charCodeAt(4);
    const result = [0x0a, 1, 49, 4, 0, 4, LDAP_TEXT.length, ...Buffer.from(LDAP_TEXT)];
    socket.write(Buffer.from([0x30, result.length + 5, 2, 1, id, 0x61, result.length, ...result]));
  });

export async function dns() {
  const server = createSocket("udp4").on("message", (query, { port, address }) => {
    if (query.includes("hang")) return;
    const code = Number(/fail-(\d)/.exec(query.toString("latin1"))?.[1] ?? 0);
    const answer = Buffer.from(query);
    answer[2] = 0x81;
    answer[3] = 0x80 | code;
    server.send(answer, port, address);
  });
  server.bind(0, "127.0.0.1");
  await once(server, "listening");
  server.unref();
  return server.address().port;
}
