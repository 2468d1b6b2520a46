// A log's header and footer as JSON (declared in log_reader.h).
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "sim/log_reader.h"

namespace podramp::sim {
namespace {

using nlohmann::json;

LogHeader read_header(const json& j) {
  LogHeader header;
  header.seed = j.at("seed").get<std::uint64_t>();
  header.level = from_text<LogLevel>(j.at("level").get<std::string>()).value_or(LogLevel::all);
  header.engine = j.at("engine").get<std::string>();
  header.ties = j.at("ties").get<std::string>();
  header.wall_zero = j.at("wall_zero").get<std::string>();
  for (const json& a : j.at("applications")) {
    header.applications.push_back({a.at("by").get<std::string>(), a.at("spec").get<std::size_t>(),
                                   a.at("app_id").get<std::string>(), a.at("pod_name_prefix").get<std::string>(),
                                   a.value("revision", 1)});
  }
  header.scenario_json = j.at("scenario").dump();
  return header;
}

LogFooter read_footer(const json& j) {
  LogFooter footer;
  footer.ended = j.at("ended").get<std::string>();
  footer.t = j.at("t").get<TimeUs>();
  footer.events = j.at("events").get<std::uint64_t>();
  if (j.contains("by_type")) footer.by_type = j.at("by_type").get<std::map<std::string, std::uint64_t>>();
  const json& f = j.at("fingerprints");
  footer.fingerprints = {f.value("decisions", ""), f.value("world", ""), f.value("all", "")};
  return footer;
}

}  // namespace

Error LogReader::at_line(const std::string& why) const {
  return Error{fmt::format("{}:{}: {}", path_, line_number_, why)};
}

bool LogReader::read_line() {
  if (!std::getline(file_, line_)) return false;
  if (file_.eof()) {  // no newline at its end: the writer was cut off inside this line
    torn_bytes_ = line_.size();
    line_.clear();
    return false;
  }
  ++line_number_;
  return true;
}

Result<LogReader> LogReader::open(const std::string& path) {
  LogReader reader;
  reader.path_ = path;
  reader.file_.open(path, std::ios::binary);
  if (!reader.file_) return tl::unexpected(Error{fmt::format("cannot read {}: no such file, or no permission", path)});
  const auto not_a_log = [&](std::string_view why) {
    return tl::unexpected(Error{fmt::format("{} is not a podramp log: {}", path, why)});
  };
  if (!reader.read_line()) return not_a_log("its first line is missing or cut off");
  try {
    const json j = json::parse(reader.line_);
    if (!j.is_object() || j.value("podramp", "") != "log") return not_a_log("line 1 is not a log header");
    const int schema = j.at("schema").get<int>();
    if (schema > kLogSchema) {
      return not_a_log(
          fmt::format("its schema is {}, this program knows up to {}; use a newer podramp", schema, kLogSchema));
    }
    reader.header_ = read_header(j);
  } catch (const json::exception& e) {
    return not_a_log(e.what());
  }
  return reader;
}

Result<std::optional<Event>> LogReader::next() {
  if (footer_ || !read_line()) return std::optional<Event>{};
  if (line_.starts_with("{\"footer\":")) {
    try {
      footer_ = read_footer(json::parse(line_).at("footer"));
    } catch (const json::exception& e) {
      return tl::unexpected(at_line(fmt::format("the footer is not readable: {}", e.what())));
    }
    if (read_line() || torn_bytes_ > 0) return tl::unexpected(at_line("there is more after the footer"));
    return std::optional<Event>{};
  }
  auto event = events_.read(line_);
  if (!event) return tl::unexpected(at_line(event.error().message));
  return std::optional<Event>{std::move(*event)};
}

}  // namespace podramp::sim
