// The part of elfy 1.0.0 (CommonJS, no types of its own) that header.ts uses.
declare module "elfy" {
  interface ElfyHeader {
    readonly class: string;
    readonly endian: string;
    readonly type: string | undefined;
    readonly machine: string | undefined;
    readonly entry: number;
    readonly phoff: number;
    readonly shoff: number;
    readonly phentsize: number;
    readonly phnum: number;
    readonly shentsize: number;
    readonly shnum: number;
    readonly shstrndx: number;
  }
  interface ElfyProgram {
    readonly type: string | undefined;
    readonly offset: number;
    readonly vaddr: number;
    readonly filesz: number;
    readonly memsz: number;
    readonly flags: Readonly<Record<string, boolean>>;
  }
  class Parser {
    parseHeader(bytes: Uint8Array): ElfyHeader;
    parsePrograms(bytes: Uint8Array, header: ElfyHeader): ElfyProgram[];
  }
  const elfy: { readonly Parser: typeof Parser };
  export default elfy;
}
