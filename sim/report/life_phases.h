// An executor's life cut into the phases that timelines show: one after the other, without gap or overlap.
#pragma once

#include <string_view>
#include <vector>

#include "sim/report/run_record.h"

namespace podramp::sim {

struct Phase {
  std::string_view name;  // "api", "scheduling", "kubelet", "image pull", "start", "registration", "serving", "lost",
                          // "ending"; of other pods "scheduling", "start", "running", "ending"
  TimeUs from_us = 0;
  TimeUs to_us = 0;  // >= from_us
};

std::vector<Phase> phases_of(const ExecutorRow& row, TimeUs end_us);
std::vector<Phase> phases_of(const PodLife& pod, TimeUs end_us);

}  // namespace podramp::sim
