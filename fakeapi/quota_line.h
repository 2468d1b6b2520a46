// Creates of one namespace behind its quotas (K7): while one charge is being written, the others wait and are then
// admitted together, in order of arrival. Holds slots of requests; who serves them is api_server.h.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "backend/port/time.h"

namespace podramp::fakeapi {

class QuotaLine {
 public:
  using Slot = std::uint64_t;
  static constexpr DurationUs kPatienceUs = 10 * kSecondUs;  // then the create fails

  struct Waiting {
    Slot slot = 0;
    TimeUs since_us = 0;
  };

  bool busy(std::string_view ns, TimeUs now) const {
    const auto it = lines_.find(ns);
    return it != lines_.end() && (now < it->second.free_us || !it->second.waiting.empty());
  }
  // The line is busy: true when this one is the first to wait, so that next() is due at free_us().
  bool wait(std::string_view ns, Slot slot, TimeUs now) {
    Line& line = lines_.find(ns)->second;
    line.waiting.push_back({slot, now});
    return line.waiting.size() == 1;
  }
  TimeUs free_us(std::string_view ns) const { return lines_.find(ns)->second.free_us; }
  std::vector<Waiting> next(std::string_view ns) { return std::exchange(lines_.find(ns)->second.waiting, {}); }
  // A charge is being written until then.
  void writes(const std::string& ns, TimeUs until_us) {
    Line& line = lines_[ns];
    line.free_us = until_us;
    ++line.writes;
  }
  std::uint64_t written(std::string_view ns) const {
    const auto it = lines_.find(ns);
    return it == lines_.end() ? 0 : it->second.writes;
  }

 private:
  struct Line {
    TimeUs free_us = 0;
    std::uint64_t writes = 0;
    std::vector<Waiting> waiting;
  };
  std::map<std::string, Line, std::less<>> lines_;
};

}  // namespace podramp::fakeapi
