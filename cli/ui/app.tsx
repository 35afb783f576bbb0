// The session's frame on the terminal: a text for each line, drawn again when the session says so.
import { Box, type Instance, render, Text } from "ink";
import { memo, useSyncExternalStore } from "react";
import type { Session } from "./session.js";

/** Draws whatever the session shows. All lines fit the terminal: nothing is wrapped here. */
export function App({ session }: { readonly session: Session }) {
  const frame = useSyncExternalStore(
    (listener) => session.listen(listener),
    () => session.frame(),
  );
  return (
    <Box flexDirection="column">
      {frame.lines.map((line, row) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a line is what stands in its row.
        <Row key={row} line={line} />
      ))}
    </Box>
  );
}

/** The app on a stream that takes whole frames. */
export function mount(session: Session, stdout: NodeJS.WriteStream): Instance {
  return render(<App session={session} />, { stdout, debug: true, exitOnCtrlC: false, patchConsole: false });
}

/** ink keeps the measure of every text it ever saw: of a line, which comes again, not of a whole frame, which does not. */
const Row = memo(({ line }: { readonly line: string }) => <Text wrap="truncate">{line === "" ? " " : line}</Text>);
