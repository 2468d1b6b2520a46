// What a cluster that people look at has beside its scenario's nodes and pods: namespaces, service accounts, classes,
// the service "kubernetes", and quotas and limit ranges as objects; and Events are written. Only for `podramp serve`:
// a run in virtual time does without.
#pragma once

#include "sim/scenario.h"

namespace podramp::sim {

void furnish(Scenario& scenario);

}  // namespace podramp::sim
