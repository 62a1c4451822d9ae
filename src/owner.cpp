// SPDX-License-Identifier: MIT
#include "hft/detail/owner.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <memory>
#include <optional>
#include <string>
#include <system_error>

#include "fail.hpp"
#include "hft/clock.hpp"
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
    who =
        "held by a process that has not written its name: it takes the end or "
        "gives it back just now, or it has locked the file by other means (see "
        "/proc/locks): try again";
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

// A page that the kernel empties in every child.
std::uint64_t* token_page() {
  static std::uint64_t* const page = [] {
    static std::uint64_t without_a_page = 0;
    void* const start = mmap(nullptr, HFT_PAGE, PROT_READ | PROT_WRITE,
                             MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (start == MAP_FAILED) return &without_a_page;
    madvise(start, HFT_PAGE, MADV_WIPEONFORK);
    return static_cast<std::uint64_t*>(start);
  }();
  return page;
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

}  // namespace

// A lock that was taken, and what keeps its open file description.
struct internal::EndLock {
  explicit EndLock(Descriptor&& locked)
      : fd(std::move(locked)),
        page(mmap(nullptr, HFT_PAGE, PROT_NONE, MAP_PRIVATE, fd.get(), 0)) {
    if (page == MAP_FAILED || fstat(fd.get(), &file) != 0) {
      fail(errno, "map the lock of an end of a ring");
    }
  }
  EndLock(const EndLock&) = delete;
  EndLock& operator=(const EndLock&) = delete;
  ~EndLock() {
    munmap(page, HFT_PAGE);
    // Somebody else's by now, if this program has closed ours.
    if (!is_ours()) static_cast<void>(fd.release());
  }

  [[nodiscard]] bool is_ours() const noexcept {
    struct stat found {};
    return fstat(fd.get(), &found) == 0 && found.st_dev == file.st_dev &&
           found.st_ino == file.st_ino;
  }
  void unlock() const noexcept {
    struct flock range = whole_file(F_UNLCK);
    if (is_ours()) fcntl(fd.get(), F_OFD_SETLK, &range);
  }

  Descriptor fd;
  void* page;
  struct stat file {};
};

std::uint64_t process_token() noexcept {
  std::uint64_t* const page = token_page();
  std::uint64_t token = __atomic_load_n(page, __ATOMIC_RELAXED);
  if (token == 0) {
    // Later than that of every process that this one descends from.
    const std::uint64_t fresh = tsc_now() | 1U;
    if (__atomic_compare_exchange_n(page, &token, fresh, false,
                                    __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
      return fresh;
    }
  }
  return token;
}

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
  auto held = std::make_unique<internal::EndLock>(std::move(lock));
  // Acquire pairs with the release in give_back(). Release pairs with the
  // acquire of whoever takes over when we have died: it sees what we stored
  // before.
  const __u64 owner = __atomic_exchange_n(word, identity, __ATOMIC_ACQ_REL);
  return {word, identity, held.release(), owner != 0};
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
      return {word, identity, nullptr, owner != 0};
    }
  }
}

void Claim::give_back(__u64* word, Identity identity, std::uint64_t token,
                      internal::EndLock* lock) noexcept {
  const std::unique_ptr<internal::EndLock> held(lock);
  if (process_token() != token) return;
  __u64 expected = identity;
  // Release pairs with the acquire in take().
  __atomic_compare_exchange_n(word, &expected, 0, false, __ATOMIC_RELEASE,
                              __ATOMIC_RELAXED);
  // Letting go is not enough while a child has the description too.
  if (held) held->unlock();
}

}  // namespace hft
