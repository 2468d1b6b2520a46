// The first line of a live run's log (declared in clean_up.h): where its objects are.
#include <fmt/format.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "backend/live/clean_up.h"
#include "backend/port/kube_json.h"

namespace podramp::live {
namespace {

std::string text_at(const nlohmann::json& object, const char* name) {
  const auto it = object.find(name);
  return it != object.end() && it->is_string() ? it->get<std::string>() : "";
}

}  // namespace

Result<LiveOrigin> log_origin(const std::string& path) {
  const auto refuse = [&](std::string_view why) { return tl::unexpected(Error{fmt::format("{}: {}", path, why)}); };
  std::ifstream file(path, std::ios::binary);
  std::string line;
  if (!file || !std::getline(file, line)) return refuse("cannot be read, or is empty");
  const auto header = parse_json(line);
  if (!header || !header->is_object() || text_at(*header, "podramp") != "log") {
    return refuse("its first line is no log header");
  }
  const auto live = header->find("live");
  if (live == header->end() || !live->is_object()) return refuse("this log is of a simulation, which leaves nothing");
  LiveOrigin origin{text_at(*live, "run"), text_at(*live, "server"), text_at(*live, "namespace")};
  if (origin.run.empty() || origin.ns.empty()) return refuse("its header does not name the run and its namespace");
  return origin;
}

}  // namespace podramp::live
