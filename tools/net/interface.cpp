// SPDX-License-Identifier: MIT
#include "net/interface.hpp"

#include <fmt/format.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cerrno>
#include <string_view>
#include <system_error>

#include "hft/descriptor.hpp"

namespace hft::net {

void bring_up(const char* interface) {
  ifreq request{};
  const std::string_view name(interface);
  name.copy(request.ifr_name, sizeof request.ifr_name - 1);
  const Descriptor any(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  bool up = ioctl(any.get(), SIOCGIFFLAGS, &request) == 0;
  request.ifr_flags |= IFF_UP;
  up = up && ioctl(any.get(), SIOCSIFFLAGS, &request) == 0;
  if (!up) {
    throw std::system_error(errno, std::generic_category(),
                            fmt::format("bring interface {} up", interface));
  }
}

}  // namespace hft::net
