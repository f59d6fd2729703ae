# Builds, and what only needs a build: demonstration, benchmarks.

build() { # PRESET [NINJA ARGUMENT...]
  local preset=$1
  shift
  cmake --preset "$preset" >"build-$preset.log" 2>&1 || {
    cat "build-$preset.log" >&2
    rm -f "build-$preset.log"
    return 1
  }
  rm -f "build-$preset.log"
  # What ccache must overlook to know files that a precompiled header was used for.
  export CCACHE_SLOPPINESS=${CCACHE_SLOPPINESS:-pch_defines,time_macros}
  cmake --build --preset "$preset" "$@"
}

demo() {
  node scripts/data/fetch.mjs
  node scripts/data/demo_tree.mjs --out build/data/demo
  build/release/halley demo --load build/data/demo "$@"
}

bench() {
  node scripts/data/fetch.mjs
  install_packages time zstd
  node bench/bench.mjs "$@"
}
