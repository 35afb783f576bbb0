// What to type before the next crash, for what this core lacks.
import { formatBytes } from "../../src/base/units.js";
import type { doctor } from "../../src/query/doctor.js";
import { type Page, proseWidth } from "../text/style.js";
import { wrapText } from "../text/wrap.js";

type Setting = ReturnType<typeof doctor.run>["settings"][number];
type Under = Setting["under"];

/** Why, and the lines to type: of one way to run a program, or of all where it is not known. */
interface Advice {
  readonly why: string;
  readonly type: Readonly<Partial<Record<Under, readonly string[]>>> & { readonly unknown: readonly string[] };
}

/** A setting as lines: a sentence, then what to type. */
export function settingLines(setting: Setting, page: Page): string[] {
  const { why, type } = ADVICE[setting.id](setting);
  const lines = type[setting.under] ?? type.unknown;
  return [...wrapText(`  ${why}`, proseWidth(page), "  "), ...lines.map((line) => `    ${line}`)];
}

const ADVICE: Readonly<Record<Setting["id"], (setting: Setting) => Advice>> = {
  "core-size": ({ bytes = 0 }) => ({
    why: `A whole core is ${formatBytes(bytes)}: raise the limit, and have as much room where it is written.`,
    type: {
      unknown: [
        "ulimit -c unlimited                      # the shell that starts it",
        "docker run --ulimit core=-1              # a container",
        ...SYSTEMD_UNIT,
        ...systemdCoredump(bytes),
      ],
      systemd: [...SYSTEMD_UNIT, ...systemdCoredump(bytes)],
      kubernetes: [
        "kubectl exec POD -- grep core /proc/1/limits    # the container runtime's limit",
        "kubectl exec POD -- df -h /cores                # room on the volume of core_pattern",
      ],
    },
  }),
  filter: () => ({
    why: "The kernel was told to leave memory out: 0x33 is its default, which is inherited from the shell.",
    type: {
      unknown: ["echo 0x33 > /proc/self/coredump_filter   # then start the program"],
      systemd: ["CoredumpFilter=default                   # [Service] of the unit"],
      kubernetes: ["command: [sh, -c, 'echo 0x33 > /proc/self/coredump_filter; exec /server']"],
    },
  }),
  executable: () => ({
    why: "Keep the very executable beside the core, while its process or its image is there.",
    type: {
      unknown: ["cp /proc/PID/exe server", "docker cp CONTAINER:/server server"],
      systemd: ["cp /proc/PID/exe server"],
      kubernetes: ["kubectl cp POD:/server server"],
    },
  }),
  debug: () => ({
    why: "Keep the debug information of what is stripped, or do not strip it (no -ldflags='-s -w').",
    type: { unknown: ["objcopy --only-keep-debug server server.debug   # before strip"] },
  }),
  traceback: () => ({
    why: "A crash of this program leaves no core: its environment lacks GOTRACEBACK=crash (debug.SetTraceback does the same).",
    type: {
      unknown: ["GOTRACEBACK=crash ./server"],
      systemd: ["Environment=GOTRACEBACK=crash            # [Service] of the unit"],
      kubernetes: ["env: [{ name: GOTRACEBACK, value: crash }]"],
    },
  }),
  pattern: () => ({
    why: "Know where the kernel writes the core: the pattern is the node's, not the container's.",
    type: {
      unknown: ["cat /proc/sys/kernel/core_pattern"],
      systemd: ["cat /proc/sys/kernel/core_pattern", "coredumpctl dump PID -o core             # when it begins with |"],
      kubernetes: [
        "echo /cores/core.%h.%P.%t > /proc/sys/kernel/core_pattern   # on the node; mount a volume at /cores",
        "linuxConfig: { sysctl: { kernel.core_pattern: /cores/core.%h.%P.%t } }   # GKE, where the node pool takes it",
      ],
    },
  }),
};

const SYSTEMD_UNIT = ["LimitCORE=infinity                       # systemd: [Service] of the unit"];

/** systemd-coredump cuts a core above ProcessSizeMax and keeps none above ExternalSizeMax. coredump.conf(5) */
function systemdCoredump(bytes: number): string[] {
  const size = `${Math.ceil(bytes / 2 ** 30) * 2}G`;
  return [
    `ProcessSizeMax=${size.padEnd(26)}# systemd: [Coredump] of /etc/systemd/coredump.conf`,
    `ExternalSizeMax=${size.padEnd(25)}# the same`,
  ];
}
