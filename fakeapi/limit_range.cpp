#include "fakeapi/limit_range.h"

#include <fmt/format.h>

namespace podramp::fakeapi {
namespace {

using Amounts = std::map<std::string, std::int64_t>;

constexpr const char* kAnnotation = "kubernetes.io/limit-ranger";

void set_amount(Resources& resources, const std::string& name, std::int64_t amount) {
  if (name == "cpu") {
    resources.cpu_milli = amount;
  } else if (name == "memory") {
    resources.memory_bytes = amount;
  } else {
    resources.other[name] = amount;
  }
}

// Adds what is missing; returns the names that were set, in order.
std::vector<std::string> fill(Resources& into, const Amounts& defaults) {
  const Amounts present = by_name(into);
  std::vector<std::string> set;
  for (const auto& [name, amount] : defaults) {
    if (present.contains(name)) continue;
    set_amount(into, name, amount);
    set.push_back(name);
  }
  return set;
}

void default_containers(const LimitRangeSpec& range, std::string_view what, std::vector<Container>& containers,
                        std::vector<std::string>& notes) {
  for (Container& c : containers) {
    const std::vector<std::string> requests = fill(c.requests, by_name(range.default_request));
    if (!requests.empty())
      notes.push_back(fmt::format("{} request for {} {}", fmt::join(requests, ", "), what, c.name));
    const std::vector<std::string> limits = fill(c.limits, by_name(range.default_limit));
    if (!limits.empty()) notes.push_back(fmt::format("{} limit for {} {}", fmt::join(limits, ", "), what, c.name));
  }
}

void check_min(const std::string& name, std::int64_t least, const Amounts& requests, const Amounts& limits,
               std::vector<std::string>& errors) {
  const std::string bound = fmt::format("minimum {} usage per Container is {}", name, print_amount(name, least));
  const auto request = requests.find(name);
  const auto limit = limits.find(name);
  if (request == requests.end()) {
    errors.push_back(bound + ".  No request is specified");
  } else if (request->second < least) {
    errors.push_back(fmt::format("{}, but request is {}", bound, print_amount(name, request->second)));
  } else if (limit != limits.end() && limit->second < least) {
    errors.push_back(fmt::format("{}, but limit is {}", bound, print_amount(name, limit->second)));
  }
}

void check_max(const std::string& name, std::int64_t most, const Amounts& requests, const Amounts& limits,
               std::vector<std::string>& errors) {
  const std::string bound = fmt::format("maximum {} usage per Container is {}", name, print_amount(name, most));
  const auto request = requests.find(name);
  const auto limit = limits.find(name);
  if (limit == limits.end()) {
    errors.push_back(bound + ".  No limit is specified");
  } else if (limit->second > most) {
    errors.push_back(fmt::format("{}, but limit is {}", bound, print_amount(name, limit->second)));
  } else if (request != requests.end() && request->second > most) {
    errors.push_back(fmt::format("{}, but request is {}", bound, print_amount(name, request->second)));
  }
}

}  // namespace

Amounts by_name(const Resources& resources) {
  Amounts amounts = resources.other;
  if (resources.cpu_milli) amounts["cpu"] = *resources.cpu_milli;
  if (resources.memory_bytes) amounts["memory"] = *resources.memory_bytes;
  return amounts;
}

std::string print_amount(std::string_view resource, std::int64_t amount) {
  if (resource == "cpu" || resource.ends_with(".cpu")) return format_cpu_milli(amount);
  const bool bytes = resource == "memory" || resource.ends_with(".memory") ||
                     resource.find("storage") != std::string_view::npos ||
                     resource.find("hugepages-") != std::string_view::npos;
  return bytes ? format_bytes(amount) : std::to_string(amount);
}

LimitRangeSpec with_own_defaults(LimitRangeSpec range) {
  (void)fill(range.default_limit, by_name(range.max));
  (void)fill(range.default_request, by_name(range.default_limit));
  (void)fill(range.default_request, by_name(range.min));
  return range;
}

void apply_defaults(const LimitRangeSpec& range, PodTemplate& tmpl) {
  std::vector<std::string> notes;
  default_containers(range, "container", tmpl.containers, notes);
  default_containers(range, "init container", tmpl.init_containers, notes);
  if (!notes.empty()) tmpl.annotations[kAnnotation] = fmt::format("LimitRanger plugin set: {}", fmt::join(notes, "; "));
}

std::vector<std::string> violations(const LimitRangeSpec& range, const PodTemplate& tmpl) {
  std::vector<std::string> errors;
  for (const std::vector<Container>* containers : {&tmpl.containers, &tmpl.init_containers}) {
    for (const Container& c : *containers) {
      const Amounts requests = by_name(c.requests);
      const Amounts limits = by_name(c.limits);
      for (const auto& [name, least] : by_name(range.min)) check_min(name, least, requests, limits, errors);
      for (const auto& [name, most] : by_name(range.max)) check_max(name, most, requests, limits, errors);
    }
  }
  return errors;
}

}  // namespace podramp::fakeapi
