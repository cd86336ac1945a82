#!/bin/sh
# One would expect that opening a file that is not HDF5 fails: HDF5's own H5Fopen does, and h5py raises OSError. In h5wasm 0.10.3 the constructor of File
# returns an object all the same; it only writes HDF5's diagnosis to the console, and the first question to the object fails with "name not defined".
# The user of Nabla would have been told that a name is not defined where a download was cut off. readKeras looks at the first bytes itself, and turns on the
# handler that throws.
set -e
command -v npm >/dev/null || { echo "npm is needed"; exit 2; }
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null 2>&1
npm install --ignore-scripts --no-audit --no-fund --loglevel=error h5wasm@0.10.3 >/dev/null 2>&1 || { echo "h5wasm 0.10.3 can't be had"; exit 2; }
cat > try.mjs <<'JS'
import * as h5wasm from "h5wasm";
const { FS } = await h5wasm.ready;
FS.writeFile("text.h5", new TextEncoder().encode("this is a text, and no HDF5"));
const outcome = (run) => {
  try {
    run();
    return "nothing";
  } catch (error) {
    return String(error.message ?? error);
  }
};
let file;
const opened = outcome(() => { file = new h5wasm.File("text.h5", "r"); });
const asked = outcome(() => file.keys());
console.log(JSON.stringify({ opened, asked }));
JS
seen="$(node try.mjs 2>/dev/null | tail -1)"
echo "h5wasm 0.10.3, a text opened as HDF5: $seen"
case "$seen" in
*'"opened":"nothing"'*'"asked":"'*'name not defined'*) exit 0 ;;
*) exit 1 ;;
esac
