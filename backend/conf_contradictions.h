// Settings that work against each other: legal for Spark, or refused by it late, and seldom what was meant.
// Not here: what make_conf rejects (conf_checks.h), one key alone (conf_reader.h).
#pragma once

#include "backend/conf.h"
#include "backend/conf_reader.h"

namespace podramp::backend {

// Each as a warning of kind `contradiction` at the key that the user wrote.
void warn_contradictions(const Conf& conf, ConfReader& reader);

}  // namespace podramp::backend
