// A part's file (part.h): a header, a line a run, and a last line with the hash of all before it.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "backend/port/json_writer.h"
#include "backend/port/random.h"
#include "sim/study/part.h"

namespace podramp::sim {
namespace {

tl::unexpected<Error> bad_part(const std::string& file, std::string_view why) {
  return tl::unexpected(Error{fmt::format("{} is no finished part of a study: {}", file, why)});
}

}  // namespace

std::string part_text(const Part& part) {
  nlohmann::ordered_json header;
  header["podramp"] = "study part";
  header["version"] = part.version;
  header["plan"] = part.plan;
  header["scenario_hash"] = part.scenario_hash;
  header["shard"] = {part.shard.index, part.shard.count};
  header["runs"] = part.outcomes.size();
  header["study"] = nlohmann::ordered_json::parse(part.study);
  std::string text = header.dump() + "\n";
  for (const auto& [key, outcome] : part.outcomes) text += to_json_line(key, outcome) + "\n";
  return text + fmt::format("{{\"hash\":\"{}\"}}\n", hex(hash_text(text)));
}

Result<Part> part_from_text(const std::string& file, const std::string& text) {
  if (text.size() < 2 || text.back() != '\n') return bad_part(file, "it is cut off");
  const std::size_t last = text.rfind('\n', text.size() - 2);
  if (last == std::string::npos) return bad_part(file, "it has no lines");
  const std::string body = text.substr(0, last + 1);
  if (text.substr(last + 1) != fmt::format("{{\"hash\":\"{}\"}}\n", hex(hash_text(body)))) {
    return bad_part(file, "its hash is not that of its lines, so it was changed or cut off");
  }
  Part part;
  part.file = file;
  std::size_t start = body.find('\n') + 1;
  try {
    const auto header = nlohmann::ordered_json::parse(body.substr(0, start));
    if (header.at("podramp") != "study part") return bad_part(file, "its first line is of something else");
    part.version = header.at("version").get<std::string>();
    part.plan = header.at("plan").get<std::string>();
    part.scenario_hash = header.at("scenario_hash").get<std::string>();
    part.shard = {header.at("shard").at(0).get<std::int64_t>(), header.at("shard").at(1).get<std::int64_t>()};
    part.study = header.at("study").dump();
  } catch (const nlohmann::json::exception& e) {
    return bad_part(file, e.what());
  }
  while (start < body.size()) {
    const std::size_t end = body.find('\n', start);
    auto line = outcome_from_line(std::string_view(body).substr(start, end - start));
    if (!line) return bad_part(file, line.error().message);
    part.outcomes[line->first] = std::move(line->second);
    start = end + 1;
  }
  return part;
}

}  // namespace podramp::sim
