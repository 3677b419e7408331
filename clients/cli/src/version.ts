import { readFileSync } from "node:fs";

/** The version of this package. Sources and compiled code lie one folder below package.json. */
export const VERSION = versionIn(new URL("../package.json", import.meta.url));

function versionIn(file: URL): string {
  const content: unknown = JSON.parse(readFileSync(file, "utf8"));
  const isPackage = typeof content === "object" && content !== null && "version" in content;
  return isPackage ? String(content.version) : "unknown";
}
