// What an import did not carry over, and what it put in by itself: each is told, none is silent.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "backend/port/fields.h"

namespace podramp::sim {

enum class NoteKind : std::uint8_t { left_out, assumed };

struct ImportNote {
  NoteKind kind = NoteKind::left_out;
  std::string subject;  // "event SparkListenerSQLExecutionStart", "conf spark.ui.enabled", "spec.driver.hostAliases"
  std::int64_t count = 1;
  std::string text;  // why, and what that means
};

class ImportNotes {
 public:
  void left_out(std::string subject, std::string_view text, std::int64_t count = 1) {
    add(NoteKind::left_out, std::move(subject), text, count);
  }
  void assumed(std::string subject, std::string_view text) { add(NoteKind::assumed, std::move(subject), text, 1); }

  // In the order in which they came up; each subject and text once, with how often.
  const std::vector<ImportNote>& all() const { return notes_; }

 private:
  void add(NoteKind kind, std::string subject, std::string_view text, std::int64_t count);

  std::vector<ImportNote> notes_;
  std::map<std::tuple<NoteKind, std::string, std::string>, std::size_t> places_;
};

// "left out: event SparkListenerSQLExecutionStart (7 times): SQL plans"
std::string to_string(const ImportNote& note);

struct ImportedScenario {
  std::string json;  // a whole scenario
  ImportNotes notes;
};
// {"scenario": ..., "notes": [{kind, subject, count, text}]}; scenario: whether to write it, too (notes_json.cpp).
std::string import_json(const ImportedScenario& imported, bool scenario);

}  // namespace podramp::sim

template <>
struct podramp::EnumText<podramp::sim::NoteKind> {
  static constexpr std::array<std::string_view, 2> names{"left_out", "assumed"};
};
