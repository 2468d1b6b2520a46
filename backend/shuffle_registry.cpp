#include "backend/shuffle_registry.h"

#include <algorithm>

#include "backend/port/status.h"

namespace podramp::backend {
namespace {

std::size_t at(int map) { return static_cast<std::size_t>(map); }

}  // namespace

void ShuffleRegistry::put(StageId stage, int map, MapOutput output) {
  auto& outputs = outputs_.at(stage);
  CHECK(at(map) < outputs.size());
  outputs[at(map)] = std::move(output);
}

void ShuffleRegistry::drop(StageId stage, int map, ExecutorId executor) {
  const auto it = outputs_.find(stage);
  if (it == outputs_.end() || at(map) >= it->second.size()) return;
  MapOutput& output = it->second[at(map)];
  if (output.executor == executor) output = {};
  ++epoch_;
}

template <class Where>
std::int64_t ShuffleRegistry::drop_where(Where&& where) {
  std::int64_t dropped = 0;
  for (auto& [stage, outputs] : outputs_) {
    for (MapOutput& output : outputs) {
      if (output.executor == 0 || !where(output)) continue;
      output = {};
      ++dropped;
    }
  }
  ++epoch_;
  return dropped;
}

std::int64_t ShuffleRegistry::drop_executor(ExecutorId executor) {
  return drop_where([&](const MapOutput& output) { return output.executor == executor; });
}

std::int64_t ShuffleRegistry::drop_host(const std::string& host) {
  return drop_where([&](const MapOutput& output) { return output.host == host; });
}

bool ShuffleRegistry::move(StageId stage, int map, ExecutorId to, const std::string& host) {
  const auto it = outputs_.find(stage);
  if (it == outputs_.end() || at(map) >= it->second.size()) return false;
  MapOutput& output = it->second[at(map)];
  if (output.executor == 0) return false;
  output.executor = to;
  output.host = host;
  return true;
}

std::int64_t ShuffleRegistry::available(StageId stage) const {
  return std::ranges::count_if(outputs_.at(stage), [](const MapOutput& output) { return output.executor != 0; });
}

std::vector<int> ShuffleRegistry::missing(StageId stage) const {
  std::vector<int> maps;
  const auto& outputs = outputs_.at(stage);
  for (std::size_t map = 0; map < outputs.size(); ++map) {
    if (outputs[map].executor == 0) maps.push_back(static_cast<int>(map));
  }
  return maps;
}

const MapOutput* ShuffleRegistry::find(StageId stage, int map) const {
  const auto it = outputs_.find(stage);
  if (map < 0 || it == outputs_.end() || at(map) >= it->second.size()) return nullptr;
  if (it->second[at(map)].executor == 0) return nullptr;
  return &it->second[at(map)];
}

std::vector<std::string> ShuffleRegistry::large_holders(StageId stage) const {
  constexpr std::size_t kMapsBelow = 1000;  // Spark does not look at larger shuffles
  constexpr std::int64_t kPart = 5;
  const auto it = outputs_.find(stage);
  if (it == outputs_.end() || it->second.size() >= kMapsBelow) return {};
  std::map<ExecutorId, std::pair<std::int64_t, std::string>> held;
  std::int64_t total = 0;
  for (const MapOutput& output : it->second) {
    if (output.executor == 0) continue;
    auto& [bytes, host] = held[output.executor];
    bytes += output.bytes;
    host = output.host;
    total += output.bytes;
  }
  std::vector<std::string> hosts;
  for (const auto& [executor, holding] : held) {
    if (holding.first > 0 && holding.first * kPart >= total) hosts.push_back(holding.second);
  }
  return hosts;
}

}  // namespace podramp::backend
