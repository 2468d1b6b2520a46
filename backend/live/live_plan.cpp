#include "backend/live/live_plan.h"

#include <fmt/format.h>

#include "backend/pod_names.h"

namespace podramp::live {

void put_into_run(const PlanRequest& request, const LiveSpec& live, const std::string& application, StringMap& raw) {
  if (!request.ns.empty()) raw["spark.kubernetes.namespace"] = request.ns;
  std::string& driver_pod = raw["spark.kubernetes.driver.pod.name"];
  if (request.dry_run && live.driver_pod) driver_pod.clear();
  if (!request.dry_run && live.driver_pod && driver_pod.empty()) {
    driver_pod = fmt::format("{}-{}-driver", application, request.run);
  }
  if (driver_pod.empty()) raw.erase("spark.kubernetes.driver.pod.name");
}

void name_in_run(const PlanRequest& request, std::size_t index, backend::Application& application) {
  if (application.conf.app_id.empty()) application.app_id = fmt::format("spark-{}-{}", request.run, index + 1);
  if (application.conf.pod_name_prefix) return;
  const std::string& called = application.conf.app_name.empty() ? application.name : application.conf.app_name;
  application.pod_name_prefix = backend::resource_name_prefix(called, request.run);
}

Result<std::string> one_namespace(const PlanRequest& request, const std::vector<std::string>& of_applications) {
  if (!request.ns.empty()) return request.ns;
  std::string one;
  for (const std::string& ns : of_applications) {
    if (!one.empty() && ns != one) {
      return tl::unexpected(
          Error{fmt::format("a live run has one namespace, the scenario names {} and {}: choose one "
                            "with --namespace",
                            one, ns)});
    }
    one = ns;
  }
  if (one.empty() || one == "default") {
    return tl::unexpected(Error{"name the namespace to run in, with --namespace or in the scenario's applications"});
  }
  return one;
}

}  // namespace podramp::live
