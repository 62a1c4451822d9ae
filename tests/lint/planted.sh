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

# finds CHECK WHAT TEXT: of the tree as it is now, TEXT and nothing else.
finds() {
  local said status
  said=$(cd "$tree" && "$checks/$1" 2>&1)
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
summary
