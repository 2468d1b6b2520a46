// What must not be shown: spark.redaction.regex, applied as Spark does, to a key or its value.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "backend/port/kube.h"

namespace podramp::backend {

inline constexpr std::string_view kRedacted = "*********(redacted)";

class Redactor {
 public:
  // pattern: the user's, a Java regular expression; "" is Spark's default. One that we cannot read (readable() is
  // false) hides everything that may hold a secret: rather too much than too little.
  explicit Redactor(std::string_view pattern);

  bool readable() const { return readable_; }
  bool hides(std::string_view key, std::string_view value) const;
  // hides(), but only for keys that may hold a secret. Keys that shape pods (names, selectors, labels, volumes, secret
  // references) are shown: their values are in every pod anyway, and a log must rebuild the same pods from its header.
  bool redacts(std::string_view key, std::string_view value) const;
  std::string shown(std::string_view key, const std::string& value) const;

 private:
  struct Pattern;
  bool matches(std::string_view text) const;

  bool is_default_ = true;
  bool readable_ = true;
  std::shared_ptr<const Pattern> pattern_;  // the user's, when readable
};

// Every value that Redactor::redacts, under the pattern that conf itself sets, replaced by kRedacted.
StringMap redacted(const StringMap& conf);

}  // namespace podramp::backend
