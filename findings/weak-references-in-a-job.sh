#!/usr/bin/env bash
# One would expect: ECMAScript keeps what a WeakRef leads to until the running job ends, once the WeakRef was made or followed in it; so a loop
# that never waits can't see its own garbage go, however often it is collected.
# What happens: in Node (20.20.2, 22.23.3, 24.21.0 and 26.10.0) the hold ends for the whole process whenever any queue of microtasks has been emptied, also
# the private one of a context made with microtaskMode "afterEvaluate": an empty script run there, synchronously, is enough. Two deref() in a
# row, with such a script and a collection between them, may give an object and then undefined.
# What a user of Nabla would have met: `for (...) y = x.add(i)` ran out of memory at 4 GiB with everything reclaimable. Nabla's loops now let go
# in this way before they collect; a program with WeakRefs of its own should hold what it has followed by a variable.
set -euo pipefail
folder="$(mktemp -d "${TMPDIR:-/tmp}/finding-XXXXXX")"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
version="26.10.0"
npm init -y >/dev/null 2>&1
npm install --no-audit --no-fund --loglevel=error "node@$version" >install.log 2>&1 || { cat install.log; echo "node@$version could not be had"; exit 2; }
cat >probe.mjs <<'PROGRAM'
import { createContext, Script } from "node:vm";

const context = createContext({}, { microtaskMode: "afterEvaluate" });
const nothing = new Script("0");
const references = (() => Array.from({ length: 100 }, (_, i) => new WeakRef({ i })))();
const living = () => references.filter((reference) => reference.deref() !== undefined).length;

const first = living();
gc();
const collected = living();
nothing.runInContext(context);
gc();
const letGo = living();
console.log(`${process.version}: of 100 objects ${first} live, ${collected} after a collection, ${letGo} after an empty script and a collection`);
process.exitCode = first === 100 && collected === 100 && letGo === 0 ? 0 : 1;
PROGRAM
node_modules/.bin/node --expose-gc probe.mjs
