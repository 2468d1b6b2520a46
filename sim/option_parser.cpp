#include "sim/option_parser.h"

#include <fmt/format.h>

#include <boost/program_options.hpp>
#include <charconv>

namespace podramp::sim {
namespace {

namespace po = boost::program_options;

po::options_description describe(const std::vector<OptionSpec>& specs) {
  po::options_description options;
  for (const OptionSpec& spec : specs) {
    const std::string name(spec.name);
    const std::string text(spec.text);
    if (spec.value.empty()) {
      options.add_options()(name.c_str(), text.c_str());
    } else if (spec.many) {
      options.add_options()(name.c_str(), po::value<std::vector<std::string>>()->composing(), text.c_str());
    } else {
      options.add_options()(name.c_str(), po::value<std::string>(), text.c_str());
    }
  }
  options.add_options()("help,h", "this text")("positional", po::value<std::vector<std::string>>());
  return options;
}

}  // namespace

std::optional<std::string> ParsedOptions::value(std::string_view name) const {
  const auto it = values_.find(name);
  if (it == values_.end() || it->second.empty()) return std::nullopt;
  return it->second.back();
}

std::vector<std::string> ParsedOptions::values(std::string_view name) const {
  const auto it = values_.find(name);
  return it == values_.end() ? std::vector<std::string>{} : it->second;
}

Result<ParsedOptions> parse_options(const std::vector<std::string>& arguments, const std::vector<OptionSpec>& specs) {
  try {
    po::positional_options_description positional;
    positional.add("positional", -1);
    const po::options_description description = describe(specs);
    // Long options only by their full name: an abbreviation that works today would break with the next option.
    const int style = po::command_line_style::unix_style & ~po::command_line_style::allow_guessing;
    const auto parsed =
        po::command_line_parser(arguments).options(description).positional(positional).style(style).run();
    po::variables_map ignored;
    po::store(parsed, ignored);
    ParsedOptions options;
    for (const auto& option : parsed.options) {
      if (option.string_key == "positional") {
        options.positional_.insert(options.positional_.end(), option.value.begin(), option.value.end());
      } else {
        auto& values = options.values_[option.string_key];
        values.insert(values.end(), option.value.begin(), option.value.end());
      }
    }
    return options;
  } catch (const po::error& e) {
    return tl::unexpected(Error{fmt::format("{}; see --help", e.what())});
  }
}

std::string help_text(std::string_view usage, std::string_view about, const std::vector<OptionSpec>& specs,
                      std::string_view example) {
  std::string text = fmt::format("usage: {}\n\n{}\n\n", usage, about);
  for (const OptionSpec& spec : specs) {
    const std::string left = fmt::format("--{}{}{}", spec.name, spec.value.empty() ? "" : " ", spec.value);
    text += fmt::format("  {:<26} {}\n", left, spec.text);
  }
  return text + fmt::format("\nexample: {}\n", example);
}

Result<std::optional<std::int64_t>> whole_number(const ParsedOptions& options, std::string_view name, std::int64_t low,
                                                 std::int64_t high) {
  const auto text = options.value(name);
  if (!text) return std::optional<std::int64_t>{};
  std::int64_t value = 0;
  const auto [end, code] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (code != std::errc{} || end != text->data() + text->size() || value < low || value > high) {
    return tl::unexpected(
        Error{fmt::format("--{} \"{}\": a whole number from {} to {} is expected", name, *text, low, high)});
  }
  return std::optional<std::int64_t>{value};
}

}  // namespace podramp::sim
