// Go expressions: what objects are called, and what a person typed.

/** An expression as parsed. Names are not yet split into package, variable and fields: only the dump knows where. */
export type Expression =
  /** A dotted path: "main.global.sessions", "encoding/json.cache", "g12.main.worker.s". */
  | { readonly kind: "name"; readonly name: string }
  /** A bare number: 0xc000012000. */
  | { readonly kind: "address"; readonly address: number }
  | { readonly kind: "field"; readonly of: Expression; readonly name: string }
  /** key is a literal's text: 7, "user-5" as strconv.Quote writes it, or what keyText writes for other types. */
  | { readonly kind: "index"; readonly of: Expression; readonly key: string }
  /** x.(T), x.(*T) */
  | { readonly kind: "assert"; readonly of: Expression; readonly type: string }
  /** (*T)(x), unsafe.Pointer(x) */
  | { readonly kind: "convert"; readonly type: string; readonly of: Expression }
  /** *x */
  | { readonly kind: "dereference"; readonly of: Expression }
  /** x.Load() of an atomic.Pointer, x.Load(key) of a sync.Map. */
  | { readonly kind: "load"; readonly of: Expression; readonly key: string | undefined };

/** The expression as Go writes it; parseExpression of the text gives the same expression. */
export function printExpression(expression: Expression): string {
  switch (expression.kind) {
    case "name":
      return expression.name;
    case "address":
      return `0x${expression.address.toString(16)}`;
    case "field":
      return `${operand(expression.of)}.${expression.name}`;
    case "index":
      return `${operand(expression.of)}[${expression.key}]`;
    case "assert":
      return `${operand(expression.of)}.(${expression.type})`;
    case "convert":
      return `${/^[*]/.test(expression.type) ? `(${expression.type})` : expression.type}(${printExpression(expression.of)})`;
    case "dereference":
      return `*${expression.of.kind === "dereference" ? printExpression(expression.of) : operand(expression.of)}`;
    case "load":
      return `${operand(expression.of)}.Load(${expression.key ?? ""})`;
  }
}

/** What stands before a dot or bracket: *x needs brackets there. */
function operand(expression: Expression): string {
  const text = printExpression(expression);
  return expression.kind === "dereference" ? `(${text})` : text;
}
