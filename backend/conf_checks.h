// Rules across keys, after each has been read: what Spark refuses (errors) and what a reader should know (warnings).
#pragma once

#include "backend/conf.h"
#include "backend/conf_reader.h"

namespace podramp::backend {

// Labels that Spark sets itself; a user may not (02 6.1).
bool is_reserved_label(std::string_view key);

// 02 4.6 and 5.4 note 1, as far as executors are concerned.
void check_conf(const Conf& conf, ConfReader& reader);

// Settings that change what Spark does but not what podramp does, and settings that work against each other.
void lint_conf(const Conf& conf, ConfReader& reader);

}  // namespace podramp::backend
