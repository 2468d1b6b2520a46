// How far a study is and how long it will still take, from the runs that have ended: one line on stderr when that is a
// terminal. Reads the wall clock; nothing of it reaches a result.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>

namespace podramp::sim {

// "about 48 s left", "about 12 min left"; "" while nothing has ended. Runs that are under way count as half done.
std::string remaining_text(std::int64_t ended, std::int64_t under_way, std::int64_t total, std::int64_t elapsed_ms);
// "0.8 s", "48 s", "12 min", "3.5 h".
std::string duration_text(std::int64_t ms);

std::int64_t wall_clock_ms();

class StudyProgress {
 public:
  // total: runs that are to be made now; known: runs that were there already.
  StudyProgress(std::string study, std::int64_t known, std::int64_t total, std::FILE* to = stderr);
  ~StudyProgress();
  StudyProgress(const StudyProgress&) = delete;
  StudyProgress& operator=(const StudyProgress&) = delete;
  void ended(bool failed);
  void show(std::int64_t under_way);  // at most four times a second
  std::int64_t ended_count() const { return ended_; }
  std::int64_t elapsed_ms() const { return wall_clock_ms() - started_ms_; }

 private:
  std::string study_;
  std::int64_t known_;
  std::int64_t total_;
  std::FILE* to_;
  bool terminal_;
  bool shown_ = false;
  std::int64_t ended_ = 0;
  std::int64_t failed_ = 0;
  std::int64_t started_ms_;
  std::int64_t next_ms_;
};

}  // namespace podramp::sim
