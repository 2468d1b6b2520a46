// The files and lines of a Spark event log; what an event means: spark_events_json.cpp.
#include <fmt/format.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "sim/import/line_reader.h"
#include "sim/import/spark_events.h"

namespace podramp::sim {
namespace {

using nlohmann::json;

// "SparkListenerTaskEnd" of a line as Spark writes it, "" of any other.
std::string_view kind_of_line(std::string_view line) {
  constexpr std::string_view kBegin = "{\"Event\":\"";
  if (!line.starts_with(kBegin) || !line.ends_with('}')) return "";
  line.remove_prefix(kBegin.size());
  return line.substr(0, line.find('"'));
}

class LogFile {
 public:
  LogFile(const std::string& path, bool last, SparkEvents& events, ImportNotes& notes)
      : path_(path), last_(last), events_(events), notes_(notes) {}

  Result<bool> read() {
    auto stream = open_event_log(path_);
    if (!stream) return tl::unexpected(stream.error());
    LineReader lines(std::move(*stream));
    std::string line;
    for (;;) {
      const auto more = lines.next(line);
      if (!more) return tl::unexpected(Error{fmt::format("{}: {}", path_, more.error().message)});
      if (!*more) break;
      if (line.empty()) continue;
      if (const std::string wrong = take(line); !wrong.empty()) {
        if (last_ && !lines.complete()) {
          cut_off();
          return true;
        }
        return tl::unexpected(Error{fmt::format("{}:{}: {}", path_, lines.number(), wrong)});
      }
    }
    if (!lines.cut_off()) return true;
    if (!last_) return tl::unexpected(Error{path_ + ": ends within a compressed block, and is not the last part"});
    cut_off();
    return true;
  }

 private:
  void cut_off() {
    notes_.left_out("the last line", "it is cut off: the driver was killed or still running; what came before is used");
  }

  // Why it is no event, or "".
  std::string take(const std::string& line) {
    const std::string_view kind = kind_of_line(line);
    if (!kind.empty() && !SparkEvents::uses(kind)) {
      events_.skip(kind);
      return "";
    }
    const json event = json::parse(line, nullptr, false);
    if (event.is_discarded()) return "is no JSON; an event log has one event a line: give the file as Spark wrote it";
    const auto name = event.find("Event");
    if (!event.is_object() || name == event.end() || !name->is_string()) {
      return "is no Spark event: it has no \"Event\" (spark.eventLog.enabled writes such logs)";
    }
    const std::string text = name->get<std::string>();
    if (SparkEvents::uses(text)) {
      events_.take(text, event);
    } else {
      events_.skip(text);
    }
    return "";
  }

  const std::string& path_;
  bool last_;
  SparkEvents& events_;
  ImportNotes& notes_;
};

}  // namespace

Result<SparkLog> read_spark_log(const EventLogFiles& files, ImportNotes& notes) {
  SparkLog log;
  SparkEvents events(log, notes);
  for (const std::string& path : files.paths) {
    const auto read = LogFile(path, path == files.paths.back(), events, notes).read();
    if (!read) return tl::unexpected(read.error());
  }
  if (!log.has_application && log.jobs.empty()) {
    return tl::unexpected(Error{files.paths.front() + ": has no SparkListenerApplicationStart and no jobs in it"});
  }
  events.finish();
  return log;
}

}  // namespace podramp::sim
