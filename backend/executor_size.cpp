#include "backend/executor_size.h"

#include <algorithm>

namespace podramp::backend {
namespace {

std::int64_t default_overhead_mib(const Conf& conf) {
  if (conf.memory_overhead_mib) return *conf.memory_overhead_mib;
  // Spark computes in double and cuts to int; the range check keeps the cast defined.
  const double product = conf.memory_overhead_factor * static_cast<double>(conf.executor_memory_mib);
  const auto cut = product >= static_cast<double>(INT32_MAX) ? INT32_MAX : static_cast<std::int64_t>(product);
  return std::max<std::int64_t>(cut, conf.min_memory_overhead_mib);
}

}  // namespace

ExecutorSize executor_size(const Conf& conf, const ResourceProfile& profile) {
  ExecutorSize size;
  size.cores = conf.executor_cores;
  size.heap_mib = conf.executor_memory_mib;
  size.overhead_mib = default_overhead_mib(conf);
  size.off_heap_mib = conf.off_heap_mib;
  size.pyspark_mib = conf.pyspark_memory_mib.value_or(0);
  if (profile.id == kDefaultProfile) {
    size.custom_resources = conf.custom_resources;
  } else {
    size.cores = profile.cores.value_or(size.cores);
    size.heap_mib = profile.memory_mib.value_or(size.heap_mib);
    size.overhead_mib = profile.overhead_mib.value_or(size.overhead_mib);
    size.pyspark_mib = profile.pyspark_mib.value_or(size.pyspark_mib);
    if (conf.off_heap_enabled) size.off_heap_mib = profile.off_heap_mib.value_or(size.off_heap_mib);
    size.custom_resources = profile.custom_resources;
  }
  if (!conf.python_application) size.pyspark_mib = 0;
  return size;
}

}  // namespace podramp::backend
