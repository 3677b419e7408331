import { listOf } from "./list.ts";
import { string, type ValueType } from "./value-type.ts";

const hostName = string({
  allowed: "a host name without port, or *",
  pattern: /^(?:\*|[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?)$/,
});

export const hostNames: ValueType<readonly string[]> = listOf(hostName, {
  placeholder: "NAME,…",
  allowed: "host names without ports, separated by commas, or *",
});

const webOrigin = string({
  allowed: "https://host or http://host, with the port if it has one",
  pattern: /^https?:\/\/[A-Za-z0-9.[\]:-]{1,253}$/i,
});

export const webOrigins: ValueType<readonly string[]> = listOf(webOrigin, {
  placeholder: "ORIGIN,…",
  allowed: "origins such as https://admin.example, separated by commas, without a path",
});
