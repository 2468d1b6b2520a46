// The table of every configuration key we know: 02 5.1-5.4, with type, unit, default per level, range, first release,
// and what it means for a run. Not here: parsing (conf_values.h) and what is done with the values (conf.h).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "backend/compat.h"

namespace podramp::backend {

// The unit of a bare number is part of the type.
enum class ValueType : std::uint8_t {
  boolean,
  integer,
  long_integer,
  fraction,
  text,
  list,
  milliseconds,
  seconds,
  minutes,
  bytes,
  mebibytes,
  cpu,        // a Kubernetes cpu quantity
  task_cpus,  // an integer up to 4.2, in billionths from 4.4
};
std::string_view describe(ValueType type);  // "duration (a bare number is milliseconds)"

// What the entry itself rejects when it is read. Bounds are in the key's unit.
struct Range {
  std::optional<std::int64_t> low;
  std::optional<std::int64_t> high;
  bool low_open = false;
  bool high_open = false;
  std::int64_t multiple_of = 1;
  bool or_zero = false;     // zero is allowed besides
  std::string_view one_of;  // choices separated by semicolons, "" is any
  bool any_case = false;    // the choices are upper case and any spelling of them counts
  friend bool operator==(const Range&, const Range&) = default;
};

// Whether a decision of the real Spark depends on the key, and whether ours does today.
enum class Influence : std::uint8_t {
  none,          // no decision depends on it
  modelled,      // podramp does what Spark does
  not_modelled,  // Spark's decisions depend on it, ours do not yet: a warning when it differs from its default
  with_dynamic,  // likewise, but only together with spark.dynamicAllocation.enabled
  with_claims,   // likewise, but only together with a persistentVolumeClaim volume
};

struct LevelDefault {
  Compat up_to = Compat::spark_4_4;
  std::string_view value;
};

struct KeySpec {
  std::string_view name;
  ValueType type = ValueType::text;
  std::optional<std::string_view> latest_default;  // at spark-4.4; absent is "not set"
  int since = 0;                                   // 203 is Spark 2.3
  Range range;
  Influence influence = Influence::none;
  std::array<LevelDefault, 2> older{};  // lowest level first; an empty value ends the list
  std::string_view note;                // what a run does instead (not_modelled), one sentence
  bool internal = false;                // undocumented in Spark
  bool may_hold_secret = false;         // redacted when it matches spark.redaction.regex
  bool checked_by_dynamic = false;      // the range counts only with dynamic allocation (02 5.4, note 1)

  std::optional<std::string_view> default_at(Compat level) const;
  Range range_at(Compat level) const;  // 02 0.2
  ValueType type_at(Compat level) const;
  bool exists_at(Compat level) const { return since <= spark_release(level); }

  // For writing the table.
  constexpr KeySpec above(std::int64_t n) const;
  constexpr KeySpec at_least(std::int64_t n) const;
  constexpr KeySpec at_most(std::int64_t n) const;
  constexpr KeySpec below(std::int64_t n) const;
  constexpr KeySpec one_of(std::string_view choices) const;
  constexpr KeySpec old(Compat up_to, std::string_view value) const;
  constexpr KeySpec modelled() const;
  constexpr KeySpec because(Influence how, std::string_view sentence) const;
  constexpr KeySpec secret() const;
  constexpr KeySpec hidden() const;
};

// A family of keys "<prefix><anything>"; the value is plain text.
struct KeyFamily {
  std::string_view prefix;
  Influence influence = Influence::none;
  std::string_view note;
  bool may_hold_secret = false;
};

std::span<const KeySpec> all_keys();  // in the order of 02 5
std::span<const KeyFamily> all_key_families();

const KeySpec* find_key(std::string_view name);           // nullptr when unknown
const KeyFamily* find_key_family(std::string_view name);  // the longest matching prefix, nullptr when none
// Deprecated spelling -> the key it stands for (02 5.4 note).
struct KeyAlias {
  std::string_view old_name;
  std::string_view official;
  Compat up_to = Compat::spark_4_4;  // the last level that reads it
};
std::span<const KeyAlias> all_key_aliases();
// The key that an old name stands for, at some level; "" when it is none.
std::string_view deprecated_alias_of(std::string_view name);
bool is_alias_read_at(std::string_view name, Compat level);

}  // namespace podramp::backend
