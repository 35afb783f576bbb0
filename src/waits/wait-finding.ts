// What is wrong with the waits of a program, as figures: the rules measure (rules.ts), cli/views makes the sentences.
import type { Hex } from "../base/units.js";
import type { Creator, FrameRow } from "../stacks/goroutine-rows.js";
import type { Cycle } from "./cycles.js";
import type { WaitKind } from "./groups.js";
import type { Evidence } from "./holders.js";
import type { WaitName } from "./places.js";
import type { WaitState } from "./state.js";

/** A thing that goroutines wait for. */
export interface WaitThing {
  readonly kind: WaitKind;
  readonly address: Hex;
  readonly name: WaitName;
  readonly state: WaitState | null;
}

/** A goroutine in a finding. */
export interface WaitWho {
  readonly id: number;
  /** The runtime's wait reason, else the status. */
  readonly state: string;
  readonly top?: FrameRow;
  readonly createdBy?: Creator;
  /** At least so long; absent when no collection saw it wait. */
  readonly waitNanoseconds?: number;
}

/** One lock of a chain and who has it. */
export interface WaitLink {
  readonly thing: WaitThing;
  readonly holder: WaitWho;
  readonly evidence: Evidence;
}

interface Figures {
  /** Goroutines wait in a circle; steps: each waits for a thing that the next one has. */
  readonly deadlock: {
    readonly steps: readonly { readonly who: WaitWho; readonly thing: WaitThing; readonly evidence: Evidence }[];
    /** All that are in circles with these. */
    readonly involved: number;
  };
  /** Goroutines wait for a lock whose holder is blocked itself; chain: the locks on the way to the last holder, his one last. */
  readonly "lock-convoy": { readonly chain: readonly WaitLink[] };
  /** Of a lock or group no goroutine is seen that goes on to release it. */
  readonly "nobody-left": { readonly thing: WaitThing };
  /** Goroutines that send, and whoever receives does not keep up, or is not there. */
  readonly "blocked-senders": {
    /** Of several channels one. */
    readonly thing: WaitThing;
    readonly channels: number;
    /** Who goes on to receive, and what it is doing; at most MOST_TOLD. */
    readonly receivers: readonly WaitWho[];
    readonly receiverCount: number;
  };
  /** They wait for a channel that is nil: for ever. */
  readonly "nil-channel": Readonly<Record<string, never>>;
  /** The goroutine that runs finalizers, or one that runs cleanups, is blocked in one. */
  readonly "stalled-finalizer": {
    readonly who: WaitWho;
    readonly runs: "finalizers" | "cleanups";
    /** In the queue of those, this one among them as long as it runs. */
    readonly queued: number;
  };
  /** The runtime found that no goroutine can go on; places: where they stand, the most frequent first. */
  readonly "all-asleep": { readonly places: readonly { readonly count: number; readonly who: WaitWho }[] };
}

export type WaitRuleId = keyof Figures;

/** One finding of a rule. */
export type WaitFinding = { readonly [Id in WaitRuleId]: FindingOf<Id> }[WaitRuleId];

interface FindingOf<Id extends WaitRuleId> {
  readonly rule: Id;
  /** Goroutines that cannot go on for this. */
  readonly goroutines: number;
  /** The first of their ids, ascending; at most MOST_TOLD. */
  readonly ids: readonly number[];
  /** Of the program's goroutines, 0 to 1. */
  readonly share: number;
  /** Of those goroutines the longest wait that is known, at least. */
  readonly longestNanoseconds?: number;
  /** Where most of them stand. */
  readonly at?: FrameRow;
  /** The go statement that most of those began with. */
  readonly createdBy?: Creator;
  /** The same for the same finding in another core: of the rule and the functions that wait. */
  readonly signature: string;
  readonly certainty: Cycle["certainty"] | "likely";
  readonly figures: Figures[Id];
}

/** What a rule returns: who counts how many goroutines it is about. */
export type WaitEvidence<Id extends WaitRuleId> = Pick<FindingOf<Id>, "rule" | "certainty" | "figures"> & {
  readonly ids: ReadonlySet<number>;
};
