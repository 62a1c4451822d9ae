// SPDX-License-Identifier: MIT
// An option that takes an endpoint, the same in each subcommand.
//
//   hft::net::Endpoint to;
//   hft::net::add_endpoint(app, "--to", to, "Host to send to")->required();
#pragma once

#include <CLI/CLI.hpp>
#include <stdexcept>
#include <string>

#include "net/endpoint.hpp"

namespace hft::net {

inline CLI::Option* add_endpoint(CLI::App& app, const std::string& name,
                                 Endpoint& endpoint, const std::string& help) {
  return app
      .add_option_function<std::string>(
          name,
          [&endpoint, name](const std::string& text) {
            try {
              endpoint = parse_endpoint(text);
            } catch (const std::invalid_argument& error) {
              throw CLI::ValidationError(name, error.what());
            }
          },
          help)
      ->option_text("ADDRESS:PORT");
}

}  // namespace hft::net
