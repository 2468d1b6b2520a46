// podramp show: backend and cluster at a point of a log.
#include <fmt/format.h>

#include "sim/command_line.h"
#include "sim/compare.h"
#include "sim/option_parser.h"
#include "sim/report_json.h"
#include "sim/show.h"

namespace podramp::sim {
namespace {

// "1234" is an event's number, "2m" or "90s" an instant.
Result<ShowAt> parse_at(const std::string& text) {
  ShowAt at;
  if (text.find_first_not_of("0123456789") == std::string::npos && text.size() < 19) {
    at.seq = std::stoull(text);
    return at;
  }
  const auto t = parse_duration(text);
  if (!t)
    return tl::unexpected(
        Error{fmt::format("--at \"{}\": neither an event's number nor a time (\"90s\", \"12m\")", text)});
  at.t = *t;
  return at;
}

}  // namespace

int show_command(const Arguments& arguments) {
  const std::vector<OptionSpec> specs{{"at", "SEQ|TIME", "an event's number, or a time such as 90s (default: the end)"},
                                      {"json", "", "the state as JSON"}};
  const auto options = parse_options(arguments, specs);
  if (!options) return complain(options.error().message);
  if (options->help()) {
    fmt::print("{}", help_text("podramp show LOG [--at SEQ|TIME]",
                               "The state of every backend and of the cluster at a point of a log.", specs,
                               "podramp show results/ramp_500-1 --at 30s"));
    return kExitFine;
  }
  if (options->positional().size() != 1)
    return complain("show takes one log or results folder; see podramp show --help");
  ShowAt at;
  if (const auto text = options->value("at")) {
    const auto parsed = parse_at(*text);
    if (!parsed) return complain(parsed.error().message);
    at = *parsed;
  }
  const auto shown = show_log(log_of(options->positional().front()), at);
  if (!shown) return complain(shown.error().message);
  fmt::print("{}", options->has("json") ? show_json(*shown) : show_text(*shown));
  return kExitFine;
}

}  // namespace podramp::sim
