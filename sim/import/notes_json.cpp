// Notes in words and as JSON (notes.h).
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "sim/import/notes.h"

namespace podramp::sim {

void ImportNotes::add(NoteKind kind, std::string subject, std::string_view text, std::int64_t count) {
  const auto [place, is_new] = places_.try_emplace({kind, subject, std::string(text)}, notes_.size());
  if (is_new) {
    notes_.push_back({kind, std::move(subject), count, std::string(text)});
  } else {
    notes_[place->second].count += count;
  }
}

std::string to_string(const ImportNote& note) {
  return fmt::format("{}: {}{}: {}", note.kind == NoteKind::left_out ? "left out" : "assumed", note.subject,
                     note.count == 1 ? "" : fmt::format(" ({} times)", note.count), note.text);
}

std::string import_json(const ImportedScenario& imported, bool scenario) {
  nlohmann::ordered_json root;
  if (scenario) root["scenario"] = nlohmann::ordered_json::parse(imported.json, nullptr, false);
  root["notes"] = nlohmann::ordered_json::array();
  for (const ImportNote& note : imported.notes.all()) {
    root["notes"].push_back(nlohmann::ordered_json{{"kind", std::string(to_text(note.kind))},
                                                   {"subject", note.subject},
                                                   {"count", note.count},
                                                   {"text", note.text}});
  }
  return root.dump(1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace podramp::sim
