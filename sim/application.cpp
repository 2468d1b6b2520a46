// From an application in a scenario, or in a log's header, to the Application its backend is given (declared in
// experiment.h).
#include <fmt/format.h>

#include "backend/local_driver.h"
#include "backend/pod_names.h"
#include "backend/yaml/pod_manifest.h"
#include "sim/experiment.h"
#include "sim/hdfs_hosts.h"

namespace podramp::sim {

Result<backend::Application> make_application(const ApplicationSpec& spec, const Scenario& scenario) {
  backend::Application app;
  app.name = spec.name;
  app.profiles = spec.profiles;
  StringMap raw = spec.conf;
  raw["spark.kubernetes.namespace"] = spec.ns;
  backend::ConfOptions options;
  options.unknown_keys = backend::UnknownKeys::kWarn;  // the scenario reader has judged them
  options.assumed_image = "spark";
  backend::ConfOutcome outcome = backend::make_conf(raw, spec.compat, options);
  if (!outcome.conf) {
    return tl::unexpected(Error{fmt::format("application {}: {}", spec.name, to_string(outcome.errors.front()))});
  }
  app.conf = std::move(*outcome.conf);
  auto fixes = backend::parse_fixes(spec.fixes, spec.compat);
  if (!fixes) return tl::unexpected(Error{fmt::format("application {}: {}", spec.name, fixes.error().message)});
  app.fixes = std::move(*fixes);
  app.runs_jobs = spec.workload.has_value();
  if (spec.workload && spec.compat == backend::Compat::fork_2_2) {
    app.nodes = node_directory(scenario.cluster.nodes, spec.workload->rack_label);
  }
  app.shuffle_sidecar = spec.shuffle_sidecar;
  if (!spec.executor_template.empty()) {
    auto pod = yaml::read_pod_manifest(spec.executor_template, "executor_template");
    if (!pod) {
      return tl::unexpected(
          Error{fmt::format("application {}: {}", spec.name, yaml::template_error("executor_template", pod.error()))});
    }
    app.executor_template = std::move(*pod);
  }
  app.app_id = app.conf.app_id;
  if (!app.conf.local_master.empty()) {
    app.app_id = backend::local_app_id(app.conf, spec.start_us / kMillisecondUs);
  } else if (app.app_id.empty()) {
    app.app_id = "spark-" + hex(Draw(scenario.seed, "app.id", spec.name, 0)()) +
                 hex(Draw(scenario.seed, "app.id", spec.name, 1)());
  }
  const auto random = static_cast<std::uint32_t>(Draw(scenario.seed, "app.prefix", spec.name)() >> 40U);
  const std::string uid = backend::unique_id(random, spec.start_us / kMillisecondUs);
  app.pod_name_prefix = app.conf.pod_name_prefix.value_or(
      backend::resource_name_prefix(app.conf.app_name.empty() ? spec.name : app.conf.app_name, uid));
  return app;
}

std::string api_user(const ApplicationSpec& spec) {
  if (!spec.api_user.empty()) return spec.api_user;
  const auto account = spec.conf.find("spark.kubernetes.authenticate.driver.serviceAccountName");
  return fmt::format("system:serviceaccount:{}:{}", spec.ns, account == spec.conf.end() ? "default" : account->second);
}

Result<std::vector<LoggedApplication>> logged_applications(const LogHeader& header) {
  const auto loaded = load_scenario({"the log's header", header.scenario_json}, {}, {});
  if (!loaded) return tl::unexpected(Error{to_string(loaded.error().front())});
  Scenario scenario = loaded->scenario;
  scenario.seed = header.seed;
  const std::vector<ApplicationSpec>& specs = scenario.applications;
  std::vector<LoggedApplication> applications;
  for (const HeaderApplication& named : header.applications) {
    if (named.spec >= specs.size()) {
      return tl::unexpected(
          Error{fmt::format("the log's header names application {} of {}", named.spec + 1, specs.size())});
    }
    auto app = make_application(specs[named.spec], scenario);
    if (!app) return tl::unexpected(app.error());
    app->app_id = named.app_id;
    app->pod_name_prefix = named.pod_name_prefix;
    app->revision = named.revision;
    applications.push_back({named.by, std::move(*app)});
  }
  return applications;
}

}  // namespace podramp::sim
