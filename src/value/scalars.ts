// Values without parts, read and written as Go prints them.
import { type Address, hex, NONE, type TypeId } from "../base/units.js";
import type { AddressSpace } from "../process/address-space.js";
import type { MapEnvironment } from "../runtime/maps/maps.js";
import type { GoType } from "../runtime/types.js";

/** What reading values needs. */
export type ValueEnvironment = Omit<MapEnvironment, "findings">;

/** The kinds that one number, or two, tell: bool, int, uint, float, complex, and addresses. undefined for the others. */
export function scalarText(memory: AddressSpace, type: GoType, address: Address): string | undefined {
  const { size } = type;
  switch (type.kind) {
    case "bool":
      return memory.readUint(address, 1) === 0 ? "false" : "true";
    case "uint":
      return size === 8 ? memory.readUint64(address).toString() : String(memory.readUint(address, size as 1 | 2 | 4));
    case "int": {
      if (size === 8) return BigInt.asIntN(64, memory.readUint64(address)).toString();
      const value = memory.readUint(address, size as 1 | 2 | 4);
      return String(value >= 2 ** (size * 8 - 1) ? value - 2 ** (size * 8) : value);
    }
    case "float":
      return floatText(memory, address, size);
    case "complex": {
      const half = size / 2;
      const imaginary = floatText(memory, address + half, half);
      return `(${floatText(memory, address, half)}${/^[-+]/.test(imaginary) ? "" : "+"}${imaginary}i)`;
    }
    case "pointer":
    case "unsafe.Pointer":
    case "func":
    case "chan": {
      const value = memory.readAddress(address);
      return value === 0 ? "nil" : hex(value);
    }
    default:
      return undefined;
  }
}

/** A float32 or float64 as %v prints it: "NaN", "+Inf", "-0", the fewest digits that name this number. @throws MemoryFault */
function floatText(memory: AddressSpace, address: Address, size: number): string {
  const bytes = memory.bytes(address, size);
  const view = new DataView(bytes.buffer, bytes.byteOffset, size);
  const value = size === 4 ? view.getFloat32(0, true) : view.getFloat64(0, true);
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "+Inf" : "-Inf";
  const sign = value < 0 || Object.is(value, -0) ? "-" : "";
  return sign + goFloat(size === 4 ? shortest(Math.abs(value)) : Math.abs(value).toExponential());
}

/** "1.25e-7" as strconv writes it with format g and the fewest digits: an exponent when it is below -4 or above 5. */
function goFloat(exponential: string): string {
  const [mantissa, power] = exponential.split("e");
  const exponent = Number(power);
  if (exponent < -4 || exponent >= 6) {
    const digits = String(Math.abs(exponent)).padStart(2, "0");
    return `${mantissa}e${exponent < 0 ? "-" : "+"}${digits}`;
  }
  return String(Number(exponential));
}

/** The fewest digits that tell a float32 from its neighbours, in exponential form; of two as near the even ones. */
function shortest(value: number): string {
  const exact = value.toExponential(60);
  for (let digits = 0; digits < 9; digits++) {
    const up = value.toExponential(digits);
    const isTie = /^\.?50*e/.test(exact.slice(up.indexOf("e")));
    const down = isTie ? up.replace(/[13579]e/, (odd) => `${Number(odd[0]) - 1}e`) : up;
    for (const text of [down, up]) if (Math.fround(Number(text)) === value) return text;
  }
  return value.toExponential();
}

/** What an interface holds. */
export interface Dynamic {
  /** NONE when the type word leads to no type. */
  readonly type: TypeId;
  /** Where the value lies: the data word itself for pointer-shaped types, else what it points to. */
  readonly address: Address;
  /** The data word is the value. */
  readonly direct: boolean;
}

/**
 * The dynamic type and value of an interface; undefined for a nil interface.
 * @throws MemoryFault when the interface's words were not dumped
 */
export function readInterface(env: ValueEnvironment, type: GoType, address: Address): Dynamic | undefined {
  const { memory, types } = env;
  const word = memory.readAddress(address);
  if (word === 0) return undefined;
  const dynamic = types.interfaceTarget(word, type.hasMethods);
  if (dynamic === NONE) return { type: NONE, address: memory.readAddress(address + 8), direct: false };
  const direct = types.get(dynamic).isDirect;
  return { type: dynamic, address: direct ? address + 8 : memory.readAddress(address + 8), direct };
}
