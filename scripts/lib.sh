# What the scripts share; sourced, never run. They all start in the project's root.
# shellcheck shell=bash

# llama.cpp's build takes its number of jobs from here.
export CMAKE_BUILD_PARALLEL_LEVEL=${CMAKE_BUILD_PARALLEL_LEVEL:-$(getconf _NPROCESSORS_ONLN)}

# Files that llama.cpp's build compiles (0.1.161 of llama-cpp-sys-2), for the progress line; only an indication.
readonly ENGINE_FILES=128
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
      [ "$engine" -gt 0 ] && engine=", llama.cpp: $engine of about $ENGINE_FILES files" || engine=
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
