// Every name that diagnosis knows: what programs call things, and types and functions of the standard library.

/** What people call things that are added to and forgotten, and things that are made once: a hint, never evidence. */
export const LEAK_NAME =
  /subscri|listen|handler|hook|callback|pending|in_?flight|waiter|histor|audit|log|event|queue|retained|watch|observer|session|request|seen|visited|tasks|jobs|conns|clients/i;
export const STEADY_NAME = /pool|buf|ring|catalog|config|index|static|table|template|lru|arena|geo|price|dictionary|lookup/i;

/** Fields that say a member is finished, or should be gone by now. */
export const FINISHED_FIELD = /^(?:is)?_?(?:closed|done|finished|cancell?ed|stopped|disconnected|dead|expired|released|completed|gone)$/i;
/** Fields with the time at which a member should be gone. */
export const DEADLINE_FIELD = /(?:expire|deadline|until|validto|notafter|ttlat)/i;
/** Fields that bound a container; a size may only count its members. */
export const LIMIT_FIELD = /^(?:max|limit|cap|capacity|size|bound|budget|quota)\w*$/i;
export const SIZE_FIELD = /^size/i;

/** Packages whose structs say nothing about the program. */
export const LIBRARY_TYPE = /^(?:sync|runtime|internal|container|context|time|os|net)[./]/;
/** What a person can do nothing about. */
export const RUNTIME_NAME = /^runtime[./]|^internal\/runtime/;
/** A type of the program or a library by name: no slice, map, string or function. */
export const NAMED_TYPE = /^(?:[\w~%.-]+\/)*[\w~%-]+\.\w/;

/** Nodes of container/list, which keep an order of use. */
export const LIST_ELEMENT = "container/list.Element";
/** What a sync.Pool keeps its values in, one a P. */
export const POOL = "[]sync.poolLocal";
export const TIMER = /^(?:runtime\.time(?:Timer|Ticker)|runtime\.timer|time\.(?:Timer|Ticker))$/;
/** What a parent knows its child by: valueCtx and the like only stand between. context/context.go */
export const CONTEXT = /^context\.(?:cancelCtx|timerCtx|afterFuncCtx)$/;
/** A map of the children that a context cancels with itself. */
export const CONTEXT_CHILDREN = "map[context.canceler]struct {}";
/** Closures of the timers that contexts with a deadline have. */
export const CONTEXT_TIMER = /^func context\.With(?:Deadline|Timeout)/;

/** What the goroutines begin in that run finalizers and cleanups. runtime/mfinal.go, runtime/mcleanup.go */
export const FINALIZER_RUNNER = /^runtime\.(?:runfinq|runFinalizers|runCleanups|\(\*cleanupQueue\).*)$/;
/** Functions that stand between a runner and what it calls. */
export const RUNNER_FRAME = /^(?:runtime|reflect)\./;
