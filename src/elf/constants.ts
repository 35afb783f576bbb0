// Names and numbers of the ELF format that we read. gABI chapters 4 and 5; elf.h of Linux.

/** Program header types. */
export const PT_LOAD = 1;
export const PT_NOTE = 4;
export const PT_PHDR = 6;

/** Bits of p_flags. */
export const PF_X = 1;
export const PF_W = 2;
export const PF_R = 4;

/** e_phnum when the real count is sh_info of section 0. */
export const PN_XNUM = 0xffff;

/** Section types. */
export const SHT_SYMTAB = 2;
export const SHT_NOTE = 7;
export const SHT_NOBITS = 8;
export const SHT_DYNSYM = 11;

/** Section flags: writable, in memory, code; the contents begin with Elf64_Chdr. */
export const SHF_WRITE = 1;
export const SHF_ALLOC = 2;
export const SHF_EXECINSTR = 4;
export const SHF_COMPRESSED = 0x800;
export const ELFCOMPRESS_ZLIB = 1;
export const ELFCOMPRESS_ZSTD = 2;

/** Section indexes with a meaning of their own. */
export const SHN_UNDEF = 0;
export const SHN_LORESERVE = 0xff00;
export const SHN_XINDEX = 0xffff;

/** Symbol types (low half of st_info) that name an address. */
export const STT_NOTYPE = 0;
export const STT_OBJECT = 1;
export const STT_FUNC = 2;

/** Sizes of Elf64_Ehdr, Elf64_Phdr, Elf64_Shdr, Elf64_Sym, Elf64_Chdr. */
export const EHDR_SIZE = 64;
export const PHDR_SIZE = 56;
export const SHDR_SIZE = 64;
export const SYM_SIZE = 24;
export const CHDR_SIZE = 24;

/** Note types of cores; owner "CORE" (kernel, gdb) or "" (delve). */
export const NT_PRSTATUS = 1;
export const NT_PRPSINFO = 3;
export const NT_AUXV = 6;
export const NT_FILE = 0x46494c45;
export const NT_SIGINFO = 0x53494749;
/** Delve's own note: "Target Pid: ..." and "Entry Point: ..." lines. */
export const NT_DELVE_HEADER = 0x444c5645;

/** Build id notes: owner "GNU" and owner "Go". */
export const NT_GNU_BUILD_ID = 3;
export const NT_GO_BUILD_ID = 4;
