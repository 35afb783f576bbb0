// The session's frame on the terminal: one text, drawn again when the session says so.
import { Text } from "ink";
import { useSyncExternalStore } from "react";
import type { Session } from "./session.js";

/** Draws whatever the session shows. All lines fit the terminal: nothing is wrapped here. */
export function App({ session }: { readonly session: Session }) {
  const frame = useSyncExternalStore(
    (listener) => session.listen(listener),
    () => session.frame(),
  );
  return <Text wrap="truncate">{frame.lines.map((line) => (line === "" ? " " : line)).join("\n")}</Text>;
}
