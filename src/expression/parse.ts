// Parses what a person typed, or a name that corescope printed, into an expression.
import { UsageError } from "../base/errors.js";
import { quoteBytes, unquote } from "../value/quote.js";
import type { Expression } from "./expression.js";
import { DEEPEST, LONGEST } from "./limits.js";

/** A letter or digit of a Go identifier or of an import path; & begins DWARF's name of a variable moved to the heap, # the number of a call. */
const NAME_PART = /[\p{L}\p{Nd}_%&·$~@#+-]/u;

/**
 * Parses `main.global.sessions["user-5"].User`, `encoding/json.cache`, `g12.main.worker.s`, `(*main.User)(0xc000012000).Name`,
 * `x.(*main.T)`, `*p`, `m.Load("k")`.
 * @throws UsageError that shows where it went wrong
 */
export function parseExpression(text: string): Expression {
  return new Parser(text).whole();
}

/**
 * Recursive descent. From loose to tight: * before an operand, then what follows one: .field, [index], .(type), .Load(key).
 * A name runs on over dots and slashes, for only the dump knows where an import path ends; evaluate.ts takes it apart.
 */
class Parser {
  private readonly text: string;
  /** Where in the text the next part begins. */
  private at = 0;
  /** Operators around the part at hand; bounded, for the parser calls itself. */
  private depth = 0;

  constructor(text: string) {
    this.text = text;
  }

  /** The text is one expression and nothing else. */
  whole(): Expression {
    if (this.text.length > LONGEST) throw this.error("it is longer than 1 MiB");
    this.space();
    const expression = this.unary();
    this.space();
    if (this.at < this.text.length) throw this.error(`"${this.rest()}" is not expected here`);
    return expression;
  }

  /** *p, **p, or what needs no star. */
  private unary(): Expression {
    if (++this.depth > DEEPEST) throw this.error("it is nested too deep");
    this.space();
    const isDereference = this.accept("*");
    const expression: Expression = isDereference ? { kind: "dereference", of: this.unary() } : this.postfix(this.primary());
    this.depth--;
    return expression;
  }

  /** An address, something in brackets, a conversion, or a name. */
  private primary(): Expression {
    this.space();
    const number = /^0[xX][0-9a-fA-F]{1,16}(?![\p{L}\p{Nd}_])/u.exec(this.text.slice(this.at, this.at + 32));
    if (number) {
      const address = Number.parseInt(number[0], 16);
      if (!Number.isSafeInteger(address)) throw this.error(`${number[0]} is no address: it is 2^53 or above`);
      this.at += number[0].length;
      return { kind: "address", address };
    }
    if (this.text[this.at] === "(") {
      const inner = this.balanced("(", ")").trim();
      // (*T)(x) is a conversion, (x) is x.
      if (this.text[this.at] === "(" && inner.startsWith("*")) return this.conversion(inner);
      return this.nested(inner, this.at - 1 - inner.length);
    }
    const name = this.name();
    if (name === "") throw this.error(this.at === this.text.length ? "something is missing here" : `"${this.rest()}" begins no expression`);
    if (name === "unsafe.Pointer" && this.text[this.at] === "(") return this.conversion(name);
    return { kind: "name", name };
  }

  /** (*T)(x), unsafe.Pointer(x): the type is read already. */
  private conversion(type: string): Expression {
    const start = this.at + 1;
    const argument = this.balanced("(", ")");
    return { kind: "convert", type, of: this.nested(argument, start) };
  }

  /** Parses a part in brackets; its errors are told with the place in the whole text. */
  private nested(text: string, start: number): Expression {
    const parser = new Parser(this.text.slice(0, start + text.length));
    parser.at = start;
    parser.depth = this.depth;
    const expression = parser.unary();
    parser.space();
    if (parser.at < parser.text.length) throw parser.error(`"${parser.rest()}" is not expected here`);
    return expression;
  }

  /** Whatever follows an operand, from left to right. */
  private postfix(first: Expression): Expression {
    let expression = first;
    for (;;) {
      if (this.text[this.at] === "[") expression = { kind: "index", of: expression, key: this.key(this.balanced("[", "]")) };
      else if (this.text.startsWith(".(", this.at)) {
        this.at++;
        const type = this.balanced("(", ")").trim();
        if (type === "") throw this.error("a type is missing in .()");
        expression = { kind: "assert", of: expression, type };
      } else if (this.text[this.at] === ".") {
        this.at++;
        const name = this.identifier();
        if (name === "") throw this.error("a field's name is missing after the dot");
        expression = this.fieldOrLoad(expression, name);
      } else if (expression.kind === "name" && expression.name.endsWith(".Load") && this.text[this.at] === "(") {
        expression = this.fieldOrLoad({ kind: "name", name: expression.name.slice(0, -".Load".length) }, "Load");
      } else return expression;
    }
  }

  /** .Load() and .Load(key) are the two methods that a name may contain: of an atomic.Pointer and of a sync.Map. */
  private fieldOrLoad(of: Expression, name: string): Expression {
    if (name !== "Load" || this.text[this.at] !== "(") return { kind: "field", of, name };
    const argument = this.balanced("(", ")").trim();
    return { kind: "load", of, key: argument === "" ? undefined : this.key(argument) };
  }

  /** A literal in its one canonical text. */
  private key(literal: string): string {
    const text = literal.trim();
    if (text === "") throw this.error("an index or key is missing");
    const bytes = unquote(text);
    if (bytes) return quoteBytes(bytes);
    if (text.startsWith('"') && !/…\+[0-9]+@0x[0-9a-f]+$/.test(text)) throw this.error(`${text} is no Go string`);
    return text;
  }

  /** A dotted path with slashes: everything up to a bracket, space or the end. */
  private name(): string {
    const start = this.at;
    while (this.at < this.text.length) {
      const character = String.fromCodePoint(this.text.codePointAt(this.at) as number);
      const next = this.text[this.at + 1];
      // A dot before a bracket is a type assertion; a last dot is an error of postfix().
      const isDot = (character === "." || character === "/") && next !== undefined && next !== "(" && next !== "[";
      if (!isDot && !NAME_PART.test(character)) break;
      this.at += character.length;
    }
    return this.text.slice(start, this.at);
  }

  /** One field's name. */
  private identifier(): string {
    const start = this.at;
    while (this.at < this.text.length) {
      const character = String.fromCodePoint(this.text.codePointAt(this.at) as number);
      if (!NAME_PART.test(character)) break;
      this.at += character.length;
    }
    return this.text.slice(start, this.at);
  }

  /** What stands between two brackets that match, strings and brackets within passed over; goes on after them. */
  private balanced(open: string, close: string): string {
    const start = this.at;
    const stack: string[] = [];
    const partner: Readonly<Record<string, string>> = { "(": ")", "[": "]", "{": "}" };
    for (let i = start; i < this.text.length; i++) {
      const character = this.text[i];
      if (character === '"' || character === "`") {
        const end = this.stringEnd(i);
        if (end < 0) {
          this.at = i;
          throw this.error("this string has no end");
        }
        i = end;
      } else if (partner[character] !== undefined) stack.push(partner[character]);
      else if (character === ")" || character === "]" || character === "}") {
        if (stack.pop() !== character) {
          this.at = i;
          throw this.error(`this ${character} closes nothing`);
        }
        if (stack.length === 0) {
          this.at = i + 1;
          return this.text.slice(start + 1, i);
        }
      }
    }
    throw this.error(`this ${open} has no ${close}`);
  }

  /** Index of the quote that ends the string beginning at start; -1 when none does. */
  private stringEnd(start: number): number {
    const quote = this.text[start];
    for (let i = start + 1; i < this.text.length; i++) {
      if (quote === '"' && this.text[i] === "\\") i++;
      else if (this.text[i] === quote) return i;
    }
    return -1;
  }

  private accept(character: string): boolean {
    if (this.text[this.at] !== character) return false;
    this.at++;
    return true;
  }

  private space(): void {
    while (this.text[this.at] === " ") this.at++;
  }

  /** What is left, cut for a message. */
  private rest(): string {
    const rest = this.text.slice(this.at, this.at + 20);
    return this.at + 20 < this.text.length ? `${rest}…` : rest;
  }

  /** Shows the text with a mark under the place. */
  private error(message: string): UsageError {
    const line = this.text.length <= 200 ? `\n  ${this.text}\n  ${" ".repeat([...this.text.slice(0, this.at)].length)}^` : "";
    return new UsageError(`expression: at ${this.at + 1}: ${message}${line}`, 'for example: main.global.sessions["user-5"].User');
  }
}
