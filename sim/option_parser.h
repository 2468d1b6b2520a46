// A thin face on Boost.Program_options, so that only option_parser.cpp includes it: named options, one positional
// list, --help. An unknown or malformed option is an Error that names it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backend/port/status.h"

namespace podramp::sim {

struct OptionSpec {
  std::string_view name;   // "seed"
  std::string_view value;  // "N"; "" for a switch
  std::string_view text;
  bool many = false;  // may be given several times
};

class ParsedOptions {
 public:
  bool has(std::string_view name) const { return values_.contains(name); }
  std::optional<std::string> value(std::string_view name) const;
  std::vector<std::string> values(std::string_view name) const;
  const std::vector<std::string>& positional() const { return positional_; }
  bool help() const { return has("help"); }

 private:
  friend Result<ParsedOptions> parse_options(const std::vector<std::string>&, const std::vector<OptionSpec>&);
  std::map<std::string, std::vector<std::string>, std::less<>> values_;
  std::vector<std::string> positional_;
};

Result<ParsedOptions> parse_options(const std::vector<std::string>& arguments, const std::vector<OptionSpec>& specs);

// "usage", a sentence, the options aligned, an example: at most 24 lines.
std::string help_text(std::string_view usage, std::string_view about, const std::vector<OptionSpec>& specs,
                      std::string_view example);

// A whole number option: absent -> nullopt; malformed or out of [low, high] -> Error naming the option.
Result<std::optional<std::int64_t>> whole_number(const ParsedOptions& options, std::string_view name, std::int64_t low,
                                                 std::int64_t high);

}  // namespace podramp::sim
