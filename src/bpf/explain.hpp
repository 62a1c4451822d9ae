// SPDX-License-Identifier: MIT
// Why a BPF object was not loaded.
//
//   throw std::system_error(error, std::generic_category(),
//                           explain({error, log, section}, facts_here()));
#pragma once

#include <string>
#include <string_view>

namespace hft::bpf::internal {

/// What decides whether a program can be loaded.
struct Facts {
  bool built_in = true;  // the kernel has bpf(2)
  // Capabilities that every program needs; CAP_SYS_ADMIN stands for both.
  bool cap_bpf = true;
  bool cap_perfmon = true;
  bool net_admin = true;
  bool btf = true;        // /sys/kernel/btf/vmlinux
  bool host_user = true;  // the capabilities are those of the host's users
  bool filtered = false;  // a seccomp filter sees every system call
  std::string lockdown;   // "none", "integrity", "confidentiality" or empty
  std::string release;    // of the kernel: "6.1.0-50-amd64"
};

Facts facts_here();

/// What is known of an object that was not loaded.
struct Failure {
  int error = 0;
  std::string_view log = {};      // libbpf's
  std::string_view section = {};  // SEC() of the program that was refused
};

/// What is missing, whatever is to be loaded; empty when nothing is.
std::string missing(const Facts& facts);

/// The likeliest reason, and what to do.
std::string explain(const Failure& failure, const Facts& facts);

/// The name of the program that a log of libbpf's says was not loaded; empty
/// when it names none.
std::string refused_program(std::string_view log);

/// The lines of a verifier's log that say what it refused: the program, the
/// last line of source it looked at, and its verdict. Empty when it has none.
std::string verdict_in(std::string_view log);

}  // namespace hft::bpf::internal
