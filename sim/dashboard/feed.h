// The state of a live page as sections of HTML, each with the number of the update that changed it last; and as
// server-sent events. A message holds every section that is newer than what its reader has, so that whoever skips some,
// or comes back with the id of its last one, gets no gap and nothing twice, and nothing has to be kept for it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace podramp::sim {

struct Section {
  std::string id;  // [a-z]+
  std::string html;
};

class Feed {
 public:
  // run: tells this run's ids from those of another one before; [a-z0-9]+
  explicit Feed(std::string run) : run_(std::move(run)) {}

  // Sections that are not among these stay as they are.
  void update(std::vector<Section> sections);
  // The number of the newest update; 0: there is none.
  std::uint64_t newest() const { return newest_; }
  // What a reader has whose last id was this; 0: nothing of this run.
  std::uint64_t has(std::string_view last_id) const;
  // One event: "state" for a reader that has nothing, "update" for others, "end" with the last.
  std::string message(std::uint64_t has, bool last) const;

 private:
  struct Kept {
    Section section;
    std::uint64_t changed = 0;
  };
  std::string run_;
  std::vector<Kept> kept_;
  std::uint64_t newest_ = 0;
};

}  // namespace podramp::sim
