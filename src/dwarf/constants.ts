// Numbers of the DWARF standard under the standard's own names, and Go's extensions (cmd/internal/dwarf).

/** DW_TAG_*: what a DIE is. DWARF 5 section 7.5.3. */
export const DW_TAG = {
  // Types, what stands inside them, and code with its variables; the others are stepped over.
  array_type: 0x01,
  class_type: 0x02,
  enumeration_type: 0x04,
  formal_parameter: 0x05,
  lexical_block: 0x0b,
  member: 0x0d,
  pointer_type: 0x0f,
  reference_type: 0x10,
  structure_type: 0x13,
  subroutine_type: 0x15,
  typedef: 0x16,
  union_type: 0x17,
  inlined_subroutine: 0x1d,
  subrange_type: 0x21,
  base_type: 0x24,
  const_type: 0x26,
  constant: 0x27,
  subprogram: 0x2e,
  variable: 0x34,
  volatile_type: 0x35,
  restrict_type: 0x37,
  unspecified_type: 0x3b,
  rvalue_reference_type: 0x42,
  atomic_type: 0x47,
} as const;

/** DW_AT_*: attributes of DIEs; go_* are those of cmd/internal/dwarf. DWARF 5 section 7.5.4. */
export const DW_AT = {
  location: 0x02,
  name: 0x03,
  byte_size: 0x0b,
  low_pc: 0x11,
  high_pc: 0x12,
  language: 0x13,
  const_value: 0x1c,
  producer: 0x25,
  upper_bound: 0x2f,
  abstract_origin: 0x31,
  count: 0x37,
  data_member_location: 0x38,
  decl_line: 0x3b,
  encoding: 0x3e,
  frame_base: 0x40,
  specification: 0x47,
  type: 0x49,
  variable_parameter: 0x4b,
  ranges: 0x55,
  data_bit_offset: 0x6b,
  // Since DWARF 5: where the tables begin that indexed forms count from.
  str_offsets_base: 0x72,
  addr_base: 0x73,
  rnglists_base: 0x74,
  loclists_base: 0x8c,
  GNU_addr_base: 0x2133,
  // Go: reflect.Kind; of maps and channels the key and element; whether a field is embedded; where the descriptor lies; the name in
  // the package clause; the place in a dictionary of type arguments; the place in a closure.
  go_kind: 0x2900,
  go_key: 0x2901,
  go_elem: 0x2902,
  go_embedded_field: 0x2903,
  go_runtime_type: 0x2904,
  go_package_name: 0x2905,
  go_dict_index: 0x2906,
  go_closure_offset: 0x2907,
} as const;

/**
 * DW_FORM_*: how the value of an attribute is written. DWARF 5 section 7.5.6; the GNU ones are those of split and supplementary files.
 */
export const DW_FORM = {
  addr: 0x01,
  block2: 0x03,
  block4: 0x04,
  data2: 0x05,
  data4: 0x06,
  data8: 0x07,
  string: 0x08,
  block: 0x09,
  block1: 0x0a,
  data1: 0x0b,
  flag: 0x0c,
  sdata: 0x0d,
  strp: 0x0e,
  udata: 0x0f,
  ref_addr: 0x10,
  ref1: 0x11,
  ref2: 0x12,
  ref4: 0x13,
  ref8: 0x14,
  ref_udata: 0x15,
  indirect: 0x16,
  sec_offset: 0x17,
  exprloc: 0x18,
  flag_present: 0x19,
  // Since DWARF 5, ref_sig8 since 4.
  strx: 0x1a,
  addrx: 0x1b,
  ref_sup4: 0x1c,
  strp_sup: 0x1d,
  data16: 0x1e,
  line_strp: 0x1f,
  ref_sig8: 0x20,
  implicit_const: 0x21,
  loclistx: 0x22,
  rnglistx: 0x23,
  ref_sup8: 0x24,
  strx1: 0x25,
  strx2: 0x26,
  strx3: 0x27,
  strx4: 0x28,
  addrx1: 0x29,
  addrx2: 0x2a,
  addrx3: 0x2b,
  addrx4: 0x2c,
  // What split files and dwz wrote before there was a standard for them.
  GNU_addr_index: 0x1f01,
  GNU_str_index: 0x1f02,
  GNU_ref_alt: 0x1f20,
  GNU_strp_alt: 0x1f21,
} as const;

/** DW_ATE_*: what the bytes of a base type are; all others are unsigned integers here. DWARF 5 section 7.8. */
export const DW_ATE = { boolean: 0x02, complex_float: 0x03, float: 0x04, signed: 0x05, signed_char: 0x06 } as const;

/** DW_LANG_Go. DWARF 5 section 7.12. */
export const DW_LANG_Go = 0x16;

/** DW_UT_*: kinds of units, which differ in the length of their headers. Go writes compile only. DWARF 5 section 7.5.1. */
export const DW_UT = { compile: 0x01, type: 0x02, partial: 0x03, skeleton: 0x04, split_compile: 0x05, split_type: 0x06 } as const;

/** DW_LLE_*: kinds of entries of a location list. DWARF 5 section 7.7.3. */
export const DW_LLE = {
  end_of_list: 0,
  base_addressx: 1,
  startx_endx: 2,
  startx_length: 3,
  offset_pair: 4,
  default_location: 5,
  base_address: 6,
  start_end: 7,
  start_length: 8,
} as const;

/** DW_RLE_*: kinds of entries of a range list. DWARF 5 section 7.25. */
export const DW_RLE = {
  end_of_list: 0,
  base_addressx: 1,
  startx_endx: 2,
  startx_length: 3,
  offset_pair: 4,
  base_address: 5,
  start_end: 6,
  start_length: 7,
} as const;

/** DW_OP_*: operations of expressions, those that are evaluated. DWARF 5 section 7.7.1. */
export const DW_OP = {
  addr: 0x03,
  const1u: 0x08,
  const1s: 0x09,
  const2u: 0x0a,
  const2s: 0x0b,
  const4u: 0x0c,
  const4s: 0x0d,
  const8u: 0x0e,
  const8s: 0x0f,
  constu: 0x10,
  consts: 0x11,
  dup: 0x12,
  drop: 0x13,
  over: 0x14,
  swap: 0x16,
  and: 0x1a,
  minus: 0x1c,
  mul: 0x1e,
  neg: 0x1f,
  not: 0x20,
  or: 0x21,
  plus: 0x22,
  plus_uconst: 0x23,
  shl: 0x24,
  shr: 0x25,
  xor: 0x27,
  // Each the first of 32: numbers 0 to 31, registers, registers with an offset.
  lit0: 0x30,
  reg0: 0x50,
  breg0: 0x70,
  regx: 0x90,
  fbreg: 0x91,
  bregx: 0x92,
  piece: 0x93,
  nop: 0x96,
  call_frame_cfa: 0x9c,
  implicit_value: 0x9e,
  stack_value: 0x9f,
  addrx: 0xa1,
  constx: 0xa2,
  // As addrx and constx, before DWARF 5.
  GNU_addr_index: 0xfb,
  GNU_const_index: 0xfc,
} as const;
