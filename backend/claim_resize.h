// What the claim resize plugin patches (02 4.5, S-K3): ExecutorPVCResizePlugin of Spark 4.2 and later. Executors report
// how full their local directories are, the driver grows the claims behind them. Doubles where Spark has them.
// Not here: who lists pods, fetches claims and sends the patches. A round: to_fetch(), then for each of these in order
// new_size() on what was fetched, and patched() with the outcome.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "backend/port/manifest.h"

namespace podramp::backend {

struct ClaimResizeSettings {
  DurationUs interval_us = 5 * kMinuteUs;  // executors report as often
  double threshold = 0.5;
  double factor = 1.0;
};

// A message that an executor's half of some plugin has sent to the driver's.
struct PluginMessage {
  std::string_view type;
  ExecutorId executor = 0;
  double ratio = 0.0;
};
inline constexpr std::string_view kDiskUsageReport = "PVCDiskUsageReport";

// A local directory's file system, as an executor sees it.
struct DiskUsage {
  std::int64_t total_bytes = 0;
  std::int64_t usable_bytes = 0;
};
// What an executor reports: the fullest of its directories; nothing when none can be measured.
std::optional<double> fullest(const std::vector<DiskUsage>& directories);

// Claims behind the local directories that the Spark container mounts, in the order of its mounts.
std::vector<std::string> local_dir_claims(const PodTemplate& pod);

class ClaimResize {
 public:
  explicit ClaimResize(ClaimResizeSettings settings) : settings_(settings) {}

  // The latest report of an executor counts; messages of other types are ignored.
  void receive(const PluginMessage& message);

  // The claims to look at this time: of executors above the threshold, but those that have failed before.
  std::vector<std::string> to_fetch(const std::vector<PodPtr>& pods) const;
  // The size to ask for; nothing when a resize is under way or failed, or was asked for already. claim: nullptr when
  // there is none.
  std::optional<std::int64_t> new_size(const std::string& name, const Manifest* claim) const;
  // Fetching or patching has failed: the claim is never tried again. Otherwise the size has been asked for.
  void failed(const std::string& name) { failed_.insert(name); }
  void patched(const std::string& name, std::int64_t size) { requested_[name] = size; }

 private:
  ClaimResizeSettings settings_;
  std::map<ExecutorId, double> reports_;
  std::set<std::string> failed_;
  std::map<std::string, std::int64_t> requested_;
};

}  // namespace podramp::backend
