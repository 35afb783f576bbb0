// What a program told of its variables (dumps/testdata/locals) against what is shown of them.
import type { VariableRow } from "../../src/query/goroutine.js";

/** By function and name: texts, null for a variable without a value, "*" for one that never rests. */
export type ToldLocals = Readonly<Record<string, Readonly<Record<string, readonly (string | null)[]>>>>;

export interface ShownFrame {
  readonly function: string;
  readonly variables: readonly Pick<VariableRow, "name" | "text" | "asPassed">[];
}

export interface LocalsCheck {
  /** Values that are false, variables that nobody told of. */
  readonly wrong: readonly string[];
  /** "main.loop i" of variables that had a value and were shown whole. */
  readonly shown: readonly string[];
  /** Of those that had one and were not. */
  readonly hidden: readonly string[];
}

const NOT_SHOWN = "not available here";

/** Every function that was told of has to be met. */
export function checkLocals(told: ToldLocals, frames: readonly ShownFrame[]): LocalsCheck {
  const wrong: string[] = [];
  const shown: string[] = [];
  const hidden: string[] = [];
  const met = new Set<string>();
  for (const frame of frames) {
    const name = frame.function.replace(/\[.*\]/, "[...]");
    const variables = told[name];
    if (!variables) continue;
    met.add(name);
    const whole = new Set<string>();
    for (const variable of frame.variables) {
      if (variable.text === NOT_SHOWN) continue;
      const { base, isWhole, accepts } = claimOf(variable.name, variable.text, Object.keys(variables));
      // An argument that was set since is told twice.
      const values = (variable.asPassed ? variables[`${base} as passed`] : undefined) ?? variables[base];
      if (!values) wrong.push(`${name} ${variable.name}: ${variable.text}, and nobody told of it`);
      else if (!values.some((value) => value !== null && (value === "*" || accepts(value))))
        wrong.push(`${name} ${variable.name}: ${variable.text}, told ${values.join(" or ")}`);
      else if (isWhole) whole.add(base);
    }
    for (const [each, values] of Object.entries(variables)) {
      if (each.endsWith(" as passed")) continue;
      if (values.some((value) => value !== null && value !== "*")) (whole.has(each) ? shown : hidden).push(`${name} ${each}`);
    }
  }
  for (const name of Object.keys(told)) if (!met.has(name)) wrong.push(`${name} is on no stack`);
  return { wrong, shown, hidden };
}

/** What a shown name and text say: of an escaped variable its pointer is shown, of one in pieces (Go 1.27) the pieces that are left. */
function claimOf(
  name: string,
  text: string,
  known: readonly string[],
): { base: string; isWhole: boolean; accepts: (told: string) => boolean } {
  if (name.startsWith("&")) return { base: name.slice(1), isWhole: true, accepts: (told) => text === `&${told}` };
  const isSame = (told: string) => text === told || isText(text, told);
  // Go 1.27 joins the field of a nameless struct without a dot.
  const dot = known.includes(name) ? -1 : name.indexOf(".");
  const base = known.find((each) => /^[A-Z]/.test(name.slice(each.length)) && name.startsWith(each));
  if (dot < 0 && base !== undefined && !known.includes(name))
    return { base, isWhole: false, accepts: (told) => partOf(told, name.slice(base.length)).includes(text) };
  if (dot < 0) return { base: name, isWhole: true, accepts: isSame };
  return { base: name.slice(0, dot), isWhole: false, accepts: (told) => partOf(told, name.slice(dot + 1)).includes(text) };
}

/** Bytes that are text are shown as text; the program tells their numbers. */
function isText(shown: string, told: string): boolean {
  if (!shown.startsWith('"') || !/^\[[0-9 ]*\]$/.test(told)) return false;
  return `[${[...new TextEncoder().encode(JSON.parse(shown) as string)].join(" ")}]` === told;
}

/** The texts that a part of a told value may have; of a capacity any that is enough. */
function partOf(told: string, part: string): readonly string[] {
  const isQuoted = told.startsWith('"');
  const complex = /^\((.+?)([-+][^-+]*)i\)$/.exec(told);
  if (complex && (part === "real" || part === "imag")) return [complex[part === "real" ? 1 : 2].replace(/^\+/, "")];
  const elements = isQuoted ? [...JSON.parse(told)].map((each) => String(each.charCodeAt(0))) : splitList(told.slice(1, -1));
  if (part === "len") return [String(elements.length)];
  if (part === "ptr") return [elements.length === 0 ? "nil" : `&${elements[0]}`];
  if (part === "cap") return Array.from({ length: 16 }, (_, i) => String(elements.length + i));
  const field = elements.find((each) => each.startsWith(`${part}:`));
  return field === undefined ? [] : [field.slice(part.length + 1)];
}

/** "a {b c} d" at its outermost spaces. */
function splitList(text: string): readonly string[] {
  const parts: string[] = [];
  let depth = 0;
  let from = 0;
  for (let i = 0; i <= text.length; i++) {
    const char = text[i];
    if (char === undefined || (char === " " && depth === 0)) {
      if (i > from) parts.push(text.slice(from, i));
      from = i + 1;
    } else if ("[{(".includes(char)) depth++;
    else if ("]})".includes(char)) depth--;
  }
  return parts;
}
