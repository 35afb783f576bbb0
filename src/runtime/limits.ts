// Bounds of what is read of the Go runtime, each with its unit and reason.
import type { Bytes } from "../base/units.js";

// Lists and tables of the runtime. More entries than these no program has: it is damage, and reading on would not end.

/** Modules: the executable and its plugins. */
export const MOST_MODULES = 4096;
/** Functions of one module. */
export const MOST_FUNCTIONS = 1 << 26;
/** One table of one function: of lines, of frame sizes. */
export const LONGEST_TABLE: Bytes = 1 << 24;
/** Calls inlined into each other at one place. */
export const MOST_INLINED = 1000;
/** Names of the functions of one module. */
export const MOST_NAMES: Bytes = 1 << 28;
/** A value of one type: no address space has room for a larger one. */
export const LARGEST_TYPE: Bytes = 2 ** 46;
/** Fields of a struct, parameters of a function. */
export const MOST_FIELDS = 65_536;
/** The name of a type or a field. */
export const LONGEST_NAME: Bytes = 65_536;
/** Characters of a name put together from others, which without a bound grows with every level. */
export const LONGEST_STRUCTURE = 4096;
/** Types within types that a name is put together from. */
export const DEEPEST_TYPE_NAME = 64;
/** Parameters and results of a function's type. */
export const MOST_PARAMETERS = 1024;
/** Descriptors and names of types of one module; the largest programs have some ten MiB. */
export const MOST_TYPE_BYTES: Bytes = 512 * 1024 * 1024;
/** Spans; of 8 KiB at least each. */
export const MOST_SPANS = 1 << 28;
/** Ranges of addresses in the page allocator's list, blocks and arenas of the runtime's own memory. */
export const MOST_RANGES = 1 << 20;
/** Specials: finalizers, cleanups, weak pointers, profiled objects. */
export const MOST_SPECIALS = 1 << 26;
/** Stacks that one profile tells apart. */
export const MOST_BUCKETS = 1 << 24;
/** Addresses of one of them; GODEBUG=profstackdepth allows 1024, and some are kept for what is to be skipped. runtime/mprof.go */
export const DEEPEST_BUCKET = 1200;
/** Objects in one list of those that were freed. */
export const MOST_FREED = 1 << 24;
/** Blocks of the queues of finalizers and of cleanups that are due. */
export const LONGEST_QUEUE = 1 << 20;
/** Ms; debug.SetMaxThreads allows 10,000 by itself. */
export const MOST_MACHINES = 1 << 20;
/** Ps: GOMAXPROCS. */
export const MOST_PROCESSORS = 1 << 16;
/** A NUL-terminated name of a function or a file. */
export const LONGEST_TEXT: Bytes = 1 << 16;
/** What the runtime keeps of its last messages; 512 bytes in every release so far. runtime/print.go printBacklog */
export const LONGEST_BACKLOG: Bytes = 1 << 20;
/** The GC program of one variable on a stack. */
export const LONGEST_STACK_PROGRAM: Bytes = 1 << 22;
/** Deferred calls of one goroutine; a recursion may have a million. */
export const MOST_DEFERS = 10_000_000;
/** Panics of one goroutine, each raised while the one before ran its deferred calls. */
export const MOST_PANICS = 1 << 16;
/** Goroutines that wait in one list: of a channel, of a semaphore. */
export const MOST_SUDOGS = 1 << 24;
/** Roots of the semaphore table: 251 in every release so far. runtime/sema.go semTabSize */
export const MOST_SEMAPHORE_ROOTS = 1004;
/** Goroutines, the dead among them. */
export const MOST_GOROUTINES = 1 << 27;
/** Ids of goroutines. Numbers are given one by one, or in sixteens: no process lives so long. */
export const MOST_ID = 2 ** 48;
/** A stack that grows beyond twice debug.SetMaxStack, 1 GB by itself, ends the program. runtime/stack.go newstack */
export const MOST_STACK: Bytes = 2 ** 31;
/** Reasons to wait that the runtime has a name for; it has about forty. */
export const MOST_WAIT_REASONS = 128;
/** The name of one. */
export const LONGEST_WAIT_REASON: Bytes = 256;
/** Labels of one goroutine's set. runtime/pprof */
export const MOST_LABELS = 1000;
/** The key or the value of one label. */
export const LONGEST_LABEL: Bytes = 1 << 16;
/** All labels of one set together: what a damaged record calls labels may be anything. */
export const LONGEST_LABELS: Bytes = 1 << 20;
/** Bits of one pointer map of a frame: words of its arguments or of its locals. */
export const MOST_MASK_BITS = 1 << 24;
/** Pointer maps of one function. */
export const MOST_STACK_MAPS = 1 << 20;
/** Variables of one function whose address is taken. */
export const MOST_STACK_OBJECTS = 1 << 20;
/** A GC program, by which large types tell where their pointers are. */
export const LONGEST_PROGRAM: Bytes = 1 << 20;
/** Words that one mask tells of: 1 GiB. */
export const MOST_MASK_WORDS = 1 << 27;
/** Types within each other that one mask is built from. */
export const DEEPEST_MASK = 64;
/** Fields and elements without pointers that are looked at for one mask. */
export const MOST_MASK_PARTS = 1 << 20;
/** Signal handlers nested in each other on one thread. */
export const MOST_SIGNALS = 64;
/** A stack for signal handlers; Go makes it 32 KiB. */
export const LARGEST_SIGNAL_STACK: Bytes = 1 << 24;
/** Arenas of malloc's that are told apart from other memory of C. */
export const MOST_C_HEAPS = 4096;
/** Elements of one list looked at for memory that the runtime must have written. */
export const MOST_WRITTEN = 1 << 20;

// Work: what is beyond is not looked at, and told where it matters.

/** What the compiler tells of one function's arguments; internal/abi TraceArgsMaxLen is 171. */
export const LONGEST_ARGUMENT_INFO: Bytes = 256;
/** The same of its open-coded defers: two numbers and one of each of eight. */
export const LONGEST_DEFER_TABLE: Bytes = 64;
/** Innermost frames in which what a goroutine waits for is looked for. */
export const MOST_WAIT_FRAMES = 20;
/** How much of each is searched. */
export const LARGEST_WAIT_FRAME: Bytes = 1 << 12;
/** The code of a function that is decoded. */
export const LONGEST_FUNCTION: Bytes = 1 << 18;
/** What making a closure takes between its type and its code's address: the allocation, and what it is filled with. */
export const FARTHEST_CAPTURE: Bytes = 160;
/** Instructions before a call in which its arguments are looked for. */
export const MOST_CALL_STEPS = 400;
/** Instructions of what is to come, followed for one goroutine. */
export const MOST_FUTURE_STEPS = 30_000;
/** Calls within calls that are followed there. */
export const DEEPEST_FUTURE_CALL = 4;
/** Values that are unknown and have a name of their own while code is followed. */
export const MOST_SYMBOLS = 1 << 18;
/** Changes of line in one function; the time to find them grows with the square. */
export const MOST_LINES = 20_000;
/** A variable that DWARF puts together of pieces. */
export const LARGEST_PIECES: Bytes = 1 << 16;
/** Goroutines that are read one by one, where their list has holes. */
export const MOST_SINGLY = 1 << 20;
/** Levels of structs and arrays in which pointers into a moved stack are looked for. */
export const DEEPEST_MOVED = 4;
/** Elements of an array in which they are. */
export const MOST_MOVED_ELEMENTS = 16;
/** How far up a signal handler is looked for that runs on the interrupted thread's own stack. */
export const DEEPEST_HANDLER: Bytes = 1 << 20;
/** An array with a mask of its own; a longer one's is its element's, again and again. */
export const LONGEST_ARRAY: Bytes = 64 * 1024;
/** Pointers into a stack that are told; more are followed. */
export const MOST_INNER = 65_536;
/** Instructions that are looked at for the origin of one value. */
export const MOST_ORIGIN_STEPS = 20_000;
/** Visits of each block of a function on average, while values are followed through its loops. */
export const MOST_BLOCK_VISITS = 20;
/** Code of functions that refer to variables; a program of 100 MB has less. */
export const MOST_GLOBAL_CODE: Bytes = 1 << 26;
/** Calls within calls whose results are followed to where they are made. */
export const DEEPEST_RESULT = 4;
/** Words of one variable that are compared with the collector's mask. */
export const MOST_VARIABLE_WORDS = 1 << 16;
/** Instructions that one value is followed through to see what is done with it. */
export const MOST_USES_FOLLOWED = 3000;
/** Instructions looked at to see what is done with a value that was loaded. */
export const MOST_USE_STEPS = 200;

// Memory: what is kept of what was read.

/** Places in the code whose inlined calls are kept. */
export const MOST_FUNCTIONS_REMEMBERED = 100_000;
/** Functions as lists of instructions. */
export const MOST_CODE_REMEMBERED = 20_000;
/** Goroutines whose frames are kept: those of 200,000 would be too much. */
export const MOST_UNWOUND = 2000;
/** A stack overflow has millions of frames: so many are kept from either end; walk() visits all. */
export const KEPT_FRAMES = 10_000;

// Scans of memory for what no symbol names.

/** One read of a scan. */
export const SCAN_BLOCK: Bytes = 1 << 20;
/** Memory that one scan goes through; the data and bss of a program are seldom more than a hundredth. */
export const MOST_SCANNED: Bytes = 2 ** 31;
/** A mapping without a file's name in which the data of a program is looked for; larger ones are heap. */
export const LARGEST_UNNAMED: Bytes = 1 << 26;
/** Places that pass a first look; each is looked at closely. */
export const MOST_CANDIDATES = 1 << 20;
/** Version, modules and settings of a build. */
export const LONGEST_BUILD_INFO: Bytes = 1024 * 1024;
/** Loads and fields from a variable to a value that is named by code. */
export const DEEPEST_OPERAND = 12;
