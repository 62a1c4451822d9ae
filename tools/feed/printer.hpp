// SPDX-License-Identifier: MIT
// The top of a book as a line: of a table, or of JSON.
//
//   hft::feed::Printer printer(stdout, hft::feed::Form::kJson);
//   printer.print({.time = time, .sequence = 17, .locate = 2, .book = &book});
//   printer.flush();
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>

#include "feed/book.hpp"

namespace hft::feed {

enum class Form { kTable, kJson, kNone };

struct TopOfBook {
  std::uint64_t time = 0;      // of the message, ns since midnight
  std::uint64_t sequence = 0;  // of the message
  std::uint16_t locate = 0;
  const Book* book = nullptr;
};

/// Collects lines: the feed does not wait for a terminal at each.
class Printer {
 public:
  Printer(std::FILE* out, Form form) : out_(out), form_(form) {}

  void print(const TopOfBook& top);
  /// Throws std::system_error, as when the reader of a pipe is gone.
  void flush();

 private:
  void table_line(const TopOfBook& top);
  void json_line(const TopOfBook& top);

  std::FILE* out_;
  Form form_;
  bool titled_ = false;
  std::string lines_;
};

}  // namespace hft::feed
