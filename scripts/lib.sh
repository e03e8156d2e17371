# What the scripts share; sourced, never run. They all start in the project's root.
# shellcheck shell=bash

# llama.cpp's build takes its number of jobs from here.
export CMAKE_BUILD_PARALLEL_LEVEL=${CMAKE_BUILD_PARALLEL_LEVEL:-$(getconf _NPROCESSORS_ONLN)}

# Seconds between two progress lines.
readonly HEARTBEAT=20

step() { printf '\n== %s\n' "$*"; }

# Where cargo puts what it builds, as its own configuration and CARGO_TARGET_DIR say.
target_dir() {
  cargo metadata --no-deps --offline --format-version 1 2>/dev/null \
    | sed -n 's/.*"target_directory":"\([^"]*\)".*/\1/p'
}

clock() { printf '%d min %02d s' $(($1 / 60)) $(($1 % 60)); }

# Runs a cargo command and says every now and then how long it has been at it: llama.cpp's build is one silent step of
# minutes to cargo.
with_progress() {
  local target heart status=0 since=$SECONDS stamp
  target=$(target_dir)
  stamp=$(mktemp)
  (
    trap 'kill "$nap" 2>/dev/null; exit 0' TERM
    # Ends with the script, however that ends.
    while kill -0 "$$" 2>/dev/null; do
      sleep "$HEARTBEAT" & nap=$!
      wait "$nap"
      engine=$(find "$target"/release/build/llama-cpp-sys-2-*/out -name '*.o' -newer "$stamp" 2>/dev/null | wc -l)
      engine=$((engine))
      [ "$engine" -gt 0 ] && engine=", llama.cpp: $engine files so far" || engine=
      printf '   ... %s%s\n' "$(clock $((SECONDS - since)))" "$engine"
    done
  ) >&2 &
  heart=$!
  "$@" || status=$?
  kill "$heart" 2>/dev/null || true
  wait "$heart" 2>/dev/null || true
  rm -f "$stamp"
  return "$status"
}

# Whether there is a Node that the extension can be built with.
has_node() { command -v npm >/dev/null && node -e 'process.exit(process.versions.node.split(".")[0] >= 20 ? 0 : 1)' 2>/dev/null; }

# The same, and gets one where there is none: Debian's npm, and a Node from npm where Debian's is older. To be run in the script's shell.
use_node() {
  has_node && return
  if ! command -v npm >/dev/null; then
    command -v apt-get >/dev/null || { echo "Node 20 or newer with npm is needed; install it by your system's means" >&2; return 1; }
    local sudo=()
    [ "$(id -u)" -eq 0 ] || sudo=(sudo)
    "${sudo[@]}" apt-get update -q >/dev/null
    "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends npm >/dev/null
  fi
  has_node && return
  local place
  place=$(target_dir)/node
  npm install --prefix "$place" --no-audit --no-fund --loglevel=error "node-linux-$(uname -m | sed 's/x86_64/x64/; s/aarch64/arm64/')@24" >/dev/null
  PATH=$(echo "$place"/node_modules/node-linux-*/bin):$PATH
  export PATH
  has_node
}
