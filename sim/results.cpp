#include "sim/results.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

namespace podramp::sim {
namespace {

namespace fs = std::filesystem;

tl::unexpected<Error> failure(std::string_view what, const std::string& path, const std::error_code& code) {
  return tl::unexpected(Error{fmt::format("cannot {} {}: {}", what, path, code.message())});
}

// An empty folder or one that a run has written: nobody's home is removed by a mistyped --out.
bool is_replaceable(const std::string& path) {
  std::error_code code;
  if (!fs::is_directory(path, code)) return false;
  return fs::is_empty(path, code) ||
         (fs::exists(path + "/summary.json", code) && fs::exists(path + "/events.jsonl", code));
}

std::string cell(const std::optional<TimeUs>& t) { return t ? fmt::format("{}", *t / kMillisecondUs) : ""; }

// Milliseconds between two instants, empty unless both happened.
std::string span(const std::optional<TimeUs>& from, const std::optional<TimeUs>& to) {
  return from && to ? fmt::format("{}", (*to - *from) / kMillisecondUs) : "";
}

std::string quoted(const std::string& text) {
  if (text.find_first_of(",\"\n") == std::string::npos) return text;
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + '"';
}

}  // namespace

Result<std::string> read_file(const std::string& path) {
  std::error_code code;
  if (fs::is_directory(path, code)) return tl::unexpected(Error{fmt::format("cannot read {}: it is a folder", path)});
  std::ifstream file(path, std::ios::binary);
  if (!file) return tl::unexpected(Error{fmt::format("cannot read {}: {}", path, std::strerror(errno))});
  std::ostringstream text;
  text << file.rdbuf();
  if (file.bad()) return tl::unexpected(Error{fmt::format("cannot read {}: {}", path, std::strerror(errno))});
  return text.str();
}

Result<bool> write_file(const std::string& path, const std::string& text) {
  std::error_code code;
  const fs::file_status status = fs::symlink_status(path, code);
  const bool in_place = fs::exists(status) && !fs::is_regular_file(status);
  const std::string temporary = in_place ? path : path + ".tmp";
  {
    std::ofstream file(temporary, std::ios::binary | std::ios::trunc);
    file << text;
    file.close();
    if (!file) return tl::unexpected(Error{fmt::format("cannot write {}: {}", path, std::strerror(errno))});
  }
  if (in_place) return true;
  fs::rename(temporary, path, code);
  if (code) return failure("write", path, code);
  return true;
}

Result<ResultFolder> ResultFolder::create(const std::string& where, bool force) {
  const std::string path = where.substr(0, where.find_last_not_of('/') + 1);
  if (path.empty()) return tl::unexpected(Error{fmt::format("\"{}\" cannot be a results folder", where)});
  std::error_code code;
  if (fs::exists(path, code) && !force) {
    return tl::unexpected(Error{fmt::format("{} exists already; give another --out, or --force to replace it", path)});
  }
  if (fs::exists(path, code) && !is_replaceable(path)) {
    return tl::unexpected(
        Error{fmt::format("{} is not a results folder, --force does not replace it; give another --out", path)});
  }
  std::string partial = path + ".partial";
  fs::remove_all(partial, code);
  fs::create_directories(partial, code);
  if (code) return failure("make the folder", partial, code);
  return ResultFolder(path, partial);
}

Result<bool> ResultFolder::finish(const Scenario& scenario, const RunResult& result) {
  const std::array<std::pair<const char*, std::string>, 4> files{{{"scenario.json", to_json(scenario)},
                                                                  {"summary.json", summary_json(result.summary)},
                                                                  {"executors.csv", executors_csv(result.projection)},
                                                                  {"timeline.csv", timeline_csv(result.projection)}}};
  for (const auto& [name, text] : files) {
    if (auto written = write_file(partial_ + "/" + name, text); !written) return written;
  }
  std::error_code code;
  fs::remove_all(path_, code);
  fs::rename(partial_, path_, code);
  if (code) return failure("rename the results to", path_, code);
  return true;
}

std::string executors_csv(const Projection& projection) {
  std::string out =
      "application,executor,profile,pod,node,stage,asked_ms,stored_ms,bound_ms,running_ms,registered_ms,finished_ms,"
      "gone_ms,removed_ms,lost_ms,request_ms,scheduling_ms,kubelet_ms,pull_ms,start_ms,registration_ms,create_code,"
      "exit_code,unschedulable\n";
  for (const ApplicationView& app : projection.applications()) {
    for (const ExecutorRow& r : app.executors) {
      const auto kubelet_end = r.pull_started_us ? r.pull_started_us : r.running_us;
      const auto start_begin = r.pulled_us ? r.pulled_us : std::optional<TimeUs>{};
      out +=
          fmt::format("{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}\n", quoted(app.name),
                      r.id == 0 ? "" : fmt::format("{}", r.id), r.profile, r.pod, r.node, to_text(r.stage),
                      r.asked_us / kMillisecondUs, cell(r.stored_us), cell(r.bound_us), cell(r.running_us),
                      cell(r.registered_us), cell(r.finished_us), cell(r.gone_us), cell(r.removed_us), cell(r.lost_us),
                      span(r.asked_us, r.stored_us), span(r.stored_us, r.bound_us), span(r.bound_us, kubelet_end),
                      span(r.pull_started_us, r.pulled_us), span(start_begin, r.running_us),
                      span(r.running_us, r.registered_us), r.create_code, r.exit_code, quoted(r.unschedulable_message));
    }
  }
  return out;
}

std::string timeline_csv(const Projection& projection) {
  std::string out = "t_ms,application,target,created,pending,running,registered,waits_for\n";
  for (const ApplicationView& app : projection.applications()) {
    for (const Sample& s : app.samples) {
      out += fmt::format("{},{},{},{},{},{},{},{}\n", s.t / kMillisecondUs, quoted(app.name), s.target, s.created,
                         s.pending, s.running, s.registered, to_text(s.wait));
    }
  }
  return out;
}

}  // namespace podramp::sim
