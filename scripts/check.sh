# What a change must satisfy besides the tests: format, layers, sizes, names, clang-tidy.

sources() { git ls-files -co --exclude-standard '*.cc' '*.h'; }

format_all() { sources | xargs -r clang-format-14 -i; }

check() { # [--all|--fast]
  local failed=0
  sources | xargs -r clang-format-14 --dry-run --Werror || failed=1
  node scripts/check.mjs || failed=1
  [ "${1:-}" = --fast ] || tidy "${1:-}" || failed=1
  [ "$failed" = 0 ] && echo 'check: all is well'
}

# Tidies the .cc files that differ from main's published state (all of them with --all, or where there is none).
# Tests are left out: their macros cost most of the time and hide nothing that the compiler's warnings do not show.
tidy() { # [--all]
  cmake --preset clang -B build/tidy -DHALLEY_BENCH=ON >/dev/null
  local base files
  base=$(git merge-base HEAD origin/main 2>/dev/null || true)
  if [ "$1" = --all ] || [ -z "$base" ]; then
    files=$(git ls-files -co --exclude-standard 'src/*.cc' 'bench/*.cc')
  else
    files=$(git diff --name-only --diff-filter=d "$base" && git ls-files -o --exclude-standard)
  fi
  files=$(grep '\.cc$' <<<"$files" | grep -v '_test\.cc$' | grep -v '^tests/' || true)
  [ -n "$files" ] || return 0
  echo "check: clang-tidy of $(wc -w <<<"$files") files" >&2
  xargs -P "$(nproc)" -n 1 bash -c 'tidy_file "$0"' <<<"$files"
}

# A file takes some ten seconds; the bound is for a loaded machine, and for what would never end.
tidy_file() { # FILE
  local status=0
  timeout 600 clang-tidy-14 -p build/tidy --quiet "$1" 2> >(grep -v 'warnings generated' >&2) || status=$?
  [ "$status" != 124 ] || echo "check: clang-tidy of $1 did not end within 600 s" >&2
  [ "$status" = 0 ]
}
export -f tidy_file
