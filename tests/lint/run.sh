#!/bin/bash
# SPDX-License-Identifier: MIT
# Runs the checks in tests/lint/checks/, each an executable that exits 0 when it
# found nothing, 77 when it does not apply here, and anything else when it
# found something; it prints what it found. A missing tool is a failure.
set -u
cd "$(dirname "$0")/../.." || exit 1
checks_dir=tests/lint/checks

usage() {
  cat <<'EOF'
usage: tests/lint/run.sh [--fix] [--list] [CHECK...]

Runs every check, or only those named.

  --fix    reformat the C++ files in place before checking
  --list   print the checks and what each looks at
  --help   print this
EOF
}

list() {
  local file
  for file in "$checks_dir"/*; do
    printf '%-12s %s\n' "$(basename "$file")" \
      "$(sed -n '/^# SPDX/{n;s/^# //p;q}' "$file")"
  done
}

fix=0
names=()
for arg in "$@"; do
  case $arg in
    --fix) fix=1 ;;
    --list) list; exit 0 ;;
    --help | -h) usage; exit 0 ;;
    -*) echo "lint: unknown option $arg" >&2; usage >&2; exit 64 ;;
    *)
      if [[ ! -x $checks_dir/$arg ]]; then
        echo "lint: no check named '$arg'; there are:" >&2
        list >&2
        exit 64
      fi
      names+=("$arg") ;;
  esac
done
if ((${#names[@]} == 0)); then
  for file in "$checks_dir"/*; do names+=("$(basename "$file")"); done
fi

export HFT_LINT_FIX=$fix
passed=0 failed=0 skipped=0
for name in "${names[@]}"; do
  start=$SECONDS
  output=$("$checks_dir/$name" 2>&1)
  status=$?
  case $status in
    0) verdict=PASS; ((passed += 1)) ;;
    77) verdict=SKIP; ((skipped += 1)) ;;
    *) verdict=FAIL; ((failed += 1)) ;;
  esac
  printf '%s %-12s %3d s\n' "$verdict" "$name" "$((SECONDS - start))"
  if ((status != 0)) && [[ -n $output ]]; then
    printf '%s\n' "$output" | sed 's/^/  /'
  fi
done

summary="$passed passed, $failed failed"
if ((skipped > 0)); then summary+=", $skipped skipped"; fi
echo "$summary"
((failed == 0))
