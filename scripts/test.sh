# Runs the tests and sums what the runners said into one closing line.

run_tests() { # [FILTER]
  local log=build/test-ctest.log passed=0 failed=0 skipped=0 status=0
  run_ctest release "${1:-}" | tee "$log" || status=1
  count_ctest "$log"
  if [ $# -eq 0 ]; then
    log=build/test-e2e.log
    run_e2e release 2>&1 | tee "$log" || status=1
    count_node "$log"
  fi
  echo
  echo "$passed passed, $failed failed, $skipped skipped"
  [ "$status" = 0 ] && [ "$failed" = 0 ] && [ "$passed" -gt 0 ]
}

run_ctest() { # PRESET [FILTER]
  local filter=()
  [ -z "${2:-}" ] || filter=(-R "$2")
  ctest --test-dir "build/$1" --output-on-failure --no-tests=error --progress -j "$(nproc)" "${filter[@]}"
}

# Drives the program of a preset with the official JavaScript SDK.
run_e2e() { # PRESET
  HALLEY_BINARY=$PWD/build/$1/halley node --test --test-reporter=spec tests/e2e/*.test.mjs
}

# Adds to passed, failed, skipped from ctest's closing line: `100% tests passed, 0 tests failed out of 12`.
count_ctest() { # LOG
  local total lost
  total=$(sed -nE 's/.*tests failed out of ([0-9]+)$/\1/p' "$1" | tail -n 1)
  lost=$(sed -nE 's/.* ([0-9]+) tests failed out of [0-9]+$/\1/p' "$1" | tail -n 1)
  local left_out
  left_out=$(grep -cE '^\s*[0-9]+ - .* \((Skipped|Disabled)\)$' "$1" || true)
  passed=$((passed + ${total:-0} - ${lost:-0} - left_out))
  failed=$((failed + ${lost:-0}))
  skipped=$((skipped + left_out))
}

# The same from the summary of node's runner: lines `ℹ pass 3`, `ℹ fail 0`, `ℹ skipped 0`.
count_node() { # LOG
  local ok bad left_out
  ok=$(sed -nE 's/^. pass ([0-9]+)$/\1/p' "$1" | tail -n 1)
  bad=$(sed -nE 's/^. (fail|cancelled) ([0-9]+)$/\2/p' "$1" | tail -n 2 | paste -sd+)
  left_out=$(sed -nE 's/^. skipped ([0-9]+)$/\1/p' "$1" | tail -n 1)
  passed=$((passed + ${ok:-0}))
  failed=$((failed + ${bad:-0}))
  skipped=$((skipped + ${left_out:-0}))
}

# Every suite with sanitizers, the real program of the end-to-end tests too: what they find ends it with an exit code
# that no test expects (cmake/sanitizer_options.cc).
sanitize() { # asan|tsan
  local preset
  case $1 in
    asan) preset=asan-ubsan ;;
    tsan) preset=tsan ;;
    *)
      echo 'usage: ./dev sanitize asan|tsan' >&2
      return 2
      ;;
  esac
  build "$preset"
  local failed=0
  run_ctest "$preset" || failed=1
  run_e2e "$preset" || failed=1
  return "$failed"
}

# Worlds against the model. A world that fails prints the line that runs it again.
simulate() { # [--seeds N] [--seed S] [--first S] [--world exact|sync|gap|fork|account|storm] [--trace]
  local filter='*Worlds.*' seeds=1000
  while [ $# -gt 0 ]; do
    case $1 in
      --seeds) seeds=${2:?} && shift ;;
      --seed) export HALLEY_SIM_SEED=${2:?} && shift ;;
      --first) export HALLEY_SIM_FIRST=${2:?} && shift ;;
      --world) filter="${2^}Worlds.*" && shift ;;
      --trace) export HALLEY_SIM_TRACE=1 ;;
      *)
        echo 'usage: ./dev sim [--seeds N] [--seed S] [--first S] [--world NAME] [--trace]' >&2
        return 2
        ;;
    esac
    shift
  done
  HALLEY_SIM_SEEDS=$seeds build/release/tests/tests_sim --gtest_filter="$filter"
}

crash() { # [KILLS]
  HALLEY_CRASH_ALL=1 build/release/tests/tests_crash
  HALLEY_KILLS=${1:-200} node --test --test-reporter=spec tests/e2e/killed.test.mjs
}

chaos() { # [SECONDS] [SEED]
  HALLEY_CHAOS_SECONDS=${1:-120} ${2:+env HALLEY_CHAOS_SEED="$2"} node --test --test-reporter=spec \
    tests/e2e/chaos.test.mjs
}

# Runs every fuzz target for so long; what it finds is kept in build/fuzz/<target>/.
fuzz() { # [SECONDS]
  local seconds=${1:-60} target name failed=0
  build fuzz
  for target in build/fuzz/fuzz/*_fuzz; do
    name=$(basename "$target" _fuzz)
    mkdir -p "build/fuzz/corpus/$name"
    echo "fuzz: $name for $seconds s"
    "$target" -max_total_time="$seconds" -timeout=60 -rss_limit_mb=3000 -print_final_stats=1 -verbosity=0 \
      -artifact_prefix="build/fuzz/$name-" "build/fuzz/corpus/$name" "fuzz/seeds/$name" || failed=1
  done
  return "$failed"
}

coverage() {
  local failed=0
  build coverage
  find build/coverage -name '*.gcda' -delete
  run_ctest coverage || failed=1
  node scripts/coverage.mjs build/coverage || failed=1
  return "$failed"
}
