// Reads one line of a stack trace of Python, Java, Go, Node or Rust.

import {
  isLibraryClass,
  isLibraryOfGo,
  isLibraryOfNode,
  isLibraryOfPython,
  isLibraryOfRust,
  isRustLibraryFile,
} from "./library-code.ts";

/** Where code ran. */
export interface Frame {
  readonly file: string;
  readonly name: string;
}

/** Callbacks of JavaScript; lambdas and comprehensions of Python. */
export const isAnonymous = ({ name }: Frame): boolean =>
  name === "" || (name.startsWith("<") && name.endsWith(">"));

/** Longer lines are cut. */
export const LINE_CHARS = 512;

const PYTHON = /^File "([^"]*)", line \d+(?:, in (.*))?$/;

/** Reads `File "/srv/app/billing/charge.py", line 12, in charge`. */
export function pythonFrame(line: string): Frame | undefined {
  const [, file, name = ""] = PYTHON.exec(line) ?? [];
  if (file === undefined || isLibraryOfPython(file)) return undefined;
  return { file, name };
}

/**
 * Reads a line after `at `: of Node `charge (file:///srv/app/src/charge.js:10:5)`, of Java
 * `billing.Charge.charge(Charge.java:12)`.
 */
export function calledFrame(line: string): Frame | undefined {
  const open = line.endsWith(")") ? line.lastIndexOf("(") : -1;
  const place = open < 0 ? line : line.slice(open + 1, -1);
  const name = open < 0 ? "" : line.slice(0, open);
  if (open > 0 && !name.endsWith(" ")) return javaFrame(name, place);
  // Logback prints the archive after the place: `(Charge.java:12) ~[billing.jar:1.0]`.
  const archive = line.indexOf(") ~[") + 1 || line.indexOf(") [") + 1;
  if (archive > 0) return calledFrame(line.slice(0, archive));
  return nodeFrame(name.trimEnd(), place.startsWith("async ") ? place.slice(6) : place);
}

function javaFrame(name: string, place: string): Frame | undefined {
  // Before the class are its class loader and module: `app//`, `java.base@17/`.
  const path = name.slice(name.lastIndexOf("/") + 1);
  if (isLibraryClass(path)) return undefined;
  const colon = place.indexOf(":");
  const file = colon < 0 ? place : place.slice(0, colon);
  return {
    file: /^(?:Native Method|Unknown Source|<generated>)$/.test(file) ? "" : file,
    name: path,
  };
}

const NODE_PLACE = /^(?:file:\/\/)?(.*?):\d+(?::\d+)?$/;

function nodeFrame(name: string, place: string): Frame | undefined {
  const [, file] = NODE_PLACE.exec(place) ?? [];
  if (file === undefined || isLibraryOfNode(file)) return undefined;
  return { file, name };
}

const GO_PLACE = /^(\S.*\.go):\d+(?: \+0x[0-9a-f]+)?$/;

/**
 * Reads the place of a Go frame, `/srv/app/charge.go:12 +0x1d`, and the line before it, `main.charge(0x1, {0x2, 0x3})`.
 */
export function goFrame(line: string, before: string): Frame | undefined {
  const [, file] = GO_PLACE.exec(line) ?? [];
  if (file === undefined || before.startsWith("created by ")) return undefined;
  const call = before.endsWith(")") ? before.slice(0, openingOf(before)) : before;
  if (call === "" || call === "panic" || isLibraryOfGo(call, file)) return undefined;
  return { file, name: call };
}

/** The bracket that the last one closes; receivers have brackets, too: `main.(*Bank).charge({...})`. */
function openingOf(call: string): number {
  let depth = 0;
  for (let at = call.length - 1; at >= 0; at--) {
    if (call[at] === ")") depth++;
    else if (call[at] === "(" && --depth === 0) return at;
  }
  return 0;
}

const RUST_FUNCTION = /^\d+: +(?:0x[0-9a-f]+ - )?(\S.*)$/;

/** Reads `12: billing::charge::charge::h0123456789abcdef`; the name is empty for a library's. */
export function rustFunction(line: string): string | undefined {
  const [, name] = RUST_FUNCTION.exec(line) ?? [];
  if (name === undefined) return undefined;
  return isLibraryOfRust(name) ? "" : name;
}

/** Reads a place in Rust, `src/charge.rs:12:5`. */
export function rustFile(place: string): string | undefined {
  const [, file] = NODE_PLACE.exec(place) ?? [];
  if (file === undefined || !file.endsWith(".rs") || isRustLibraryFile(file)) return undefined;
  return file;
}
