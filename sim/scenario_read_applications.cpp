// Reads "applications": who asks for executors, when, with which Spark settings.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <limits>

#include "backend/fixes.h"
#include "sim/scenario_read.h"
#include "sim/scenario_template.h"

namespace podramp::sim {
namespace {

void read_compat(ReadState& state, ObjectReader& reader, backend::Compat& into) {
  static const std::vector<std::string> kLevels(EnumText<backend::Compat>::names.begin(),
                                                EnumText<backend::Compat>::names.end());
  std::string text;
  if (state.overrides->compat) {
    reader.find("compat");
    text = *state.overrides->compat;
  } else if (!reader.read("compat", text, as_text)) {
    return;
  }
  if (const auto level = from_text<backend::Compat>(text)) {
    into = *level;
    return;
  }
  const std::string message =
      fmt::format("unknown level \"{}\"; known are {}{}", text, fmt::join(kLevels, ", "), did_you_mean(text, kLevels));
  if (state.overrides->compat) {
    state.reading.errors.push_back({"--compat", 0, "", message});
  } else {
    reader.error("compat", message);
  }
}

void read_demand(ReadState& state, ObjectReader& reader, ApplicationSpec& into) {
  reader.each_item("demand", [&](const JsonValue& value, const std::string& path) {
    ObjectReader item(state.reading, value, path);
    DemandStep step;
    if (item.require("at", step.at_us, as_duration)) {
      state.warn_if_late(item.path_of("at"), into.start_us + step.at_us);
    }
    item.require("executors", step.executors, whole_between(0, kExecutorsMax));
    std::int64_t profile = kDefaultProfile;
    if (item.read("profile", profile, whole_between(0, std::numeric_limits<ProfileId>::max()))) {
      step.profile = static_cast<ProfileId>(profile);
      if (!has_profile(into, step.profile)) {
        item.error("profile", fmt::format("there is no profile {}; list it in profiles", profile));
      }
    }
    item.finish();
    into.demand.push_back(step);
  });
}

// --executors: the default profile asks for this many from its start on.
void apply_executors(ReadState& state, ApplicationSpec& into) {
  if (!state.overrides->executors) return;
  into.conf["spark.executor.instances"] = std::to_string(*state.overrides->executors);
  std::erase_if(into.demand, [](const DemandStep& step) { return step.profile == kDefaultProfile; });
}

void read_namespace(ReadState& state, ObjectReader& reader, ApplicationSpec& into) {
  static constexpr std::string_view kKey = "spark.kubernetes.namespace";
  const auto conf = into.conf.find(std::string(kKey));
  const bool written = reader.read("namespace", into.ns, as_dns_label);
  if (!written && conf != into.conf.end()) into.ns = conf->second;
  if (state.overrides->ns) into.ns = *state.overrides->ns;
  if (const std::string why = why_not_dns_label(into.ns); !why.empty()) {
    reader.error("namespace", fmt::format("\"{}\" is not a DNS-1123 label: {}", into.ns, why));
  }
  if (conf != into.conf.end() && conf->second != into.ns) {
    state.warn(std::string(kKey), fmt::format("\"{}\" is not used for application \"{}\": its namespace here is \"{}\"",
                                              conf->second, into.name, into.ns));
    conf->second = into.ns;
  }
}

void add_copies(ReadState& state, ObjectReader& reader, const ApplicationSpec& like, std::int64_t count,
                DurationUs every) {
  auto& applications = state.scenario.applications;
  const bool counted = reader.has("count");
  for (std::int64_t i = 1; i <= count; ++i) {
    ApplicationSpec copy = like;
    if (counted) copy.name = fmt::format("{}-{}", like.name, i);
    const DurationUs later = (i - 1) * every;
    copy.start_us += later;
    if (copy.stop_us) *copy.stop_us += later;
    const std::size_t index = applications.size();
    auto& named = state.applications[copy.name];
    if (!named.empty()) {
      reader.error("name", fmt::format("there is an application \"{}\" already", copy.name));
      return;
    }
    named.push_back(index);
    if (counted) state.applications[like.name].push_back(index);
    applications.push_back(std::move(copy));
  }
}

void read_application(ReadState& state, const JsonValue& value, const std::string& path) {
  ObjectReader reader(state.reading, value, path);
  ApplicationSpec spec;
  const bool has_name = reader.require("name", spec.name, as_dns_label);
  std::int64_t count = 1;
  reader.read("count", count, whole_between(0, kApplicationsMax));
  if (count + static_cast<std::int64_t>(state.scenario.applications.size()) > kApplicationsMax) {
    reader.error("count", fmt::format("there are more than {} applications in all", kApplicationsMax));
    count = 0;
  }
  DurationUs every = 0;
  reader.read("every", every, as_duration);
  if (reader.has("every") && !reader.has("count")) reader.error("every", "goes only with count");
  read_compat(state, reader, spec.compat);
  if (reader.read("api_user", spec.api_user, as_text) && spec.api_user.empty()) reader.error("api_user", "is empty");
  if (reader.read("start", spec.start_us, as_duration)) state.warn_if_late(reader.path_of("start"), spec.start_us);
  TimeUs stop = 0;
  if (reader.read("stop", stop, as_duration)) {
    spec.stop_us = stop;
    state.warn_if_late(reader.path_of("stop"), stop);
    if (stop <= spec.start_us) {
      reader.error("stop", fmt::format("must be after start ({})", format_time(spec.start_us)));
    }
  }
  if (count > 0 && every > (kNever / 4) / count) {
    reader.error("every", "the last copy would start beyond the end of time");
    every = 0;
  }
  spec.fixes = reader.texts("fixes");
  if (const auto fixes = backend::parse_fixes(spec.fixes, spec.compat); !fixes) {
    reader.error("fixes", fixes.error().message);
  }
  read_profiles(state, reader, spec);
  read_demand(state, reader, spec);
  // Before conf is checked: --executors sets a key of it.
  const JsonValue* conf = reader.find("conf");
  if (conf != nullptr && conf->kind == JsonKind::object) {
    for (const auto& [key, text] : reader.text_members("conf")) spec.conf[key] = text;
  } else if (conf != nullptr) {
    reader.error("conf", fmt::format("must be an object (got {})", describe(*conf)));
  }
  read_namespace(state, reader, spec);
  apply_executors(state, spec);
  read_workload(state, reader, spec);
  read_conf(state, reader, spec);
  read_template(state, reader, spec);
  read_shuffle_sidecar(state, reader, spec);
  reader.finish();
  if (has_name) add_copies(state, reader, spec, count, every);
}

}  // namespace

void read_applications(ReadState& state, ObjectReader& top) {
  top.find_required("applications");
  top.each_item("applications",
                [&](const JsonValue& value, const std::string& path) { read_application(state, value, path); });
}

}  // namespace podramp::sim
