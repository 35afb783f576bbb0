// What code tells of a pointer in a frame: functions as Go's compiler writes them, as bytes.
import { describe, expect, it } from "vitest";
import { ARCHES } from "../../src/base/arch.js";
import { Findings } from "../../src/base/findings.js";
import { CodePointers } from "../../src/heap/code-pointers.js";
import { numberObjects } from "../../src/heap/objects.js";
import { KIND_STEP, POINTER, pointerKinds } from "../../src/heap/pointer-kinds.js";
import { mapsOf } from "../../src/runtime/maps/maps.js";
import type { GoRuntime } from "../../src/runtime/runtime.js";
import type { StackRoot } from "../../src/runtime/stack-roots.js";
import type { Frame } from "../../src/runtime/unwind.js";
import type { PointerMasks } from "../../src/runtime/variants/pointer-masks.js";
import { layoutOf, MemoryBuilder, SWISS_STRUCTS, TypeBuilder } from "../support/memory-builder.js";
import { spansOf } from "../support/span-builder.js";

type ArchName = "amd64" | "arm64";
/** Bytes in hexadecimal digits, a call, or the address of a type into the first argument register. */
type Part = string | { readonly call: string } | { readonly type: number };

const NODE = 0x200000;
const OTHER = 0x201000;
const SMALL = 0x202000;
const HEAP = 0xc000000000;
const SP = 0x7000;
const ENTRIES: Readonly<Record<string, number>> = { f: 0x1000, g: 0x2000 };
/** Where functions without code lie, in the order that they are named in. */
const RUNTIME = 0x10000;

const word = (value: number) => Buffer.from(new Int32Array([value]).buffer).toString("hex");

class Program {
  readonly types = new TypeBuilder();
  private readonly names: string[] = [];
  private readonly code = new Map<string, Uint8Array>();
  /** Bytes of the function before its first n parts end. */
  readonly ends = new Map<string, readonly number[]>();
  readonly arch: ArchName;
  stackObjects: { offset: number; size: number }[] = [];

  constructor(arch: ArchName) {
    this.arch = arch;
    const int = this.types.add("int", "int", 8);
    const other = this.types.add("main.Other", "struct", 64, { rtype: OTHER });
    const node = this.types.add("main.Node", "struct", 64, { rtype: NODE });
    const pointer = this.types.add("*main.Node", "pointer", 8, { element: node });
    const toOther = this.types.add("*main.Other", "pointer", 8, { element: other });
    this.types.change(node, {
      fields: [
        ["next", 0, pointer],
        ["other", 8, toOther],
        ["n", 16, int],
      ],
    });
    this.types.change(other, { fields: [["next", 0, toOther]] });
    this.types.add("main.Small", "struct", 16, { rtype: SMALL, fields: [["next", 0, pointer]] });
  }

  private entry(name: string): number {
    if (ENTRIES[name] !== undefined) return ENTRIES[name];
    if (!this.names.includes(name)) this.names.push(name);
    return RUNTIME + this.names.indexOf(name) * 0x100;
  }

  /** @param as  its name */
  fn(key: "f" | "g", ...parts: readonly Part[]): this {
    const start = ENTRIES[key];
    let hex = "";
    const ends: number[] = [];
    for (const part of parts) {
      hex += typeof part === "string" ? part.replace(/\s/g, "") : this.encode(part, start + hex.length / 2);
      ends.push(hex.length / 2);
    }
    this.code.set(
      key,
      Uint8Array.from(hex.match(/../g) ?? [], (each) => Number.parseInt(each, 16)),
    );
    this.ends.set(key, ends);
    return this;
  }

  private encode(part: Exclude<Part, string>, at: number): string {
    if ("call" in part) {
      const target = this.entry(part.call);
      // CALL rel32; BL
      return this.arch === "amd64" ? `e8${word(target - at - 5)}` : word((((target - at) / 4) & 0x3ffffff) | 0x94000000);
    }
    // LEAQ disp32(IP), AX; ADRP, ADD $0, R0
    if (this.arch === "amd64") return `488d05${word(part.type - at - 7)}`;
    const pages = (part.type - (at & ~0xfff)) / 0x1000;
    return word(0x90000000 | ((pages & 3) << 29) | ((pages >> 2) << 5)) + word(0x91000000 | 0);
  }

  /** Of the pointer to an object in the slot 0x30(SP) of a frame that stands in the call which is its function's n-th part. */
  told(part: number, { name = "main.f", size = 64, noscan = false, caller = undefined as undefined | { part: number } } = {}) {
    const { types, arch, code } = this;
    const names: Readonly<Record<string, string>> = { f: name, g: "main.g" };
    const functions = ["f", "g", ...this.names].map((key) => {
      const entry = this.entry(key);
      return { name: names[key] ?? key, entry, end: entry + (code.get(key)?.length ?? 0x10) };
    });
    const find = (pc: number) => functions.find(({ entry, end }) => pc >= entry && pc < end);
    const memory = {
      tryBytes: (address: number, length: number) => {
        const key = Object.keys(ENTRIES).find((each) => ENTRIES[each] === address);
        return key === undefined ? undefined : code.get(key)?.subarray(0, length);
      },
      tryAddress: () => undefined,
    };
    const runtime = {
      types,
      process: { arch: ARCHES[arch], memory },
      functions: { find },
      maps: mapsOf(layoutOf(SWISS_STRUCTS)),
      closureType: () => -1,
      goroutines: { stackMaps: { at: () => ({ objects: this.stackObjects }) } },
    } as unknown as GoRuntime;
    const slots = { elementSize: size, elements: 1, freeIndex: 1, allocBits: 0, allocCount: 1 };
    const spans = spansOf([{ base: HEAP, pages: 1, ...slots, noscan, sizeClass: 6 }]);
    const masks: PointerMasks = { kindOf: () => "bitmap", spanBits: () => false, typeMask: () => undefined };
    const objects = numberObjects(new MemoryBuilder(HEAP, 8192).memory(), spans, masks, new Findings());
    const pushed = arch === "amd64" ? 8 : 0;
    const frame = (key: string, part: number, sp: number, fp: number): Frame => {
      const pc = ENTRIES[key] + (this.ends.get(key)?.[part] ?? 0);
      return { fn: find(pc - 1), pc, symbolPc: pc - 1, sp, fp, varp: fp - pushed, argp: fp } as unknown as Frame;
    };
    const frames = [frame("f", part, SP, SP + 0x50), ...(caller ? [frame("g", caller.part, SP + 0x50, SP + 0x90)] : [])];
    const root: StackRoot = { slot: SP + 0x30, value: HEAP, frame: 0, certain: true, what: "local" };
    const kinds = pointerKinds(types);
    const found = new CodePointers(runtime, kinds, objects).at(frames, root, 0);
    if (!found) return undefined;
    const kind = found.code % KIND_STEP;
    const type = kind === POINTER.string ? "string" : types.get((found.code - kind) / KIND_STEP).name;
    return `${kind === POINTER.array ? "[]" : ""}${type} by ${found.evidence}`;
  }
}

/** Instructions by the name that both architectures have them under here. */
const ASM = {
  amd64: {
    spill: "4889442430", // MOVQ AX, 0x30(SP)
    reload: "488b442430", // MOVQ 0x30(SP), AX
    second: "4889c3", // MOVQ AX, BX
    loadOther: "488b4008", // MOVQ 8(AX), AX
    clear: "31c0", // XORL AX, AX
    sixtyFour: "b840000000", // MOVL $64, AX
    address: "488d442430", // LEAQ 0x30(SP), AX
    ret: "c3",
  },
  arm64: {
    spill: "e01b00f9", // MOVD R0, 48(RSP)
    reload: "e01b40f9", // MOVD 48(RSP), R0
    second: "e10300aa", // MOVD R0, R1
    loadOther: "000440f9", // MOVD 8(R0), R0
    clear: "000080d2", // MOVD $0, R0
    sixtyFour: "e0037ab2", // ORR $64, ZR, R0
    address: "e0c30091", // ADD $48, RSP, R0
    ret: "c0035fd6",
  },
} as const;

const wait = { call: "main.wait" };

describe.each(["amd64", "arm64"] as const)("a pointer in a frame of %s", (arch) => {
  const asm = ASM[arch];
  const program = () => new Program(arch);

  it("leads to what was allocated", () => {
    const made = (call: string) => program().fn("f", { type: NODE }, { call }, asm.spill, wait, asm.ret);
    expect(made("runtime.newobject").told(3)).toBe("main.Node by allocation");
    expect(made("runtime.makeslice").told(3)).toBe("[]main.Node by allocation");
    expect(made("runtime.mapaccess1").told(3)).toBeUndefined();
    expect(program().fn("f", { call: "runtime.concatstring2" }, asm.spill, wait, asm.ret).told(2, { noscan: true })).toBe(
      "string by allocation",
    );
  });

  it("leads to one value or to an array of them, as the size says that the allocator was given", () => {
    const made = (size: string) =>
      program()
        .fn("f", { type: NODE }, asm.second, size, { call: "runtime.mallocgcSmallScanNoHeaderSC6" }, asm.spill, wait, asm.ret)
        .told(5);
    expect(made(asm.sixtyFour)).toBe("main.Node by allocation");
    expect(made(asm.clear)).toBe("[]main.Node by allocation");
    expect(made(asm.reload)).toBeUndefined();
  });

  it("is not believed to lead to what the object's slot cannot hold", () => {
    const made = program().fn("f", { type: NODE }, { call: "runtime.newobject" }, asm.spill, wait, asm.ret);
    expect(made.told(3, { size: 128 })).toBeUndefined();
    expect(made.told(3, { noscan: true })).toBeUndefined();
  });

  it("leads to what the field is of that it was loaded from", () => {
    const code = [{ type: NODE }, { call: "runtime.newobject" }, asm.loadOther, asm.spill, wait, asm.ret] as const;
    expect(
      program()
        .fn("f", ...code)
        .told(4),
    ).toBe("main.Other by field");
  });

  it("is the receiver, by the method's name; functions inside a method are none", () => {
    const spilled = () => program().fn("f", asm.spill, wait, asm.ret);
    expect(spilled().told(1, { name: "main.(*Node).Wait" })).toBe("main.Node by receiver");
    for (const name of ["main.(*Node).Wait.func1", "main.(*Node).Wait-fm", "main.(*Missing).Wait", "main.Node"])
      expect(spilled().told(1, { name }), name).toBeUndefined();
  });

  it("is the receiver of a generic type where that has one instantiation", () => {
    const spilled = program().fn("f", asm.spill, wait, asm.ret);
    const fields = [["next", 0, spilled.types.byName("*main.Node")]] as const;
    const name = "main.(*List[...]).Wait";
    expect(spilled.told(1, { name })).toBeUndefined();
    spilled.types.add("main.List[int]", "struct", 64, { fields });
    expect(spilled.told(1, { name })).toBe("main.List[int] by receiver");
    spilled.types.add("main.List[string]", "struct", 64, { fields });
    expect(spilled.told(1, { name })).toBeUndefined();
  });

  it("is what the caller passed", () => {
    const called = program()
      .fn("f", asm.spill, wait, asm.ret)
      .fn("g", { type: OTHER }, { call: "runtime.newobject" }, { call: "f" }, asm.ret);
    expect(called.told(1, { caller: { part: 2 } })).toBe("main.Other by caller");
    expect(called.told(1)).toBeUndefined();
  });

  it("is what a function gave back that it was called with", () => {
    const code = [{ type: OTHER }, { call: "runtime.newobject" }, { call: "g" }, asm.spill, wait, asm.ret] as const;
    expect(
      program()
        .fn("f", ...code)
        .fn("g", asm.ret)
        .told(4),
    ).toBe("main.Other by caller");
  });

  it("is what a method takes that it is passed to, also behind the next call", () => {
    const used = (call: string) => program().fn("f", { call: "main.load" }, asm.spill, wait, asm.reload, { call }, asm.ret).told(2);
    expect(used("main.(*Node).Close")).toBe("main.Node by use");
    expect(used("main.close")).toBeUndefined();
  });

  it("is what it is made an interface of", () => {
    const code = [
      { call: "main.load" },
      asm.spill,
      wait,
      asm.reload,
      asm.second,
      { type: NODE },
      { call: "fmt.Println" },
      asm.ret,
    ] as const;
    expect(
      program()
        .fn("f", ...code)
        .told(2),
    ).toBe("main.Node by use");
  });

  it("is nothing where the code says two things that the object can be", () => {
    const close = (name: string) => [asm.reload, { call: `main.(*${name}).Close` }] as const;
    const both = (...names: string[]) =>
      program()
        .fn("f", { call: "main.load" }, asm.spill, wait, ...names.flatMap(close), asm.ret)
        .told(2);
    expect(both("Node", "Other")).toBeUndefined();
    // An object of 64 bytes is no main.Small: that is a first field of it.
    expect(both("Node", "Small")).toBe("main.Node by use");
  });

  it("lies in a value on the stack whose address a method takes", () => {
    const taken = program().fn("f", asm.address, { call: "main.(*Small).Fill" }, wait, asm.ret);
    expect(taken.told(2)).toBeUndefined();
    taken.stackObjects = [{ offset: arch === "amd64" ? -0x18 : -0x20, size: 16 }];
    expect(taken.told(2)).toBe("main.Node by stack object");
  });

  it("is not told of a large value that a loop goes over word by word", () => {
    // LEAQ -0x10000(SP), AX; ADDQ $8, AX; JMP -6
    const loop = { amd64: ["488d84240000ffff", "4883c008", "ebfa"], arm64: ["e04340d1", "00200091", "ffffff17"] };
    const taken = program().fn("f", wait, ...loop[arch]);
    taken.stackObjects = [{ offset: -0x11000, size: 0x11000 }];
    expect(taken.told(0)).toBeUndefined();
  });
});

describe("a comparison with a type", () => {
  it("ends what is believed: behind it an interface's data word is used as of that type", () => {
    // MOVQ 0x30(SP), AX; LEAQ type, CX; CMPQ CX, DX; JNE over the call; CALL
    const lea = `488d0d${word(OTHER - 0x1000 - 27)}`;
    const switched = (compare: string) =>
      new Program("amd64")
        .fn(
          "f",
          { call: "main.load" },
          ASM.amd64.spill,
          wait,
          ASM.amd64.reload,
          lea,
          compare,
          "7505",
          { call: "main.(*Other).Close" },
          "c3",
        )
        .told(2);
    expect(switched("4839d1")).toBeUndefined();
    expect(switched("4839d3")).toBe("main.Other by use");
  });
});
