// Does a node's labels and name answer what a pod's spec demands (nodeSelector and required node affinity) and
// prefers? Pure functions that scheduler, kubelet and DaemonSet controller share.
#pragma once

#include <string>

#include "backend/port/kube.h"

namespace podramp::fakeapi {

// All of the term's requirements hold; a term without any matches nothing.
bool matches(const NodeTerm& term, const std::string& name, const StringMap& labels);
// nodeSelector, and any of the required terms.
bool node_matches(const StringMap& selector, const std::vector<NodeTerm>& required, const std::string& name,
                  const StringMap& labels);
// The sum of the weights of those that the node answers (K49); preferences without a requirement do not count.
std::int64_t preferred_weight(const std::vector<NodePreference>& preferred, const std::string& name,
                              const StringMap& labels);

}  // namespace podramp::fakeapi
