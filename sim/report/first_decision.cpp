#include "sim/report/first_decision.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/compare.h"
#include "sim/log_reader.h"

namespace podramp::sim {
namespace {

std::string what_of(const EventRef& event) {
  std::string what(type_name(event.data));
  if (const auto* called = std::get_if<const out::Called*>(&event.data)) {
    const ApiRequest& request = (*called)->request;
    const std::string& name = request.body != nullptr       ? request.body->name
                              : request.manifest != nullptr ? request.manifest->name
                                                            : request.name;
    return fmt::format("{} {}{}{}", what, to_text(request.verb), name.empty() ? "" : " ", name);
  }
  return event.key.empty() ? what : what + " " + std::string(event.key);
}

Result<std::optional<LoggedDecision>> next_decision(LogReader& log) {
  for (;;) {
    const auto event = log.next();
    if (!event) return tl::unexpected(event.error());
    if (!*event) return std::optional<LoggedDecision>();
    const EventRef ref = (*event)->ref();
    const std::string_view type = type_name(ref.data);
    if (!type.starts_with("out.")) continue;
    return LoggedDecision{log.line_number(), ref.t, std::string(ref.by), what_of(ref), log.line()};
  }
}

// All of their lines but numbering and time.
bool same_decision(const LoggedDecision& a, const LoggedDecision& b) {
  const auto rest = [](const LoggedDecision& d) {
    const std::size_t key = d.text.find(",\"key\":");
    return std::string_view(d.text).substr(std::min(key, d.text.size()));
  };
  return a.what == b.what && a.by == b.by && rest(a) == rest(b);
}

}  // namespace

Result<FirstDecision> first_different_decision(const std::string& a, const std::string& b) {
  auto log_a = LogReader::open(log_of(a));
  if (!log_a) return tl::unexpected(log_a.error());
  auto log_b = LogReader::open(log_of(b));
  if (!log_b) return tl::unexpected(log_b.error());
  for (FirstDecision first;; ++first.same) {
    auto of_a = next_decision(*log_a);
    if (!of_a) return tl::unexpected(of_a.error());
    auto of_b = next_decision(*log_b);
    if (!of_b) return tl::unexpected(of_b.error());
    if (*of_a && *of_b && same_decision(**of_a, **of_b)) continue;
    first.a = std::move(*of_a);
    first.b = std::move(*of_b);
    return first;
  }
}

std::string decision_text(const std::optional<LoggedDecision>& decision) {
  if (!decision) return "(no more)";
  return fmt::format("{} {} at {} (line {})", decision->by, decision->what, format_time(decision->t), decision->line);
}

}  // namespace podramp::sim
