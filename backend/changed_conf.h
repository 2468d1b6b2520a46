// Settings of a running application changed to others. Spark reads its conf once and offers no such thing: this is a
// question that people ask of a run (podramp fork, timeline action set_conf), not something a driver does.
#pragma once

#include <string_view>
#include <vector>

#include "backend/conf.h"

namespace podramp::backend {

// The keys that may change while the application runs: how fast it asks, how far it goes, how long it waits. What
// shapes pods or was settled when the driver came up may not.
std::vector<std::string_view> changeable_keys(Compat compat);

// `now` with these keys changed. Errors: a key that may not change (with the ones that may), or what make_conf says.
ConfOutcome changed_conf(const Conf& now, const StringMap& changes, ConfOptions options = {});

}  // namespace podramp::backend
