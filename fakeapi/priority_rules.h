// The Priority admission plugin: the priority that a pod's class gives it (K55). Pure.
#pragma once

#include <string>
#include <vector>

#include "fakeapi/config.h"

namespace podramp::fakeapi {

// The classes that every cluster has.
const std::vector<PriorityClassSpec>& system_priority_classes();

// Writes priority, class and preemption policy into the template; priority 0 and the default policy are left unset.
// Returns the text of a 403, "" when all is well.
std::string resolve_priority(PodTemplate& tmpl, const std::vector<PriorityClassSpec>& classes);

}  // namespace podramp::fakeapi
