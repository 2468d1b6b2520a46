#include "backend/live/roster.h"

#include <algorithm>
#include <charconv>
#include <set>

#include "backend/pod_labels.h"
#include "backend/snapshots.h"

namespace podramp::live {
namespace {

const Container* spark_container(const Pod& pod) {
  const auto& containers = pod.tmpl->containers;
  return containers.empty() ? nullptr : &containers[spark_container_index(*pod.tmpl)];
}

std::string env_of(const Pod& pod, std::string_view name) {
  const Container* spark = spark_container(pod);
  for (const EnvVar& env : spark == nullptr ? std::vector<EnvVar>{} : spark->env) {
    if (env.name == name) return env.value;
  }
  return "";
}

bool process_runs(const Pod& pod) {
  if (pod.phase != PodPhase::running && pod.phase != PodPhase::unknown) return false;
  const Container* spark = spark_container(pod);
  return std::ranges::all_of(pod.containers, [&](const ContainerStatus& status) {
    return spark == nullptr || status.name != spark->name || status.state == ContainerStateKind::running;
  });
}

TimeUs ready_since(const Pod& pod) {
  const Condition* ready = pod.condition("Ready");
  return ready == nullptr ? 0 : ready->since_us;
}

}  // namespace

std::vector<Input> Roster::seen(const WatchEvent& event) {
  std::vector<Input> inputs;
  if (event.object == nullptr || event.type == WatchEventType::bookmark) return inputs;
  if (event.type == WatchEventType::deleted) {
    gone(event.object->uid, inputs);
  } else {
    see(event.object, inputs);
  }
  return inputs;
}

std::vector<Input> Roster::listed(const ApiReply& reply, bool whole) {
  std::vector<Input> inputs;
  if (!reply.ok() || !reply.list) return inputs;
  std::set<std::string> there;
  for (const PodPtr& pod : reply.list->items) {
    there.insert(pod->uid);
    see(pod, inputs);
  }
  std::vector<std::string> missing;
  for (const auto& [uid, member] : members_) {
    // What is younger than the list cannot be missing in it.
    const bool older = member.pod->resource_version <= reply.resource_version;
    if (whole && older && !there.contains(uid)) missing.push_back(uid);
  }
  for (const std::string& uid : missing) gone(uid, inputs);
  return inputs;
}

void Roster::see(const PodPtr& pod, std::vector<Input>& inputs) {
  const std::string* app_id = pod->label(backend::kAppLabel);
  const std::string* role = pod->label(backend::kRoleLabel);
  if (app_id == nullptr || *app_id != settings_.app_id || role == nullptr || *role != "executor") return;
  const bool nameless = env_of(*pod, "SPARK_EXECUTOR_ID") == "EXECID";
  const auto executor = nameless ? std::optional<ExecutorId>(0) : backend::executor_id(*pod);
  if (!executor) return;
  const auto [it, is_new] = members_.try_emplace(pod->uid);
  Member& member = it->second;
  if (!is_new && pod->resource_version < member.pod->resource_version) return;  // the past, from another source
  member.pod = pod;
  if (is_new) member.executor = *executor;
  if (!process_runs(*pod)) {
    hang_up(member, inputs);
  } else if (pod->deletion_us) {
    return;  // it is being told to end, and is not ready for that reason
  } else if (pod->is_ready()) {
    if (!member.asked) ask(member, inputs);
    if (std::exchange(member.silent, false)) inputs.emplace_back(in::HeartbeatsResumed{member.executor});
  } else if (member.connected && !std::exchange(member.silent, true)) {
    inputs.emplace_back(in::HeartbeatsStopped{member.executor, ready_since(*pod)});
  }
}

void Roster::gone(const std::string& uid, std::vector<Input>& inputs) {
  const auto it = members_.find(uid);
  if (it == members_.end()) return;
  hang_up(it->second, inputs);
  members_.erase(it);
}

// The process has ended; a container that is started again asks anew.
void Roster::hang_up(Member& member, std::vector<Input>& inputs) const {
  member.asked = false;
  member.silent = false;
  if (std::exchange(member.connected, false)) inputs.emplace_back(in::Disconnected{member.executor});
  if (env_of(*member.pod, "SPARK_EXECUTOR_ID") == "EXECID") member.executor = 0;
}

void Roster::ask(Member& member, std::vector<Input>& inputs) const {
  member.asked = true;
  if (settings_.is_fork) {
    inputs.emplace_back(in::ConfigAsked{member.executor});
  } else if (member.executor == 0) {
    inputs.emplace_back(in::ExecutorIdAsked{member.pod->name});
  } else {
    member.connected = true;
    inputs.emplace_back(registration(member));
  }
}

std::vector<Input> Roster::named(const std::string& pod, ExecutorId executor) {
  for (auto& [uid, member] : members_) {
    if (member.pod->name != pod || !member.asked || member.executor != 0) continue;
    member.executor = executor;
    member.connected = true;
    return {registration(member)};
  }
  return {};
}

std::vector<Input> Roster::configured(ExecutorId executor) {
  for (auto& [uid, member] : members_) {
    if (member.executor != executor || !member.asked || member.connected) continue;
    member.connected = true;
    return {registration(member)};
  }
  return {};
}

// As the simulation's executors do: what the conf says of an executor is not said again.
in::Registered Roster::registration(const Member& member) const {
  const Pod& pod = *member.pod;
  in::Registered registered{member.executor, settings_.is_fork ? pod.pod_ip : pod.node};
  const ProfileId profile = backend::profile_id(pod).value_or(kDefaultProfile);
  if (profile != kDefaultProfile) registered.profile = profile;
  const std::string text = env_of(pod, "SPARK_EXECUTOR_CORES");
  std::int64_t cores = 0;
  std::from_chars(text.data(), text.data() + text.size(), cores);
  const auto usual = settings_.cores.find(profile);
  if (cores > 0 && (usual == settings_.cores.end() || usual->second != cores)) registered.cores = cores;
  return registered;
}

}  // namespace podramp::live
