#include "sim/container_command.h"

#include <fmt/format.h>
#include <fnmatch.h>

#include <algorithm>
#include <map>

namespace podramp::sim {
namespace {

bool fits(const ProcessSpec& spec, const Container& container) {
  return ::fnmatch(spec.image.c_str(), container.image.c_str(), 0) == 0 && spec.args.size() <= container.args.size() &&
         std::equal(spec.args.begin(), spec.args.end(), container.args.begin());
}

// The downward API, as far as the kubelet knows it without resources; absent: a path that we do not know.
std::optional<std::string> field(const Pod& pod, const std::string& path, const ContainerSurroundings& around) {
  const auto labelled = [&](std::string_view prefix, const auto& find) -> std::optional<std::string> {
    if (!path.starts_with(prefix) || !path.ends_with("']")) return std::nullopt;
    return find(path.substr(prefix.size(), path.size() - prefix.size() - 2));
  };
  if (path == "metadata.name") return pod.name;
  if (path == "metadata.namespace") return pod.ns;
  if (path == "metadata.uid") return pod.uid;
  if (path == "spec.nodeName") return pod.node;
  if (path == "spec.serviceAccountName") return pod.tmpl->service_account;
  if (path == "status.podIP" || path == "status.podIPs") return around.pod_ip;
  if (path == "status.hostIP") return around.host_ip;
  if (auto label = labelled("metadata.labels['", [&](const std::string& key) {
        const std::string* value = pod.label(key);
        return std::optional<std::string>(value == nullptr ? "" : *value);
      })) {
    return label;
  }
  return labelled("metadata.annotations['", [&](const std::string& key) {
    const auto own = pod.own_annotations.find(key);
    if (own != pod.own_annotations.end()) return std::optional(own->second);
    const auto of_all = pod.tmpl->annotations.find(key);
    return std::optional<std::string>(of_all == pod.tmpl->annotations.end() ? "" : of_all->second);
  });
}

// $(NAME) of what is set so far, as in Kubernetes; $$ is a dollar sign.
std::string expand(const std::string& text, const std::map<std::string, std::string>& env) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::size_t close = text[i] == '$' && text.substr(i, 2) == "$(" ? text.find(')', i) : std::string::npos;
    if (close != std::string::npos) {
      const auto known = env.find(text.substr(i + 2, close - i - 2));
      out += known == env.end() ? text.substr(i, close - i + 1) : known->second;
      i = close;
    } else {
      if (text.substr(i, 2) == "$$") ++i;
      out += text[i];
    }
  }
  return out;
}

// Where each mounted volume is: mount path -> folder, longest path first.
using Mounts = std::vector<std::pair<std::string, std::string>>;

// A path inside the container, or a list of such, as paths of this machine.
std::string localised(std::string text, const Mounts& mounts) {
  for (const auto& [inside, outside] : mounts) {
    for (std::size_t at = text.find(inside); at != std::string::npos; at = text.find(inside, at + outside.size())) {
      const std::size_t end = at + inside.size();
      const bool begins = at == 0 || std::string_view(",:= ").find(text[at - 1]) != std::string_view::npos;
      const bool ends = end == text.size() || std::string_view("/,: ").find(text[end]) != std::string_view::npos;
      if (begins && ends) text.replace(at, inside.size(), outside);
    }
  }
  return text;
}

Mounts mount(const Pod& pod, const Container& container, const ContainerSurroundings& around,
             ContainerCommand& command) {
  Mounts mounts;
  for (const VolumeMount& one : container.mounts) {
    const auto named = [&](const Volume& volume) { return volume.name == one.name; };
    auto volume = std::ranges::find_if(pod.own_volumes, named);
    const bool own = volume != pod.own_volumes.end();
    const auto& shared = pod.tmpl->volumes;
    const auto of_template = std::ranges::find_if(shared, named);
    if (!own && of_template == shared.end()) continue;
    const Volume& source = own ? *volume : *of_template;
    if (source.type == "hostPath") {
      mounts.emplace_back(one.path, source.source);
      continue;
    }
    std::string folder = around.folder + "/volumes/" + one.name;
    command.folders.push_back(folder);
    if (source.type == "configMap") {
      const StringMap* data = around.config_map(pod.ns + "/" + source.source);
      for (const auto& [key, text] : data == nullptr ? StringMap{} : *data) {
        if (key.find('/') == std::string::npos) command.files.emplace_back(folder + "/" + key, text);
      }
    }
    if (!one.sub_path.empty()) folder += "/" + one.sub_path;
    mounts.emplace_back(one.path, folder);
  }
  std::ranges::sort(mounts, [](const auto& a, const auto& b) { return a.first.size() > b.first.size(); });
  return mounts;
}

}  // namespace

std::optional<ContainerCommand> container_command(const Pod& pod, const std::vector<ProcessSpec>& specs,
                                                  const ContainerSurroundings& around) {
  const Container* container = nullptr;
  const ProcessSpec* spec = nullptr;
  for (const Container& one : pod.tmpl->containers) {
    const auto found = std::ranges::find_if(specs, [&](const ProcessSpec& candidate) { return fits(candidate, one); });
    if (found == specs.end()) continue;
    container = &one;
    spec = &*found;
    break;
  }
  if (container == nullptr) return std::nullopt;
  ContainerCommand command;
  command.container = container->name;
  command.folders.push_back(around.folder);
  const Mounts mounts = mount(pod, *container, around, command);

  std::map<std::string, std::string> env;
  std::vector<std::string> passed{"PATH"};
  passed.insert(passed.end(), spec->pass_env.begin(), spec->pass_env.end());
  for (const std::string& name : passed) {
    if (const auto value = around.server_env(name)) env[name] = *value;
  }
  env["HOME"] = around.folder;
  env["HOSTNAME"] = pod.hostname.empty() ? pod.name : pod.hostname;
  for (const auto& [name, value] : spec->env) env[name] = value;
  const auto set = [&](const EnvVar& variable) {
    if (!variable.secret_name.empty() || !variable.extra_json.empty()) return;  // nobody has their values here
    if (variable.field_path.empty()) {
      env[variable.name] = localised(expand(variable.value, env), mounts);
    } else if (auto value = field(pod, variable.field_path, around)) {
      env[variable.name] = std::move(*value);
    }
  };
  for (const EnvVar& variable : container->env) set(variable);
  if (container == &pod.tmpl->containers[spark_container_index(*pod.tmpl)]) {
    for (const EnvVar& variable : pod.own_env) set(variable);
  }
  command.env.assign(env.begin(), env.end());

  const auto say = [&](const std::vector<std::string>& words) {
    for (const std::string& word : words) command.words.push_back(localised(expand(word, env), mounts));
  };
  if (container->command.empty()) {
    command.words = spec->entrypoint;
  } else {
    say(container->command);
  }
  say(container->args);
  if (command.words.empty()) return std::nullopt;
  return command;
}

}  // namespace podramp::sim
