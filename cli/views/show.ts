// A value in words: what Go's spelling of it leaves to be said.
import { counted } from "../../src/base/units.js";
import type { Show, ShownValue } from "../../src/query/show.js";

/** What `show --json` prints: the text of each value is as it is shown. */
export function showJson(answer: Show): Show {
  return { ...answer, value: withText(answer.value) };
}

function withText(value: ShownValue): ShownValue {
  const told = value.more ? { ...value, text: valueText(value) } : value;
  return value.children ? { ...told, children: value.children.map(withText) } : told;
}

/** "\"GET /\"… 300 bytes", "12 entries". */
export function valueText({ text, more }: Pick<ShownValue, "text" | "more">): string {
  if (!more) return text;
  switch (more.kind) {
    case "entries":
      return `${text}${counted(more.count, "entry", "entries")}`;
    case "cut":
      return `${text}… ${counted(more.count, "byte")}`;
    case "uncaptured":
      return `${text}  (and ${counted(more.count, "byte")} of captured variables that DWARF does not name)`;
    default:
      return `${text}${counted(more.count, "byte")} of ${more.kind}`;
  }
}
