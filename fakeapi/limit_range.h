// LimitRange (type Container): what it defaults in a pod before validation and what it refuses after (K2, K40).
// Not here: quotas (admission.h).
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "fakeapi/config.h"

namespace podramp::fakeapi {

// Amounts by Kubernetes name ("cpu" in milli, "memory" in bytes, others as they are), in order.
std::map<std::string, std::int64_t> by_name(const Resources& resources);
// As the server prints an amount of this resource: "1500m", "4Gi", "3". Quota names ("requests.cpu") are known too.
std::string print_amount(std::string_view resource, std::int64_t amount);

// A LimitRange as the server stores it: max gives default limits, those give default requests, min the rest.
LimitRangeSpec with_own_defaults(LimitRangeSpec range);
// What a LimitRange of the store says of containers, a spec for each of its items, with their own defaults. Other types
// are not modelled.
std::vector<LimitRangeSpec> limit_ranges_of(const Manifest& object);

// Gives containers without a request or limit the range's defaults and notes that in an annotation.
void apply_defaults(const LimitRangeSpec& range, PodTemplate& tmpl);

// "maximum cpu usage per Container is 1, but limit is 2"; empty when the pod is within the range.
std::vector<std::string> violations(const LimitRangeSpec& range, const PodTemplate& tmpl);

}  // namespace podramp::fakeapi
