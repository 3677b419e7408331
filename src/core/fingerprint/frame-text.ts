// How a frame is written: file and function, without what differs between builds, machines and releases.

/** Folders that say nothing about what is in them. */
const GENERAL =
  /^(?:app|apps|src|lib|dist|build|out|target|code|current|releases?|srv|opt|home|root|workspace|service|server|main|java|kotlin|python|node|rust|go|\.|\.\.|[A-Za-z]:|.*\d.*)$/;

/** A hash in the name of a built file: `charge-3f2a1b9c.js`, `main.8f3d2a1c.js`. */
const BUILD_HASH = /[.-](?=[A-Za-z0-9_]*\d)[A-Za-z0-9_]{8,32}(?=\.[cm]?[jt]sx?$)/;

/**
 * Returns the name of a file with its folder: `billing/charge.py`. Folders of builds and releases, such as `src` or
 * `release-42`, are left out.
 */
function fileText(file: string): string {
  const path = file.includes("\\") ? file.replaceAll("\\", "/") : file;
  const end = path.lastIndexOf("/");
  const name = path.slice(end + 1).replace(BUILD_HASH, "");
  if (end <= 0) return name;
  const folder = path.slice(path.lastIndexOf("/", end - 1) + 1, end);
  return folder === "" || GENERAL.test(folder) ? name : `${folder}/${name}`;
}

/** Generated parts of names of functions in Java, Go, Rust and JavaScript. */
const GENERATED =
  /::h[0-9a-f]{16}$|\{\{closure\}\}|(?<=\$)\d+|\$\$[\w$]*(?:\/0x[0-9a-f]+)?|(?<=\.(?:func|gowrap|deferwrap))\d+(?:\.\d+)*|-range\d+|\[\.\.\.\]|0x[0-9a-f]+|(?:::)?\{closure#\d+\}|<anonymous>|\[as [^\]]{0,64}\]|^(?:async|new) /g;
const LAMBDA = /^(.*\.)?lambda\$(.+?)\$?$/;

/** What is left at the end where something was removed. */
const TRAILING = ":.$";

/** Returns the name of a function without numbers of closures, lambdas and hashes. */
function functionText(name: string): string {
  const steady = name.replace(GENERATED, "").trim();
  const lambda = LAMBDA.exec(steady);
  const text = lambda === null ? steady : `${lambda[1] ?? ""}${lambda[2]}`;
  let end = text.length;
  while (end > 0 && TRAILING.includes(text[end - 1] ?? "")) end--;
  return text.slice(0, end);
}

export function frameText(file: string, name: string): string {
  const where = fileText(file);
  const what = functionText(name);
  if (what === "" || what === "Object") return where;
  return where === "" ? what : `${where} in ${what}`;
}
