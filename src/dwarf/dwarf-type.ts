// What debug information says of a type.
import type { Bytes } from "../base/units.js";

/** What every type has. */
interface Common {
  /** Of the DIE in .debug_info; -1 for `void` and for what damage hides. Same offset, same object. */
  readonly offset: number;
  /** With the full import path, "internal/abi.Type"; "" for C's unnamed types. */
  readonly name: string;
  readonly size: Bytes;
  /** reflect.Kind; 0 unknown (C types, and pointers the linker made). */
  readonly goKind: number;
  /**
   * DW_AT_go_runtime_type: offset of the descriptor from moduledata.types, 0 = none kept.
   * Go 1.21 and 1.22 write the absolute link-time address for `uintptr`; it is given as it stands.
   */
  readonly runtimeType: number;
}

/** A field of a struct; unexported fields of anonymous structs have qualified names ("runtime.base"). */
export interface DwarfField {
  readonly name: string;
  readonly offset: Bytes;
  readonly type: DwarfType;
  readonly embedded: boolean;
}

/**
 * A type. Links to other types are made when read (types are recursive), and never throw: a link that damage broke
 * leads to an empty struct named "?" and a finding "dwarf-damaged".
 */
export type DwarfType = Common &
  /** Numbers and bool; DW_ATE_*. Enumerations of C are here too. */
  (
    | { readonly kind: "base"; readonly encoding: "bool" | "int" | "uint" | "float" | "complex" }
    /** target undefined: unsafe.Pointer, void*. */
    | { readonly kind: "pointer"; readonly target: DwarfType | undefined }
    /** element: DW_AT_go_elem of slices. */
    | { readonly kind: "struct"; readonly fields: readonly DwarfField[]; readonly element: DwarfType | undefined }
    /** Several dimensions are one array of their product. */
    | { readonly kind: "array"; readonly element: DwarfType; readonly count: number }
    /** key, element: of maps and channels. dictionaryIndex: of `.paramN` in shaped functions, else -1. C's const and volatile are typedefs. */
    | {
        readonly kind: "typedef";
        readonly target: DwarfType;
        readonly key: DwarfType | undefined;
        readonly element: DwarfType | undefined;
        readonly dictionaryIndex: number;
      }
    | { readonly kind: "function" }
  );
