#!/bin/bash
# SPDX-License-Identifier: MIT
# The checks that are our own find what is planted in a small tree, and nothing
# else in it.
set -uo pipefail
# shellcheck source=tests/stages/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../stages/lib.sh"

checks=$PWD/tests/lint/checks
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
git -C "$tree" init -q
mkdir -p "$tree/include/hft" "$tree/docs" "$tree/man" "$tree/tests/model"

# finds CHECK WHAT TEXT [FILE]: in the tree as it is now TEXT and nothing else.
finds() {
  local said status
  said=$(cd "$tree" && "$checks/$1" "${@:4}" 2>&1)
  status=$?
  check "$1: finds $2" equals "$3" "$said"
  check "$1: finds $2: exit status" equals "$([[ $3 ]] && echo 1 || echo 0)" "$status"
}

cat >"$tree/include/hft/thing.hpp" <<'EOF'
// Comments may name hft::Thing, Thing::attach, `Thing::publish()` and hft/thing.hpp.
namespace hft {
class Base {
  void inherited();
};
class Thing : public Base {
 public:
  void publish() { waker_.wake(); }
  Waker waker_;
  int (*attach)(int count);
};
}  // namespace hft
EOF
cat >"$tree/tests/thing_test.cpp" <<'EOF'
TEST(Thing, Publishes) {}
EOF
cat >"$tree/tests/model/thing.pml" <<'EOF'
active proctype thing() { property(no record is lost, true) }
EOF
cat >"$tree/docs/thing.md" <<'EOF'
`Thing::inherited()` is in `thing.hpp`, `include/hft/thing.hpp` and `tests/`.
`Thing.Publishes` is a test, as all of `Thing.*` are; `tests/model`: "no record
is lost". `std::sort` and `results.json` are not ours.
EOF
cat >"$tree/man/thing.1" <<'EOF'
.TH THING 1
See include/hft/thing.hpp.
EOF
finds names 'nothing in names that exist' ''

cat >>"$tree/include/hft/thing.hpp" <<'EOF'
/// Paired with Thing::wake() and `Thang::publish`, in
/// tests/gone.cpp (model, thing.pml: "no record is
/// dropped").
EOF
cat >>"$tree/docs/thing.md" <<'EOF'
`kGone` and `hft_gone()`,
`gone.hpp`, `tests/gone`, `Thing.Sleeps` and `Gone.*`:
`tests/model`: "no record is lost", "no record is read".
```cpp
hft::Gone gone; // ./tests/gone/of.sh
```
EOF
echo 'See tests/gone.sh.' >>"$tree/man/thing.1"
finds names 'what was planted' "docs/thing.md:4: hft_gone: no such name in the sources
docs/thing.md:4: kGone: no such name in the sources
docs/thing.md:5: Gone.*: no such test
docs/thing.md:5: Thing.Sleeps: no such test
docs/thing.md:5: gone.hpp: no such file
docs/thing.md:5: tests/gone: no such file
docs/thing.md:6: no record is read: no such property in tests/model
docs/thing.md:8: hft::Gone: no such member of hft
docs/thing.md:8: tests/gone/of.sh: no such file
include/hft/thing.hpp:13: Thang::publish: no such class or namespace as Thang
include/hft/thing.hpp:13: Thing::wake: no such member of Thing
include/hft/thing.hpp:14: no record is dropped: no such property in tests/model
include/hft/thing.hpp:14: tests/gone.cpp: no such file
man/thing.1:3: tests/gone.sh: no such file"

cat >"$tree/docs/thing.md" <<'EOF'
What of it? And of course that: Of course. There is none. `Of code.`
Who reads this? A ring such as `x`, as `rdtsc` does. So many that none fits.

| Whoever comes | takes the ring of
EOF
cat >"$tree/man/thing.1" <<'EOF'
.TH THING 1
.SH NAME
thing \- the usual
.nf
Of an example.
.fi
EOF
cat >"$tree/docs/ring.md" <<'EOF'
What waits for its rewrite is read without that.
EOF
cat >"$tree/thing.sh" <<'EOF'
#!/bin/bash
# What is it? `What` and what it is.
echo 'Of a string.' "what is" # some text
EOF
finds english 'nothing in plain English' ''

cat >>"$tree/docs/thing.md" <<'EOF'

- Of each ring.
- A mode, as `0660`. A
  port, as 80: what can is
  named. A made-up one.
- Throws when it is none.
- It takes so many records.

| Who is late | waits |
It ends. Who is late
waits.

What is late waits. It
is told so.
EOF
mkdir "$tree/vm"
cat >"$tree/vm/thing.sh" <<'EOF'
#!/bin/bash
# Of each
# ring.
wait  # What is late waits.
EOF
cat >"$tree/tests/thing.py" <<'EOF'
"""Of a docstring,
as 0660."""
x = "Of a string"  # made-up
EOF
cat >>"$tree/man/thing.1" <<'EOF'
.TP
.B thing
Of
.I n
records, as 239.1.1.1.
EOF
finds english 'what was planted' "docs/thing.md:6: 'Of each ring': begin with the subject, not with 'Of'
docs/thing.md:7: ', as \`…\`': say 'such as' before an example
docs/thing.md:8: ', as 80': say 'such as' before an example
docs/thing.md:8: 'what can is named': list what is expected: 'expected A, B or C'
docs/thing.md:9: 'made-up one': say 'invented', 'synthetic' or 'example'
docs/thing.md:10: 'is none': say 'is not a …'
docs/thing.md:11: 'so many records': say 'that number of' or give it
docs/thing.md:13: 'Who is late': begin with 'Whoever' or with the person; 'Who' asks
docs/thing.md:14: 'Who is late waits.': begin with 'Whoever' or with the person; 'Who' asks
docs/thing.md:17: 'What is late waits.': begin with the subject, not with 'What'
docs/thing.md:18: 'is told': say who says it; 'prints' and 'reports' are usual
man/thing.1:9: 'Of n records, as 239': begin with the subject, not with 'Of'
man/thing.1:11: ', as 239.1.1.1.': say 'such as' before an example
tests/thing.py:1: 'Of a docstring, as 0660': begin with the subject, not with 'Of'
tests/thing.py:1: ', as 0660': say 'such as' before an example
tests/thing.py:3: 'made-up': say 'invented', 'synthetic' or 'example'
vm/thing.sh:2: 'Of each ring': begin with the subject, not with 'Of'
vm/thing.sh:4: 'What is late waits.': begin with the subject, not with 'What'"

cat >"$tree/thing.cpp" <<'EOF'
// Of each
// ring.
int what_can;  // Made when there is none.
add_option("--mode", "A mode, as 0660");
EOF
finds english 'what was planted in a source' "thing.cpp:1: 'Of each ring': begin with the subject, not with 'Of'
thing.cpp:4: ', as 0660': say 'such as' before an example" thing.cpp

# A program and a front door with pages; then pages that lack some of it.
mkdir -p "$tree/build/release" "$tree/tests/lint"
cp tests/lint/common.sh "$tree/tests/lint"
rm "$tree/man/thing.1"
cat >"$tree/build/release/hft" <<'EOF'
#!/bin/sh
case $* in
  --help) printf 'Options:\n  -h,--help  Help\n\nCommands:\n  bench  Measure\n\nExample: hft\n' ;;
  'bench --list') printf 'ring  polled\n' ;;
  'bench --help')
    printf 'Options:\n  -q,--quiet  No words\n              of any kind\n  --cpu N  One\n\n'
    printf 'Commands:\n  all\n\nExamples:\n  hft bench\n' ;;
  'bench all --help') printf 'Options:\n  --cpu-list L  Several\n' ;;
esac
EOF
cat >"$tree/sandbox" <<'EOF'
#!/bin/sh
case $1 in
  --help) printf '  run      measure\n\nExit statuses:\n\n  64 usage    65 data\n' ;;
  run) printf 'usage: ./sandbox run [--output DIR]\n\n  ./sandbox run --other\n  our-6.1  One\n' ;;
esac
EOF
chmod +x "$tree/build/release/hft" "$tree/sandbox"
# page NAME TAG...: a page of these.
page() {
  printf '.TH %s 1\n' "$1" >"$tree/man/$1.1"
  printf '.TP\n.B %s\nText.\n' "${@:2}" >>"$tree/man/$1.1"
}
page hft '\-h, \-\-help' bench
printf '.SH SEE ALSO\n.BR hft\\-bench (1)\n' >>"$tree/man/hft.1"
page hft-bench '\-q\fR, \fB\-\-quiet' '\-\-cpu' all '\-\-cpu\-list' ring
page sandbox run 64 65 '\-\-output' 'our\-6.1'
finds man 'nothing in complete pages' ''

page hft '\-\-help'
page hft-bench '\-\-quiet' '\-\-cpu\-list'
page sandbox run 65
echo '--output' >>"$tree/man/sandbox.1"
finds man 'what pages lack' "man/hft.1: '-h' of 'hft' is missing
man/hft.1: 'bench' of 'hft' is missing
man/hft-bench.1: '-q' of 'hft bench' is missing
man/hft-bench.1: '--cpu' of 'hft bench' is missing
man/hft-bench.1: 'all' of 'hft bench' is missing
man/hft.1: SEE ALSO lacks hft-bench(1)
man/hft-bench.1: 'ring' of 'hft bench --list' is missing
man/sandbox.1: '64' of './sandbox' is missing
man/sandbox.1: '--output' of './sandbox run' is missing
man/sandbox.1: 'our-6.1' of './sandbox run' is missing"

page hft bench
printf '.SH SEE ALSO\n.BR hft\\-bench (1)\n' >>"$tree/man/hft.1"
page hft-bench '\-q\fR, \fB\-\-quiet' '\-\-cpu' all '\-\-cpu\-list' ring
page sandbox run 64 65 '\-\-output' 'our\-6.1'
finds man 'a missing option alone' "man/hft.1: '-h' of 'hft' is missing
man/hft.1: '--help' of 'hft' is missing"

rm "$tree/man/hft-bench.1"
page hft '\-h, \-\-help' bench
page sandbox run 64 65 '\-\-output' 'our\-6.1'
finds man 'a page that is missing' "man/hft-bench.1: missing, the page of 'hft bench'
man/hft-bench.1: missing, the page of 'hft bench all'
man/hft.1: SEE ALSO lacks hft-bench(1)
man/hft-bench.1: missing, the page of 'hft bench --list'"

# Sources that are looked at together, two with a main and two whose names clash.
cp .clang-tidy "$tree/"
mkdir -p "$tree/build/release" "$tree/src"
printf 'int main() { return 0; }\n' | tee "$tree/src/one.cpp" >"$tree/src/other.cpp"
printf 'struct Clash {};\nusing Also = Clash;\n' >"$tree/src/clash.cpp"
printf 'struct Clash {};\n' >"$tree/src/fine.cpp"
printf '#pragma once\nconst int thing = 1;\n' >"$tree/src/thing.hpp"
printf '#include "thing.hpp"\n' >"$tree/src/includes.cpp"
for source in one other clash fine includes; do
  printf '{"command": "c++ -std=c++20 -o %s.o -c %s", "directory": "%s", "file": "%s"}\n' \
    "$source" "$tree/src/$source.cpp" "$tree" "$tree/src/$source.cpp"
done | sed '1s/^/[/; $!s/$/,/; $s/$/]/' >"$tree/build/release/compile_commands.json"

# tidy_finds WHAT TEXT: its findings, without folders.
tidy_finds() {
  local said
  said=$(cd "$tree" && XDG_CACHE_HOME=$tree/cache "$checks/tidy" |
    sed -nE 's/^.*\/([a-z]+\.[ch]pp):[0-9]+:[0-9]+: error: .*\[([a-z-]+).*/\1 \2/p')
  check "tidy: finds $1" equals "$2" "$said"
}
tidy_finds 'a name in a header' 'thing.hpp readability-identifier-naming'
tidy_finds 'it again' 'thing.hpp readability-identifier-naming'
printf '#pragma once\nconst int kThing = 1;\n' >"$tree/src/thing.hpp"
tidy_finds 'nothing once the name is mended' ''
printf 'struct Clash {};\nstruct clash {};\n' >"$tree/src/clash.cpp"
tidy_finds 'a name where names clash' 'clash.cpp readability-identifier-naming'
printf 'int main() {\n  int* p = 0;\n  return *p;\n}\n' >"$tree/src/other.cpp"
printf 'struct Clash {};\n' >"$tree/src/clash.cpp"
tidy_finds 'a mistake beside another main' 'other.cpp modernize-use-nullptr'
summary
