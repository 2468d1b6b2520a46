#include "sim/study/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>

namespace podramp::sim {
namespace {

constexpr std::int64_t kShowPeriodMs = 250;

}  // namespace

std::int64_t wall_clock_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

std::string duration_text(std::int64_t ms) {
  if (ms < 10'000) return fmt::format("{}.{} s", ms / 1000, ms % 1000 / 100);
  if (ms < 120'000) return fmt::format("{} s", (ms + 500) / 1000);
  if (ms < 7'200'000) return fmt::format("{} min", (ms + 30'000) / 60'000);
  return fmt::format("{}.{} h", ms / 3'600'000, ms % 3'600'000 / 360'000);
}

std::string remaining_text(std::int64_t ended, std::int64_t under_way, std::int64_t total, std::int64_t elapsed_ms) {
  if (ended <= 0 || total <= ended) return "";
  const std::int64_t half_runs_done = 2 * ended + under_way;
  const std::int64_t half_runs_left = std::max<std::int64_t>(0, 2 * (total - ended) - under_way);
  return fmt::format("about {} left", duration_text(elapsed_ms * half_runs_left / half_runs_done));
}

StudyProgress::StudyProgress(std::string study, std::int64_t known, std::int64_t total, std::FILE* to)
    : study_(std::move(study)),
      known_(known),
      total_(total),
      to_(to),
      terminal_(::isatty(::fileno(to)) == 1),
      started_ms_(wall_clock_ms()),
      next_ms_(started_ms_ + kShowPeriodMs) {}

StudyProgress::~StudyProgress() {
  if (!shown_) return;
  fmt::print(to_, "\r\033[K");
  std::fflush(to_);
}

void StudyProgress::ended(bool failed) {
  ++ended_;
  if (failed) ++failed_;
}

void StudyProgress::show(std::int64_t under_way) {
  if (!terminal_ || wall_clock_ms() < next_ms_) return;
  next_ms_ = wall_clock_ms() + kShowPeriodMs;
  shown_ = true;
  const std::string left = remaining_text(ended_, under_way, total_, elapsed_ms());
  fmt::print(to_, "\r\033[K{}: {} of {} runs{}{}{}", study_, known_ + ended_, known_ + total_,
             failed_ > 0 ? fmt::format(", {} failed", failed_) : "", left.empty() ? "" : ", ", left);
  std::fflush(to_);
}

}  // namespace podramp::sim
