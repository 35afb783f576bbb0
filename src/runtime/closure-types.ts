// What a closure captures, from the code that makes it: cmd/compile allocates it by the type struct { F uintptr; X0 T; X1 U }.
import type { Arch } from "../base/arch.js";
import { type Address, NONE, type TypeId, WORD } from "../base/units.js";
import type { AddressSpace } from "../process/address-space.js";
import { decodeAll } from "./code/instructions.js";
import { machineOf } from "./code/machines.js";
import type { FunctionTable, GoFunction } from "./functions.js";
import { FARTHEST_CAPTURE, LONGEST_FUNCTION } from "./limits.js";
import type { GoField, TypeTable } from "./types.js";
import type { Variables } from "./variables.js";

const CLOSURE = /^(?:noalg\.)?struct \{ (?:\w+\.|\.)?F uintptr/;

/** What a closure object holds behind the address of its code. */
type Capture = Pick<GoField, "name" | "offset" | "type">;

/**
 * Makes struct types of closure objects, one of each function: { F uintptr; captured variables }. Asked with an address that starts no
 * function it answers NONE.
 */
export function closureTypes(
  process: { readonly memory: AddressSpace; readonly arch: Arch },
  functions: FunctionTable,
  types: TypeTable,
  variables: Variables,
): (entry: Address) => TypeId {
  const known = new Map<Address, TypeId>();
  /** By the function that makes them; one may make many. */
  const made = new Map<GoFunction, ReadonlyMap<Address, TypeId>>();
  const madeBy = (maker: GoFunction) => {
    const closures = made.get(maker) ?? closuresOf(process, functions, types, maker);
    made.set(maker, closures);
    return closures;
  };
  return (entry) => {
    let type = known.get(entry);
    if (type !== undefined) return type;
    const fn = functions.find(entry);
    if (!fn || fn.entry !== entry) return NONE;
    // DWARF has the names, where it has any; the code that makes the closure has what DWARF leaves out.
    const named = variables.captures(entry) ?? receiver(types, fn.name) ?? [];
    const captures = allocatedCaptures(types, fn, makers(functions, fn).map(madeBy));
    const all = captures?.map((each) => named.find(({ offset }) => offset === each.offset) ?? each);
    type = closureStruct(types, fn.name, all ?? named);
    known.set(entry, type);
    return type;
  };
}

function closureStruct(types: TypeTable, name: string, captures: readonly Capture[]): TypeId {
  const size = captures.reduce((most, each) => Math.max(most, each.offset + types.get(each.type).size), WORD);
  return types.synthetic({
    name: `func ${name}`,
    kind: "struct",
    size: Math.ceil(size / WORD) * WORD,
    rtype: 0,
    fields: () => [
      { name: "F", offset: 0, type: types.byName("uintptr"), embedded: false },
      ...captures.map(({ name, offset, type }) => ({ name, offset, type, embedded: false })),
    ],
  });
}

/** A method value ("main.(*T).Close-fm") captures its receiver. */
function receiver(types: TypeTable, name: string): readonly Capture[] | undefined {
  const match = /^(.*)\.(?:\(\*(.+)\)|([^.()]+))\.[^.]+-fm$/.exec(name);
  if (!match) return undefined;
  const type = types.byName(match[2] === undefined ? `${match[1]}.${match[3]}` : `*${match[1]}.${match[2]}`);
  return type === NONE ? undefined : [{ name: "R", offset: WORD, type }];
}

/**
 * The variables that a closure holds, for those that DWARF tells nothing of: before Go 1.23, and what go and defer statements are
 * wrapped in. Their names are the compiler's: X0, X1.
 * @param made  closures of the functions that may make it
 * @returns undefined when none makes it, or makes it on its stack only
 */
function allocatedCaptures(
  types: TypeTable,
  closure: GoFunction,
  made: readonly ReadonlyMap<Address, TypeId>[],
): readonly GoField[] | undefined {
  const type = made.find((each) => each.has(closure.entry))?.get(closure.entry);
  return type === undefined ? undefined : types.get(type).fields.slice(1);
}

/** The types of the closures that a function's code allocates, by the entries of their own code. */
function closuresOf(
  process: { readonly memory: AddressSpace; readonly arch: Arch },
  functions: FunctionTable,
  types: TypeTable,
  maker: GoFunction,
): ReadonlyMap<Address, TypeId> {
  const found = new Map<Address, TypeId>();
  const { module } = maker;
  let last: { readonly pc: Address; readonly type: TypeId } | undefined;
  for (const { pc, address } of formedAddresses(process, maker)) {
    if (address >= module.types && address < module.etypes) {
      const type = types.byRtype(address);
      if (type !== NONE && CLOSURE.test(types.get(type).name)) last = { pc, type };
    } else if (address >= module.text && address < module.etext && functions.find(address)?.entry === address) {
      if (last && pc - last.pc <= FARTHEST_CAPTURE && !found.has(address)) found.set(address, last.type);
      // The type is of one closure only.
      last = undefined;
    }
  }
  return found;
}

/** Addresses that a function's code forms, in its order. */
function* formedAddresses(
  { memory, arch }: { readonly memory: AddressSpace; readonly arch: Arch },
  fn: GoFunction,
): Iterable<{ readonly pc: Address; readonly address: Address }> {
  const size = fn.end - fn.entry;
  const bytes = size > 0 && size <= LONGEST_FUNCTION ? memory.tryBytes(fn.entry, size) : undefined;
  if (!bytes) return;
  /** By register: the page that arm64 adds the rest to. */
  const pages = new Map<number, number>();
  for (const each of decodeAll(machineOf(arch), bytes, fn.entry)) {
    if (each.action === "address" && each.of.base < 0 && each.of.index < 0) yield { pc: each.pc, address: each.of.offset };
    else if (each.action === "move" && each.to.kind === "register" && each.from.kind === "constant")
      pages.set(each.to.register, each.from.value);
    else if (each.action === "add" && each.a.kind === "register" && each.b.kind === "constant") {
      const page = pages.get(each.a.register);
      if (page !== undefined) yield { pc: each.pc, address: page + each.sign * each.b.value };
    }
  }
}

/** "main.serve.func2.deferwrap1" is made by main.serve.func2, or by main.serve when that was inlined. */
function makers(functions: FunctionTable, { name }: GoFunction): readonly GoFunction[] {
  const found: GoFunction[] = [];
  const from = name.lastIndexOf("/") + 1;
  for (let end = name.lastIndexOf("."); end > from && found.length < 2; end = name.lastIndexOf(".", end - 1)) {
    const maker = functions.byName(name.slice(0, end));
    if (maker) found.push(maker);
  }
  return found;
}
