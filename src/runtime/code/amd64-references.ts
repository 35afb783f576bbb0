// References of amd64 code: operands relative to the next instruction, a displacement of 4 bytes behind the ModRM byte. Intel SDM vol. 2, 2.2.1.6
import type { Address } from "../../base/units.js";
import { amd64 } from "./amd64.js";
import { decodeAll, type Instruction } from "./instructions.js";
import type { References } from "./references.js";

const DISPLACEMENT = 4;
/** Bytes before the displacement that are compared: prefix, opcode and ModRM of most instructions. */
const CHECKED = 3;

export const amd64References: References = {
  *find(code, start) {
    const view = viewOf(code);
    for (const each of decodeAll(amd64, code, start)) {
      const address = fixedOperand(each);
      if (address === undefined) continue;
      const from = each.pc - start;
      const next = each.next - start;
      // Between the opcode and an immediate; the ModRM byte before it says "relative".
      for (let at = from + 2; at + DISPLACEMENT <= next; at++) {
        if ((code[at - 1] & 0xc7) !== 5 || each.next + view.getInt32(at, true) !== address) continue;
        yield { at, next, check: before(code, at, Math.min(CHECKED, at - from)), address };
        break;
      }
    }
  },
  follow(code, start, { at, next, check }) {
    if (at < CHECKED || at + DISPLACEMENT > code.length) return undefined;
    // What stands before a shorter instruction may change: its check is of 2 bytes, and below 2^16.
    const length = check < 2 ** 16 ? 2 : CHECKED;
    return before(code, at, length) === check ? start + next + viewOf(code).getInt32(at, true) : undefined;
  },
};

const viewOf = (code: Uint8Array) => new DataView(code.buffer, code.byteOffset, code.byteLength);

/** So many bytes before an offset as one number: the first of them is its low byte. */
function before(code: Uint8Array, at: number, length: number): number {
  let value = 0;
  for (let i = 1; i <= length; i++) value = value * 256 + code[at - i];
  return value;
}

/** The address of an instruction's operand in memory that has neither base nor index. */
function fixedOperand(instruction: Instruction): Address | undefined {
  for (const value of Object.values(instruction)) {
    if (typeof value !== "object" || value === null) continue;
    const operand = "memory" in value ? value.memory : value;
    if (operand.kind === "memory" && operand.base < 0 && operand.index < 0) return operand.offset;
  }
  return undefined;
}
