import { type ExpressionType, isList, isNumeric, isScalar } from "./vocabulary.ts";

/** Why operands can't stand there; `operand`: which of them, where it is one. */
export interface OperandMistake {
  words: string;
  operand?: number;
}

const EQUALITIES = ["==", "!="];
const COMPARISONS = ["<", "<=", ">", ">=", ...EQUALITIES];
const ARITHMETIC = ["+", "-", "*", "/", "%"];

/** What an operator gives, by its name as the parser spells it: `_==_`, `!_`, `_?_:_`, `@in`. */
export function operatorType(
  name: string,
  types: readonly ExpressionType[],
): ExpressionType | OperandMistake {
  const [a = "empty list", b = "empty list", c = "empty list"] = types;
  const sign = /^_(\W+)_$/.exec(name)?.[1] ?? "";
  if (COMPARISONS.includes(sign)) return comparisonType(sign, a, b);
  if (ARITHMETIC.includes(sign)) return arithmeticType(sign, a, b);
  switch (name) {
    case "_&&_":
    case "_||_":
    case "!_": {
      const operand = types.findIndex((type) => type !== "bool");
      if (operand < 0) return "bool";
      return { words: `here a bool is needed, not a ${types[operand]}`, operand };
    }
    case "-_":
      return isNumeric(a) ? a : { words: `-${a} can't be computed` };
    case "_?_:_":
      if (a === "bool" && b === c && isScalar(b)) return b;
      return { words: `${a} ? ${b} : ${c} has no type` };
    case "@in":
      if (b === "map" ? a === "string" : b === "empty list" || b === `list of ${a}`) return "bool";
      return { words: `${a} in ${b} has no meaning` };
    default:
      return { words: `the operator ${name} is not known here` };
  }
}

function comparisonType(
  sign: string,
  a: ExpressionType,
  b: ExpressionType,
): "bool" | OperandMistake {
  if (isNumeric(a) && isNumeric(b)) return "bool";
  const equality = EQUALITIES.includes(sign);
  if (a === b && (a === "string" || (equality && (isScalar(a) || isList(a))))) return "bool";
  return { words: `${a} ${sign} ${b} is no comparison` };
}

function arithmeticType(
  sign: string,
  a: ExpressionType,
  b: ExpressionType,
): ExpressionType | OperandMistake {
  if (a === b && isNumeric(a) && (sign !== "%" || a === "int")) return a;
  // Joined texts could be as long as the expression has terms, and be searched again and again.
  return { words: `${a} ${sign} ${b} can't be computed` };
}
