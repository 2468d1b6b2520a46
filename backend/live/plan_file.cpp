#include "backend/live/plan_file.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>

#include "backend/fixes.h"
#include "backend/live/plan_fields.h"
#include "backend/redaction.h"

namespace podramp::live {
namespace {

using yaml::YamlKind;
using yaml::YamlValue;

// Parts of a scenario that describe the simulated world.
const std::set<std::string, std::less<>> kSimulated{"cluster",  "kubernetes", "background", "background_load",
                                                    "timeline", "faults",     "expect",     "published"};

// One application as written, before it is one of this run.
struct Written {
  LiveApplication made;
  StringMap conf;
  std::string ns;
  std::optional<backend::Compat> compat;
  std::vector<std::string> fixes;
  std::string path;
  int line = 0;
};

// A scenario may have // and /* */ comments, which are no YAML: blanks in their place, so that lines stay.
std::string without_comments(std::string text) {
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (in_string && text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      in_string = !in_string;
    } else if (!in_string && text[i] == '/' && i + 1 < text.size() && (text[i + 1] == '/' || text[i + 1] == '*')) {
      const bool to_line_end = text[i + 1] == '/';
      const std::size_t found = to_line_end ? text.find('\n', i) : text.find("*/", i + 2);
      const std::size_t end = found == std::string::npos ? text.size() : to_line_end ? found : found + 2;
      for (; i < end; ++i) text[i] = text[i] == '\n' ? '\n' : ' ';
      --i;
    }
  }
  return text;
}

void read_demand(PlanFields& fields, PlanErrors& errors, LiveApplication& into) {
  int index = 0;
  for (const YamlValue& item : fields.list("demand")) {
    PlanFields step(item, fmt::format("{}[{}]", fields.path_of("demand"), index++), errors);
    const DurationUs at = step.duration("at").value_or(0);
    const std::int64_t executors = step.whole("executors").value_or(0);
    const auto profile = static_cast<ProfileId>(step.whole("profile").value_or(kDefaultProfile));
    if (profile != kDefaultProfile) step.error(item, "profile", "podramp-live knows the default profile only");
    step.finish();
    into.planned.push_back({at, in::TargetSet{{{profile, executors}}}});
  }
}

Written read_application(const YamlValue& value, std::string path, PlanErrors& errors) {
  PlanFields fields(value, path, errors);
  Written app;
  app.path = std::move(path);
  app.line = value.line;
  app.made.application.name = fields.text("name");
  if (app.made.application.name.empty()) errors.add(value.line, app.path + ".name", "is required");
  app.ns = fields.text("namespace");
  const std::string compat = fields.text("compat", std::string(to_text(backend::Compat::spark_4_0)));
  app.compat = from_text<backend::Compat>(compat);
  if (!app.compat) {
    errors.add(
        value.line, app.path + ".compat",
        fmt::format("unknown level \"{}\"; known are {}", compat, fmt::join(EnumText<backend::Compat>::names, ", ")));
  }
  app.conf = backend::redacted(fields.map("conf"));
  if (const auto ns = app.conf.find("spark.kubernetes.namespace"); app.ns.empty() && ns != app.conf.end()) {
    app.ns = ns->second;
  }
  app.fixes = fields.texts("fixes");
  app.made.start_us = fields.duration("start").value_or(0);
  read_demand(fields, errors, app.made);
  if (const auto stop = fields.duration("stop")) {
    app.made.planned.push_back({*stop - app.made.start_us, in::Stopped{}});
  }
  std::ranges::stable_sort(app.made.planned, {}, &PlannedInput::after_us);
  fields.finish();
  return app;
}

// From settings as written to the application that its backend is given.
void make_application(Written& app, const PlanRequest& request, const LiveSpec& live, std::size_t index,
                      PlanErrors& errors) {
  backend::Application& made = app.made.application;
  app.conf["spark.kubernetes.namespace"] = app.ns;
  put_into_run(request, live, made.name, app.conf);
  backend::ConfOptions options;
  options.path_prefix = app.path + ".conf.";
  options.assumed_image = "spark";
  backend::ConfOutcome outcome = backend::make_conf(app.conf, *app.compat, options);
  for (FieldError& error : outcome.errors) {
    error.file = errors.file;
    error.line = error.line == 0 ? app.line : error.line;
    errors.all.push_back(std::move(error));
  }
  auto fixes = backend::parse_fixes(app.fixes, *app.compat);
  if (!fixes) errors.add(app.line, app.path + ".fixes", fixes.error().message);
  if (!outcome.conf || !fixes) return;
  made.conf = std::move(*outcome.conf);
  if (!made.conf.local_master.empty()) errors.add(app.line, app.path + ".conf", "a local master has no executors");
  made.fixes = std::move(*fixes);
  made.runs_jobs = false;
  made.app_id = made.conf.app_id;
  made.pod_name_prefix = made.conf.pod_name_prefix.value_or("");
  app.made.spec = index;
  name_in_run(request, index, made);
}

YamlValue text_value(std::string key, std::string text) {
  YamlValue value;
  value.kind = YamlKind::text;
  value.key = std::move(key);
  value.text = std::move(text);
  return value;
}

void put(YamlValue& object, YamlValue member) {
  const auto same = std::ranges::find(object.items, member.key, &YamlValue::key);
  if (same == object.items.end()) {
    object.items.push_back(std::move(member));
  } else {
    *same = std::move(member);
  }
}

// The scenario as it was carried out, for the log's header: `podramp replay` makes the same applications from it.
std::string header_scenario(YamlValue root, const std::vector<Written>& apps, const std::string& ns) {
  const auto list = std::ranges::find(root.items, "applications", &YamlValue::key);
  for (std::size_t i = 0; i < apps.size(); ++i) {
    YamlValue conf;
    conf.kind = YamlKind::map;
    conf.key = "conf";
    for (const auto& [key, value] : apps[i].conf) conf.items.push_back(text_value(key, value));
    put(list->items[i], std::move(conf));
    put(list->items[i], text_value("namespace", ns));
  }
  if (root.find("cluster") == nullptr) {  // a scenario has one; no decision depends on it
    root.items.push_back(
        yaml::parse_yaml(R"({"nodes":[{"group":"live","count":1,"cpu":"1","memory":"1Gi"}]})", "").documents.front());
    root.items.back().key = "cluster";
  }
  return yaml::to_json(root);
}

LiveSpec read_live(PlanFields& top, PlanErrors& errors) {
  LiveSpec live;
  const YamlValue* value = top.take("live");
  if (value == nullptr) return live;
  PlanFields fields(*value, "live", errors);
  live.stand_in.image = fields.text("image", live.stand_in.image);
  live.stand_in.command = fields.texts("command");
  live.stand_in.args = fields.texts("args");
  live.driver_pod = fields.flag("driver_pod", false);
  fields.finish();
  return live;
}

}  // namespace

tl::expected<LivePlan, FieldErrors> read_plan(std::string_view text, const PlanRequest& request) {
  PlanErrors errors{request.file, {}};
  const yaml::YamlText parsed = yaml::parse_yaml(without_comments(std::string(text)), request.file);
  errors.all = parsed.errors;
  if (errors.all.empty() && parsed.documents.size() != 1) errors.add(1, "", "one JSON object is expected");
  if (!errors.all.empty()) return tl::unexpected(std::move(errors.all));
  PlanFields top(parsed.documents.front(), "", errors);
  if (top.text("schema") != "podramp/v1") errors.add(1, "schema", "must be \"podramp/v1\"");
  LivePlan plan;
  plan.name = top.text("name", std::filesystem::path(request.file).stem().string());
  top.text("about");
  plan.seed = static_cast<std::uint64_t>(top.whole("seed").value_or(1));
  const auto end = top.duration("end");
  plan.end_us = end.value_or(plan.end_us);
  plan.until_quiet = top.flag("until_quiet", !end);
  plan.live = read_live(top, errors);
  std::vector<Written> apps;
  for (const YamlValue& value : top.list("applications")) {
    apps.push_back(read_application(value, fmt::format("applications[{}]", apps.size()), errors));
  }
  if (apps.empty()) errors.add(1, "applications", "at least one is needed");
  if (const auto passed = top.finish(kSimulated); !passed.empty()) {
    plan.notes.push_back(fmt::format("passed over, because the cluster is real: {}", fmt::join(passed, ", ")));
  }
  std::vector<std::string> namespaces;
  for (const Written& app : apps) namespaces.push_back(app.ns);
  const auto ns = one_namespace(request, namespaces);
  if (!ns) errors.add(0, "", ns.error().message);
  if (!errors.all.empty()) return tl::unexpected(std::move(errors.all));
  plan.ns = *ns;
  for (std::size_t i = 0; i < apps.size(); ++i) {
    apps[i].ns = *ns;
    make_application(apps[i], request, plan.live, i, errors);
    plan.applications.push_back(apps[i].made);
  }
  if (!errors.all.empty()) return tl::unexpected(std::move(errors.all));
  plan.scenario_json = header_scenario(parsed.documents.front(), apps, *ns);
  return plan;
}

}  // namespace podramp::live
