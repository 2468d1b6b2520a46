// Writes a run's log: JSON Lines, a header first, one event a line, a footer last (design 2.3). Counts every event and
// fingerprints the families, whatever the level keeps. The simulation writes its logs with it too; reading is
// sim/log_reader.h.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backend/port/event.h"

namespace podramp {

inline constexpr int kLogSchema = 1;
inline constexpr std::string_view kPodrampVersion = "0.1.0";

enum class LogLevel : std::uint8_t { none, decisions, all };
template <>
struct EnumText<LogLevel> {
  static constexpr std::array<std::string_view, 3> names{"none", "decisions", "all"};
};

// One application as a log's header names it: what a replay needs besides its part of the scenario.
struct HeaderApplication {
  std::string by;        // its name in the log
  std::size_t spec = 0;  // index in the resolved scenario's applications
  std::string app_id;
  std::string pod_name_prefix;
  int revision = 1;  // of our decisions (backend/driver.h); a log that does not say is of the first
  static void fields(auto& visit, auto& self) {
    visit("by", self.by);
    visit("spec", self.spec);
    visit("app_id", self.app_id);
    visit("pod_name_prefix", self.pod_name_prefix);
    visit("revision", self.revision);
  }
};

// Where a live run's objects are, for who has to clean up after it.
struct LiveOrigin {
  std::string run;     // value of the label kRunLabel on all of them
  std::string server;  // "https://host:6443"
  std::string ns;
  static void fields(auto& visit, auto& self) {
    visit("run", self.run);
    visit("server", self.server);
    visit("namespace", self.ns);
  }
};

struct LogHeader {
  std::uint64_t seed = 0;
  LogLevel level = LogLevel::all;  // stated by the EventLog itself
  std::string engine;              // "simgrid", "fluid", "live"
  std::string ties;                // "fixed", "shuffled"
  std::string wall_zero = "2026-01-01T00:00:00Z";
  std::vector<HeaderApplication> applications;
  std::string scenario_json;  // resolved; goes in as JSON, not as text
  std::optional<LiveOrigin> live{};
};

// Hashes of the families' lines without seq and cause. world is of facts.
struct Fingerprints {
  std::string decisions;
  std::string world;
  std::string all;
  static void fields(auto& visit, auto& self) {
    visit("decisions", self.decisions);
    visit("world", self.world);
    visit("all", self.all);
  }
  friend bool operator==(const Fingerprints&, const Fingerprints&) = default;
};

struct LogFooter {
  std::string ended;  // "end", "quiet", "stuck", "property failed", "livelock", "interrupted"
  TimeUs t = 0;
  std::uint64_t events = 0;  // all that happened, kept or not
  std::map<std::string, std::uint64_t> by_type;
  Fingerprints fingerprints;  // empty at level none
  static void fields(auto& visit, auto& self) {
    visit("ended", self.ended);
    visit("t", self.t);
    visit("events", self.events);
    visit("by_type", self.by_type);
    visit("fingerprints", self.fingerprints);
  }
};

// Hash of a stream of texts: eight bytes at a time, order-sensitive.
class Fingerprint {
 public:
  void add(std::string_view text);
  std::string text() const;

 private:
  std::uint64_t hash_ = 0x9ae16a3b2f90404fU;
};

// Writes to a file that it creates. All writing is buffered; sync() hands everything to the kernel.
class EventLog : public EventSink {
 public:
  // fd-less use (path empty): nothing is written, only counted and fingerprinted.
  explicit EventLog(LogLevel level);
  ~EventLog() override;
  EventLog(const EventLog&) = delete;
  EventLog& operator=(const EventLog&) = delete;

  Result<bool> open(const std::string& path, const LogHeader& header);
  void append(const EventRef& event, PodMemory& memory) override;
  // All that was appended is with the kernel now, or why it is not. A live run calls it before it performs an effect.
  Result<bool> sync();
  // Completes `footer` with counts and fingerprints, writes it and closes the file.
  Result<LogFooter> close(std::string ended, TimeUs t);
  std::uint64_t bytes() const { return bytes_; }

 private:
  void flush();

  LogLevel level_;
  std::string path_;
  int file_ = -1;
  int write_error_ = 0;  // errno of the first failed write
  std::string buffer_;
  std::uint64_t bytes_ = 0;
  std::uint64_t events_ = 0;
  std::vector<std::uint64_t> counts_;  // by index in the catalogue
  Fingerprint decisions_;
  Fingerprint world_;
  Fingerprint all_;
};

}  // namespace podramp
