#include "backend/executor_volumes.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "backend/conf_values.h"

namespace podramp::backend {
namespace {

constexpr std::string_view kExecutorFamily = "spark.kubernetes.executor.volumes.";

// What the user wrote about one volume: tails of its keys, "mount.path" -> "/data".
struct Written {
  std::string key_prefix;  // official key up to the tail
  std::string type;
  std::string name;
  StringMap tails;
};

std::vector<Written> collect(ConfReader& reader, std::string_view family) {
  std::map<std::pair<std::string, std::string>, Written> by_volume;
  for (const auto& [tail, value] : reader.family(family)) {
    const std::size_t type_end = tail.find('.');
    const std::size_t name_end = type_end == std::string::npos ? type_end : tail.find('.', type_end + 1);
    if (name_end == std::string::npos) {
      reader.error(fmt::format("{}{}", family, tail), "expected <type>.<name>.<property> after \"volumes.\"");
      continue;
    }
    const std::string type = tail.substr(0, type_end);
    const std::string name = tail.substr(type_end + 1, name_end - type_end - 1);
    Written& volume = by_volume[{type, name}];
    volume.key_prefix = fmt::format("{}{}.{}.", family, type, name);
    volume.type = type;
    volume.name = name;
    volume.tails.emplace(tail.substr(name_end + 1), value);
  }
  std::vector<Written> all;
  for (auto& [id, volume] : by_volume) all.push_back(std::move(volume));
  return all;
}

std::optional<std::string> tail(const Written& volume, const std::string& name) {
  const auto it = volume.tails.find(name);
  if (it == volume.tails.end()) return std::nullopt;
  return it->second;
}

StringMap tails_of(const Written& volume, std::string_view prefix) {
  StringMap found;
  for (const auto& [name, value] : volume.tails) {
    if (name.starts_with(prefix)) found.emplace(name.substr(prefix.size()), value);
  }
  return found;
}

std::string require_tail(ConfReader& reader, const Written& volume, const std::string& name) {
  const auto value = tail(volume, name);
  if (!value) {
    reader.error(volume.key_prefix + name, fmt::format("is required for a volume of type {}", volume.type));
  }
  return value.value_or("");
}

void copy_option(const Written& volume, const std::string& name, Volume& into) {
  if (const auto value = tail(volume, "options." + name)) into.options.emplace(name, *value);
}

void read_claim(ConfReader& reader, const Written& written, Volume& volume) {
  volume.source = require_tail(reader, written, "options.claimName");
  copy_option(written, "storageClass", volume);
  copy_option(written, "sizeLimit", volume);
}

ExecutorVolume read_volume(ConfReader& reader, const Written& written) {
  ExecutorVolume result;
  Volume& volume = result.volume;
  volume.name = written.name;
  volume.type = written.type;
  result.mount.name = written.name;
  result.mount.path = require_tail(reader, written, "mount.path");
  result.mount.sub_path = tail(written, "mount.subPath").value_or("");
  if (const auto expression = tail(written, "mount.subPathExpr")) {
    if (!result.mount.sub_path.empty()) {
      reader.error(written.key_prefix + "mount.subPathExpr", "cannot be given together with mount.subPath");
    }
    result.mount.sub_path_expr = *expression;
  }
  if (const auto read_only = tail(written, "mount.readOnly")) {
    const auto value = parse_spark_boolean(*read_only);
    if (!value) reader.error(written.key_prefix + "mount.readOnly", value.error().message);
    result.mount.read_only = value.value_or(false);
  }
  if (written.type == "hostPath") {
    volume.source = require_tail(reader, written, "options.path");
    copy_option(written, "type", volume);
  } else if (written.type == "emptyDir") {
    copy_option(written, "medium", volume);
    copy_option(written, "sizeLimit", volume);
  } else if (written.type == "nfs") {
    const std::string server = require_tail(reader, written, "options.server");
    volume.source = fmt::format("{}:{}", server, require_tail(reader, written, "options.path"));
  } else {
    read_claim(reader, written, volume);
    if (result.mount.read_only) volume.options.emplace("readOnly", "true");
    result.claim_labels = tails_of(written, "label.");
    result.claim_annotations = tails_of(written, "annotation.");
  }
  return result;
}

void check_mount_paths(ConfReader& reader, std::string_view family, const std::vector<ExecutorVolume>& volumes) {
  std::map<std::string, std::string> first_at;
  for (const ExecutorVolume& v : volumes) {
    if (v.mount.path.empty()) continue;
    const auto [it, fresh] = first_at.emplace(v.mount.path, v.volume.name);
    if (fresh) continue;
    reader.error(fmt::format("{}{}.{}.mount.path", family, v.volume.type, v.volume.name),
                 fmt::format("\"{}\" is the mount path of volume {} already", v.mount.path, it->second));
  }
}

}  // namespace

std::vector<ExecutorVolume> read_executor_volumes(ConfReader& reader) { return read_volumes(reader, kExecutorFamily); }

std::vector<ExecutorVolume> read_volumes(ConfReader& reader, std::string_view family) {
  std::vector<ExecutorVolume> volumes;
  for (const Written& written : collect(reader, family)) {
    static constexpr std::array<std::string_view, 4> kTypes{"hostPath", kClaimType, "emptyDir", "nfs"};
    if (std::ranges::find(kTypes, written.type) == kTypes.end()) {
      reader.error(
          written.key_prefix + written.tails.begin()->first,
          fmt::format("volume type \"{}\" is not one of hostPath, persistentVolumeClaim, emptyDir, nfs", written.type));
      continue;
    }
    volumes.push_back(read_volume(reader, written));
  }
  check_mount_paths(reader, family, volumes);
  return volumes;
}

std::vector<SecretKeyRef> read_secret_refs(ConfReader& reader, std::string_view family) {
  std::vector<SecretKeyRef> refs;
  for (const auto& [env, value] : reader.family(family)) {
    const std::size_t colon = value.find(':');
    if (colon == std::string::npos || value.find(':', colon + 1) != std::string::npos) {
      reader.error(fmt::format("{}{}", family, env), "expected <secret name>:<key in it>");
      continue;
    }
    refs.push_back({env, value.substr(0, colon), value.substr(colon + 1)});
  }
  return refs;
}

}  // namespace podramp::backend
