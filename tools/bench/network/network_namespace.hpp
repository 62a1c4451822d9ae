// SPDX-License-Identifier: MIT
// A network of our own that nothing has to clean up.
#pragma once

#include "hft/descriptor.hpp"

namespace hft::bench {

/// It has no name: the kernel removes it, and what is in it, with the last
/// descriptor, socket or process that holds it, however these end.
class NetworkNamespace {
 public:
  /// Throws std::system_error saying which right or kernel option is missing.
  NetworkNamespace();

  [[nodiscard]] int fd() const { return inside_.get(); }

 private:
  Descriptor inside_;
};

/// While it lives, this thread is in the namespace: what it opens belongs
/// there, for good.
class Visit {
 public:
  explicit Visit(const NetworkNamespace& there);
  Visit(const Visit&) = delete;
  Visit& operator=(const Visit&) = delete;
  ~Visit();

 private:
  Descriptor home_;
};

}  // namespace hft::bench
