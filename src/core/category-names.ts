/**
 * The names of a type in lower case, most specific first, as the table may list them: for
 * "serde_json::error::Error" these are "error.error", "serde_json.error" and "error"; for
 * "*net.OpError" "net.operror" and "operror". "Outer$Inner" and "Box<dyn Error>" work too.
 */
export function typeNames(type: string): string[] {
  const parts = nameOf(type).toLowerCase().match(/\w+/g) ?? [];
  const name = parts.at(-1) ?? "";
  if (parts.length < 2) return [name];
  const pointer = type.startsWith("*") ? [`*.${name}`] : [];
  return [`${parts.at(-2)}.${name}`, `${parts[0]}.${name}`, ...pointer, name];
}

/** A type without its parameters and its code: "Box<dyn Error>", "Error [ECONNRESET]". */
function nameOf(type: string): string {
  const generic = type.indexOf("<", 1);
  const code = type.indexOf(" [");
  if (generic < 0 && code < 0) return type;
  return type.slice(0, generic < 0 || (code > 0 && code < generic) ? code : generic);
}

/** The type at the start of a message: "TypeError: x is undefined". */
export function leadingType(message: string): string {
  return /^[\w.$*]{1,200}(?=: )/.exec(message)?.[0] ?? "";
}

/** Returns a name with capitals without its package: "SyntaxError" of "*json.SyntaxError". */
export const withoutPackage = (type: string): string => type.replace(PACKAGE, "");

const PACKAGE = /^[*&]?(?:[a-z_]\w*(?:\.|::))+(?=\w*[A-Z])/;

/** Reports whether a name says nothing without its package: "Error", "ErrorKind". */
export const saysNothing = (name: string): boolean => GENERAL_NAME.test(name);

const GENERAL_NAME = /^(?:Error|Exception|Err)(?:Kind)?\b/;

/** Reports whether the package names no topic: "javax.xml.ws.WebServiceException". */
export const isOfPlatform = (type: string): boolean =>
  /^(?:javax?|jakarta|org\.springframework)\./.test(type);
