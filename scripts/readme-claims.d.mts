import type { Command } from "commander";

export function pages(root: string): string[];
export function referenceOf(program: Command): string;
export function untrueClaims(
  file: string,
  text: string,
  makeProgram: (run: () => void) => Command,
  exit: Readonly<Record<string, number>>,
  root: string,
): string[];
