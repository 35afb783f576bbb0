// Words of a command line turned into values; whatever is off is a UsageError that shows what would be right.
import { UsageError } from "../src/base/errors.js";
import { type Bytes, type Hex, hex, parseAddress, parseBytes } from "../src/base/units.js";

/** Options as commander hands them over: text, or true for flags. */
export type Options = Readonly<Record<string, string | boolean | undefined>>;

/** The text of an option that takes a value. */
export function optionText(options: Options, name: string): string | undefined {
  const value = options[name];
  return typeof value === "string" ? value : undefined;
}

/** A count of rows, 0 = all; 20 when not given. @throws UsageError */
export function optionTop(options: Options): number {
  const text = optionText(options, "top") ?? "20";
  if (!/^[0-9]{1,15}$/.test(text)) throw new UsageError(`--top ${text}: not a count`, "for example: --top 50, or --top 0 for all rows");
  return Number(text);
}

/** A size in bytes: of 512K, 1MiB or 80; 0 when not given. @throws UsageError */
export function optionBytes(options: Options, name: string): Bytes {
  const text = optionText(options, name);
  if (text === undefined) return 0;
  const bytes = parseBytes(text);
  if (bytes === undefined || !Number.isSafeInteger(bytes)) {
    throw new UsageError(`--${name} ${text}: not a size`, `for example: --${name} 512K, --${name} 1MiB or --${name} 80`);
  }
  return bytes;
}

/** A JavaScript regular expression's source, checked; undefined when not given. @throws UsageError */
export function optionPattern(options: Options, name: string): string | undefined {
  const text = optionText(options, name);
  if (text === undefined) return undefined;
  try {
    new RegExp(text);
  } catch (error) {
    throw new UsageError(
      `--${name} ${text}: ${(error as Error).message}`,
      "it is a JavaScript regular expression: escape * [ ] ( ) with \\",
    );
  }
  return text;
}

/** One of a few words, the first when not given. @throws UsageError */
export function optionChoice<T extends string>(options: Options, name: string, choices: readonly [T, ...T[]]): T {
  const text = optionText(options, name) ?? choices[0];
  const choice = choices.find((one) => one === text);
  if (choice === undefined) throw new UsageError(`--${name} ${text}: not one of ${choices.join(", ")}`);
  return choice;
}

/** An address with or without 0x, as a Hex, or an expression without the spaces around it. @throws UsageError for an empty one */
export function operandPlace(text: string): string {
  if (text.trim() === "") throw new UsageError("an address or expression is empty", "for example: 0xc000012000, or main.global.sessions");
  const address = parseAddress(text);
  return address === undefined ? text.trim() : hex(address);
}

/** A positive length in bytes: 64, 0x40 or 4K; at most `most`. @throws UsageError */
export function operandLength(text: string, most: Bytes): Bytes {
  const length = /^0[xX][0-9a-fA-F]{1,13}$/.test(text) ? Number(text) : parseBytes(text);
  if (length === undefined || !Number.isSafeInteger(length) || length < 1 || length > most) {
    throw new UsageError(`${text}: not a length between 1 and ${most} bytes`, "for example: 64, 0x40 or 4K");
  }
  return length;
}

/** "main.cache>0xc000098000;0xc000098000>0xc000012000": an object's address or a root's name, and the object it points to. */
export function parseIgnored(text: string): { readonly from: string; readonly to: Hex }[] {
  return text
    .split(";")
    .filter((each) => each.trim() !== "")
    .map((each) => {
      // The last >: a name may hold one, an address none.
      const at = each.lastIndexOf(">");
      const from = each.slice(0, at).trim();
      const to = parseAddress(each.slice(at + 1));
      if (from === "" || to === undefined)
        throw new UsageError(`--ignore ${each}: not FROM>ADDRESS`, "for example: --ignore 'main.cache>0xc000098000'");
      return { from, to: hex(to) };
    });
}

/** A count of levels, up to three digits. @param usual when not given @throws UsageError */
export function optionDepth(options: Options, usual: number): number {
  const text = optionText(options, "depth") ?? String(usual);
  if (!/^[0-9]{1,3}$/.test(text)) throw new UsageError(`--depth ${text}: not a count of levels`, "for example: --depth 6");
  return Number(text);
}
