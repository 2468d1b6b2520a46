// Reads one key after the other out of a raw map: official syntax, default of the level, range, and the warnings that
// need no other key. Not here: what several keys mean together (conf.cpp, conf_checks.cpp).
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "backend/conf.h"
#include "backend/conf_keys.h"
#include "backend/redaction.h"

namespace podramp::backend {

class ConfReader {
 public:
  // Parses every key of `raw` at once. Mistakes and warnings go to `outcome`, which must outlive the reader.
  ConfReader(const StringMap& raw, Compat compat, const ConfOptions& options, ConfOutcome& outcome);

  // The value of a key of the table, or its default at the level; the type must be the table's (CHECK). A value that
  // was a mistake reads as the default, so that reading can go on.
  bool boolean(std::string_view key) const;
  std::int64_t whole(std::string_view key) const;  // in the key's unit
  double number(std::string_view key) const;
  std::string text(std::string_view key) const;  // "" when not set
  std::vector<std::string> list(std::string_view key) const;
  DurationUs us(std::string_view key) const;  // of a duration, saturated at kNever
  std::optional<std::int64_t> maybe_whole(std::string_view key) const;
  std::optional<double> maybe_number(std::string_view key) const;
  std::optional<std::string> maybe_text(std::string_view key) const;
  std::optional<DurationUs> maybe_us(std::string_view key) const;

  // Whether the user gave the key, under its own or a deprecated name, and it exists at the level.
  bool is_set(std::string_view key) const;
  // Whether the value differs from the level's default; a key without one differs when it is not empty.
  bool differs_from_default(std::string_view key) const;
  // Keys of a family without the prefix, substituted.
  StringMap family(std::string_view prefix) const;
  const StringMap& values() const { return values_; }  // after redaction, aliases and substitution
  Compat compat() const { return compat_; }

  void error(std::string_view key, std::string message);
  void warn(std::string_view key, ConfWarningKind kind, std::string text);

 private:
  using Value = std::variant<bool, std::int64_t, double, std::string, std::vector<std::string>>;

  void resolve_aliases();
  std::string substitute(const std::string& key, const std::string& value, int depth);
  void classify(const std::string& key);
  void unknown(const std::string& key);
  void read(const KeySpec& spec, const std::string& value);
  std::optional<std::string> range_fault(const KeySpec& spec, const Value& value, bool bare) const;
  void look_for_unit_traps(const KeySpec& spec, std::int64_t value, bool bare, bool truncated);
  const Value* find(std::string_view key) const;
  template <class T>
  T required(std::string_view key) const;
  template <class T>
  std::optional<T> maybe(std::string_view key) const;

  Compat compat_;
  const ConfOptions& options_;
  ConfOutcome& outcome_;
  StringMap values_;                               // redacted before anything else: secrets cannot reach a typed field
  std::map<std::string, std::string> written_as_;  // official key -> the deprecated spelling that was used
  Redactor redactor_;
  bool dynamic_ = false;
  std::map<std::string_view, Value> parsed_;    // what the user set, by table name
  std::map<std::string_view, Value> defaults_;  // of the level
};

}  // namespace podramp::backend
