#include "backend/submit/driver_service.h"

#include <fmt/format.h>

#include "backend/pod_labels.h"

namespace podramp::submit {
namespace {

constexpr std::size_t kServiceNameMax = 63;

// A line of a Java properties file.
std::string property_line(const std::string& key, const std::string& value) {
  std::string text;
  const auto add = [&](const std::string& part, bool is_key) {
    bool leading = true;
    for (const char c : part) {
      const bool blank = c == ' ';
      if (c == '\n') {
        text += "\\n";
      } else if (c == '\r') {
        text += "\\r";
      } else if (c == '\t') {
        text += "\\t";
      } else {
        const bool special =
            c == '\\' || c == '=' || c == ':' || c == '#' || c == '!' || (blank && (is_key || leading));
        if (special) text += '\\';
        text += c;
      }
      leading = leading && blank;
    }
  };
  add(key, true);
  text += '=';
  add(value, false);
  return text + "\n";
}

}  // namespace

DriverService build_driver_service(const DriverConf& conf, const DriverIdentity& app, const std::string& unique_id) {
  DriverService service;
  Manifest& object = service.object;
  object.kind = Kind::service;
  object.ns = conf.ns;
  object.name = app.prefix + "-driver-svc";
  if (object.name.size() > kServiceNameMax) {
    const std::string preferred = object.name;
    object.name = fmt::format("spark-{}-driver-svc", unique_id);
    service.warning = fmt::format("the service's name {} has more than {} characters; it is called {} instead",
                                  preferred, kServiceNameMax, object.name);
  }
  object.labels = conf.service_labels;
  object.labels[backend::kAppLabel] = app.app_id;
  object.annotations = conf.service_annotations;
  object.data = {{"driver-rpc-port", fmt::format("{}", conf.port)},
                 {"blockmanager", fmt::format("{}", conf.block_manager_port)},
                 {"spark-ui", fmt::format("{}", conf.ui_port)}};
  if (conf.compat >= backend::Compat::spark_4_0) object.data["spark-connect"] = "15002";
  service.selector = driver_labels(conf, app);
  service.ip_family_policy = conf.ip_family_policy;
  service.ip_families = conf.ip_families;
  service.system_properties = {{"spark.driver.host", fmt::format("{}.{}.svc", object.name, conf.ns)},
                               {"spark.driver.port", fmt::format("{}", conf.port)},
                               {"spark.driver.blockManager.port", fmt::format("{}", conf.block_manager_port)}};
  return service;
}

Manifest build_driver_config_map(const DriverConf& conf, const StringMap& properties, const std::string& unique_id) {
  Manifest map;
  map.kind = Kind::config_map;
  map.ns = conf.ns;
  map.name = fmt::format("spark-drv-{}-conf-map", unique_id);
  map.immutable = true;
  std::string text;
  for (const auto& [key, value] : properties) text += property_line(key, value);
  map.data["spark.properties"] = std::move(text);
  return map;
}

}  // namespace podramp::submit
