#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Opens the report of a folder of results in headless Chromium and checks that
# its charts have drawn. Usage: run.sh [DIR]; without DIR it makes an example.
# HFT_BUILD names the build folder (default build/release).
set -uo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
build=${HFT_BUILD:-$root/build/release}
out=$root/build/report-test
title='Report under test <b>&'

passed=0
failed=0
check() {  # NAME COMMAND...: PASS if COMMAND succeeds
  local name=$1
  shift
  if "$@"; then
    echo "PASS $name"
    passed=$((passed + 1))
  else
    echo "FAIL $name"
    failed=$((failed + 1))
  fi
}
attribute() {  # NAME: of the page's root element
  grep -o -m1 "data-$1=\"[^\"]*\"" "$out/dom.html" | head -1 | cut -d'"' -f2
}
is() { [[ $1 == "$2" ]] || { echo "  expected '$2', found '$1'" >&2; false; }; }
is_png() { [[ $(head -c 8 "$1" | od -An -tx1 | tr -d ' ') == 89504e470d0a1a0a ]]; }
exits_with() {  # STATUS TEXT COMMAND...: which says TEXT
  local status=$1 text=$2 found said
  shift 2
  said=$("$@" 2>&1)
  found=$?
  [[ $found == "$status" && $said == *"$text"* ]] || {
    echo "  expected status $status and '$text', found $found and '$said'" >&2
    false
  }
}
# In a folder of its own: nothing of the user's, nothing left behind.
browse() {
  timeout 120 chromium --headless --no-sandbox --disable-gpu --disable-quic \
    --no-first-run --disable-background-networking --disable-component-update \
    --disable-sync --hide-scrollbars --virtual-time-budget=15000 \
    --user-data-dir="$profile" "$@"
}

command -v chromium >/dev/null || {
  echo "expected chromium in PATH, found none: install the package chromium" >&2
  exit 69
}
for tool in "$build/hft" "$build/tests/make_fixture"; do
  [[ -x $tool ]] || {
    echo "expected $tool, found none: run ./sandbox build, or set HFT_BUILD" >&2
    exit 69
  }
done
rm -rf "$out"
mkdir -p "$out"
profile=$(mktemp -d)
trap 'rm -rf "$profile"' EXIT

if (($# > 0)); then
  cp -r "$1" "$out/results"
else
  "$build/tests/make_fixture" "$out/results" 1000 || exit 1
fi
results=$out/results
paths=$(grep -o '"path":' "$results/results.json" | wc -l)

check 'report succeeds' exits_with 0 'validity: ' \
  "$build/hft" report "$results" --title "$title"
check 'cdf.png is a PNG' is_png "$results/cdf.png"
check 'histogram.png is a PNG' is_png "$results/histogram.png"

sed -e "/<\/body>/e cat '$here/probe.html'" "$results/report.html" \
  >"$out/probed.html"
browse --enable-logging=stderr --dump-dom "file://$out/probed.html" \
  >"$out/dom.html" 2>"$out/chromium.log"
check 'three charts have drawn' is "$(attribute charts)" 3
check 'every path is on the page' is "$(attribute paths)" "$paths"
check 'every path has a toggle' is "$(attribute probe-toggles)" "$paths"
check 'every chart has coloured pixels' is "$(attribute probe-canvases)" 3
check 'no lines when all paths are hidden' is "$(attribute probe-hidden)" 0
check 'lines again when they are shown' is "$(attribute probe-shown)" 3
check 'the other theme draws too' is "$(attribute probe-themes)" 'light dark 3'
check 'the percentile axis counts nines' \
  grep -q 'data-probe-ticks="0 % | 50 % | 90 % | 99 %' "$out/dom.html"
check 'nothing is loaded from elsewhere' is "$(attribute probe-loads)" 0
check 'text is escaped' is "$(attribute probe-title)" \
  'Report under test &lt;b&gt;&amp;'
check 'no script errors' \
  exits_with 1 '' grep -E \
  'CONSOLE.*(Uncaught|Error|Security Policy)' "$out/chromium.log"

# shellcheck disable=SC2016 # expanded by the shell it is for
without_gnuplot='PATH=/nonexistent exec "$0" report "$1"'
check 'without gnuplot the package is named' exits_with 69 gnuplot-nox \
  bash -c "$without_gnuplot" "$build/hft" "$results"
for broken in corrupt short missing; do
  cp -r "$results" "$out/$broken"
done
sed -i '3s/.*/1,x/' "$out/corrupt/"*.csv
check 'a corrupt CSV is named by line' exits_with 65 '.csv:3: expected' \
  "$build/hft" report "$out/corrupt"
for csv in "$out/short/"*.csv; do
  head -n -1 "$csv" >"$csv.cut" && mv "$csv.cut" "$csv"
done
check 'a short CSV is refused' exits_with 65 'as results.json says, found' \
  "$build/hft" report "$out/short"
rm "$out/missing/"*.csv
check 'a missing CSV is named' exits_with 65 '.csv: No such file' \
  "$build/hft" report "$out/missing"
rm -rf "$out/corrupt" "$out/short" "$out/missing"

browse --window-size=1300,3000 --screenshot="$out/screenshot.png" \
  "file://$results/report.html" 2>>"$out/chromium.log"
check 'the screenshot is a PNG' is_png "$out/screenshot.png"

echo "$passed passed, $failed failed"
((failed == 0))
