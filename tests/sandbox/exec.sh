#!/bin/bash
# SPDX-License-Identifier: MIT
# ./sandbox exec: output, status, files and the guest's tools.
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../stages/lib.sh"

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
sandbox=$PWD/sandbox

"$sandbox" exec -- sh -c 'printf "out\n"; printf "err\n" >&2; exit 7' \
  >"$scratch/out" 2>"$scratch/err"
check "exit status passes through" equals 7 $?
check "stdout passes through" equals out "$(cat "$scratch/out")"
check "stderr passes through, alone" equals err "$(cat "$scratch/err")"

"$sandbox" exec -- no-such-command 2>"$scratch/err"
check "a command that does not exist: 127" equals 127 $?

"$sandbox" exec -- sh -c 'head -c 300000 /dev/zero | tr "\0" x; printf "\0\r\n\377"' >"$scratch/out"
check "bytes are not changed" equals \
  "$({ head -c 300000 /dev/zero | tr '\0' x; printf '\0\r\n\377'; } | sha256sum)" \
  "$(sha256sum <"$scratch/out")"

# shellcheck disable=SC2016  # typed so
words=$("$sandbox" exec -- sh -c 'printf "%s|" "$@"' sh "a b" "it's" '$HOME' $'two\nlines' '')
check "words arrive as typed" equals $'a b|it\'s|$HOME|two\nlines||' "$words"

mkdir "$scratch/here" "$scratch/there"
cat >"$scratch/there/program.sh" <<'PROGRAM'
#!/bin/sh
echo "ran as $0"
cat "$(dirname "$0")/beside"
PROGRAM
chmod +x "$scratch/there/program.sh"
echo neighbour >"$scratch/there/beside"
found=$(cd "$scratch/here" && "$sandbox" exec -- \
  sh -c "$scratch/there/program.sh; ../there/program.sh; echo written >file; pwd")
check "host programs run where they are" equals \
  "$(printf '%s\n' "ran as $scratch/there/program.sh" neighbour \
    "ran as ../there/program.sh" neighbour "$scratch/here")" "$found"
check "the current directory is writable" equals written "$(cat "$scratch/here/file")"

printf '#include <stdio.h>\nint main(void) { puts("static"); return 3; }\n' |
  gcc -static -x c -o "$scratch/here/program" -
found=$(cd "$scratch/here" && "$sandbox" exec -- ./program)
check "a static program's status" equals 3 $?
check "a static program's output" equals static "$found"

found=$("$sandbox" exec -- sh -c 'id -u; nproc --all; cat /sys/devices/system/cpu/isolated;
  cat /sys/devices/system/clocksource/clocksource0/current_clocksource')
check "root, two CPUs, one isolated, timed by the TSC" equals $'0\n2\n1\ntsc' \
  "${found/tsc-early/tsc}"

found=$("$sandbox" exec -- sh -c 'hft ctl create && hft ctl start && hft tap -c 40 /dev/hft 2>&1')
check "hft tap looks on at the driver's ring" equals 0 $?
check "hft tap sees each record" contains "40 records seen, 0 missed by this tap" "$found"
check "hft tap prints them" equals 40 "$(grep -c ' market 40 bytes, sequence ' <<<"$found")"

found=$("$sandbox" exec -- sh -c 'mknod /dev/hft c 10 60; cd /tmp; lat_v0 &&
  taskset 0x2 lat_v2 && taskset 0x2 lat_v3 && wc -l *.csv')
check "lat_v0, lat_v2, lat_v3 run" equals 0 $?
for path in read shm ring; do
  check "$path left 1,000 samples" contains "1001 $path.csv" "$(tr -s ' ' <<<"$found")"
done
summary
