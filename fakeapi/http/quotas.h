// ResourceQuotas and LimitRanges between their objects, as people write and read them, and what the cluster enforces
// (admission.h), which is kept apart from the objects.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "fakeapi/http/views.h"

namespace podramp::fakeapi::rest {

// What a quota's object demands. Errors: an amount that is none.
Result<QuotaSpec> quota_of(const Manifest& object);
Manifest quota_document(const QuotaSpec& quota);
Manifest limit_range_document(const LimitRangeSpec& range);

// status.hard and status.used of a quota that the cluster knows.
void add_quota_status(nlohmann::json& tree, const Manifest& object, const Scene& scene);

}  // namespace podramp::fakeapi::rest
