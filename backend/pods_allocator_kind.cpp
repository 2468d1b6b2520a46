#include "backend/pods_allocator_kind.h"

#include <fmt/format.h>

#include <array>
#include <string_view>

namespace podramp::backend {
namespace {

struct Known {
  std::string_view name;
  std::string_view class_name;
  PodsAllocator kind;
  Compat since;
};
constexpr std::array<Known, 3> kKnown{{
    {"direct", "ExecutorPodsAllocator", PodsAllocator::direct, Compat::spark_3_5},
    {"statefulset", "StatefulSetPodsAllocator", PodsAllocator::stateful_set, Compat::spark_3_5},
    {"deployment", "DeploymentPodsAllocator", PodsAllocator::deployment, Compat::spark_4_2},
}};

}  // namespace

Result<PodsAllocator> parse_pods_allocator(const std::string& text, Compat compat) {
  constexpr std::string_view kPackage = "org.apache.spark.scheduler.cluster.k8s.";
  std::string_view class_name = text;
  if (class_name.starts_with(kPackage)) class_name.remove_prefix(kPackage.size());
  for (const Known& known : kKnown) {
    const bool named = text == known.name || (class_name.size() < text.size() && class_name == known.class_name);
    if (!named) continue;
    if (compat >= known.since || compat == Compat::fork_2_2) return known.kind;
    return tl::unexpected(Error{fmt::format("the {} allocator exists from {} on; at {} it would be the name of a class",
                                            known.name, to_text(known.since), to_text(compat))});
  }
  return tl::unexpected(
      Error{fmt::format("\"{}\" names a class that Spark would load; podramp cannot run user classes: use direct, "
                        "statefulset{}",
                        text, compat >= Compat::spark_4_2 ? " or deployment" : "")});
}

}  // namespace podramp::backend
