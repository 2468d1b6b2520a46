#include "backend/executor_config_map.h"

#include <fmt/format.h>

#include <memory>
#include <utility>

#include "backend/pod_labels.h"

namespace podramp::backend {

ApiRequest create_config_map(const Application& application, const PodPtr& driver_pod) {
  auto map = std::make_shared<Manifest>();
  map->kind = Kind::config_map;
  map->name = fmt::format("spark-exec-{}-conf-map", application.app_id);
  map->ns = application.conf.ns;
  map->labels = {{kAppLabel, application.app_id}, {kRoleLabel, "executor"}};
  if (driver_pod != nullptr) map->owners.push_back({"Pod", driver_pod->name, driver_pod->uid, true});
  // The files of a conf directory are not known here; what Spark adds to them is.
  map->data = {{"spark.kubernetes.namespace", application.conf.ns},
               {"spark.properties", fmt::format("spark.kubernetes.namespace={}\n", application.conf.ns)}};
  map->immutable = true;
  ApiRequest request;
  request.verb = Verb::create;
  request.kind = Kind::config_map;
  request.ns = application.conf.ns;
  request.manifest = std::move(map);
  return request;
}

}  // namespace podramp::backend
