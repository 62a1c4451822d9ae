// SPDX-License-Identifier: MIT
// Values of options: what is allowed, and what an error says of the rest.
#include "values.hpp"

#include <gtest/gtest.h>

#include <string>

namespace hft::tools {
namespace {

// What the user is told; empty when the value is allowed.
std::string complaint(const CLI::Validator& validator, std::string value) {
  return validator(value);
}

TEST(Values, WholeNumberHasBothEnds) {
  const CLI::Validator validator = whole_number(1, 100'000);
  EXPECT_EQ(validator.get_description(), "1 to 100,000");
  EXPECT_EQ(complaint(validator, "1"), "");
  EXPECT_EQ(complaint(validator, "100000"), "");
  for (const char* wrong : {"0", "100001", "-1", "1.5", "many", "", "1 ", "010",
                            "08", "99999999999999999999"}) {
    EXPECT_EQ(
        complaint(validator, wrong),
        std::string("expected a whole number from 1 to 100,000, found '") +
            wrong + "'");
  }
}

TEST(Values, WholeNumberWithoutAnUpperLimitSaysSo) {
  const CLI::Validator validator = whole_number(2);
  EXPECT_EQ(validator.get_description(), "");
  EXPECT_EQ(complaint(validator, "18446744073709551615"), "");
  EXPECT_EQ(complaint(validator, "1"),
            "expected a whole number, 2 or more, found '1'");
}

TEST(Values, NumberTakesFractions) {
  const CLI::Validator validator = number(0.001, 1'000'000);
  EXPECT_EQ(validator.get_description(), "0.001 to 1,000,000");
  EXPECT_EQ(complaint(validator, "0.5"), "");
  EXPECT_EQ(complaint(validator, "0"),
            "expected a number from 0.001 to 1,000,000, found '0'");
  EXPECT_NE(complaint(validator, "nan"), "");
}

TEST(Values, PowerOfTwoHasBothEnds) {
  const CLI::Validator validator = power_of_two(2, 65'536);
  EXPECT_EQ(complaint(validator, "2"), "");
  EXPECT_EQ(complaint(validator, "65536"), "");
  for (const char* wrong : {"1", "3", "131072", "0", "064"}) {
    EXPECT_EQ(complaint(validator, wrong),
              std::string("expected a power of two from 2 to 65,536, found '") +
                  wrong + "'");
  }
}

TEST(Values, PeriodBecomesNanoseconds) {
  const CLI::Validator validator = period();
  for (const auto& [text, nanoseconds] :
       {std::pair{"10us", "10000"}, std::pair{"2ms", "2000000"},
        std::pair{"1s", "1000000000"}, std::pair{"50000ns", "50000"},
        std::pair{"50000", "50000"}}) {
    std::string value = text;
    EXPECT_EQ(validator(value), "");
    EXPECT_EQ(value, nanoseconds);
  }
  for (const char* wrong :
       {"9us", "2s", "5m", "us", "", "-10us", "18446744073709551615s"}) {
    EXPECT_EQ(complaint(validator, wrong),
              std::string("expected a time from 10 us to 1 s, such as 100us, "
                          "found '") +
                  wrong + "'");
  }
}

TEST(Values, OthersNameWhatTheyFound) {
  EXPECT_EQ(complaint(file_mode(), "0660"), "");
  EXPECT_EQ(complaint(file_mode(), "999"),
            "expected an octal mode from 0 to 0777, such as 0660, found '999'");
  for (const char* wrong : {"1777", "7777", "00660", "", "u=rw"}) {
    EXPECT_NE(complaint(file_mode(), wrong), "") << wrong;
  }
  EXPECT_EQ(complaint(file_mode(), "777"), "");
  EXPECT_EQ(complaint(path(), ""), "expected a path, found ''");
  EXPECT_EQ(complaint(ipv4_address(), "239.1.1.1"), "");
  EXPECT_EQ(complaint(ipv4_address(), "239.1.1"),
            "expected an IPv4 address such as 239.1.1.1, found '239.1.1'");
  EXPECT_EQ(complaint(interface(), "lo"), "");
  EXPECT_NE(complaint(interface(), "nosuch").find("lo"), std::string::npos);
  EXPECT_EQ(complaint(directory(), "/proc"), "");
  EXPECT_EQ(complaint(directory(), "/proc/none"),
            "expected a directory, found nothing at '/proc/none'");
  EXPECT_EQ(complaint(directory(), "/proc/version"),
            "expected a directory, found a file at '/proc/version'");
  EXPECT_EQ(complaint(cpu(), "0"), "");
  EXPECT_NE(complaint(cpu(), "99999"), "");
  EXPECT_NE(complaint(cpu(), "-1"), "");
}

}  // namespace
}  // namespace hft::tools
