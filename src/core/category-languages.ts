import { list } from "./category-phrases.ts";
import { createPhraseMatcher } from "./phrase-matcher.ts";
import type { Reason } from "./reason.ts";

/**
 * Words that say in which language a text is that a parser refuses. Earlier rows win: values that
 * look like code; code; values; words that only parsers of code use.
 */
const LANGUAGE_SIGNS: readonly {
  language: "code" | "data" | "value";
  words: readonly string[];
}[] = [
  {
    language: "value",
    words: list(`
      cron, crontab, cronexpression, input syntax, for type, json at position, json input,
      expecting value, got invalid value, provided invalid value, of required type
    `),
  },
  {
    language: "code",
    words: list(`
      *template*, *regex*, regular expression, *expression*, *graphql*, *sql*, *xpath*, *jsonpath*,
      *jmespath*, jq, cel, rego, script, select, clause, at or near, query parse, parsing query,
      query syntax, invalid query, *queryexception, *queryparser*, subpattern, character class,
      character set, unclosed group, unterminated group
    `),
  },
  {
    language: "data",
    words: list(`
      *json*, *xml*, *yaml*, *toml*, *csv*, *html*, *proto*, *cbor*, *msgpack*, *bson*, *avro*,
      *zip*, *pdf*, *image*, *jpeg*, *png*, *date*, *uri*, *url*, *email*, close tag, closing tag,
      end tag, root tag, double quote, element, document, row, record
    `),
  },
  {
    language: "code",
    words: list(`
      statement, operand, operator, identifier, keyword, block, endif, elif, endfor,
      parameters list, argument list, mismatched input, opening parenthesis, closing parenthesis,
      variable, function, unclosed section, expr, formula, interpreter, ast, lexer, grammar,
      compiler
    `),
  },
];

const languageOfWord = LANGUAGE_SIGNS.flatMap(({ language, words }) => words.map(() => language));
const matcher = createPhraseMatcher(LANGUAGE_SIGNS.flatMap(({ words }) => words));

/**
 * Returns the reason of a failure that a parser reports, if `reason` is that of weak evidence: a
 * part of a type, or words of the message.
 *
 * A parser that refuses a template, a query, a regular expression or another text in a language of
 * code refuses our code, so the reason is EXECUTION_FAILED: somebody else writes values. Words that
 * parsers of all languages use name no reason without the language.
 */
export function reasonOfParser(
  reason: Reason,
  { type, message }: { readonly type: string; readonly message: string },
): Reason | undefined {
  // The end of a connection may be the end of a text.
  const isOfEnd = reason === "NETWORK_ERROR" && END_OF_TEXT.test(message);
  if (reason !== "VALIDATION_FAILED" && !isOfEnd) return reason;
  const text = `${type} ${message}`;
  if (!PARSING.test(text)) return reason;
  const language = languageOfWord[matcher.first(text)];
  if (language === "code") return "EXECUTION_FAILED";
  if (language === "data") return "VALIDATION_FAILED";
  if (language === "value") return reason;
  if (hasTemplateTag(message)) return "EXECUTION_FAILED";
  return !isOfEnd && OF_ANY_PARSER.test(message) ? undefined : reason;
}

const END_OF_TEXT = /\b(?:unexpected|premature) (?:eof|end of (?:file|input|stream))/i;

const PARSING =
  /pars(?:e|ing)|compil|syntax|lexical|token|unclosed|unterminated|not closed|unexpected|mismatched|expect|invalid|premature/i;

const OF_ANY_PARSER =
  /unexpected token|unexpected end\b(?! of (?:json|file|data|stream))|incomplete|unclosed|unterminated|expecting|<eof>|syntax error|^failed to parse '[^']*'$/i;

/** Reports whether a text has a tag of a template: "{{#if", "{% if", "<%= x", "<#if". */
export const hasTemplateTag = (text: string): boolean => /\{\{|\{%|<%|<#/.test(text);
