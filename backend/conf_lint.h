// What a user's Spark settings do at one level, key by key, and what changes at another: podramp lint's findings as
// data. Not here: the mistakes and warnings themselves (conf.h), words for a terminal (sim/cmd_lint.cpp).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "backend/conf.h"
#include "backend/conf_keys.h"

namespace podramp::backend {

enum class KeyEffect : std::uint8_t {
  modelled,      // decides here as in Spark
  not_modelled,  // decides in Spark, not yet here
  idle,          // decides only together with another setting, which is not on
  other,         // no scaling decision depends on it
  later,         // a later Spark's key
  unknown,       // no table has it
};

struct KeyReport {
  std::string key;    // as written
  std::string value;  // redacted
  KeyEffect effect = KeyEffect::unknown;
  std::string default_value;  // of the level; "" when there is none
  bool is_default = false;    // written out, but nothing else than the default
  int since = 0;              // 203 is Spark 2.3; 0 when unknown
  std::string text;           // one sentence
  int line = 0;
};

// One thing that is different at another level.
struct Drift {
  std::string key;  // "" for a change without a key
  std::string text;
  bool breaks = false;  // the settings are refused there, or here and not there
};

struct LintReport {
  Compat level = Compat::spark_4_0;
  std::vector<KeyReport> keys;        // in the order of the file
  FieldErrors errors;                 // Spark would refuse these
  std::vector<ConfWarning> warnings;  // by line
  std::optional<Compat> against;
  std::vector<Drift> drift;

  std::size_t count(KeyEffect effect) const;
  // Warnings that a person should act on: not those about what podramp does not model or read.
  std::size_t worth_a_look() const;
};
bool is_worth_a_look(const ConfWarning& warning);

// options.unknown_keys is ignored: Spark ignores unknown keys, so they are warnings.
LintReport lint(const StringMap& raw, Compat level, std::optional<Compat> against, const ConfOptions& options);

}  // namespace podramp::backend

template <>
struct podramp::EnumText<podramp::backend::KeyEffect> {
  static constexpr std::array<std::string_view, 6> names{"modelled", "not_modelled", "idle",
                                                         "other",    "later",        "unknown"};
};
