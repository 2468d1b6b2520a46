// Reads "timeline": what happens in the world, and what an application is told to do, at a given time.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "backend/changed_conf.h"
#include "sim/scenario_node_actions.h"
#include "sim/scenario_read.h"

namespace podramp::sim {
namespace {

constexpr std::int64_t kFlapsMax = 10'000;

constexpr std::array<std::string_view, 21> kActions{
    "nodes_down",    "nodes_up",       "delete_nodes",           "add_nodes",   "set_quota",        "delete_pods",
    "executor_exit", "kill_executors", "decommission_executors", "set_target",  "stop_application", "taint_nodes",
    "untaint_nodes", "cordon_nodes",   "uncordon_nodes",         "drain_nodes", "shutdown_nodes",   "spot_notice",
    "node_pressure", "oom_kill",       "set_conf"};

std::vector<std::string> node_names(const ReadState& state, const std::vector<std::uint32_t>& indexes) {
  std::vector<std::string> names;
  for (const std::uint32_t index : indexes) names.push_back(state.scenario.cluster.nodes[index].node.name);
  return names;
}

void read_nodes_down(ReadState& state, ObjectReader& reader, TimeUs at) {
  fakeapi::to::NodesDown down;
  reader.choose("kind", down.containers_run, {{"power", false}, {"partition", true}});
  down.nodes = node_names(state, read_node_selection(state, reader));
  DurationUs lasts_us = 0;
  DurationUs every_us = 0;
  std::int64_t times = 1;
  const bool comes_back = reader.read("for", lasts_us, as_duration);
  reader.read("times", times, whole_between(1, kFlapsMax));
  reader.read("every", every_us, as_duration);
  if (times > 1 && (!comes_back || every_us <= lasts_us)) {
    reader.error("times", "goes only with \"for\" and a longer \"every\": down for so long, every so often");
    return;
  }
  for (std::int64_t i = 0; i < times; ++i) {
    state.scenario.timeline.push_back({at + i * every_us, WorldAction(down)});
    if (!comes_back) continue;
    state.scenario.timeline.push_back({at + i * every_us + lasts_us, WorldAction(fakeapi::to::NodesUp{down.nodes})});
  }
}

void read_set_quota(ReadState& state, ObjectReader& reader, TimeUs at) {
  fakeapi::QuotaSpec quota;
  reader.require("namespace", quota.ns, as_dns_label);
  quota.name = "quota";
  reader.read("name", quota.name, as_dns_subdomain);
  quota.hard = read_hard(reader);
  quota.scopes = read_scopes(reader);
  state.scenario.timeline.push_back({at, WorldAction(fakeapi::to::SetQuota{std::move(quota)})});
}

// The pods of a DaemonSet have generated names: those on these nodes.
void read_delete_daemon_pods(ReadState& state, ObjectReader& reader, TimeUs at) {
  fakeapi::to::DeleteDaemonPods pods;
  std::vector<std::string> known;
  for (const auto& daemon : state.scenario.cluster.daemon_sets) known.push_back(daemon.ns + "/" + daemon.name);
  if (reader.read("daemon_set", pods.daemon_set, as_text) && std::ranges::find(known, pods.daemon_set) == known.end()) {
    reader.error("daemon_set", fmt::format("there is no DaemonSet \"{}\" in cluster.daemon_sets{}", pods.daemon_set,
                                           did_you_mean(pods.daemon_set, known)));
  }
  if (reader.has("pods")) reader.error("pods", "goes without daemon_set");
  reader.find("pods");
  pods.nodes = node_names(state, read_node_selection(state, reader));
  pods.grace_s = read_grace(reader);
  state.scenario.timeline.push_back({at, WorldAction(std::move(pods))});
}

void read_delete_pods(ReadState& state, ObjectReader& reader, TimeUs at) {
  if (reader.has("daemon_set")) return read_delete_daemon_pods(state, reader, at);
  reader.find("daemon_set");
  fakeapi::to::DeletePods pods;
  pods.pods = read_pod_names(state, reader);
  pods.grace_s = read_grace(reader);
  state.scenario.timeline.push_back({at, WorldAction(std::move(pods))});
}

// "executors" and "application" of an action on executors: one entry for each copy of the application.
template <class Action>
void read_executors(ReadState& state, ObjectReader& reader, TimeUs at, Action action) {
  reader.find_required("executors");
  reader.each_item("executors", [&](const JsonValue& value, const std::string& path) {
    const Result<std::int64_t> id = whole_between(1, kExecutorsMax)(value);
    if (id) {
      action.executors.push_back(*id);
    } else {
      state.reading.error(value, path, id.error().message);
    }
  });
  for (const std::size_t index : read_application_names(state, reader, "application")) {
    action.application = state.scenario.applications[index].name;
    state.scenario.timeline.push_back({at, action});
  }
}

void read_executor_exit(ReadState& state, ObjectReader& reader, TimeUs at) {
  ExecutorExit exit;
  std::int64_t code = exit.exit_code;
  reader.read("exit_code", code, whole_between(0, 255));
  exit.exit_code = static_cast<int>(code);
  read_executors(state, reader, at, exit);
}

void read_kill(ReadState& state, ObjectReader& reader, TimeUs at) {
  ExecutorKill kill;
  reader.read("replace", kill.replace, as_flag);
  reader.read("force", kill.force, as_flag);
  read_executors(state, reader, at, kill);
}

void read_decommission(ReadState& state, ObjectReader& reader, TimeUs at) {
  ExecutorDecommission leaving;
  reader.read("adjust_target", leaving.adjust_target, as_flag);
  reader.read("by_executor", leaving.by_executor, as_flag);
  if (leaving.by_executor && leaving.adjust_target) {
    reader.error("adjust_target", "Spark keeps the target when executors decommission themselves (by_executor)");
  }
  read_executors(state, reader, at, leaving);
}

void read_set_target(ReadState& state, ObjectReader& reader, TimeUs at) {
  DemandStep step;
  reader.require("executors", step.executors, whole_between(0, kExecutorsMax));
  std::int64_t profile = kDefaultProfile;
  reader.read("profile", profile, whole_between(0, std::numeric_limits<ProfileId>::max()));
  step.profile = static_cast<ProfileId>(profile);
  for (const std::size_t index : read_application_names(state, reader, "application")) {
    ApplicationSpec& application = state.scenario.applications[index];
    if (at < application.start_us) {
      reader.error("at", fmt::format("application \"{}\" starts later, at {}", application.name,
                                     format_time(application.start_us)));
      continue;
    }
    if (!has_profile(application, step.profile)) {
      reader.error("profile", fmt::format("application \"{}\" has no profile {}", application.name, step.profile));
    }
    step.at_us = at - application.start_us;
    application.demand.push_back(step);
  }
}

// The application's conf as it stands when an entry at this time comes; nullopt: its mistakes have been told.
std::optional<backend::Conf> conf_at(const ReadState& state, const ApplicationSpec& application, TimeUs at) {
  backend::ConfOptions options;
  options.unknown_keys = backend::UnknownKeys::kWarn;
  options.assumed_image = "spark";
  std::optional<backend::Conf> conf = backend::make_conf(application.conf, application.compat, options).conf;
  for (const TimelineEntry& entry : state.scenario.timeline) {
    const auto* change = std::get_if<ConfChange>(&entry.action);
    if (!conf || change == nullptr || change->application != application.name || entry.at_us > at) continue;
    conf = backend::changed_conf(*conf, change->conf).conf;
  }
  return conf;
}

void read_set_conf(ReadState& state, ObjectReader& reader, TimeUs at) {
  ConfChange change;
  for (auto& [key, text] : reader.text_members("conf")) change.conf[key] = text;
  if (change.conf.empty()) reader.error("conf", "is missing: which settings change, and to what?");
  backend::ConfOptions options;
  options.path_prefix = reader.path_of("conf") + ".";
  if (const JsonValue* conf = reader.find("conf"); conf != nullptr && conf->kind == JsonKind::object) {
    for (const JsonValue& item : conf->items) {
      options.places[item.key] = {state.reading.sources.at(static_cast<std::size_t>(item.source)).name, item.line};
    }
  }
  for (const std::size_t index : read_application_names(state, reader, "application")) {
    const ApplicationSpec& application = state.scenario.applications[index];
    if (at < application.start_us) {
      reader.error("at", fmt::format("application \"{}\" starts later, at {}", application.name,
                                     format_time(application.start_us)));
    }
    if (const auto conf = conf_at(state, application, at)) {
      const backend::ConfOutcome changed = backend::changed_conf(*conf, change.conf, options);
      FieldErrors& errors = state.reading.errors;
      errors.insert(errors.end(), changed.errors.begin(), changed.errors.end());
    }
    change.application = application.name;
    state.scenario.timeline.push_back({at, change});
  }
}

void read_stop_application(ReadState& state, ObjectReader& reader, TimeUs at) {
  for (const std::size_t index : read_application_names(state, reader, "application")) {
    ApplicationSpec& application = state.scenario.applications[index];
    if (application.stop_us) {
      reader.error("application", fmt::format("application \"{}\" stops at {} already", application.name,
                                              format_time(*application.stop_us)));
    } else if (at < application.start_us) {
      reader.error("at", fmt::format("application \"{}\" starts later, at {}", application.name,
                                     format_time(application.start_us)));
    }
    application.stop_us = at;
  }
}

void read_entry(ReadState& state, const JsonValue& value, const std::string& path) {
  ObjectReader reader(state.reading, value, path);
  TimeUs at = 0;
  if (reader.require("at", at, as_duration)) state.warn_if_late(reader.path_of("at"), at);
  std::string action;
  if (!reader.require("do", action, as_text)) return;
  auto& timeline = state.scenario.timeline;
  if (action == "nodes_down") {
    read_nodes_down(state, reader, at);
  } else if (action == "nodes_up") {
    timeline.push_back({at, WorldAction(fakeapi::to::NodesUp{node_names(state, read_node_selection(state, reader))})});
  } else if (action == "delete_nodes") {
    timeline.push_back(
        {at, WorldAction(fakeapi::to::DeleteNodes{node_names(state, read_node_selection(state, reader))})});
  } else if (action == "add_nodes") {
    timeline.push_back({at, WorldAction(fakeapi::to::AddNodes{read_node_selection(state, reader)})});
  } else if (action == "set_quota") {
    read_set_quota(state, reader, at);
  } else if (action == "delete_pods") {
    read_delete_pods(state, reader, at);
  } else if (action == "executor_exit") {
    read_executor_exit(state, reader, at);
  } else if (action == "kill_executors") {
    read_kill(state, reader, at);
  } else if (action == "decommission_executors") {
    read_decommission(state, reader, at);
  } else if (action == "set_target") {
    read_set_target(state, reader, at);
  } else if (action == "set_conf") {
    read_set_conf(state, reader, at);
  } else if (action == "stop_application") {
    read_stop_application(state, reader, at);
  } else if (!read_node_action(state, reader, at, action)) {
    reader.error("do", fmt::format("unknown action \"{}\"{}; known are {}", action, did_you_mean(action, kActions),
                                   fmt::join(kActions, ", ")));
    return;
  }
  reader.finish();
}

// Nodes by name, each of which must be known.
std::vector<std::uint32_t> read_named_nodes(ReadState& state, ObjectReader& object) {
  std::vector<std::uint32_t> selected;
  object.each_item("nodes", [&](const JsonValue& value, const std::string& path) {
    const Result<std::string> name = as_text(value);
    const auto at = name ? state.nodes.find(*name) : state.nodes.end();
    if (!name) {
      state.reading.error(value, path, name.error().message);
    } else if (at == state.nodes.end()) {
      state.reading.error(value, path,
                          fmt::format("unknown node \"{}\"{}", *name, did_you_mean(*name, names_of(state.nodes))));
    } else {
      selected.push_back(at->second);
    }
  });
  return selected;
}

// Nodes of a group, or all, that are in the zone.
std::vector<std::uint32_t> matching_nodes(ReadState& state, ObjectReader& object) {
  std::vector<std::uint32_t> matching;
  const auto& nodes = state.scenario.cluster.nodes;
  std::string group;
  if (object.read("group", group, as_text)) {
    const auto at = state.groups.find(group);
    if (at == state.groups.end() && state.nodes_unreadable()) return {};
    if (at == state.groups.end()) {
      object.error("group", fmt::format("unknown group \"{}\"{}", group, did_you_mean(group, names_of(state.groups))));
      return {};
    }
    matching = at->second;
  } else {
    for (std::uint32_t i = 0; i < nodes.size(); ++i) matching.push_back(i);
  }
  std::string zone;
  if (!object.read("zone", zone, as_text)) return matching;
  std::erase_if(matching, [&](std::uint32_t i) { return node_zone(nodes[i].node) != zone; });
  if (matching.empty()) {
    std::map<std::string, int> zones;
    for (const auto& spec : nodes) ++zones[node_zone(spec.node)];
    object.error("zone", fmt::format("no node is in zone \"{}\"{}", zone, did_you_mean(zone, names_of(zones))));
  }
  return matching;
}

// A node that is there from the start can only join after it has been deleted.
void check_joins(ReadState& state, ObjectReader& top) {
  std::map<std::uint32_t, TimeUs> joined;
  std::set<std::string> deleted;
  auto& nodes = state.scenario.cluster.nodes;
  for (const TimelineEntry& entry : state.scenario.timeline) {
    const auto* world = std::get_if<WorldAction>(&entry.action);
    if (world == nullptr) continue;
    if (const auto* gone = std::get_if<fakeapi::to::DeleteNodes>(world))
      deleted.insert(gone->nodes.begin(), gone->nodes.end());
    const auto* add = std::get_if<fakeapi::to::AddNodes>(world);
    if (add == nullptr) continue;
    for (const std::uint32_t index : add->nodes) {
      const auto& spec = nodes[index];
      if (spec.autoscaled) {
        top.error("timeline", fmt::format("node \"{}\" is the autoscaler's to add", spec.node.name));
        continue;
      }
      const bool again = deleted.erase(spec.node.name) > 0;
      if (!again && (!spec.joins_later || joined.contains(index))) {
        top.error("timeline", fmt::format("node \"{}\" is added at {} but is there already; give its nodes "
                                          "\"joins\": true",
                                          spec.node.name, format_time(entry.at_us)));
      }
      joined.emplace(index, entry.at_us);
    }
  }
  std::int64_t waiting = 0;
  std::string example;
  for (std::uint32_t i = 0; i < nodes.size(); ++i) {
    const auto at = joined.find(i);
    if (nodes[i].joins_later && at != joined.end()) nodes[i].node.created_us = at->second;
    if (!nodes[i].joins_later || nodes[i].autoscaled || at != joined.end()) continue;
    ++waiting;
    example = nodes[i].node.name;
  }
  if (waiting > 0) {
    state.warn("cluster.nodes",
               fmt::format("{} nodes join later, but nothing in the timeline adds them (\"{}\")", waiting, example));
  }
}

}  // namespace

std::optional<std::int64_t> read_grace(ObjectReader& reader) {
  DurationUs grace = 0;
  if (!reader.read("grace", grace, as_duration)) return std::nullopt;
  if (grace % kSecondUs != 0) reader.error("grace", "must be whole seconds, as in Kubernetes");
  return grace / kSecondUs;
}

std::vector<std::string> read_pod_names(ReadState& state, ObjectReader& reader) {
  std::vector<std::string> names;
  reader.find_required("pods");
  reader.each_item("pods", [&](const JsonValue& value, const std::string& path) {
    const Result<std::string> text = as_text(value);
    const std::size_t slash = text ? text->find('/') : std::string::npos;
    if (slash == std::string::npos || !why_not_dns_label(text->substr(0, slash)).empty() ||
        !why_not_dns_subdomain(text->substr(slash + 1)).empty()) {
      state.reading.error(value, path, fmt::format("must be \"namespace/name\" (got {})", describe(value)));
    } else {
      names.push_back(*text);
    }
  });
  return names;
}

void read_executor_exit_of(ReadState& state, ObjectReader& reader, TimeUs at, const ExecutorExit& exit) {
  read_executors(state, reader, at, exit);
}

std::vector<std::string> read_node_names(ReadState& state, ObjectReader& object) {
  return node_names(state, read_node_selection(state, object));
}

std::vector<std::uint32_t> read_node_selection(ReadState& state, ObjectReader& object) {
  const bool named = object.has("nodes");
  if (named && (object.has("group") || object.has("zone"))) {
    object.error("nodes", "goes alone: no group or zone beside it");
  }
  if (!named && !object.has("group") && !object.has("zone")) {
    object.error("nodes", "is missing: which nodes? (nodes, or group and zone)");
  }
  if (named) return read_named_nodes(state, object);
  std::vector<std::uint32_t> matching = matching_nodes(state, object);
  std::int64_t first = 1;
  auto available = static_cast<std::int64_t>(matching.size());
  object.read("first", first, whole_between(1, kNodesMax));
  std::int64_t count = std::max<std::int64_t>(available - first + 1, 0);
  object.read("count", count, whole_between(1, kNodesMax));
  if (matching.empty()) return {};
  if (first - 1 + count > available || count == 0) {
    object.error(object.has("count") ? "count" : "first", fmt::format("there are only {} such nodes", available));
    return {};
  }
  return {matching.begin() + (first - 1), matching.begin() + (first - 1 + count)};
}

std::vector<std::size_t> read_application_names(ReadState& state, ObjectReader& object, std::string_view key) {
  std::string name;
  if (!object.require(key, name, as_text)) return {};
  const auto at = state.applications.find(name);
  if (at != state.applications.end()) return at->second;
  object.error(key,
               fmt::format("unknown application \"{}\"{}", name, did_you_mean(name, names_of(state.applications))));
  return {};
}

bool has_profile(const ApplicationSpec& application, ProfileId id) {
  return id == kDefaultProfile ||
         std::ranges::any_of(application.profiles, [&](const auto& profile) { return profile.id == id; });
}

void read_timeline(ReadState& state, ObjectReader& top) {
  top.each_item("timeline", [&](const JsonValue& value, const std::string& path) { read_entry(state, value, path); });
  std::ranges::stable_sort(state.scenario.timeline, {}, &TimelineEntry::at_us);
  for (ApplicationSpec& application : state.scenario.applications) {
    std::ranges::stable_sort(application.demand, {}, &DemandStep::at_us);
  }
  check_joins(state, top);
}

}  // namespace podramp::sim
