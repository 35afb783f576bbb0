// Bytes from a terminal as names of keys. A chunk may hold many keys, or half of one.

/** "j", "enter", "ctrl-d", "pagedown"; pasted text is one key, "paste:" and the text. */
export type Key = string;

/** Ends of escape sequences. Terminals differ in home and end: H and F are xterm's, 1~ and 4~ the Linux console's, 7~ and 8~ rxvt's. */
const sequences: Readonly<Record<string, Key>> = {
  A: "up",
  B: "down",
  C: "right",
  D: "left",
  H: "home",
  F: "end",
  Z: "shift-tab",
  "1~": "home",
  "3~": "delete",
  "4~": "end",
  "5~": "pageup",
  "6~": "pagedown",
  "7~": "home",
  "8~": "end",
};

/** Bracketed paste: the terminal marks what was pasted, so that it is not taken for commands. */
const pasteBegin = "\u001b[200~";
const pasteEnd = "\u001b[201~";
// CSI, SS3, or a lone escape with what may follow it.
const sequence = /^\u001b(?:\[([0-9;?]*)([@-~])|O([A-Z]))/;
/** What may go on in the next chunk: it is held back for a moment. */
const unfinished = /^\u001b(?:\[[0-9;?]*|O)?$/;

/** Splits chunks into keys. */
export interface KeyReader {
  /** The keys that are whole now. */
  read(chunk: string): readonly Key[];
  /** What was held back because it may have been the beginning of a sequence; called a moment after the last chunk. */
  flush(): readonly Key[];
  /** Something is held back. */
  isHolding(): boolean;
}

/** A reader without keys so far; one for each terminal, since it holds back halves. */
export function makeKeyReader(): KeyReader {
  let held = "";
  return {
    read(chunk) {
      const { keys, rest } = split(held + chunk);
      held = rest;
      return keys;
    },
    flush() {
      const text = held;
      held = "";
      if (text === "") return [];
      // A paste whose end never came is what there is of it; an escape before letters is the key, then they.
      return text.startsWith(pasteBegin) ? [`paste:${text.slice(pasteBegin.length)}`] : ["escape", ...[...text.slice(1)]];
    },
    isHolding: () => held !== "",
  };
}

/** The keys that are whole, and the rest that may be the beginning of one. */
function split(text: string): { keys: Key[]; rest: string } {
  const keys: Key[] = [];
  let rest = text;
  while (rest !== "") {
    if (rest.startsWith(pasteBegin)) {
      const end = rest.indexOf(pasteEnd);
      if (end < 0) return { keys, rest };
      keys.push(`paste:${rest.slice(pasteBegin.length, end)}`);
      rest = rest.slice(end + pasteEnd.length);
    } else if (rest.startsWith("\u001b")) {
      // The next chunk may bring the rest.
      if (unfinished.test(rest)) return { keys, rest };
      const match = sequence.exec(rest);
      if (match) {
        const key = sequences[match[3] ?? `${match[2] === "~" ? match[1].split(";")[0] : ""}${match[2]}`];
        // Sequences that mean nothing here, as F5, are passed over whole.
        if (key) keys.push(key);
        rest = rest.slice(match[0].length);
      } else {
        keys.push("escape");
        rest = rest.slice(1);
      }
    } else {
      const character = String.fromCodePoint(rest.codePointAt(0) as number);
      keys.push(plainKey(character));
      rest = rest.slice(character.length);
    }
  }
  return { keys, rest };
}

/** A character as a key; control characters by their letter. */
function plainKey(character: string): Key {
  const code = character.charCodeAt(0);
  if (character === "\r" || character === "\n") return "enter";
  if (character === "\t") return "tab";
  if (code === 0x7f || code === 0x08) return "backspace";
  // ctrl-a is 1: its letter is 0x60 further on.
  if (code < 0x20) return `ctrl-${String.fromCharCode(code + 0x60)}`;
  return character;
}
