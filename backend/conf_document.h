// docs/configuration.md out of the tables: every key with type, default per level, range, first release, and whether
// decisions here depend on it. `podramp lint --document` prints it; a test holds the committed file to it.
#pragma once

#include <string>

namespace podramp::backend {

std::string configuration_document();

}  // namespace podramp::backend
