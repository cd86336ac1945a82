// What Node brings along: threads, native libraries, groups of processes. Every entry for Node that computes by itself begins with it.
import { provideNativeEngine } from "../engine/configure.ts";
import { provideGroup } from "../engine/group.ts";
import { nativeProvider } from "../engine/native/engine.ts";
import { nodePlatform } from "../engine/platform.node.ts";
import { setPlatform } from "../engine/platform.ts";
import { traceIfAsked } from "../engine/trace.node.ts";
import { joinMpi, processorsHere } from "./join.ts";

setPlatform({ ...nodePlatform, processors: processorsHere });
provideNativeEngine(nativeProvider);
provideGroup(joinMpi);
traceIfAsked();
