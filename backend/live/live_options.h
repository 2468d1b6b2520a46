// The options of `podramp live` and podramp-live, which are the same command with another reader of scenarios.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "backend/port/status.h"
#include "backend/port/time.h"

namespace podramp::live {

inline constexpr std::int64_t kMaxPodsByDefault = 100;

struct LiveOptions {
  bool help = false;
  std::string scenario;
  std::string clean_up;  // a log: nothing is run
  std::string kubeconfig;
  std::string context;
  std::string ns;
  std::string out;
  std::optional<std::int64_t> max_pods;
  bool dry_run = false;
  bool ignore_quota = false;
  bool json = false;
  DurationUs hold_us = 10 * kSecondUs;
};

Result<LiveOptions> parse_live_options(const std::vector<std::string>& arguments);
std::string live_help(const std::string& program);

}  // namespace podramp::live
