#!/usr/bin/env bash
# One would expect: `new WebAssembly.Memory({ initial: 1, maximum: 1 })`, 64 KiB that can't grow, fits where a process may have 8 GB of addresses.
# What happens: Node 22.23.3 (and 20.20.2) throws "could not allocate memory" for any memory, however small its maximum: V8 reserves more than
# 10 GiB of addresses for each, so that the processor checks bounds for it. Node 24.21.0 falls back to less.
# What a user of Nabla would have met: "WebAssembly.Memory(): could not allocate memory" on a shared machine that limits addresses
# (`ulimit -v`), though memory is free and a smaller `maximumBytes` was asked for. Nabla's error names the limit and both ways out.
set -euo pipefail
folder="$(mktemp -d "${TMPDIR:-/tmp}/finding-XXXXXX")"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat >probe.mjs <<'PROGRAM'
try {
  new WebAssembly.Memory({ initial: 1, maximum: 1 });
  console.log("made");
} catch (error) {
  console.log(error.message);
}
PROGRAM
for version in 22.23.3 24.21.0; do
  mkdir "$version"
  (cd "$version" && npm init -y >/dev/null 2>&1 && npm install --no-audit --no-fund --loglevel=error "node@$version" >install.log 2>&1) ||
    { cat "$version/install.log"; echo "node@$version could not be had"; exit 2; }
done
# What a memory of one page comes to, by version, below 8 GB of addresses.
under_limit() { (ulimit -v 8000000 && "$1/node_modules/.bin/node" probe.mjs 2>&1) || true; }
old="$(under_limit 22.23.3)"
new="$(under_limit 24.21.0)"
free="$(22.23.3/node_modules/.bin/node probe.mjs)"
echo "64 KiB of WebAssembly memory: Node 22.23.3 without a limit: $free; below 8 GB of addresses: $old; Node 24.21.0 there: $new"
[ "$free" = made ] && [ "$new" = made ] && [ "$old" = "WebAssembly.Memory(): could not allocate memory" ]
