#include "sim/driver_calls.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "backend/port/effect.h"
#include "backend/port/input.h"

namespace podramp::sim {
namespace {

std::optional<DriverCall> call_of(const ApiRequest& request) {
  if (request.kind != Kind::pod || !request.subresource.empty() || request.dry_run) return std::nullopt;
  DriverCall call;
  switch (request.verb) {
    case Verb::create:
      call.verb = DriverVerb::create;
      call.executor = request.body == nullptr ? 0 : executor_of_pod(request.body->name);
      break;
    case Verb::remove:
      call.verb = DriverVerb::remove;
      call.executor = executor_of_pod(request.name);
      break;
    case Verb::remove_collection: call.verb = DriverVerb::remove_all; return call;
    default: return std::nullopt;
  }
  return call.executor == 0 ? std::nullopt : std::optional(call);
}

}  // namespace

std::string to_words(const DriverCall& call) {
  constexpr std::array<std::string_view, 3> kVerbs{"create", "delete", "delete all"};
  const std::string_view verb = kVerbs.at(static_cast<std::size_t>(call.verb));
  const std::string about = call.executor == 0 ? "" : fmt::format(" {}", call.executor);
  return fmt::format("{}{}: {}", verb, about, call.code == 0 ? "no answer" : std::to_string(call.code));
}

std::int64_t executor_of_pod(std::string_view pod) {
  constexpr std::string_view kMark = "-exec-";
  const std::size_t mark = pod.rfind(kMark);
  if (mark == std::string_view::npos) return 0;
  std::int64_t id = 0;
  const std::string_view digits = pod.substr(mark + kMark.size());
  if (digits.empty() || digits.size() > 18) return 0;
  for (const char c : digits) {
    if (c < '0' || c > '9') return 0;
    id = id * 10 + (c - '0');
  }
  return id;
}

void DriverCalls::append(const EventRef& event, PodMemory& /*memory*/) {
  if (event.by != application_) return;
  if (const auto* const* called = std::get_if<const out::Called*>(&event.data)) {
    std::optional<DriverCall> call = call_of((*called)->request);
    if (!call) return;
    call->at = call->answered = event.t;
    open_[(*called)->call.value] = calls_.size();
    calls_.push_back(*call);
  } else if (const auto* const* replied = std::get_if<const in::Replied*>(&event.data)) {
    const auto open = open_.find((*replied)->call.value);
    if (open == open_.end()) return;
    calls_[open->second].code = (*replied)->reply.code;
    calls_[open->second].answered = event.t;
    open_.erase(open);
  }
}

}  // namespace podramp::sim
