// SPDX-License-Identifier: MIT
#include "hft/detail/owner.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <optional>
#include <string>
#include <system_error>

#include "fail.hpp"
#include "read_file.hpp"

namespace hft {
namespace {

constexpr unsigned kPidBits = 22;
constexpr Identity kPidMask = (Identity{1} << kPidBits) - 1;

struct Process {
  std::string comm;
  Identity identity;
  bool dead;
};

pid_t pid_of(Identity identity) {
  return static_cast<pid_t>(identity & kPidMask);
}

// The n-th word, from 0.
std::string_view word_of(std::string_view text, int n) {
  for (; n > 0; --n) {
    text.remove_prefix(text.find(' ') + 1);
  }
  return text.substr(0, text.find(' '));
}

std::uint64_t number(std::string_view word) {
  std::uint64_t value = 0;
  std::from_chars(word.data(), word.data() + word.size(), value);
  return value;
}

// /proc/PID/stat, proc(5). comm may hold blanks and parentheses: the fields
// from the third on follow the last one.
Process parse(pid_t pid, std::string_view stat) {
  const std::size_t open = stat.find('(');
  const std::size_t close = stat.rfind(')');
  const std::string_view fields = stat.substr(close + 2);
  const char state = fields.front();
  const std::uint64_t threads = number(word_of(fields, 20 - 3));
  const std::uint64_t start = number(word_of(fields, 22 - 3));
  // The leader of a process whose other threads live on is a zombie, too.
  return {.comm = std::string(stat.substr(open + 1, close - open - 1)),
          .identity = start << kPidBits | static_cast<Identity>(pid),
          .dead = (state == 'Z' || state == 'X') && threads <= 1};
}

// Nothing when /proc shows no such process.
std::optional<Process> read_process(pid_t pid) {
  try {
    return parse(pid, read_proc_file(fmt::format("/proc/{}/stat", pid)));
  } catch (const std::system_error& error) {
    switch (error.code().value()) {
      case ENOENT:  // also what hidepid=2 says
      case ESRCH:   // it died since the open
      case EPERM:   // hidepid=1
      case EACCES:
        return std::nullopt;
      default:
        throw;
    }
  }
}

// The command of a living owner.
std::optional<std::string> find_living(Identity identity) {
  const pid_t pid = pid_of(identity);
  if (const auto process = read_process(pid)) {
    if (process->dead || process->identity != identity) return std::nullopt;
    return process->comm;
  }
  // A pid that is in use and hidden may be the owner: never take over from it.
  if (pid == 0 || (kill(pid, 0) != 0 && errno == ESRCH)) return std::nullopt;
  return "hidden by hidepid";
}

// For the word of an end with a lock, where /proc need not be there or ours.
Identity own_name() {
  const pid_t pid = getpid();
  const auto self = read_process(pid);
  return self ? self->identity : static_cast<Identity>(pid);
}

[[noreturn]] void throw_taken(std::string_view what, Identity owner,
                              Identity own) {
  const auto comm = owner == 0 ? std::nullopt : find_living(owner);
  std::string who;
  if (owner == 0) {
    who = "held by a process that is taking it or giving it back: try again";
  } else if (comm) {
    who = fmt::format("process {} ({}){}: stop it first", pid_of(owner), *comm,
                      owner == own ? ", this one" : "");
  } else {
    who = fmt::format(
        "process {} of another pid namespace, or a child that it left: stop it "
        "first",
        pid_of(owner));
  }
  throw std::system_error(EBUSY, std::generic_category(),
                          fmt::format("{} is {}", what, who));
}

struct flock whole_file(short type) {
  struct flock range {};
  range.l_type = type;
  range.l_whence = SEEK_SET;
  return range;
}

// False while another open file description has the lock.
bool try_to_lock(int fd) {
  struct flock range = whole_file(F_WRLCK);
  if (fcntl(fd, F_OFD_SETLK, &range) == 0) return true;
  if (errno == EAGAIN || errno == EACCES) return false;
  internal::fail(errno, "lock the end of a ring");
}

void unlock(int fd) noexcept {
  struct flock range = whole_file(F_UNLCK);
  fcntl(fd, F_OFD_SETLK, &range);
}

}  // namespace

Identity own_identity() {
  const pid_t pid = getpid();
  if (const auto self = read_process(pid)) return self->identity;
  throw std::system_error(
      ENOENT, std::generic_category(),
      fmt::format("read /proc/{}/stat: mount the /proc of this pid namespace",
                  pid));
}

bool is_alive(Identity identity) { return find_living(identity).has_value(); }

Claim Claim::take(__u64* word, Descriptor lock, std::string_view what) {
  if (!lock) return take_word(word, what);
  const Identity identity = own_name();
  if (!try_to_lock(lock.get())) {
    throw_taken(what, __atomic_load_n(word, __ATOMIC_RELAXED), identity);
  }
  // Acquire pairs with the release in give_back(). Release pairs with the
  // acquire of whoever takes over when we have died: it sees what we stored
  // before.
  const __u64 owner = __atomic_exchange_n(word, identity, __ATOMIC_ACQ_REL);
  return {word, identity, lock.release(), owner != 0};
}

Claim Claim::take_word(__u64* word, std::string_view what) {
  const Identity identity = own_identity();
  __u64 owner = __atomic_load_n(word, __ATOMIC_RELAXED);
  for (;;) {
    if (owner != 0) {
      if (find_living(owner)) throw_taken(what, owner, identity);
    }
    // One of two successors wins; the other finds the winner, alive. Acquire
    // pairs with the release in give_back(). Release pairs with the acquire of
    // whoever takes over when we have died: it sees what we stored before.
    if (__atomic_compare_exchange_n(word, &owner, identity, false,
                                    __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) {
      return {word, identity, -1, owner != 0};
    }
  }
}

void Claim::give_back(__u64* word, Identity identity, int lock) noexcept {
  const Descriptor closed(lock);
  if (getpid() != pid_of(identity)) return;
  __u64 expected = identity;
  // Release pairs with the acquire in take().
  __atomic_compare_exchange_n(word, &expected, 0, false, __ATOMIC_RELEASE,
                              __ATOMIC_RELAXED);
  // Closing is not enough while a child has the description too.
  if (closed) unlock(closed.get());
}

}  // namespace hft
